//! The folder of one workspace, and where the parts of its repositories lie in it and in the sandbox.
//!
//! ```text
//! slots/<key>/claim.json        what was asked for; written last
//!             files/            the work tree, or what lies beside those of several repositories
//!             layers/<id>/      upper, work: what an overlay writes; delta, skeleton: a layer of the task's own
//!             indexes/<id>/     git's indexes of submodules that differ from those of the generation
//!             lent/<id>/        objects of earlier attempts that the mirror has not
//!             caches/<name>/    caches of packages, and in caches/layers/<n> what is written over the machine's
//!             pack/             for the process that packs what was done
//! ```

use std::fs;
use std::path::{Component, Path, PathBuf};

use team6_core::ids::RepositoryId;
use team6_sandbox::reach::{Identity, Mount};

use crate::files::Lent;
use crate::mirror::Mirrors;

/// Where a sandbox has the workspace.
pub(crate) const WORKSPACE: &str = "/ws";

/// A workspace's folder.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) path: PathBuf,
    /// Whose sandbox it is shown in, if in one.
    pub(crate) identity: Option<Identity>,
    /// Whether it holds one repository, whose work tree then is the workspace itself.
    pub(crate) alone: bool,
}

/// Where the parts of one repository lie.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) repository: RepositoryId,
    /// The work tree, as the agent sees it.
    pub(crate) work: PathBuf,
    /// The work tree of the whole repository on this machine, where it is not layered.
    pub(crate) files: PathBuf,
    /// What the overlay writes and its siblings, where it is layered.
    pub(crate) layers: PathBuf,
    /// Where it lies in that of its repository, if it is a submodule.
    pub(crate) below: PathBuf,
    /// Git's indexes of submodules of which this workspace has other commits than its generation.
    pub(crate) indexes: PathBuf,
    /// The objects that the agent's git folder borrows: of the mirror, and of earlier attempts.
    pub(crate) lent: [Lent; 2],
}

impl Slot {
    pub(crate) fn claim(&self) -> PathBuf {
        self.path.join("claim.json")
    }

    fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// The workspace as the agent sees it.
    pub(crate) fn root(&self) -> PathBuf {
        match self.identity {
            Some(_) => WORKSPACE.into(),
            None => self.files(),
        }
    }

    pub(crate) fn place(&self, mirrors: &Mirrors, id: &RepositoryId) -> Place {
        let below = |root: PathBuf| if self.alone { root } else { root.join(id.as_str()) };
        let boxed = self.identity.is_some();
        let kept = self.path.join("lent").join(id.as_str());
        Place {
            repository: id.clone(),
            work: below(self.root()),
            files: below(self.files()),
            layers: self.path.join("layers").join(id.as_str()),
            below: PathBuf::new(),
            indexes: self.path.join("indexes").join(id.as_str()),
            lent: [
                Lent::new(mirrors.mirror(id).join("objects"), id, "mirror", boxed),
                Lent::new(kept, id, "kept", boxed),
            ],
        }
    }

    /// The folder that holds the work trees of several repositories, or the one that is no layered one.
    pub(crate) fn files_mount(&self) -> Mount {
        Mount::Writable {
            from: self.files(),
            at: WORKSPACE.into(),
        }
    }

    /// The folder of caches.
    pub(crate) fn caches(&self) -> PathBuf {
        self.path.join("caches")
    }

    pub(crate) fn pack(&self) -> PathBuf {
        self.path.join("pack")
    }
}

/// What lies at a path that an agent can change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something, at this place; what it is has not been looked at.
    Here(PathBuf),
    /// A link on the way, which nobody follows: on this machine it leads elsewhere than for the agent.
    Link,
    /// Nothing.
    Nothing,
}

impl Place {
    /// What the overlay writes of it.
    pub(crate) fn upper(&self) -> PathBuf {
        match self.below.as_os_str().is_empty() {
            true => self.layers.join("upper"),
            false => self.layers.join("upper").join(&self.below),
        }
    }

    /// The folder of this machine that the files of the whole repository are written to. No agent can replace it.
    pub(crate) fn written(&self) -> PathBuf {
        match self.layers.exists() {
            true => self.layers.join("upper"),
            false => self.files.clone(),
        }
    }

    /// What lies at a path in it among what was written, as long as no program runs there.
    pub(crate) fn find(&self, path: &Path) -> Found {
        let mut place = self.written();
        let parts: Vec<Component<'_>> = self.below.components().chain(path.components()).collect();
        for (n, part) in parts.iter().enumerate() {
            let Component::Normal(name) = part else {
                return Found::Nothing;
            };
            place.push(name);
            match fs::symlink_metadata(&place) {
                Err(_) => return Found::Nothing,
                Ok(found) if n + 1 == parts.len() || found.is_dir() => {}
                Ok(found) if found.is_symlink() => return Found::Link,
                Ok(_) => return Found::Nothing,
            }
        }
        Found::Here(place)
    }
}
