//! Receipts: what came of a check on one commit, each chained to the one before.
//!
//! `docs/checks.md` says which bytes a receipt stands for, so that anybody can compute its hash again with tools of
//! their own.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Check;
use crate::ids::{CommitId, InvalidName, RepositoryId, SprintId, TaskId};
use crate::time::Timestamp;

/// A SHA-256 in 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digits = Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        Self(digits)
    }

    /// What the first receipt of a chain follows.
    pub fn nothing() -> Self {
        Self("0".repeat(64))
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidName;
    fn try_from(given: String) -> Result<Self, InvalidName> {
        let hex = given.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match hex && given.len() == 64 {
            true => Ok(Self(given)),
            false => Err(InvalidName {
                kind: "hash",
                given,
                rule: "give all 64 lowercase hexadecimal digits",
            }),
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.0
    }
}

impl FromStr for Digest {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        text.to_owned().try_into()
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "ended", rename_all = "snake_case")]
pub enum RunEnd {
    /// By itself.
    Exited {
        /// Its exit status; 0 says that all is well.
        status: i32,
    },
    /// Another way, such as by a signal or by using more than it may.
    Stopped {
        /// How, for people.
        how: String,
    },
    /// It took longer than it may.
    TimedOut,
    /// It did not begin.
    CouldNotRun {
        /// Why.
        why: String,
    },
}

/// One run of a check's command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    /// The commit that was checked out.
    pub commit: CommitId,
    /// Its tree; none if nothing was checked out.
    pub tree: Option<CommitId>,
    /// The other repositories that lay beside it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub beside: BTreeMap<RepositoryId, Checkout>,
    /// How it ended.
    pub end: RunEnd,
    /// The hash of what it said, as it is kept.
    pub log: Digest,
    /// How long that is, in bytes.
    pub log_bytes: u64,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// What was checked out of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checkout {
    /// The commit.
    pub commit: CommitId,
    /// Its tree; none if nothing was checked out.
    pub tree: Option<CommitId>,
}

impl Run {
    /// One that did not come about.
    pub fn none(commit: CommitId, why: String, at: Timestamp) -> Self {
        Self {
            commit,
            tree: None,
            beside: BTreeMap::new(),
            end: RunEnd::CouldNotRun { why },
            log: Digest::of(b""),
            log_bytes: 0,
            began: at,
            ended: at,
        }
    }

    /// Whether all is well.
    pub fn passed(&self) -> bool {
        self.end == RunEnd::Exited { status: 0 }
    }
}

/// What a check says of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It passed.
    Passed,
    /// It fails, and passed at the base.
    Broke,
    /// It fails, and did so at the base.
    RedBefore,
    /// It took longer than it may.
    TimedOut,
    /// It was not run, here or at the base, so that nothing is known.
    CouldNotRun,
}

impl CheckOutcome {
    /// Of a run at the delivered commit, and of one at the base if that was made.
    pub fn of(run: &Run, base: Option<&Run>) -> Self {
        match (&run.end, base.map(|base| &base.end)) {
            (RunEnd::Exited { status: 0 }, _) => Self::Passed,
            (RunEnd::TimedOut, _) => Self::TimedOut,
            (RunEnd::CouldNotRun { .. }, _) | (_, None | Some(RunEnd::CouldNotRun { .. })) => Self::CouldNotRun,
            (_, Some(RunEnd::Exited { status: 0 })) => Self::Broke,
            (_, Some(_)) => Self::RedBefore,
        }
    }

    /// The word in a receipt.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Broke => "broke",
            Self::RedBefore => "red_before",
            Self::TimedOut => "timed_out",
            Self::CouldNotRun => "could_not_run",
        }
    }
}

impl fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Broke => "broken by it",
            Self::RedBefore => "was red before",
            Self::TimedOut => "took too long",
            Self::CouldNotRun => "could not be run",
        })
    }
}

/// What came of a check on one commit. Receipts of a sprint are a chain: each holds the hash of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Its place in the chain of its sprint, from 1.
    pub number: u32,
    /// The hash of the receipt before it; 64 zeros for the first.
    pub previous: Digest,
    /// The sprint whose chain it is in.
    pub sprint: SprintId,
    /// The task that was delivered.
    pub task: TaskId,
    /// Which delivery of it.
    pub delivery: u32,
    /// The repository.
    pub repository: RepositoryId,
    /// What was run.
    pub check: Check,
    /// What it says.
    pub outcome: CheckOutcome,
    /// The run at the delivered commit.
    pub run: Run,
    /// The run at the base, if the first failed.
    pub base: Option<Run>,
    /// The hash of this receipt: SHA-256 of its canonical bytes.
    pub hash: Digest,
}

