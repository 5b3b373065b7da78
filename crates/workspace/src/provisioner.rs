//! The port: what whoever runs agents needs of workspaces.
//!
//! A workspace is claimed for an attempt at the same place for all attempts of a piece of work, because agents remember
//! where a session was. Nothing that is in it is trusted: commits leave it only by way of the import store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId, SprintId};
use team6_core::local_path::LocalPath;
use team6_sandbox::reach::{Identity, Mount};

use crate::error::WorkspaceError;
use crate::local_files::LocalFile;
use crate::setup::Setup;

/// Which workspace: the name of the piece of work, such as `task-12`. Letters, digits and `-`.
pub type WorkspaceKey = String;

/// What is wanted of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Which workspace.
    pub key: WorkspaceKey,
    /// The attempt that will work in it.
    pub attempt: AttemptId,
    /// The branch to commit to; none for a workspace that is only read.
    pub branch: Option<BranchName>,
    /// What lies in it: the checkout itself if there is one repository, else a folder for each.
    pub repositories: Vec<ClaimRepository>,
    /// Name and address of the author of commits.
    pub author: (String, String),
}

impl Claim {
    /// What the engine wants for itself, for no attempt: a workspace that is only read.
    pub fn of_no_attempt(key: WorkspaceKey, repositories: Vec<ClaimRepository>, author: (String, String)) -> Self {
        Self {
            key,
            attempt: AttemptId {
                sprint: SprintId(0),
                n: 0,
            },
            branch: None,
            repositories,
            author,
        }
    }

    /// One of its repositories.
    pub fn repository(&self, id: &RepositoryId) -> Option<&ClaimRepository> {
        self.repositories.iter().find(|one| one.id == *id)
    }
}

/// A repository of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRepository {
    /// The repository.
    pub id: RepositoryId,
    /// Where its mirror is fetched from: a path or a URL.
    pub source: String,
    /// Where it comes from, which the addresses of its submodules may be relative to: a path or a URL.
    #[serde(default)]
    pub origin: String,
    /// The branch that the work builds on.
    pub base_branch: BranchName,
    /// Its head, which the work builds on.
    pub base: CommitId,
    /// What earlier attempts left or published, to go on from. What the import store keeps of the same work goes beyond
    /// it, and is taken instead, if it descends from it.
    pub start: Option<CommitId>,
    /// Branches of origin that it knows besides the base, such as those of subtasks.
    #[serde(default)]
    pub others: Vec<(BranchName, CommitId)>,
    /// Files of the team's people that lie in its checkout. They are written nowhere else.
    #[serde(skip)]
    pub local_files: Vec<LocalFile>,
}

/// A claimed workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// What was asked for.
    pub claim: Claim,
    /// The folder that the agent works in, as it sees it.
    pub root: PathBuf,
    /// Each repository's folder in it, and the commit that is checked out there.
    pub checkouts: BTreeMap<RepositoryId, Checkout>,
    /// What people should know, such as submodules that are left empty.
    pub notices: Vec<String>,
    /// How it is shown in a sandbox; none where agents run without one, and all paths are the machine's.
    pub boxed: Option<Boxed>,
}

impl Workspace {
    /// Where a file of the workspace lies on this machine, as long as no program runs in it; `path` is how the agent sees
    /// it, directly in one of its folders. None if it is not there.
    pub fn lies_at(&self, path: &Path) -> Option<PathBuf> {
        let there = |path: PathBuf| std::fs::symlink_metadata(&path).is_ok().then_some(path);
        let Some(boxed) = &self.boxed else {
            return there(path.to_owned());
        };
        // What is laid out later lies over what was before.
        boxed.view.iter().rev().find_map(|mount| match mount {
            Mount::Overlay { layers, upper, at } => {
                let name = path.strip_prefix(at).ok()?;
                let all = [upper].into_iter().chain(layers);
                all.map(|layer| layer.join(name)).find_map(there)
            }
            Mount::Writable { from, at } => there(from.join(path.strip_prefix(at).ok()?)),
            _ => None,
        })
    }
}

/// How a workspace is shown in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boxed {
    /// What is shown, above the machine's programs and the agent's home.
    pub view: Vec<Mount>,
    /// The user that works in it.
    pub identity: Identity,
}

