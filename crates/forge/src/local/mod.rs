//! The local forge: pull requests, reviews and merges kept in git itself, beside repositories by path or URL.
//!
//! Each repository has a bare one of ours, `<root>/<repository>/forge.git`. It holds the target branch as last fetched,
//! the tasks' branches, and under `refs/team6/changes` everything about pull requests; there is no other database.

mod changes;
mod comparing;
mod connect;
mod foresee;
mod merging;
mod origin;
mod record;
mod repository;
mod reverting;
mod review;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::time::Timestamp;
use team6_git::Git;

use crate::diff::{Diff, DiffOptions, Patch, Range};
use crate::error::ForgeError;
use crate::forecast::ConflictForecast;
use crate::merge::{Merge, MergeOutcome, Mergeability};
use crate::port::{CloneSource, Connected, Forge, Identity, Publish, Published, RepositorySettings, Synced};
use crate::pull_request::{
    NewPullRequest, NewReply, NewReview, PullRequest, Resolution, Review, StateFilter, Summary, Thread,
};
use crate::revert::{Revert, RevertOutcome};
use origin::Origin;
use repository::{Kept, Repository};

/// The file that keeps what was decided of a repository.
const SETTINGS: &str = "team6.json";

/// What a local forge needs to know.
#[derive(Debug, Clone)]
pub struct LocalForgeOptions {
    /// The folder of its repositories.
    pub root: PathBuf,
    /// How git is called.
    pub git: Git,
    /// Who writes what nobody else does.
    pub engine: Identity,
    /// How long a call to an origin may take.
    pub patience: Duration,
}

/// A forge on this machine.
#[derive(Debug)]
pub struct LocalForge {
    options: LocalForgeOptions,
    repositories: Mutex<BTreeMap<RepositoryId, Arc<Repository>>>,
}

impl LocalForge {
    /// A forge in a folder; what was connected there before still is.
    pub fn new(options: LocalForgeOptions) -> Self {
        Self {
            options,
            repositories: Mutex::default(),
        }
    }

    fn git_dir(&self, id: &RepositoryId) -> PathBuf {
        self.options.root.join(id.as_str()).join("forge.git")
    }

    fn origin_at<'a>(&'a self, place: &'a str) -> Origin<'a> {
        Origin {
            git: &self.options.git,
            place,
            patience: self.options.patience,
        }
    }

    fn forget(&self, id: &RepositoryId) {
        self.repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    async fn repository(&self, id: &RepositoryId) -> Result<Arc<Repository>, ForgeError> {
        let known = self
            .repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let git_dir = self.git_dir(id);
        let path = git_dir.join(SETTINGS);
        let bytes = match tokio::fs::read(&path).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ForgeError::UnknownRepository { repository: id.clone() });
            }
            Err(source) => return Err(ForgeError::Io { path, source }),
        };
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| ForgeError::Damaged {
            what: path.display().to_string(),
            why: error.to_string(),
        })?;
        let made = Arc::new(Repository {
            git: self.options.git.clone(),
            git_dir,
            kept,
            engine: self.options.engine.clone(),
            patience: self.options.patience,
            fetching: Arc::default(),
            merging: Arc::default(),
            foreseen: Arc::default(),
        });
        let mut all = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(all.entry(id.clone()).or_insert(made)))
    }
}

#[async_trait]
impl Forge for LocalForge {
    async fn connect(&self, settings: &RepositorySettings) -> Result<Connected, ForgeError> {
        self.connect_repository(settings).await
    }

    async fn clone_source(&self, repository: &RepositoryId) -> Result<CloneSource, ForgeError> {
        Ok(CloneSource::Path(self.repository(repository).await?.git_dir.clone()))
    }

    async fn base(&self, repository: &RepositoryId) -> Result<CommitId, ForgeError> {
        self.repository(repository).await?.fetch_base().await
    }

    async fn branch(&self, repository: &RepositoryId, branch: &BranchName) -> Result<Option<CommitId>, ForgeError> {
        self.repository(repository).await?.branch_head(branch).await
    }

    async fn sync(&self, repository: &RepositoryId, at: Timestamp) -> Result<Synced, ForgeError> {
        self.repository(repository).await?.sync(at).await
    }

