//! Brings an agent's commits, and what it left uncommitted, into the import store.
//!
//! Its git folder is read as text, its objects are borrowed by the trusted git folder beside it, and the store receives
//! them in git's own quarantine, with every object checked. Whatever the agent did to its git folder, the files in the
//! workspace are kept.

use std::fs;
use std::path::Path;
use std::time::Duration;

use team6_core::ids::{AttemptId, BranchName, CommitId};
use team6_git::{Call, GitError, ORIGIN};

use crate::agent_git::{self, AgentGit, is_folder};
use crate::checkout::{NO_ARGS, Place, is_ancestor};
use crate::error::WorkspaceError;
use crate::leftovers::Files;
use crate::mirror::Mirrors;
use crate::provisioner::{Checkout, Imported};
use crate::skeleton::borrow;

/// How long one step may take; large work trees need minutes.
const STEP: Duration = Duration::from_secs(900);
/// What git says when the store's checks fail.
const CHECKS: [&str; 2] = ["fsck", "maximum allowed size"];

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

/// What stands in the way of an agent's commits.
enum Trouble {
    /// They are damaged, or cannot be seen.
    Damaged(String),
    /// They break a rule.
    Refused(String),
    /// Something else went wrong, which has nothing to do with them.
    Ours(GitError),
}

/// Where an agent's work stands.
struct Stand {
    /// The work.
    tip: CommitId,
    /// What the files belong to, if that is another line of history.
    files: Option<CommitId>,
    others: Vec<(String, CommitId)>,
}

