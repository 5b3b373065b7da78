//! Where agents reach the engine's tools: sockets outside of the data folder, because paths of sockets must be short.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::AppError;

/// The folder of one server's sockets, which ends with the server.
#[derive(Debug)]
pub(super) struct SocketFolder(PathBuf);

impl SocketFolder {
    /// An empty folder for the server of this name. Whoever opens it holds the lock of the data folder, so that what is
    /// found there is of a server that was killed.
    pub(super) fn open(name: &str) -> Result<Self, AppError> {
        let root = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = root.join(format!("team6-{name}"));
        let removed = match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        let made = removed.and_then(|()| std::fs::DirBuilder::new().mode(0o700).create(&path));
        match made {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(AppError::Folder { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the folder of sockets is left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_server_left_is_gone_and_so_is_the_folder_in_the_end() {
        let name = format!("test-{}", std::process::id());
        let killed = SocketFolder::open(&name).unwrap();
        std::fs::write(killed.path().join("s1-a1"), "").unwrap();
        std::mem::forget(killed);
        let folder = SocketFolder::open(&name).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
        drop(folder);
        assert!(!path.exists());
    }
}
