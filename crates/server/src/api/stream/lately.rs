//! The newest entries of the traces that somebody follows, read and written once for all who follow them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use team6_core::ids::AttemptId;
use team6_core::trace::TraceEntry;
use team6_store::{StorageError, TraceStore};

/// How many entries are read at once. An entry may be large, as tool calls hold whole files.
const PAGE: u32 = 50;
/// How many entries go into one batch, and how many bytes of them.
const MOST: usize = 1_000;
const BYTES: usize = 256 * 1024;
/// How many entries of a trace are kept ready, and how many bytes of them.
const KEPT: u64 = 2_000;
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// The traces that are followed now.
#[derive(Default)]
pub(in super::super) struct Traces {
    followed: Mutex<HashMap<AttemptId, Weak<tokio::sync::Mutex<Lately>>>>,
}

/// An entry as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) seq: u64,
    /// A `TraceEntry` as JSON.
    pub(super) json: Arc<str>,
}

/// The newest entries of a trace, without gaps.
#[derive(Default)]
pub(super) struct Lately {
    lines: VecDeque<Line>,
    bytes: usize,
    /// The last entry, or the one after which reading begins.
    end: u64,
}

impl Traces {
    /// What is kept of a trace, for as long as somebody follows it.
    pub(super) fn follow(&self, attempt: AttemptId) -> Arc<tokio::sync::Mutex<Lately>> {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|_, lately| lately.strong_count() > 0);
        if let Some(lately) = followed.get(&attempt).and_then(Weak::upgrade) {
            return lately;
        }
        let lately = Arc::default();
        followed.insert(attempt, Arc::downgrade(&lately));
        lately
    }
}

impl Lately {
    /// As many of the entries after one as go into a batch. `last` is the last one that was written.
    pub(super) async fn after(
        &mut self,
        store: &dyn TraceStore,
        attempt: AttemptId,
        seq: u64,
        last: u64,
    ) -> Result<Vec<Line>, StorageError> {
        self.catch_up(store, attempt, seq, last).await?;
        let begin = self.lines.front().map_or(self.end, |line| line.seq - 1);
        if seq >= begin {
            let behind = self.lines.iter().filter(|line| line.seq > seq);
            return Ok(batch(behind.cloned()));
        }
        // Somebody who reads from further back does so alone.
        let (mut lines, mut at) = (Vec::new(), seq);
        while at < last && fits(&lines) {
            let entries = store.read(attempt, at, PAGE).await?;
            let Some(newest) = entries.last() else { break };
            at = newest.seq;
            lines.extend(entries.iter().map(Line::of));
        }
        Ok(batch(lines.into_iter()))
    }

    /// Brings what was written meanwhile. `wanted` is where a reader is: nothing before it is brought without need.
    async fn catch_up(
        &mut self,
        store: &dyn TraceStore,
        attempt: AttemptId,
        wanted: u64,
        last: u64,
    ) -> Result<(), StorageError> {
        if self.lines.is_empty() || last.saturating_sub(self.end) > KEPT {
            *self = Self {
                end: wanted.clamp(last.saturating_sub(KEPT), last),
                ..Self::default()
            };
        }
        while self.end < last {
            let entries = store.read(attempt, self.end, PAGE).await?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in &entries {
                let line = Line::of(entry);
                self.end = line.seq;
                self.bytes += line.json.len();
                self.lines.push_back(line);
            }
            while self.lines.len() as u64 > KEPT || (self.bytes > KEPT_BYTES && self.lines.len() > 1) {
                self.bytes -= self.lines.pop_front().map_or(0, |line| line.json.len());
            }
        }
        Ok(())
    }
}

impl Line {
    fn of(entry: &TraceEntry) -> Self {
        // Plain data can always be written.
        let json = serde_json::to_string(entry).unwrap_or_default();
        Self {
            seq: entry.seq,
            json: json.into(),
        }
    }
}

fn fits(lines: &[Line]) -> bool {
    lines.len() < MOST && lines.iter().map(|line| line.json.len()).sum::<usize>() < BYTES
}

/// The first lines, one at least, as far as they fit.
fn batch(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut bytes = 0;
    let fits = |line: &Line| {
        let fits = bytes < BYTES;
        bytes += line.json.len();
        fits
    };
    lines.take(MOST).take_while(fits).collect()
}
