//! How a command fails: a text for people, and an exit code for scripts.

use std::process::ExitCode;

use serde_json::json;
use team6_server::api::types::Problem;

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is broken here or on the server.
    Failed(String),
    /// The arguments do not make sense together.
    Usage(String),
    /// The server said no.
    Problem(Box<Problem>),
    /// There is no server to talk to.
    Unreachable(String),
}

/// The exit codes, as `team6 --help` lists them.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  refused: the rules of a sprint, or somebody else was faster
  4  there is no such thing
  5  no server to talk to";

impl Failure {
    /// The code that the program ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Problem(problem) => match problem.status {
                404 => 4,
                400 | 403 | 409 | 412 | 422 | 428 => 3,
                _ => 1,
            },
            Self::Unreachable(_) => 5,
        })
    }

    /// The failure for people, in one or more lines.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Failed(text) | Self::Usage(text) | Self::Unreachable(text) => text.clone(),
            Self::Problem(problem) => match reasons(problem) {
                reasons if reasons.len() > 1 => format!("{}:{}", problem.title, reasons.concat()),
                _ => problem.detail.clone(),
            },
        }
    }

    /// The failure for programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        match self {
            Self::Problem(problem) => json!(problem),
            Self::Failed(text) => json!({ "code": "failed", "detail": text }),
            Self::Usage(text) => json!({ "code": "usage", "detail": text }),
            Self::Unreachable(text) => json!({ "code": "unreachable", "detail": text }),
        }
    }
}

/// Each reason on a line of its own.
fn reasons(problem: &Problem) -> Vec<String> {
    let listed = problem.more.get("reasons").or_else(|| problem.more.get("problems"));
    let reasons = listed.and_then(serde_json::Value::as_array);
    let text = |reason: &serde_json::Value| Some(format!("\n  - {}", reason.get("text")?.as_str()?));
    reasons.into_iter().flatten().filter_map(text).collect()
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}
