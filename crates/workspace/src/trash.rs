//! Folders on their way out: renamed in a moment, and removed when there is time.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where folders wait for their removal. It lies on the same file system as they do.
#[derive(Debug)]
pub(crate) struct Trash {
    folder: PathBuf,
    next: AtomicU64,
}

impl Trash {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicU64::new(0),
        }
    }

    /// Takes a folder out of the way, and tells where it is to be removed; none if it was not there.
    pub(crate) fn throw(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let thrown = loop {
            let thrown = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
            // An earlier run may have left that name.
            if fs::symlink_metadata(&thrown).is_err() {
                break thrown;
            }
        };
        match fs::rename(path, &thrown) {
            Ok(()) => Ok(Some(thrown)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes all that waits.
    pub(crate) async fn empty(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            remove(entry.path()).await;
        }
    }
}

/// Removes a folder. What cannot be removed waits for [`Trash::empty`].
pub(crate) async fn remove(path: PathBuf) {
    let shown = path.display().to_string();
    let removed = tokio::task::spawn_blocking(move || remove_all(&path)).await;
    let why = match removed {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(path = shown, why, "a workspace stays in the trash until the next start");
}

/// Also where an agent took away its own rights to folders in it.
fn remove_all(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn open_up(folder: &Path) {
    // What cannot be opened is reported by the removal that follows.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
