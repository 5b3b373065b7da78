//! A session of an agent: opened or gone on with, and its turns.

use std::path::PathBuf;
use std::time::Duration;

use agent_client_protocol::v1::schema::{
    CancelNotification, ContentBlock, EnvVariable, LoadSessionRequest, McpServer, McpServerStdio, NewSessionRequest,
    PromptRequest, PromptResponse, ResumeSessionRequest, SessionId, SetSessionModeRequest, TextContent,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use team6_core::failure::{Failure, FailureKind};
use team6_core::trace::{TraceBody, Usage};

use super::error::AgentError;
use super::process::AgentProcess;
use super::update::Reader;
use super::usage::Account;
use super::{Incoming, failure};
use crate::toolbox::McpServerSpec;

/// How long an agent may take to open a session: it starts its tool servers meanwhile.
const OPENING: Duration = Duration::from_secs(90);

/// How a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is new.
    New,
    /// It goes on where it was.
    Continued,
    /// It is new, because the agent knows the old one no longer or cannot go on with any.
    Lost,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The agent's id of it.
    pub id: String,
    /// Whether it knows what was said before.
    pub how: How,
}

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something for the trace.
    Update(TraceBody),
    /// The turn is over.
    Ended(TurnEnd),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnEnd {
    /// The agent's stop reason, or `error`.
    pub reason: String,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What the agent said, cut to a bound.
    pub said: String,
    /// What was used since the session was opened here.
    pub usage: Usage,
}

/// The session and the turn in it.
pub(super) struct Session {
    pub(super) id: SessionId,
    reader: Reader,
    account: Account,
    turn: Option<BoxFuture<'static, Result<PromptResponse, agent_client_protocol::Error>>>,
    /// Entries that are ready while others are still being made.
    ready: std::collections::VecDeque<TraceBody>,
    ended: Option<Result<PromptResponse, agent_client_protocol::Error>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.id)
    }
}

impl Session {
    pub(super) fn is_in_turn(&self) -> bool {
        self.turn.is_some()
    }

    pub(super) async fn turn_end(self) {
        if let Some(turn) = self.turn {
            let _ = turn.await;
        }
    }
}

impl AgentProcess {
    /// Opens a session, going on with `before` if the agent can. Sets the profile's mode.
    pub async fn open_session(
        &mut self,
        before: Option<&str>,
        tools: Vec<McpServerSpec>,
    ) -> Result<Opened, AgentError> {
        let cwd = self.cwd.clone();
        let servers: Vec<McpServer> = tools.into_iter().map(mcp_server).collect();
        let mut how = How::New;
        let mut id = None;
        if let Some(before) = before {
            if self.go_on(before, &cwd, &servers).await? {
                (how, id) = (How::Continued, Some(SessionId::new(before)));
            } else {
                how = How::Lost;
            }
        }
        let id = match id {
            Some(id) => id,
            None => {
                let request = NewSessionRequest::new(cwd).mcp_servers(servers);
                let asked = self.agent.send_request(request).block_task();
                self.answer("session/new", OPENING, asked).await?.session_id
            }
        };
        if let Some(mode) = self.profile.mode.clone() {
            let request = SetSessionModeRequest::new(id.clone(), mode);
            let asked = self.agent.send_request(request).block_task();
            self.answer("session/set_mode", OPENING, asked).await?;
        }
        let opened = Opened {
            id: id.to_string(),
            how,
        };
        self.session = Some(Session {
            id,
            reader: Reader::new(&self.cwd, self.redactor.clone()),
            account: Account::new(self.profile.usage, how == How::Continued),
            turn: None,
            ready: std::collections::VecDeque::new(),
            ended: None,
        });
        Ok(opened)
    }

