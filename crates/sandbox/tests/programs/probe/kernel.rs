//! The parts of the kernel by which others have got out of sandboxes. Nothing here can harm a machine: where a call could,
//! its arguments make no sense, and what counts is whether the kernel got as far as looking at them.

use std::ptr::null;

use crate::{got, got_past_the_guard, pid, refused, text};

/// `KEY_SPEC_USER_KEYRING`
const USER_KEYRING: i64 = -4;
const KEYCTL_SEARCH: i64 = 10;
const KEYCTL_READ: i64 = 11;
const KEYCTL_SET_TIMEOUT: i64 = 15;

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("add-key", [name]) => got("add_key", add_key(name, "nothing")),
        ("read-key", [name]) => read_key(name),
        ("ring", []) => {
            let parameters = [0_u8; 120];
            // SAFETY: the structure has the size that the call reads and writes.
            got("io_uring_setup", unsafe {
                libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_ptr())
            });
        }
        ("kernel-programs", []) => {
            // BPF_MAP_CREATE of an array with one entry: kind, key, value, entries, flags.
            let attributes = [2_u32, 4, 4, 1, 0, 0, 0, 0];
            // SAFETY: the structure has the size that it says.
            got("bpf", unsafe {
                libc::syscall(libc::SYS_bpf, 0, attributes.as_ptr(), size_of_val(&attributes))
            });
        }
        ("watch-performance", []) => {
            // A software clock of the whole first processor: kind 1, size 64.
            let mut attributes = [0_u32; 16];
            (attributes[0], attributes[1]) = (1, 64);
            // SAFETY: the structure has the size that it says.
            got("perf_event_open", unsafe {
                libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), -1, 0, -1, 0)
            });
        }
        ("handle-faults", []) => {
            // Of user space only, which ordinary users may.
            // SAFETY: a plain call.
            got("userfaultfd", unsafe { libc::syscall(libc::SYS_userfaultfd, 1) });
        }
        ("senseless", [call]) => senseless(call),
        ("type-into-terminal", []) => type_into_terminal(),
        ("ports", []) => {
            // SAFETY: a plain call.
            got("ioperm", unsafe { libc::syscall(libc::SYS_ioperm, 0x80, 1, 1) });
        }
        ("steal-time", [of]) => {
            let parameter = [1_i32];
            // SAFETY: the structure is what the call reads.
            let done = unsafe { libc::sched_setscheduler(pid(of), libc::SCHED_FIFO, parameter.as_ptr().cast()) };
            got("sched_setscheduler", done.into());
        }
        _ => return false,
    }
    true
}

/// Into the keyring of the user, for a minute.
pub(crate) fn add_key(name: &str, secret: &str) -> i64 {
    // SAFETY: the secret has the length that it says.
    unsafe {
        let key = libc::syscall(
            libc::SYS_add_key,
            c"user".as_ptr(),
            text(name).as_ptr(),
            secret.as_ptr(),
            secret.len(),
            USER_KEYRING,
        );
        if key != -1 {
            libc::syscall(libc::SYS_keyctl, KEYCTL_SET_TIMEOUT, key, 60);
        }
        key
    }
}

fn read_key(name: &str) {
    let mut some = [0_u8; 64];
    // SAFETY: the buffer has the length that it says.
    unsafe {
        let key = libc::syscall(
            libc::SYS_keyctl,
            KEYCTL_SEARCH,
            USER_KEYRING,
            c"user".as_ptr(),
            text(name).as_ptr(),
            0,
        );
        if key == -1 {
            refused("keyctl");
        }
        libc::syscall(libc::SYS_keyctl, KEYCTL_READ, key, some.as_mut_ptr(), some.len());
    }
    println!("{}", String::from_utf8_lossy(&some).replace('\0', ""));
}

fn senseless(call: &str) {
    let nowhere = c"/nonexistent/team6".as_ptr();
    // SAFETY: each is refused for its arguments by whoever lets it through, and changes nothing.
    let result = unsafe {
        match call {
            // More segments than there can be.
            "kexec_load" => libc::syscall(libc::SYS_kexec_load, 0, 1000, null::<u8>(), 0),
            "kexec_file_load" => libc::syscall(libc::SYS_kexec_file_load, -1, -1, 0, c"".as_ptr(), 0),
            "init_module" => libc::syscall(libc::SYS_init_module, null::<u8>(), 0, c"".as_ptr()),
            "finit_module" => libc::syscall(libc::SYS_finit_module, -1, c"".as_ptr(), 0),
            "delete_module" => libc::syscall(libc::SYS_delete_module, c"no_such_module_of_team6".as_ptr(), 0),
            // Without the numbers that make it one.
            "reboot" => libc::syscall(libc::SYS_reboot, 0, 0, 0, 0),
            "swapon" => libc::syscall(libc::SYS_swapon, nowhere, 0),
            "swapoff" => libc::syscall(libc::SYS_swapoff, nowhere),
            "acct" => libc::syscall(libc::SYS_acct, nowhere),
            "quotactl" => libc::syscall(libc::SYS_quotactl, -1, nowhere, 0, 0),
            // The size of the kernel's log.
            "syslog" => libc::syscall(libc::SYS_syslog, 10, 0, 0),
            "fanotify_init" => libc::syscall(libc::SYS_fanotify_init, 0, 0),
            other => panic!("which call is {other}?"),
        }
    };
    got_past_the_guard(call, result);
}

/// Types a character into a terminal of its own making, as if a person had.
fn type_into_terminal() {
    // SAFETY: plain calls; the name has the room that it says.
    unsafe {
        let person = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY);
        let mut name = [0; 64];
        libc::grantpt(person);
        libc::unlockpt(person);
        if libc::ptsname_r(person, name.as_mut_ptr(), name.len()) != 0 {
            refused("open a terminal");
            return;
        }
        if libc::fork() == 0 {
            libc::setsid();
            let terminal = libc::open(name.as_ptr(), libc::O_RDWR);
            libc::ioctl(terminal, libc::TIOCSCTTY, 0);
            got("type", libc::ioctl(terminal, libc::TIOCSTI, c"x".as_ptr()).into());
            libc::_exit(0);
        }
        libc::wait(std::ptr::null_mut());
    }
}
