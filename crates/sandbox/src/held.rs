//! What a tree holds of disk and memory, counted where an agent may try not to be counted: names that lead elsewhere,
//! folders that may not be looked into or are too deep for any path, files with nothing in them, files without names.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, chmod, openat, statat, statfs};

use crate::proc::Process;

/// What a name takes at least, in bytes: file systems run out of those as well.
const NAME: u64 = 4096;
/// Folders within folders that are looked into, each of which takes a descriptor meanwhile. No real work goes deeper.
const DEEPEST: usize = 500;
/// The kind of file systems that lie in memory, see statfs(2).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x9584_58f6];

/// What a folder holds on the disk, in bytes; what is more than `most` is not counted on.
pub fn held(folder: &Path, most: u64) -> u64 {
    let mut sum = 0;
    let mut open: Vec<Dir> = look_into(CWD, folder).into_iter().collect();
    while let Some(folder) = open.last_mut() {
        let Some(entry) = folder.next() else {
            open.pop();
            continue;
        };
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(within) = folder.fd() else { continue };
        let Ok(found) = statat(within, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let blocks = u64::try_from(found.st_blocks).unwrap_or(0);
        sum += (blocks * 512).max(NAME);
        let is_folder = FileType::from_raw_mode(found.st_mode) == FileType::Directory;
        let next = is_folder.then(|| look_into(within, Path::new(OsStr::from_bytes(name.to_bytes()))));
        if sum > most || (is_folder && open.len() >= DEEPEST) {
            return most.saturating_add(1);
        }
        open.extend(next.into_iter().flatten());
    }
    sum
}

/// Opens a folder, and nothing that has taken its place.
fn look_into(within: BorrowedFd<'_>, name: &Path) -> io::Result<Dir> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(within, name, flags | OFlags::RDONLY, Mode::empty());
    let opened: OwnedFd = match opened {
        // Whoever hides what it wrote is not to be counted less.
        Err(rustix::io::Errno::ACCESS) => {
            let hidden = openat(within, name, flags | OFlags::PATH, Mode::empty())?;
            let itself = format!("/proc/self/fd/{}", hidden.as_raw_fd());
            chmod(itself, Mode::RWXU)?;
            openat(&hidden, ".", flags | OFlags::RDONLY, Mode::empty())?
        }
        opened => opened?,
    };
    Ok(Dir::new(opened)?)
}

/// What files without a name take, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Nameless {
    pub(crate) disk: u64,
    pub(crate) memory: u64,
}

/// What these processes have open and nobody else could find.
pub(crate) fn nameless(processes: &[Process]) -> Nameless {
    let mut sum = Nameless::default();
    let mut seen = BTreeSet::new();
    for process in processes {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", process.id.pid));
        for descriptor in descriptors.into_iter().flatten().flatten() {
            let path = descriptor.path();
            let Ok(found) = fs::metadata(&path) else { continue };
            if !found.is_file() || found.nlink() > 0 || !seen.insert((found.dev(), found.ino())) {
                continue;
            }
            let in_memory = statfs(&path).is_ok_and(|system| IN_MEMORY.contains(&system.f_type));
            let used = found.blocks() * 512;
            match in_memory {
                true => sum.memory += used,
                false => sum.disk += used,
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder that is removed with the test.
    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn names_count_and_links_are_not_followed() {
        let (folder, other) = (folder(), folder());
        fs::write(other.path().join("large"), vec![1; 1_000_000]).expect("a file");
        fs::write(folder.path().join("empty"), "").expect("a file");
        symlink(other.path(), folder.path().join("link")).expect("a link");
        assert_eq!(held(folder.path(), u64::MAX), 2 * NAME);
        assert_eq!(held(other.path(), 100_000), 100_001, "no more than need be known");
    }

    #[test]
    fn what_has_taken_the_place_of_a_folder_is_neither_looked_into_nor_changed() {
        let (folder, victim) = (folder(), folder());
        let file = victim.path().join("file");
        fs::write(&file, "").expect("a file");
        let before = fs::metadata(&file).expect("a file").mode();
        for to in [file.as_path(), victim.path()] {
            symlink(to, folder.path().join("was-a-folder")).expect("a link");
            let opened = fs::File::open(folder.path()).expect("a folder");
            assert!(look_into(std::os::fd::AsFd::as_fd(&opened), Path::new("was-a-folder")).is_err());
            fs::remove_file(folder.path().join("was-a-folder")).expect("a link");
        }
        assert_eq!(fs::metadata(&file).expect("a file").mode(), before);
    }
}
