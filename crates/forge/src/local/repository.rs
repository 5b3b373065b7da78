//! One repository of the local forge: its bare git repository, and the plumbing that everything else is made of.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;
use tokio::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::foresee::Foreseen;
use crate::error::ForgeError;
use crate::port::Identity;
use team6_git::{Call, Git, GitError};

/// A lock file older than this was left behind by a process that was killed: no call of ours that takes one may last as long.
const STALE: Duration = Duration::from_secs(180);

/// What is remembered of a connected repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) id: RepositoryId,
    pub(super) origin: String,
    pub(super) branch: BranchName,
    pub(super) method: MergeMethod,
}

/// A connected repository.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) git: Git,
    pub(super) git_dir: PathBuf,
    pub(super) kept: Kept,
    /// Who writes the records.
    pub(super) engine: Identity,
    /// How long a call to the origin may take.
    pub(super) patience: Duration,
    /// One fetch at a time, since two would fight for the same ref.
    pub(super) fetching: Arc<Mutex<()>>,
    /// One merge at a time: git updates a work tree before the ref, so of two pushes one would leave it dirty.
    pub(super) merging: Arc<Mutex<()>>,
    /// What forecasts found of pairs of commits.
    pub(super) foreseen: Arc<Mutex<Foreseen>>,
}

/// Where a ref must be for a transaction to happen.
#[derive(Debug, Clone)]
pub(super) enum Expect {
    Absent,
    At(CommitId),
    Anywhere,
}

/// A ref to be set, or deleted if it is to be nowhere.
#[derive(Debug, Clone)]
pub(super) struct RefUpdate {
    pub(super) name: String,
    pub(super) to: Option<CommitId>,
    pub(super) expect: Expect,
}

impl RefUpdate {
    pub(super) fn new(name: impl Into<String>, to: Option<&CommitId>, expect: Expect) -> Self {
        Self {
            name: name.into(),
            to: to.cloned(),
            expect,
        }
    }

    fn line(&self) -> String {
        let name = &self.name;
        match (&self.to, &self.expect) {
            (Some(to), Expect::Absent) => format!("create {name} {to}\n"),
            (Some(to), Expect::At(old)) => format!("update {name} {to} {old}\n"),
            (Some(to), Expect::Anywhere) => format!("update {name} {to}\n"),
            (None, Expect::At(old)) => format!("delete {name} {old}\n"),
            (None, Expect::Absent | Expect::Anywhere) => format!("delete {name}\n"),
        }
    }
}

impl Repository {
    pub(super) fn id(&self) -> &RepositoryId {
        &self.kept.id
    }

    /// The target branch.
    pub(super) fn target(&self) -> &BranchName {
        &self.kept.branch
    }

    pub(super) fn call<const N: usize>(&self, args: [&str; N]) -> Call {
        self.git.call(args).git_dir(&self.git_dir)
    }

    /// The same for arguments that are not known in number.
    pub(super) fn call_with(&self, args: &[String]) -> Call {
        self.git.call(args).git_dir(&self.git_dir)
    }

