//! Holds a tree to those of its limits that the kernel does not hold for a whole tree: memory and disk together.
//!
//! Both are looked at from outside, as often as looking is cheap. A tree may run over in between; files are bounded one by
//! one by the kernel meanwhile.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    disk: Option<u64>,
    folders: Vec<PathBuf>,
    /// When the disk is looked at next.
    disk_due: Option<Instant>,
}

impl Watch {
    pub(crate) fn of(reach: &Reach) -> Self {
        let Reach::Confined(confinement) = reach else {
            return Self::default();
        };
        let written = confinement.view.iter().filter_map(|mount| match mount {
            Mount::Writable { from, .. } => Some(from.clone()),
            Mount::Overlay { upper, .. } => Some(upper.clone()),
            _ => None,
        });
        Self {
            memory: confinement.limits.memory,
            disk: confinement.limits.disk,
            folders: written.collect(),
            disk_due: None,
        }
    }

    /// How long to wait for events before looking; none if nothing is to be looked at.
    pub(crate) fn next(&self) -> Option<Duration> {
        (self.memory.is_some() || self.disk.is_some()).then_some(PERIOD)
    }

    /// Looks, and tells what was exceeded.
    pub(crate) fn exceeded(&mut self) -> Option<Exceeded> {
        if let Some(most) = self.memory {
            let used = proc::usage(rustix::process::getpid().as_raw_nonzero().get()).memory;
            if used > most {
                return Some(Exceeded::Memory { used, most });
            }
        }
        let most = self.disk?;
        let now = Instant::now();
        if self.disk_due.is_some_and(|due| due > now) {
            return None;
        }
        let used = self.folders.iter().map(|folder| held(folder)).sum();
        self.disk_due = Some(Instant::now() + now.elapsed() * SHARE);
        (used > most).then_some(Exceeded::Disk { used, most })
    }
}

/// What a folder takes on the disk, in bytes.
fn held(folder: &Path) -> u64 {
    let mut sum = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).or_else(|_| {
            // Whoever hides what it wrote is not to be counted less.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
            fs::read_dir(&folder)
        });
        for entry in entries.into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            sum += found.blocks() * 512;
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    sum
}
