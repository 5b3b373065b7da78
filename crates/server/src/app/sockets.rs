//! Where agents reach the engine's tools: sockets outside of the data folder, because paths of sockets must be short.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::AppError;

/// The file in a folder that is locked as long as the process lives whose it is.
const OWNER: &str = "owner";

/// The folder of one server's sockets, which ends with the server.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
    _owner: File,
}

impl SocketFolder {
    /// An empty folder for the server of this name. Whoever opens it holds the lock of the data folder, so that what is
    /// found there is of a server that was killed. What others left that were killed goes too.
    pub(super) fn open(name: &str) -> Result<Self, AppError> {
        let root = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        sweep(&root);
        if root != std::env::temp_dir() {
            sweep(&std::env::temp_dir());
        }
        Self::at(root.join(format!("team6-{name}")))
    }

    fn at(path: PathBuf) -> Result<Self, AppError> {
        let removed = match fs::remove_dir_all(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        let made = removed
            .and_then(|()| fs::DirBuilder::new().mode(0o700).create(&path))
            .and_then(|()| own(&path));
        match made {
            Ok(owner) => Ok(Self { path, _owner: owner }),
            Err(source) => Err(AppError::Folder { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the folder of sockets is left");
        }
    }
}

/// Marks a folder for temporary files as one that belongs to this process, so that a later server removes it should this
/// process be killed. It does as long as the file is open.
pub fn own(folder: &Path) -> io::Result<File> {
    // It is locked before it has its name, so that nobody finds it without an owner.
    let draft = folder.join("owner.draft");
    let owner = File::create_new(&draft)?;
    owner.lock()?;
    fs::rename(&draft, folder.join(OWNER))?;
    Ok(owner)
}

/// Removes the folders of servers and demos whose processes are gone.
fn sweep(root: &Path) {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    for path in entries
        .filter(|entry| is_ours(&entry.file_name()))
        .map(|entry| entry.path())
    {
        match remove_left(&path) {
            Ok(true) => tracing::info!(path = %path.display(), "what a process left that was killed is removed"),
            Ok(false) => {}
            Err(error) => tracing::debug!(path = %path.display(), %error, "a folder of another process stays"),
        }
    }
}

/// Whether a folder of this name is that of a server's sockets, or of a demo.
fn is_ours(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix("team6-"));
    let is_hash = |rest: &str| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.is_some_and(|rest| rest.starts_with("demo-") || rest.starts_with("test-") || is_hash(rest))
}

/// Removes a folder whose owner is gone; whether it did. One without an owner's file is not known to be anybody's.
fn remove_left(path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(false);
    }
    let owner = match File::open(path.join(OWNER)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    if owner.try_lock().is_err() {
        return Ok(false);
    }
    // Somebody may have made it anew meanwhile.
    if fs::metadata(path.join(OWNER))?.ino() != owner.metadata()?.ino() {
        return Ok(false);
    }
    fs::remove_dir_all(path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a process leaves that is killed: its folder, and no lock.
    fn killed(folder: SocketFolder) -> PathBuf {
        let path = folder.path().to_owned();
        let mut folder = std::mem::ManuallyDrop::new(folder);
        folder._owner = File::open("/dev/null").unwrap();
        path
    }

    #[test]
    fn folders_of_processes_that_are_gone_are_removed_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| SocketFolder::at(root.path().join(name)).unwrap();
        let gone = killed(at("team6-0123456789abcdef"));
        let demo = killed(at("team6-demo-x1"));
        let other = killed(at("team6-web-x1"));
        let alive = at("team6-fedcba9876543210");
        let unknown = root.path().join("team6-00000000000000aa");
        fs::create_dir(&unknown).unwrap();
        sweep(root.path());
        assert!(!gone.exists() && !demo.exists());
        assert!(
            alive.path().exists() && unknown.exists(),
            "one is at work, and one may be being made"
        );
        assert!(other.exists(), "that is nobody's here");
    }

    #[test]
    fn what_a_killed_server_left_is_gone_and_so_is_the_folder_in_the_end() {
        let name = format!("test-{}", std::process::id());
        let left = SocketFolder::open(&name).unwrap();
        fs::write(left.path().join("s1-a1"), "").unwrap();
        killed(left);
        let folder = SocketFolder::open(&name).unwrap();
        let path = folder.path().to_owned();
        assert!(path.exists() && !path.join("s1-a1").exists());
        drop(folder);
        assert!(!path.exists());
    }
}
