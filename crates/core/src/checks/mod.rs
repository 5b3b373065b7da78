//! What the engine runs itself on what an agent delivered, before a person is asked to look: evidence, not claims.
//!
//! A check is a command of a repository. What came of it on one commit is a receipt, which nobody can change later
//! without it being seen.

mod find;
mod receipt;
#[cfg(test)]
mod tests;
mod together;
mod weakened;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use find::{FILES, Found, find};
pub use receipt::{Broken, CheckOutcome, Checkout, Digest, Receipt, ReceiptExport, Run, RunEnd, Verified, verify};
pub(crate) use together::called;
pub use weakened::{Weakened, Weakening, weakened};

use crate::ids::{CheckName, RepositoryId};

/// The most checks of a repository.
pub const MOST_CHECKS: usize = 20;
/// How long a check may take unless something else is said, in seconds.
pub const USUAL_SECONDS: u32 = 600;
/// The longest that a check may take, in seconds.
pub const MOST_SECONDS: u32 = 3600;
/// The longest command, in bytes.
const COMMAND: usize = 4_000;

/// A command that the engine runs on each delivery to a repository, or to several together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// What people call it, once in a repository, and once in a project if it is of several.
    pub name: CheckName,
    /// What is run, by `sh`, at the top of the repository, or of the folder in which several lie side by side.
    pub command: String,
    /// How long it may take, in seconds.
    pub seconds: u32,
    /// The repositories that a task must have, if it is run over all repositories of a task together; none if it is of one
    /// repository.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub together: BTreeSet<RepositoryId>,
}

/// Why something is no check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum InvalidCheck {
    #[error("it has no command; give one that exits with 0 when all is well")]
    NoCommand,
    #[error("its command is longer than {COMMAND} bytes; put it into a script of the repository")]
    LongCommand,
    #[error("{seconds} seconds make no sense; give 1 to {MOST_SECONDS}")]
    Seconds { seconds: u32 },
}

impl Check {
    pub(crate) fn valid(&self) -> Result<(), InvalidCheck> {
        match self.seconds {
            _ if self.command.trim().is_empty() || self.command.contains('\0') => Err(InvalidCheck::NoCommand),
            _ if self.command.len() > COMMAND => Err(InvalidCheck::LongCommand),
            1..=MOST_SECONDS => Ok(()),
            seconds => Err(InvalidCheck::Seconds { seconds }),
        }
    }
}
