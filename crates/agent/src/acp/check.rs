//! Finds out whether an agent can be worked with, and what it can do.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use team6_core::failure::FailureKind;

use super::error::AgentError;
use super::process::{AgentProcess, StartAgent};
use crate::profile::{AgentProfile, Gateway, SecretReference};
use crate::toolbox::McpServerSpec;

/// How long the agent has for each step of its end.
const GRACE: Duration = Duration::from_secs(5);

/// What an agent can do, or what keeps it from working. Its `Display` is for people and ends with a line break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The agent's name in Team6.
    pub agent: String,
    /// Its command line.
    pub command: String,
    /// What it was kept in; none if it was started by itself.
    #[serde(default)]
    pub sandbox: Option<String>,
    /// What it tried to reach and could not, a line each.
    #[serde(default)]
    pub network: Vec<String>,
    /// What it told of itself when it was greeted; none if it did not come so far.
    pub greeting: Option<Greeting>,
    /// What it told of a session; none if it did not come so far.
    pub session: Option<SessionReport>,
    /// What is known of its account without asking its model; none if its profile says nothing of one.
    pub account: Option<String>,
    /// The servers that it asks without having their credentials.
    #[serde(default)]
    pub gateways: Vec<GatewayReport>,
    /// What is wrong; none if it can be given work.
    pub problem: Option<Problem>,
}

/// A gateway of an agent's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayReport {
    /// Where its requests go.
    pub upstream: String,
    /// The variable that tells the agent where to ask.
    pub variable: String,
    /// Where its secret is taken from, for people.
    pub secret: String,
    /// What became of the secret.
    pub state: SecretState,
    /// What came of asking it once; none if that was not tried.
    #[serde(default)]
    pub answer: Option<String>,
}

/// What became of a gateway's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// Nobody has set it: there is no such gateway.
    NotSet,
    /// It is there, and nothing was started yet that it could be kept from.
    Set,
    /// The proxy has it, and the agent has not.
    KeptOutside,
    /// The agent has it, since there is no sandbox to keep it out of.
    GivenToTheAgent,
}

/// What an agent told when it was greeted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Greeting {
    /// The name and version that it gives itself.
    pub program: Option<String>,
    /// How long it took from its start, in milliseconds.
    pub after_ms: u64,
    /// Whether it goes on with a session and tells nothing of what was said before.
    pub resumes: bool,
    /// Whether it goes on with a session and replays what was said before.
    pub loads: bool,
    /// Whether it takes tools over HTTP.
    pub mcp_http: bool,
    /// Whether it takes tools over server-sent events.
    pub mcp_sse: bool,
}

/// What an agent told of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// How long it took from its start, in milliseconds.
    pub after_ms: u64,
    /// The ids of its modes.
    pub modes: Vec<String>,
    /// The ids of its models.
    pub models: Vec<String>,
    /// The memory of its processes then, in bytes.
    pub memory: u64,
    /// The number of its processes then.
    pub processes: u64,
}

/// Why an agent cannot be given work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The failure that an attempt would end with.
    pub kind: FailureKind,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CheckReport {
    /// A report of an agent that was not started.
    pub fn unstarted(profile: &AgentProfile, error: &AgentError) -> Self {
        Self {
            problem: Some(problem(error, profile)),
            ..Self::new(profile)
        }
    }

    /// The same for want of something that is none of its own.
    pub fn hindered(profile: &AgentProfile, text: String) -> Self {
        let problem = Problem {
            kind: FailureKind::AgentUnavailable,
            text,
            hint: None,
        };
        Self {
            problem: Some(problem),
            ..Self::new(profile)
        }
    }

    fn new(profile: &AgentProfile) -> Self {
        let mut command = vec![profile.command.clone()];
        command.extend(profile.args.iter().cloned());
        Self {
            agent: profile.id.to_string(),
            command: command.join(" "),
            sandbox: None,
            network: Vec::new(),
            greeting: None,
            session: None,
            account: account(profile, |name| std::env::var_os(name).is_some()),
            gateways: profile.gateways.iter().map(GatewayReport::new).collect(),
            problem: None,
        }
    }

    /// Whether it can be given work.
    pub fn works(&self) -> bool {
        self.problem.is_none()
    }
}

/// Starts an agent, opens a session with these tools, and ends it again. Nothing is said to its model.
pub async fn check(start: StartAgent<'_>, tools: Vec<McpServerSpec>) -> CheckReport {
    let profile = start.profile.clone();
    let mut report = CheckReport::new(&profile);
    for gateway in report
        .gateways
        .iter_mut()
        .filter(|gateway| gateway.state == SecretState::Set)
    {
        let is_open = start
            .added
            .gateways
            .iter()
            .any(|open| open.variable == gateway.variable);
        gateway.state = match is_open {
            true => SecretState::KeptOutside,
            false => SecretState::GivenToTheAgent,
        };
    }
    if let Err(error) = fill(&mut report, start, tools).await {
        report.problem = Some(problem(&error, &profile));
    }
    report
}

