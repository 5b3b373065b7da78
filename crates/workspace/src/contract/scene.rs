//! A repository, a place for workspaces, and an agent that works in one with real programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId, SprintId};
use team6_testkit::repositories::Repository;

use crate::{Claim, ClaimRepository, Imported, Provisioner, Workspace, WorkspaceError};

/// The branch of every task here.
pub const BRANCH: &str = "feature/task-1-parser";

/// A provisioner at work.
pub struct Scene {
    /// What is tested.
    pub provisioner: Arc<dyn Provisioner>,
    /// The folder that the provisioner was given.
    pub root: PathBuf,
    /// The homes of agents.
    home: PathBuf,
}

impl Scene {
    /// A provisioner in `place`, which `open` opens. It may have been used before.
    pub fn open<P: Provisioner + 'static>(place: &Path, open: impl Fn(&Path) -> P) -> Self {
        let (root, home) = (place.join("workspaces"), place.join("home"));
        fs::create_dir_all(home.join("tmp")).unwrap();
        Self {
            provisioner: Arc::new(open(&root)),
            root,
            home,
        }
    }

    /// What the first attempt of a task on one repository claims.
    pub fn claim_of(&self, source: &Repository) -> Claim {
        Claim {
            key: "task-1".into(),
            attempt: attempt(1),
            branch: Some(BranchName::new(BRANCH).unwrap()),
            repositories: vec![wanted("app", source)],
            author: ("coder (Team6)".into(), "coder@team6.invalid".into()),
        }
    }

    /// A workspace that must be made.
    pub async fn claimed(&self, claim: Claim) -> Workspace {
        self.provisioner.claim(claim, &|_| {}).await.unwrap()
    }

    /// The workspace of the first attempt.
    pub async fn workspace(&self, source: &Repository) -> Workspace {
        self.claimed(self.claim_of(source)).await
    }

    /// What is brought out of a workspace with one repository.
    pub async fn imported(&self, workspace: &Workspace) -> Imported {
        self.try_import(workspace).await.unwrap()
    }

    /// The same, when it may be refused.
    pub async fn try_import(&self, workspace: &Workspace) -> Result<Imported, WorkspaceError> {
        let mut all = self.provisioner.import(workspace).await?;
        assert_eq!(all.len(), 1, "{all:?}");
        Ok(all.remove(0))
    }

    /// Runs a program as an agent would.
    pub fn run(&self, workspace: &Workspace, program: &str, args: &[&str]) -> Output {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let spec = self.provisioner.command(workspace, &self.home, program, &args);
        Command::new(spec.program)
            .args(spec.args)
            .current_dir(spec.cwd)
            .env_clear()
            .envs(spec.env)
            .output()
            .unwrap()
    }

    /// Runs a shell script as an agent would, and tells what it printed.
    #[track_caller]
    pub fn agent(&self, workspace: &Workspace, script: &str) -> String {
        let output = self.run(workspace, "sh", &["-euc", script]);
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

/// An attempt of the first sprint.
pub fn attempt(n: u32) -> AttemptId {
    AttemptId { sprint: SprintId(1), n }
}

/// A repository as a claim names it, at its head.
pub fn wanted(id: &str, source: &Repository) -> ClaimRepository {
    ClaimRepository {
        id: RepositoryId::new(id).unwrap(),
        source: source.url(),
        base_branch: BranchName::new("main").unwrap(),
        base: CommitId::new(source.head()).unwrap(),
        start: None,
    }
}

/// Runs git in a store, and tells what it printed.
#[track_caller]
pub fn in_store(store: &Path, args: &[&str]) -> String {
    let output = store_git(store, args);
    assert!(output.status.success(), "git {args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Runs git in a store, whatever comes of it.
pub fn store_git(store: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .arg("--git-dir")
        .arg(store)
        .args(args)
        .output()
        .unwrap()
}

/// A file of an imported commit.
#[track_caller]
pub fn file(imported: &Imported, path: &str) -> String {
    in_store(&imported.store, &["show", &format!("{}:{path}", imported.head)])
}

/// Whether an imported commit has a file.
pub fn has_file(imported: &Imported, path: &str) -> bool {
    let spec = format!("{}:{path}", imported.head);
    store_git(&imported.store, &["cat-file", "-e", &spec]).status.success()
}

/// Everything that an imported commit changes, a line each.
#[track_caller]
pub fn changes(imported: &Imported, base: &str) -> String {
    in_store(
        &imported.store,
        &["diff", "--name-status", "--no-renames", base, imported.head.as_str()],
    )
}
