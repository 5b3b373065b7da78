//! A repository in a workspace: a private clone that borrows the mirror's objects, and beside it, out of the agent's
//! reach, a trusted git folder that knows how the files looked at the beginning.

use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_git::{Call, GitError};

use crate::error::WorkspaceError;
use crate::mirror::Mirrors;
use crate::provisioner::{Checkout, ClaimRepository};
use crate::skeleton::{Head, Skeleton};

/// How long it may take to write the files of a repository.
const WRITING: Duration = Duration::from_secs(900);

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
    pub(crate) lent: PathBuf,
    /// The objects of the import store, which borrows those of the mirror.
    pub(crate) stored: PathBuf,
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
            lent: mirrors.mirror(repository).join("objects"),
            stored: mirrors.store(repository).join("objects"),
        }
    }
}

/// What a checkout is made from.
pub(crate) struct Wanted<'a> {
    pub(crate) repository: &'a ClaimRepository,
    /// The newest work of earlier attempts that is kept, published or not.
    pub(crate) kept: Option<CommitId>,
    pub(crate) branch: Option<&'a BranchName>,
    pub(crate) author: &'a (String, String),
}

/// Makes the checkout of a repository at its place.
pub(crate) async fn make(mirrors: &Mirrors, place: &Place, wanted: &Wanted<'_>) -> Result<Checkout, WorkspaceError> {
    let what = || format!("the workspace of {} cannot be made", place.repository);
    let by_git = |error: GitError| WorkspaceError::git(what(), &place.work, &error);
    let start = start(mirrors, wanted).await.map_err(by_git)?;
    let base = &wanted.repository.base;
    let floor = merge_base(mirrors, &place.repository, base, &start).await;
    let floor = floor.map_err(by_git)?;

    let head = wanted
        .branch
        .map_or(Head::At(&start), |branch| Head::On(branch, &start));
    let private = Skeleton {
        head,
        origin: &[(&wanted.repository.base_branch, base)],
        borrowed: &[&place.lent],
        author: wanted.author,
        sha256: is_sha256(base),
    };
    let trusted = Skeleton {
        head: Head::Unborn,
        origin: &[],
        borrowed: &[&place.stored],
        ..private
    };
    let written = private
        .write(&place.private)
        .and_then(|()| trusted.write(&place.trusted));
    written.map_err(|error| WorkspaceError::io(what(), &place.work, &error))?;
    lend(mirrors, place, base, &start).await.map_err(by_git)?;
    let files = mirrors
        .git()
        .call(["read-tree", "--reset", "-u", start.as_str()])
        .git_dir(&place.private)
        .env("GIT_WORK_TREE", &place.work)
        .limit(WRITING);
    files.text().await.map_err(by_git)?;
    std::fs::copy(place.private.join("index"), place.trusted.join("index"))
        .map_err(|error| WorkspaceError::io(what(), &place.work, &error))?;
    Ok(Checkout {
        path: place.work.clone(),
        start,
        floor,
    })
}

/// What is kept of the same work, if it goes beyond what was asked for; else that; else the base.
async fn start(mirrors: &Mirrors, wanted: &Wanted<'_>) -> Result<CommitId, GitError> {
    let repository = wanted.repository;
    let Some(asked) = &repository.start else {
        return Ok(wanted.kept.clone().unwrap_or_else(|| repository.base.clone()));
    };
    match &wanted.kept {
        Some(kept) if is_ancestor(mirrors.in_store(&repository.id, NO_ARGS), asked, kept).await? => Ok(kept.clone()),
        _ => Ok(asked.clone()),
    }
}

/// Gives the clone what it needs of the import store: the work of earlier attempts that was not published.
async fn lend(mirrors: &Mirrors, place: &Place, base: &CommitId, start: &CommitId) -> Result<(), GitError> {
    if mirrors.in_mirror(&place.repository, start).await {
        return Ok(());
    }
    let packs = place.private.join("objects/pack/pack");
    let pack = mirrors.in_store(
        &place.repository,
        ["pack-objects", "--quiet", "--revs", "--delta-base-offset"],
    );
    let revisions = format!("{start}\n^{base}\n");
    pack.arg(packs).stdin(revisions).limit(WRITING).text().await.map(drop)
}

/// For calls whose arguments are added later.
pub(crate) const NO_ARGS: [&str; 0] = [];

/// Whether the history of `new` holds `old`, asked with a call that has no arguments yet.
pub(crate) async fn is_ancestor(call: Call, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
    let args = ["merge-base", "--is-ancestor", old.as_str(), new.as_str()];
    let ran = args.iter().fold(call, Call::arg).run().await?;
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
    let found = mirrors.in_store(id, ["merge-base", base.as_str(), start.as_str()]);
    let found = found.run().await?;
    let text = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    // Two histories without a common commit: then all of it is the work.
    Ok(CommitId::new(text).unwrap_or_else(|_| start.clone()))
}

/// Whether the repository names its objects by SHA-256.
pub(crate) fn is_sha256(commit: &CommitId) -> bool {
    commit.as_str().len() == 64
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
