//! Reading, changing and ending other processes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, FromRawFd};

use crate::{files, got, in_a_sandbox, number, pid, refused, targets};

/// Enough for the first process to be at work at a tick of the kernel's clock.
const ORPHANS: usize = 2_000;

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("read-of", [kind, named @ ..]) => {
            for pid in targets(named) {
                files::read(&format!("/proc/{pid}/{kind}"));
            }
        }
        ("read-memory", [pid, address]) => read_memory(pid, number(address)),
        ("read-memory-by-call", [of, address]) => read_memory_by_call(pid(of), number(address)),
        ("trace", [of, address]) => trace(pid(of), number(address)),
        ("seize", named) => targets(named).into_iter().for_each(seize),
        ("signal", [signal, named @ ..]) => {
            for pid in named.iter().map(|name| pid(name)) {
                // SAFETY: a plain call.
                got("kill", unsafe { libc::kill(pid, pid_of_signal(signal)) }.into());
            }
            println!("still here");
        }
        ("signal-by-descriptor", [of]) => signal_by_descriptor(pid(of)),
        ("signal-init", []) => signal_init(),
        ("signal-parents", []) => signal_parents(),
        ("signal-everybody", [only_as]) => signal_everybody(u32::try_from(number(only_as)).unwrap()),
        ("slow-down", named) => {
            for pid in named.iter().map(|name| pid(name)) {
                // SAFETY: a plain call.
                let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, pid.cast_unsigned(), 15) };
                got("setpriority", done.into());
            }
        }
        ("limit", [of]) => {
            let limit = libc::rlimit {
                rlim_cur: 77,
                rlim_max: 77,
            };
            // SAFETY: the structure is valid.
            let done = unsafe { libc::prlimit(pid(of), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
            got("prlimit", done.into());
        }
        ("take-descriptor", [of, descriptor]) => take_descriptor(pid(of), number(descriptor)),
        ("write-to-spare", [path]) => {
            let written = std::fs::write(path, "-500");
            println!("{written:?}, now {}", std::fs::read_to_string(path).unwrap());
        }
        ("compare", [with]) => {
            // SAFETY: a plain call.
            let done = unsafe { libc::syscall(libc::SYS_kcmp, libc::getpid(), pid(with), 1, 0, 0) };
            got("kcmp", done);
        }
        _ => return false,
    }
    true
}

fn pid_of_signal(name: &str) -> i32 {
    match name {
        "kill" => libc::SIGKILL,
        "stop" => libc::SIGSTOP,
        other => panic!("which signal is {other}?"),
    }
}

fn read_memory(pid: &str, address: i64) {
    let read = || -> std::io::Result<String> {
        let mut memory = File::open(format!("/proc/{pid}/mem"))?;
        memory.seek(SeekFrom::Start(address.cast_unsigned()))?;
        let mut some = [0; 64];
        let length = memory.read(&mut some)?;
        Ok(String::from_utf8_lossy(&some[..length]).replace('\0', "\n"))
    };
    println!("{:?}", read());
}

fn read_memory_by_call(pid: i32, address: i64) {
    let mut some = [0_u8; 64];
    let local = libc::iovec {
        iov_base: some.as_mut_ptr().cast(),
        iov_len: some.len(),
    };
    let remote = libc::iovec {
        iov_base: std::ptr::with_exposed_provenance_mut(usize::try_from(address).unwrap()),
        iov_len: some.len(),
    };
    // SAFETY: the local buffer has the room that it says.
    let length = unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
    match length {
        -1 => refused("process_vm_readv"),
        _ => println!("{}", String::from_utf8_lossy(&some).replace('\0', "\n")),
    }
}

