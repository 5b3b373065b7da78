//! What an operator asks and is told.

use serde::{Deserialize, Serialize};
use team6_core::ids::{Position, ProjectId};
use utoipa::ToSchema;

/// Whether the server works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `ok`; a server that does not work answers with a problem.
    pub status: String,
    /// The version of the server.
    pub version: String,
    /// The position of the last event on record.
    pub head: Position,
}

/// How much there is to do for a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueItem {
    /// The project.
    pub project: ProjectId,
    /// The name of its queue.
    pub name: String,
    /// How many agents may work at once.
    pub concurrency: u32,
    /// Jobs that a worker could have now.
    pub due: u64,
    /// Jobs that wait for their time.
    pub delayed: u64,
    /// Jobs in the hands of workers.
    pub active: u64,
    /// Jobs whose lease has run out.
    pub stalled: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReport {
    /// What is wrong; nothing if all is sound.
    pub findings: Vec<CheckFinding>,
}

/// Something that a check found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckFinding {
    /// The database file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RebuildReport {
    /// How many sprints were read from the log.
    pub sprints: usize,
}

/// Asks for a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// A folder on the server that does not exist yet, as an absolute path.
    pub folder: String,
}

/// Where the backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupReport {
    /// The folder.
    pub folder: String,
}