impl Receipt {
    /// The receipt with its hash.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.outcome = CheckOutcome::of(&self.run, self.base.as_ref());
        self.hash = Digest::of(self.canonical().as_bytes());
        self
    }

    /// The bytes that are hashed, as `docs/checks.md` says: a line for each field, texts as JSON writes them.
    pub fn canonical(&self) -> String {
        let mut lines = String::from("team6 receipt 1\n");
        let mut line = |name: &str, value: &dyn fmt::Display| {
            let _ = writeln!(lines, "{name}: {value}");
        };
        line("number", &self.number);
        line("previous", &self.previous);
        line("sprint", &self.sprint);
        line("task", &self.task);
        line("delivery", &self.delivery);
        line("repository", &self.repository);
        line("check", &self.check.name);
        line("command", &json(&self.check.command));
        line("seconds", &self.check.seconds);
        if self.check.is_together() {
            let names: Vec<&str> = self.check.together.iter().map(RepositoryId::as_str).collect();
            line("together", &names.join(" "));
        }
        line("outcome", &self.outcome.word());
        run_lines("run", &self.run, &mut line);
        if let Some(base) = &self.base {
            run_lines("base", base, &mut line);
        }
        lines
    }

    /// Whether the check came to an end by itself; one that did not may say something another time.
    pub fn says_something(&self) -> bool {
        !matches!(self.run.end, RunEnd::TimedOut | RunEnd::CouldNotRun { .. })
    }

    /// Whether it is of this check, run for this repository, at exactly these commits.
    pub(crate) fn is_of(&self, check: &Check, at: &RepositoryId, heads: &BTreeMap<&RepositoryId, &CommitId>) -> bool {
        let stands_with = check.is_together() || self.repository == *at;
        let same = self.check.name == check.name && self.check.command == check.command;
        stands_with && same && self.check.together == check.together && self.run.is_at(check, &self.repository, heads)
    }
}

fn run_lines(of: &str, run: &Run, line: &mut dyn FnMut(&str, &dyn fmt::Display)) {
    let mut of_it = |name: &str, value: &dyn fmt::Display| line(&format!("{of} {name}"), value);
    of_it("commit", &run.commit);
    match &run.tree {
        Some(tree) => of_it("tree", tree),
        None => of_it("tree", &"-"),
    }
    for (repository, at) in &run.beside {
        let tree = at.tree.as_ref().map_or("-", |tree| tree.as_str());
        of_it("beside", &format!("{repository} {} {tree}", at.commit));
    }
    match &run.end {
        RunEnd::Exited { status } => of_it("exited", status),
        RunEnd::Stopped { how } => of_it("stopped", &json(how)),
        RunEnd::TimedOut => of_it("timed out", &"-"),
        RunEnd::CouldNotRun { why } => of_it("could not run", &json(why)),
    }
    of_it("log", &run.log);
    of_it("log bytes", &run.log_bytes);
    of_it("began", &run.began.0);
    of_it("ended", &run.ended.0);
}

/// A text in one line.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// All receipts of a sprint with the logs that they speak of: what anybody needs to verify them, by whatever program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptExport {
    /// The chain.
    pub receipts: Vec<Receipt>,
    /// What was said, by its hash.
    pub logs: BTreeMap<String, String>,
}

impl ReceiptExport {
    /// Computes all of it again.
    pub fn verify(&self) -> Verified {
        verify(&self.receipts, |log| Some(self.logs.get(log.as_str())?.as_bytes()))
    }
}

/// What is wrong with a chain of receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "problem", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum Broken {
    #[error("receipt {number} was changed: its hash is not that of what it says")]
    Changed { number: u32 },
    #[error("receipt {number} does not follow the one before it: one was taken out, put in or changed")]
    Chain { number: u32 },
    #[error("receipt {number} says an outcome that does not follow from its runs")]
    Outcome { number: u32 },
    #[error("the log {log} of receipt {number} is not what was kept when it was made")]
    LogChanged { number: u32, log: Digest },
    #[error("the log {log} of receipt {number} is missing")]
    LogMissing { number: u32, log: Digest },
}

/// What was found when receipts were computed again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verified {
    /// How many receipts there are.
    pub receipts: usize,
    /// How many logs.
    pub logs: usize,
    /// The hash of the last receipt: whoever keeps it can tell later that none was taken away.
    pub last: Option<Digest>,
    /// What is wrong; nothing if all is as it was.
    pub broken: Vec<Broken>,
}

/// Computes a whole chain again, and the logs that it speaks of.
pub fn verify<'a>(receipts: &[Receipt], log: impl Fn(&Digest) -> Option<&'a [u8]>) -> Verified {
    let mut verified = Verified {
        receipts: receipts.len(),
        last: receipts.last().map(|receipt| receipt.hash.clone()),
        ..Verified::default()
    };
    let mut previous = Digest::nothing();
    for (place, receipt) in receipts.iter().enumerate() {
        let number = receipt.number;
        if receipt.hash != Digest::of(receipt.canonical().as_bytes()) {
            verified.broken.push(Broken::Changed { number });
        }
        if receipt.previous != previous || usize::try_from(number).ok() != Some(place + 1) {
            verified.broken.push(Broken::Chain { number });
        }
        if receipt.outcome != CheckOutcome::of(&receipt.run, receipt.base.as_ref()) {
            verified.broken.push(Broken::Outcome { number });
        }
        for run in std::iter::once(&receipt.run).chain(&receipt.base) {
            verified.logs += 1;
            let kept = match run.log_bytes {
                0 => Some([].as_slice()),
                _ => log(&run.log),
            };
            let log = run.log.clone();
            match kept {
                None => verified.broken.push(Broken::LogMissing { number, log }),
                Some(kept) if Digest::of(kept) != log || kept.len() as u64 != run.log_bytes => {
                    verified.broken.push(Broken::LogChanged { number, log });
                }
                Some(_) => {}
            }
        }
        previous = receipt.hash.clone();
    }
    verified
}
