//! A repository in a workspace: a private clone that borrows the store's objects, and beside it, out of the agent's
//! reach, a trusted git folder that knows how the files looked at the beginning.

use std::path::{Path, PathBuf};

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_git::{Git, GitError};

use crate::error::WorkspaceError;
use crate::mirror::{Mirrors, borrow, is_full};
use crate::provisioner::{Checkout, ClaimRepository};

/// Where the parts of one repository's checkout lie.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) repository: RepositoryId,
    /// The files; the agent's.
    pub(crate) work: PathBuf,
    /// The trusted git folder.
    pub(crate) trusted: PathBuf,
    /// The git folder that the agent has.
    pub(crate) private: PathBuf,
    /// The objects that the private git folder borrows.
    pub(crate) borrowed: PathBuf,
}

impl Place {
    pub(crate) fn new(slot: &Path, mirrors: &Mirrors, repository: &RepositoryId, alone: bool) -> Self {
        let root = slot.join("work");
        let work = if alone { root } else { root.join(repository.as_str()) };
        Self {
            repository: repository.clone(),
            private: work.join(".git"),
            work,
            trusted: slot.join("trusted").join(format!("{repository}.git")),
            borrowed: mirrors.store(repository).join("objects"),
        }
    }

    fn failed(&self, error: &GitError) -> WorkspaceError {
        if is_full(error.said()) {
            return WorkspaceError::OutOfRoom {
                path: self.work.clone(),
                why: error.said().to_owned(),
            };
        }
        WorkspaceError::Failed {
            what: format!("the workspace of {} cannot be made", self.repository),
            why: error.to_string(),
        }
    }
}

/// Makes the checkout of a repository at its place.
pub(crate) async fn make(
    mirrors: &Mirrors,
    place: &Place,
    wanted: &ClaimRepository,
    kept: Option<CommitId>,
    branch: Option<&BranchName>,
    author: &(String, String),
) -> Result<Checkout, WorkspaceError> {
    let made = async {
        let git = mirrors.git();
        let start = start(mirrors, wanted, kept).await?;
        let floor = merge_base(mirrors, &wanted.id, &wanted.base, &start).await?;
        private(git, place, wanted, &start, branch, author).await?;
        trusted(git, place, author).await?;
        Ok(Checkout {
            path: place.work.clone(),
            start,
            floor,
        })
    };
    made.await.map_err(|error: GitError| place.failed(&error))
}

/// What is kept of the same work, if it goes beyond what was asked for; else that; else the base.
async fn start(mirrors: &Mirrors, wanted: &ClaimRepository, kept: Option<CommitId>) -> Result<CommitId, GitError> {
    let Some(asked) = &wanted.start else {
        return Ok(kept.unwrap_or_else(|| wanted.base.clone()));
    };
    match kept {
        Some(kept) if is_ancestor(mirrors, &wanted.id, asked, &kept).await? => Ok(kept),
        _ => Ok(asked.clone()),
    }
}

pub(crate) async fn is_ancestor(
    mirrors: &Mirrors,
    id: &RepositoryId,
    old: &CommitId,
    new: &CommitId,
) -> Result<bool, GitError> {
    let ran = mirrors
        .in_store(id, ["merge-base", "--is-ancestor", old.as_str(), new.as_str()])
        .run()
        .await?;
    match ran.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(ran.failure()),
    }
}

async fn merge_base(
    mirrors: &Mirrors,
    id: &RepositoryId,
    base: &CommitId,
    start: &CommitId,
) -> Result<CommitId, GitError> {
    if base == start {
        return Ok(base.clone());
    }
    let found = mirrors
        .in_store(id, ["merge-base", base.as_str(), start.as_str()])
        .run()
        .await?;
    let text = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    // Two histories without a common commit: then all of it is the work.
    Ok(CommitId::new(text).unwrap_or_else(|_| start.clone()))
}

/// The agent's own clone.
async fn private(
    git: &Git,
    place: &Place,
    wanted: &ClaimRepository,
    start: &CommitId,
    branch: Option<&BranchName>,
    author: &(String, String),
) -> Result<(), GitError> {
    let init = ["init", "--quiet", "--template=", "--initial-branch"];
    let initial = branch.map_or("reading", BranchName::as_str);
    git.call(init).arg(initial).arg("--").arg(&place.work).text().await?;
    let io = |source| GitError::Io {
        command: "init".into(),
        source,
    };
    borrow(&place.private, &place.borrowed).map_err(io)?;
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n\
         [gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[user]\n\tname = {}\n\temail = {}\n",
        quoted(&author.0),
        quoted(&author.1)
    );
    std::fs::write(place.private.join("config"), config).map_err(io)?;
    let within = |args: &[&str]| {
        git.call(args)
            .git_dir(&place.private)
            .env("GIT_WORK_TREE", place.work.clone())
    };
    let remote = format!("refs/remotes/origin/{}", wanted.base_branch);
    within(&["update-ref", &remote, wanted.base.as_str()]).text().await?;
    within(&["symbolic-ref", "refs/remotes/origin/HEAD", &remote])
        .text()
        .await?;
    within(&["update-ref", "--no-deref", "HEAD", start.as_str()])
        .text()
        .await?;
    if let Some(branch) = branch {
        within(&["update-ref", &branch.full(), start.as_str()]).text().await?;
        within(&["symbolic-ref", "HEAD", &branch.full()]).text().await?;
    }
    let limit = std::time::Duration::from_secs(600);
    within(&["read-tree", "--reset", "-u", start.as_str()])
        .limit(limit)
        .text()
        .await
        .map(drop)
}

/// The trusted git folder, with the index as it is now.
async fn trusted(git: &Git, place: &Place, author: &(String, String)) -> Result<(), GitError> {
    git.call(["init", "--quiet", "--bare", "--template=", "--"])
        .arg(&place.trusted)
        .text()
        .await?;
    let io = |source| GitError::Io {
        command: "init".into(),
        source,
    };
    borrow(&place.trusted, &place.borrowed).map_err(io)?;
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[gc]\n\tauto = 0\n[user]\n\tname = {}\n\temail = {}\n",
        quoted(&author.0),
        quoted(&author.1)
    );
    std::fs::write(place.trusted.join("config"), config).map_err(io)?;
    std::fs::copy(place.private.join("index"), place.trusted.join("index"))
        .map(drop)
        .map_err(io)
}

/// A value of git's configuration.
fn quoted(value: &str) -> String {
    let clean: String = value.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What people should know of the files, such as submodules.
pub(crate) fn notices(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    if place.work.join(".gitmodules").is_file() {
        found.push(format!(
            "{} has submodules; their folders are left empty",
            place.repository
        ));
    }
    let attributes = std::fs::read_to_string(place.work.join(".gitattributes")).unwrap_or_default();
    if attributes.contains("filter=lfs") {
        found.push(format!(
            "{} keeps files in Git LFS; they are left as pointers",
            place.repository
        ));
    }
    found
}
