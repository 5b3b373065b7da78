//! Regaining rights, and leaving programs behind that lend them.

use std::ffi::CStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::{files, got, refused, text};

/// A file that runs as its owner.
const LENDING: u32 = 0o4755;

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("become-root", [path]) => {
            // SAFETY: plain calls.
            unsafe {
                got("setgroups", libc::setgroups(1, [0].as_ptr()).into());
                got("setresgid", libc::setresgid(0, 0, 0).into());
                got("setresuid", libc::setresuid(0, 0, 0).into());
            }
            files::read(path);
        }
        ("raise-capabilities", []) => raise_capabilities(),
        ("lend", [how, path]) => lend(how, path),
        ("lend-capability", [path]) => {
            fs::write(path, "").unwrap();
            // cap_dac_override, to be effective at once.
            let value: [u8; 20] = [1, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            // SAFETY: the value has the length that it says.
            let done = unsafe {
                libc::setxattr(
                    text(path).as_ptr(),
                    c"security.capability".as_ptr(),
                    value.as_ptr().cast(),
                    value.len(),
                    0,
                )
            };
            got("setxattr", done.into());
        }
        // Runs a program that lends rights, to do something by them.
        ("run-lending", [program, deed @ ..]) => {
            let output = std::process::Command::new(program).args(deed).output();
            println!("{output:?}");
        }
        _ => return false,
    }
    true
}

/// Drops them and takes them back, which works for whoever is permitted any.
fn raise_capabilities() {
    // The header of capset(2), version 3, for this process; then effective, permitted, inheritable, twice.
    let header = [0x2008_0522_u32, 0];
    let mut given = [0_u32; 6];
    // SAFETY: the structures have the sizes that the calls read and write.
    unsafe {
        libc::syscall(libc::SYS_capget, header.as_ptr(), given.as_mut_ptr());
        given[0] = 0;
        libc::syscall(libc::SYS_capset, header.as_ptr(), given.as_ptr());
        // The right to administer the system.
        let wanted = 1 << 21;
        given[0] = wanted;
        given[1] |= wanted;
        got(
            "capset",
            libc::syscall(libc::SYS_capset, header.as_ptr(), given.as_ptr()),
        );
    }
}

fn lend(how: &str, path: &str) {
    let at = text(path);
    if how.contains("chmod") {
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mode = LENDING;
    // SAFETY: plain calls with strings that live through them.
    unsafe {
        let done: i64 = match how {
            "chmod" => libc::chmod(at.as_ptr(), mode).into(),
            "chmod-group" => libc::chmod(at.as_ptr(), 0o2755).into(),
            "fchmod" => libc::fchmod(libc::open(at.as_ptr(), libc::O_RDONLY), mode).into(),
            "fchmodat" => libc::syscall(libc::SYS_fchmodat, libc::AT_FDCWD, at.as_ptr(), mode),
            "fchmodat2" => libc::syscall(libc::SYS_fchmodat2, libc::AT_FDCWD, at.as_ptr(), mode, 0),
            "open" => libc::syscall(libc::SYS_open, at.as_ptr(), libc::O_CREAT | libc::O_WRONLY, mode),
            "openat" => libc::syscall(libc::SYS_openat, libc::AT_FDCWD, at.as_ptr(), libc::O_CREAT, mode),
            "creat" => libc::syscall(libc::SYS_creat, at.as_ptr(), mode),
            "openat2" => {
                let flags = u64::from((libc::O_CREAT | libc::O_WRONLY).cast_unsigned());
                let asked = [flags, mode.into(), 0];
                libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, at.as_ptr(), asked.as_ptr(), 24)
            }
            "mknod" => libc::mknod(at.as_ptr(), libc::S_IFREG | mode, 0).into(),
            "tmpfile" => without_a_name(&at, mode),
            "x32-chmod" => libc::syscall(0x4000_0000 | libc::SYS_chmod, at.as_ptr(), mode),
            "i386-chmod" => as_another_machine(&at, mode),
            other => panic!("how is {other}?"),
        };
        got(how, done);
    }
}

/// Makes a file that has no name yet, then names it.
fn without_a_name(path: &CStr, mode: u32) -> i64 {
    // SAFETY: plain calls with strings that live through them.
    unsafe {
        let file = libc::open(c".".as_ptr(), libc::O_TMPFILE | libc::O_RDWR, mode);
        if file == -1 {
            refused("make a file without a name");
            return -1;
        }
        let itself = text(&format!("/proc/self/fd/{file}"));
        libc::linkat(
            libc::AT_FDCWD,
            itself.as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_SYMLINK_FOLLOW,
        )
        .into()
    }
}

/// chmod(2) as programs of 32 bits call it, whose numbers are others.
#[cfg(target_arch = "x86_64")]
fn as_another_machine(path: &CStr, mode: u32) -> i64 {
    let bytes = path.to_bytes_with_nul();
    // SAFETY: the path is copied to where 32 bits reach; the call gets what it expects and its registers are kept.
    unsafe {
        let low = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT,
            -1,
            0,
        );
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), low.cast(), bytes.len());
        let mut result: i64 = 15;
        std::arch::asm!(
            "xchg {path}, rbx", "int 0x80", "xchg {path}, rbx",
            path = inout(reg) low.addr() => _,
            inout("rax") result,
            in("rcx") u64::from(mode),
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
        if result < 0 { -1 } else { 0 }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn as_another_machine(_: &CStr, _: u32) -> i64 {
    -1
}