fn trace(pid: i32, address: i64) {
    // SAFETY: plain calls; the process that is traced is a victim of the tests.
    unsafe {
        if libc::ptrace(libc::PTRACE_ATTACH, pid, 0, 0) != 0 {
            refused("ptrace");
            return;
        }
        libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL);
        let mut said = Vec::new();
        for word in 0..8 {
            let found = libc::ptrace(libc::PTRACE_PEEKDATA, pid, address + word * 8, 0);
            said.extend(found.to_ne_bytes());
        }
        libc::ptrace(libc::PTRACE_DETACH, pid, 0, 0);
        println!("{}", String::from_utf8_lossy(&said).replace('\0', "\n"));
    }
}

fn seize(pid: i32) {
    // SAFETY: a plain call; it ends with this process.
    let done = unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0) };
    got("ptrace", done);
}

fn signal_by_descriptor(pid: i32) {
    // SAFETY: plain calls.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        if descriptor == -1 {
            refused("pidfd_open");
            return;
        }
        let done = libc::syscall(libc::SYS_pidfd_send_signal, descriptor, libc::SIGKILL, 0, 0);
        got("pidfd_send_signal", done);
    }
}

/// Every signal to the sandbox's first process, twice, and any limit that could end it.
fn signal_init() {
    assert!(in_a_sandbox());
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: plain calls.
    unsafe {
        for signal in (1..=64).chain(1..=64) {
            libc::kill(1, signal);
        }
        for resource in [libc::RLIMIT_CPU, libc::RLIMIT_AS, libc::RLIMIT_NOFILE] {
            libc::prlimit(1, resource, &raw const none, std::ptr::null_mut());
        }
    }
    // It has work to do under those limits: the kernel looks at them when a process runs.
    for _ in 0..ORPHANS {
        leave_an_orphan();
    }
    println!("still here");
}

/// Returns when the sandbox's first process has reaped the child of a child.
fn leave_an_orphan() {
    let (mut ended, end) = std::io::pipe().unwrap();
    // SAFETY: plain calls; the children only end.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: as above.
        unsafe {
            let orphan = libc::fork();
            if orphan != 0 {
                libc::write(end.as_raw_fd(), (&raw const orphan).cast(), size_of_val(&orphan));
            }
            libc::_exit(0);
        }
    }
    let mut orphan = [0; size_of::<libc::pid_t>()];
    ended.read_exact(&mut orphan).unwrap();
    let orphan = libc::pid_t::from_ne_bytes(orphan);
    assert!(orphan > 0);
    // SAFETY: plain calls; signal 0 only asks whether there is such a process.
    unsafe {
        libc::waitpid(child, std::ptr::null_mut(), 0);
        while libc::kill(orphan, 0) == 0 {
            libc::sched_yield();
        }
    }
}

/// Kills the supervisor: the parent where there is no sandbox, and any number that could be one where there is.
fn signal_parents() {
    wait_for_the_start();
    // SAFETY: plain calls; outside of a sandbox the parent is the supervisor.
    unsafe {
        if in_a_sandbox() {
            for pid in targets(&[]) {
                libc::kill(pid, libc::SIGKILL);
            }
            println!("still here");
        } else {
            libc::kill(libc::getppid(), libc::SIGKILL);
        }
    }
}

/// Until it is said that the program runs, which whoever is ended here has to say.
fn wait_for_the_start() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// As a user that has no other process, lest it end what is none of the test's.
fn signal_everybody(only_as: u32) {
    wait_for_the_start();
    // SAFETY: plain calls.
    unsafe {
        assert!(in_a_sandbox() || (libc::geteuid() == only_as && only_as > 60_000));
        got("kill everybody", libc::kill(-1, libc::SIGKILL).into());
    }
}

fn take_descriptor(pid: i32, descriptor: i64) {
    // SAFETY: plain calls; what was taken is owned here.
    unsafe {
        let process = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        let taken = libc::syscall(libc::SYS_pidfd_getfd, process, descriptor, 0);
        if taken == -1 {
            refused("pidfd_getfd");
            return;
        }
        let mut said = String::new();
        let mut file = File::from_raw_fd(i32::try_from(taken).unwrap());
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut said).unwrap();
        println!("{said}");
    }
}