/// A repository in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// Its folder, as the agent sees it.
    pub path: PathBuf,
    /// The commit that the work began from.
    pub start: CommitId,
    /// What is common to the base and the start: the agent's commits come after it.
    pub floor: CommitId,
    /// Its submodules that are there, each after the one that it lies in.
    #[serde(default)]
    pub submodules: Vec<Submodule>,
    /// The files of the team's people that lie in it, which no commit may hold.
    #[serde(default)]
    pub local_files: Vec<LocalPath>,
    /// The names that git gives their contents.
    #[serde(default)]
    pub local_contents: Vec<String>,
}

/// A submodule whose files are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submodule {
    /// Its folder, from that of the repository.
    pub path: String,
    /// The path of the submodule that it lies in; empty if it is the repository's own.
    pub inside: String,
    /// Its name in `.gitmodules`.
    pub name: String,
    /// Where it comes from, without credentials.
    pub address: String,
    /// The name of its mirror.
    pub repository: RepositoryId,
    /// The commit that is checked out.
    pub commit: CommitId,
}

/// What was brought out of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The repository.
    pub repository: RepositoryId,
    /// The newest commit of the work.
    pub head: CommitId,
    /// Whether it differs from the base.
    pub changed: bool,
    /// The git folder of the import store that holds it.
    pub store: PathBuf,
    /// What people should know, such as files that were committed for the agent.
    pub notices: Vec<String>,
}

/// What was found and removed at start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Workspaces that nobody uses any more; their work was kept first.
    pub workspaces: Vec<WorkspaceKey>,
    /// What could not be saved, and why; these workspaces were left alone.
    pub left_alone: Vec<(WorkspaceKey, String)>,
}

/// Whoever makes workspaces.
#[async_trait]
pub trait Provisioner: std::fmt::Debug + Send + Sync {
    /// Makes a workspace. What an attempt that crashed left at its place is kept first. `progress` is told of long
    /// steps, such as the first clone, in a line each.
    async fn claim(&self, claim: Claim, progress: &(dyn Fn(String) + Send + Sync))
    -> Result<Workspace, WorkspaceError>;

    /// Lays ready what workspaces of a repository's base build on, before anybody claims one. If its setup command is to
    /// be run, that is given: run it in a workspace of this repository alone that is only read, then
    /// [`keep_setup`](Self::keep_setup).
    async fn prepare(
        &self,
        repository: ClaimRepository,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Option<Setup>, WorkspaceError>;

    /// Keeps what a setup command made in a workspace, for all later ones; or why it failed. No program may run in the
    /// workspace any more.
    async fn keep_setup(
        &self,
        workspace: &Workspace,
        setup: &Setup,
        done: Result<(), String>,
    ) -> Result<(), WorkspaceError>;

    /// Brings out what was done: commits what lies around, takes the commits through quarantine into the import store,
    /// and keeps them there for the attempt. May be done more than once.
    ///
    /// What stands in the way in one repository does not keep back the work in the others. After an error that
    /// [leaves work behind](WorkspaceError::leaves_work_behind), [`leave`](Self::leave) the workspace.
    async fn import(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError>;

    /// Brings out the commits of the branch while the agent goes on, for others to build on. Nothing is committed for it,
    /// and submodules are left alone.
    async fn save_commits(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError>;

    /// Whether a commit is in the history of what was brought out.
    async fn holds(&self, imported: &Imported, commit: &CommitId) -> Result<bool, WorkspaceError>;

    /// Removes the workspace. What was not imported is lost.
    async fn release(&self, workspace: Workspace) -> Result<(), WorkspaceError>;

    /// Lets go of a workspace whose work could not be brought out. It stays as it is, until the next claim of the same
    /// key or a sweep brings the work out.
    fn leave(&self, workspace: Workspace);

    /// Waits for what goes on behind: the removal of released workspaces, and the making of the next ones.
    async fn settle(&self);

    /// Removes what is left of earlier runs, and the kept work of all but these.
    async fn sweep(&self, live: &[WorkspaceKey]) -> Result<Swept, WorkspaceError>;
}
