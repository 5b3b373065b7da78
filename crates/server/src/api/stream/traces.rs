//! A trace that a stream follows.

use std::sync::Arc;

use team6_core::ids::AttemptId;
use team6_core::time::Timestamp;
use tokio::sync::{Mutex, watch};

use super::super::ApiState;
use super::super::attempts::{LATE, ended_at, known};
use super::super::error::ApiError;
use super::lately::{Lately, Line};

/// A trace, with the place of its reader.
pub(super) struct Followed {
    pub(super) attempt: AttemptId,
    /// The last entry that was told.
    pub(super) seq: u64,
    /// Tells of new entries.
    pub(super) written: watch::Receiver<u64>,
    /// The newest entries, shared by all who follow it.
    lately: Arc<Mutex<Lately>>,
    /// Whether its end was told.
    ended: bool,
    /// When its last entries must be there, once its attempt has ended.
    pub(super) settles_at: Option<Timestamp>,
}

/// What is added to a trace: a `TracePart` whose entries are written already.
pub(super) struct Part {
    attempt: AttemptId,
    lines: Vec<Line>,
    ended: bool,
}

impl Followed {
    /// Follows the trace of an attempt after an entry.
    pub(super) async fn begin(api: &ApiState, attempt: AttemptId, seq: u64) -> Result<Self, ApiError> {
        known(api, attempt).await?;
        Ok(Self {
            attempt,
            seq,
            written: api.traces.watch(attempt).await?,
            lately: api.followed().follow(attempt),
            ended: false,
            settles_at: None,
        })
    }

    /// The next entries, if there are any, and whether they were the last.
    pub(super) async fn next(&mut self, api: &ApiState) -> Result<Option<Part>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        self.written.mark_unchanged();
        // Asked before the entries are read, so that none that came before the end is missed.
        let ended_at = ended_at(api, self.attempt).await;
        let lines = self.lines(api).await?;
        self.settles_at = ended_at.map(|at| at + LATE);
        let settled = self.settles_at.is_some_and(|at| api.engine.now() >= at);
        self.ended = settled && lines.is_empty();
        if self.ended {
            self.settles_at = None;
        }
        let part = Part {
            attempt: self.attempt,
            lines,
            ended: self.ended,
        };
        Ok(Some(part).filter(|part| part.ended || !part.lines.is_empty()))
    }

    async fn lines(&mut self, api: &ApiState) -> Result<Vec<Line>, ApiError> {
        let last = *self.written.borrow();
        if last <= self.seq {
            return Ok(Vec::new());
        }
        let mut lately = self.lately.lock().await;
        let lines = lately.after(api.traces.as_ref(), self.attempt, self.seq, last).await?;
        self.seq = lines.last().map_or(self.seq, |line| line.seq);
        Ok(lines)
    }
}

impl Part {
    /// A `TracePart` as JSON.
    pub(super) fn json(&self) -> String {
        let entries: Vec<&str> = self.lines.iter().map(|line| &*line.json).collect();
        let (attempt, ended) = (self.attempt, self.ended);
        format!(
            "{{\"attempt\":\"{attempt}\",\"entries\":[{}],\"ended\":{ended}}}",
            entries.join(",")
        )
    }
}
