//! Workspaces on this machine: mirrors, generations and slots below one folder.
//!
//! A claim starts no process of git and takes no lock that others hold for long: what is needed lies ready, and a
//! sandbox puts it together when a program is started in it. Nothing is shared that can be written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_git::{Fuse, Git};
use team6_sandbox::probe::Users;
use team6_sandbox::{Launcher, TreeMark};

use tokio::task::JoinSet;

use crate::caches::caches;
use crate::checkout::{self, NO_ARGS, Wanted, is_ancestor};
use crate::error::WorkspaceError;
use crate::files::{self, Files};
use crate::generations::{Builder, Generations};
use crate::import::Import;
use crate::mirror::Mirrors;
use crate::modules;
use crate::pool::Pool;
use crate::provisioner::{
    Boxed, Checkout, Claim, ClaimRepository, Imported, Provisioner, Swept, Workspace, WorkspaceKey,
};
use crate::setup::{self, Setup};
use crate::slot::{Place, Slot};
use crate::trash::Trash;

/// How workspaces are made on this machine.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// The folder that holds everything.
    pub root: PathBuf,
    /// The git program.
    pub git: PathBuf,
    /// What starts process trees.
    pub launcher: Launcher,
    /// The program and its first arguments that run [`pack::main`](crate::pack::main).
    pub packer: (PathBuf, Vec<String>),
    /// The name under which processes of this engine are found again.
    pub data_folder: String,
    /// Which users programs in sandboxes are; none where they run without.
    pub boxed: Option<Users>,
    /// How files are made; the best way that this machine has if none is given.
    pub files: Option<Files>,
}

/// Makes workspaces on this machine.
#[derive(Debug)]
pub struct LocalProvisioner {
    options: LocalOptions,
    files: Files,
    mirrors: Mirrors,
    generations: Arc<Generations>,
    trash: Arc<Trash>,
    /// Folders for workspaces, made ahead.
    ready: Arc<Pool>,
    /// Claimed since the start, and not released, with their slot's number: not for sweeping.
    in_use: Mutex<BTreeMap<WorkspaceKey, u16>>,
    /// What goes on behind.
    behind: Mutex<JoinSet<()>>,
}

impl LocalProvisioner {
    /// Opens the folder of workspaces. Makes what is missing.
    pub fn open(options: LocalOptions) -> Result<Self, WorkspaceError> {
        let root = &options.root;
        for folder in ["repos", "slots", "trash"] {
            let path = root.join(folder);
            fs::create_dir_all(&path)
                .and_then(|()| only_ours(&path))
                .map_err(|error| WorkspaceError::io("the folder of workspaces cannot be made", &path, &error))?;
        }
        let mirrors = Mirrors::new(Git::new(options.git.clone(), Fuse::default()), root.join("repos"));
        let files = options.files.unwrap_or_else(|| files::best(root, options.boxed));
        let mark = TreeMark::new(options.data_folder.clone(), "generations")
            .map_err(|error| WorkspaceError::BadKey(error.to_string()))?;
        let builder = Builder {
            launcher: options.launcher.apart(),
            git: options.git.clone(),
            mark,
            identity: options.boxed.unwrap_or(Users::Engine).identity(0),
            files,
        };
        let ready = Pool::new(root.join("ready"));
        ready
            .clear()
            .map_err(|error| WorkspaceError::io("what was made ahead cannot be removed", root, &error))?;
        let trash = Arc::new(Trash::new(root.join("trash")));
        Ok(Self {
            ready: Arc::new(ready),
            generations: Arc::new(Generations::new(root.join("repos"), builder, Arc::clone(&trash))),
            trash,
            files,
            mirrors,
            options,
            in_use: Mutex::default(),
            behind: Mutex::default(),
        })
    }

    /// How files are made here.
    pub fn files(&self) -> Files {
        self.files
    }

    fn slot(&self, claim: &Claim, number: u16) -> Slot {
        Slot {
            path: self.slot_folder(&claim.key),
            identity: self.options.boxed.map(|users| users.identity(number)),
            alone: claim.repositories.len() == 1,
        }
    }

    /// The slot of a workspace that was made, perhaps by an earlier run.
    fn slot_of(&self, workspace: &Workspace) -> Slot {
        Slot {
            path: self.slot_folder(&workspace.claim.key),
            identity: workspace.boxed.as_ref().map(|boxed| boxed.identity),
            alone: workspace.claim.repositories.len() == 1,
        }
    }

    fn slot_folder(&self, key: &str) -> PathBuf {
        self.options.root.join("slots").join(key)
    }

