//! What the forge's own repositories say of a commit, read by trusted git within bounds: the files that name checks, the
//! tree that a receipt is of, and what a delivery changed.

mod changes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use team6_core::checks::{FILES, Found, Weakened, find, weakened};
use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::local_path::LocalPath;
use team6_core::packet::TouchedFile;
use team6_forge::{CloneSource, Forge, ForgeError};
use team6_git::{Git, GitError};

/// How long one look may take.
const LIMIT: Duration = Duration::from_secs(15);
/// The most of a file that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// The most of what a delivery changes that is looked through, in bytes.
const LARGEST_DIFF: usize = 8 << 20;

/// How many deliveries are remembered.
const REMEMBERED: usize = 1_000;

/// A delivery: a commit that goes into a branch of a repository, or into its target branch.
type Delivery = (RepositoryId, Option<BranchName>, CommitId);

/// Reads the forge's repositories.
#[derive(Debug, Clone)]
pub struct Evidence {
    forge: Arc<dyn Forge>,
    git: Git,
    /// Where deliveries weaken tests: a delivery goes out from where it began, however its base moves on.
    weakened: Remembered<Delivery, Vec<Weakened>>,
    /// What was changed between two commits, which never changes.
    changes: Remembered<(RepositoryId, CommitId, CommitId), Option<Vec<TouchedFile>>>,
}

/// What was found, for the next who asks.
#[derive(Debug)]
struct Remembered<K, V>(Arc<Mutex<BTreeMap<K, V>>>);

impl<K: Ord, V: Clone> Remembered<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: K, value: V) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, value);
    }
}

impl<K, V> Clone for Remembered<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Why a repository was not read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The forge does not have it at hand.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It is elsewhere.
    #[error("repository {0} is not kept on this machine")]
    Elsewhere(RepositoryId),
    /// git gave no name of a tree.
    #[error("commit {0} has no tree")]
    NoTree(CommitId),
}

impl Evidence {
    /// Reads the repositories of this forge.
    pub fn new(forge: Arc<dyn Forge>, git: Git) -> Self {
        Self {
            forge,
            git,
            weakened: Remembered::default(),
            changes: Remembered::default(),
        }
    }

    async fn folder(&self, repository: &RepositoryId) -> Result<PathBuf, EvidenceError> {
        match self.forge.clone_source(repository).await? {
            CloneSource::Path(path) => Ok(path),
            CloneSource::Url(_) => Err(EvidenceError::Elsewhere(repository.clone())),
        }
    }

    /// The tree of a commit.
    pub async fn tree(&self, repository: &RepositoryId, commit: &CommitId) -> Result<CommitId, EvidenceError> {
        let folder = self.folder(repository).await?;
        let tree = format!("{commit}^{{tree}}");
        let call = self
            .git
            .call(["rev-parse", "--verify", "--end-of-options", &tree])
            .git_dir(&folder);
        let text = call.limit(LIMIT).text().await?;
        CommitId::new(text.trim()).map_err(|_| EvidenceError::NoTree(commit.clone()))
    }

    /// Where what was committed since the base weakens tests.
    pub async fn weakened(
        &self,
        repository: &RepositoryId,
        base: Option<&BranchName>,
        head: &CommitId,
    ) -> Result<Vec<Weakened>, EvidenceError> {
        let delivery = (repository.clone(), base.cloned(), head.clone());
        if let Some(known) = self.weakened.get(&delivery) {
            return Ok(known);
        }
        let found = self.look_for_weakened(repository, base, head).await?;
        self.weakened.put(delivery, found.clone());
        Ok(found)
    }

    async fn look_for_weakened(
        &self,
        repository: &RepositoryId,
        base: Option<&BranchName>,
        head: &CommitId,
    ) -> Result<Vec<Weakened>, EvidenceError> {
        let base = self.base(repository, base).await?;
        let folder = self.folder(repository).await?;
        let range = format!("{base}...{head}");
        let args = [
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "-M",
            "-U5",
            &range,
            "--",
        ];
        let ran = self
            .git
            .call(args)
            .git_dir(&folder)
            .limit(LIMIT)
            .most(LARGEST_DIFF)
            .run()
            .await?;
        let diff = ran.success()?.stdout;
        let read = tokio::task::spawn_blocking(move || weakened(&String::from_utf8_lossy(&diff)));
        Ok(read.await.unwrap_or_default())
    }

    /// Whether a repository itself has something at a path, in its target branch.
    pub async fn tracks(&self, repository: &RepositoryId, path: &LocalPath) -> Result<bool, EvidenceError> {
        let head = self.forge.base(repository).await?;
        let folder = self.folder(repository).await?;
        let spec = format!("{head}:{path}");
        let call = self
            .git
            .call(["cat-file", "-e", "--end-of-options", &spec])
            .git_dir(&folder);
        let ran = call.limit(LIMIT).run().await?;
        Ok(ran.code == Some(0))
    }

    /// What was committed since the base, or since where the work is known to have begun; none if that is too much.
    pub async fn changes(
        &self,
        repository: &RepositoryId,
        base: Option<&BranchName>,
        from: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Option<Vec<TouchedFile>>, EvidenceError> {
        let (known, range) = match from {
            Some(from) => {
                let between = (repository.clone(), from.clone(), head.clone());
                if let Some(changes) = self.changes.get(&between) {
                    return Ok(changes);
                }
                (Some(between), format!("{from}..{head}"))
            }
            None => (None, format!("{}...{head}", self.base(repository, base).await?)),
        };
        let folder = self.folder(repository).await?;
        let args = [
            "diff",
            "--raw",
            "--numstat",
            "-z",
            "--no-ext-diff",
            "--no-textconv",
            "-M",
            &range,
            "--",
        ];
        let call = self.git.call(args).git_dir(&folder).limit(LIMIT).most(LARGEST_DIFF);
        let ran = call.run().await?;
        let cut = ran.truncated;
        let said = ran.success()?.stdout;
        let changes = (!cut).then(|| changes::read(&said));
        if let Some(between) = known {
            self.changes.put(between, changes.clone());
        }
        Ok(changes)
    }

    /// The head of the branch that something goes into, or of the target branch.
    async fn base(&self, repository: &RepositoryId, into: Option<&BranchName>) -> Result<CommitId, EvidenceError> {
        let head = match into {
            Some(branch) => self.forge.branch(repository, branch).await?,
            None => None,
        };
        match head {
            Some(head) => Ok(head),
            None => Ok(self.forge.base(repository).await?),
        }
    }

    /// The checks that the files of a repository's target branch speak of.
    pub async fn find(&self, repository: &RepositoryId) -> Result<Vec<Found>, EvidenceError> {
        let head = self.forge.base(repository).await?;
        let folder = self.folder(repository).await?;
        let mut files = BTreeMap::new();
        for name in FILES {
            let spec = format!("{head}:{name}");
            let call = self.git.call(["cat-file", "blob", &spec]).git_dir(&folder);
            let ran = call.limit(LIMIT).most(LARGEST).run().await?;
            if ran.code == Some(0) && !ran.truncated {
                files.insert((*name).to_owned(), String::from_utf8_lossy(&ran.stdout).into_owned());
            }
        }
        Ok(find(&files))
    }
}
