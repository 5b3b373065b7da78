//! Brings an agent's commits, and what it left uncommitted, into the import store.
//!
//! No git is run with the agent's git folder: its head is read as plain text, its objects are borrowed by the trusted
//! folder beside it, and what the store takes over goes through git's own quarantine and checks.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use team6_core::ids::{AttemptId, BranchName, CommitId};
use team6_git::{Call, GitError};

use crate::checkout::{Place, is_ancestor};
use crate::error::WorkspaceError;
use crate::mirror::{Mirrors, is_full};
use crate::provisioner::{Checkout, Imported};

/// How long one step may take; large work trees need minutes.
const STEP: Duration = Duration::from_secs(900);
/// The most of a ref file that is read, in bytes.
const REF: u64 = 1 << 20;

/// The ref in the store that keeps the newest work of a workspace.
pub(crate) fn work_ref(key: &str) -> String {
    format!("refs/team6/work/{key}")
}

pub(crate) struct Import<'a> {
    pub(crate) mirrors: &'a Mirrors,
    pub(crate) place: &'a Place,
    pub(crate) checkout: &'a Checkout,
    pub(crate) key: &'a str,
    pub(crate) attempt: AttemptId,
    pub(crate) branch: &'a BranchName,
}

/// Where the agent's branch stands.
struct Tip {
    commit: CommitId,
    notice: Option<String>,
}