    async fn publish(&self, repository: &RepositoryId, publish: &Publish) -> Result<Published, ForgeError> {
        self.repository(repository).await?.publish(publish).await
    }

    async fn open_pull_request(
        &self,
        repository: &RepositoryId,
        new: &NewPullRequest,
    ) -> Result<PullRequest, ForgeError> {
        self.repository(repository).await?.open(new).await
    }

    async fn refresh(&self, repository: &RepositoryId, number: u64, at: Timestamp) -> Result<PullRequest, ForgeError> {
        self.repository(repository)
            .await?
            .refresh(number, at)
            .await
            .map(|(found, _)| found)
    }

    async fn pull_request(&self, repository: &RepositoryId, number: u64) -> Result<PullRequest, ForgeError> {
        Ok(self
            .repository(repository)
            .await?
            .record(number)
            .await?
            .document
            .pull_request)
    }

    async fn pull_requests(&self, repository: &RepositoryId, filter: StateFilter) -> Result<Vec<Summary>, ForgeError> {
        self.repository(repository).await?.list(filter).await
    }

    async fn mergeability(&self, repository: &RepositoryId, number: u64) -> Result<Mergeability, ForgeError> {
        self.repository(repository).await?.mergeability(number).await
    }

    async fn submit_review(
        &self,
        repository: &RepositoryId,
        number: u64,
        review: &NewReview,
    ) -> Result<Review, ForgeError> {
        self.repository(repository).await?.review(number, review).await
    }

    async fn reply(&self, repository: &RepositoryId, number: u64, reply: &NewReply) -> Result<Thread, ForgeError> {
        self.repository(repository).await?.reply(number, reply).await
    }

    async fn resolve(
        &self,
        repository: &RepositoryId,
        number: u64,
        thread: u32,
        resolved: Option<&Resolution>,
    ) -> Result<Thread, ForgeError> {
        self.repository(repository)
            .await?
            .resolve(number, thread, resolved)
            .await
    }

    async fn diff(
        &self,
        repository: &RepositoryId,
        number: u64,
        range: Range,
        options: &DiffOptions,
    ) -> Result<Diff, ForgeError> {
        self.repository(repository).await?.diff(number, range, options).await
    }

    async fn patch(
        &self,
        repository: &RepositoryId,
        number: u64,
        range: Range,
        options: &DiffOptions,
    ) -> Result<Patch, ForgeError> {
        self.repository(repository).await?.patch(number, range, options).await
    }

    async fn interdiff(&self, repository: &RepositoryId, number: u64, from: u32, to: u32) -> Result<Patch, ForgeError> {
        self.repository(repository).await?.interdiff(number, from, to).await
    }

    async fn dry_run_merge(
        &self,
        repository: &RepositoryId,
        number: u64,
        merge: &Merge,
    ) -> Result<MergeOutcome, ForgeError> {
        self.repository(repository).await?.dry_run(number, merge).await
    }

    async fn forecast_conflicts(
        &self,
        repository: &RepositoryId,
        heads: &[CommitId],
    ) -> Result<ConflictForecast, ForgeError> {
        self.repository(repository).await?.forecast_conflicts(heads).await
    }

    async fn merge(&self, repository: &RepositoryId, number: u64, merge: &Merge) -> Result<MergeOutcome, ForgeError> {
        self.repository(repository).await?.merge(number, merge).await
    }

    async fn dry_run_revert(
        &self,
        repository: &RepositoryId,
        number: u64,
        revert: &Revert,
    ) -> Result<RevertOutcome, ForgeError> {
        self.repository(repository).await?.dry_run_revert(number, revert).await
    }

    async fn revert(
        &self,
        repository: &RepositoryId,
        number: u64,
        revert: &Revert,
    ) -> Result<RevertOutcome, ForgeError> {
        self.repository(repository).await?.revert(number, revert).await
    }

    async fn close(&self, repository: &RepositoryId, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError> {
        self.repository(repository).await?.close(number, by).await
    }

    async fn reopen(&self, repository: &RepositoryId, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError> {
        self.repository(repository).await?.reopen(number, by).await
    }

    async fn delete_branch(&self, repository: &RepositoryId, branch: &BranchName) -> Result<(), ForgeError> {
        self.repository(repository).await?.delete_branch(branch).await
    }
}