impl Import<'_> {
    pub(crate) async fn run(&self) -> Result<Imported, WorkspaceError> {
        if !is_folder(&self.place.work) {
            return Err(WorkspaceError::Lost {
                repository: self.place.repository.clone(),
                why: "its folder was deleted or replaced".into(),
            });
        }
        let mut notices = Vec::new();
        let head = match self.commits(&mut notices).await {
            Ok(head) => head,
            Err(Trouble::Ours(error)) => return Err(self.failed(&error)),
            Err(Trouble::Damaged(why)) => {
                let id = &self.place.repository;
                notices.push(format!(
                    "the commits in {id} cannot be read: {why}; the files that lie there were committed in their place"
                ));
                self.files_alone(&mut notices).await?
            }
            Err(Trouble::Refused(why)) => {
                let head = self.files_alone(&mut notices).await?;
                self.keep(&head).await?;
                return Err(self.refused(format!("{why}; the files that lie there are kept as {}", head.short())));
            }
        };
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

    /// Takes the agent's commits over, with what was not committed on top.
    async fn commits(&self, notices: &mut Vec<String>) -> Result<CommitId, Trouble> {
        let stand = self.stand(notices).await?;
        let attempt = format!("refs/team6/attempts/{}", self.attempt);
        let files = stand.files.as_ref().unwrap_or(&stand.tip);
        let saved = self.save(files, notices).await.map_err(trouble)?;
        let Some(aside) = stand.files.clone() else {
            let head = saved.unwrap_or(stand.tip);
            self.push(&[(head.clone(), attempt)]).await?;
            self.set_others_aside(&stand.others, &head, notices).await;
            return Ok(head);
        };
        let mut refs = vec![(stand.tip.clone(), attempt)];
        let aside = saved.unwrap_or(aside);
        if !self.is_ancestor(&aside, &stand.tip).await.map_err(trouble)? {
            let name = format!("refs/team6/aside/{}/HEAD", self.attempt);
            notices.push(format!(
                "{} was not on its branch at the end; what lay there is kept as {name} of the import store",
                self.place.repository
            ));
            refs.push((aside, name));
        }
        self.push(&refs).await?;
        self.set_others_aside(&stand.others, &stand.tip, notices).await;
        Ok(stand.tip)
    }

    async fn stand(&self, notices: &mut Vec<String>) -> Result<Stand, Trouble> {
        let git = agent_git::look(&self.place.private, self.branch, &self.place.lent)
            .map_err(|why| Trouble::Damaged(why.to_owned()))?;
        let objects = self.place.private.join("objects");
        self.lend(&[&self.place.stored, &objects])?;
        let AgentGit { on, others, .. } = git;
        let head = self.known(git.head).await?;
        let branch = self.known(git.branch).await?;
        let (tip, files) = match (head, branch) {
            (None, None) => return Err(Trouble::Damaged("neither HEAD nor the branch is a commit".into())),
            (Some(one), None) | (None, Some(one)) => (one, None),
            (Some(head), Some(branch)) if head == branch => (head, None),
            (Some(head), Some(branch)) => {
                let ahead = self.is_ancestor(&branch, &head).await.map_err(trouble)?;
                let behind = self.is_ancestor(&head, &branch).await.map_err(trouble)?;
                // Whoever left the branch as it was worked elsewhere.
                let elsewhere = branch == self.checkout.start && !behind;
                match !git.rebasing && (ahead || elsewhere) {
                    true => (head, None),
                    false => (branch, Some(head)),
                }
            }
        };
        if files.is_none() && on.as_deref() != Some(self.branch.full().as_str()) {
            let on = on
                .as_deref()
                .map_or("no branch", |name| name.trim_start_matches("refs/heads/"));
            notices.push(format!(
                "the agent worked on {on} instead of {}; that is what is taken",
                self.branch
            ));
        }
        Ok(Stand { tip, files, others })
    }

    /// What the agent left on other branches and in its stash, if it is nowhere else.
    async fn set_others_aside(&self, others: &[(String, CommitId)], head: &CommitId, notices: &mut Vec<String>) {
        for (name, commit) in others {
            if !matches!(self.is_ancestor(commit, head).await, Ok(false)) {
                continue;
            }
            let short = name.trim_start_matches("refs/");
            let aside = format!("refs/team6/aside/{}/{short}", self.attempt);
            let what = match self.push(&[(commit.clone(), aside.clone())]).await {
                Ok(()) => format!("is kept as {aside} of the import store"),
                Err(_) => "could not be kept".to_owned(),
            };
            notices.push(format!(
                "the agent left {short} in {}, which {what}",
                self.place.repository
            ));
        }
    }

    /// Commits the files on top of where the work began, without the agent's commits.
    async fn files_alone(&self, notices: &mut Vec<String>) -> Result<CommitId, WorkspaceError> {
        // What the failure left of the index is of no use.
        for name in ["index", "index.lock"] {
            let _ = fs::remove_file(self.place.trusted.join(name));
        }
        let start = &self.checkout.start;
        let taken = async {
            self.lend(&[&self.place.stored])?;
            let saved = self.save(start, notices).await.map_err(Trouble::Ours)?;
            let head = saved.unwrap_or_else(|| start.clone());
            let name = format!("refs/team6/attempts/{}", self.attempt);
            self.push(&[(head.clone(), name)]).await?;
            Ok(head)
        };
        taken.await.map_err(|trouble| match trouble {
            Trouble::Damaged(why) | Trouble::Refused(why) => self.refused(why),
            Trouble::Ours(error) => self.failed(&error),
        })
    }

    /// Commits what differs from a commit; none if nothing does.
    async fn save(&self, tip: &CommitId, notices: &mut Vec<String>) -> Result<Option<CommitId>, GitError> {
        let work = &self.place.work;
        self.trusted(&["read-tree", "--reset", tip.as_str()], work)
            .text()
            .await?;
        let files = Files {
            git: &|args, work| self.trusted(args, work),
            work,
            exclude: self.place.private.join("info/exclude"),
            no_index: self.place.trusted.join("no-index"),
        };
        let (tree, left_out) = files.tree().await?;
        let id = &self.place.repository;
        if !left_out.is_empty() {
            let shown = left_out
                .iter()
                .take(5)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            notices.push(format!("{} left out of the work in {id}: {shown}", left_out.len()));
        }
        let spec = format!("{tip}^{{tree}}");
        if tree == self.trusted(&["rev-parse", "--verify", &spec], work).text().await? {
            return Ok(None);
        }
        let message = format!("Uncommitted work of attempt {}", self.attempt);
        let commit = ["commit-tree", "-p", tip.as_str(), "-m", &message, &tree];
        let made = self.trusted(&commit, work).text().await?;
        notices.push(format!("what was not committed in {id} was committed for the agent"));
        Ok(CommitId::new(made).ok())
    }

    /// Pushes commits into the store.
    async fn push(&self, refs: &[(CommitId, String)]) -> Result<(), Trouble> {
        let store = self.mirrors.store(&self.place.repository);
        let push = self.trusted(&["push", "--quiet", "--no-verify", ORIGIN], &self.place.work);
        let push = refs
            .iter()
            .fold(push, |push, (commit, name)| push.arg(format!("+{commit}:{name}")));
        let pushed = push.origin(&store.to_string_lossy(), STEP).text().await;
        pushed.map(drop).map_err(|error| match trouble(error) {
            Trouble::Damaged(said) if CHECKS.iter().any(|word| said.contains(word)) => Trouble::Refused(said),
            trouble => trouble,
        })
    }

    /// The work must build on what it was given.
    async fn check_history(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let floor = &self.checkout.floor;
        let call = self.mirrors.in_store(&self.place.repository, NO_ARGS);
        let builds = is_ancestor(call, floor, head).await;
        match builds.map_err(|error| self.failed(&error))? {
            true => Ok(()),
            false => Err(self.refused(format!(
                "history was rewritten below {}, on which the task builds; the commits are kept as \
                 refs/team6/attempts/{} of the import store",
                floor.short(),
                self.attempt
            ))),
        }
    }

    async fn keep(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let name = work_ref(self.key);
        let args = ["update-ref", &name, head.as_str()];
        let kept = self.mirrors.in_store(&self.place.repository, args).text().await;
        kept.map(drop).map_err(|error| self.failed(&error))
    }

    async fn differs(&self, head: &CommitId) -> Result<bool, WorkspaceError> {
        let args = ["diff-tree", "--quiet", self.checkout.floor.as_str(), head.as_str()];
        let ran = self.mirrors.in_store(&self.place.repository, args).run().await;
        Ok(ran.map_err(|error| self.failed(&error))?.code != Some(0))
    }

    /// Git with the trusted folder, which takes nothing on trust from the objects that it borrows.
    fn trusted(&self, args: &[&str], work: &Path) -> Call {
        let call = self.mirrors.git().call(args).git_dir(&self.place.trusted).limit(STEP);
        call.env("GIT_WORK_TREE", work)
            .config("submodule.recurse", "false")
            .config("core.excludesFile", "/dev/null")
            .config("core.attributesFile", "/dev/null")
            .config("core.commitGraph", "false")
            .config("core.multiPackIndex", "false")
            .config("core.protectHFS", "true")
    }

    fn lend(&self, stores: &[&Path]) -> Result<(), Trouble> {
        borrow(&self.place.trusted, stores).map_err(|source| {
            Trouble::Ours(GitError::Io {
                command: "push".into(),
                source,
            })
        })
    }

    /// The commit, if it is there.
    async fn known(&self, commit: Option<CommitId>) -> Result<Option<CommitId>, Trouble> {
        let Some(commit) = commit else { return Ok(None) };
        let spec = format!("{commit}^{{tree}}");
        let ran = self.trusted(&["cat-file", "-e", &spec], &self.place.work).run().await;
        Ok((ran.map_err(Trouble::Ours)?.code == Some(0)).then_some(commit))
    }

    async fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
        is_ancestor(self.trusted(&NO_ARGS, &self.place.work), old, new).await
    }

    fn refused(&self, why: String) -> WorkspaceError {
        WorkspaceError::Refused {
            repository: self.place.repository.clone(),
            why,
        }
    }

    fn failed(&self, error: &GitError) -> WorkspaceError {
        let what = format!("the work in {} cannot be brought out", self.place.repository);
        WorkspaceError::git(what, &self.place.work, error)
    }
}

/// What git could not do with an agent's objects is their fault, unless the disk is full.
fn trouble(error: GitError) -> Trouble {
    match error {
        GitError::Failed { stderr, .. } => Trouble::Damaged(stderr),
        error => Trouble::Ours(error),
    }
}
