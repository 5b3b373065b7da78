//! Generations: the tree of a commit with git's index of it, made once, published by a rename, and never changed.
//!
//! Workspaces build on them without a process of git. A newer one is a layer over the one before, until there are too many
//! layers. Below a repository's folder: `generations/<commit>/{layers.json,tree,skeleton/.git}`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use team6_core::ids::{CommitId, RepositoryId};
use team6_sandbox::reach::Identity;
use team6_sandbox::{Launcher, TreeMark};

use crate::error::WorkspaceError;
use crate::files::{Copies, Files, Stack, stack};
use crate::guest;
use crate::layout::{self, Layout};
use crate::lfs;
use crate::mirror::Mirrors;
use crate::modules;
use crate::provisioner::{ClaimRepository, Submodule};
use crate::setup::{Made, Setup, Setups};
use crate::skeleton::{self, Skeleton};
use crate::trash::Trash;

/// How many layers are stacked before a generation is written whole; the kernel takes 500, but looks names up in each.
const LAYERS: usize = 8;
/// How long writing a tree may take.
const WRITING: Duration = Duration::from_secs(900);

/// A generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generation {
    /// Its commit.
    pub(crate) commit: CommitId,
    /// The layers of its tree, the topmost first. A whole tree is one layer.
    pub(crate) layers: Vec<PathBuf>,
    /// A layer with the parts of a git folder that all workspaces of it begin with.
    pub(crate) skeleton: PathBuf,
    /// How it is laid out.
    pub(crate) layout: Layout,
    /// The git folder that trusted git has to use for its files, unless any will do.
    pub(crate) git_dir: Option<PathBuf>,
    /// What its setup command made, once it was run.
    pub(crate) setup: Option<Made>,
}

impl Generation {
    /// Its whole tree, where trees are copied and not layered.
    pub(crate) fn tree(&self) -> &Path {
        self.layers.first().map_or(Path::new("/nonexistent"), PathBuf::as_path)
    }

    /// The layers without that of submodules.
    pub(crate) fn own_layers(&self) -> impl Iterator<Item = &PathBuf> {
        self.layers.iter().filter(|layer| !modules::is_layer(layer))
    }
}

/// What writes trees.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) launcher: Launcher,
    pub(crate) git: PathBuf,
    pub(crate) mark: TreeMark,
    /// The user that layers are written as.
    pub(crate) identity: Identity,
    pub(crate) files: Files,
}

/// The generations of all repositories.
#[derive(Debug)]
pub(crate) struct Generations {
    root: PathBuf,
    builder: Builder,
    trash: Arc<Trash>,
    /// One is made at a time of each repository.
    making: Mutex<BTreeMap<RepositoryId, Arc<tokio::sync::Mutex<()>>>>,
    /// Which workspaces build on which.
    pins: Mutex<BTreeSet<Pin>>,
}

/// What a workspace was made with.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pin {
    workspace: String,
    repository: RepositoryId,
    commit: String,
    /// What its setup was known by: with other programs on the machine it would be something else by now.
    setup: Option<String>,
}

impl Generations {
    pub(crate) fn new(root: PathBuf, builder: Builder, trash: Arc<Trash>) -> Self {
        Self {
            root,
            builder,
            trash,
            making: Mutex::default(),
            pins: Mutex::default(),
        }
    }

    pub(crate) fn builder(&self) -> &Builder {
        &self.builder
    }

    fn folder(&self, id: &RepositoryId) -> PathBuf {
        self.root.join(id.as_str()).join("generations")
    }

    /// What the setup commands of a repository made.
    pub(crate) fn setups(&self, id: &RepositoryId) -> Setups {
        Setups::new(self.root.join(id.as_str()).join("setups"))
    }

    /// The copies of a repository's trees.
    pub(crate) fn copies(&self, id: &RepositoryId) -> Copies {
        Copies::new(self.builder.files, self.root.join(id.as_str()).join("pool"))
    }

