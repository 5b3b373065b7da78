//! Lays out what a sandbox sees, in a mount namespace of its own, and leaves the rest of the machine behind.
//!
//! Everything that is shown is taken hold of first, by descriptors, since the new root hides a folder of the machine
//! while it is built. What is the engine's own (its owner is the engine's user) is shown as the sandbox's own by an
//! id-mapped mount where the sandbox is another user of the machine; on the disk nothing changes hands.

use std::convert::Infallible;
use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    UnmountFlags, fsconfig_create, fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount,
    mount_change, move_mount, open_tree, unmount,
};
use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::thread::UnshareFlags;

use super::place::{self, Root};
use super::{SHOW_PROCESSES, Step, Trouble, pipe, write_maps};
use crate::reach::{AGENT_UID, Confinement, Identity, Mount};
use crate::sys;

/// Where the new root is built; any folder that every machine has.
const BASE: &str = "/tmp";
/// Where layers are while they are put together, below the new root.
const LAYERS: &str = ".layers";
/// What the new root itself may hold, which is little more than folders.
const ROOT_SIZE: &str = "size=16m,nr_inodes=65536,mode=0755";
/// What `/dev/shm` may hold.
const SHARED_MEMORY: &str = "size=256m,nr_inodes=65536,mode=1777";
/// Shared segments in pages, message queues, and semaphores (of a set, in all, of a call, sets).
const SHARED: [(&str, &str); 3] = [("shmall", "65536"), ("msgmni", "512"), ("sem", "250 32000 100 128")];
/// Terminals of its own.
const TERMINALS: &str = "newinstance,ptmxmode=0666,mode=0620";
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// What `/proc` says of the machine as a whole and no agent needs.
const HIDDEN: [&str; 14] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/proc/vmallocinfo",
];
/// How overlays are made where folders of lower layers can be renamed.
const RENAMES: [(&str, &str); 3] = [("redirect_dir", "on"), ("metacopy", "off"), ("index", "off")];
/// What of `/proc` sets the machine as a whole, where the engine's user might be root, if without rights.
const SETTINGS: [&str; 4] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"];

/// Something that was taken hold of.
struct Held<'a> {
    mount: &'a Mount,
    /// The tree itself; for an overlay its layers, and last the folder of what is written.
    trees: Vec<OwnedFd>,
}

pub(super) fn lay_out(confinement: &Confinement) -> Result<(), Trouble> {
    let everything = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", everything).step("take the mounts apart from the machine's")?;
    let mut held = Vec::new();
    for mount in &confinement.view {
        if let Some(found) = hold(mount)? {
            held.push(found);
        }
    }
    let devices = hold_devices()?;

    let plain = MountFlags::NOSUID | MountFlags::NODEV;
    make("tmpfs", BASE, plain, ROOT_SIZE).step("make the root of the sandbox")?;
    std::env::set_current_dir(BASE).step("enter the root of the sandbox")?;
    let step = "make the root of the sandbox";
    for folder in ["proc", "dev/pts", "dev/shm", "run", LAYERS] {
        fs::create_dir_all(folder).step(step)?;
    }
    let root = Root::open(Path::new(".")).step(step)?;
    let step = SHOW_PROCESSES;
    make("proc", "proc", plain | MountFlags::NOEXEC, "").step(step)?;
    limit_messages();
    let owner = match confinement.identity {
        Identity::Engine => None,
        Identity::Range { first } => Some(owner_map(first + AGENT_UID)?),
    };
    for found in held {
        put(&root, &found, owner.as_ref())?;
    }
    make_devices(devices)?;
    let _ = fs::remove_dir_all(LAYERS);
    leave_the_machine()
}

/// Bounds the memory that belongs to no process: shared segments, queues and semaphores.
fn limit_messages() {
    for (setting, most) in SHARED {
        // A kernel may have none of these.
        let _ = fs::write(Path::new("proc/sys/kernel").join(setting), most);
    }
}

/// Mounts a file system that lies on no disk.
fn make(kind: &str, at: impl AsRef<Path>, flags: MountFlags, options: &str) -> io::Result<()> {
    let options = CString::new(options)?;
    Ok(mount(kind, at.as_ref(), kind, flags, options.as_c_str())?)
}

/// Takes hold of what a mount shows. None for what needs nothing of the machine's, or is not there and need not be.
fn hold(mount: &Mount) -> Result<Option<Held<'_>>, Trouble> {
    let trees = match mount {
        Mount::System { from, .. } if !from.exists() => return Ok(None),
        Mount::System { from, .. } | Mount::ReadOnly { from, .. } | Mount::Writable { from, .. } => {
            vec![tree(from)?]
        }
        Mount::Overlay { layers, upper, .. } => {
            let folder = upper.parent().unwrap_or(upper);
            let all = layers.iter().map(PathBuf::as_path).chain([folder]);
            all.map(tree).collect::<Result<_, _>>()?
        }
        Mount::Memory { .. } | Mount::Text { .. } | Mount::Link { .. } => Vec::new(),
    };
    Ok(Some(Held { mount, trees }))
}

