//! Why an agent could not be started, or a session not be opened.

use std::time::Duration;

use team6_core::failure::{Failure, FailureKind};
use team6_sandbox::{Exit, SpawnError};

use super::failure;
use crate::profile::EnvProblems;

/// Why an agent cannot be worked with. If it was already there, it is still to be ended.
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
    #[error("the agent ended ({exit}){}", last_said(.words))]
    Exited {
        /// How.
        exit: Exit,
        /// What it last wrote on its error stream, or else the beginning of what it printed.
        words: String,
    },
    /// It speaks something else.
    #[error("the agent does not keep to the protocol (ACP): {why}{}", said(.shown))]
    NoProtocol {
        /// What was wrong.
        why: String,
        /// The beginning of what it printed.
        shown: String,
    },
    /// It speaks another version of the protocol.
    #[error("the agent speaks version {theirs} of ACP, and the engine version 1; update the one that is older")]
    Version {
        /// Its version.
        theirs: u64,
    },
    /// It did not answer in time.
    #[error("the agent did not answer `{request}` within {} s", .limit.as_secs())]
    Silent {
        /// The request.
        request: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// It does not have the mode or the model that its profile wants.
    #[error("the agent has no {what} \"{wanted}\"; set `{what}` in its profile to {}", one_of(.offered))]
    NotOffered {
        /// `mode` or `model`.
        what: &'static str,
        /// What the profile says.
        wanted: String,
        /// What it has.
        offered: Vec<String>,
    },
    /// It answered with an error.
    #[error("{}", .0.text)]
    Answered(Failure),
}

impl AgentError {
    pub(super) fn no_protocol(why: &str, shown: &str) -> Self {
        Self::NoProtocol {
            why: why.to_owned(),
            shown: shown.to_owned(),
        }
    }

    /// The failure of an attempt that met this.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Answered(failure) => return failure.clone(),
            Self::NotInstalled { .. }
            | Self::Environment(_)
            | Self::Spawn(_)
            | Self::Version { .. }
            | Self::NotOffered { .. } => FailureKind::AgentUnavailable,
            Self::Exited { words, .. } => match failure::of_last_words(words, super::now()) {
                Some(known) => return known,
                None => FailureKind::AgentExited,
            },
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

/// The end of what it said: a stack trace fits, and no more.
fn last_said(text: &str) -> String {
    const LINES: usize = 20;
    let text = text.trim();
    let lines: Vec<&str> = text.lines().collect();
    match lines.len().checked_sub(LINES) {
        None | Some(0) => said(text),
        Some(left_out) => format!(": ({left_out} lines) …\n{}", lines[left_out..].join("\n")),
    }
}

fn one_of(offered: &[String]) -> String {
    match offered {
        [] => "nothing: it offers none".to_owned(),
        all => format!("one of: {}", all.join(", ")),
    }
}
