//! Packs what an agent did, beside the agent's files: in its sandbox, as its user, without a network.
//!
//! It is a process of its own, started when the agent has ended. What it says is no more trusted than the agent: the
//! other side checks every object of the pack and every name.

mod agent_git;
mod commits;
mod found;
mod leftovers;
mod skipped;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use team6_core::ids::{AttemptId, BranchName, CommitId};
use team6_core::local_path::LocalPath;
use team6_git::{Fuse, Git, GitError};

use crate::recipe::Recipe;
use commits::Packing;

pub(crate) use agent_git::is_folder;
pub(crate) use leftovers::FEW;

/// The largest file that is committed for an agent, in bytes.
pub(crate) const LARGEST_FILE: u64 = 512 << 20;

/// What is to be packed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The repository's name, for people.
    pub(crate) repository: String,
    /// The attempt.
    pub(crate) attempt: AttemptId,
    /// Its branch.
    pub(crate) branch: BranchName,
    /// The commits that are known outside: what the work builds on, and began from.
    pub(crate) base: CommitId,
    pub(crate) start: CommitId,
    /// Name and address of the author of commits.
    pub(crate) author: (String, String),
    /// The git program.
    pub(crate) git: PathBuf,
    /// The work tree, and git's index of it as it was at the beginning.
    pub(crate) work: PathBuf,
    pub(crate) index: PathBuf,
    /// A file of the paths that may differ from that, each ended by a zero byte; none if that is not known.
    pub(crate) changed: Option<PathBuf>,
    /// The stores of objects that the agent was lent.
    pub(crate) lent: Vec<PathBuf>,
    /// The folder for a git folder of ours.
    pub(crate) scratch: PathBuf,
    /// Where the pack is written.
    pub(crate) pack: PathBuf,
    /// How the workspace was made.
    pub(crate) recipe: Recipe,
    /// Whether files of Git LFS are there.
    pub(crate) lfs: bool,
    /// The files of the team's people, which no commit may hold.
    pub(crate) local: Vec<LocalPath>,
    /// The names that git gives their contents.
    pub(crate) local_contents: Vec<String>,
    /// The submodules that are there, which are packed by themselves.
    pub(crate) modules: Vec<String>,
    pub(crate) how: How,
}

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    /// The branch, and what the agent left beside it.
    Everything,
    /// The branch alone.
    Branch,
    /// The branch as it was committed, and nothing that lies around: the agent goes on.
    Committed,
    /// No commits of the agent's, only the files that lie there.
    Files,
}

/// What came of it; the last line that is printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// There is a pack.
    Packed(Packed),
    /// There is nothing to take from.
    Lost(String),
    /// The disk is full.
    Full(String),
    /// Something else went wrong.
    Failed(String),
}

/// What a pack holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Packed {
    /// The newest commit of the work.
    pub(crate) head: Option<CommitId>,
    /// What is beside it, by names below `refs`.
    pub(crate) aside: Vec<(String, CommitId)>,
    /// Files that no commit can hold for their size, as paths in the work tree.
    pub(crate) large: Vec<Vec<u8>>,
    /// What people should know.
    pub(crate) notices: Vec<String>,
}

/// Packs what the order says, given as JSON, and prints the outcome. Blocks.
pub fn main(order: &str) -> ExitCode {
    let outcome = match serde_json::from_str::<Order>(order) {
        Ok(order) => run(&order),
        Err(error) => Outcome::Failed(format!("the order cannot be read: {error}")),
    };
    match serde_json::to_string(&outcome) {
        Ok(said) => {
            use std::io::Write;
            // Whoever does not listen any more needs no answer.
            let _ = writeln!(std::io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(order: &Order) -> Outcome {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let git = Git::new(order.git.clone(), Fuse::default());
    let packing = Packing {
        git: &git,
        order,
        scratch: order.scratch.clone(),
    };
    match runtime.block_on(packing.run()) {
        Ok(outcome) => outcome,
        Err(error) if is_full(&error) => Outcome::Full(error.to_string()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn is_full(error: &GitError) -> bool {
    match error {
        GitError::OutOfRoom { .. } => true,
        GitError::Io { source, .. } => matches!(
            source.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ),
        _ => false,
    }
}
