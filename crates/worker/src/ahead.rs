//! Lays ready what workspaces build on, behind the attempts: the clone of a repository that was just connected, the files of
//! a base branch that was just merged into, and what a setup command makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use team6_core::ids::RepositoryId;
use team6_workspace::ClaimRepository;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::control::{ControlPlane, WorkName};
use crate::setup;
use crate::worker::{PAUSE, Parts};

/// How long to wait until what could not be laid ready is tried again, if nothing moves before.
const AGAIN: Duration = Duration::from_secs(60);

/// Goes on until told to stop. What cannot be laid ready is made by the claim that needs it, which tells what is wrong.
pub(crate) async fn run(parts: Arc<Parts>, control: Arc<dyn ControlPlane>, stop: CancellationToken) {
    let mut known: Vec<ClaimRepository> = Vec::new();
    // One of each repository; dropped, and so ended, with this.
    let mut running: JoinSet<bool> = JoinSet::new();
    let mut of: BTreeMap<RepositoryId, AbortHandle> = BTreeMap::new();
    let mut again = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            bases = control.bases() => match bases {
                Ok(bases) => known = bases.into_iter().map(Into::into).collect(),
                Err(error) => {
                    tracing::debug!(%error, "nothing is laid ready");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = tokio::time::sleep(AGAIN), if again => {}
            // A base may have moved while the one before was laid ready.
            Some(ended) = running.join_next() => {
                if !matches!(ended, Ok(true)) {
                    again = true;
                    continue;
                }
            }
        }
        of.retain(|_, handle| !handle.is_finished());
        again = parts.room.lacking().is_some();
        if again {
            continue;
        }
        for repository in &known {
            if of.contains_key(&repository.id) {
                continue;
            }
            let prepared = tokio::select! {
                () = stop.cancelled() => break,
                prepared = prepare(&parts, repository) => prepared,
            };
            match prepared {
                Ok(None) => {}
                Ok(Some(setup)) => {
                    let (parts, repository) = (Arc::clone(&parts), repository.clone());
                    let id = repository.id.clone();
                    of.insert(id, running.spawn(async move { setup.run(&parts, repository).await }));
                }
                Err(why) => {
                    tracing::info!(repository = %repository.id, why, "it is not laid ready ahead");
                    again = true;
                }
            }
        }
    }
    running.shutdown().await;
}

/// Lays a repository ready, but for what its setup command makes, which is given if it is to be run.
async fn prepare(parts: &Parts, repository: &ClaimRepository) -> Result<Option<setup::Wanted>, String> {
    // Another project may have the same repository.
    let turn = parts.turn(&WorkName(format!("setup of {}", repository.id)));
    let Ok(turn) = turn.try_lock_owned() else {
        return Ok(None);
    };
    let prepared = parts.provisioner.prepare(repository.clone(), &|_| {}).await;
    let setup = prepared.map_err(|error| error.to_string())?;
    Ok(setup.map(|setup| setup::Wanted { setup, _turn: turn }))
}