    fn pins(&self) -> MutexGuard<'_, BTreeSet<Pin>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generation of a commit, if it is there, pinned for a workspace.
    pub(crate) fn find(&self, key: &str, id: &RepositoryId, commit: &CommitId) -> Option<Generation> {
        let mut pins = self.pins();
        let found = self.read(id, commit.as_str())?;
        pins.insert(Pin {
            workspace: key.to_owned(),
            repository: id.clone(),
            commit: commit.to_string(),
            setup: found.layout.setup.as_ref().map(|setup| setup.key().to_owned()),
        });
        Some(found)
    }

    /// A workspace builds on its generations no more.
    pub(crate) fn unpin(&self, key: &str) {
        self.pins().retain(|pin| pin.workspace != key);
    }

    fn read(&self, id: &RepositoryId, name: &str) -> Option<Generation> {
        let folder = self.folder(id);
        let layers = fs::read(folder.join(name).join("layers.json")).ok()?;
        let layers: Vec<String> = serde_json::from_slice(&layers).ok()?;
        let mut layout = Layout::read(&folder.join(name));
        layout.setup = layout.setup.map(|setup| setup.here(&guest::programs()));
        Some(Generation {
            setup: layout.setup.as_ref().and_then(|setup| self.setups(id).find(setup)),
            commit: CommitId::new(name).ok()?,
            layers: layers.iter().map(|layer| folder.join(layer).join("tree")).collect(),
            skeleton: folder.join(name).join("skeleton"),
            layout,
            git_dir: layout::git_dir(&folder.join(name)),
        })
    }

    fn current(&self, id: &RepositoryId) -> Option<Generation> {
        let name = fs::read_to_string(self.folder(id).join("current")).ok()?;
        self.read(id, name.trim())
    }

    /// The generation of a commit of the mirror, made if it is not there, pinned for a workspace. `common` is what most
    /// git folders of it will be.
    pub(crate) async fn ensure(
        &self,
        mirrors: &Mirrors,
        key: &str,
        repository: &ClaimRepository,
        common: &Skeleton<'_>,
        tell: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Generation, WorkspaceError> {
        let (id, commit) = (&repository.id, &repository.base);
        if let Some(found) = self.find(key, id, commit) {
            return Ok(found);
        }
        let lock = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(making.entry(id.clone()).or_default())
        };
        tell(format!("laying out the files of {id} at {}", commit.short()));
        let _making = lock.lock().await;
        if let Some(found) = self.find(key, id, commit) {
            return Ok(found);
        }
        let folder = self.folder(id);
        let failed =
            |error: &io::Error| WorkspaceError::io(format!("the files of {id} cannot be laid ready"), &folder, error);
        let draft = folder.join("draft");
        remove(&draft)
            .and_then(|()| fs::create_dir_all(&draft))
            .map_err(|error| failed(&error))?;
        let layers = self.write(mirrors, repository, &draft, tell).await?;
        let published = common
            .write(&draft.join("skeleton/.git"))
            .and_then(|()| serde_json::to_vec(&layers).map_err(io::Error::other))
            .and_then(|bytes| fs::write(draft.join("layers.json"), bytes))
            .and_then(|()| fs::rename(&draft, folder.join(commit.as_str())))
            .and_then(|()| fs::write(folder.join("current"), commit.as_str()));
        published.map_err(|error| failed(&error))?;
        let made = self.find(key, id, commit);
        self.prune(id);
        made.ok_or_else(|| failed(&io::ErrorKind::NotFound.into()))
    }