fn tree(path: &Path) -> Result<OwnedFd, Trouble> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    open_tree(CWD, path, flags).step(&format!("show {} in the sandbox", path.display()))
}

fn hold_devices() -> Result<Vec<(&'static str, OwnedFd)>, Trouble> {
    let held = DEVICES
        .iter()
        .map(|name| Ok((*name, tree(&Path::new("/dev").join(name))?)));
    held.collect()
}

/// A user namespace in which the engine's user and `user` have changed places, for mounts to show them so.
fn owner_map(user: u32) -> Result<OwnedFd, Trouble> {
    let step = "show the workspace as the sandbox's own";
    let (asked, ask) = pipe().step(step)?;
    let (told, tell) = pipe().step(step)?;
    let Some(child) = sys::fork_again().step(step)? else {
        drop((asked, tell));
        match hold_namespace(ask, told) {
            Ok(never) => match never {},
            Err(_) => sys::exit_now(1),
        }
    };
    drop((ask, told));
    let made = || -> io::Result<OwnedFd> {
        if File::from(asked).read(&mut [0])? == 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let engine = rustix::process::geteuid().as_raw();
        // The new `/proc` is the one that knows processes of the new pid namespace.
        let folder = Path::new(BASE).join(format!("proc/{}", child.as_raw_nonzero()));
        // Both ways round: the overlay itself writes as the engine, whose id must be one as well.
        write_maps(&folder, &format!("{engine} {user} 1\n{user} {engine} 1"))?;
        Ok(File::open(folder.join("ns/user"))?.into())
    };
    let namespace = made().step(step);
    drop(tell);
    wait_for(child);
    namespace
}

/// Is there until the other end of a pipe is closed.
fn hold_namespace(ask: OwnedFd, told: OwnedFd) -> io::Result<Infallible> {
    sys::unshare(UnshareFlags::NEWUSER)?;
    io::Write::write_all(&mut File::from(ask), &[0])?;
    let _ = File::from(told).read(&mut [0]);
    sys::exit_now(0)
}

fn wait_for(child: Pid) {
    while let Err(rustix::io::Errno::INTR) = waitpid(Some(child), WaitOptions::empty()) {}
}

