//! Workspaces as private clones that borrow the objects of the import store.
//!
//! Nothing is shared that can be written, so any number is made at the same time. Layout below the root:
//! `repos/<repository>/{mirror,import}.git`, `slots/<key>/{claim.json,work,trusted}`, `trash/`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use team6_core::ids::{CommitId, RepositoryId};
use team6_git::{Fuse, Git};
use team6_sandbox::ProcessSpec;

use crate::checkout::{self, Place, Wanted};
use crate::error::WorkspaceError;
use crate::import::{Import, work_ref};
use crate::mirror::Mirrors;
use crate::provisioner::{Checkout, Claim, Imported, Provisioner, Swept, Workspace, WorkspaceKey};
use crate::trash::Trash;

/// Variables of the engine's own environment that programs in a workspace get: nothing of them is secret.
const PASSED: [&str; 6] = ["PATH", "LANG", "LC_ALL", "TZ", "CARGO_HOME", "RUSTUP_HOME"];

/// What was asked for, in a slot; written last.
const CLAIM: &str = "claim.json";

/// Makes workspaces as private clones.
#[derive(Debug)]
pub struct CloneProvisioner {
    root: PathBuf,
    mirrors: Mirrors,
    trash: Trash,
    /// Claimed since the start, and not released: not for sweeping.
    in_use: Mutex<BTreeSet<WorkspaceKey>>,
}

impl CloneProvisioner {
    /// Workspaces below `root`, made with this git program. Makes the folders.
    pub fn open(root: PathBuf, git: PathBuf) -> Result<Self, WorkspaceError> {
        for folder in ["repos", "slots", "trash"] {
            let path = root.join(folder);
            fs::create_dir_all(&path)
                .map_err(|error| WorkspaceError::io("the folder of workspaces cannot be made", &path, &error))?;
        }
        let mirrors = Mirrors::new(Git::new(git, Fuse::default()), root.join("repos"));
        Ok(Self {
            trash: Trash::new(root.join("trash")),
            root,
            mirrors,
            in_use: Mutex::default(),
        })
    }

    fn slot(&self, key: &str) -> PathBuf {
        self.root.join("slots").join(key)
    }

    fn place(&self, claim: &Claim, id: &RepositoryId) -> Place {
        Place::new(&self.slot(&claim.key), &self.mirrors, id, claim.repositories.len() == 1)
    }

    async fn kept(&self, id: &RepositoryId, key: &str) -> Option<CommitId> {
        let name = work_ref(key);
        let found = self
            .mirrors
            .in_store(id, ["rev-parse", "--verify", "--quiet", &name])
            .run()
            .await
            .ok()?;
        CommitId::new(String::from_utf8_lossy(&found.stdout).trim()).ok()
    }

    /// Keeps the work in a slot that nobody released, then removes it.
    async fn recover(&self, key: &str) -> Result<(), WorkspaceError> {
        let slot = self.slot(key);
        let claim = fs::read(slot.join(CLAIM)).ok();
        let workspace = claim.and_then(|bytes| serde_json::from_slice::<Workspace>(&bytes).ok());
        // Without a claim it was never finished, and no agent was in it.
        if let Some(workspace) = workspace.filter(|workspace| workspace.claim.branch.is_some()) {
            match self.import(&workspace).await {
                Err(error) if error.leaves_work_behind() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        self.discard(&slot).await
    }

    async fn discard(&self, slot: &Path) -> Result<(), WorkspaceError> {
        let thrown = self.trash.throw(slot).await;
        thrown.map_err(|error| WorkspaceError::io("the workspace cannot be removed", slot, &error))
    }

    fn in_use(&self) -> MutexGuard<'_, BTreeSet<WorkspaceKey>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what was asked for where nothing is.
    async fn make(&self, claim: Claim) -> Result<Workspace, WorkspaceError> {
        let slot = self.slot(&claim.key);
        let mut checkouts: BTreeMap<RepositoryId, Checkout> = BTreeMap::new();
        let mut notices = Vec::new();
        for repository in &claim.repositories {
            let place = self.place(&claim, &repository.id);
            let kept = match claim.branch {
                Some(_) => self.kept(&repository.id, &claim.key).await,
                None => None,
            };
            let wanted = Wanted {
                repository,
                kept,
                branch: claim.branch.as_ref(),
                author: &claim.author,
            };
            let made = checkout::make(&self.mirrors, &place, &wanted).await?;
            notices.extend(checkout::notices(&place));
            checkouts.insert(repository.id.clone(), made);
        }
        let workspace = Workspace {
            root: slot.join("work"),
            claim,
            checkouts,
            notices,
        };
        let written = serde_json::to_vec(&workspace).map_err(std::io::Error::other);
        written
            .and_then(|bytes| fs::write(slot.join(CLAIM), bytes))
            .map_err(|error| WorkspaceError::io("the workspace cannot be made", &slot, &error))?;
        Ok(workspace)
    }
}

#[async_trait]
impl Provisioner for CloneProvisioner {
    async fn claim(
        &self,
        claim: Claim,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Workspace, WorkspaceError> {
        let proper = |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !(1..=200).contains(&claim.key.len()) || !proper(&claim.key) {
            return Err(WorkspaceError::BadKey(claim.key));
        }
        self.recover(&claim.key).await?;
        for repository in &claim.repositories {
            self.mirrors.bring(repository, progress).await?;
        }
        let slot = self.slot(&claim.key);
        self.in_use().insert(claim.key.clone());
        match self.make(claim).await {
            Ok(workspace) => Ok(workspace),
            Err(error) => {
                self.discard(&slot).await?;
                Err(error)
            }
        }
    }

    fn command(&self, workspace: &Workspace, home: &Path, program: &str, args: &[String]) -> ProcessSpec {
        let mut env: BTreeMap<OsString, OsString> = PASSED
            .iter()
            .filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)))
            .collect();
        // Toolchains are found by the engine's home, which programs in a workspace do not have.
        let toolchains = std::env::var_os("HOME").map(|engine| Path::new(&engine).join(".rustup"));
        if let Some(toolchains) = toolchains.filter(|path| path.is_dir()) {
            env.entry("RUSTUP_HOME".into()).or_insert(toolchains.into());
        }
        let below = |folder: &str| home.join(folder).into_os_string();
        env.insert("HOME".into(), home.into());
        env.insert("TMPDIR".into(), below("tmp"));
        env.insert("XDG_CONFIG_HOME".into(), below(".config"));
        env.insert("XDG_CACHE_HOME".into(), below(".cache"));
        env.insert("XDG_DATA_HOME".into(), below(".local/share"));
        env.insert("XDG_STATE_HOME".into(), below(".local/state"));
        // For repositories that the tests of a project make; the workspace's own knows it anyway.
        let (name, email) = &workspace.claim.author;
        for who in ["AUTHOR", "COMMITTER"] {
            env.insert(format!("GIT_{who}_NAME").into(), name.into());
            env.insert(format!("GIT_{who}_EMAIL").into(), email.into());
        }
        env.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
        env.insert("GIT_CONFIG_NOSYSTEM".into(), "1".into());
        ProcessSpec {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
            cwd: workspace.root.clone(),
            env,
        }
    }

