//! Gathers what a stream tells next.

use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event as Message;
use futures_util::future::select_all;
use team6_core::ids::Position;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::ApiState;
use super::super::error::ApiError;
use super::super::feed::Told;
use super::super::live::with_data;
use super::super::topics::Topics;
use super::super::types::StreamPosition;
use super::cursor::Cursor;
use super::traces::{Followed, Part};

/// The shortest time between two batches.
const PACE: Duration = Duration::from_millis(80);

/// A reader of a stream: its place in the log and in each trace, and nothing else.
pub(super) struct Reader {
    api: ApiState,
    topics: Topics,
    position: Position,
    traces: Vec<Followed>,
    committed: watch::Receiver<Position>,
    /// How the stream begins, until that is told.
    first: Option<&'static str>,
    told_at: Option<Instant>,
}

impl Reader {
    pub(super) fn new(
        api: ApiState,
        topics: Topics,
        first: &'static str,
        position: Position,
        traces: Vec<Followed>,
    ) -> Self {
        Self {
            committed: api.store().committed(),
            api,
            topics,
            position,
            traces,
            first: Some(first),
            told_at: None,
        }
    }

    /// The next message; none once the server stops or something cannot be read, after which the reader comes again.
    pub(super) async fn next(&mut self) -> Option<Message> {
        if let Some(name) = self.first.take() {
            let position = self.position;
            let message = Message::default().event(name).id(self.cursor().to_string());
            return Some(with_data(message, &StreamPosition { position }));
        }
        let stop = self.api.stop.clone();
        tokio::select! {
            () = stop.cancelled() => None,
            batch = self.batch() => match batch {
                Ok(message) => message,
                Err(error) => {
                    tracing::warn!(?error, "a stream ends early");
                    None
                }
            },
        }
    }

    /// The next batch, when there is one. Nothing is lost if it is not waited for to its end: the stream ends then.
    async fn batch(&mut self) -> Result<Option<Message>, ApiError> {
        loop {
            if let Some(told_at) = self.told_at {
                tokio::time::sleep_until(told_at + PACE).await;
            }
            self.committed.mark_unchanged();
            let before = self.position;
            let events = self.events().await?;
            let mut traces = Vec::new();
            for followed in &mut self.traces {
                traces.extend(followed.next(&self.api).await?);
            }
            if !events.is_empty() || !traces.is_empty() {
                self.told_at = Some(Instant::now());
                return Ok(Some(self.message(&events, &traces)));
            }
            // Events that nobody here wants are passed over page by page.
            if self.position == before && !self.something_happens().await {
                return Ok(None);
            }
        }
    }

    /// The next events that are wanted.
    async fn events(&mut self) -> Result<Vec<Arc<Told>>, ApiError> {
        let mut events = self.api.feed().after(&self.api, self.position).await?;
        self.position = events.last().map_or(self.position, |last| last.position);
        events.retain(|told| self.topics.want(told));
        Ok(events)
    }

    /// Waits for something new, or for the time at which a trace has ended; false once the server closes its stores.
    async fn something_happens(&mut self) -> bool {
        let now = self.api.engine.now();
        let settles = self.traces.iter().filter_map(|followed| followed.settles_at).min();
        let settles = async {
            match settles {
                Some(at) => tokio::time::sleep(at.since(now)).await,
                None => std::future::pending().await,
            }
        };
        let written = self
            .traces
            .iter_mut()
            .map(|followed| Box::pin(followed.written.changed()));
        let written: Vec<_> = written.collect();
        let written = async {
            match written.is_empty() {
                true => std::future::pending().await,
                false => select_all(written).await.0,
            }
        };
        tokio::select! {
            changed = self.committed.changed() => changed.is_ok(),
            changed = written => changed.is_ok(),
            () = settles => true,
        }
    }

    fn cursor(&self) -> Cursor {
        Cursor {
            position: self.position,
            traces: self
                .traces
                .iter()
                .map(|followed| (followed.attempt, followed.seq))
                .collect(),
        }
    }

    /// A `Batch`, put together from what was written once for all readers.
    fn message(&self, events: &[Arc<Told>], traces: &[Part]) -> Message {
        let events: Vec<&str> = events.iter().map(|told| told.json.as_str()).collect();
        let traces: Vec<String> = traces.iter().map(Part::json).collect();
        let data = format!(
            "{{\"position\":{},\"events\":[{}],\"traces\":[{}]}}",
            self.position,
            events.join(","),
            traces.join(",")
        );
        Message::default()
            .event("batch")
            .id(self.cursor().to_string())
            .data(data)
    }
}