    fn in_use(&self) -> MutexGuard<'_, BTreeMap<WorkspaceKey, u16>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lowest number that no other workspace has: its sandbox is the user with this number.
    fn take_number(&self, key: &str) -> u16 {
        let mut in_use = self.in_use();
        let taken: BTreeSet<u16> = in_use.values().copied().collect();
        // The number 0 writes generations.
        let free = (1..=MOST_SLOTS)
            .find(|number| !taken.contains(number))
            .unwrap_or(MOST_SLOTS);
        in_use.insert(key.to_owned(), free);
        free
    }

    /// Keeps the work in a slot that nobody released, then removes it.
    async fn recover(&self, key: &str) -> Result<(), WorkspaceError> {
        let folder = self.slot_folder(key);
        let claim = fs::read(folder.join("claim.json")).ok();
        let workspace = claim.and_then(|bytes| serde_json::from_slice::<Workspace>(&bytes).ok());
        // Without a claim it was never finished, and no agent was in it.
        if let Some(workspace) = workspace.filter(|workspace| workspace.claim.branch.is_some()) {
            match self.import(&workspace).await {
                Err(error) if error.leaves_work_behind() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        self.discard(&folder)
    }

    fn discard(&self, slot: &Path) -> Result<(), WorkspaceError> {
        let thrown = self.trash.throw(slot);
        thrown.map_err(|error| WorkspaceError::io("the workspace cannot be removed", slot, &error))?;
        self.empty_trash();
        Ok(())
    }

    /// Removes what was thrown away, behind what goes on.
    fn empty_trash(&self) {
        let trash = Arc::clone(&self.trash);
        self.behind(async move { trash.remove_thrown().await });
    }

    fn behind(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        while behind.try_join_next().is_some() {}
        behind.spawn(work);
    }

    /// How the work of a repository is brought out.
    fn import_of<'a>(
        &'a self,
        workspace: &'a Workspace,
        slot: &'a Slot,
        place: &'a Place,
        checkout: &'a Checkout,
        branch: &'a BranchName,
    ) -> Import<'a> {
        Import {
            options: &self.options,
            mirrors: &self.mirrors,
            slot,
            place,
            workspace,
            checkout,
            branch,
            module: None,
        }
    }

    /// Makes what was asked for where nothing is.
    async fn make(
        &self,
        claim: Claim,
        number: u16,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Workspace, WorkspaceError> {
        let slot = self.slot(&claim, number);
        let failed = |error: io::Error| WorkspaceError::io("the workspace cannot be made", &slot.path, &error);
        if slot.identity.is_some() {
            self.ready.take(&slot.path);
        }
        let mut checkouts: BTreeMap<RepositoryId, Checkout> = BTreeMap::new();
        let mut notices = Vec::new();
        let mut view = Vec::new();
        let mut setup = None;
        // A single layered work tree is the workspace itself.
        if !slot.alone || self.files != Files::Overlay {
            view.push(slot.files_mount());
        }
        for repository in &claim.repositories {
            let place = slot.place(&self.mirrors, &repository.id);
            let wanted = Wanted {
                key: &claim.key,
                repository,
                branch: claim.branch.as_ref(),
                author: &claim.author,
                place: &place,
                tell: progress,
            };
            let made = checkout::make(&self.mirrors, &self.generations, &wanted).await?;
            notices.extend(made.notices);
            view.extend(made.view);
            if self.generations.copies(&repository.id).keeps_ready() {
                self.refill(&repository.id, &made.generation);
            }
            setup = made.generation.setup.filter(|_| slot.alone);
            checkouts.insert(repository.id.clone(), made.checkout);
        }
        if !slot.alone {
            let beside = slot.path.join("files");
            fs::create_dir_all(&beside).map_err(failed)?;
            let folders = claim
                .repositories
                .iter()
                .map(|repository| beside.join(repository.id.as_str()));
            folders.into_iter().try_for_each(fs::create_dir_all).map_err(failed)?;
        }
        let boxed = match slot.identity {
            None => None,
            Some(identity) => {
                view.extend(caches(&slot.caches(), setup.as_ref()).map_err(failed)?);
                Some(Boxed { view, identity })
            }
        };
        let workspace = Workspace {
            root: slot.root(),
            claim,
            checkouts,
            notices,
            boxed,
        };
        let written = serde_json::to_vec(&workspace).map_err(io::Error::other);
        written
            .and_then(|bytes| fs::write(slot.claim(), bytes))
            .map_err(failed)?;
        if slot.identity.is_some() {
            self.make_ready();
        }
        Ok(workspace)
    }

    /// Makes folders for the next workspaces ahead.
    fn make_ready(&self) {
        let ready = Arc::clone(&self.ready);
        self.behind(async move {
            let make = |folder: &Path| caches(&folder.join("caches"), None).map(drop);
            let made = tokio::task::spawn_blocking(move || ready.refill(READY, make)).await;
            if let Ok(Err(error)) = made {
                tracing::warn!(%error, "no folder was made ahead of time");
            }
        });
    }

    fn refill(&self, id: &RepositoryId, generation: &crate::generations::Generation) {
        let (copies, name) = (self.generations.copies(id), generation.commit.to_string());
        let tree = generation.tree().to_owned();
        self.behind(async move {
            let filled = tokio::task::spawn_blocking(move || copies.refill(&name, &tree)).await;
            if let Ok(Err(error)) = filled {
                tracing::warn!(%error, "no work tree was made ahead of time");
            }
        });
    }

    async fn settled(&self) {
        loop {
            let mut behind = {
                let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *behind)
            };
            if behind.is_empty() {
                return;
            }
            while behind.join_next().await.is_some() {}
        }
    }
}