    /// The commit that a ref or a commit's name stands for; none if there is no such ref.
    pub(super) async fn find(&self, name: &str) -> Result<Option<CommitId>, ForgeError> {
        let peeled = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled];
        let ran = self.call(args).run().await?;
        match ran.code {
            Some(0) => Ok(Some(read_id(&ran.stdout)?)),
            Some(1) => Ok(None),
            _ => Err(ran.failure().into()),
        }
    }

    pub(super) async fn branch_head(&self, branch: &BranchName) -> Result<Option<CommitId>, ForgeError> {
        self.find(&branch.full()).await
    }

    /// The head of a branch that must be there.
    pub(super) async fn head_of(&self, branch: &BranchName) -> Result<CommitId, ForgeError> {
        match self.branch_head(branch).await? {
            Some(head) => Ok(head),
            None => Err(ForgeError::UnknownBranch {
                repository: self.id().clone(),
                branch: branch.clone(),
                near: Vec::new(),
            }),
        }
    }

    /// The tree of a commit.
    pub(super) async fn tree(&self, commit: &CommitId) -> Result<CommitId, ForgeError> {
        let spec = format!("{commit}^{{tree}}");
        let found = self
            .call(["rev-parse", "--verify", "--end-of-options", &spec])
            .bytes()
            .await?;
        read_id(&found)
    }

    /// Where two commits parted; none if they have no common history.
    pub(super) async fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, ForgeError> {
        let ran = self.call(["merge-base", one.as_str(), other.as_str()]).run().await?;
        match ran.code {
            Some(0) => Ok(Some(read_id(&ran.stdout)?)),
            Some(1) => Ok(None),
            _ => Err(ran.failure().into()),
        }
    }

    /// Whether `commit` is in the history of `of`. A commit that is not here at all is in no history.
    pub(super) async fn contains(&self, of: &CommitId, commit: &CommitId) -> Result<bool, ForgeError> {
        if self.find(commit.as_str()).await?.is_none() {
            return Ok(false);
        }
        let args = ["merge-base", "--is-ancestor", commit.as_str(), of.as_str()];
        let ran = self.call(args).run().await?;
        match ran.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(ran.failure().into()),
        }
    }

    /// Moves all of the refs, or none if one of them is not where it is expected: then it gives false.
    pub(super) async fn transact(&self, updates: &[RefUpdate]) -> Result<bool, ForgeError> {
        let lines: String = updates.iter().map(RefUpdate::line).collect();
        let done = self
            .call(["update-ref", "--no-deref", "--stdin"])
            .stdin(lines)
            .bytes()
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(error @ GitError::Failed { .. }) if lost_a_race(error.said()) => {
                for update in updates {
                    self.break_stale_lock(&update.name);
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the lock of a ref if whoever took it cannot be alive any more.
    pub(super) fn break_stale_lock(&self, name: &str) {
        for lock in [format!("{name}.lock"), "packed-refs.lock".to_owned()] {
            let path = self.git_dir.join(lock);
            if is_stale(&path) {
                tracing::warn!(path = %path.display(), "removed a lock that a killed process left behind");
                // If it is gone already, another process had the same thought.
                let _ = std::fs::remove_file(&path);
            }
        }
    }

    /// Stores bytes as a blob, a tree or a commit, as they are.
    pub(super) async fn write_object(&self, kind: &str, bytes: Vec<u8>) -> Result<CommitId, ForgeError> {
        let args = ["hash-object", "-t", kind, "-w", "--stdin"];
        let written = self.call(args).stdin(bytes).bytes().await?;
        read_id(&written)
    }

    /// Writes a commit. The same parts give the same commit.
    pub(super) async fn write_commit(
        &self,
        tree: &CommitId,
        parents: &[&CommitId],
        by: &Identity,
        at: Timestamp,
        message: &str,
    ) -> Result<CommitId, ForgeError> {
        let who = signature(by, at);
        let mut text = format!("tree {tree}\n");
        for parent in parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str(&format!("author {who}\ncommitter {who}\n\n{}\n", message.trim_end()));
        self.write_object("commit", text.into_bytes()).await
    }
}

/// Whether git says that a ref is locked, or is not where it was expected.
pub(super) fn lost_a_race(said: &str) -> bool {
    said.contains("cannot lock ref") || said.contains("Unable to create") || said.contains("failed to lock")
}

fn is_stale(path: &Path) -> bool {
    let modified = std::fs::metadata(path).and_then(|found| found.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE))
}

/// An author or committer as a commit has it.
pub(super) fn signature(by: &Identity, at: Timestamp) -> String {
    let plain = |text: &str| {
        let kept: String = text.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect();
        kept.trim().to_owned()
    };
    let seconds = at.0.div_euclid(1_000).max(0);
    format!("{} <{}> {seconds} +0000", plain(&by.name), plain(&by.email))
}

/// An object's name as git prints it.
pub(super) fn read_id(bytes: &[u8]) -> Result<CommitId, ForgeError> {
    let text = String::from_utf8_lossy(bytes);
    CommitId::new(text.trim()).map_err(|error| ForgeError::Damaged {
        what: "an object's name".to_owned(),
        why: error.to_string(),
    })
}
