//! Mounts, roots and new namespaces.

use std::fs;
use std::ptr::null;

use crate::{files, got, got_past_the_guard, in_a_sandbox, pid, refused, targets, text};

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("unshare", [flag]) => got("unshare", unshare(libc::CLONE_NEWUSER | flag_of(flag))),
        ("clone", [flag]) => clone(libc::CLONE_NEWUSER | flag_of(flag)),
        ("clone3", [flag]) => clone3(libc::CLONE_NEWUSER | flag_of(flag)),
        ("enter", [kind, named @ ..]) => {
            for pid in targets(named) {
                enter(pid, kind);
            }
        }
        ("enter-and-read", [of, path]) => {
            enter(pid(of), "mnt");
            files::read(path);
        }
        ("mount-memory", [at]) => own(|| got("mount", mount("tmpfs", at, "tmpfs", 0))),
        ("mount-control-groups", [at]) => own(|| {
            got("mount cgroup2", mount("none", at, "cgroup2", 0));
            files::read(&format!("{at}/cgroup.procs"));
        }),
        ("mount-processes", [at]) => own(|| got("mount proc", mount("proc", at, "proc", 0))),
        ("bind-and-read", [from, at, file]) => own(|| {
            got("bind", mount(from, at, "", libc::MS_BIND | libc::MS_REC));
            files::read(&format!("{at}/{file}"));
        }),
        ("remount-and-write", [at, file]) => own(|| {
            if !in_a_sandbox() {
                got("bind", mount(at, at, "", libc::MS_BIND));
                got(
                    "read only",
                    mount("", at, "", libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY),
                );
                assert!(fs::write(format!("{at}/{file}"), "too early").is_err());
            }
            got("remount", mount("", at, "", libc::MS_BIND | libc::MS_REMOUNT));
            let _ = fs::write(format!("{at}/{file}"), "changed");
        }),
        ("unmount", [at]) => own(|| {
            if !in_a_sandbox() {
                mount("tmpfs", at, "tmpfs", 0);
            }
            // SAFETY: a plain call.
            let done = unsafe { libc::umount2(text(at).as_ptr(), libc::MNT_DETACH) };
            got("umount2", done.into());
        }),
        ("change-root", [at]) => own(|| change_root(at)),
        ("escape-root", [folder, path]) => escape_root(folder, path),
        ("new-mount-calls", [at]) => own(|| new_mount_calls(at)),
        ("restrict-mount", [at]) => own(|| restrict_mount(at)),
        ("rename-the-machine", []) => rename_the_machine(),
        _ => return false,
    }
    true
}

fn flag_of(name: &str) -> i32 {
    match name {
        "user" => libc::CLONE_NEWUSER,
        "mnt" => libc::CLONE_NEWNS,
        "pid" => libc::CLONE_NEWPID,
        "net" => libc::CLONE_NEWNET,
        "ipc" => libc::CLONE_NEWIPC,
        "uts" => libc::CLONE_NEWUTS,
        "cgroup" => libc::CLONE_NEWCGROUP,
        "time" => libc::CLONE_NEWTIME,
        other => panic!("which namespace is {other}?"),
    }
}

fn unshare(flags: i32) -> i64 {
    // SAFETY: a plain call in a program with one thread.
    unsafe { libc::unshare(flags) }.into()
}

/// Does something in mounts of its own, so that the machine's stay as they are.
fn own(attack: impl FnOnce()) {
    let apart = unshare(libc::CLONE_NEWNS) == 0 || unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) == 0;
    if !apart && !in_a_sandbox() {
        refused("unshare");
        return;
    }
    if apart {
        mount("none", "/", "", libc::MS_REC | libc::MS_PRIVATE);
    }
    attack();
}

fn mount(from: &str, at: &str, kind: &str, flags: u64) -> i64 {
    // SAFETY: all are strings that live through the call.
    let done = unsafe {
        libc::mount(
            text(from).as_ptr(),
            text(at).as_ptr(),
            text(kind).as_ptr(),
            flags,
            null(),
        )
    };
    done.into()
}

fn clone(flags: i32) {
    // SAFETY: like fork; the child ends at once.
    let child = unsafe { libc::syscall(libc::SYS_clone, flags | libc::SIGCHLD, 0, 0, 0, 0) };
    end_child("clone", child);
}

fn clone3(flags: i32) {
    // The arguments of clone3(2): flags, three addresses, the signal at the end, and three more.
    let mut arguments = [0_u64; 8];
    arguments[0] = i64::from(flags).cast_unsigned();
    arguments[4] = i64::from(libc::SIGCHLD).cast_unsigned();
    // SAFETY: like fork; the child ends at once.
    let child = unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), size_of_val(&arguments)) };
    end_child("clone3", child);
}

fn end_child(what: &str, child: i64) {
    if child == 0 {
        // SAFETY: it touches nothing.
        unsafe { libc::_exit(0) };
    }
    got(what, child);
}

fn enter(pid: i32, kind: &str) {
    let Ok(namespace) = fs::File::open(format!("/proc/{pid}/ns/{kind}")) else {
        println!("refused: no namespace of {pid}");
        return;
    };
    // SAFETY: a plain call.
    let done = unsafe { libc::setns(std::os::fd::AsRawFd::as_raw_fd(&namespace), 0) };
    // The user namespace that it is in already is refused for being that, not for want of rights.
    got_past_the_guard("setns", done.into());
}

fn change_root(at: &str) {
    if !in_a_sandbox() {
        mount("tmpfs", at, "tmpfs", 0);
    }
    std::env::set_current_dir(at).unwrap();
    // SAFETY: a plain call.
    let done = unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) };
    got("pivot_root", done);
}

/// The way out of a root by changing it while the current folder is outside of it.
fn escape_root(folder: &str, path: &str) {
    // SAFETY: plain calls.
    unsafe {
        if libc::chroot(text(folder).as_ptr()) != 0 {
            refused("chroot");
        }
        for _ in 0..64 {
            libc::chdir(c"..".as_ptr());
        }
        libc::chroot(c".".as_ptr());
    }
    files::read(path);
}

fn new_mount_calls(at: &str) {
    // SAFETY: all are strings that live through the calls; senseless descriptors are senseless only.
    unsafe {
        got("fsopen", libc::syscall(libc::SYS_fsopen, c"tmpfs".as_ptr(), 0));
        let cloned = libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, text(at).as_ptr(), 1);
        got("open_tree", cloned);
        let with = libc::syscall(467, libc::AT_FDCWD, text(at).as_ptr(), 1, 0, 0);
        got("open_tree_attr", with);
        let picked = libc::syscall(libc::SYS_fspick, libc::AT_FDCWD, text(at).as_ptr(), 0);
        got("fspick", picked);
        let moved = libc::syscall(libc::SYS_move_mount, cloned, c"".as_ptr(), -1, text(at).as_ptr(), 4);
        got_past_the_guard("move_mount", moved);
        got_past_the_guard("fsmount", libc::syscall(libc::SYS_fsmount, -1, 0, 0));
    }
}

fn restrict_mount(at: &str) {
    if !in_a_sandbox() {
        mount("tmpfs", at, "tmpfs", 0);
    }
    // Takes "not to be executed from" away.
    let attributes = [0_u64, 8, 0, 0];
    // SAFETY: the structure has the size that it says.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            text(at).as_ptr(),
            0,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    got("mount_setattr", done);
}

/// To the name that it has, which shows enough.
fn rename_the_machine() {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = name.trim();
    // SAFETY: the name has the length that it says.
    let done = unsafe { libc::sethostname(text(name).as_ptr(), name.len()) };
    got("sethostname", done.into());
}
