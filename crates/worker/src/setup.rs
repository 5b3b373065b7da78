//! Runs a repository's setup command, once for all workspaces: in a sandbox as an agent's, before any agent is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use team6_agent::acp::Redactor;
use team6_core::ids::RepositoryId;
use team6_egress::{Outcome, Record};
use team6_sandbox::{Exit, ProcessSpec, TreeMark};
use team6_workspace::guest::{self, Guest};
use team6_workspace::{Claim, ClaimRepository, Setup, Workspace};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::Receiver;

use crate::control::WorkName;
use crate::kept_out;
use crate::surroundings::{crowded, here, told, too_much, way_out};
use crate::worker::Parts;

/// How the names of workspaces and homes of setup commands begin.
pub(crate) const PREFIX: &str = "setup-";

/// How long one may take.
const LIMIT: Duration = Duration::from_secs(1800);
/// How much of what it says is kept, in bytes; the end counts.
const SAID: usize = 16 << 10;
/// How many places are named that the proxy let nobody through to.
const PLACES: usize = 10;
/// How long its processes have to end.
const GRACE: Duration = Duration::from_secs(2);

/// One that is to be run. No other of its repository is run as long as it is there.
pub(crate) struct Wanted {
    pub(crate) setup: Setup,
    pub(crate) _turn: OwnedMutexGuard<()>,
}

/// Why nothing came of one.
enum Trouble {
    /// The command failed: that is kept, and people are told at the beginning of each attempt.
    Failed(String),
    /// It could not be run.
    Ours(String),
}

impl Wanted {
    /// Runs it and keeps what it made, or why it failed; false if it could not be run.
    pub(crate) async fn run(self, parts: &Parts, repository: ClaimRepository) -> bool {
        let id = repository.id.clone();
        let _running = parts.turn(&running(&id)).lock_owned().await;
        let done = run(parts, repository, &self.setup).await;
        if let Err(why) = &done {
            tracing::warn!(repository = %id, why, "the setup command was not run; it is tried again");
        }
        done.is_ok()
    }
}

/// What is held as long as the setup command of a repository is run.
fn running(repository: &RepositoryId) -> WorkName {
    WorkName(format!("running the setup of {repository}"))
}

/// What people are told of a workspace that was made while the setup command of its repository is run, if it is.
pub(crate) fn is_run(parts: &Parts, repository: &RepositoryId) -> Option<String> {
    let free = parts.turn(&running(repository)).try_lock().is_ok();
    (!free).then(|| {
        format!(
            "the setup command of {repository} is being run: what it makes is there for workspaces that begin after it"
        )
    })
}

async fn run(parts: &Parts, repository: ClaimRepository, setup: &Setup) -> Result<(), String> {
    let id = repository.id.clone();
    // Two repositories may have the same command and the same versions.
    let proper = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name = format!(
        "{PREFIX}{}-{}",
        id.as_str().chars().map(proper).collect::<String>(),
        setup.key()
    );
    let author = ("Team6".into(), "team6@localhost".into());
    let redactor = Redactor::new(kept_out::secrets(&repository.local_files));
    let claim = Claim::of_no_attempt(name.clone(), vec![repository], author);
    let claimed = parts.provisioner.claim(claim, &|_| {}).await;
    let workspace = claimed.map_err(|error| error.to_string())?;
    tracing::info!(repository = %id, command = setup.command, "the setup command is run");
    let home = parts.homes.join(&name);
    let done = in_sandbox(parts, &workspace, setup, &home, &name).await;
    let kept = match done {
        Ok(()) => keep(parts, &workspace, setup, &id).await,
        Err(Trouble::Failed(why)) => {
            let why = redactor.text(&why).into_owned();
            tracing::warn!(repository = %id, why, "the setup command failed");
            let kept = parts.provisioner.keep_setup(&workspace, setup, Err(why)).await;
            kept.map_err(|error| error.to_string())
        }
        Err(Trouble::Ours(why)) => Err(why),
    };
    let released = parts.provisioner.release(workspace).await;
    if let Err(error) = tokio::fs::remove_dir_all(&home).await {
        tracing::warn!(path = %home.display(), %error, "the folder of a setup command stays");
    }
    kept.and(released.map_err(|error| error.to_string()))
}