    async fn import(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError> {
        let claim = &workspace.claim;
        let Some(branch) = &claim.branch else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        let mut failed: Option<WorkspaceError> = None;
        for (id, checkout) in &workspace.checkouts {
            let import = Import {
                mirrors: &self.mirrors,
                place: &self.place(claim, id),
                checkout,
                key: &claim.key,
                attempt: claim.attempt,
                branch,
            };
            match import.run().await {
                Ok(imported) => all.push(imported),
                // The work in the other repositories is brought out all the same. The first error is told, but before
                // it one after which the workspace must stay.
                Err(error) => match &failed {
                    Some(first) if first.leaves_work_behind() || !error.leaves_work_behind() => {
                        tracing::warn!(repository = %id, %error, "work in a further repository was not brought out");
                    }
                    _ => failed = Some(error),
                },
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let outside = outside(workspace);
        if let Some(first) = all.first_mut().filter(|_| !outside.is_empty()) {
            first.notices.push(format!(
                "left out, since it lies in no repository: {}",
                outside.join(", ")
            ));
        }
        Ok(all)
    }

    async fn release(&self, workspace: Workspace) -> Result<(), WorkspaceError> {
        self.discard(&self.slot(&workspace.claim.key)).await?;
        self.in_use().remove(&workspace.claim.key);
        Ok(())
    }

    fn leave(&self, workspace: Workspace) {
        self.in_use().remove(&workspace.claim.key);
    }

    async fn sweep(&self, live: &[WorkspaceKey]) -> Result<Swept, WorkspaceError> {
        let mut swept = Swept::default();
        let names = |folder: &str| {
            let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
            entries
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        for key in names("slots") {
            if self.in_use().contains(&key) {
                continue;
            }
            match self.recover(&key).await {
                Ok(()) => swept.workspaces.push(key),
                Err(error) => swept.left_alone.push((key, error.to_string())),
            }
        }
        self.trash.empty().await;
        for id in self.mirrors.known() {
            self.mirrors.tidy(&id);
            let listed = self
                .mirrors
                .in_store(&id, ["for-each-ref", "--format=%(refname)", "refs/team6/work/"]);
            let Ok(listed) = listed.text().await else { continue };
            for name in listed.lines() {
                let key = name.trim_start_matches("refs/team6/work/");
                if !live.iter().any(|known| known == key) {
                    let deleted = self.mirrors.in_store(&id, ["update-ref", "-d", name]).text().await;
                    if let Err(error) = deleted {
                        tracing::warn!(repository = %id, key, %error, "kept work of an ended task stays");
                    }
                }
            }
        }
        Ok(swept)
    }
}

/// What an agent put beside the repositories of a workspace with several.
fn outside(workspace: &Workspace) -> Vec<String> {
    let known: Vec<&PathBuf> = workspace.checkouts.values().map(|checkout| &checkout.path).collect();
    if known.contains(&&workspace.root) {
        return Vec::new();
    }
    let entries = fs::read_dir(&workspace.root).into_iter().flatten().flatten();
    let names = entries.filter(|entry| !known.contains(&&entry.path()));
    names
        .map(|entry| entry.file_name().to_string_lossy().escape_debug().to_string())
        .take(10)
        .collect()
}
