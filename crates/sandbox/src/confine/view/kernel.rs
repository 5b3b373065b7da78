//! What the kernel itself shows: processes, devices, and the settings that are nobody's business here.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::mount::{MountAttrFlags, MountFlags};

use super::{make, put_tree, tree};
use crate::confine::{SHOW_PROCESSES, Step, Trouble};
use crate::sys;

/// What `/dev/shm` may hold.
const SHARED_MEMORY: &str = "size=256m,nr_inodes=65536,mode=1777";
/// Shared segments in pages, message queues, and semaphores (of a set, in all, of a call, sets).
const SHARED: [(&str, &str); 3] = [("shmall", "65536"), ("msgmni", "512"), ("sem", "250 32000 100 128")];
/// Terminals of its own.
const TERMINALS: &str = "newinstance,ptmxmode=0666,mode=0620";
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// What `/proc` says of the machine as a whole and no agent needs.
const HIDDEN: [&str; 14] = [
    "proc/acpi",
    "proc/kcore",
    "proc/key-users",
    "proc/keys",
    "proc/kmsg",
    "proc/kpagecgroup",
    "proc/kpagecount",
    "proc/kpageflags",
    "proc/latency_stats",
    "proc/sched_debug",
    "proc/scsi",
    "proc/sysrq-trigger",
    "proc/timer_list",
    "proc/vmallocinfo",
];
/// What of `/proc` sets the machine as a whole, where the engine's user might be root, if without rights.
const SETTINGS: [&str; 4] = ["proc/bus", "proc/fs", "proc/irq", "proc/sys"];

/// Shows the processes of the pid namespace in the current folder, and of the machine as little as possible.
pub(super) fn show_processes() -> Result<(), Trouble> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    make("proc", "proc", flags, "").step(SHOW_PROCESSES)?;
    limit_messages();
    for path in HIDDEN.iter().map(Path::new).filter(|path| path.exists()) {
        hide(path)?;
    }
    for path in SETTINGS.iter().map(Path::new).filter(|path| path.exists()) {
        let shown = tree(path)?;
        let step = format!("protect {} from the sandbox", path.display());
        sys::restrict_mount(shown.as_fd(), MountAttrFlags::MOUNT_ATTR_RDONLY).step(&step)?;
        put_tree(&shown, path).step(&step)?;
    }
    Ok(())
}

/// Bounds the memory that belongs to no process: shared segments, queues and semaphores.
fn limit_messages() {
    for (setting, most) in SHARED {
        // A kernel may have none of these.
        let _ = fs::write(Path::new("proc/sys/kernel").join(setting), most);
    }
}

/// Shows the devices that programs need in the current folder, and makes those that are the sandbox's own.
pub(super) fn show_devices() -> Result<(), Trouble> {
    let step = "lay out the devices of the sandbox";
    for name in DEVICES {
        let tree = tree(&Path::new("/dev").join(name))?;
        let at = Path::new("dev").join(name);
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

fn hide(path: &Path) -> Result<(), Trouble> {
    let step = format!("hide {} from the sandbox", path.display());
    if path.is_dir() {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
        return make("tmpfs", path, flags, "size=4k,mode=0555").step(&step);
    }
    let nothing = tree(Path::new("dev/null"))?;
    put_tree(&nothing, path).step(&step)
}
