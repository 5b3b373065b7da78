//! A trace that a stream follows.

use team6_core::ids::AttemptId;
use team6_core::time::Timestamp;
use team6_core::trace::TraceEntry;
use tokio::sync::watch;

use super::super::ApiState;
use super::super::attempts::{LATE, ended_at, known};
use super::super::error::ApiError;
use super::super::types::TracePart;

/// How many entries are read at once. An entry may be large, as tool calls hold whole files.
const PAGE: u32 = 50;
/// How many entries go into one batch, and how many bytes of them.
const MOST: usize = 1_000;
const BYTES: usize = 256 * 1024;

/// A trace, with the place of its reader.
pub(super) struct Followed {
    pub(super) attempt: AttemptId,
    /// The last entry that was told.
    pub(super) seq: u64,
    /// Tells of new entries.
    pub(super) written: watch::Receiver<u64>,
    /// Whether its end was told.
    ended: bool,
    /// When its last entries must be there, once its attempt has ended.
    pub(super) settles_at: Option<Timestamp>,
}

impl Followed {
    /// Follows the trace of an attempt after an entry.
    pub(super) async fn begin(api: &ApiState, attempt: AttemptId, seq: u64) -> Result<Self, ApiError> {
        known(api, attempt).await?;
        Ok(Self {
            attempt,
            seq,
            written: api.traces.watch(attempt).await?,
            ended: false,
            settles_at: None,
        })
    }

    /// The next entries, if there are any, and whether they were the last.
    pub(super) async fn next(&mut self, api: &ApiState) -> Result<Option<TracePart>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        self.written.mark_unchanged();
        // Asked before the entries are read, so that none that came before the end is missed.
        let ended_at = ended_at(api, self.attempt).await;
        let entries = self.entries(api).await?;
        self.settles_at = ended_at.map(|at| at + LATE);
        let settled = self.settles_at.is_some_and(|at| api.engine.now() >= at);
        self.ended = settled && entries.is_empty();
        if self.ended {
            self.settles_at = None;
        }
        let part = TracePart {
            attempt: self.attempt,
            entries,
            ended: self.ended,
        };
        Ok(Some(part).filter(|part| part.ended || !part.entries.is_empty()))
    }

    /// As many of the next entries as go into a batch.
    async fn entries(&mut self, api: &ApiState) -> Result<Vec<TraceEntry>, ApiError> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while *self.written.borrow() > self.seq && entries.len() < MOST && bytes < BYTES {
            let more = api.traces.read(self.attempt, self.seq, PAGE).await?;
            let Some(last) = more.last() else { break };
            self.seq = last.seq;
            bytes += more.iter().map(length).sum::<usize>();
            entries.extend(more);
        }
        Ok(entries)
    }
}

fn length(entry: &TraceEntry) -> usize {
    serde_json::to_string(entry).map_or(0, |text| text.len())
}
