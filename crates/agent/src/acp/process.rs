//! An agent's process: started, greeted, and ended whole.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    CancelNotification, Implementation, InitializeRequest, InitializeResponse, RequestPermissionRequest,
};
use agent_client_protocol::{Agent, Client, Lines};
use team6_sandbox::{Ended, Exit, Launcher, ProcessSpec, ProcessTree, SpawnError, TreeMark, TreeUsage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::error::AgentError;
use super::lines::{Traffic, incoming, outgoing};
use super::redact::Redactor;
use super::session::Session;
use super::stderr::{self, Tail};
use super::{Incoming, failure, permission};
use crate::profile::AgentProfile;

/// How long an agent may take to answer `initialize`: some install or update themselves first.
const GREETING: Duration = Duration::from_secs(60);
/// How many updates wait before the agent has to.
const WAITING: usize = 256;

/// What is needed to start an agent.
#[derive(Debug)]
pub struct StartAgent<'a> {
    /// What starts process trees.
    pub launcher: &'a Launcher,
    /// Which agent.
    pub profile: &'a AgentProfile,
    /// The folder that it works in.
    pub cwd: PathBuf,
    /// Its environment, to which the profile adds its own.
    pub env: BTreeMap<OsString, OsString>,
    /// How its processes are found again.
    pub mark: &'a TreeMark,
}

/// An agent that answered `initialize`. Dropping it kills its whole process tree.
#[derive(Debug)]
pub struct AgentProcess {
    pub(super) profile: AgentProfile,
    pub(super) cwd: PathBuf,
    pub(super) greeting: InitializeResponse,
    pub(super) agent: ConnectionTo<Agent>,
    pub(super) updates: mpsc::Receiver<Incoming>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) tree: ProcessTree,
    pub(super) redactor: Redactor,
    pub(super) session: Option<Session>,
    tail: Tail,
    driver: JoinHandle<Result<(), agent_client_protocol::Error>>,
    stderr: JoinHandle<()>,
    hang_up: CancellationToken,
}

