//! Runs the checks of what agents delivered: what an agent says of its tests is a claim, and this is the evidence.
//!
//! What is wanted is asked of the control plane, so that a worker that was killed finds again what it had not told of.

mod log;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use team6_core::checks::{Check, Digest, RunEnd};
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_workspace::ClaimRepository;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::control::{CheckOrder, CheckRan, ControlPlane, RanOnce};
use crate::worker::{PAUSE, Parts};

/// How the names of workspaces and homes of checks begin.
pub(crate) const PREFIX: &str = "evidence-";

/// How many deliveries are checked at once. Tests use all cores by themselves.
const AT_ONCE: usize = 2;
/// How often a run is tried that does not come about.
const TRIES: u32 = 3;
/// How long to wait until there may be room again, or what could not be told can be.
const AGAIN: Duration = Duration::from_secs(2);

/// A delivery in one repository, with what was delivered beside it if a check is over all.
type Delivery = (TaskId, RepositoryId, CommitId, Vec<(RepositoryId, CommitId)>);

/// Goes on until told to stop; what is being run then is ended, and begins again at the next start.
pub(crate) async fn run(parts: Arc<Parts>, control: Arc<dyn ControlPlane>, stop: CancellationToken) {
    let mut wanted: Vec<CheckOrder> = Vec::new();
    let mut running: JoinSet<Option<Delivery>> = JoinSet::new();
    let mut of: BTreeMap<Delivery, (AbortHandle, CancellationToken)> = BTreeMap::new();
    let mut again = false;
    // It is asked once, however often the rest is looked at meanwhile.
    let mut asked = control.checks();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            orders = &mut asked => {
                asked = control.checks();
                match orders {
                    Ok(orders) => wanted = orders,
                    Err(error) => {
                        tracing::debug!(%error, "it is not known which checks are to be run");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                }
            }
            () = tokio::time::sleep(AGAIN), if again => {}
            Some(ended) = running.join_next() => match ended {
                Ok(told) => wanted.retain(|order| Some(delivery_of(order)) != told),
                Err(error) if error.is_panic() => tracing::error!(%error, "a check broke off; it is run again"),
                Err(_) => {}
            },
        }
        of.retain(|delivery, (handle, withdrawn)| {
            if !wanted.iter().any(|order| delivery_of(order) == *delivery) {
                withdrawn.cancel();
            }
            !handle.is_finished()
        });
        again = parts.room.lacking().is_some() || !wanted.is_empty();
        if parts.room.lacking().is_some() {
            continue;
        }
        for order in &wanted {
            let delivery = delivery_of(order);
            if of.contains_key(&delivery) || of.len() >= AT_ONCE {
                continue;
            }
            let (parts, control, order) = (Arc::clone(&parts), Arc::clone(&control), order.clone());
            let withdrawn = CancellationToken::new();
            let told = withdrawn.clone();
            let task = running.spawn(async move { check(&parts, control.as_ref(), order, &told).await });
            of.insert(delivery, (task, withdrawn));
        }
    }
    running.shutdown().await;
}

fn delivery_of(order: &CheckOrder) -> Delivery {
    // A base beside it may move meanwhile; that is no other delivery.
    let beside = order.beside.iter();
    let beside = beside.filter_map(|one| Some((one.id.clone(), one.start.clone()?)));
    (
        order.task,
        order.repository.id.clone(),
        order.head.clone(),
        beside.collect(),
    )
}

/// Runs the checks of a delivery, and tells of each when it is known; gives the delivery if all was told.
async fn check(
    parts: &Parts,
    control: &dyn ControlPlane,
    order: CheckOrder,
    withdrawn: &CancellationToken,
) -> Option<Delivery> {
    let head = ClaimRepository::from(order.repository.clone());
    for check in &order.checks {
        tracing::info!(task = %order.task, repository = %head.id, check = %check.name, "a check is run");
        let place = run::Place {
            // Short, because paths of sockets must be.
            name: format!(
                "{PREFIX}{}-{}",
                order.task,
                Digest::of(format!("{}/{}", head.id, check.name).as_bytes()).short()
            ),
            repository: head.clone(),
            beside: match check.is_together() {
                true => order.beside.iter().cloned().map(ClaimRepository::from).collect(),
                false => Vec::new(),
            },
        };
        let (run, floors) = ran(parts, control, &place, check, withdrawn).await;
        let failed = match &run.end {
            RunEnd::Exited { status } => *status != 0,
            RunEnd::Stopped { .. } => true,
            RunEnd::TimedOut | RunEnd::CouldNotRun { .. } => false,
        };
        let base = match floors.filter(|_| failed) {
            Some(floors) => Some(ran(parts, control, &place.at_base(&floors), check, withdrawn).await.0),
            None => None,
        };
        if withdrawn.is_cancelled() {
            return None;
        }
        let told = CheckRan {
            sprint: order.sprint,
            task: order.task,
            repository: head.id.clone(),
            check: check.name.clone(),
            run,
            base,
        };
        if let Err(error) = control.check_ran(told).await {
            tracing::warn!(task = %order.task, check = %check.name, %error, "nobody could be told of a check; it is run again");
            return None;
        }
    }
    Some(delivery_of(&order))
}

/// One run, and the commits that the delivery is built on. What does not come about is tried again a few times.
async fn ran(
    parts: &Parts,
    control: &dyn ControlPlane,
    place: &run::Place,
    check: &Check,
    withdrawn: &CancellationToken,
) -> (RanOnce, Option<BTreeMap<RepositoryId, CommitId>>) {
    let began = control.now();
    let mut tries = 0;
    let (end, log, floors) = loop {
        tries += 1;
        match run::once(parts, place, check, withdrawn).await {
            Ok(ran) => break (ran.end, ran.log, Some(ran.floors)),
            Err(why) if tries >= TRIES || withdrawn.is_cancelled() => {
                break (RunEnd::CouldNotRun { why }, Vec::new(), None);
            }
            Err(why) => {
                tracing::warn!(repository = %place.repository.id, check = %check.name, why, "a check was not run; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    let commit = place.commit().clone();
    let ended = control.now();
    let ran = RanOnce {
        commit,
        beside: place.beside(),
        end,
        log,
        began,
        ended,
    };
    (ran, floors)
}