    /// Writes the tree of a commit into `draft`, and tells of which generations its layers are.
    async fn write(
        &self,
        mirrors: &Mirrors,
        repository: &ClaimRepository,
        draft: &Path,
        tell: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Vec<String>, WorkspaceError> {
        let id = &repository.id;
        let planned = Layout::plan(mirrors, repository, tell).await;
        let planned = planned
            .map_err(|error| WorkspaceError::git(format!("the files of {id} cannot be laid ready"), draft, &error))?;
        let mut layers = self.write_own(mirrors, repository, draft, &planned).await?;
        layers.splice(0..0, self.write_modules(mirrors, id, draft, &planned.modules).await?);
        Ok(layers)
    }

    /// Writes the submodules of a generation: into its tree where trees are copied, else into a layer, whose name it
    /// gives. That lies over the tree's own, which may have removed their folders before.
    async fn write_modules(
        &self,
        mirrors: &Mirrors,
        id: &RepositoryId,
        draft: &Path,
        modules: &[Submodule],
    ) -> Result<Option<String>, WorkspaceError> {
        let Some(first) = modules.first() else { return Ok(None) };
        if self.builder.files != Files::Overlay {
            let tree = draft.join("tree");
            // A copy of another generation has them.
            if !tree.join(&first.path).join(".git").exists() {
                modules::write(self, mirrors, id, modules, &tree).await?;
            }
            return Ok(None);
        }
        let name = modules::layer_name(modules);
        let layer = self.folder(id).join(&name);
        if !layer.exists() {
            let making = draft.join("modules");
            modules::write(self, mirrors, id, modules, &making.join("tree")).await?;
            fs::rename(&making, &layer).map_err(|error| {
                WorkspaceError::io(format!("the files of {id} cannot be laid ready"), &layer, &error)
            })?;
        }
        Ok(Some(name))
    }

    /// Writes the tree itself.
    async fn write_own(
        &self,
        mirrors: &Mirrors,
        repository: &ClaimRepository,
        draft: &Path,
        planned: &Layout,
    ) -> Result<Vec<String>, WorkspaceError> {
        let (id, commit) = (&repository.id, &repository.base);
        let failed =
            |error: &io::Error| WorkspaceError::io(format!("the files of {id} cannot be laid ready"), draft, error);
        let git = draft.join("skeleton/.git");
        skeleton::write_common(&git).map_err(|error| failed(&error))?;
        let prepare = || {
            planned
                .write(draft)
                .and_then(|()| planned.prepare(draft, &mirrors.store(id).join("objects"), commit))
        };
        prepare().map_err(|error| failed(&error))?;
        let layered = self.builder.files == Files::Overlay;
        let begun = self.current(id);
        // What its setup makes lies below all layers, so that none may say that something of it was removed.
        let alike = |begun: &Generation| match &planned.setup {
            Some(setup) => setup.is_alike(begun.layout.setup.as_ref()),
            None => true,
        };
        let begun = begun.filter(|begun| planned.builds_on(&begun.layout, layered) && alike(begun));
        if let Some(begun) = begun.filter(|begun| !layered || begun.layers.len() < LAYERS) {
            skeleton::copy_index(&begun.skeleton.join(".git/index"), &git.join("index"))
                .map_err(|error| failed(&error))?;
            let mut layers = vec![commit.to_string()];
            let done = match layered {
                true => {
                    layers.extend(self.names(begun.own_layers()));
                    self.add_layer(mirrors, id, &begun, commit, &draft.join("tree"), &git)
                        .await
                }
                false => {
                    let tree = draft.join("tree");
                    self.copies(id)
                        .copy(begun.tree(), &tree)
                        .map_err(|error| failed(&error))?;
                    let args = ["read-tree", "-m", "-u", begun.commit.as_str(), commit.as_str()];
                    let git_dir = begun.git_dir.clone().unwrap_or_else(|| mirrors.mirror(id));
                    self.write_tree(mirrors, &git_dir, &args, &tree, &git.join("index"))
                        .await
                }
            };
            match done {
                Ok(()) => return Ok(layers),
                // Such as files that a layer cannot take; the whole tree is written instead.
                Err(error) => tracing::warn!(repository = %id, %error, "a generation is written anew"),
            }
            remove(draft).map_err(|error| failed(&error))?;
            skeleton::write_common(&git)
                .and_then(|()| prepare())
                .map_err(|error| failed(&error))?;
        }
        let tree = draft.join("tree");
        self.copies(id).make_folder(&tree).map_err(|error| failed(&error))?;
        let args = ["read-tree", "--reset", "-u", commit.as_str()];
        let git_dir = layout::git_dir(draft).unwrap_or_else(|| mirrors.mirror(id));
        let storage = planned.lfs.then(|| mirrors.lfs(id));
        self.write_files(
            mirrors,
            &git_dir,
            &args,
            (&tree, &git.join("index")),
            storage.as_deref(),
        )
        .await?;
        Ok(vec![commit.to_string()])
    }

    fn names<'a>(&self, layers: impl Iterator<Item = &'a PathBuf>) -> Vec<String> {
        let name = |layer: &PathBuf| Some(layer.parent()?.file_name()?.to_string_lossy().into_owned());
        layers.filter_map(name).collect()
    }

