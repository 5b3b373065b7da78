//! Lays ready what workspaces build on, behind the attempts: the clone of a repository that was just connected, and the
//! files of a base branch that was just merged into.

use std::sync::Arc;

use team6_workspace::ClaimRepository;
use tokio_util::sync::CancellationToken;

use crate::control::ControlPlane;
use crate::setup;
use crate::worker::{PAUSE, Parts};

/// Goes on until told to stop. What cannot be laid ready is made by the claim that needs it, which tells what is wrong.
pub(crate) async fn run(parts: Arc<Parts>, control: Arc<dyn ControlPlane>, stop: CancellationToken) {
    let keep = async {
        loop {
            let repositories = match control.bases().await {
                Ok(repositories) => repositories,
                Err(error) => {
                    tracing::debug!(%error, "nothing is laid ready");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if parts.room.lacking().is_some() {
                continue;
            }
            for repository in repositories {
                let id = repository.id.clone();
                if let Err(why) = prepare(&parts, repository.into()).await {
                    tracing::info!(repository = %id, why, "it is not laid ready ahead");
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep => {}
    }
}

/// Lays a repository ready, and what its setup command makes.
async fn prepare(parts: &Parts, repository: ClaimRepository) -> Result<(), String> {
    let prepared = parts.provisioner.prepare(repository.clone(), &|_| {}).await;
    match prepared.map_err(|error| error.to_string())? {
        Some(setup) => setup::run(parts, repository, &setup).await,
        None => Ok(()),
    }
}
