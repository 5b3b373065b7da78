//! The few calls of the operating system that no library offers safely. All `unsafe` of this crate is here.
#![allow(unsafe_code, reason = "each call says why it is sound")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::mount::MountAttrFlags;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Splits the process in two. The child gets `None`.
///
/// Refused if the process has more than one thread, because the others would not be in the child and could hold locks.
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("a process with several threads cannot be split"));
    }
    // SAFETY: there is one thread, so the child holds the whole state of the program.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// The same without looking whether there is one thread only: for the child of [`fork`], which has just one.
pub(crate) fn fork_again() -> io::Result<Option<Pid>> {
    // SAFETY: the child of a fork has one thread, and none is started before this.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// Ends the process at once, without anything that was registered for its end.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: it touches nothing.
    unsafe { libc::_exit(code) }
}

/// Moves the process into new namespaces.
pub(crate) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: the table of open files stays shared.
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}

/// The version of Landlock that the kernel has, if any.
pub(crate) fn landlock_version() -> Option<u32> {
    // LANDLOCK_CREATE_RULESET_VERSION
    let version = 1;
    // SAFETY: with this flag nothing is read or made.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, version) };
    u32::try_from(answer).ok().filter(|version| *version > 0)
}

/// Ignores SIGTERM.
pub(crate) fn ignore_terminate() {
    // SAFETY: it installs no handler.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
}

/// Undoes it: what is ignored would be ignored by the program as well.
pub(crate) fn heed_terminate() {
    // SAFETY: it installs no handler.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_DFL) };
}

/// Closes every descriptor from `first` on but these.
pub(crate) fn close_all_but(kept: &[BorrowedFd<'_>], first: u32) -> io::Result<()> {
    let mut kept: Vec<u32> = kept
        .iter()
        .filter_map(|fd| u32::try_from(fd.as_raw_fd()).ok())
        .collect();
    kept.sort_unstable();
    let mut from = first;
    for fd in kept.into_iter().filter(|fd| *fd >= first).chain([u32::MAX]) {
        if fd > from {
            let last = if fd == u32::MAX { fd } else { fd - 1 };
            // SAFETY: whoever calls it ends or executes another program, and uses none of what is closed.
            if unsafe { libc::syscall(libc::SYS_close_range, from, last, 0) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        from = fd.saturating_add(1);
    }
    Ok(())
}

/// What `mount_setattr` takes, see mount_setattr(2).
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Sets attributes on a mount that `open_tree` gave, and on all below it.
pub(crate) fn restrict_mount(mount: BorrowedFd<'_>, flags: MountAttrFlags) -> io::Result<()> {
    set_attributes(mount, u64::from(flags.bits()), 0, libc::AT_RECURSIVE)
}

/// The same, for one mount alone, which may be in use.
pub(crate) fn restrict_this_mount(mount: BorrowedFd<'_>, flags: MountAttrFlags) -> io::Result<()> {
    set_attributes(mount, u64::from(flags.bits()), 0, 0)
}

/// Shows the owners of what is on a mount that nobody else has yet as a user namespace maps them.
pub(crate) fn map_owners(mount: BorrowedFd<'_>, user_namespace: BorrowedFd<'_>) -> io::Result<()> {
    let namespace = u64::try_from(user_namespace.as_raw_fd()).map_err(io::Error::other)?;
    set_attributes(mount, u64::from(MountAttrFlags::MOUNT_ATTR_IDMAP.bits()), namespace, 0)
}

fn set_attributes(mount: BorrowedFd<'_>, set: u64, user_namespace: u64, recursive: i32) -> io::Result<()> {
    let attributes = MountAttributes {
        set,
        clear: 0,
        propagation: 0,
        user_namespace,
    };
    // SAFETY: the structure is what the call reads, and its size goes with it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Sets the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    // SAFETY: a plain call; the descriptor is new and owned by nobody else.
    let socket = unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    // SAFETY: all zeroes is a valid value of this plain structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or(i16::MAX);
    // SAFETY: the request is a valid `ifreq`, which is what this call reads.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
