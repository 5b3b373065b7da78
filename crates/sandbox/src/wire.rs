//! What an engine and a supervisor say to each other: a line of JSON each, over a socket that only these two hold.
//!
//! The program's environment travels here and not by the supervisor's own, which any process of the user could read.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::confine::Trouble;
use crate::mark::{MARK_VARIABLE, TreeMark};
use crate::reach::Reach;
use crate::tree::Exceeded;

/// The variable that tells a supervisor to make a sandbox ahead of its order: a [`Foresight`](crate::reach::Foresight).
pub(crate) const PREPARE_VARIABLE: &str = "TEAM6_PREPARE";

/// From the engine. When the socket ends, that means [`Order::Kill`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Start the program; the first order, and only once.
    Start(Program),
    /// Ask every process of the tree to end.
    Terminate,
    /// End every process of the tree.
    Kill,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) cwd: PathBuf,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) reach: Reach,
}

impl Program {
    /// The mark of its tree.
    pub(crate) fn mark(&self) -> Option<TreeMark> {
        let (_, value) = self.env.iter().find(|(name, _)| name == MARK_VARIABLE)?;
        TreeMark::read(value.to_str()?)
    }
}

/// From the supervisor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The program runs.
    Started { pid: i32 },
    /// The program could not be started; the operating system's error number.
    NotStarted { errno: i32 },
    /// The sandbox could not be made.
    NotConfined(Trouble),
    /// The tree used up more than it may, and is being ended.
    Exceeded(Exceeded),
    /// The tree had as many processes as it may have, so that it could start no others; it goes on.
    Crowded { most: u32 },
    /// The program ended.
    Exited(crate::Exit),
    /// The whole tree is gone, but for `left` processes that could not be ended in time. The last report.
    Ended { killed: u32, left: u32 },
}
