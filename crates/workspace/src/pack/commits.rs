//! An agent's commits, and what it left uncommitted, as one pack.
//!
//! Its git folder is read as text, and its objects are borrowed by a git folder of ours. Whatever the agent did to its git
//! folder, the files in the workspace are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::CommitId;
use team6_git::{Call, Git, GitError};

use super::agent_git::{self, AgentGit, is_folder};
use super::found::Tree;
use super::leftovers::{Files, names};
use super::skipped::Skipped;
use super::{How, Order, Outcome, Packed};
use crate::checkout::{NO_ARGS, is_ancestor};
use crate::lfs;
use crate::skeleton::{Head, Skeleton, borrow, write_common};

/// How long one step may take; large work trees need minutes.
const STEP: Duration = Duration::from_secs(900);

pub(crate) struct Packing<'a> {
    pub(crate) git: &'a Git,
    pub(crate) order: &'a Order,
    /// Our git folder.
    pub(crate) scratch: PathBuf,
}

/// What stands in the way of an agent's commits.
enum Trouble {
    /// They are damaged, or cannot be seen.
    Damaged(String),
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

impl Packing<'_> {
    /// What there is to bring out, with the pack of it where the scratch folder says.
    pub(crate) async fn run(&self) -> Result<Outcome, GitError> {
        if !is_folder(&self.order.work) {
            return Ok(Outcome::Lost("its folder was deleted or replaced".into()));
        }
        let empty = fs::read_dir(&self.order.work).is_ok_and(|mut entries| entries.next().is_none());
        if empty {
            return Ok(Outcome::Lost(
                "all that was in it was deleted, its history as well".into(),
            ));
        }
        self.begin().map_err(|source| GitError::Io {
            command: "init".into(),
            source,
        })?;
        let mut notices = Vec::new();
        let taken = match self.order.how {
            How::Files => Err(Trouble::Damaged(String::new())),
            How::Everything | How::Branch | How::Committed => self.commits(&mut notices).await,
        };
        let packed = match taken {
            Ok(packed) => packed,
            Err(Trouble::Ours(error)) => return Err(error),
            Err(Trouble::Damaged(why)) if self.order.how == How::Committed => return Ok(Outcome::Failed(why)),
            Err(Trouble::Damaged(why)) => {
                if !why.is_empty() {
                    let id = &self.order.repository;
                    notices.push(format!(
                        "the commits in {id} cannot be read: {why}; the files that lie there were committed in their place"
                    ));
                }
                self.files_alone(&mut notices).await?
            }
        };
        Ok(Outcome::Packed(Packed { notices, ..packed }))
    }

    /// Lays out our git folder.
    fn begin(&self) -> std::io::Result<()> {
        write_common(&self.scratch)?;
        let trusted = Skeleton {
            head: Head::Unborn,
            origin: &[],
            borrowed: &[],
            author: &self.order.author,
            sha256: self.order.start.as_str().len() == 64,
            sparse: false,
            sections: "",
        };
        trusted.write(&self.scratch)
    }

    /// Takes the agent's commits over, with what was not committed on top.
    async fn commits(&self, notices: &mut Vec<String>) -> Result<Packed, Trouble> {
        let stand = self.stand(notices).await?;
        if self.order.how == How::Committed {
            let packed = Packed {
                head: Some(stand.tip),
                ..Packed::default()
            };
            self.pack(&packed).await.map_err(trouble)?;
            return Ok(packed);
        }
        let files = stand.files.as_ref().unwrap_or(&stand.tip);
        let (saved, large) = self.save(files, true, notices).await.map_err(trouble)?;
        let mut packed = Packed {
            large,
            ..Packed::default()
        };
        match stand.files {
            None => packed.head = Some(saved.unwrap_or(stand.tip)),
            Some(files) => {
                let aside = saved.unwrap_or(files);
                if !self.is_ancestor(&aside, &stand.tip).await.map_err(trouble)? {
                    packed.aside.push(("HEAD".into(), aside));
                }
                packed.head = Some(stand.tip);
            }
        }
        if self.order.how == How::Everything {
            self.set_others_aside(&stand.others, &mut packed, notices).await;
        }
        self.pack(&packed).await.map_err(trouble)?;
        Ok(packed)
    }

    /// Writes the pack of what is new.
    async fn pack(&self, packed: &Packed) -> Result<(), GitError> {
        let new = packed.head.iter().chain(packed.aside.iter().map(|(_, commit)| commit));
        let wanted: String = new.map(|commit| format!("{commit}\n")).collect();
        let known = [&self.order.start, &self.order.base]
            .map(|commit| format!("^{commit}\n"))
            .concat();
        let args = [
            "pack-objects",
            "--quiet",
            "--revs",
            "--thin",
            "--delta-base-offset",
            "--stdout",
        ];
        let pack = self.trusted(&args, &self.order.work).stdin(wanted + &known);
        pack.to_file(&self.order.pack).await
    }

