//! What an agent has committed, brought out while it goes on, for others to build on.

use std::collections::BTreeMap;
use std::sync::Arc;

use team6_agent::toolbox::Refused;
use team6_core::ids::{AttemptId, BranchName, CommitId, FencingToken, RepositoryId};
use team6_workspace::{Provisioner, Workspace};
use tokio::sync::Mutex;

use super::tools::refused;
use crate::control::{ControlPlane, Publication};

/// The workspace of an attempt, of which the commits are brought out.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) workspace: Workspace,
    pub(crate) branch: Option<BranchName>,
    /// An agent may call several tools at once; commits are brought out one time after the other.
    pub(crate) turn: Mutex<()>,
}

impl Saved {
    /// Brings out what is committed and publishes it as the task's branch; gives its heads.
    pub(crate) async fn save(
        &self,
        control: &dyn ControlPlane,
        attempt: AttemptId,
        token: FencingToken,
    ) -> Result<BTreeMap<RepositoryId, CommitId>, Refused> {
        let Some(branch) = &self.branch else {
            return Err(Refused::because("there is no branch that others could build on"));
        };
        let _turn = self.turn.lock().await;
        let saved = self
            .provisioner
            .save_commits(&self.workspace)
            .await
            .map_err(|error| Refused::because(format!("what you committed cannot be given to others: {error}")))?;
        let publications = saved.iter().map(|one| Publication {
            repository: one.repository.clone(),
            store: one.store.clone(),
            commit: one.head.clone(),
            branch: branch.clone(),
        });
        let published = control.publish(attempt, token, publications.collect()).await;
        published.map_err(refused)?;
        Ok(saved.into_iter().map(|one| (one.repository, one.head)).collect())
    }
}
