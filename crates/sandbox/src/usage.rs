//! Holds a tree to those of its limits that the kernel does not hold for a whole tree: memory and disk together.
//!
//! Both are looked at from outside, as often as looking is cheap. A tree may run over in between; files are bounded one by
//! one by the kernel meanwhile. How many processes there are the kernel bounds, but without a control group it tells
//! nobody, so that is seen here as well, as far as looking now and then can.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::held::{held, nameless};
use crate::proc;
use crate::reach::{Mount, Reach};
use crate::tree::Exceeded;

/// How often memory is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// Looking at the disk may take one part in so many of the time.
const SHARE: u32 = 20;

/// What is watched of a tree.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    memory: Option<u64>,
    processes: Option<u32>,
    crowded: bool,
    disk: Option<u64>,
    folders: Vec<PathBuf>,
    /// When the disk is looked at next.
    disk_due: Option<Instant>,
}

impl Watch {
    /// `whole` says whether no control group holds the tree to its memory and counts its processes.
    pub(crate) fn of(reach: &Reach, whole: bool) -> Self {
        let Reach::Confined(confinement) = reach else {
            return Self::default();
        };
        let written = confinement.view.iter().filter_map(|mount| match mount {
            Mount::Writable { from, .. } => Some(from.clone()),
            Mount::Overlay { upper, .. } => Some(upper.clone()),
            _ => None,
        });
        Self {
            memory: confinement.limits.memory.filter(|_| whole),
            processes: confinement.limits.processes.filter(|_| whole),
            crowded: false,
            disk: confinement.limits.disk,
            folders: written.collect(),
            disk_due: None,
        }
    }

    /// How long to wait for events before looking; none if nothing is to be looked at.
    pub(crate) fn next(&self) -> Option<Duration> {
        let looked_at = self.memory.is_some() || self.disk.is_some() || self.processes.is_some();
        looked_at.then_some(PERIOD)
    }

    /// The most processes that there may be, if as many were seen.
    pub(crate) fn crowded(&self) -> Option<u32> {
        self.processes.filter(|_| self.crowded)
    }

    /// Looks, and tells what was exceeded.
    pub(crate) fn exceeded(&mut self) -> Option<Exceeded> {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let processes = proc::descendants(&proc::all(), [me]);
        // The few that belong to the sandbox are counted or not, as its user is.
        let threads: u64 = processes.iter().map(|process| u64::from(process.threads.max(1))).sum();
        self.crowded |= self.processes.is_some_and(|most| threads >= u64::from(most));
        let nameless = nameless(&processes);
        if let Some(most) = self.memory {
            let used = proc::used(&processes).memory.saturating_add(nameless.memory);
            if used > most {
                return Some(Exceeded::Memory { used, most });
            }
        }
        let most = self.disk?;
        let now = Instant::now();
        if self.disk_due.is_some_and(|due| due > now) {
            return None;
        }
        let mut used = nameless.disk;
        for folder in &self.folders {
            // Beyond the most there is nothing more to know, and whoever is beyond it could make this take long.
            used = used.saturating_add(held(folder, most.saturating_sub(used)));
        }
        self.disk_due = Some(Instant::now() + now.elapsed() * SHARE);
        (used > most).then_some(Exceeded::Disk { used, most })
    }
}