    /// Whether the agent goes on with a session; what it replays is thrown away.
    async fn go_on(&mut self, before: &str, cwd: &PathBuf, servers: &[McpServer]) -> Result<bool, AgentError> {
        let abilities = &self.greeting.agent_capabilities;
        let (resumes, loads) = (abilities.session_capabilities.resume.is_some(), abilities.load_session);
        let id = SessionId::new(before);
        let answered = if resumes {
            let request = ResumeSessionRequest::new(id, cwd).mcp_servers(servers.to_vec());
            let asked = self
                .agent
                .send_request(request)
                .block_task()
                .map(|answer| answer.map(drop));
            self.answer("session/resume", OPENING, asked).await
        } else if loads {
            let request = LoadSessionRequest::new(id, cwd).mcp_servers(servers.to_vec());
            let asked = self
                .agent
                .send_request(request)
                .block_task()
                .map(|answer| answer.map(drop));
            self.answer("session/load", OPENING, asked).await
        } else {
            return Ok(false);
        };
        match answered {
            Ok(()) => Ok(true),
            // Not known any more. Anything worse shows when a new one is opened.
            Err(AgentError::Answered(failure)) if failure.kind != FailureKind::LoginNeeded => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a session can be gone on with by another process.
    pub fn continues_sessions(&self) -> bool {
        let abilities = &self.greeting.agent_capabilities;
        abilities.load_session || abilities.session_capabilities.resume.is_some()
    }

    /// Begins a turn. There must be a session and no turn in it; else nothing happens.
    pub fn prompt(&mut self, text: &str) {
        let Some(session) = self.session.as_mut().filter(|session| session.turn.is_none()) else {
            return;
        };
        self.traffic.begin_turn();
        session.reader.begin_turn();
        let request = PromptRequest::new(session.id.clone(), vec![ContentBlock::Text(TextContent::new(text))]);
        session.turn = Some(self.agent.send_request(request).block_task().boxed());
    }

    /// What happens next in the turn. May be dropped and called again; waits forever when there is no turn.
    pub async fn next(&mut self) -> Event {
        loop {
            let Some(session) = self.session.as_mut() else {
                return std::future::pending().await;
            };
            if let Some(body) = session.ready.pop_front() {
                return Event::Update(body);
            }
            if session.ended.is_some() {
                // Everything that came before the answer is in the channel by now.
                if let Ok(incoming) = self.updates.try_recv() {
                    take(session, incoming, &self.redactor);
                    continue;
                }
                let rest = session.reader.finish();
                if !rest.is_empty() {
                    session.ready.extend(rest);
                    continue;
                }
                if let Some(answer) = session.ended.take() {
                    return Event::Ended(self.turn_ended(answer).await);
                }
            }
            let Some(turn) = session.turn.as_mut() else {
                return std::future::pending().await;
            };
            tokio::select! {
                biased;
                Some(incoming) = self.updates.recv() => take(session, incoming, &self.redactor),
                answer = turn => {
                    session.turn = None;
                    session.ended = Some(answer);
                }
            }
        }
    }

    async fn turn_ended(&mut self, answer: Result<PromptResponse, agent_client_protocol::Error>) -> TurnEnd {
        let (reason, failure) = match answer {
            Ok(response) => {
                let value = serde_json::to_value(&response).unwrap_or_default();
                let reason = value
                    .get("stopReason")
                    .and_then(Value::as_str)
                    .unwrap_or("unknown")
                    .to_owned();
                let failure = self.session.as_mut().and_then(|session| {
                    session.account.turn_ended(&value);
                    let report = || failure::of_message(&session.reader.said, super::now());
                    match reason.as_str() {
                        "refusal" => Some(failure::failure(FailureKind::Refused, "the model refused to go on")),
                        "end_turn" if !session.reader.acted => report(),
                        _ => None,
                    }
                });
                (reason, failure)
            }
            Err(error) => ("error".to_owned(), Some(self.error(error).await.failure())),
        };
        let session = self.session.as_ref();
        TurnEnd {
            reason,
            failure,
            said: session
                .map(|s| self.redactor.text(&s.reader.said).into_owned())
                .unwrap_or_default(),
            usage: session.map(|s| s.account.so_far()).unwrap_or_default(),
        }
    }

    /// Asks the agent to stop the turn; it then ends as `cancelled`, if the agent is well.
    pub fn cancel(&mut self) {
        if let Some(session) = self.session.as_ref().filter(|session| session.is_in_turn()) {
            // If the connection is gone, the turn ends by that.
            let _ = self
                .agent
                .send_notification(CancelNotification::new(session.id.clone()));
        }
    }

    /// What was used since the session was opened here.
    pub fn usage(&self) -> Usage {
        self.session
            .as_ref()
            .map(|session| session.account.so_far())
            .unwrap_or_default()
    }
}

fn take(session: &mut Session, incoming: Incoming, redactor: &super::Redactor) {
    match incoming {
        Incoming::Update(update) => {
            let entries = session.reader.read(update, &mut session.account);
            session.ready.extend(entries);
        }
        Incoming::Entry(mut body) => {
            redactor.entry(&mut body);
            let before = session.reader.finish();
            session.ready.extend(before);
            session.ready.push_back(body);
        }
    }
}

fn mcp_server(spec: McpServerSpec) -> McpServer {
    let env = spec
        .env
        .into_iter()
        .map(|(name, value)| EnvVariable::new(name, value))
        .collect();
    McpServer::Stdio(McpServerStdio::new(spec.name, spec.command).args(spec.args).env(env))
}