/// Puts something at its place below the new root.
fn put(root: &Root, held: &Held<'_>, owner: Option<&OwnedFd>) -> Result<(), Trouble> {
    let mut trees = held.trees.iter();
    match (held.mount, trees.next()) {
        (Mount::System { at, .. }, Some(tree)) => attach(root, tree, at, true, None),
        (Mount::ReadOnly { at, .. }, Some(tree)) => attach(root, tree, at, true, owner),
        (Mount::Writable { at, .. }, Some(tree)) => attach(root, tree, at, false, owner),
        (Mount::Overlay { at, upper, .. }, _) => put_overlay(root, held, upper, at, owner),
        (Mount::Memory { at, most }, _) => put_memory(root, at, *most).step(&showing(at)),
        (Mount::Text { at, text }, _) => root.write(at, text).step(&showing(at)),
        (Mount::Link { at, to }, _) => root.link(at, to).step(&showing(at)),
        (_, None) => Ok(()),
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

/// Puts layers together, and the overlay at its place.
fn put_overlay(root: &Root, held: &Held<'_>, upper: &Path, at: &Path, owner: Option<&OwnedFd>) -> Result<(), Trouble> {
    let step = showing(at);
    let (written, layers) = held.trees.split_last().ok_or_else(|| Trouble {
        step: step.clone(),
        errno: 0,
    })?;
    let place = root.folder(at).step(&step)?;
    for layer in layers {
        restrict(layer, true, owner).step(&step)?;
    }
    restrict(written, false, owner).step(&step)?;
    let upper = upper.file_name().unwrap_or_default();
    match overlay(layers, written, upper, owner.is_some()) {
        Ok(overlay) => place::put(&overlay, &place).step(&step),
        // Kernels before 6.15 want layers that are attached somewhere.
        Err(_) => put_attached(layers, written, upper, &place, owner.is_some()).step(&step),
    }
}

/// An overlay that is attached nowhere, of layers that are not either.
fn overlay(layers: &[OwnedFd], written: &OwnedFd, upper: &OsStr, renames: bool) -> io::Result<OwnedFd> {
    let overlay = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let overlay = overlay.as_fd();
    for layer in layers {
        fsconfig_set_fd(overlay, "lowerdir+", layer)?;
    }
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for (key, name) in [("upperdir", upper), ("workdir", OsStr::new("work"))] {
        let opened = openat(written, name, folder, Mode::empty())?;
        fsconfig_set_fd(overlay, key, opened)?;
    }
    match renames {
        true => RENAMES
            .iter()
            .try_for_each(|(key, value)| fsconfig_set_string(overlay, *key, *value))?,
        false => fsconfig_set_flag(overlay, "userxattr")?,
    }
    fsconfig_create(overlay)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(overlay, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

/// The same where layers are attached one by one, put together, and taken away: the overlay keeps hold of them.
fn put_attached(
    layers: &[OwnedFd],
    written: &OwnedFd,
    upper: &OsStr,
    place: &OwnedFd,
    renames: bool,
) -> io::Result<()> {
    let mut names = Vec::new();
    for (i, layer) in layers.iter().chain([written]).enumerate() {
        // The current folder is the base; short relative names, because all of them must fit on one page.
        let name = PathBuf::from(LAYERS).join(i.to_string());
        fs::create_dir_all(&name)?;
        put_tree(layer, &name)?;
        names.push(name);
    }
    let written = names.last().cloned().unwrap_or_default();
    let lower: Vec<String> = names[..layers.len()]
        .iter()
        .map(|name| name.display().to_string())
        .collect();
    let renames = match renames {
        true => RENAMES.map(|(key, value)| format!("{key}={value}")).join(","),
        false => "userxattr".to_owned(),
    };
    let options = format!(
        "lowerdir={},upperdir={},workdir={},{renames}",
        lower.join(":"),
        written.join(upper).display(),
        written.join("work").display(),
    );
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let made = Path::new(LAYERS).join("overlay");
    fs::create_dir_all(&made)?;
    make("overlay", &made, flags, &options)?;
    place::move_to(&made, place)?;
    for name in &names {
        unmount(name, UnmountFlags::DETACH)?;
        let _ = fs::remove_dir(name);
    }
    Ok(())
}

fn make_devices(devices: Vec<(&'static str, OwnedFd)>) -> Result<(), Trouble> {
    let step = "lay out the devices of the sandbox";
    for (name, tree) in devices {
        let at = PathBuf::from("dev").join(name);
        File::create(&at).step(step)?;
        // Without the flag against devices, which would make them none.
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        sys::restrict_mount(tree.as_fd(), flags).step(step)?;
        put_tree(&tree, &at).step(step)?;
    }
    let plain = MountFlags::NOSUID | MountFlags::NOEXEC;
    make("devpts", "dev/pts", plain, TERMINALS).step(step)?;
    let shared = plain | MountFlags::NODEV;
    make("tmpfs", "dev/shm", shared, SHARED_MEMORY).step(step)?;
    for (at, to) in [
        ("dev/ptmx", "pts/ptmx"),
        ("dev/fd", "/proc/self/fd"),
        ("dev/stdin", "/proc/self/fd/0"),
        ("dev/stdout", "/proc/self/fd/1"),
        ("dev/stderr", "/proc/self/fd/2"),
    ] {
        symlink(to, at).step(step)?;
    }
    Ok(())
}

/// Makes the new root the root, and takes the machine's away.
fn leave_the_machine() -> Result<(), Trouble> {
    let step = "leave the machine's file system";
    rustix::process::pivot_root(".", ".").step(step)?;
    unmount(".", UnmountFlags::DETACH).step(step)?;
    std::env::set_current_dir("/").step(step)?;
    for path in HIDDEN.iter().map(Path::new).filter(|path| path.exists()) {
        hide(path)?;
    }
    for path in SETTINGS.iter().map(Path::new).filter(|path| path.exists()) {
        let shown = tree(path)?;
        let step = format!("protect {} from the sandbox", path.display());
        sys::restrict_mount(shown.as_fd(), MountAttrFlags::MOUNT_ATTR_RDONLY).step(&step)?;
        put_tree(&shown, path).step(&step)?;
    }
    let root = open_tree(CWD, "/", OpenTreeFlags::OPEN_TREE_CLOEXEC).step(step)?;
    let flags =
        MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    sys::restrict_this_mount(root.as_fd(), flags).step(step)
}

fn hide(path: &Path) -> Result<(), Trouble> {
    let step = format!("hide {} from the sandbox", path.display());
    if path.is_dir() {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
        return make("tmpfs", path, flags, "size=4k,mode=0555").step(&step);
    }
    let nothing = tree(Path::new("/dev/null"))?;
    put_tree(&nothing, path).step(&step)
}
