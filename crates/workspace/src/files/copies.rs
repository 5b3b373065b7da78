//! Whole trees, each of its own: snapshots, copies that share their blocks, or checkouts.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Files;
use crate::pool::Pool;

/// How many copies are kept ready of the newest generation.
const READY: usize = 2;
/// The type of a btrfs file system, see statfs(2).
const BTRFS: i64 = 0x9123_683e;

/// Whether subvolumes can be made below this folder.
pub(crate) fn is_btrfs(folder: &Path) -> bool {
    let is = rustix::fs::statfs(folder).is_ok_and(|found| found.f_type == BTRFS);
    is && which("btrfs")
}

fn which(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether files can share blocks in this folder.
pub(crate) fn reflinks(folder: &Path) -> bool {
    let (one, other) = (folder.join(".reflink-a"), folder.join(".reflink-b"));
    let tried = fs::write(&one, "x").and_then(|()| clone_file(&one, &other));
    let _ = (fs::remove_file(&one), fs::remove_file(&other));
    tried.is_ok()
}

fn clone_file(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (fs::File::open(from)?, fs::File::create(to)?);
    Ok(rustix::fs::ioctl_ficlone(&to, &from)?)
}

/// Moves what lies at a path; nothing is moved through a link. Out of a snapshot a file can only be copied, which shares its
/// blocks.
pub(crate) fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            if !fs::symlink_metadata(from)?.is_file() {
                return Err(error);
            }
            clone_file(from, to).or_else(|_| fs::copy(from, to).map(drop))?;
            fs::remove_file(from)
        }
        renamed => renamed,
    }
}

/// Copies of the trees of generations.
#[derive(Debug)]
pub(crate) struct Copies {
    files: Files,
    /// Where copies wait that are ready, a folder for each generation.
    pool: PathBuf,
}

impl Copies {
    pub(crate) fn new(files: Files, pool: PathBuf) -> Self {
        Self { files, pool }
    }

    /// Makes the folder that a generation's tree is written into.
    pub(crate) fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match self.files {
            Files::Snapshot => btrfs(&["subvolume", "create"], &[folder]),
            _ => fs::create_dir_all(folder),
        }
    }

    /// Puts a copy of `tree` to where nothing is. `name` is that of the generation. Blocks.
    pub(crate) fn take(&self, name: &str, tree: &Path, to: &Path) -> io::Result<()> {
        match Pool::new(self.pool.join(name)).take(to) {
            true => Ok(()),
            false => self.copy(tree, to),
        }
    }

    /// Whether copies are made ahead of time.
    pub(crate) fn keeps_ready(&self) -> bool {
        matches!(self.files, Files::Reflink | Files::Pool)
    }

    /// Makes as many copies as are to be ready, and removes those of other generations. Blocks.
    pub(crate) fn refill(&self, name: &str, tree: &Path) -> io::Result<()> {
        for entry in fs::read_dir(&self.pool).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy() != name {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Pool::new(self.pool.join(name)).refill(READY, |making| self.copy(tree, making))
    }

    /// Makes a copy where nothing is. Blocks.
    pub(crate) fn copy(&self, tree: &Path, to: &Path) -> io::Result<()> {
        match self.files {
            Files::Snapshot => btrfs(&["subvolume", "snapshot"], &[tree, to]),
            Files::Reflink => copy_tree(tree, to, &clone_file),
            Files::Overlay | Files::Pool | Files::Checkout => {
                copy_tree(tree, to, &|from, to| fs::copy(from, to).map(drop))
            }
        }
    }
}

fn btrfs(command: &[&str], paths: &[&Path]) -> io::Result<()> {
    let output = Command::new("btrfs").args(command).args(paths).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        )),
    }
}

/// Copies a tree where nothing is. Blocks.
pub(crate) fn copy_plain(from: &Path, to: &Path) -> io::Result<()> {
    copy_tree(from, to, &|from, to| fs::copy(from, to).map(drop))
}

/// Modes and times are kept: git knows by them that nothing was changed.
fn copy_tree(from: &Path, to: &Path, copy: &dyn Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let found = entry.metadata()?;
        if found.is_dir() {
            copy_tree(&source, &target, copy)?;
        } else if found.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else {
            copy(&source, &target)?;
            let file = fs::File::options().write(true).open(&target)?;
            file.set_times(fs::FileTimes::new().set_modified(found.modified()?))?;
            file.set_permissions(fs::Permissions::from_mode(found.mode() & 0o777))?;
        }
    }
    Ok(())
}
