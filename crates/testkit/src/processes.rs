//! Process trees of tests, which end whole: also those members that left the process group or lost their parent.
//!
//! Every process of a tree inherits a mark in its environment, by which it is found under `/proc`. Where there is none,
//! only the process group is ended.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::wait::wait_until;

const MARK: &str = "TEAM6_TEST_TREE";

/// How long a process may take to end by itself once its stdin is closed.
const GENTLE: Duration = Duration::from_secs(2);

/// How long killed processes may take to go.
const KILLED: Duration = Duration::from_secs(10);

/// A process and all its descendants. They are killed when it is dropped; [`end`](Self::end) also waits for that.
#[derive(Debug)]
pub struct ProcessTree {
    /// Its root, for its standard streams and its exit.
    pub root: Child,
    group: Option<Pid>,
    mark: String,
}

impl ProcessTree {
    /// Starts a command as the root of a tree, in a process group of its own.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}-{}", std::process::id(), now.as_nanos());
        let root = command.env(MARK, &mark).process_group(0).kill_on_drop(true).spawn()?;
        let group = root.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Ok(Self { root, group, mark })
    }

    /// The process ids of all its members that are alive.
    pub fn members(&self) -> Vec<i32> {
        self.marked().into_iter().map(|(pid, _)| pid).collect()
    }

    /// The resident memory of all members in bytes; pages that they share count for each.
    pub fn memory(&self) -> u64 {
        let of = |pid| -> Option<u64> {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
        };
        self.members().into_iter().filter_map(of).sum()
    }

    /// Ends the tree: closes the root's stdin, gives it two seconds to end, and kills what is left.
    ///
    /// # Errors
    /// If the root cannot be waited for.
    ///
    /// # Panics
    /// If a member lives on after ten seconds.
    pub async fn end(mut self) -> io::Result<ExitStatus> {
        drop(self.root.stdin.take());
        // Whether it ended in time shows below.
        let _ = timeout(GENTLE, self.root.wait()).await;
        self.kill();
        let status = self.root.wait().await?;
        // Nobody tells when processes that are not our children end.
        wait_until("the end of all processes of a tree", KILLED, async || {
            self.kill();
            match self.members() {
                left if left.is_empty() => Ok(()),
                left => Err(format!("processes {left:?} alive")),
            }
        })
        .await;
        Ok(status)
    }

    fn kill(&self) {
        // A root that was waited for may have left its number to others.
        if self.root.id().is_some()
            && let Some(group) = self.group
        {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
        for (_, process) in self.marked() {
            let _ = pidfd_send_signal(&process, Signal::KILL);
        }
    }

    /// Members by the mark, held by descriptors so that no number can come to mean another process.
    fn marked(&self) -> Vec<(i32, OwnedFd)> {
        let mark = format!("{MARK}={}", self.mark);
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.parse().ok()?;
                let process = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
                let environment = fs::read(format!("/proc/{number}/environ")).ok()?;
                let ours = environment
                    .split(|byte| *byte == 0)
                    .any(|entry| entry == mark.as_bytes());
                ours.then_some((number, process))
            })
            .collect()
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The variables of this process by these names, as far as they are set: all that a child may know of it.
pub(crate) fn inherited(allowed: impl Fn(&str) -> bool) -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(move |(name, _)| name.to_str().is_some_and(&allowed))
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt, BufReader};

    use super::*;
    use crate::wait::within;

    /// A shell that waits for its stdin, with children in sessions of their own that do not.
    async fn scattered() -> ProcessTree {
        let script = "setsid sleep 1000 & (setsid sh -c 'sleep 1000; :' &) ; echo ready; read -r line";
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut tree = ProcessTree::spawn(&mut command).unwrap();
        let mut lines = BufReader::new(tree.root.stdout.take().unwrap()).lines();
        within("the shell", KILLED, lines.next_line()).await.unwrap().unwrap();
        wait_until("all four processes", KILLED, async || match tree.members().len() {
            4 => Ok(()),
            other => Err(format!("{other} processes")),
        })
        .await;
        tree
    }

    #[tokio::test]
    async fn a_tree_ends_with_those_that_left_its_group() {
        let tree = scattered().await;
        assert!(tree.memory() > 100_000);
        let members = tree.members();
        assert!(tree.end().await.is_ok());
        for pid in members {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(state.is_empty() || state.contains(") Z "), "{state}");
        }
    }

    #[tokio::test]
    async fn a_tree_that_is_dropped_is_killed() {
        let tree = scattered().await;
        let copy = ProcessTree {
            root: Command::new("true").spawn().unwrap(),
            group: None,
            mark: tree.mark.clone(),
        };
        drop(tree);
        wait_until("the end of the tree", KILLED, async || match copy.members() {
            left if left.is_empty() => Ok(()),
            left => Err(format!("{left:?}")),
        })
        .await;
    }

    #[tokio::test]
    async fn a_root_that_ends_by_itself_keeps_its_exit_code() {
        let mut command = Command::new("sh");
        command.args(["-c", "read -r line; exit 7"]).stdin(Stdio::piped());
        let tree = ProcessTree::spawn(&mut command).unwrap();
        assert_eq!(tree.end().await.unwrap().code(), Some(7));
    }
}
