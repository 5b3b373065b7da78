//! An agent's process: started, greeted, and ended whole.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::{AgentCapabilities, Implementation, InitializeRequest, InitializeResponse};
use agent_client_protocol::{is_connection_terminated, is_incoming_transport_closed};
use team6_core::failure::FailureKind;
use team6_sandbox::{Ended, Launcher, ProcessSpec, ProcessTree, Reach, SpawnError, TreeMark, TreeUsage};
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Incoming};
use super::error::AgentError;
use super::failure;
use super::redact::Redactor;
use super::turn::Session;
use crate::profile::{AgentProfile, Environment};

/// How long the end of a process is waited for that has closed its pipes.
const EXIT: Duration = Duration::from_secs(2);

/// What is needed to start an agent. Its `Debug` shows no values of variables.
pub struct StartAgent<'a> {
    /// What starts process trees.
    pub launcher: &'a Launcher,
    /// Which agent.
    pub profile: &'a AgentProfile,
    /// The folder that it works in, in full.
    pub cwd: PathBuf,
    /// Its whole environment but for what the profile adds.
    pub env: BTreeMap<OsString, OsString>,
    /// What the profile adds, resolved once for the program and for what is around it.
    pub added: Environment,
    /// How far it can reach.
    pub reach: Reach,
    /// Values that must not appear in anything it says, besides those that the profile knows.
    pub secrets: Vec<String>,
    /// How its processes are found again.
    pub mark: &'a TreeMark,
    /// How long it may take to get ready.
    pub patience: Patience,
}

impl fmt::Debug for StartAgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartAgent")
            .field("agent", &self.profile.id)
            .field("cwd", &self.cwd)
            .field("env", &self.env.keys())
            .field("added", &self.added)
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

/// How long an agent may take to get ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For its answer to `initialize`: some install or update themselves first.
    pub greeting: Duration,
    /// For each answer while a session is opened: it starts its tool servers meanwhile.
    pub opening: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(60),
            opening: Duration::from_secs(90),
        }
    }
}

/// An agent that answered `initialize`. Dropping it kills its whole process tree.
#[derive(Debug)]
pub struct AgentProcess {
    pub(super) profile: AgentProfile,
    pub(super) cwd: PathBuf,
    pub(super) patience: Patience,
    pub(super) redactor: Redactor,
    pub(super) session: Option<Session>,
    pub(super) connection: Connection,
    /// What came when there was no session yet.
    pub(super) early: Vec<Incoming>,
    greeting: InitializeResponse,
    tree: ProcessTree,
}

impl AgentProcess {
    /// Starts an agent and greets it. Nothing is left of one that fails.
    pub async fn start(start: StartAgent<'_>) -> Result<Self, AgentError> {
        let profile = start.profile.clone();
        let redactor = Redactor::new(start.added.secrets.into_iter().chain(start.secrets));
        let mut env = start.env;
        let added = start.added.variables.into_iter();
        env.extend(added.map(|(name, value)| (name.into(), value.into())));
        let spec = ProcessSpec {
            program: profile.command.clone().into(),
            args: profile.args.iter().map(Into::into).collect(),
            cwd: start.cwd.clone(),
            env,
            reach: start.reach,
        };
        let mut tree = start
            .launcher
            .spawn(spec, start.mark)
            .await
            .map_err(|error| match error {
                SpawnError::NotFound { .. } => AgentError::NotInstalled {
                    program: profile.command.clone(),
                    install: profile.install.clone(),
                },
                error => AgentError::Spawn(error),
            })?;
        let connection = Connection::open(&mut tree, &profile.permissions, &redactor).await;
        let connection = connection.ok_or_else(|| AgentError::no_protocol("its pipes are gone", ""))?;
        let mut process = Self {
            profile,
            cwd: start.cwd,
            patience: start.patience,
            redactor,
            session: None,
            connection,
            early: Vec::new(),
            greeting: InitializeResponse::new(ProtocolVersion::V1),
            tree,
        };
        match process.greet().await {
            Ok(greeting) => process.greeting = greeting,
            Err(error) => {
                process.end(Duration::ZERO).await;
                return Err(error);
            }
        }
        Ok(process)
    }

