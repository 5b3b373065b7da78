//! A turn as a file writes it: one flat table, of which only some keys go together.

use serde::Deserialize;
use serde_json::Value;

use super::scenario::{Call, Failure, Reply, Turn, Usage};

/// The keys of a turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    text: Option<String>,
    tool: Option<String>,
    input: Option<Value>,
    calls: Option<Vec<Call>>,
    status: Option<u16>,
    message: Option<String>,
    retry_after: Option<u64>,
    times: Option<u32>,
    always: Option<bool>,
    hold: Option<String>,
    usage: Option<Usage>,
}

impl TryFrom<Row> for Turn {
    type Error = &'static str;

    fn try_from(mut row: Row) -> Result<Self, Self::Error> {
        let hold = row.hold.take();
        let usage = row.usage.take().unwrap_or_default();
        let reply = match row.status {
            Some(status) => Reply::Fail(failure(status, row)?),
            None => say(row)?,
        };
        Ok(Self { reply, hold, usage })
    }
}

fn failure(status: u16, row: Row) -> Result<Failure, &'static str> {
    if row.text.is_some() || row.tool.is_some() || row.input.is_some() || row.calls.is_some() {
        return Err("a turn with \"status\" fails: it cannot have \"text\", \"tool\", \"input\" or \"calls\" as well");
    }
    let times = match (row.times, row.always.unwrap_or(false)) {
        (Some(_), true) => return Err("a failure happens either \"always\" or so many \"times\""),
        (None, true) => None,
        (times, false) => Some(times.unwrap_or(1)),
    };
    Ok(Failure {
        status,
        message: row.message.unwrap_or_else(|| format!("scripted failure {status}")),
        retry_after: row.retry_after,
        times,
    })
}

fn say(row: Row) -> Result<Reply, &'static str> {
    if row.message.is_some() || row.retry_after.is_some() || row.times.is_some() || row.always.is_some() {
        return Err("\"message\", \"retry_after\", \"times\" and \"always\" belong to a failure: add its \"status\"");
    }
    let calls = match (row.tool, row.calls) {
        (Some(_), Some(_)) => return Err("a turn has either one \"tool\" or several \"calls\""),
        (Some(tool), None) => vec![Call {
            tool,
            input: row.input.unwrap_or_default(),
        }],
        (None, _) if row.input.is_some() => return Err("\"input\" belongs to a \"tool\""),
        (None, calls) => calls.unwrap_or_default(),
    };
    if row.text.is_none() && calls.is_empty() {
        return Err("a turn needs \"text\", \"tool\", \"calls\" or \"status\"");
    }
    Ok(Reply::Say { text: row.text, calls })
}
