//! Using up what others need as well. Each says `GOT` when it holds all that it wanted, and then holds it for a while.

use std::any::Any;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::FromRawFd;
use std::thread;
use std::time::Duration;

use crate::number;

const MB: usize = 1_000_000;

/// What is held until it is dropped.
type Kept = Option<Box<dyn Any>>;

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    let (attack, amount, hold) = match (name, arguments) {
        ("fill", [attack, amount, hold]) => (*attack, usize::try_from(number(amount)).unwrap(), number(hold)),
        _ => return false,
    };
    let hold = Duration::from_millis(hold.cast_unsigned());
    let filled = match attack {
        "disk" => fill(File::create("filled"), amount),
        "unlinked" => {
            let file = File::create("filled");
            fs::remove_file("filled").unwrap();
            fill(file, amount)
        }
        "hidden" => hidden(amount),
        "deep" => deep(amount),
        "files" => files(".", amount),
        "memory-files" => files("/tmp", amount),
        "huge-file" => huge_file(amount),
        "memory" => memory(amount),
        "memory-file" => memory_file(amount),
        "shared-memory" => shared_memory(amount),
        "processes" => processes(amount),
        other => panic!("what is {other}?"),
    };
    match filled {
        Ok(kept) => {
            // A limit that is looked at from time to time must have had the time to be looked at.
            thread::sleep(hold);
            println!("GOT {attack}");
            drop(kept);
        }
        Err(error) => println!("refused: {attack}: {error}"),
    }
    true
}

fn fill(file: io::Result<File>, megabytes: usize) -> io::Result<Kept> {
    let mut file = file?;
    for _ in 0..megabytes {
        file.write_all(&vec![1; MB])?;
    }
    Ok(Some(Box::new(file)))
}

/// In a folder that even its owner may not look into.
fn hidden(megabytes: usize) -> io::Result<Kept> {
    fs::create_dir("hidden")?;
    let file = File::create("hidden/filled");
    fs::set_permissions("hidden", std::os::unix::fs::PermissionsExt::from_mode(0o000))?;
    let filled = fill(file, megabytes);
    fs::set_permissions("hidden", std::os::unix::fs::PermissionsExt::from_mode(0o000))?;
    filled
}

/// Deeper than any path can say.
fn deep(megabytes: usize) -> io::Result<Kept> {
    for _ in 0..400 {
        fs::create_dir("twenty-letters-or-so")?;
        std::env::set_current_dir("twenty-letters-or-so")?;
    }
    fill(File::create("filled"), megabytes)
}

/// Files that hold nothing.
fn files(folder: &str, count: usize) -> io::Result<Kept> {
    let folder = format!("{folder}/filled-{}", std::process::id());
    fs::create_dir(&folder)?;
    for i in 0..count {
        File::create(format!("{folder}/{i}"))?;
    }
    if folder.starts_with("/tmp") {
        fs::remove_dir_all(folder)?;
    }
    Ok(None)
}

/// Large but with nothing in it.
fn huge_file(megabytes: usize) -> io::Result<Kept> {
    // SAFETY: a program that is not told otherwise ends when it goes beyond.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let file = File::create("filled")?;
    file.set_len(u64::try_from(megabytes * MB).unwrap())?;
    Ok(Some(Box::new(file)))
}

fn memory(megabytes: usize) -> io::Result<Kept> {
    Ok(Some(Box::new(vec![1_u8; megabytes * MB])))
}

/// Memory that belongs to no process's own.
fn memory_file(megabytes: usize) -> io::Result<Kept> {
    // SAFETY: the descriptor is new.
    let file = unsafe { File::from_raw_fd(libc::memfd_create(c"filled".as_ptr(), 0)) };
    fill(Ok(file), megabytes)
}

/// Memory that stays when everybody has let go of it.
fn shared_memory(megabytes: usize) -> io::Result<Kept> {
    // SAFETY: what is attached has the size that was asked for, and is detached at once.
    unsafe {
        let segment = libc::shmget(libc::IPC_PRIVATE, megabytes * MB, libc::IPC_CREAT | 0o600);
        if segment == -1 {
            return Err(io::Error::last_os_error());
        }
        let at = libc::shmat(segment, std::ptr::null(), 0);
        std::ptr::write_bytes(at.cast::<u8>(), 1, megabytes * MB);
        libc::shmdt(at);
        Ok(Some(Box::new(Segment(segment))))
    }
}

/// Stays when everybody has let go of it, but not after the test.
struct Segment(i32);

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: a plain call.
        unsafe { libc::shmctl(self.0, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

fn processes(count: usize) -> io::Result<Kept> {
    let mut children = Vec::new();
    let mut trouble = None;
    for _ in 0..count {
        // SAFETY: the child waits for nothing but its end.
        let child = unsafe { libc::fork() };
        match child {
            -1 => {
                trouble = Some(io::Error::last_os_error());
                break;
            }
            // SAFETY: as above.
            0 => unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::pause();
                libc::_exit(0);
            },
            child => children.push(child),
        }
    }
    for child in children {
        // SAFETY: children of its own.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
    }
    trouble.map_or(Ok(None), Err)
}