/// More workspaces than one machine works in at once.
const MOST_SLOTS: u16 = 4_000;

/// How many folders are kept ready.
const READY: usize = 16;

/// What agents write could lend its owner's rights to others who can reach it.
fn only_ours(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[async_trait]
impl Provisioner for LocalProvisioner {
    async fn claim(
        &self,
        claim: Claim,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Workspace, WorkspaceError> {
        let proper = |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !(1..=200).contains(&claim.key.len()) || !proper(&claim.key) {
            return Err(WorkspaceError::BadKey(claim.key));
        }
        let (key, slot) = (claim.key.clone(), self.slot_folder(&claim.key));
        if slot.exists() {
            self.recover(&key).await?;
        }
        for repository in &claim.repositories {
            let is_known = self.generations.find(&key, &repository.id, &repository.base).is_some();
            if !is_known || repository.start.is_some() || !repository.others.is_empty() {
                self.mirrors.bring(&repository.into(), progress).await?;
            }
        }
        let number = self.take_number(&key);
        match self.make(claim, number, progress).await {
            Ok(workspace) => Ok(workspace),
            Err(error) => {
                self.discard(&slot)?;
                self.generations.unpin(&key);
                self.in_use().remove(&key);
                Err(error)
            }
        }
    }

    async fn prepare(
        &self,
        repository: ClaimRepository,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Option<Setup>, WorkspaceError> {
        let id = &repository.id;
        // No workspace's key has a blank in it.
        let key = format!("ahead {id}");
        if self.generations.find(&key, id, &repository.base).is_none() {
            self.mirrors.bring(&(&repository).into(), progress).await?;
        }
        let slot = Slot {
            path: self.slot_folder("ahead"),
            identity: self.options.boxed.map(|users| users.identity(0)),
            alone: true,
        };
        let place = slot.place(&self.mirrors, id);
        let wanted = Wanted {
            key: &key,
            repository: &repository,
            branch: None,
            author: &("Team6".to_owned(), "team6@localhost".to_owned()),
            place: &place,
            tell: progress,
        };
        let made = checkout::generation(&self.mirrors, &self.generations, &wanted, &place.lent[0]).await;
        if let Ok(generation) = &made
            && self.generations.copies(id).keeps_ready()
        {
            self.refill(id, generation);
        }
        self.generations.unpin(&key);
        self.empty_trash();
        let generation = made?;
        let layered = self.files == Files::Overlay && self.options.boxed.is_some();
        let wanted = generation
            .layout
            .setup
            .filter(|_| layered && generation.setup.is_none());
        Ok(wanted.filter(|setup| self.generations.setups(id).failed(setup).is_none()))
    }

    async fn keep_setup(
        &self,
        workspace: &Workspace,
        setup: &Setup,
        done: Result<(), String>,
    ) -> Result<(), WorkspaceError> {
        let Some(id) = workspace.checkouts.keys().next() else {
            return Ok(());
        };
        let setups = self.generations.setups(id);
        let slot = self.slot_of(workspace);
        let kept = match done {
            Err(why) => setups.fail(setup, &why),
            Ok(()) => {
                let ignored = setup::ignored(&self.options, workspace, &slot).await?;
                setups.keep(setup, &slot.place(&self.mirrors, id), &ignored, &slot.caches())
            }
        };
        let what = || format!("what the setup command of {id} made cannot be kept");
        kept.map_err(|error| WorkspaceError::io(what(), &slot.path, &error))
    }

    async fn import(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError> {
        let claim = &workspace.claim;
        let Some(branch) = &claim.branch else {
            return Ok(Vec::new());
        };
        let slot = self.slot_of(workspace);
        let mut all = Vec::new();
        let mut trouble: Option<WorkspaceError> = None;
        for (id, checkout) in &workspace.checkouts {
            let place = slot.place(&self.mirrors, id);
            let import = self.import_of(workspace, &slot, &place, checkout, branch);
            match modules::bring_out(&import).await {
                Ok(imported) => all.push(imported),
                // The work in the other repositories is brought out all the same. The first error is told, but before
                // it one after which the workspace must stay.
                Err(error) => match &trouble {
                    Some(first) if first.leaves_work_behind() || !error.leaves_work_behind() => {
                        tracing::warn!(repository = %id, %error, "work in a further repository was not brought out");
                    }
                    _ => trouble = Some(error),
                },
            }
        }
        if let Some(error) = trouble {
            return Err(error);
        }
        let outside = outside(workspace, &slot);
        if let Some(first) = all.first_mut().filter(|_| !outside.is_empty()) {
            first.notices.push(format!(
                "left out, since it lies in no repository: {}",
                outside.join(", ")
            ));
        }
        Ok(all)
    }

    async fn save_commits(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError> {
        let Some(branch) = &workspace.claim.branch else {
            return Ok(Vec::new());
        };
        let slot = self.slot_of(workspace);
        let mut all = Vec::new();
        for (id, checkout) in &workspace.checkouts {
            let place = slot.place(&self.mirrors, id);
            let import = self.import_of(workspace, &slot, &place, checkout, branch);
            all.push(import.committed().await?);
        }
        Ok(all)
    }

    async fn holds(&self, imported: &Imported, commit: &CommitId) -> Result<bool, WorkspaceError> {
        let id = &imported.repository;
        // Of what it does not know git says nothing but that it failed.
        if !self.mirrors.in_store_or_mirror(id, commit).await {
            return Ok(false);
        }
        let held = is_ancestor(self.mirrors.in_store(id, NO_ARGS), commit, &imported.head).await;
        held.map_err(|error| {
            WorkspaceError::git(
                format!("the history of {id} cannot be read"),
                &self.options.root,
                &error,
            )
        })
    }

    async fn release(&self, workspace: Workspace) -> Result<(), WorkspaceError> {
        let key = &workspace.claim.key;
        self.discard(&self.slot_folder(key))?;
        self.generations.unpin(key);
        self.in_use().remove(key);
        Ok(())
    }

    fn leave(&self, workspace: Workspace) {
        self.in_use().remove(&workspace.claim.key);
    }

    async fn settle(&self) {
        self.settled().await;
    }

    async fn sweep(&self, live: &[WorkspaceKey]) -> Result<Swept, WorkspaceError> {
        let mut swept = Swept::default();
        let names = |folder: &str| {
            let entries = fs::read_dir(self.options.root.join(folder))
                .into_iter()
                .flatten()
                .flatten();
            entries
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        for key in names("slots") {
            if self.in_use().contains_key(&key) {
                continue;
            }
            match self.recover(&key).await {
                Ok(()) => swept.workspaces.push(key),
                Err(error) => swept.left_alone.push((key, error.to_string())),
            }
        }
        self.settled().await;
        self.trash.empty().await;
        for id in self.mirrors.known() {
            self.mirrors.tidy(&id);
            self.generations.prune(&id);
            self.generations.setups(&id).forgive();
            self.mirrors.forget_work(&id, live).await;
            let modules = self.mirrors.modules(&id);
            for module in modules.known() {
                modules.tidy(&module);
                modules.forget_work(&module, live).await;
            }
        }
        self.empty_trash();
        Ok(swept)
    }
}

/// What an agent put beside the repositories of a workspace with several.
fn outside(workspace: &Workspace, slot: &Slot) -> Vec<String> {
    if slot.alone {
        return Vec::new();
    }
    let known: BTreeSet<&str> = workspace.checkouts.keys().map(RepositoryId::as_str).collect();
    let entries = fs::read_dir(slot.path.join("files")).into_iter().flatten().flatten();
    let names = entries.filter(|entry| !known.contains(&*entry.file_name().to_string_lossy()));
    names
        .map(|entry| entry.file_name().to_string_lossy().escape_debug().to_string())
        .take(10)
        .collect()
}
