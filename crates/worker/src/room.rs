//! Whether this machine can hold one more agent: memory that is free, and space on the disk.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::quota::Quota;

/// How long to wait before looking again; nothing tells when other programs give something back.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(5);
const MB: u64 = 1_000_000;

/// What must be free before an agent is started.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// Memory, in bytes.
    pub memory: u64,
    /// Space on the disk of `folder`, in bytes.
    pub disk: u64,
    /// The folder of workspaces.
    pub folder: PathBuf,
    /// What all workspaces may hold, if there is a bound.
    pub quota: Option<Arc<Quota>>,
}

/// What there is room for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Memory that is free, in bytes; none if that cannot be found out.
    pub memory: Option<u64>,
    /// Space on the disk that is free, in bytes; none if that cannot be found out.
    pub disk: Option<u64>,
    /// Why no further agent is started; none if there is room.
    pub lacking: Option<String>,
}

impl Room {
    /// What is free, for people.
    pub fn measured(&self) -> Measured {
        Measured {
            memory: available(),
            disk: self.free(),
            lacking: self.lacking(),
        }
    }

    /// Space that is free on the disk of the workspaces, in bytes.
    fn free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Why no further agent is started; none if there is room. What cannot be found out stands in nobody's way.
    ///
    /// The text stays the same as long as the reason does: it names what is wanted, and not what is there.
    pub(crate) fn lacking(&self) -> Option<String> {
        if available().is_some_and(|free| free < self.memory) {
            return Some(short("memory", self.memory, "agents.spare_memory_mb"));
        }
        if let Some(most) = self.quota.as_ref().and_then(|quota| quota.exceeded()) {
            let most = most / MB;
            return Some(format!(
                "workspaces hold more than {most} MB of the disk (agents.workspaces_mb)"
            ));
        }
        (self.free()? < self.disk).then(|| short("space on the disk", self.disk, "agents.spare_disk_mb"))
    }
}

fn short(of: &str, wanted: u64, setting: &str) -> String {
    format!("less than {} MB of {of} are free ({setting})", wanted / MB)
}

/// Memory that can be had without swapping, in bytes, see proc_meminfo(5).
fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_named() {
        let plenty = Room {
            folder: "/".into(),
            ..Room::default()
        };
        assert_eq!(plenty.lacking(), None);
        let memory = Room {
            memory: u64::MAX,
            ..plenty.clone()
        };
        let text = memory.lacking().unwrap();
        assert!(
            text.contains("MB of memory are free (agents.spare_memory_mb)"),
            "{text}"
        );
        assert_eq!(Some(text), memory.lacking(), "the same reason in the same words");
        let disk = Room {
            disk: u64::MAX,
            ..plenty
        };
        let text = disk.lacking().unwrap();
        assert!(
            text.contains("MB of space on the disk are free (agents.spare_disk_mb)"),
            "{text}"
        );
    }
}
