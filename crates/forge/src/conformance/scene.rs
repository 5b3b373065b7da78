//! A repository of the user, the store of the agents' commits, and the forge between them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::sprint::{MergeMethod, Verdict};
use team6_core::time::Timestamp;
use team6_testkit::repositories::Repository;

use crate::{
    Diff, DiffOptions, FileDiff, Forge, ForgeError, Identity, Merge, MergeOutcome, NewComment, NewPullRequest,
    NewReview, Publish, Published, PullRequest, Range, RepositorySettings, Side, TargetBranch,
};

/// Who merges here.
pub const OWNER: (&str, &str) = ("Grace Höpper", "grace@example.org");
/// The message of every merge here.
pub const MESSAGE: &str = "Add a parser (#1)\n\nIt parses.\n\nTask: 7";

/// So that several repositories fit on one stage.
static REPOSITORIES: AtomicU32 = AtomicU32::new(1);

/// A forge under test.
#[derive(Clone)]
pub struct Stage {
    /// What is tested.
    pub forge: Arc<dyn Forge>,
    /// The address by which the forge reaches a bare repository of this machine.
    pub address: fn(&Path) -> String,
}

/// A connected repository and an agent that works on it.
pub struct Scene {
    /// What is tested.
    pub forge: Arc<dyn Forge>,
    /// Its name.
    pub id: RepositoryId,
    /// The user's repository, bare.
    pub origin: Repository,
    /// A clone in which the user works.
    pub user: Repository,
    /// Where the agents' commits are.
    pub store: Repository,
    /// How it was connected.
    pub settings: RepositorySettings,
}

impl Scene {
    /// A small project that is connected.
    pub async fn small(stage: Stage) -> Self {
        Self::of(stage, &Repository::sample("two-crates")).await
    }

    /// A clone of this repository that is connected.
    pub async fn of(stage: Stage, project: &Repository) -> Self {
        let scene = Self::unconnected(stage, project);
        scene.forge.connect(&scene.settings).await.unwrap();
        scene
    }

    /// A clone of this repository that is not connected yet.
    pub fn unconnected(stage: Stage, project: &Repository) -> Self {
        let origin = project.bare_clone();
        let id = format!("app-{}", REPOSITORIES.fetch_add(1, Ordering::Relaxed));
        let id = RepositoryId::new(id).unwrap();
        Self {
            settings: RepositorySettings {
                id: id.clone(),
                origin: (stage.address)(origin.path()),
                branch: TargetBranch::Default,
                method: MergeMethod::Merge,
            },
            forge: stage.forge,
            id,
            user: origin.fresh_clone(),
            store: origin.fresh_clone(),
            origin,
        }
    }

    /// Commits what `work` does on a branch of the store, which starts at the origin's main branch if it is new.
    pub fn commit(&self, branch: &str, message: &str, work: impl FnOnce(&Repository)) -> CommitId {
        let known = self.store.git(&["branch", "--list", branch]);
        if known.is_empty() {
            self.store.git(&["fetch", "--quiet", "origin"]);
            self.store
                .git(&["switch", "--quiet", "--no-track", "--create", branch, "origin/main"]);
        } else {
            self.store.switch(branch);
        }
        work(&self.store);
        CommitId::new(self.store.commit(message)).unwrap()
    }

    /// Publishes a commit that takes a branch on from where it was.
    pub async fn publish(&self, branch: &str, commit: &CommitId) -> Published {
        let expected = self.forge.branch(&self.id, &name(branch)).await.unwrap();
        self.try_publish(branch, commit, expected).await.unwrap()
    }

    /// Publishes a commit on a branch that must be as expected.
    pub async fn try_publish(
        &self,
        branch: &str,
        commit: &CommitId,
        expected: Option<CommitId>,
    ) -> Result<Published, ForgeError> {
        let publish = Publish {
            from: self.store.path().join(".git"),
            commit: commit.clone(),
            branch: name(branch),
            expected,
            at: at(1),
        };
        self.forge.publish(&self.id, &publish).await
    }

    /// Writes, commits and publishes a file.
    pub async fn deliver(&self, branch: &str, path: &str, content: &str) -> CommitId {
        let work = |store: &Repository| {
            store.write(path, content);
        };
        let commit = self.commit(branch, &format!("write {path}"), work);
        self.publish(branch, &commit).await;
        commit
    }

