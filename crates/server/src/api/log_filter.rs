//! Which events of the log somebody wants.

use std::collections::BTreeSet;

use serde_json::Value;
use team6_core::ids::TaskId;
use team6_core::sprint::WorkId;
use team6_core::time::Timestamp;
use team6_store::RecordedEvent;

use super::ApiState;
use super::error::ApiError;

/// What agents at work have on record all the time: most of a log, and nothing that anybody did.
const SIGNS: [&str; 6] = [
    "lease_renewed",
    "attempt_requeued",
    "usage_reported",
    "funds_held",
    "funds_reserved",
    "funds_settled",
];

/// What an event must be like.
pub(super) struct Wanted {
    /// Its stream, or how that begins if this ends in `/`.
    pub(super) stream: String,
    pub(super) kinds: Option<BTreeSet<String>>,
    pub(super) actor: Option<String>,
    pub(super) task: Option<About>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) without_signs: bool,
}

/// A task, as events name it: by its number, or by that of an attempt at it.
pub(super) struct About {
    stream: String,
    task: u64,
    attempts: BTreeSet<u64>,
}

impl Wanted {
    /// How events are about a task.
    pub(super) async fn about(api: &ApiState, task: TaskId) -> Result<About, ApiError> {
        let sprint = api.engine.sprint_of(task).await?;
        let attempts = api.engine.read(sprint, |sprint, _| {
            let of_task = sprint
                .attempts
                .iter()
                .filter(|attempt| attempt.work == WorkId::Task(task));
            of_task.map(|attempt| u64::from(attempt.id.n)).collect()
        });
        Ok(About {
            stream: format!("sprint/{sprint}"),
            task: task.0,
            attempts: attempts.await?,
        })
    }

    pub(super) fn wants(&self, event: &RecordedEvent) -> bool {
        let stream = event.stream.as_str();
        (self.stream.is_empty() || self.stream.ends_with('/') || stream == self.stream)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind))
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at < until)
            && !(self.without_signs && SIGNS.contains(&event.kind.as_str()))
            && self.task.as_ref().is_none_or(|task| task.is_in(stream, &event.body))
    }
}

impl About {
    fn is_in(&self, stream: &str, body: &Value) -> bool {
        let number = |value: &Value, field: &str| value.get(field).and_then(Value::as_u64);
        let named = |value: &Value| number(value, "task") == Some(self.task);
        let attempt = number(body, "attempt");
        stream == self.stream
            && (named(body)
                || ["work", "to"].iter().any(|field| body.get(field).is_some_and(named))
                || attempt.is_some_and(|attempt| self.attempts.contains(&attempt)))
    }
}
