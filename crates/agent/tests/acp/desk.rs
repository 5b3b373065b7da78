//! A workspace, a launcher and an agent's profile, and what is done with them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use team6_agent::acp::{AgentError, AgentProcess, Event, Opened, Patience, StartAgent, TurnEnd};
use team6_agent::profile::{AgentProfile, CommandLine, EnvProblems, Environment, Way};
use team6_core::ids::AgentId;
use team6_core::trace::TraceBody;
use team6_sandbox::{Ended, Launcher, TreeMark};
use tempfile::TempDir;
use tokio::time::timeout;

/// For what must happen at all, on a machine with much else to do.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A folder to work in, and an agent that is to be started there.
pub(crate) struct Desk {
    folder: Arc<TempDir>,
    launcher: Launcher,
    mark: TreeMark,
    pub(crate) profile: AgentProfile,
    pub(crate) way: Way,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) secrets: Vec<String>,
    pub(crate) patience: Patience,
}

impl Desk {
    /// For the program with these arguments.
    pub(crate) fn of(program: &str, args: &[&str]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path().join("w")).unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap().replace('.', "");
        let command = CommandLine {
            program: program.into(),
            args: args.iter().map(ToString::to_string).collect(),
        };
        Self {
            launcher: Launcher::new(env!("CARGO_BIN_EXE_team6-agent-supervisor"), [""; 0]),
            mark: TreeMark::new(name, "s1-a1").unwrap(),
            profile: AgentProfile::of_command(AgentId::new("tester").unwrap(), command),
            way: Way::Open,
            env: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
            secrets: Vec::new(),
            patience: Patience::default(),
            folder,
        }
    }

    /// For the agent that misbehaves like this.
    pub(crate) fn faulty(args: &[&str]) -> Self {
        Self::of(env!("CARGO_BIN_EXE_team6-faulty-agent"), args)
    }

    /// For the scripted agent, which takes these steps in each turn.
    pub(crate) fn scripted(steps: &str) -> Self {
        let mut desk = Self::of(env!("CARGO_BIN_EXE_team6-scripted-agent"), &[]);
        let scenario = desk.folder.path().join("scenario.toml");
        std::fs::write(&scenario, format!("[[script]]\nwhen = '.'\nsteps = [{steps}]\n")).unwrap();
        desk.profile.args = vec![scenario.to_str().unwrap().to_owned()];
        desk
    }

    pub(crate) fn cwd(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    pub(crate) fn added(&self) -> Result<Environment, EnvProblems> {
        self.profile.environment(self.way, |name| std::env::var(name).ok())
    }

    pub(crate) fn start_agent(&self, added: Environment) -> StartAgent<'_> {
        StartAgent {
            launcher: &self.launcher,
            profile: &self.profile,
            cwd: self.cwd(),
            env: self.env.clone(),
            added,
            reach: team6_sandbox::Reach::Open,
            secrets: self.secrets.clone(),
            mark: &self.mark,
            patience: self.patience,
        }
    }

    pub(crate) async fn start(&self) -> Result<Agent, AgentError> {
        let added = self.added().map_err(AgentError::Environment)?;
        let started = timeout(LIMIT, AgentProcess::start(self.start_agent(added))).await;
        let process = started.expect("a start in time")?;
        Ok(Agent {
            process,
            _folder: Arc::clone(&self.folder),
        })
    }

    /// An agent with a new session.
    pub(crate) async fn agent(&self) -> Agent {
        let mut agent = self.start().await.unwrap();
        agent.open(None).await.unwrap();
        agent
    }
}

/// An agent at work.
pub(crate) struct Agent {
    pub(crate) process: AgentProcess,
    /// It outlives the desk.
    _folder: Arc<TempDir>,
}

impl Agent {
    pub(crate) async fn open(&mut self, before: Option<&str>) -> Result<Opened, AgentError> {
        let opened = timeout(LIMIT, self.process.open_session(before, Vec::new())).await;
        opened.expect("a session in time")
    }

    pub(crate) async fn next(&mut self) -> Event {
        timeout(LIMIT, self.process.next()).await.expect("an event in time")
    }

    /// What happens until the turn ends.
    pub(crate) async fn rest(&mut self) -> (Vec<TraceBody>, TurnEnd) {
        let mut seen = Vec::new();
        loop {
            match self.next().await {
                Event::Update(body, _) => seen.push(body),
                Event::Ended(end) => return (seen, end),
            }
        }
    }

    /// A whole turn.
    pub(crate) async fn turn(&mut self, prompt: &str) -> (Vec<TraceBody>, TurnEnd) {
        self.process.prompt(prompt);
        self.rest().await
    }

    /// Waits for a message of the agent that contains this.
    pub(crate) async fn says(&mut self, words: &str) {
        loop {
            match self.next().await {
                Event::Update(TraceBody::Message { text }, _) if text.contains(words) => return,
                Event::Update(..) => {}
                Event::Ended(end) => panic!("the turn ended before {words:?}: {end:?}"),
            }
        }
    }

    pub(crate) async fn end(self, grace: Duration) -> Ended {
        timeout(LIMIT, self.process.end(grace)).await.expect("an end in time")
    }
}

/// All that was said, in one piece.
pub(crate) fn said(seen: &[TraceBody]) -> String {
    let texts = seen.iter().filter_map(|body| match body {
        TraceBody::Message { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}
