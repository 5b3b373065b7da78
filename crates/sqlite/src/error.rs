//! What can go wrong with a file, by what the caller or the operator can do about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a database file could not be read or written. Nothing of the refused transaction was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// Somebody else holds the file locked, or all readers are taken; the same call may succeed later.
    #[error("{} is busy: try again, and see whether another program has it open", file.display())]
    Busy {
        /// The database file.
        file: PathBuf,
    },
    /// The disk, or the size allowed for the file, is used up.
    #[error("{} cannot grow because the disk is full: free some space, then try again", file.display())]
    DiskFull {
        /// The database file.
        file: PathBuf,
    },
    /// The file is damaged, or is no database.
    #[error("{} is damaged ({detail}): run `team6 admin check`, and restore a backup if it confirms", file.display())]
    Corrupt {
        /// The database file.
        file: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A later version of the program wrote the file.
    #[error("{} has schema {found}, and this program knows schemas up to {known}: upgrade team6", file.display())]
    NewerSchema {
        /// The database file.
        file: PathBuf,
        /// The schema's number in the file.
        found: u32,
        /// The highest number that this program knows.
        known: u32,
    },
    /// The database was closed, because the program is ending.
    #[error("{} is closed because team6 is stopping: try again once it runs", file.display())]
    Closed {
        /// The database file.
        file: PathBuf,
    },
    /// The file system or the database refused for another reason.
    #[error("{} could not be used: {source}", file.display())]
    Io {
        /// The database file.
        file: PathBuf,
        /// What the database said.
        source: Arc<sqlx::Error>,
    },
}

impl StorageError {
    /// Sorts what the database said about `file`.
    pub fn from_sql(file: &Path, source: sqlx::Error) -> Self {
        let file = file.to_owned();
        match &source {
            sqlx::Error::PoolTimedOut => Self::Busy { file },
            sqlx::Error::PoolClosed => Self::Closed { file },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt {
                file,
                detail: source.to_string(),
            },
            sqlx::Error::Database(error) => match error.code().and_then(|code| code.parse::<u32>().ok()) {
                // The low byte is the primary result code; see "Result and Error Codes" in SQLite's documentation.
                Some(SHARED_MEMORY_CANNOT_GROW) => Self::DiskFull { file },
                Some(code) if matches!(code & 0xff, BUSY | LOCKED) => Self::Busy { file },
                Some(code) if code & 0xff == FULL => Self::DiskFull { file },
                Some(code) if matches!(code & 0xff, CORRUPT | NOT_A_DATABASE) => Self::Corrupt {
                    file,
                    detail: error.message().to_owned(),
                },
                _ => Self::Io {
                    file,
                    source: Arc::new(source),
                },
            },
            _ => Self::Io {
                file,
                source: Arc::new(source),
            },
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const NOT_A_DATABASE: u32 = 26;
const SHARED_MEMORY_CANNOT_GROW: u32 = 10 | (19 << 8);
