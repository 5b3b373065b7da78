//! A running tree: its program's stdio, and its end.

use std::fmt;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};
use tokio::process::Child;
use tokio::time::timeout;

use crate::mark::TreeMark;
use crate::proc::{self, TreeUsage};
use crate::sweep::{Swept, sweep_tree};
use crate::wire::{Order, Report};

/// Longer than a supervisor tries to end its tree.
const SUPERVISOR_LIMIT: Duration = Duration::from_secs(15);

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody was there to see it: the supervisor was killed first.
    Unknown,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
            Exit::Unknown => f.write_str("unknown exit"),
        }
    }
}

/// What it took to end a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The program had ended before anybody asked.
    Alone,
    /// It ended when its stdin was closed.
    Closed,
    /// It ended when it got SIGTERM.
    Terminated,
    /// It had to be killed.
    Killed,
    /// Its supervisor had been killed; what was left was found by its mark and ended.
    Swept,
}

/// What a tree used more of than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exceeded {
    /// Memory of all its processes, in bytes.
    Memory {
        /// What it used.
        used: u64,
        /// What it may use.
        most: u64,
    },
    /// What its writable folders hold, in bytes.
    Disk {
        /// What they held.
        used: u64,
        /// What they may hold.
        most: u64,
    },
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MB: u64 = 1_000_000;
        let (what, used, most) = match self {
            Exceeded::Memory { used, most } => ("memory", used, most),
            Exceeded::Disk { used, most } => ("disk", used, most),
        };
        write!(f, "it used {} MB of {what}, and may use {} MB", used / MB, most / MB)
    }
}

/// A tree that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How the program ended.
    pub exit: Exit,
    /// Processes besides the program that were still there and were killed.
    pub survivors_killed: u32,
    /// Processes that could not be ended within ten seconds, for example stuck in the kernel.
    pub left: u32,
    /// What it took.
    pub how: How,
    /// The limit that it was ended for.
    pub exceeded: Option<Exceeded>,
    /// The most processes that it may have, if it had as many and could start no others.
    pub crowded: Option<u32>,
}

/// A program and all that descends from it. Dropping it kills the whole tree without waiting.
#[derive(Debug)]
pub struct ProcessTree {
    /// The program's stdin; take it to write to it.
    pub stdin: Option<pipe::Sender>,
    /// The program's stdout; take it to read from it.
    pub stdout: Option<pipe::Receiver>,
    /// The program's stderr; take it to read from it.
    pub stderr: Option<pipe::Receiver>,
    control: Control,
    supervisor: Child,
    mark: TreeMark,
    pid: i32,
    exit: Option<Exit>,
    exceeded: Option<Exceeded>,
    crowded: Option<u32>,
}

impl ProcessTree {
    pub(crate) fn new(
        control: Control,
        supervisor: Child,
        mark: TreeMark,
        pid: i32,
        stdin: pipe::Sender,
        stdout: pipe::Receiver,
        stderr: pipe::Receiver,
    ) -> Self {
        Self {
            stdin: Some(stdin),
            stdout: Some(stdout),
            stderr: Some(stderr),
            control,
            supervisor,
            mark,
            pid,
            exit: None,
            exceeded: None,
            crowded: None,
        }
    }

