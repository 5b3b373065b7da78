//! When the engine must look at which sprint again.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use team6_core::ids::SprintId;
use team6_core::time::Timestamp;
use tokio::sync::watch;

/// The next deadline of each open sprint.
#[derive(Debug)]
pub(super) struct Deadlines {
    table: Mutex<Table>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    by_time: BTreeSet<(Timestamp, SprintId)>,
    by_sprint: HashMap<SprintId, Timestamp>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            table: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Deadlines {
    pub(super) fn set(&self, id: SprintId, deadline: Option<Timestamp>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match deadline {
            Some(at) => table.by_sprint.insert(id, at),
            None => table.by_sprint.remove(&id),
        };
        if before == deadline {
            return;
        }
        if let Some(before) = before {
            table.by_time.remove(&(before, id));
        }
        if let Some(at) = deadline {
            table.by_time.insert((at, id));
        }
        drop(table);
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<SprintId> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table
            .by_time
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
            .collect()
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.by_time.first().map(|(at, _)| *at)
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
