//! A worker: takes attempts as long as there are any and makes them, each by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use team6_agent::profile::AgentProfile;
use team6_agent::toolbox::Toolbox;
use team6_core::ids::{AgentId, WorkerId};
use team6_sandbox::Launcher;
use team6_workspace::Provisioner;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::ahead;
use crate::attempt;
use crate::control::{ControlPlane, WorkName};
use crate::evidence;
use crate::prices::Prices;
use crate::room::{LOOK_AGAIN, Room};
use crate::surroundings::Surroundings;

/// How long a worker waits when the control plane fails.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// What all attempts of a machine share.
#[derive(Debug)]
pub struct Parts {
    /// What makes workspaces.
    pub provisioner: Arc<dyn Provisioner>,
    /// The agents of this machine.
    pub agents: BTreeMap<AgentId, AgentProfile>,
    /// What tokens cost, for agents that do not say.
    pub prices: Prices,
    /// The engine's tools for agents.
    pub toolbox: Toolbox,
    /// What starts process trees.
    pub launcher: Launcher,
    /// The name under which processes of this engine are found again.
    pub data_folder: String,
    /// Where agents have their homes, one for each piece of work.
    pub homes: PathBuf,
    /// Where the sockets of tool sessions are; short, because paths of sockets must be.
    pub sockets: PathBuf,
    /// What must be free before an agent is started.
    pub room: Room,
    /// What agents have around them in their sandboxes.
    pub surroundings: Surroundings,
    /// Whose turn it is in each workspace.
    pub turns: Turns,
}

/// Lets one attempt at a time into a workspace: the one before may still be ending.
#[derive(Debug, Default)]
pub struct Turns(Mutex<BTreeMap<WorkName, Arc<tokio::sync::Mutex<()>>>>);

impl Parts {
    pub(crate) fn turn(&self, name: &WorkName) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever nobody waits for or holds is needed no longer.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(name.clone()).or_default())
    }
}

/// Takes attempts and makes them until told to stop; then asks the agents to stop, and waits until their work is kept.
pub async fn run(parts: Arc<Parts>, control: Arc<dyn ControlPlane>, id: WorkerId, stop: CancellationToken) {
    let mut running = JoinSet::new();
    running.spawn(ahead::run(Arc::clone(&parts), Arc::clone(&control), stop.clone()));
    running.spawn(evidence::run(Arc::clone(&parts), Arc::clone(&control), stop.clone()));
    let mut told = None;
    while !stop.is_cancelled() {
        let lacking = parts.room.lacking();
        if lacking.is_some() && told.as_ref() != Some(&lacking) {
            tracing::warn!(worker = %id, why = lacking.as_deref(), "no further agent is started for now");
        }
        // What waits for room may have come since, so that a shortage is told each time.
        if lacking.is_some() || told != Some(None) {
            match control.room(&id, lacking.clone()).await {
                Ok(()) => told = Some(lacking.clone()),
                Err(error) => tracing::warn!(worker = %id, %error, "nobody can be told whether there is room"),
            }
        }
        if lacking.is_some() {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => {}
                Some(ended) = running.join_next() => log_panic(ended),
            }
            continue;
        }
        match control.lease(&id).await {
            Ok(Some(assignment)) => {
                running.spawn(attempt::run(
                    Arc::clone(&parts),
                    Arc::clone(&control),
                    assignment,
                    stop.child_token(),
                ));
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(worker = %id, %error, "no work can be taken; trying again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        tokio::select! {
            () = control.work_may_be_there() => {}
            () = stop.cancelled() => {}
            Some(ended) = running.join_next() => log_panic(ended),
        }
    }
    while let Some(ended) = running.join_next().await {
        log_panic(ended);
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an attempt broke off; its lease will tell");
    }
}
