//! Runs a repository's setup command, once for all workspaces: in a sandbox as an agent's, before any agent is there.

use std::path::Path;
use std::time::Duration;

use team6_core::ids::{AttemptId, SprintId};
use team6_sandbox::{Exit, TreeMark};
use team6_workspace::guest::{self, Guest};
use team6_workspace::{Claim, ClaimRepository, Setup, Workspace};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::surroundings::{here, told, way_out};
use crate::worker::Parts;

/// How the names of workspaces and homes of setup commands begin.
pub(crate) const PREFIX: &str = "setup-";

/// How long one may take.
const LIMIT: Duration = Duration::from_secs(1800);
/// How much of what it says is kept, in bytes; the end counts.
const SAID: usize = 16 << 10;
/// How long its processes have to end.
const GRACE: Duration = Duration::from_secs(2);

/// Runs one and keeps what it made, or why it failed: people are told at the beginning of each attempt.
pub(crate) async fn run(parts: &Parts, repository: ClaimRepository, setup: &Setup) -> Result<(), String> {
    let (id, name) = (repository.id.clone(), format!("{PREFIX}{}", setup.key()));
    let claim = Claim {
        key: name.clone(),
        attempt: AttemptId {
            sprint: SprintId(0),
            n: 0,
        },
        branch: None,
        repositories: vec![repository],
        author: ("Team6".into(), "team6@localhost".into()),
    };
    let claimed = parts.provisioner.claim(claim, &|_| {}).await;
    let workspace = claimed.map_err(|error| error.to_string())?;
    tracing::info!(repository = %id, command = setup.command, "the setup command is run");
    let home = parts.homes.join(&name);
    let done = in_sandbox(parts, &workspace, setup, &home, &name).await;
    match &done {
        Ok(()) => tracing::info!(repository = %id, "what the setup command made is there for later workspaces"),
        Err(why) => tracing::warn!(repository = %id, why, "the setup command failed"),
    }
    let kept = parts.provisioner.keep_setup(&workspace, setup, done).await;
    let released = parts.provisioner.release(workspace).await;
    if let Err(error) = tokio::fs::remove_dir_all(&home).await {
        tracing::warn!(path = %home.display(), %error, "the folder of a setup command stays");
    }
    kept.and(released).map_err(|error| error.to_string())
}

/// The error is why it failed, with the end of what it said.
async fn in_sandbox(
    parts: &Parts,
    workspace: &Workspace,
    setup: &Setup,
    home: &Path,
    name: &str,
) -> Result<(), String> {
    guest::prepare_home(home).map_err(|error| error.to_string())?;
    let common = &parts.surroundings;
    let way_out = way_out(common, &common.network, &parts.sockets.join(name)).await?;
    let mut records = way_out.records;
    tokio::spawn(async move {
        while let Some(record) = records.recv().await {
            tracing::debug!("{}", told(&record));
        }
    });
    let mut guest = Guest::new("sh", home);
    guest.args = ["-euc", &setup.command].map(Into::into).to_vec();
    guest.shown = common.sees.iter().map(|path| here(path)).collect();
    guest.shown.push(way_out.shown);
    guest.network = way_out.network;
    guest.limits = common.limits;
    let mark = TreeMark::new(parts.data_folder.clone(), name).map_err(|error| error.to_string())?;
    let spec = guest::command(workspace, guest);
    let spawned = parts.launcher.spawn(spec, &mark).await;
    let mut tree = spawned.map_err(|error| error.to_string())?;
    tree.stdin = None;
    let (stdout, stderr) = (tree.stdout.take(), tree.stderr.take());
    let said = async { tokio::join!(end_of(stdout), end_of(stderr)) };
    let said = tokio::time::timeout(LIMIT, said).await;
    let ended = tree.end(GRACE).await;
    way_out.proxy.shutdown().await;
    let Ok((stdout, stderr)) = said else {
        return Err(format!("it took longer than {} min", LIMIT.as_secs() / 60));
    };
    match (ended.exceeded, ended.exit) {
        (Some(exceeded), _) => Err(format!("{exceeded}\n{stdout}{stderr}")),
        (None, Exit::Code(0)) => Ok(()),
        (None, exit) => Err(format!("{exit}\n{stdout}{stderr}")),
    }
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
