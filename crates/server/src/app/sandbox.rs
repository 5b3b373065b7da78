//! The sandboxes of this server's agents: whether they can be, and what they have in common.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use team6_sandbox::reach::{Confinement, Limits, Mount, Network};
use team6_sandbox::{Launcher, ProcessSpec, Reach, TreeMark, identity, system};
use team6_worker::Surroundings;

use super::error::AppError;
use crate::config::Agents;

/// How long an empty program may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest file that an agent may write, in bytes; the sum of all is watched.
const LARGEST_FILE: u64 = 64 << 30;

/// Starts an empty program in a sandbox as agents have it, so that a server that cannot run agents says so at once.
pub(super) async fn try_out(launcher: &Launcher, data_folder: &str, workspaces: &Path) -> Result<(), AppError> {
    let trial = workspaces.join("trial");
    let failed = |why: String| AppError::NoSandbox { why };
    for folder in ["below", "upper", "work"] {
        fs::create_dir_all(trial.join(folder)).map_err(|source| AppError::Folder {
            path: trial.clone(),
            source,
        })?;
    }
    let mut view = system(Path::new("/nonexistent"));
    view.push(Mount::Overlay {
        layers: vec![trial.join("below")],
        upper: trial.join("upper"),
        at: "/ws".into(),
    });
    let spec = ProcessSpec {
        program: "true".into(),
        args: Vec::new(),
        cwd: "/ws".into(),
        env: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]),
        reach: Reach::Confined(Box::new(Confinement {
            view,
            identity: identity(0),
            network: Network::None,
            limits: Limits::default(),
        })),
    };
    let mark = TreeMark::new(data_folder, "trial").map_err(|error| failed(error.to_string()))?;
    let tree = launcher
        .spawn(spec, &mark)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let exit = tree.end(PATIENCE).await.exit;
    // What cannot be removed is used again.
    let _ = fs::remove_dir_all(&trial);
    match exit {
        team6_sandbox::Exit::Code(0) => Ok(()),
        exit => Err(failed(format!("an empty program in a sandbox ended with {exit}"))),
    }
}

/// What all sandboxes of this server have in common.
pub(super) fn surroundings(agents: &Agents) -> Surroundings {
    const MB: u64 = 1_000_000;
    Surroundings {
        sees: agents.sees.clone(),
        network: agents.network.clone(),
        setting: "agents.network".into(),
        limits: Limits {
            memory: Some(agents.memory_mb.saturating_mul(MB)),
            processes: Some(agents.processes),
            open_files: Some(65_536),
            file_size: Some(LARGEST_FILE.min(agents.disk_mb.saturating_mul(MB))),
            cpu_seconds: None,
            disk: Some(agents.disk_mb.saturating_mul(MB)),
        },
        ..Surroundings::default()
    }
}
