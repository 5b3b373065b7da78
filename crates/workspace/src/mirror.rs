//! What all workspaces of a repository share: a mirror of it, and the import store for what agents committed.
//!
//! The mirror holds nothing but what was fetched; the import store borrows its objects and adds those of the tasks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use team6_core::ids::{CommitId, RepositoryId};
use team6_git::{Call, Git, GitError};

use crate::error::WorkspaceError;
use crate::provisioner::ClaimRepository;

/// How long a fetch may take.
const FETCH: Duration = Duration::from_secs(3600);
/// The largest pack that is taken over from a workspace, in bytes.
const LARGEST_IMPORT: u64 = 4 << 30;

/// The folders of all repositories.
#[derive(Debug)]
pub(crate) struct Mirrors {
    git: Git,
    root: PathBuf,
    locks: Mutex<BTreeMap<RepositoryId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Mirrors {
    pub(crate) fn new(git: Git, root: PathBuf) -> Self {
        Self {
            git,
            root,
            locks: Mutex::default(),
        }
    }

    pub(crate) fn git(&self) -> &Git {
        &self.git
    }

    fn mirror(&self, id: &RepositoryId) -> PathBuf {
        self.root.join(id.as_str()).join("mirror.git")
    }

    /// The import store of a repository.
    pub(crate) fn store(&self, id: &RepositoryId) -> PathBuf {
        self.root.join(id.as_str()).join("import.git")
    }

    /// All repositories that have a store.
    pub(crate) fn known(&self) -> Vec<RepositoryId> {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| RepositoryId::new(entry.file_name().to_string_lossy()).ok());
        names.filter(|id| self.is_made(id)).collect()
    }

    /// What is made last shows that all of it was made.
    fn is_made(&self, id: &RepositoryId) -> bool {
        self.store(id).join("objects/info/alternates").exists()
    }

    /// A call in the import store of a repository.
    pub(crate) fn in_store<I: AsRef<std::ffi::OsStr>>(
        &self,
        id: &RepositoryId,
        args: impl IntoIterator<Item = I>,
    ) -> Call {
        self.git.call(args).git_dir(&self.store(id))
    }

    /// Brings the commits that a claim needs into the mirror.
    pub(crate) async fn bring(
        &self,
        wanted: &ClaimRepository,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<(), WorkspaceError> {
        let id = &wanted.id;
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(id.clone()).or_default())
        };
        // One fetch at a time; whoever waited usually finds what it needs.
        let _fetching = lock.lock().await;
        let first = !self.is_made(id);
        if first {
            self.make(id)
                .await
                .map_err(|error| fetch_failed(id, &self.root, &error))?;
        }
        let mut missing = Vec::new();
        for commit in [Some(&wanted.base), wanted.start.as_ref()].into_iter().flatten() {
            if !self.has(id, commit).await {
                missing.push(commit);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        if first {
            progress(format!("cloning {id}"));
        }
        let fetched = self.fetch(id, &wanted.source).await;
        fetched.map_err(|error| fetch_failed(id, &self.root, &error))?;
        for commit in missing {
            if !self.has(id, commit).await {
                let why = format!("it has no commit {commit} any more; was its history rewritten?");
                return Err(WorkspaceError::Unreachable {
                    repository: id.clone(),
                    why,
                });
            }
        }
        progress(format!(
            "{} {id} in {} ms",
            if first { "cloned" } else { "fetched" },
            began.elapsed().as_millis()
        ));
        Ok(())
    }

    async fn has(&self, id: &RepositoryId, commit: &CommitId) -> bool {
        let spec = format!("{commit}^{{commit}}");
        let asked = self.in_store(id, ["cat-file", "-e", spec.as_str()]).run().await;
        asked.is_ok_and(|ran| ran.code == Some(0))
    }

    async fn make(&self, id: &RepositoryId) -> Result<(), GitError> {
        let (mirror, store) = (self.mirror(id), self.store(id));
        for bare in [&mirror, &store] {
            self.git
                .call(["init", "--quiet", "--bare", "--template=", "--"])
                .arg(bare)
                .text()
                .await?;
        }
        let settings = [
            (&mirror, "gc.auto", "0".to_owned()),
            (&mirror, "extensions.preciousObjects", "true".to_owned()),
            (&mirror, "core.repositoryFormatVersion", "1".to_owned()),
            (&store, "gc.auto", "0".to_owned()),
            (&store, "receive.fsckObjects", "true".to_owned()),
            (&store, "receive.maxInputSize", LARGEST_IMPORT.to_string()),
            (&store, "receive.autogc", "false".to_owned()),
            (&store, "receive.updateServerInfo", "false".to_owned()),
        ];
        for (git_dir, name, value) in settings {
            self.git
                .call(["config", "--local", name, &value])
                .git_dir(git_dir)
                .text()
                .await?;
        }
        borrow(&store, &mirror.join("objects")).map_err(|source| GitError::Io {
            command: "init".into(),
            source,
        })
    }

    async fn fetch(&self, id: &RepositoryId, source: &str) -> Result<(), GitError> {
        let refs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/team6/*:refs/team6/*"];
        let options = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--prune",
            "origin",
        ];
        let call = self.git.call(options.into_iter().chain(refs)).git_dir(&self.mirror(id));
        call.origin(source, FETCH).text().await.map(drop)
    }
}

/// Lets a repository use the objects of another.
pub(crate) fn borrow(git_dir: &Path, objects: &Path) -> std::io::Result<()> {
    borrow_all(git_dir, &[objects])
}

/// Lets a repository use the objects of others, and of no more.
pub(crate) fn borrow_all(git_dir: &Path, objects: &[&Path]) -> std::io::Result<()> {
    let info = git_dir.join("objects/info");
    std::fs::create_dir_all(&info)?;
    let lines = objects.iter().map(|path| format!("{}\n", path.display()));
    std::fs::write(info.join("alternates"), lines.collect::<String>())
}

fn fetch_failed(id: &RepositoryId, root: &Path, error: &GitError) -> WorkspaceError {
    match error {
        GitError::NotStarted(why) => WorkspaceError::Git(why.to_string()),
        error if is_full(error.said()) => WorkspaceError::OutOfRoom {
            path: root.to_owned(),
            why: error.said().to_owned(),
        },
        error => WorkspaceError::Unreachable {
            repository: id.clone(),
            why: error.to_string(),
        },
    }
}

/// Whether git complains that the disk is full.
pub(crate) fn is_full(said: &str) -> bool {
    said.contains("No space left on device") || said.contains("Disk quota exceeded")
}