/// What cannot be kept once could not be the next time either, and running the command again would take as long.
async fn keep(parts: &Parts, workspace: &Workspace, setup: &Setup, id: &RepositoryId) -> Result<(), String> {
    let Err(error) = parts.provisioner.keep_setup(workspace, setup, Ok(())).await else {
        tracing::info!(repository = %id, "what the setup command made is there for later workspaces");
        return Ok(());
    };
    let why = format!("it was run, but what it made was not kept: {error}");
    let told = parts.provisioner.keep_setup(workspace, setup, Err(why)).await;
    told.map_err(|error| error.to_string())
}

async fn in_sandbox(
    parts: &Parts,
    workspace: &Workspace,
    setup: &Setup,
    home: &Path,
    name: &str,
) -> Result<(), Trouble> {
    guest::prepare_home(home).map_err(|error| Trouble::Ours(error.to_string()))?;
    let common = &parts.surroundings;
    let way_out = way_out(common, &common.network, Vec::new(), &parts.sockets.join(name)).await;
    let way_out = way_out.map_err(Trouble::Ours)?;
    let mut guest = Guest::new("sh", home);
    guest.args = ["-euc", &setup.command].map(Into::into).to_vec();
    guest.shown = common.sees.iter().map(|path| here(path)).collect();
    guest.shown.push(way_out.shown);
    guest.network = way_out.network;
    guest.limits = common.limits;
    let refused = tokio::spawn(refused(way_out.records));
    let done = program(parts, guest::command(workspace, guest), name).await;
    way_out.proxy.shutdown().await;
    let refused = refused.await.unwrap_or_default();
    match done {
        Err(Trouble::Failed(why)) if !refused.is_empty() => Err(Trouble::Failed(format!("{why}\n{refused}"))),
        done => done,
    }
}

/// Runs it to its end; the error has the end of what it said.
async fn program(parts: &Parts, spec: ProcessSpec, name: &str) -> Result<(), Trouble> {
    let mark = TreeMark::new(parts.data_folder.clone(), name).map_err(|error| Trouble::Ours(error.to_string()))?;
    let spawned = parts.launcher.spawn(spec, &mark).await;
    let mut tree = spawned.map_err(|error| Trouble::Ours(error.to_string()))?;
    tree.stdin = None;
    let (stdout, stderr) = (tree.stdout.take(), tree.stderr.take());
    let said = async { tokio::join!(end_of(stdout), end_of(stderr)) };
    let said = tokio::time::timeout(LIMIT, said).await;
    let ended = tree.end(GRACE).await;
    let Ok((stdout, stderr)) = said else {
        let why = format!("it took longer than {} min", LIMIT.as_secs() / 60);
        return Err(Trouble::Failed(why));
    };
    let crowded = ended
        .crowded
        .map(|most| format!("\n{}", crowded(most)))
        .unwrap_or_default();
    match (ended.exceeded, ended.exit) {
        (Some(exceeded), _) => Err(Trouble::Failed(format!("{}\n{stdout}{stderr}", too_much(exceeded)))),
        (None, Exit::Code(0)) => Ok(()),
        (None, exit) => Err(Trouble::Failed(format!("{exit}{crowded}\n{stdout}{stderr}"))),
    }
}

/// Reads what the proxy tells until it is closed; gives what it let nobody through to, a line each.
pub(crate) async fn refused(mut records: Receiver<Record>) -> String {
    let mut lines = BTreeSet::new();
    while let Some(record) = records.recv().await {
        tracing::debug!("{}", told(&record));
        if matches!(record.outcome, Outcome::Refused(_)) && lines.len() < PLACES {
            lines.insert(told(&record));
        }
    }
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// Reads all, and gives the end of it.
async fn end_of(from: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let (mut kept, mut read) = (Vec::new(), vec![0; SAID]);
    while let Ok(count @ 1..) = from.read(&mut read).await {
        kept.extend_from_slice(&read[..count]);
        let surplus = kept.len().saturating_sub(SAID);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