    async fn stand(&self, notices: &mut Vec<String>) -> Result<Stand, Trouble> {
        let private = self.order.work.join(".git");
        let git = agent_git::look(&private, &self.order.branch, &self.order.lent)
            .map_err(|why| Trouble::Damaged(why.to_owned()))?;
        self.lend(Some(&private.join("objects"))).map_err(Trouble::Ours)?;
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
                let elsewhere = branch == self.order.start && !behind;
                match !git.rebasing && (ahead || elsewhere) {
                    true => (head, None),
                    false => (branch, Some(head)),
                }
            }
        };
        if files.is_none() && on.as_deref() != Some(self.order.branch.full().as_str()) {
            let on = on
                .as_deref()
                .map_or("no branch", |name| name.trim_start_matches("refs/heads/"));
            notices.push(format!(
                "the agent worked on {on} instead of {}; that is what is taken",
                self.order.branch
            ));
        }
        Ok(Stand { tip, files, others })
    }

    /// What the agent left on other branches and in its stash, if it is nowhere else and whole.
    async fn set_others_aside(&self, others: &[(String, CommitId)], packed: &mut Packed, notices: &mut Vec<String>) {
        let Some(head) = packed.head.clone() else { return };
        for (name, commit) in others {
            if !matches!(self.is_ancestor(commit, &head).await, Ok(false)) {
                continue;
            }
            let short = name.trim_start_matches("refs/");
            let walk = [
                "rev-list",
                "--objects",
                "--quiet",
                commit.as_str(),
                "--not",
                self.order.start.as_str(),
            ];
            match self.trusted(&walk, &self.order.work).text().await {
                Ok(_) => packed.aside.push((short.to_owned(), commit.clone())),
                Err(_) => notices.push(format!(
                    "the agent left {short} in {}, which could not be kept",
                    self.order.repository
                )),
            }
        }
    }

    /// Commits the files on top of where the work began, without the agent's commits.
    async fn files_alone(&self, notices: &mut Vec<String>) -> Result<Packed, GitError> {
        // What the failure left of indexes is of no use.
        for name in ["index", "index.lock", "few", "few.lock"] {
            let _ = fs::remove_file(self.scratch.join(name));
        }
        let start = &self.order.start;
        self.lend(None)?;
        let (saved, large) = self.save(start, false, notices).await?;
        let packed = Packed {
            large,
            head: Some(saved.unwrap_or_else(|| start.clone())),
            ..Packed::default()
        };
        self.pack(&packed).await?;
        Ok(packed)
    }

    /// Commits what differs from a commit; none if nothing does. `whole` tells whether the agent's git folder can be
    /// read.
    async fn save(
        &self,
        tip: &CommitId,
        whole: bool,
        notices: &mut Vec<String>,
    ) -> Result<(Option<CommitId>, Vec<Vec<u8>>), GitError> {
        let work = &self.order.work;
        let (index, recipe) = (self.scratch.join("agent-index"), &self.order.recipe);
        let skipped = Skipped::look(&work.join(".git"), whole, recipe, &index, &|args| {
            self.trusted(args, work)
        })
        .await?;
        let files = Files {
            skipped,
            modules: &self.order.modules,
            local: &self.order.local,
            local_contents: &self.order.local_contents,
            git: &|args, work| self.trusted(args, work),
            work,
            exclude: self.order.work.join(".git/info/exclude"),
            scratch: &self.scratch,
            index: &self.order.index,
            start: &self.order.start,
            changed: self.changed(),
        };
        let Tree {
            id: tree,
            left_out,
            large,
        } = files.tree(tip).await?;
        let id = &self.order.repository;
        if !left_out.is_empty() {
            let shown = left_out
                .iter()
                .take(5)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            notices.push(format!("{} left out of the work in {id}: {shown}", left_out.len()));
        }
        let Some(tree) = tree else { return Ok((None, large)) };
        let spec = format!("{tip}^{{tree}}");
        if tree == self.trusted(&["rev-parse", "--verify", &spec], work).text().await? {
            return Ok((None, large));
        }
        let message = format!("Uncommitted work of attempt {}", self.order.attempt);
        let commit = ["commit-tree", "-p", tip.as_str(), "-m", &message, &tree];
        let made = self.trusted(&commit, work).text().await?;
        notices.push(format!("what was not committed in {id} was committed for the agent"));
        Ok((CommitId::new(made).ok(), large))
    }

    /// The paths that were changed, if they are known.
    fn changed(&self) -> Option<Vec<Vec<u8>>> {
        let listed = fs::read(self.order.changed.as_ref()?).ok()?;
        Some(names(&listed))
    }

    /// Git with our folder, which takes nothing on trust from the objects that it borrows.
    fn trusted(&self, args: &[&str], work: &Path) -> Call {
        let call = self.git.call(args).git_dir(&self.scratch).limit(STEP);
        let call = match self.order.lfs {
            true => lfs::cleaning(call),
            false => call,
        };
        call.env("GIT_WORK_TREE", work)
            .config("submodule.recurse", "false")
            .config("core.excludesFile", "/dev/null")
            .config("core.attributesFile", "/dev/null")
            .config("core.commitGraph", "false")
            .config("core.multiPackIndex", "false")
            .config("core.protectHFS", "true")
    }

    /// Borrows what the agent was lent, and its own objects.
    fn lend(&self, own: Option<&Path>) -> Result<(), GitError> {
        let stores: Vec<&Path> = self.order.lent.iter().map(PathBuf::as_path).chain(own).collect();
        borrow(&self.scratch, &stores).map_err(|source| GitError::Io {
            command: "pack-objects".into(),
            source,
        })
    }

    /// The commit, if it is there.
    async fn known(&self, commit: Option<CommitId>) -> Result<Option<CommitId>, Trouble> {
        let Some(commit) = commit else { return Ok(None) };
        let spec = format!("{commit}^{{tree}}");
        let ran = self.trusted(&["cat-file", "-e", &spec], &self.order.work).run().await;
        Ok((ran.map_err(Trouble::Ours)?.code == Some(0)).then_some(commit))
    }

    async fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
        is_ancestor(self.trusted(&NO_ARGS, &self.order.work), old, new).await
    }
}

/// What git could not do with an agent's objects is their fault, unless the disk is full.
fn trouble(error: GitError) -> Trouble {
    match error {
        GitError::Failed { stderr, .. } => Trouble::Damaged(stderr),
        error => Trouble::Ours(error),
    }
}
