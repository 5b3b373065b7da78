//! What an operator needs: is everything sound, and a copy to restore from.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Serialize;
use team6_sqlite::StorageError;

/// Something that a check found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The database file.
    pub file: PathBuf,
    /// What is wrong, for people.
    pub what: String,
}

/// Care for one database.
#[async_trait]
pub trait Admin: Send + Sync {
    /// What is wrong with the database, at most a hundred findings of a kind; nothing for a sound one.
    async fn check(&self) -> Result<Vec<Finding>, StorageError>;

    /// Writes a consistent copy into a folder, under the name that the database has, while the program goes on.
    async fn copy_into(&self, folder: &Path) -> Result<(), StorageError>;
}

/// Why there is no backup. What was begun of it was removed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("backup {} exists already: choose a new folder", target.display())]
    Exists {
        /// The target.
        target: PathBuf,
    },
    /// The target could not be made.
    #[error("backup {} could not be made: {source}; see that its parent is a folder this user may write to", target.display())]
    Io {
        /// The target.
        target: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A database could not be read, or its copy not be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Copies the databases, one after the other, into the new folder `target`; each copy is consistent in itself.
///
/// Give the log before what hangs on it, so that the copies of the later ones know at least as much.
pub async fn backup(databases: &[&dyn Admin], target: &Path) -> Result<(), BackupError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists {
            target: target.to_owned(),
        },
        _ => BackupError::Io {
            target: target.to_owned(),
            source,
        },
    };
    DirBuilder::new().mode(0o700).create(target).map_err(io)?;
    let made = copy_all(databases, target).await;
    if made.is_err()
        && let Err(error) = fs::remove_dir_all(target)
    {
        tracing::warn!(target = %target.display(), %error, "an unfinished backup could not be removed");
    }
    made
}

async fn copy_all(databases: &[&dyn Admin], target: &Path) -> Result<(), BackupError> {
    for database in databases {
        database.copy_into(target).await?;
    }
    flush(target).map_err(|source| BackupError::Io {
        target: target.to_owned(),
        source,
    })
}

/// Sees that the copies survive a loss of power.
fn flush(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        File::open(file?.path())?.sync_all()?;
    }
    File::open(folder)?.sync_all()
}
