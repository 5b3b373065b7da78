//! Folders on their way out: renamed in a moment, and removed when there is time.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where folders wait for their removal. It lies on the same file system as they do.
#[derive(Debug)]
pub(crate) struct Trash {
    folder: PathBuf,
    next: AtomicU64,
    /// What this run threw away and nobody removes yet.
    thrown: Mutex<Vec<PathBuf>>,
}

impl Trash {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicU64::new(0),
            thrown: Mutex::default(),
        }
    }

    fn thrown(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.thrown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes something out of the way, if it is there. It is removed by [`Trash::remove_thrown`].
    pub(crate) fn throw(&self, path: &Path) -> io::Result<()> {
        let thrown = loop {
            let thrown = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
            // An earlier run may have left that name.
            if fs::symlink_metadata(&thrown).is_err() {
                break thrown;
            }
        };
        match fs::rename(path, &thrown) {
            Ok(()) => {
                self.thrown().push(thrown);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes what this run threw away.
    pub(crate) async fn remove_thrown(&self) {
        let thrown = std::mem::take(&mut *self.thrown());
        for path in thrown {
            remove(path).await;
        }
    }

    /// Removes all that waits, also what earlier runs left.
    pub(crate) async fn empty(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            remove(entry.path()).await;
        }
    }
}

/// Removes a folder. What cannot be removed waits for [`Trash::empty`].
async fn remove(path: PathBuf) {
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
