//! What is left of trees whose supervisor was itself killed.
//!
//! Such processes belong to nobody who knows them, but they carry their tree's mark in the environment that they were
//! started with, and so do the processes that they start. One that cleared its environment is found as long as its
//! parent lives.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cgroup;
use crate::mark::{MARK_VARIABLE, TreeMark};
use crate::proc::{self, Process, ProcessId};

const LIMIT: Duration = Duration::from_secs(10);
const NEXT_PASS: Duration = Duration::from_millis(10);

/// What a sweep found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Processes that were ended.
    pub ended: u32,
    /// Processes that could not be ended within ten seconds.
    pub left: u32,
}

/// Ends every process of every tree of this data folder. Blocks, at worst for ten seconds.
///
/// Only the engine that owns the data folder may call it, at its start, before it has trees of its own.
pub fn sweep(data_folder: &str) -> Swept {
    let swept = end_all(&|value| {
        value
            .strip_prefix(data_folder.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"/"))
    });
    cgroup::remove_stale(data_folder);
    swept
}

/// Ends every process of one tree. Blocks, at worst for ten seconds.
pub fn sweep_tree(mark: &TreeMark) -> Swept {
    let mark = mark.to_string();
    end_all(&|value| value == mark.as_bytes())
}

fn end_all(marked: &dyn Fn(&[u8]) -> bool) -> Swept {
    let deadline = Instant::now() + LIMIT;
    let mut ended: BTreeSet<ProcessId> = BTreeSet::new();
    loop {
        let left = find(marked);
        if left.is_empty() || Instant::now() > deadline {
            let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
            ended.retain(|process| left.iter().all(|other| other.id != *process));
            return Swept {
                ended: number(ended.len()),
                left: number(left.len()),
            };
        }
        for process in &left {
            process.signal(Signal::STOP);
        }
        // Those that were made before their parents were stopped are found in this pass.
        for process in find(marked) {
            if process.signal(Signal::KILL) {
                ended.insert(process.id);
            }
        }
        thread::sleep(NEXT_PASS);
    }
}

/// The marked processes of this user and their descendants, never this process or one that it descends from.
fn find(marked: &dyn Fn(&[u8]) -> bool) -> Vec<Process> {
    let all = proc::all();
    let spared = own_line(&all);
    let user = rustix::process::getuid().as_raw();
    let roots: Vec<i32> = all
        .iter()
        .map(|process| process.id.pid)
        .filter(|pid| !spared.contains(pid) && is_marked(*pid, user, marked))
        .collect();
    let mut found = proc::descendants(&all, roots.iter().copied());
    found.extend(all.into_iter().filter(|process| roots.contains(&process.id.pid)));
    found.retain(|process| !process.is_dead() && !spared.contains(&process.id.pid));
    found
}

fn is_marked(pid: i32, user: u32, marked: &dyn Fn(&[u8]) -> bool) -> bool {
    let folder = format!("/proc/{pid}");
    if !fs::metadata(&folder).is_ok_and(|folder| folder.uid() == user) {
        return false;
    }
    let Ok(environment) = fs::read(format!("{folder}/environ")) else {
        return false;
    };
    let mut values = environment
        .split(|byte| *byte == 0)
        .filter_map(|variable| variable.strip_prefix(MARK_VARIABLE.as_bytes())?.strip_prefix(b"="));
    values.any(marked)
}

/// This process, its parent, and so on.
fn own_line(all: &[Process]) -> BTreeSet<i32> {
    let mut line = BTreeSet::new();
    let mut next = i32::try_from(std::process::id()).ok();
    while let Some(pid) = next {
        if !line.insert(pid) {
            break;
        }
        let process = all.iter().find(|process| process.id.pid == pid);
        next = process.map(|process| process.parent);
    }
    line
}
