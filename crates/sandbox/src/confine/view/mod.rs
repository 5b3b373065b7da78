//! Lays out what a sandbox sees, in a mount namespace of its own, and leaves the rest of the machine behind.
//!
//! The ground is laid ahead of the program where somebody foresees it: the new root, processes and devices, and what all
//! programs see of the machine. The rest is put on it once it is known. What is the engine's own (its owner is the
//! engine's user) is shown as the sandbox's own by an id-mapped mount where the sandbox is another user of the machine;
//! on the disk nothing changes hands.

mod kernel;
mod overlay;
mod owner;

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::CWD;
use rustix::mount::{
    MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount,
    mount_change, move_mount, open_tree, unmount,
};

use self::owner::Owner;
use super::place::{self, Root};
use super::{Step, Trouble};
use crate::foresight::Foresight;
use crate::reach::{AGENT_UID, Confinement, Identity, Mount};
use crate::sys;

/// Where the new root is built: a folder of every machine of which no sandbox shows anything.
const BASE: &str = "/sys";
/// Where layers are while they are put together, below the new root.
const LAYERS: &str = ".layers";
/// What the new root itself may hold, which is little more than folders.
const ROOT_SIZE: &str = "size=16m,nr_inodes=65536,mode=0755";

/// What is laid out ahead.
pub(super) struct Ground {
    root: Root,
    /// None if the sandbox is the engine's user.
    owner: Option<Owner>,
    /// How many mounts of the view are laid.
    laid: usize,
}

impl Ground {
    /// Makes the root of a sandbox, the current folder, and puts into it what is foreseen.
    pub(super) fn lay(foresight: &Foresight) -> Result<Self, Trouble> {
        let owner = foresight.own_user.then(Owner::begin).transpose()?;
        let everything = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", everything).step("take the mounts apart from the machine's")?;
        let step = "make the root of the sandbox";
        make("tmpfs", BASE, MountFlags::NOSUID | MountFlags::NODEV, ROOT_SIZE).step(step)?;
        std::env::set_current_dir(BASE).step(step)?;
        for folder in ["proc", "dev/pts", "dev/shm", "run", LAYERS] {
            fs::create_dir_all(folder).step(step)?;
        }
        kernel::show_devices()?;
        kernel::show_processes()?;
        let root = Root::open(Path::new(".")).step(step)?;
        let ground = &foresight.ground;
        ground.iter().try_for_each(|mount| put(&root, mount, None))?;
        let laid = ground.len();
        Ok(Self { root, owner, laid })
    }

    /// Lays out the rest of a view that begins with what was foreseen, and makes it all that is seen.
    pub(super) fn lay_out(self, confinement: &Confinement) -> Result<(), Trouble> {
        let Self { root, owner, laid } = self;
        let (root, owner) = match (confinement.identity, owner) {
            (Identity::Range { first }, Some(owner)) => {
                let user = first + AGENT_UID;
                (root.owned_by(user), Some(owner.of(user, Path::new("proc"))?))
            }
            _ => (root, None),
        };
        for mount in confinement.view.iter().skip(laid) {
            put(&root, mount, owner.as_ref())?;
        }
        let _ = fs::remove_dir_all(LAYERS);
        leave_the_machine()
    }
}

/// Mounts a file system that lies on no disk.
fn make(kind: &str, at: impl AsRef<Path>, flags: MountFlags, options: &str) -> io::Result<()> {
    let options = CString::new(options)?;
    Ok(mount(kind, at.as_ref(), kind, flags, options.as_c_str())?)
}

fn tree(path: &Path) -> Result<OwnedFd, Trouble> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    open_tree(CWD, path, flags).step(&format!("show {} in the sandbox", path.display()))
}

/// Puts something at its place below the new root.
fn put(root: &Root, mount: &Mount, owner: Option<&OwnedFd>) -> Result<(), Trouble> {
    match mount {
        Mount::System { from, .. } if !from.exists() => Ok(()),
        Mount::System { from, at } => attach(root, &tree(from)?, at, true, None),
        Mount::ReadOnly { from, at } => attach(root, &tree(from)?, at, true, owner),
        Mount::Writable { from, at } => attach(root, &tree(from)?, at, false, owner),
        Mount::Overlay { layers, upper, at } => overlay::put(root, layers, upper, at, owner),
        Mount::Memory { at, most } => put_memory(root, at, *most).step(&showing(at)),
        Mount::Text { at, text } => root.write(at, text).step(&showing(at)),
        Mount::Link { at, to } => root.link(at, to).step(&showing(at)),
    }
}

fn showing(at: &Path) -> String {
    format!("lay out {} of the sandbox", at.display())
}

/// Attaches a tree, after taking from it what a sandbox must not have.
fn attach(root: &Root, tree: &OwnedFd, at: &Path, read_only: bool, owner: Option<&OwnedFd>) -> Result<(), Trouble> {
    let step = showing(at);
    // Only a folder can be put on a folder, and only a file on a file.
    let place = match rustix::fs::fstat(tree).map(|found| rustix::fs::FileType::from_raw_mode(found.st_mode)) {
        Ok(rustix::fs::FileType::Directory) => root.folder(at),
        _ => root.file(at),
    };
    restrict(tree, read_only, owner).step(&step)?;
    place::put(tree, &place.step(&step)?).step(&step)
}

fn restrict(tree: &OwnedFd, read_only: bool, owner: Option<&OwnedFd>) -> io::Result<()> {
    let mut flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    flags.set(MountAttrFlags::MOUNT_ATTR_RDONLY, read_only);
    sys::restrict_mount(tree.as_fd(), flags)?;
    owner.map_or(Ok(()), |owner| sys::map_owners(tree.as_fd(), owner.as_fd()))
}

/// Names take memory as well, which is why there is a most of them.
fn put_memory(root: &Root, at: &Path, most: u64) -> io::Result<()> {
    let place = root.folder(at)?;
    let names = (most / 4096).max(1024);
    let made = Path::new(LAYERS).join("memory");
    fs::create_dir_all(&made)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    make(
        "tmpfs",
        &made,
        flags,
        &format!("size={most},nr_inodes={names},mode=1777"),
    )?;
    place::move_to(&made, &place)
}

/// At a path that nobody else can change.
fn put_tree(tree: &OwnedFd, at: &Path) -> io::Result<()> {
    Ok(move_mount(tree, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}

/// Makes the new root the root, and takes the machine's away.
fn leave_the_machine() -> Result<(), Trouble> {
    let step = "leave the machine's file system";
    rustix::process::pivot_root(".", ".").step(step)?;
    unmount(".", UnmountFlags::DETACH).step(step)?;
    std::env::set_current_dir("/").step(step)?;
    let root = open_tree(CWD, "/", OpenTreeFlags::OPEN_TREE_CLOEXEC).step(step)?;
    let flags =
        MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    sys::restrict_this_mount(root.as_fd(), flags).step(step)
}