impl Import<'_> {
    pub(crate) async fn run(&self) -> Result<Imported, WorkspaceError> {
        if !self.place.work.is_dir() {
            return Err(self.lost("its folder was deleted"));
        }
        let mut notices = Vec::new();
        let tip = self.tip().await?;
        notices.extend(tip.notice);
        let head = match self.save(&tip.commit).await? {
            Some(saved) => {
                notices.push(format!(
                    "what was not committed in {} was committed for the agent",
                    self.place.repository
                ));
                saved
            }
            None => tip.commit,
        };
        self.take_over(&head).await?;
        self.check_history(&head).await?;
        self.keep(&head).await?;
        Ok(Imported {
            repository: self.place.repository.clone(),
            changed: head != self.checkout.floor && self.differs(&head).await?,
            head,
            store: self.mirrors.store(&self.place.repository),
            notices,
        })
    }

    /// The commit that the agent's work stands at.
    async fn tip(&self) -> Result<Tip, WorkspaceError> {
        let start = self.checkout.start.clone();
        let from_start = |why: &str| Tip {
            commit: start.clone(),
            notice: Some(format!(
                "{why} in {}; its files go on top of where it began",
                self.place.repository
            )),
        };
        let is_dir = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if !is_dir(&self.place.private) || !is_dir(&self.place.private.join("objects")) {
            return Ok(from_start("the git folder is gone"));
        }
        self.check_objects()?;
        let objects = self.place.private.join("objects");
        crate::mirror::borrow_all(&self.place.trusted, &[&self.place.borrowed, &objects])
            .map_err(|error| self.lost(&error.to_string()))?;
        let (head, name) = head(&self.place.private);
        let branch = resolve(&self.place.private, &self.branch.full());
        let head = match head {
            Some(head) if self.is_commit(&head).await? => head,
            _ => match branch.clone() {
                Some(branch) if self.is_commit(&branch).await? => branch,
                _ => return Ok(from_start("the git folder is damaged")),
            },
        };
        let elsewhere = name.as_deref() != Some(self.branch.full().as_str());
        let notice = (elsewhere && branch.as_ref() != Some(&head)).then(|| {
            let on = name
                .as_deref()
                .map_or("no branch", |name| name.trim_start_matches("refs/heads/"));
            format!(
                "the agent worked on {on} instead of {}; that is what is taken",
                self.branch
            )
        });
        Ok(Tip { commit: head, notice })
    }

    /// Nothing but the objects that we lent may be borrowed, or others could be carried off.
    fn check_objects(&self) -> Result<(), WorkspaceError> {
        let objects = self.place.private.join("objects");
        let refused = |why: &str| WorkspaceError::Refused {
            repository: self.place.repository.clone(),
            why: format!("its object store {why}"),
        };
        let alternates = read_bounded(&objects.join("info/alternates")).unwrap_or_default();
        let foreign = |line: &str| !line.is_empty() && Path::new(line) != self.place.borrowed;
        if alternates.lines().map(str::trim).any(foreign) {
            return Err(refused("borrows from a place that the engine did not give it"));
        }
        let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        let entries = fs::read_dir(&objects).map_err(|error| self.lost(&error.to_string()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let inner = fs::read_dir(&path).into_iter().flatten().flatten();
            if is_link(&path) || inner.map(|entry| entry.path()).any(|path| is_link(&path)) {
                return Err(refused("holds symbolic links"));
            }
        }
        Ok(())
    }

    fn trusted<const N: usize>(&self, args: [&str; N]) -> Call {
        let call = self.mirrors.git().call(args).git_dir(&self.place.trusted).limit(STEP);
        // A repository in the work tree is not asked about itself.
        call.env("GIT_WORK_TREE", self.place.work.clone())
            .config("submodule.recurse", "false")
    }

    async fn is_commit(&self, commit: &CommitId) -> Result<bool, WorkspaceError> {
        let spec = format!("{commit}^{{tree}}");
        let ran = self.trusted(["cat-file", "-e", &spec]).run().await;
        Ok(ran.map_err(|error| self.failed(&error))?.code == Some(0))
    }

    /// Commits what differs from the tip; none if nothing does.
    async fn save(&self, tip: &CommitId) -> Result<Option<CommitId>, WorkspaceError> {
        let saved = async {
            self.trusted(["read-tree", "--reset", tip.as_str()]).text().await?;
            self.trusted(["add", "--all", "--ignore-errors", "--", "."])
                .run()
                .await?;
            let tree = self.trusted(["write-tree"]).text().await?;
            let spec = format!("{tip}^{{tree}}");
            if tree == self.trusted(["rev-parse", "--verify", &spec]).text().await? {
                return Ok(None);
            }
            let message = format!("Uncommitted work of attempt {}", self.attempt);
            let made = self
                .trusted(["commit-tree", "-p", tip.as_str(), "-m", &message, &tree])
                .text()
                .await?;
            Ok(CommitId::new(made).ok())
        };
        saved.await.map_err(|error: GitError| self.failed(&error))
    }

    /// Pushes the work into the store; git receives it in quarantine, and checks every object.
    async fn take_over(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let store = self.mirrors.store(&self.place.repository);
        let spec = format!("+{head}:refs/team6/attempts/{}", self.attempt);
        let push = self.trusted(["push", "--quiet", "--no-verify", "origin", &spec]);
        let pushed = push.origin(&store.to_string_lossy(), STEP).text().await;
        match pushed {
            Ok(_) => Ok(()),
            Err(error) if is_full(error.said()) => Err(self.failed(&error)),
            Err(GitError::Failed { stderr, .. }) => {
                let checked = [
                    "fsck",
                    "unpacker error",
                    "index-pack",
                    "maximum allowed size",
                    "unpack-objects",
                ];
                let why = format!("git refuses its objects: {stderr}");
                match checked.iter().any(|word| stderr.contains(word)) {
                    true => Err(WorkspaceError::Refused {
                        repository: self.place.repository.clone(),
                        why,
                    }),
                    false => Err(self.lost(&why)),
                }
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The work must build on what it was given.
    async fn check_history(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let floor = &self.checkout.floor;
        let builds = is_ancestor(self.mirrors, &self.place.repository, floor, head).await;
        match builds.map_err(|error| self.failed(&error))? {
            true => Ok(()),
            false => Err(WorkspaceError::Refused {
                repository: self.place.repository.clone(),
                why: format!(
                    "history was rewritten below {}, on which the task builds; the commits are kept as \
                     refs/team6/attempts/{} of the import store",
                    floor.short(),
                    self.attempt
                ),
            }),
        }
    }

    async fn keep(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let name = work_ref(self.key);
        let kept = self
            .mirrors
            .in_store(&self.place.repository, ["update-ref", &name, head.as_str()]);
        kept.text().await.map(drop).map_err(|error| self.failed(&error))
    }

    async fn differs(&self, head: &CommitId) -> Result<bool, WorkspaceError> {
        let args = ["diff-tree", "--quiet", self.checkout.floor.as_str(), head.as_str()];
        let ran = self.mirrors.in_store(&self.place.repository, args).run().await;
        Ok(ran.map_err(|error| self.failed(&error))?.code != Some(0))
    }

    fn lost(&self, why: &str) -> WorkspaceError {
        WorkspaceError::Lost {
            repository: self.place.repository.clone(),
            why: why.to_owned(),
        }
    }

    fn failed(&self, error: &GitError) -> WorkspaceError {
        if is_full(error.said()) {
            return WorkspaceError::OutOfRoom {
                path: self.place.work.clone(),
                why: error.said().to_owned(),
            };
        }
        WorkspaceError::Failed {
            what: format!("the work in {} cannot be brought out", self.place.repository),
            why: error.to_string(),
        }
    }
}

/// What HEAD says, read as text: the commit if there is one, and the branch if it names one.
fn head(git_dir: &Path) -> (Option<CommitId>, Option<String>) {
    let text = read_bounded(&git_dir.join("HEAD")).unwrap_or_default();
    match text.trim().strip_prefix("ref: ") {
        Some(name) => (resolve(git_dir, name.trim()), Some(name.trim().to_owned())),
        None => (CommitId::new(text.trim()).ok(), None),
    }
}

/// Where a ref stands, read as text.
fn resolve(git_dir: &Path, name: &str) -> Option<CommitId> {
    let proper = name.starts_with("refs/")
        && !name
            .split('/')
            .any(|part| part.is_empty() || part == ".." || part == ".");
    if !proper {
        return None;
    }
    if let Some(commit) = read_bounded(&git_dir.join(name)).and_then(|text| CommitId::new(text.trim()).ok()) {
        return Some(commit);
    }
    let packed = read_bounded(&git_dir.join("packed-refs"))?;
    let line = packed
        .lines()
        .find(|line| line.split_once(' ').is_some_and(|(_, known)| known == name))?;
    CommitId::new(line.split_once(' ')?.0).ok()
}

/// The beginning of a plain file; a link or a pipe is not followed.
fn read_bounded(path: &Path) -> Option<String> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(REF).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}