    /// The process id of the program, or of the gate to its sandbox.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The limit that the tree is being ended for, as far as was heard.
    pub fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded
    }

    /// The process id of the supervisor, unless it has been waited for.
    pub fn supervisor_pid(&self) -> Option<u32> {
        self.supervisor.id()
    }

    /// Waits until the program has ended. May be dropped and called again.
    ///
    /// What the program leaves behind is being ended meanwhile; [`end`](Self::end) waits for that.
    pub async fn wait(&mut self) -> Exit {
        if let Some(exit) = self.exit {
            return exit;
        }
        let exit = loop {
            match self.control.report().await {
                Ok(Report::Exceeded(exceeded)) => self.exceeded = Some(exceeded),
                Ok(Report::Crowded { most }) => self.crowded = Some(most),
                Ok(Report::Exited(exit)) => break exit,
                Ok(_) | Err(_) => break Exit::Unknown,
            }
        };
        *self.exit.insert(exit)
    }

    /// Ends the tree whole and waits until it is gone: closes stdin and waits for `grace`, sends SIGTERM to every
    /// process and waits for `grace` again, then kills.
    ///
    /// A stdin that was taken must be dropped before.
    pub async fn end(mut self, grace: Duration) -> Ended {
        let mut how = How::Alone;
        if timeout(Duration::ZERO, self.wait()).await.is_err() {
            how = How::Closed;
            self.stdin = None;
            if timeout(grace, self.wait()).await.is_err() {
                how = How::Terminated;
                // If the supervisor is gone, waiting says so.
                let _ = self.control.order(&Order::Terminate).await;
                if timeout(grace, self.wait()).await.is_err() {
                    how = How::Killed;
                    let _ = self.control.order(&Order::Kill).await;
                }
            }
        }
        match timeout(SUPERVISOR_LIMIT, self.last_report()).await {
            Ok(Some((killed, left))) => {
                let _ = self.supervisor.wait().await;
                Ended {
                    exit: self.exit.unwrap_or(Exit::Unknown),
                    survivors_killed: killed,
                    left,
                    how,
                    exceeded: self.exceeded,
                    crowded: self.crowded,
                }
            }
            // Killed, or stopped by a process of the tree, which has the same rights.
            Ok(None) | Err(_) => self.end_without_supervisor().await,
        }
    }

    /// What the tree uses now, from `/proc`.
    pub async fn usage(&self) -> TreeUsage {
        let supervisor = self.supervisor.id().and_then(|pid| i32::try_from(pid).ok());
        let Some(supervisor) = supervisor else {
            return TreeUsage::default();
        };
        let read = tokio::task::spawn_blocking(move || proc::usage(supervisor));
        read.await.unwrap_or_default()
    }

    async fn last_report(&mut self) -> Option<(u32, u32)> {
        loop {
            match self.control.report().await {
                Ok(Report::Exited(exit)) => self.exit = Some(exit),
                Ok(Report::Exceeded(exceeded)) => self.exceeded = Some(exceeded),
                Ok(Report::Crowded { most }) => self.crowded = Some(most),
                Ok(Report::Ended { killed, left }) => return Some((killed, left)),
                Ok(_) | Err(_) => return None,
            }
        }
    }

    async fn end_without_supervisor(mut self) -> Ended {
        // The supervisor carries the mark as well, so the sweep ends it too; it must not be counted.
        if let Some(pid) = self
            .supervisor
            .id()
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
        {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.supervisor.wait().await;
        let mark = self.mark.clone();
        let swept = tokio::task::spawn_blocking(move || sweep_tree(&mark)).await;
        let Swept { ended, left } = swept.unwrap_or_default();
        tracing::warn!(
            tree = %self.mark,
            ended,
            left,
            "the supervisor of a process tree was killed; its processes were found by their mark"
        );
        Ended {
            exit: self.exit.unwrap_or(Exit::Unknown),
            survivors_killed: ended,
            left,
            how: How::Swept,
            exceeded: self.exceeded,
            crowded: self.crowded,
        }
    }
}

/// The engine's end of the socket to a supervisor. Closing it ends the tree.
#[derive(Debug)]
pub(crate) struct Control {
    reports: BufReader<OwnedReadHalf>,
    orders: OwnedWriteHalf,
    /// What was read of a report whose waiting was given up.
    partial: Vec<u8>,
}

impl Control {
    pub(crate) fn new(socket: UnixStream) -> Self {
        let (reports, orders) = socket.into_split();
        Self {
            reports: BufReader::new(reports),
            orders,
            partial: Vec::new(),
        }
    }

    pub(crate) async fn order(&mut self, order: &Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await
    }

    /// Waits for the next report; nothing is lost when the future is dropped.
    pub(crate) async fn report(&mut self) -> io::Result<Report> {
        // `read_until` leaves in the buffer what it read before it was dropped.
        self.reports.read_until(b'\n', &mut self.partial).await?;
        let line = std::mem::take(&mut self.partial);
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_slice(&line)?)
    }
}
