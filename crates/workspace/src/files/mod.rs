//! Where the files of a workspace come from: the ways to have a whole tree at once without writing it.
//!
//! Each builds on a generation, the tree of one commit, which is made once and never changed.

mod changes;
mod copies;
mod overlay;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use team6_core::ids::RepositoryId;
use team6_sandbox::probe::Users;
use team6_sandbox::reach::Mount;

use copies::{is_btrfs, reflinks};

pub(crate) use changes::changes;
pub(crate) use copies::{Copies, copy_plain as copy_tree, move_file};
pub(crate) use overlay::{Stack, stack};

/// How the files of workspaces are made, the fastest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Files {
    /// Layers that are put together in the sandbox; nothing is copied before it is changed.
    Overlay,
    /// Snapshots of a btrfs subvolume.
    Snapshot,
    /// Copies that share their blocks until they are changed, some of them ready ahead of time.
    Reflink,
    /// Checkouts, some of them ready ahead of time.
    Pool,
    /// A checkout for each claim.
    Checkout,
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Files::Overlay => "overlay layers",
            Files::Snapshot => "btrfs snapshots",
            Files::Reflink => "reflink copies, made ahead",
            Files::Pool => "checkouts, made ahead",
            Files::Checkout => "a checkout for each claim",
        })
    }
}

/// The best way on this file system. `users` are those of sandboxes; none where agents run without.
pub(crate) fn best(root: &Path, users: Option<Users>) -> Files {
    match users {
        // Only where root puts the layers together can folders of theirs be renamed.
        Some(Users::Own) => Files::Overlay,
        _ if is_btrfs(root) => Files::Snapshot,
        _ if reflinks(root) => Files::Reflink,
        _ => Files::Pool,
    }
}

/// Where agents find the objects that their git folders borrow, and where these lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lent {
    /// The folder of objects on this machine.
    pub(crate) from: PathBuf,
    /// Where the agent sees it.
    pub(crate) at: PathBuf,
}

impl Lent {
    /// `boxed` tells whether the agent sees it in a sandbox. `part` tells several of a repository apart.
    pub(crate) fn new(from: PathBuf, repository: &RepositoryId, part: &str, boxed: bool) -> Self {
        let at = match boxed {
            true => Path::new("/objects").join(repository.as_str()).join(part),
            false => from.clone(),
        };
        Self { from, at }
    }

    pub(crate) fn mount(&self) -> Mount {
        Mount::ReadOnly {
            from: self.from.clone(),
            at: self.at.clone(),
        }
    }
}
