//! The agent's side of ACP: sessions, prompts and their cancellation.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use agent_client_protocol::v1::schema::{
    AgentCapabilities, CancelNotification, ContentBlock, EmbeddedResourceResource, Implementation, InitializeRequest,
    InitializeResponse, LoadSessionRequest, LoadSessionResponse, McpServer, NewSessionRequest, NewSessionResponse,
    PromptRequest, ResumeSessionRequest, ResumeSessionResponse, SessionCapabilities, SessionId,
    SessionResumeCapabilities,
};
use agent_client_protocol::{Agent, Error, Lines};
use futures_util::stream::try_unfold;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::play::{self, Turn};
use super::scenario::Scenario;
use super::tools::Tools;
use super::wire::Wire;

/// Every session of a scripted agent, of this process or an earlier one, begins with this.
const SESSION_PREFIX: &str = "scripted-";
/// The protocol's code for a session that is not known.
const RESOURCE_NOT_FOUND: i32 = -32002;

/// One session: where it works, and the tools it was given.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) cwd: PathBuf,
    pub(super) servers: Vec<McpServer>,
    /// Connected at the first call.
    pub(super) tools: tokio::sync::Mutex<Option<Tools>>,
    /// What the session has cost so far, in US dollars.
    pub(super) cost: Mutex<f64>,
    /// How many tools it has called.
    calls: AtomicU32,
    /// The turn that is being played.
    turn: Mutex<Option<CancellationToken>>,
}

#[derive(Default)]
struct Sessions {
    open: Mutex<HashMap<SessionId, Arc<Session>>>,
    made: AtomicU32,
}

impl Sessions {
    /// Opens a new session, or one that this or an earlier process made.
    fn open(&self, known: Option<SessionId>, cwd: PathBuf, servers: Vec<McpServer>) -> Result<SessionId, Error> {
        let id = match known {
            Some(id) if id.0.starts_with(SESSION_PREFIX) => id,
            Some(id) => return Err(no_session(&id)),
            None => self.new_id(),
        };
        let session = Session {
            id: id.clone(),
            cwd,
            servers,
            tools: tokio::sync::Mutex::default(),
            cost: Mutex::default(),
            calls: AtomicU32::default(),
            turn: Mutex::default(),
        };
        lock(&self.open).insert(id.clone(), Arc::new(session));
        Ok(id)
    }

    fn get(&self, id: &SessionId) -> Option<Arc<Session>> {
        lock(&self.open).get(id).cloned()
    }

    /// An id that no other process has given out.
    fn new_id(&self) -> SessionId {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        SessionId::new(format!(
            "{SESSION_PREFIX}{:x}-{:x}-{n}",
            since.as_nanos(),
            std::process::id()
        ))
    }
}

impl Session {
    /// Begins a turn; there is only one at a time.
    fn begin(&self) -> Result<CancellationToken, Error> {
        let mut turn = lock(&self.turn);
        if turn.is_some() {
            return Err(Error::invalid_request().data("a turn is under way; wait for its end or cancel it"));
        }
        Ok(turn.insert(CancellationToken::new()).clone())
    }

    /// An id for a further tool call; none is given twice in the session.
    pub(super) fn next_call(&self) -> String {
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        format!("call-{}", before + 1)
    }
}

fn no_session(id: &SessionId) -> Error {
    Error::new(RESOURCE_NOT_FOUND, format!("there is no session {id}"))
}

/// Nothing panics while it holds one of these locks, so a poisoned one is still in order.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays the scenario on stdio until stdin ends.
pub(super) fn run(scenario: Scenario) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("start the scripted agent: {error}"))?;
    let served = runtime.block_on(serve(Arc::new(scenario)));
    // A read of stdin may still be blocked; the process ends with it.
    runtime.shutdown_background();
    served.map_err(|error| format!("speak ACP on stdio: {error}"))
}

async fn serve(scenario: Arc<Scenario>) -> Result<(), Error> {
    let sessions = Arc::new(Sessions::default());
    let (wire, writer) = Wire::start();
    let stdin = BufReader::new(tokio::io::stdin()).lines();
    let incoming = try_unfold(stdin, |mut lines| async move {
        Ok::<_, io::Error>(lines.next_line().await?.map(|line| (line, lines)))
    });
    let transport = Lines::new(wire.sink(), Box::pin(incoming));

    let (made, loaded, resumed) = (Arc::clone(&sessions), Arc::clone(&sessions), Arc::clone(&sessions));
    let cancelled = Arc::clone(&sessions);
    let connection = Agent
        .v1()
        .name("team6-scripted-agent")
        .on_receive_request(
            async move |request: InitializeRequest, responder, _| {
                let sessions = SessionCapabilities::new().resume(SessionResumeCapabilities::new());
                let capabilities = AgentCapabilities::new()
                    .load_session(true)
                    .session_capabilities(sessions);
                let about = Implementation::new("team6-scripted-agent", env!("CARGO_PKG_VERSION"));
                responder.respond(
                    InitializeResponse::new(request.protocol_version)
                        .agent_capabilities(capabilities)
                        .agent_info(about),
                )
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: NewSessionRequest, responder, _| {
                let id = made.open(None, request.cwd, request.mcp_servers);
                responder.respond_with_result(id.map(NewSessionResponse::new))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: LoadSessionRequest, responder, _| {
                let id = loaded.open(Some(request.session_id), request.cwd, request.mcp_servers);
                responder.respond_with_result(id.map(|_| LoadSessionResponse::new()))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: ResumeSessionRequest, responder, _| {
                let id = resumed.open(Some(request.session_id), request.cwd, request.mcp_servers);
                responder.respond_with_result(id.map(|_| ResumeSessionResponse::new()))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_notification(
            async move |request: CancelNotification, _| {
                if let Some(session) = cancelled.get(&request.session_id)
                    && let Some(turn) = &*lock(&session.turn)
                {
                    turn.cancel();
                }
                Ok(())
            },
            agent_client_protocol::on_receive_notification!(),
        )
        .on_receive_request(
            async move |request: PromptRequest, responder, connection| {
                let Some(session) = sessions.get(&request.session_id) else {
                    return responder.respond_with_error(no_session(&request.session_id));
                };
                let cancel = match session.begin() {
                    Ok(cancel) => cancel,
                    Err(error) => return responder.respond_with_error(error),
                };
                let turn = Turn::new(
                    Arc::clone(&session),
                    connection.clone(),
                    wire.clone(),
                    text(&request.prompt),
                    cancel,
                );
                let scenario = Arc::clone(&scenario);
                // The turn is played outside of the dispatch loop, which must go on to see the cancellation.
                connection.spawn(async move {
                    let result = play::turn(&scenario, turn).await;
                    lock(&session.turn).take();
                    responder.respond_with_result(result)
                })
            },
            agent_client_protocol::on_receive_request!(),
        );
    let served = connection.connect_to(transport).await;
    // The connection held the last clone of the wire, so the writer is at its end.
    let _ = writer.await;
    served
}

/// What a prompt says, as text.
fn text(prompt: &[ContentBlock]) -> String {
    let mut parts = Vec::new();
    for block in prompt {
        match block {
            ContentBlock::Text(text) => parts.push(text.text.as_str()),
            ContentBlock::ResourceLink(link) => parts.push(link.uri.as_str()),
            ContentBlock::Resource(resource) => {
                if let EmbeddedResourceResource::TextResourceContents(contents) = &resource.resource {
                    parts.push(contents.text.as_str());
                }
            }
            _ => {}
        }
    }
    parts.join("\n\n")
}
