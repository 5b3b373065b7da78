//! What is stored of a sprint, as text, as a real store keeps it: its events, and now and then a snapshot.
//!
//! Everything that survives a crash goes through JSON, so that a field that is not written, or read back as something
//! else, is found like any other mistake.

use team6_core::sprint::{Event, Sprint};
use team6_core::time::Timestamp;

/// After how many events a snapshot is written. Few, so that short histories have some.
const SNAPSHOT_EVERY: usize = 40;

#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Vec<(String, Timestamp)>,
    snapshot: Option<Snapshot>,
}

#[derive(Debug)]
struct Snapshot {
    /// How many events it stands for.
    version: usize,
    body: String,
}

impl Log {
    /// Stores events, with a snapshot of the sprint that they led to if one is due.
    pub(crate) fn append(&mut self, events: &[Event], at: Timestamp, after: &Sprint) -> serde_json::Result<()> {
        for event in events {
            self.events.push((serde_json::to_string(event)?, at));
        }
        let last = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        if self.events.len() >= last + SNAPSHOT_EVERY {
            self.snapshot = Some(Snapshot {
                version: self.events.len(),
                body: serde_json::to_string(after)?,
            });
        }
        Ok(())
    }

    /// The sprint from its first event on; none if that is not its opening.
    pub(crate) fn replay(&self) -> serde_json::Result<Option<Sprint>> {
        let events = self.read(0)?;
        Ok(Sprint::replay(events.iter().map(|(event, at)| (event, *at))))
    }

    /// The sprint from its snapshot and the events since then, or from its first event on if there is no snapshot.
    pub(crate) fn load(&self) -> serde_json::Result<Option<Sprint>> {
        let Some(snapshot) = &self.snapshot else {
            return self.replay();
        };
        let mut sprint: Sprint = serde_json::from_str(&snapshot.body)?;
        for (event, at) in self.read(snapshot.version)? {
            sprint.apply(&event, at);
        }
        Ok(Some(sprint))
    }

    fn read(&self, from: usize) -> serde_json::Result<Vec<(Event, Timestamp)>> {
        let events = self.events.iter().skip(from);
        events
            .map(|(body, at)| Ok((serde_json::from_str(body)?, *at)))
            .collect()
    }

    /// The last events, for people.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        let from = self.events.len().saturating_sub(count);
        let events = self.events.iter().skip(from);
        events.map(|(body, at)| format!("{at}: {body}")).collect()
    }
}
