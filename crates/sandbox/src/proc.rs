//! Processes as the kernel shows them in `/proc`, and signals that cannot hit a stranger.
//!
//! A process id can be given to another process between looking and acting, so a process is known by its id and its
//! start time, and is signalled through a descriptor that was checked against both.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process, told apart from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcessId {
    pub(crate) pid: i32,
    /// Clock ticks since boot.
    start: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: ProcessId,
    pub(crate) parent: i32,
    pub(crate) state: char,
    ticks: u64,
    rss_pages: u64,
    /// Its threads: the kernel counts each as a process where it limits these.
    pub(crate) threads: u32,
}

/// What a process tree uses now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeUsage {
    /// How many processes there are, the supervisor not counted.
    pub processes: u32,
    /// The sum of their resident memory in bytes; pages that they share count for each.
    pub memory: u64,
    /// The processor time that the living ones have used.
    pub time: Duration,
}

impl Process {
    /// Whether it has ended and only waits for its parent to notice.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Sends a signal unless the process is gone. Says whether it was sent.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.id.pid) else {
            return false;
        };
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else {
            return false;
        };
        let same = read(self.id.pid).is_some_and(|now| now.id == self.id);
        same && pidfd_send_signal(descriptor, signal).is_ok()
    }
}

/// Every process that can be seen.
pub(crate) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// Those of `all` that descend from one of `roots`, the roots themselves not included.
pub(crate) fn descendants(all: &[Process], roots: impl IntoIterator<Item = i32>) -> Vec<Process> {
    let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(process);
    }
    let mut waiting: Vec<i32> = roots.into_iter().collect();
    let mut seen: BTreeSet<i32> = waiting.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(parent) = waiting.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if seen.insert(child.id.pid) {
                waiting.push(child.id.pid);
                found.push((*child).clone());
            }
        }
    }
    found
}

/// What the descendants of `root` use.
pub(crate) fn usage(root: i32) -> TreeUsage {
    used(&descendants(&all(), [root]))
}

/// What these processes use.
pub(crate) fn used(processes: &[Process]) -> TreeUsage {
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(0);
    let mut usage = TreeUsage::default();
    for process in processes {
        usage.processes += 1;
        usage.memory += process.rss_pages * page;
        usage.time += Duration::from_millis(process.ticks.saturating_mul(1000) / ticks);
    }
    usage
}

pub(crate) fn read(pid: i32) -> Option<Process> {
    // A command's name need not be text.
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &String::from_utf8_lossy(&stat))
}

/// Reads a line of `/proc/<pid>/stat`, see proc_pid_stat(5). The second field is the command's name in parentheses,
/// in which there may be anything, so the rest begins after the last one.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The field with the manual's number `n` is at `n - 3`.
    let number = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    Some(Process {
        id: ProcessId {
            pid,
            start: number(22)?,
        },
        parent: fields.get(1)?.parse().ok()?,
        state: fields.first()?.chars().next()?,
        ticks: number(14)?.saturating_add(number(15)?),
        rss_pages: number(24).unwrap_or(0),
        threads: number(20).and_then(|threads| u32::try_from(threads).ok()).unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        Process {
            id: ProcessId { pid, start: 1 },
            parent,
            state: 'S',
            ticks: 0,
            rss_pages: 0,
            threads: 1,
        }
    }

    #[test]
    fn the_name_of_a_command_cannot_disguise_its_parent() {
        let line = "7 (a) S 1 (b) R 42 7 7 0 -1 4194304 90 0 0 0 3 4 0 0 20 0 1 0 5555 1000 25 0 0";
        let read = parse(7, line).unwrap();
        assert_eq!((read.parent, read.state, read.id.start), (42, 'R', 5555));
        assert_eq!((read.ticks, read.rss_pages), (7, 25));
        for bad in ["", "7", "7 (a", "7 (a) S", "7 (a) S x 1 1"] {
            assert_eq!(parse(7, bad), None, "{bad}");
        }
    }

    #[test]
    fn descendants_are_found_through_every_generation_and_nothing_else_is() {
        let all = [
            process(5, 4),
            process(4, 2),
            process(3, 1),
            process(2, 1),
            process(6, 6),
        ];
        let found: Vec<i32> = descendants(&all, [2]).iter().map(|found| found.id.pid).collect();
        assert_eq!(found, [4, 5]);
        assert!(descendants(&all, [9]).is_empty());
    }

    #[test]
    fn a_signal_never_reaches_a_later_process_with_the_same_id() {
        let mut earlier = read(i32::try_from(std::process::id()).unwrap()).unwrap();
        earlier.id.start -= 1;
        assert!(!earlier.signal(Signal::KILL));
    }
}
