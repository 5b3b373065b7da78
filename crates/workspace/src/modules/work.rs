//! What an agent did in submodules: no pull request of their parent can deliver it, so it is kept in their import stores.

use std::fs;
use std::path::{Path, PathBuf};

use team6_core::ids::CommitId;

use super::{is_layer, layer_name, links};
use crate::error::WorkspaceError;
use crate::files::Lent;
use crate::import::Import;
use crate::mirror::Mirrors;
use crate::pack::is_folder;
use crate::provisioner::{Checkout, Imported, Submodule};
use crate::slot::{Found, Place};

/// Brings out the work in a repository and its submodules.
pub(crate) async fn bring_out(import: &Import<'_>) -> Result<Imported, WorkspaceError> {
    let parent = Parent(import);
    // Whatever becomes of the one is no reason to keep back the others.
    let kept = parent.keep_modules().await;
    let mut imported = import.run().await?;
    imported.notices.extend(kept?);
    imported.notices.extend(import.keep_lfs().await?);
    imported.notices.extend(parent.check_links(&imported).await);
    Ok(imported)
}

/// A repository of a workspace with its submodules.
struct Parent<'a>(&'a Import<'a>);

impl Parent<'_> {
    /// Keeps what was done in the submodules, and tells of it.
    async fn keep_modules(&self) -> Result<Vec<String>, WorkspaceError> {
        let mut notices = Vec::new();
        let nested = self.0.mirrors.modules(&self.0.place.repository);
        for module in &self.0.checkout.submodules {
            let place = self.place_of(&nested, module);
            if !self.may_have_changed(&place, module) {
                continue;
            }
            let checkout = Checkout {
                path: place.work.clone(),
                start: module.commit.clone(),
                floor: module.commit.clone(),
                submodules: below(&self.0.checkout.submodules, &module.path),
                local_files: Vec::new(),
                local_contents: Vec::new(),
            };
            let index = self.index(module);
            let import = Import {
                options: self.0.options,
                mirrors: &nested,
                slot: self.0.slot,
                place: &place,
                workspace: self.0.workspace,
                checkout: &checkout,
                branch: self.0.branch,
                module: Some(&index),
            };
            let (id, path) = (&self.0.place.repository, module.path.escape_debug());
            match import.run().await {
                // Another commit that its repository has may be chosen, which is the parent's change.
                Ok(done) if done.head == module.commit || nested.in_mirror(&module.repository, &done.head).await => {}
                Ok(done) => notices.push(format!(
                    "the work in the submodule {path} of {id} cannot be delivered with {id}; it is kept as {} of {}. Add \
                     {} as a repository of the task to have it delivered",
                    done.head.short(),
                    done.store.display(),
                    module.address
                )),
                // It was removed, which is the parent's change.
                Err(WorkspaceError::Lost { .. }) => {}
                Err(error) if error.leaves_work_behind() => return Err(error),
                Err(error) => notices.push(format!("the work in the submodule {path} of {id} is not kept: {error}")),
            }
        }
        Ok(notices)
    }

    /// Tells of links that lead to commits that nobody else has.
    async fn check_links(&self, imported: &Imported) -> Vec<String> {
        let direct = || {
            self.0
                .checkout
                .submodules
                .iter()
                .filter(|module| module.inside.is_empty())
        };
        if direct().next().is_none() || imported.head == self.0.checkout.start {
            return Vec::new();
        }
        let id = &self.0.place.repository;
        let list = ["ls-tree", "-z", imported.head.as_str(), "--"];
        let call = direct().fold(self.0.mirrors.in_store(id, list), |call, module| call.arg(&module.path));
        let Ok(listed) = call.bytes().await else {
            return Vec::new();
        };
        let (links, nested) = (links(&listed), self.0.mirrors.modules(id));
        let mut notices = Vec::new();
        for module in direct() {
            let moved = links.get(&module.path).filter(|commit| **commit != module.commit);
            if let Some(commit) = moved
                && !nested.in_mirror(&module.repository, commit).await
            {
                notices.push(format!(
                    "{id} now names commit {} for its submodule {}, which {} does not have; deliver it there before {id} \
                     is merged",
                    commit.short(),
                    module.path.escape_debug(),
                    module.address
                ));
            }
        }
        notices
    }

    fn place_of(&self, nested: &Mirrors, module: &Submodule) -> Place {
        let (id, boxed) = (&module.repository, self.0.workspace.boxed.is_some());
        let lent = Lent::new(
            nested.mirror(id).join("objects"),
            &self.0.place.repository,
            &part(id.as_str()),
            boxed,
        );
        let nothing = Lent {
            from: "/nonexistent".into(),
            at: "/nonexistent".into(),
        };
        Place {
            repository: id.clone(),
            work: self.0.place.work.join(&module.path),
            files: self.0.place.files.clone(),
            layers: self.0.place.layers.clone(),
            below: module.path.clone().into(),
            indexes: self.0.place.indexes.clone(),
            lent: [lent, nothing],
        }
    }

    /// Git's index of the files as they were at the beginning.
    fn index(&self, module: &Submodule) -> PathBuf {
        let own = self.0.place.indexes.join(module.repository.as_str());
        if own.exists() {
            return own;
        }
        let id = &self.0.place.repository;
        let claimed = self.0.workspace.claim.repository(id);
        let base = claimed.map_or(&self.0.checkout.start, |one| &one.base);
        let generation = self.0.mirrors.generation(id, base);
        let layer = generation
            .with_file_name(layer_name(&self.0.checkout.submodules))
            .join("tree");
        let tree = if is_layer(&layer) && layer.is_dir() {
            layer
        } else {
            generation.join("tree")
        };
        tree.join(&module.path).join(".git/index")
    }

    /// Layers tell without a process whether anything was written.
    fn may_have_changed(&self, place: &Place, module: &Submodule) -> bool {
        let folder = match place.find(Path::new("")) {
            Found::Here(folder) => folder,
            // It may lead to it where the agent was.
            Found::Link => return true,
            Found::Nothing => return false,
        };
        if !place.layers.exists() {
            return is_folder(&folder);
        }
        let git = folder.join(".git");
        // What is not even a folder was removed as a whole.
        is_folder(&folder)
            && (!is_folder(&git)
                || fs::read_to_string(git.join("HEAD")).ok() != Some(format!("{}\n", module.commit))
                || has_objects(&git.join("objects"))
                || self.has_files(&folder, &module.path))
    }

    /// Whether anything lies in the folder of a submodule that is neither its git folder nor another submodule.
    fn has_files(&self, folder: &Path, path: &str) -> bool {
        fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
            let name = entry.file_name();
            let inner = format!("{path}/{}", name.to_string_lossy());
            let mut modules = self.0.checkout.submodules.iter().map(|module| module.path.as_str());
            let is_module = |known: &str| known == inner;
            let is_above = |known: &str| {
                known
                    .strip_prefix(inner.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            if modules.clone().any(is_module) || name == ".git" {
                return false;
            }
            !(modules.any(is_above) && is_folder(&entry.path())) || self.has_files(&entry.path(), &inner)
        })
    }
}

