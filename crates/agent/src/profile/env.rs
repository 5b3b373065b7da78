//! What a profile adds to an agent's environment, with secrets by reference only.
//!
//! Secrets of gateways are not among it where a proxy puts them in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use team6_core::ids::AgentId;
use team6_egress::GatewayError;

use super::gateway::{self, OpenGateway, SecretReference};
use super::{AgentProfile, Gateway};

/// The longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;
/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "COOKIE"];

/// Last words of names whose values are places and choices.
const OPEN_NAMES: [&str; 16] = [
    "CONFIG", "DIR", "ENDPOINT", "HOME", "HOST", "LANG", "LOCATION", "MODE", "MODEL", "PATH", "PORT", "PROVIDER",
    "REGION", "TERM", "URL", "USER",
];

/// What a variable holds in place of a gateway's secret: programs refuse to start without any.
pub const STAND_IN: &str = "kept-outside-the-sandbox";

/// What stands between an agent and the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A proxy, which puts the secrets of gateways in.
    Proxy,
    /// Nothing: its program is given the secrets, and asks the upstreams of its gateways by itself.
    Open,
}

/// The value of a variable, or where it is found when the agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// This very text, which anybody may read.
    Text(String),
    /// A variable of the engine's own environment; a secret.
    Variable {
        /// The name of the variable.
        name: String,
        /// Whether the agent starts without it when the operator has not set it.
        optional: bool,
    },
    /// The content of a file without the line break at its end; a secret.
    File(PathBuf),
}

/// What a profile adds to an agent's environment, all references resolved. Its `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Every variable.
    pub variables: BTreeMap<String, String>,
    /// The values that must not appear anywhere.
    pub secrets: Vec<String>,
    /// What the proxy is to open. Their variables are set by [`Environment::reach`].
    pub gateways: Vec<OpenGateway>,
}

impl Environment {
    /// Tells the program at which address, without a path, it reaches each gateway, in their order.
    pub fn reach(&mut self, addresses: impl IntoIterator<Item = String>) {
        for (gateway, address) in self.gateways.iter().zip(addresses) {
            let whole = format!("{address}{}", gateway.path);
            self.variables.insert(gateway.variable.clone(), whole);
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys())
            .field("secrets", &self.secrets.len())
            .field("gateways", &self.gateways)
            .finish()
    }
}

/// Why an environment cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("prepare the environment of agent {agent}:{}", Listed(problems))]
pub struct EnvProblems {
    /// The agent.
    pub agent: AgentId,
    /// All of it.
    pub problems: Vec<EnvProblem>,
}

