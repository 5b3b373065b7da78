//! Reading and writing what should not be there.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;

use crate::{got, number, refused, targets, text};

/// What every secret of the tests begins with.
const SECRET: &str = "team6-secret-";

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("read", paths) => paths.iter().for_each(|path| read(path)),
        ("read-by-symlink", [to, link]) => {
            symlink(to, link).unwrap();
            read(link);
        }
        ("read-by-hard-link", [to, link]) => {
            let _ = fs::hard_link(to, link).map_err(|error| println!("refused: link: {error}"));
            read(link);
        }
        ("read-through", [path, kind, named @ ..]) => {
            for pid in targets(named) {
                read(&format!("/proc/{pid}/{kind}{path}"));
            }
            read(&format!("/proc/self/{kind}/../../../../../../..{path}"));
        }
        ("read-descriptors", named) => targets(named).into_iter().for_each(read_descriptors),
        ("read-by-handle", [mount, kind, handle]) => read_by_handle(mount, kind, handle),
        ("make-handle", [path]) => make_handle(path),
        ("read-device", [major, minor, kind, at]) => read_device(number(major), number(minor), kind, at),
        ("read-real-device", [path]) => read_real_device(path),
        ("write", [path]) => write(path),
        ("write-same", [path]) => write_same(path),
        ("open-to-write", [path]) => match OpenOptions::new().write(true).open(path) {
            Ok(file) if !file.metadata().unwrap().file_type().is_char_device() => println!("GOT {path}"),
            Ok(_) => println!("refused: {path} is a device"),
            Err(error) => println!("refused: {path}: {error}"),
        },
        ("list", [path]) => match fs::read_dir(path).map(Iterator::count) {
            Ok(1..) => println!("GOT {path}"),
            other => println!("refused: {other:?}"),
        },
        ("find-to-write", [folder, name]) => find_to_write(Path::new(folder), name, 6),
        _ => return false,
    }
    true
}

/// Prints the beginning of a file.
pub(crate) fn read(path: &str) {
    let mut said = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(64 * 1024).read_to_end(&mut said));
    match read {
        Ok(_) => println!("{}", String::from_utf8_lossy(&said).replace('\0', "\n")),
        Err(error) => println!("refused: {path}: {error}"),
    }
}

fn read_descriptors(pid: i32) {
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        let path = entry.path();
        let small = fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() < 4096);
        if let Some(said) = small.then(|| fs::read_to_string(&path).ok()).flatten()
            && said.starts_with(SECRET)
        {
            println!("{said}");
        }
    }
}

/// What name_to_handle_at(2) fills in.
#[repr(C)]
pub(crate) struct Handle {
    bytes: u32,
    kind: i32,
    content: [u8; 128],
}

/// Prints the handle of a file, for another process to open it by.
fn make_handle(path: &str) {
    let mut handle = Handle {
        bytes: 128,
        kind: 0,
        content: [0; 128],
    };
    let mut mount = 0;
    // SAFETY: the structure has the room that it says.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            libc::AT_FDCWD,
            text(path).as_ptr(),
            &raw mut handle,
            &raw mut mount,
            0,
        )
    };
    match result {
        0 => {
            let content: String = handle.content[..handle.bytes as usize]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            println!("GOT {} {content}", handle.kind);
        }
        _ => refused("name_to_handle_at"),
    }
}

fn read_by_handle(mount: &str, kind: &str, content: &str) {
    let mut handle = Handle {
        bytes: u32::try_from(content.len() / 2).unwrap(),
        kind: kind.parse().unwrap(),
        content: [0; 128],
    };
    for (i, byte) in handle.content.iter_mut().enumerate().take(content.len() / 2) {
        *byte = u8::from_str_radix(&content[2 * i..2 * i + 2], 16).unwrap();
    }
    let folder = fs::File::open(mount).unwrap();
    // SAFETY: the structure is filled as the call wants it.
    let opened = unsafe {
        libc::syscall(
            libc::SYS_open_by_handle_at,
            std::os::fd::AsRawFd::as_raw_fd(&folder),
            &raw mut handle,
            libc::O_RDONLY,
        )
    };
    match opened {
        -1 => refused("open_by_handle_at"),
        opened => read(&format!("/proc/self/fd/{opened}")),
    }
}

fn read_device(major: i64, minor: i64, kind: &str, at: &str) {
    let kind = if kind == "block" { libc::S_IFBLK } else { libc::S_IFCHR };
    let device = libc::makedev(u32::try_from(major).unwrap(), u32::try_from(minor).unwrap());
    // SAFETY: a plain call.
    let made = unsafe { libc::mknod(text(at).as_ptr(), kind | 0o600, device) };
    if made != 0 {
        refused("mknod");
    }
    read_real_device(at);
}

fn read_real_device(path: &str) {
    let read = fs::File::open(path).map(|mut file| {
        let mut some = [0; 512];
        // Some hold nothing to read, and opening them is enough.
        file.read(&mut some).unwrap_or(1)
    });
    match read {
        Ok(1..) => println!("GOT {path}"),
        other => println!("refused: {path}: {other:?}"),
    }
}

fn write(path: &str) {
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(b"changed\n")
    };
    println!("{path}: {:?}", written());
}

/// Writes what is there already, which changes nothing but shows that it could be changed.
fn write_same(path: &str) {
    let written = fs::read(path).and_then(|there| fs::write(path, there));
    got(path, if written.is_ok() { 0 } else { -1 });
}

fn find_to_write(folder: &Path, name: &str, depth: u32) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name() == name && OpenOptions::new().write(true).open(&path).is_ok() {
            println!("GOT {}", path.display());
        }
        if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_to_write(&path, name, depth - 1);
        }
    }
}
