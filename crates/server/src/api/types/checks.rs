//! Checks, and what came of them.

use serde::{Deserialize, Serialize};
use team6_core::checks::{Check, USUAL_SECONDS};
use team6_core::ids::CheckName;
use utoipa::ToSchema;

/// Has the engine run a command on each delivery to a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCheckRequest {
    /// What people call it, once in a repository.
    pub name: CheckName,
    /// What is run, by `sh`, at the top of the repository; all is well if it exits with 0.
    pub command: String,
    /// How long it may take, in seconds; ten minutes unless given.
    #[serde(default = "usual")]
    pub seconds: u32,
}

fn usual() -> u32 {
    USUAL_SECONDS
}

impl From<AddCheckRequest> for Check {
    fn from(request: AddCheckRequest) -> Self {
        Self {
            name: request.name,
            command: request.command,
            seconds: request.seconds,
        }
    }
}

impl From<Check> for AddCheckRequest {
    fn from(check: Check) -> Self {
        Self {
            name: check.name,
            command: check.command,
            seconds: check.seconds,
        }
    }
}