/// A reference that leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum EnvProblem {
    /// The operator has not set the variable.
    #[error("{variable} is taken from ${name}, which is not set where the engine runs; set it there")]
    NotSet {
        /// The agent's variable.
        variable: String,
        /// The engine's variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("{variable} is taken from the file {}: {source}", path.display())]
    Unreadable {
        /// The agent's variable.
        variable: String,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No header can hold it.
    #[error("{what} cannot be used: failed to {why}; see what it is set to")]
    Unsendable {
        /// Whose secret it is.
        what: String,
        /// What is wrong with it.
        why: GatewayError,
    },
}

struct Listed<'a>(&'a [EnvProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl AgentProfile {
    /// The engine's own variables that may give this agent an account.
    pub fn secret_variables(&self) -> Vec<&str> {
        let names = self.env.values().filter_map(|value| match value {
            EnvValue::Variable { name, .. } if names_a_secret(name) => Some(name.as_str()),
            _ => None,
        });
        let of_gateways = self.gateways.iter().filter_map(|gateway| match &gateway.secret {
            SecretReference::Variable { name, .. } => Some(name.as_str()),
            SecretReference::File(_) => None,
        });
        let mut all: Vec<&str> = names.collect();
        for name in of_gateways {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// Resolves what the profile adds to the agent's environment. Reads files; blocks.
    ///
    /// `operator` gives the variables of the engine's own environment, usually `|name| std::env::var(name).ok()`.
    pub fn environment(&self, way: Way, operator: impl Fn(&str) -> Option<String>) -> Result<Environment, EnvProblems> {
        let mut made = Environment::default();
        let mut problems = Vec::new();
        let gateways = gateway::find(&self.gateways, &operator, &mut problems);
        let led = |variable: &String| gateways.iter().any(|found| found.of.variable == *variable);
        for (variable, value) in self.env.iter().filter(|(variable, _)| !led(variable)) {
            match resolve(variable, value, &operator) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    made.variables.insert(variable.clone(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            let agent = self.id.clone();
            return Err(EnvProblems { agent, problems });
        }
        let secrets = self.env.iter().filter(|(name, value)| is_secret(name, value));
        made.secrets = secrets
            .filter_map(|(name, _)| made.variables.get(name).cloned())
            .collect();
        for found in gateways {
            match way {
                Way::Proxy => {
                    self.keep_out(&mut made, found.of, &found.secret);
                    made.gateways.push(found.open);
                }
                Way::Open => {
                    made.variables.insert(found.of.variable.clone(), found.of.direct());
                }
            }
            made.secrets.push(found.secret);
        }
        Ok(made)
    }

    /// Puts the stand-in where the secret would be, also where it was taken from another place.
    fn keep_out(&self, made: &mut Environment, gateway: &Gateway, secret: &str) {
        for (name, value) in &mut made.variables {
            let is_of = self.env.get(name).is_some_and(|from| gateway.secret.is_of(from));
            if is_of || value == secret {
                STAND_IN.clone_into(value);
            }
        }
    }
}

pub(super) fn resolve(
    variable: &str,
    value: &EnvValue,
    operator: &impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, EnvProblem> {
    match value {
        EnvValue::Text(text) => Ok(Some(text.clone())),
        EnvValue::Variable { name, optional } => match operator(name) {
            None if !optional => Err(EnvProblem::NotSet {
                variable: variable.to_owned(),
                name: name.clone(),
            }),
            found => Ok(found),
        },
        EnvValue::File(path) => read(path).map(Some).map_err(|source| EnvProblem::Unreadable {
            variable: variable.to_owned(),
            path: path.clone(),
            source,
        }),
    }
}

fn read(path: &PathBuf) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    if length as u64 > MAX_SECRET {
        let text = format!("it has more than {MAX_SECRET} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

/// A value that was not written in the profile is a secret, unless its name says that it is a place or a choice: those
/// are common words, which nobody could read a trace without.
fn is_secret(name: &str, value: &EnvValue) -> bool {
    match value {
        EnvValue::Text(_) => false,
        EnvValue::File(_) => true,
        EnvValue::Variable { .. } => names_a_secret(name) || may_hold_a_secret(name),
    }
}

/// The value as it is written in a profile: `$NAME`, `$NAME?`, or a text, whose own first `$` is written twice.
pub(super) fn parse(text: &str) -> EnvValue {
    match text.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') => EnvValue::Text(rest.to_owned()),
        Some(name) => EnvValue::Variable {
            name: name.strip_suffix('?').unwrap_or(name).to_owned(),
            optional: name.ends_with('?'),
        },
        None => EnvValue::Text(text.to_owned()),
    }
}

/// Whether a variable can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let proper = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(proper) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// Whether a variable of this name may hold a secret: it does not say that it holds a place or a choice.
pub fn may_hold_a_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    let last = name.rsplit('_').next().unwrap_or(&name);
    !OPEN_NAMES.contains(&last)
}

/// Whether a variable of this name usually holds a secret.
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRET_NAMES
        .iter()
        .any(|part| name.split('_').any(|word| word == *part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::CommandLine;

    fn profile(env: impl IntoIterator<Item = (&'static str, EnvValue)>) -> AgentProfile {
        let command = CommandLine {
            program: "agent".into(),
            args: Vec::new(),
        };
        let mut profile = AgentProfile::of_command(AgentId::new("test").unwrap(), command);
        profile.env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        profile
    }

    fn variable(name: &str, optional: bool) -> EnvValue {
        EnvValue::Variable {
            name: name.to_owned(),
            optional,
        }
    }

    #[test]
    fn references_are_resolved_and_their_values_are_secrets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from a file\n").unwrap();
        let profile = profile([
            ("PLAIN", EnvValue::Text("1".into())),
            ("KEY", variable("OPERATOR_KEY", false)),
            ("BASE_URL", variable("OPERATOR_URL", false)),
            ("GOOSE_PROVIDER", variable("OPERATOR_PROVIDER", false)),
            ("MISSING", variable("NOT_SET", true)),
            ("TOKEN", EnvValue::File(file.path().into())),
        ]);
        let operator = |name: &str| match name {
            "OPERATOR_KEY" => Some("s3cret".to_owned()),
            "OPERATOR_URL" => Some("http://localhost".to_owned()),
            "OPERATOR_PROVIDER" => Some("openai".to_owned()),
            _ => None,
        };
        let made = profile.environment(Way::Open, operator).unwrap();
        let expected = [
            ("BASE_URL", "http://localhost"),
            ("GOOSE_PROVIDER", "openai"),
            ("KEY", "s3cret"),
            ("PLAIN", "1"),
            ("TOKEN", "from a file"),
        ];
        let seen: Vec<(&str, &str)> = made.variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(seen, expected);
        assert_eq!(made.secrets, ["s3cret", "from a file"]);
        assert!(!format!("{made:?}").contains("s3cret"));
    }

    #[test]
    fn references_that_lead_nowhere_are_named_all_at_once() {
        let profile = profile([
            ("A_KEY", variable("NOT_SET", false)),
            ("B_KEY", EnvValue::File("/no/such/file".into())),
        ]);
        let problems = profile.environment(Way::Open, |_| None).unwrap_err();
        let text = problems.to_string();
        assert_eq!(problems.problems.len(), 2);
        assert!(text.contains("A_KEY is taken from $NOT_SET"), "{text}");
        assert!(text.contains("B_KEY is taken from the file /no/such/file"), "{text}");
    }

    #[test]
    fn secrets_are_known_by_whole_words_of_their_names() {
        for secret in ["ANTHROPIC_API_KEY", "GH_TOKEN", "password", "CLIENT_SECRET"] {
            assert!(names_a_secret(secret), "{secret}");
        }
        for plain in ["KEYBOARD", "MAX_TOKENS", "LANG", "MONKEY_MODE"] {
            assert!(!names_a_secret(plain), "{plain}");
        }
    }
}
