//! One run of a check: in a sandbox as an agent's, in a clean workspace of its own at exactly one commit of each
//! repository that it is of.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use team6_agent::acp::Redactor;
use team6_core::checks::{Check, RunEnd};
use team6_core::ids::{CommitId, RepositoryId};
use team6_sandbox::{Exit, ProcessSpec, TreeMark};
use team6_workspace::guest::{self, Guest};
use team6_workspace::{Claim, ClaimRepository, Workspace};
use tokio_util::sync::CancellationToken;

use super::log::Log;
use crate::kept_out;
use crate::setup::refused;
use crate::surroundings::{crowded, here, too_much, way_out};
use crate::worker::Parts;

/// How long its processes have to end.
const GRACE: Duration = Duration::from_secs(2);

/// Where a check is run.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The name of the workspace and the home.
    pub(super) name: String,
    pub(super) repository: ClaimRepository,
    /// What lies beside it.
    pub(super) beside: Vec<ClaimRepository>,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) end: RunEnd,
    pub(super) log: Vec<u8>,
    /// The commits that what was checked out is built on.
    pub(super) floors: BTreeMap<RepositoryId, CommitId>,
}

impl Place {
    /// The commit that is checked out.
    pub(super) fn commit(&self) -> &CommitId {
        commit_of(&self.repository)
    }

    /// The commits beside it.
    pub(super) fn beside(&self) -> BTreeMap<RepositoryId, CommitId> {
        let beside = self.beside.iter();
        beside.map(|one| (one.id.clone(), commit_of(one).clone())).collect()
    }

    /// The same at the commits that the work is built on.
    pub(super) fn at_base(&self, floors: &BTreeMap<RepositoryId, CommitId>) -> Self {
        let at_floor = |one: &ClaimRepository| {
            let mut one = one.clone();
            one.start = floors.get(&one.id).cloned().or(one.start);
            one
        };
        Self {
            name: format!("{}-base", self.name),
            repository: at_floor(&self.repository),
            beside: self.beside.iter().map(at_floor).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &ClaimRepository> {
        std::iter::once(&self.repository).chain(&self.beside)
    }
}

/// The commit at which a repository is wanted.
fn commit_of(repository: &ClaimRepository) -> &CommitId {
    repository.start.as_ref().unwrap_or(&repository.base)
}

/// Runs it; the error says why it could not be run.
/// However it ends, its workspace goes.
pub(super) async fn once(
    parts: &Parts,
    place: &Place,
    check: &Check,
    withdrawn: &CancellationToken,
) -> Result<Ran, String> {
    let author = ("Team6".into(), "team6@localhost".into());
    let claim = Claim::of_no_attempt(place.name.clone(), place.all().cloned().collect(), author);
    let claimed = parts.provisioner.claim(claim, &|_| {}).await;
    let workspace = claimed.map_err(|error| error.to_string())?;
    let home = parts.homes.join(&place.name);
    let files = place.all().flat_map(|one| &one.local_files);
    let redactor = Redactor::new(kept_out::secrets(files));
    let elsewhere = place.all().find(|one| {
        let checkout = workspace.checkouts.get(&one.id);
        checkout.is_none_or(|checkout| checkout.start != *commit_of(one))
    });
    let ran = match elsewhere {
        Some(one) => Err(format!("{} of {} is not what was checked out", commit_of(one), one.id)),
        None => {
            let floors = workspace.checkouts.iter();
            let floors = floors
                .map(|(id, checkout)| (id.clone(), checkout.floor.clone()))
                .collect();
            tokio::select! {
                ran = in_sandbox(parts, &workspace, check, &home, &place.name) => {
                    ran.map(|(end, log)| Ran { end, log: log.kept(&redactor), floors })
                }
                () = withdrawn.cancelled() => Err("nobody wants it any more".into()),
            }
        }
    };
    if let Err(error) = parts.provisioner.release(workspace).await {
        tracing::warn!(name = place.name, %error, "the workspace of a check is left for the next sweep");
    }
    if let Err(error) = tokio::fs::remove_dir_all(&home).await {
        tracing::warn!(path = %home.display(), %error, "the folder of a check stays");
    }
    ran
}

async fn in_sandbox(
    parts: &Parts,
    workspace: &Workspace,
    check: &Check,
    home: &Path,
    name: &str,
) -> Result<(RunEnd, Log), String> {
    guest::prepare_home(home).map_err(|error| error.to_string())?;
    let common = &parts.surroundings;
    let way_out = way_out(common, &common.network, Vec::new(), &parts.sockets.join(name)).await?;
    let mut guest = Guest::new("sh", home);
    // In one stream, so that what it says stays in its order.
    let command = format!("exec 2>&1\n{}", check.command);
    guest.args = ["-c", &command].map(Into::into).to_vec();
    guest.shown = common.sees.iter().map(|path| here(path)).collect();
    guest.shown.push(way_out.shown);
    guest.network = way_out.network;
    guest.limits = common.limits;
    let denied = tokio::spawn(refused(way_out.records));
    let limit = Duration::from_secs(check.seconds.into());
    let ran = program(parts, guest::command(workspace, guest), name, limit).await;
    way_out.proxy.shutdown().await;
    let denied = denied.await.unwrap_or_default();
    let (end, mut log) = ran?;
    if !denied.is_empty() {
        log.add(format!("\n{denied}\n").as_bytes());
    }
    Ok((end, log))
}

async fn program(parts: &Parts, spec: ProcessSpec, name: &str, limit: Duration) -> Result<(RunEnd, Log), String> {
    let mark = TreeMark::new(parts.data_folder.clone(), name).map_err(|error| error.to_string())?;
    let spawned = parts.launcher.spawn(spec, &mark).await;
    let mut tree = spawned.map_err(|error| error.to_string())?;
    tree.stdin = None;
    let (stdout, stderr) = (tree.stdout.take(), tree.stderr.take());
    let (mut log, mut aside) = (Log::default(), Log::default());
    let said = async { tokio::join!(log.read(stdout), aside.read(stderr)) };
    let in_time = tokio::time::timeout(limit, said).await.is_ok();
    let ended = tree.end(GRACE).await;
    // The sandbox's own words, if it has any.
    log.add(&aside.whole());
    if let Some(most) = ended.crowded {
        log.add(format!("\n{}\n", crowded(most)).as_bytes());
    }
    let end = match (in_time, ended.exceeded, ended.exit) {
        (false, ..) => RunEnd::TimedOut,
        (true, Some(exceeded), _) => RunEnd::Stopped {
            how: too_much(exceeded),
        },
        (true, None, Exit::Code(status)) => RunEnd::Exited { status },
        (true, None, exit) => RunEnd::Stopped { how: exit.to_string() },
    };
    Ok((end, log))
}
