//! What a server must not lose: checked, and copied into a backup.
//!
//! The log comes first and what it speaks of after it, so that a copy lacks nothing which its log knows. What the copy
//! has beyond its log is what a crash leaves between a deed and its record, and effects find that and go on from it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_git::{Call, Git, GitError};
use team6_queue::{EmbeddedQueue, JobQueue, QueueError};
use team6_store::{
    Admin, BackupError, DataFolder, Finding, SqliteStore, SqliteTraceStore, StorageError, Store, TraceStore,
    backup as back_up_databases,
};

/// How long the copy of one repository may take.
const COPY: Duration = Duration::from_secs(3600);
/// How often a repository is copied again because its refs moved meanwhile. Each time there is little left to copy.
const TRIES: usize = 20;
/// What a git folder of ours holds besides objects and refs.
const SETTINGS: [&str; 3] = ["HEAD", "config", "team6.json"];

/// The records in a data folder.
#[derive(Debug, Clone)]
pub struct Records {
    data: PathBuf,
    git: Git,
}

/// Why there is no backup. What was begun of it was removed.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The databases could not be copied.
    #[error(transparent)]
    Databases(#[from] BackupError),
    /// A repository could not be copied.
    #[error("repository {} could not be copied: {source}; see that it is sound with `git -C {} fsck`, then try again", path.display(), path.display())]
    Repository {
        /// Its git folder.
        path: PathBuf,
        /// What git said.
        source: GitError,
    },
    /// A folder could not be read or written.
    #[error("{} could not be copied: {source}; see that the disk has space and that this user may write there", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Records {
    /// The records in this folder.
    pub fn new(data: PathBuf, git: Git) -> Self {
        Self { data, git }
    }

    /// Copies the databases, then the repositories that hold pull requests and what agents delivered, into the new
    /// folder `target`, while everything goes on.
    pub async fn back_up(&self, databases: &[&dyn Admin], target: &Path) -> Result<(), RecordsError> {
        back_up_databases(databases, target).await?;
        let made = self.copy_repositories(target).await;
        if made.is_err()
            && let Err(error) = fs::remove_dir_all(target)
        {
            tracing::warn!(target = %target.display(), %error, "an unfinished backup could not be removed");
        }
        made
    }

    /// A finding about the queue.
    pub fn of_queue(&self, what: String) -> Finding {
        let file = self.data.join("queue.db");
        Finding { file, what }
    }

    async fn copy_repositories(&self, target: &Path) -> Result<(), RecordsError> {
        // What agents delivered comes first: the forge is published from it.
        for (folder, name) in [("workspaces/repos", "import.git"), ("forge", "forge.git")] {
            let from = self.data.join(folder);
            for id in folders(&from)? {
                let (from, to) = (from.join(&id).join(name), target.join(folder).join(&id).join(name));
                if from.join("HEAD").is_file() {
                    self.copy(&from, &to).await?;
                }
            }
        }
        // What agents did in submodules lies nowhere else.
        let repositories = Path::new("workspaces/repos");
        for id in folders(&self.data.join(repositories))? {
            let modules = repositories.join(&id).join("modules");
            for module in folders(&self.data.join(&modules))? {
                let store = modules.join(&module).join("import.git");
                if self.data.join(&store).join("HEAD").is_file() {
                    self.copy(&self.data.join(&store), &target.join(&store)).await?;
                }
            }
        }
        Ok(())
    }

    /// Copies a repository as it stands at one moment: its refs are the same before and after.
    async fn copy(&self, from: &Path, to: &Path) -> Result<(), RecordsError> {
        let io = |source| RecordsError::Io {
            path: to.to_owned(),
            source,
        };
        let git = |source| RecordsError::Repository {
            path: from.to_owned(),
            source,
        };
        prepare(from, to).map_err(io)?;
        let mut before = self.refs(from).await.map_err(git)?;
        for _ in 0..TRIES {
            self.fetch(from, to).await.map_err(git)?;
            let after = self.refs(from).await.map_err(git)?;
            if before == after {
                break;
            }
            before = after;
        }
        flush(to).map_err(io)
    }

    async fn refs(&self, git_dir: &Path) -> Result<String, GitError> {
        let listed = self.git.call(["for-each-ref", "--format=%(objectname) %(refname)"]);
        bounded(listed.git_dir(git_dir)).text().await
    }

    async fn fetch(&self, from: &Path, to: &Path) -> Result<(), GitError> {
        let options = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--prune",
        ];
        let call = self.git.call(options).arg(from).arg("+refs/*:refs/*").git_dir(to);
        // The objects were checked when they came, and a backup does not wait for that again.
        let call = call.config("fetch.fsckObjects", "false").config("core.fsync", "all");
        bounded(call).text().await.map(drop)
    }
}

fn bounded(call: Call) -> Call {
    call.limit(COPY)
}

fn folders(of: &Path) -> Result<Vec<std::ffi::OsString>, RecordsError> {
    let io = |source| RecordsError::Io {
        path: of.to_owned(),
        source,
    };
    let entries = match fs::read_dir(of) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let names: io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    names.map_err(io)
}

/// A git folder without objects and refs, with the settings of another.
fn prepare(from: &Path, to: &Path) -> io::Result<()> {
    for folder in ["objects", "refs"] {
        DirBuilder::new().recursive(true).mode(0o700).create(to.join(folder))?;
    }
    for name in SETTINGS {
        match fs::copy(from.join(name), to.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Sees that the settings and the names of all files survive a loss of power; git has seen to the objects.
fn flush(git_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(git_dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(git_dir)?.sync_all()
}

/// Checks the databases of a folder that no server runs on, also those that cannot even be opened.
pub async fn check_at_rest(folder: &DataFolder) -> Result<Vec<Finding>, StorageError> {
    let mut found = Vec::new();
    match SqliteStore::open(folder).await {
        Ok(log) => {
            found.extend(log.check().await?);
            log.close().await;
        }
        Err(error) => found.push(beyond_reading(error)?),
    }
    match SqliteTraceStore::open(folder).await {
        Ok(traces) => {
            found.extend(traces.check().await?);
            traces.close().await;
        }
        Err(error) => found.push(beyond_reading(error)?),
    }
    let file = folder.join("queue.db");
    match EmbeddedQueue::open(&file).await {
        Ok(queue) => {
            let damage = match queue.damage().await {
                Ok(damage) => damage,
                Err(QueueError::Storage(error)) => return Err(error),
                Err(lost @ QueueError::Lost { .. }) => vec![lost.to_string()],
            };
            queue.close().await;
            found.extend(damage.into_iter().map(|what| Finding {
                file: file.clone(),
                what,
            }));
        }
        Err(error) => found.push(beyond_reading(error)?),
    }
    Ok(found)
}

/// A file that is damaged so much that it does not open is a finding; anything else that keeps it closed is a failure.
fn beyond_reading(error: StorageError) -> Result<Finding, StorageError> {
    match error {
        StorageError::Corrupt { file, detail } => {
            let mend = match file.ends_with("queue.db") {
                true => "remove it, and the log fills a new one",
                false => "restore a backup",
            };
            let what = format!("it cannot be read ({detail}): {mend}");
            Ok(Finding { file, what })
        }
        error => Err(error),
    }
}
