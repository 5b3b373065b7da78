//! A repository, a place for workspaces, and an agent that works in one with real programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId, SprintId};
use team6_testkit::repositories::Repository;

use team6_sandbox::reach::{Mount, Network};
use team6_sandbox::{Exit, Launcher, ProcessSpec, ProcessTree, TreeMark};
use tokio::io::AsyncReadExt;

use crate::guest::{self, Guest};
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
    launcher: Launcher,
    /// Folders of this machine that agents see.
    shown: Mutex<Vec<PathBuf>>,
    network: Mutex<Network>,
}

/// What a program did.
#[derive(Debug)]
pub struct Done {
    /// Whether it succeeded.
    pub success: bool,
    /// What it printed, without the last line's end.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Scene {
    /// A provisioner in `place`, which `open` opens. It may have been used before.
    pub fn open<P: Provisioner + 'static>(place: &Path, open: impl Fn(&Path) -> (P, Launcher)) -> Self {
        let (root, home) = (place.join("workspaces"), place.join("home"));
        guest::prepare_home(&home).unwrap();
        let (provisioner, launcher) = open(&root);
        Self {
            provisioner: Arc::new(provisioner),
            root,
            home,
            launcher,
            shown: Mutex::default(),
            network: Mutex::new(Network::None),
        }
    }

    /// Gives agents a way out.
    pub fn connect(&self, network: Network) {
        *self.network.lock().unwrap() = network;
    }

    /// Shows agents a folder of this machine.
    pub fn show(&self, folder: &Path) {
        self.shown.lock().unwrap().push(folder.to_owned());
    }

    /// A folder that this test and its agents see: how the test finds it, and how agents do.
    pub fn exchange(&self, workspace: &Workspace) -> (PathBuf, String) {
        let seen = match workspace.boxed {
            Some(_) => guest::HOME.to_owned(),
            None => self.home.join("home").display().to_string(),
        };
        (self.home.join("home"), seen)
    }

    /// Whether anything is left of a workspace.
    pub fn slot(&self, workspace: &Workspace) -> PathBuf {
        self.root.join("slots").join(&workspace.claim.key)
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

    /// How a program is started as an agent would be.
    pub fn spec(&self, workspace: &Workspace, program: &str, args: &[&str]) -> ProcessSpec {
        let mut guest = Guest::new(program, &self.home);
        guest.args = args.iter().map(Into::into).collect();
        guest.shown = self
            .shown
            .lock()
            .unwrap()
            .iter()
            .map(|folder| Mount::ReadOnly {
                from: folder.clone(),
                at: folder.clone(),
            })
            .collect();
        guest.network = self.network.lock().unwrap().clone();
        guest::command(workspace, guest)
    }

    /// Starts a program.
    pub async fn launch(&self, spec: ProcessSpec, mark: &TreeMark) -> ProcessTree {
        self.launcher.spawn(spec, mark).await.unwrap()
    }

    /// Runs a program as an agent would.
    pub async fn run(&self, workspace: &Workspace, program: &str, args: &[&str]) -> Done {
        let mark = TreeMark::new(format!("scene-{}", std::process::id()), "agent").unwrap();
        let spec = self.spec(workspace, program, args);
        let mut tree = self.launch(spec, &mark).await;
        tree.stdin = None;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (mut out, mut err) = (tree.stdout.take().unwrap(), tree.stderr.take().unwrap());
        let read = async { tokio::try_join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr)) };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("an end in time")
            .unwrap();
        let exit = tree.end(PATIENCE).await.exit;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        Done {
            success: exit == Exit::Code(0),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// Runs a shell script as an agent would, and tells what it printed.
    pub async fn agent(&self, workspace: &Workspace, script: &str) -> String {
        let done = self.run(workspace, "sh", &["-euc", script]).await;
        assert!(done.success, "{script}: {done:?}");
        done.stdout
    }
}

/// Some build whole programs.
const PATIENCE: Duration = Duration::from_secs(180);

/// An attempt of the first sprint.
pub fn attempt(n: u32) -> AttemptId {
    AttemptId { sprint: SprintId(1), n }
}

/// A repository as a claim names it, at its head.
pub fn wanted(id: &str, source: &Repository) -> ClaimRepository {
    ClaimRepository {
        id: RepositoryId::new(id).unwrap(),
        source: source.url(),
        origin: source.url(),
        base_branch: BranchName::new("main").unwrap(),
        base: CommitId::new(source.head()).unwrap(),
        start: None,
        others: Vec::new(),
        local_files: Vec::new(),
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
