//! Why an agent could not be started, or a session not be opened.

use std::time::Duration;

use team6_core::failure::{Failure, FailureKind};
use team6_sandbox::SpawnError;

use super::failure;
use crate::profile::EnvProblems;

/// Why an agent cannot be worked with. Its process is gone.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its program is not there.
    #[error("the program `{program}` is not installed{}", hint(.install.as_deref()))]
    NotInstalled {
        /// The program.
        program: String,
        /// How it is installed.
        install: Option<String>,
    },
    /// What its profile refers to is not there.
    #[error("{0}")]
    Environment(EnvProblems),
    /// The operating system did not start it.
    #[error(transparent)]
    Spawn(SpawnError),
    /// It ended before it answered.
    #[error("it ended at once ({exit}){}", said(.stderr))]
    Exited {
        /// How.
        exit: String,
        /// What it last wrote on its error stream.
        stderr: String,
    },
    /// It speaks something else.
    #[error("it does not speak ACP: {why}{}", said(.shown))]
    NoProtocol {
        /// What was wrong.
        why: String,
        /// The beginning of what it printed.
        shown: String,
    },
    /// It speaks another version of the protocol.
    #[error("it speaks version {theirs} of ACP, and the engine version 1; update the one that is older")]
    Version {
        /// Its version.
        theirs: u16,
    },
    /// It did not answer in time.
    #[error("it did not answer `{request}` within {} s", .limit.as_secs())]
    Silent {
        /// The request.
        request: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// It answered with an error.
    #[error("{}", .0.text)]
    Answered(Failure),
}

impl AgentError {
    /// The failure of an attempt that met this.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Answered(failure) => return failure.clone(),
            Self::NotInstalled { .. } | Self::Environment(_) | Self::Spawn(_) | Self::Version { .. } => {
                FailureKind::AgentUnavailable
            }
            Self::Exited { .. } => FailureKind::AgentExited,
            Self::NoProtocol { .. } => FailureKind::Protocol,
            Self::Silent { .. } => FailureKind::Silent,
        };
        failure::failure(kind, self.to_string())
    }
}

fn hint(install: Option<&str>) -> String {
    install
        .map(|how| format!("; install it with: {how}"))
        .unwrap_or_default()
}

fn said(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
