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

/// The field of a problem that holds the command that goes on.
const NEXT: &str = "next";

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
            Self::Problem(problem) => {
                let said = match reasons(problem) {
                    reasons if reasons.len() > 1 => format!("{}:{}", problem.title, reasons.concat()),
                    _ => problem.detail.clone(),
                };
                let next = problem.more.get(NEXT).and_then(serde_json::Value::as_str);
                format!("{said}{}", next.map(|next| format!("\n  {next}")).unwrap_or_default())
            }
        }
    }

    /// Whether one of the reasons of a refusal is of a kind, which a field of it names.
    pub(crate) fn has_reason(&self, field: &str, kind: &str) -> bool {
        match self {
            Self::Problem(problem) => listed(problem).any(|reason| reason[field] == kind),
            _ => false,
        }
    }

    /// The same with the command that goes on, which a server does not know.
    pub(crate) fn with_next(mut self, command: String) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.more.insert(NEXT.to_owned(), command.into());
        }
        self
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
    let text = |reason: &serde_json::Value| Some(format!("\n  - {}", reason.get("text")?.as_str()?));
    listed(problem).filter_map(text).collect()
}

fn listed(problem: &Problem) -> impl Iterator<Item = &serde_json::Value> {
    let listed = problem.more.get("reasons").or_else(|| problem.more.get("problems"));
    let reasons = listed.and_then(serde_json::Value::as_array);
    reasons.into_iter().flatten()
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}