/// How the place of a submodule's objects is called.
pub(super) fn part(mirror: &str) -> String {
    format!("modules/{mirror}")
}

/// The submodules in another one, as seen from there.
fn below(all: &[Submodule], path: &str) -> Vec<Submodule> {
    let inner = |module: &Submodule| {
        let path = module.path.strip_prefix(path)?.strip_prefix('/')?.to_owned();
        Some(Submodule { path, ..module.clone() })
    };
    all.iter().filter_map(inner).collect()
}

/// Whether there are objects besides those that are borrowed.
fn has_objects(objects: &Path) -> bool {
    fs::read_dir(objects).into_iter().flatten().flatten().any(|entry| {
        let inner = fs::read_dir(entry.path()).into_iter().flatten().flatten();
        !is_folder(&entry.path()) || inner.filter(|file| file.file_name() != "alternates").count() > 0
    })
}

/// Whether a commit moved any link to a submodule.
pub(crate) async fn moves_links(
    mirrors: &Mirrors,
    git_dir: &Path,
    from: &CommitId,
    to: &CommitId,
) -> Result<bool, team6_git::GitError> {
    let args = ["diff-tree", "-r", "-z", "--raw", from.as_str(), to.as_str()];
    let listed = mirrors.git().call(args).git_dir(git_dir).bytes().await?;
    // `:<mode> <mode> <id> <id> <status>`, and the path by itself.
    let is_link = |line: &[u8]| line.starts_with(b":160000 ") || line.get(8..15) == Some(b"160000 ");
    Ok(listed
        .split(|byte| *byte == 0)
        .any(|line| line.starts_with(b":") && is_link(line)))
}
