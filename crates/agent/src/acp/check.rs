//! Finds out whether an agent can be worked with, and what it can do.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::AgentError;
use super::process::{AgentProcess, StartAgent};

/// How long the agent has for its end.
const GRACE: Duration = Duration::from_secs(5);

/// What an agent can do, or what keeps it from working.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The agent's name in Team6.
    pub agent: String,
    /// Whether it can be given work.
    pub works: bool,
    /// The name and version that it tells of itself.
    pub program: Option<String>,
    /// Whether a session can be gone on with by a new process.
    pub continues_sessions: bool,
    /// From its start to its greeting, in milliseconds.
    pub greeted_after_ms: Option<u64>,
    /// From its start to an open session, in milliseconds.
    pub session_after_ms: Option<u64>,
    /// The memory of its processes then, in bytes.
    pub memory: Option<u64>,
    /// What is missing.
    pub problem: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        let took = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        writeln!(f, "agent               {}", self.agent)?;
        writeln!(f, "works               {}", yes(self.works))?;
        if let Some(program) = &self.program {
            writeln!(f, "program             {program}")?;
        }
        if self.greeted_after_ms.is_some() {
            writeln!(f, "continues sessions  {}", yes(self.continues_sessions))?;
            writeln!(f, "greeted after       {}", took(self.greeted_after_ms))?;
            writeln!(f, "session after       {}", took(self.session_after_ms))?;
        }
        if let Some(memory) = self.memory {
            writeln!(f, "memory              {} MB", memory >> 20)?;
        }
        if let Some(problem) = &self.problem {
            writeln!(f, "problem             {problem}")?;
        }
        match &self.hint {
            Some(hint) => writeln!(f, "what to do          {hint}"),
            None => Ok(()),
        }
    }
}

/// Starts an agent, opens a session, and ends it again.
pub async fn check(start: StartAgent<'_>) -> CheckReport {
    let profile = start.profile.clone();
    let began = Instant::now();
    let elapsed = || u64::try_from(began.elapsed().as_millis()).ok();
    let mut report = CheckReport {
        agent: profile.id.to_string(),
        works: false,
        program: None,
        continues_sessions: false,
        greeted_after_ms: None,
        session_after_ms: None,
        memory: None,
        problem: None,
        hint: None,
    };
    let fail = |report: &mut CheckReport, error: &AgentError| {
        report.problem = Some(error.to_string());
        report.hint = match error {
            AgentError::NotInstalled { .. } => profile.install.clone(),
            AgentError::Answered(_) | AgentError::Environment(_) => profile.credentials.clone(),
            AgentError::Version { .. } | AgentError::Exited { .. } => profile.install.clone(),
            _ => None,
        };
    };
    let mut process = match AgentProcess::start(start).await {
        Ok(process) => process,
        Err(error) => {
            fail(&mut report, &error);
            return report;
        }
    };
    report.greeted_after_ms = elapsed();
    report.program = process.name().map(|(name, version)| format!("{name} {version}"));
    report.continues_sessions = process.continues_sessions();
    match process.open_session(None, Vec::new()).await {
        Ok(_) => {
            report.works = true;
            report.session_after_ms = elapsed();
            report.memory = Some(process.usage_of_machine().await.memory);
        }
        Err(error) => fail(&mut report, &error),
    }
    process.end(GRACE).await;
    report
}
