//! Runs an agent as a process and speaks the Agent Client Protocol with it.
//!
//! What an agent sends is never trusted to be well formed, small, timely or meant for people: every line, queue and
//! wait has a bound, whatever is not known is kept as it came, and secrets are taken out before anything leaves.

mod check;
mod connection;
mod error;
mod failure;
mod lines;
mod opening;
mod permission;
mod process;
mod redact;
mod stderr;
mod turn;
mod update;
mod usage;

pub use check::{CheckReport, GatewayReport, Greeting, Problem, SecretState, SessionReport, check};
pub use connection::Record;
pub use error::AgentError;
pub use opening::{How, Opened};
pub use process::{AgentProcess, Patience, StartAgent};
pub use redact::{Redactor, TextStream};
pub use turn::{Event, TurnEnd};
pub use usage::{CostMeaning, UsageMeaning};

/// The time, for limits that providers tell as "in 5 minutes".
fn now() -> team6_core::time::Timestamp {
    let wall = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    team6_core::time::Timestamp(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX))
}
