//! The sandboxes of this server's agents: whether they can be, and what they have in common.

use std::path::Path;
use std::sync::Arc;

use team6_sandbox::Launcher;
use team6_sandbox::probe::{Users, isolation};
use team6_sandbox::reach::Limits;
use team6_worker::{Quota, Room, Surroundings};

use super::error::AppError;
use crate::config::{Agents, Config, Sandbox};

/// The largest file that an agent may write, in bytes; the sum of all is watched.
const LARGEST_FILE: u64 = 64 << 30;

/// Which users agents in sandboxes are. Tries sandboxes out, so that a server that cannot run agents says so at once.
pub(super) async fn users(setting: Sandbox, launcher: &Launcher, data: &Path) -> Result<Option<Users>, AppError> {
    if setting == Sandbox::Off {
        return Ok(None);
    }
    let found = isolation(launcher, data).await;
    match found.users {
        Some(users) => Ok(Some(users)),
        None => Err(AppError::NoSandbox { why: found.why_not() }),
    }
}

const MB: u64 = 1_000_000;

/// What must be free before an agent is started.
pub(super) fn room(agents: &Agents, data: &Path) -> Room {
    Room {
        memory: agents.spare_memory_mb.saturating_mul(MB),
        disk: agents.spare_disk_mb.saturating_mul(MB),
        folder: data.to_owned(),
        quota: agents.workspaces_mb.map(|most| {
            let folder = data.join("workspaces");
            Arc::new(Quota::new(folder, most.saturating_mul(MB)))
        }),
    }
}

/// What all sandboxes of this server have in common.
pub(super) fn surroundings(config: &Config) -> Surroundings {
    let agents = &config.agents;
    Surroundings {
        warnings: config.warnings(),
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
