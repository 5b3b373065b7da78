//! The folder that holds everything a server remembers, held by one program at a time.
//!
//! Two servers on one folder would each believe to be the only writer, so the folder is locked for as long as it is open.
//! The lock belongs to the open file: it ends with the program, however that ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a lock is waited for. Between the beginning of a process and its program lie milliseconds, more on a busy machine.
const PATIENCE: Duration = Duration::from_millis(500);

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another program has it open.
    #[error("data folder {} is in use by process {pid}: stop that one, or choose another folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process id of the holder, as far as known.
        pid: String,
    },
    /// It could not be made or opened.
    #[error("data folder {} could not be opened: {source}; see that it is a folder this user may write to", path.display())]
    Io {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A data folder, locked until the last clone is dropped.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
    _lock: Arc<File>,
}

impl DataFolder {
    /// Makes the folder where needed, for this user only, and locks it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataFolderError> {
        let path = path.into();
        let io = |source| DataFolderError::Io {
            path: path.clone(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(io)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("team6.lock"))
            .map_err(io)?;
        match lock_soon(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read_pid(&mut lock);
                return Err(DataFolderError::InUse { path, pid });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        write_pid(&mut lock).map_err(io)?;
        Ok(Self {
            path,
            _lock: Arc::new(lock),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

/// A process that its holder was just starting has the file as well, until it has become another program: so a lock that
/// is given up at this moment, by an end of any kind, is waited for.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            outcome => return outcome,
        }
    }
}

fn write_pid(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

fn read_pid(lock: &mut File) -> String {
    let mut text = String::new();
    let read = lock.take(20).read_to_string(&mut text);
    let pid = text.trim();
    if read.is_ok() && !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()) {
        pid.to_owned()
    } else {
        "unknown".to_owned()
    }
}