    /// Writes into `upper` what lies between a generation and a commit; `git` holds a copy of the generation's index.
    pub(crate) async fn add_layer(
        &self,
        mirrors: &Mirrors,
        id: &RepositoryId,
        from: &Generation,
        to: &CommitId,
        upper: &Path,
        git: &Path,
    ) -> Result<(), WorkspaceError> {
        let work = upper.with_file_name("work");
        let what = || format!("the files of {id} cannot be laid ready");
        for folder in [upper, &work] {
            fs::create_dir_all(folder).map_err(|error| WorkspaceError::io(what(), folder, &error))?;
        }
        let builder = &self.builder;
        let wanted = Stack {
            launcher: &builder.launcher,
            identity: builder.identity,
            mark: &builder.mark,
            git: &builder.git,
            git_dir: &from.git_dir.clone().unwrap_or_else(|| mirrors.store(id)),
            repository: &self.root.join(id.as_str()),
            layers: &from.own_layers().cloned().collect::<Vec<_>>(),
            from: &from.commit,
            to,
        };
        let failed = |why: String| WorkspaceError::Failed { what: what(), why };
        let stacked = stack(&wanted, upper, git)
            .await
            .map_err(|error| failed(error.to_string()))?;
        stacked.map_err(failed)?;
        remove(&work).map_err(|error| WorkspaceError::io(what(), &work, &error))
    }

    /// Runs trusted git on a tree that no agent has had yet.
    pub(crate) async fn write_tree(
        &self,
        mirrors: &Mirrors,
        git_dir: &Path,
        args: &[&str],
        tree: &Path,
        index: &Path,
    ) -> Result<(), WorkspaceError> {
        self.write_files(mirrors, git_dir, args, (tree, index), None).await
    }

    /// The same, with files of Git LFS if it is said where their objects are.
    async fn write_files(
        &self,
        mirrors: &Mirrors,
        git_dir: &Path,
        args: &[&str],
        (tree, index): (&Path, &Path),
        lfs: Option<&Path>,
    ) -> Result<(), WorkspaceError> {
        let call = mirrors
            .git()
            .call(args)
            .git_dir(git_dir)
            .env("GIT_WORK_TREE", tree)
            .env("GIT_INDEX_FILE", index)
            .config("core.bare", "false")
            .config("core.checkStat", "minimal")
            .config("core.trustctime", "false")
            .limit(WRITING);
        let call = match lfs {
            Some(storage) => lfs::smudging(call, storage),
            None => call,
        };
        let written = call.text().await;
        written
            .map(drop)
            .map_err(|error| WorkspaceError::git("the files cannot be laid ready", tree, &error))
    }

    /// Throws away what nobody builds on: neither a workspace nor a generation that is kept.
    pub(crate) fn prune(&self, id: &RepositoryId) {
        let pins = self.pins();
        let folder = self.folder(id);
        let mut kept = BTreeSet::from(["current".to_owned(), "draft".to_owned()]);
        let current = self.current(id);
        let pins: Vec<&Pin> = pins.iter().filter(|pin| pin.repository == *id).collect();
        let pinned = pins.iter().filter_map(|pin| self.read(id, &pin.commit));
        for generation in pinned.chain(current.clone()) {
            kept.insert(generation.commit.to_string());
            kept.extend(self.names(generation.layers.iter()));
        }
        let newest = current.as_ref().and_then(|current| current.layout.setup.as_ref());
        let setups = pins.iter().filter_map(|pin| pin.setup.as_deref());
        let mut old = self.setups(id).others(&setups.chain(newest.map(Setup::key)).collect());
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let other = entries.filter(|entry| !kept.contains(&*entry.file_name().to_string_lossy()));
        old.extend(other.map(|entry| entry.path()));
        for path in old {
            if let Err(error) = self.trash.throw(&path) {
                tracing::warn!(path = %path.display(), %error, "an old generation stays");
            }
        }
    }
}

/// Removes a folder, if it is there.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