    /// Opens the pull request of a branch.
    pub async fn open(&self, branch: &str) -> PullRequest {
        self.forge.open_pull_request(&self.id, &offer(branch)).await.unwrap()
    }

    /// Delivers a file on a new branch and opens its pull request.
    pub async fn offered(&self, branch: &str, path: &str, content: &str) -> PullRequest {
        self.deliver(branch, path, content).await;
        self.open(branch).await
    }

    /// The pull request as last recorded.
    pub async fn pull_request(&self, number: u64) -> PullRequest {
        self.forge.pull_request(&self.id, number).await.unwrap()
    }

    /// What a pull request changes.
    pub async fn diff(&self, number: u64, range: Range) -> Diff {
        let options = DiffOptions::default();
        self.forge.diff(&self.id, number, range, &options).await.unwrap()
    }

    /// Merges the newest head of a pull request.
    pub async fn merge(&self, number: u64, method: MergeMethod) -> MergeOutcome {
        let head = self.pull_request(number).await.head().unwrap().clone();
        self.forge.merge(&self.id, number, &merge(method, &head)).await.unwrap()
    }

    /// The same, when it must go through; tells the commit.
    pub async fn merged(&self, number: u64, method: MergeMethod) -> CommitId {
        match self.merge(number, method).await {
            MergeOutcome::Merged { commit } => commit,
            other => panic!("{number} was not merged: {other:?}"),
        }
    }

    /// The user pushes a file to the main branch.
    pub fn user_pushes(&self, path: &str, content: &str) -> String {
        self.user.git(&["pull", "--quiet", "--rebase", "origin", "main"]);
        self.user.write(path, content);
        let commit = self.user.commit(&format!("write {path} by hand"));
        self.user.git(&["push", "--quiet", "origin", "HEAD:main"]);
        commit
    }

    /// The head of the origin's main branch.
    pub fn base(&self) -> CommitId {
        CommitId::new(self.origin.resolve("main")).unwrap()
    }

    /// A commit of the origin, as a format of git-log(1).
    pub fn commit_of_origin(&self, commit: &str, format: &str) -> String {
        let format = format!("--format={format}");
        self.origin.git(&["log", "-1", "--date=raw", &format, commit])
    }

    /// The text of a file of the origin's main branch.
    pub fn file(&self, path: &str) -> String {
        self.origin.git(&["show", &format!("main:{path}")])
    }
}

/// The `n`th second of the story.
pub fn at(n: i64) -> Timestamp {
    Timestamp(1_767_300_000_000 + n * 1_000)
}

/// A branch's name.
pub fn name(branch: &str) -> BranchName {
    BranchName::new(branch).unwrap()
}

/// The pull request of a branch, before it is opened.
pub fn offer(branch: &str) -> NewPullRequest {
    NewPullRequest {
        key: format!("task-{branch}"),
        branch: name(branch),
        base: None,
        title: format!("Work on {branch}"),
        body: "What and why.".into(),
        author: "coder".into(),
        at: at(2),
    }
}

/// A merge of an approved head.
pub fn merge(method: MergeMethod, head: &CommitId) -> Merge {
    Merge {
        key: "merge-1".into(),
        method,
        expected_head: head.clone(),
        by: Identity {
            name: OWNER.0.into(),
            email: OWNER.1.into(),
        },
        message: MESSAGE.into(),
        at: at(9),
    }
}

/// A review that asks for changes.
pub fn review(key: &str, comments: Vec<NewComment>) -> NewReview {
    NewReview {
        key: key.into(),
        author: "grace".into(),
        verdict: Verdict::RequestChanges,
        body: "Almost.".into(),
        patch_set: 1,
        comments,
        at: at(3),
    }
}

/// A comment on a line of the new side.
pub fn comment(path: &str, line: Option<u32>, text: &str) -> NewComment {
    NewComment {
        path: path.parse().unwrap(),
        line,
        end_line: None,
        side: Side::New,
        text: text.into(),
    }
}

/// The file of a diff with this name.
#[track_caller]
pub fn file_of<'a>(diff: &'a Diff, path: &str) -> &'a FileDiff {
    let found = diff
        .files
        .iter()
        .find(|file| file.path().is_some_and(|known| known.to_string() == path));
    found.unwrap_or_else(|| panic!("no {path} in {diff:?}"))
}