async fn fill(report: &mut CheckReport, start: StartAgent<'_>, tools: Vec<McpServerSpec>) -> Result<(), AgentError> {
    let began = Instant::now();
    let elapsed = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut process = AgentProcess::start(start).await?;
    let abilities = process.abilities();
    report.greeting = Some(Greeting {
        program: process.name().map(|(name, version)| format!("{name} {version}")),
        after_ms: elapsed(),
        resumes: abilities.session_capabilities.resume.is_some(),
        loads: abilities.load_session,
        mcp_http: abilities.mcp_capabilities.http,
        mcp_sse: abilities.mcp_capabilities.sse,
    });
    let opened = process.open_session(None, tools).await;
    let after_ms = elapsed();
    let usage = process.usage_of_machine().await;
    process.end(GRACE).await;
    let opened = opened?;
    report.session = Some(SessionReport {
        after_ms,
        modes: opened.modes,
        models: opened.models,
        memory: usage.memory,
        processes: u64::from(usage.processes),
    });
    Ok(())
}

impl GatewayReport {
    fn new(gateway: &Gateway) -> Self {
        let is_set = match &gateway.secret {
            SecretReference::Variable { name, .. } => std::env::var_os(name).is_some_and(|value| !value.is_empty()),
            SecretReference::File(path) => path.is_file(),
        };
        Self {
            upstream: gateway.upstream.clone(),
            variable: gateway.variable.clone(),
            secret: gateway.secret.to_string(),
            state: if is_set { SecretState::Set } else { SecretState::NotSet },
            answer: None,
        }
    }
}

impl fmt::Display for GatewayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            upstream,
            variable,
            secret,
            state,
            answer,
        } = self;
        let answer = answer.as_ref().map(|answer| format!("; {answer}")).unwrap_or_default();
        match state {
            SecretState::NotSet => write!(f, "no gateway to {upstream}: {secret} is not set"),
            SecretState::Set => write!(
                f,
                "a gateway to {upstream} at {variable}: its secret is set by {secret}"
            ),
            SecretState::KeptOutside => write!(
                f,
                "a gateway to {upstream} at {variable}: its secret is set by {secret}, and kept outside of the sandbox{answer}"
            ),
            SecretState::GivenToTheAgent => write!(
                f,
                "{upstream} at {variable}: its secret is set by {secret}, and the agent has it, since there is no sandbox"
            ),
        }
    }
}

/// Whether any of the variables is set that can give an agent an account. Only its model could tell whether it is good.
fn account(profile: &AgentProfile, is_set: impl Fn(&str) -> bool) -> Option<String> {
    let how = profile.credentials.as_deref()?;
    let secrets = profile.secret_variables();
    // What a gateway takes from a file is told with the gateway.
    let has_file = |gateway: &Gateway| matches!(&gateway.secret, SecretReference::File(path) if path.is_file());
    let set: Vec<&str> = secrets.iter().copied().filter(|name| is_set(name)).collect();
    Some(match set.as_slice() {
        [] if profile.gateways.iter().any(has_file) => return None,
        [] => format!("none is set, so it will probably ask for one when it is given work. {how}"),
        set => format!(
            "from {}; it was not tried, since that would ask the model",
            set.join(", ")
        ),
    })
}

fn problem(error: &AgentError, profile: &AgentProfile) -> Problem {
    let failure = error.failure();
    let hint = match (error, failure.kind) {
        (_, FailureKind::LoginNeeded) | (AgentError::Environment(_), _) => profile.credentials.clone(),
        // It says so itself.
        (AgentError::NotInstalled { .. } | AgentError::NotOffered { .. }, _) => None,
        (AgentError::Version { .. } | AgentError::Exited { .. } | AgentError::NoProtocol { .. }, _) => {
            let again = |how| format!("Check its command line, or install it again with: {how}");
            profile.install.as_deref().map(again)
        }
        _ => None,
    };
    Problem {
        kind: failure.kind,
        text: failure.text,
        hint,
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &str| writeln!(f, "{name:<12} {}", value.replace('\n', "\n             "));
        let list = |items: &[String]| match items {
            [] => "none".to_owned(),
            items => items.join(", "),
        };
        line("agent", &self.agent)?;
        line("command", &self.command)?;
        if let Some(sandbox) = &self.sandbox {
            line("sandbox", sandbox)?;
        }
        if let Some(greeting) = &self.greeting {
            line("program", greeting.program.as_deref().unwrap_or("does not say"))?;
            line("greeting", &format!("after {} ms", greeting.after_ms))?;
            let continues = match (greeting.resumes, greeting.loads) {
                (true, _) => "resumes sessions",
                (false, true) => "loads sessions",
                (false, false) => "no; each attempt begins a new session",
            };
            line("continues", continues)?;
            let tools = [(true, "stdio"), (greeting.mcp_http, "http"), (greeting.mcp_sse, "sse")];
            let tools: Vec<&str> = tools.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
            line("tools over", &tools.join(", "))?;
        }
        if let Some(session) = &self.session {
            line("session", &format!("after {} ms", session.after_ms))?;
            line("modes", &list(&session.modes))?;
            line("models", &list(&session.models))?;
            line("memory", &format!("{} MB", session.memory / 1_000_000))?;
            line("processes", &session.processes.to_string())?;
        }
        if !self.network.is_empty() {
            line("network", &self.network.join("\n"))?;
        }
        let gateways = self.gateways.iter().map(ToString::to_string);
        let account: Vec<String> = self.account.iter().cloned().chain(gateways).collect();
        if !account.is_empty() && self.problem.is_none() {
            line("account", &account.join("\n"))?;
        }
        match &self.problem {
            None => line("result", "it can be given work"),
            Some(problem) => {
                line("result", &format!("failed: {}", problem.text))?;
                problem.hint.as_deref().map_or(Ok(()), |hint| line("what to do", hint))
            }
        }
    }
}