impl AgentProcess {
    /// Starts an agent and greets it.
    pub async fn start(start: StartAgent<'_>) -> Result<Self, AgentError> {
        let StartAgent {
            launcher,
            profile,
            cwd,
            mut env,
            mark,
        } = start;
        let added = {
            let profile = profile.clone();
            let resolve = move || profile.environment(|name| std::env::var(name).ok());
            tokio::task::spawn_blocking(resolve).await
        };
        let added = match added {
            Ok(added) => added.map_err(AgentError::Environment)?,
            Err(error) => return Err(no_protocol(error.to_string(), String::new())),
        };
        let redactor = Redactor::new(added.secrets);
        env.extend(
            added
                .variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let spec = ProcessSpec {
            program: profile.command.clone().into(),
            args: profile.args.iter().map(Into::into).collect(),
            cwd: cwd.clone(),
            env,
        };
        let mut tree = launcher.spawn(spec, mark).await.map_err(|error| match error {
            SpawnError::NotFound { .. } => AgentError::NotInstalled {
                program: profile.command.clone(),
                install: profile.install.clone(),
            },
            error => AgentError::Spawn(error),
        })?;
        let (Some(stdin), Some(stdout), Some(error_stream)) =
            (tree.stdin.take(), tree.stdout.take(), tree.stderr.take())
        else {
            return Err(no_protocol("its pipes are gone".into(), String::new()));
        };
        let (updates, received) = mpsc::channel(WAITING);
        let (tail, traffic, hang_up) = (Tail::default(), Arc::new(Traffic::default()), CancellationToken::new());
        let stderr = tokio::spawn(stderr::read(
            error_stream,
            redactor.clone(),
            updates.clone(),
            tail.clone(),
        ));
        let lines = Lines::new(outgoing(stdin), incoming(stdout, updates.clone(), Arc::clone(&traffic)));
        let (connected, connection) = oneshot::channel();
        let rules = profile.permissions.clone();
        let ending = hang_up.clone();
        let driver = tokio::spawn(async move {
            Client
                .v1()
                .on_receive_request(
                    async move |request: RequestPermissionRequest, responder, _| {
                        let (response, entry) = permission::answer(&request, &rules);
                        let _ = updates.send(Incoming::Entry(entry)).await;
                        responder.respond(response)
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .connect_with(lines, async move |agent: ConnectionTo<Agent>| {
                    let _ = connected.send(agent);
                    ending.cancelled().await;
                    Ok(())
                })
                .await
        });
        let Ok(agent) = connection.await else {
            return Err(no_protocol("the connection broke off".into(), traffic.noise()));
        };
        let mut process = Self {
            profile: profile.clone(),
            cwd,
            greeting: InitializeResponse::new(ProtocolVersion::V1),
            agent,
            updates: received,
            traffic,
            tree,
            redactor,
            session: None,
            tail,
            driver,
            stderr,
            hang_up,
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
        let greeting = self.agent.send_request(request).block_task();
        let answer = self.answer("initialize", GREETING, greeting).await?;
        match answer.protocol_version {
            ProtocolVersion::V1 => Ok(answer),
            other => Err(AgentError::Version {
                theirs: serde_json::to_value(other)
                    .ok()
                    .and_then(|v| v.as_u64())
                    .and_then(|v| u16::try_from(v).ok())
                    .unwrap_or(0),
            }),
        }
    }

    /// Waits for the answer to a request, and says why none came.
    pub(super) async fn answer<T>(
        &mut self,
        request: &'static str,
        limit: Duration,
        answer: impl Future<Output = Result<T, agent_client_protocol::Error>>,
    ) -> Result<T, AgentError> {
        tokio::pin!(answer);
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                answered = &mut answer => return match answered {
                    Ok(answer) => Ok(answer),
                    Err(error) => Err(self.error(error).await),
                },
                // What comes before a session is open belongs to no turn.
                Some(_) = self.updates.recv() => {}
                () = &mut deadline => return Err(AgentError::Silent { request, limit }),
            }
        }
    }

    /// What an error means: the agent's own answer, or the end of its process or of the protocol.
    pub(super) async fn error(&mut self, error: agent_client_protocol::Error) -> AgentError {
        // If the connection is gone, so is the process in a moment, or it never spoke the protocol.
        if self.driver.is_finished() || self.agent_is_gone().await {
            return self.gone().await;
        }
        let code = i64::from(i32::from(error.code));
        let now = super::now();
        AgentError::Answered(failure::of_error(
            code,
            &self.redactor.text(&error.message),
            error.data.as_ref(),
            now,
        ))
    }

    async fn agent_is_gone(&mut self) -> bool {
        let moment = Duration::from_millis(200);
        tokio::time::timeout(moment, self.tree.wait()).await.is_ok()
    }

    /// Why there is no connection any more.
    pub(super) async fn gone(&mut self) -> AgentError {
        let moment = Duration::from_secs(2);
        let exit = tokio::time::timeout(moment, self.tree.wait()).await.ok();
        let broken = match self.driver.is_finished() {
            true => (&mut self.driver).await.ok().and_then(Result::err),
            false => None,
        };
        if let (Some(exit), None) = (exit, &broken) {
            return self.exited(exit).await;
        }
        let noise = self.redactor.text(&self.traffic.noise()).into_owned();
        match (exit, broken) {
            (_, Some(error)) if said_too_much(&error) => no_protocol(reason(&error), noise),
            (Some(exit), _) => self.exited(exit).await,
            (None, Some(error)) => no_protocol(reason(&error), noise),
            (None, None) => no_protocol("it closed its output".into(), noise),
        }
    }

    async fn exited(&mut self, exit: Exit) -> AgentError {
        let moment = Duration::from_millis(500);
        let _ = tokio::time::timeout(moment, &mut self.stderr).await;
        let mut stderr = self.tail.text();
        if stderr.trim().is_empty() {
            stderr = self.redactor.text(&self.traffic.noise()).into_owned();
        }
        AgentError::Exited {
            exit: exit.to_string(),
            stderr,
        }
    }

    /// What `initialize` told: its name and version, if it has them.
    pub fn name(&self) -> Option<(String, String)> {
        let info = self.greeting.agent_info.as_ref()?;
        Some((info.name.clone(), info.version.clone()))
    }

    /// What its processes use now.
    pub async fn usage_of_machine(&self) -> TreeUsage {
        self.tree.usage().await
    }

    /// Ends it: what it does is cancelled, its stdin closed, and after `grace` its processes are ended.
    pub async fn end(mut self, grace: Duration) -> Ended {
        if let Some(session) = self.session.take()
            && session.is_in_turn() {
                let _ = self
                    .agent
                    .send_notification(CancelNotification::new(session.id.clone()));
                let turn = session.turn_end();
                tokio::pin!(turn);
                let limit = tokio::time::sleep(grace);
                tokio::pin!(limit);
                loop {
                    tokio::select! {
                        () = &mut turn => break,
                        Some(_) = self.updates.recv() => {}
                        () = &mut limit => break,
                    }
                }
            }
        self.hang_up.cancel();
        // The driver holds stdin; while it flushes, updates must not hold it up.
        self.updates.close();
        if tokio::time::timeout(Duration::from_secs(1), &mut self.driver)
            .await
            .is_err()
        {
            self.driver.abort();
            let _ = (&mut self.driver).await;
        }
        let ended = self.tree.end(grace).await;
        self.stderr.abort();
        ended
    }
}

fn no_protocol(why: String, shown: String) -> AgentError {
    AgentError::NoProtocol { why, shown }
}

fn reason(error: &agent_client_protocol::Error) -> String {
    match &error.data {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(data) => format!("{}: {data}", error.message),
        None => error.message.clone(),
    }
}

/// Whether the connection was ended by our own bounds.
fn said_too_much(error: &agent_client_protocol::Error) -> bool {
    let text = reason(error);
    text.contains("it printed") || text.contains("it sent")
}