    async fn greet(&mut self) -> Result<InitializeResponse, AgentError> {
        let us = Implementation::new("team6", env!("CARGO_PKG_VERSION"));
        let request = InitializeRequest::new(ProtocolVersion::V1).client_info(us);
        let greeting = self.connection.agent.send_request(request).block_task();
        let answer = self.answer("initialize", self.patience.greeting, greeting).await;
        // The protocol's own library takes another version for an error.
        match (self.connection.traffic.version(), answer) {
            // Also what a program gets that sends back whatever it reads.
            (0 | 1, Err(AgentError::Answered(failure))) if failure.kind == FailureKind::Protocol => {
                let why = format!("it cannot answer `initialize`: {}", failure.text);
                Err(AgentError::no_protocol(&why, ""))
            }
            (0 | 1, answer) => answer,
            (theirs, _) => Err(AgentError::Version { theirs }),
        }
    }

    /// Waits for the answer to a request outside of a turn, or says why none came. What else came is kept for the
    /// session.
    pub(super) async fn answer<T>(
        &mut self,
        request: &'static str,
        limit: Duration,
        answer: impl Future<Output = Result<T, agent_client_protocol::Error>>,
    ) -> Result<T, AgentError> {
        let (mut answer, mut late) = (std::pin::pin!(answer), std::pin::pin!(sleep(limit)));
        let answered = loop {
            tokio::select! {
                biased;
                // A session that is loaded may replay all that was ever said in it: only entries and usage are kept.
                Some(incoming) = self.connection.incoming.recv() => keep(&mut self.early, incoming),
                answered = &mut answer => break answered,
                () = &mut late => return Err(AgentError::Silent { request, limit }),
            }
        };
        // What came before the answer is in the channel by now.
        while let Ok(incoming) = self.connection.incoming.try_recv() {
            keep(&mut self.early, incoming);
        }
        match answered {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// What an error means: the agent's own answer, or the end of its process or of the protocol.
    pub(super) async fn explain(&mut self, error: agent_client_protocol::Error) -> AgentError {
        if is_incoming_transport_closed(&error) || is_connection_terminated(&error) {
            return self.gone().await;
        }
        let message = self.redactor.text(&error.message).into_owned();
        let mut data = error.data;
        data.iter_mut().for_each(|data| self.redactor.value(data));
        let code = i64::from(i32::from(error.code));
        AgentError::Answered(failure::of_error(code, &message, data.as_ref(), super::now()))
    }

    /// Why there is no connection any more.
    async fn gone(&mut self) -> AgentError {
        let noise = self.connection.traffic.noise();
        let noise = self.redactor.text(&noise);
        if let Some(why) = self.connection.traffic.broken() {
            return AgentError::no_protocol(&why, &noise);
        }
        let Ok(exit) = timeout(EXIT, self.tree.wait()).await else {
            return AgentError::no_protocol("it closed its pipes and stayed", &noise);
        };
        let words = self.connection.last_words().await;
        AgentError::Exited {
            exit,
            words: if words.trim().is_empty() {
                noise.into_owned()
            } else {
                words
            },
        }
    }

    /// What `initialize` told: its name and version, if it has them.
    pub fn name(&self) -> Option<(&str, &str)> {
        let info = self.greeting.agent_info.as_ref()?;
        Some((&info.name, &info.version))
    }

    /// What `initialize` told that it can do.
    pub(super) fn abilities(&self) -> &AgentCapabilities {
        &self.greeting.agent_capabilities
    }

    /// What its processes use now.
    pub async fn usage_of_machine(&mut self) -> TreeUsage {
        self.tree.usage().await
    }

    /// The id of its process.
    pub fn pid(&self) -> i32 {
        self.tree.pid()
    }

    /// Ends it: what it does is cancelled and has `grace` to end, then its stdin is closed, and it has `grace` again at
    /// each step until its processes are killed.
    pub async fn end(mut self, grace: Duration) -> Ended {
        self.cancel(grace);
        while self.in_turn() {
            self.next().await;
        }
        self.connection.hang_up().await;
        self.tree.end(grace).await
    }
}

/// Keeps what came outside of a turn, within a bound: entries, and the last account of usage.
fn keep(kept: &mut Vec<Incoming>, incoming: Incoming) {
    const MOST: usize = 256;
    match &incoming {
        Incoming::Update(update) if update.get("sessionUpdate").is_some_and(|kind| kind == "usage_update") => {
            kept.retain(|other| !matches!(other, Incoming::Update(_)));
        }
        Incoming::Update(_) | Incoming::Denied(_) => return,
        Incoming::Entry(_) if kept.len() < MOST => {}
        Incoming::Entry(_) => return,
    }
    kept.push(incoming);
}
