//! The protocol over an agent's pipes: the tasks that read and write, and what comes out of them.

use std::sync::Arc;
use std::time::Duration;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::RequestPermissionRequest;
use agent_client_protocol::{Agent, Client, Error, Lines};
use team6_core::trace::TraceBody;
use team6_sandbox::ProcessTree;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::lines::{Traffic, incoming, outgoing};
use super::permission;
use super::redact::Redactor;
use super::stderr::{self, Tail};
use crate::profile::PermissionRule;

/// How many updates wait before the agent has to.
const WAITING: usize = 256;
/// How long what was said to the agent may take to be written when it hangs up.
const FLUSH: Duration = Duration::from_secs(1);
/// How long its error stream may stay open when the agent has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What comes from an agent besides answers.
#[derive(Debug)]
pub(super) enum Incoming {
    /// An update of the session, raw.
    Update(serde_json::Value),
    /// An entry that is ready but for its secrets.
    Entry(TraceBody),
    /// A permission was rejected: for what, and why.
    Denied(String),
}

/// Adds entries of the engine's own to what an agent says, each after all that came before it. They are told with the
/// turn that is under way, or with the next.
#[derive(Debug, Clone)]
pub struct Record(mpsc::Sender<Incoming>);

impl Record {
    /// Adds an entry; waits while the agent would have to. Gives it back once nobody tells of it any more.
    pub async fn add(&self, body: TraceBody) -> Result<(), TraceBody> {
        match self.0.send(Incoming::Entry(body)).await {
            Err(SendError(Incoming::Entry(body))) => Err(body),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A connection to an agent. Dropping it ends its tasks.
#[derive(Debug)]
pub(super) struct Connection {
    /// Sends requests and notifications.
    pub(super) agent: ConnectionTo<Agent>,
    /// What comes, in order; while it is full the agent waits.
    pub(super) incoming: mpsc::Receiver<Incoming>,
    /// What puts something of the engine's own among it.
    pub(super) record: Record,
    /// How much came.
    pub(super) traffic: Arc<Traffic>,
    tail: Tail,
    hang_up: CancellationToken,
    driver: AbortOnDropHandle<Result<(), Error>>,
    stderr: AbortOnDropHandle<()>,
}

impl Connection {
    /// Takes the pipes of a program that has just started. None if they were taken before.
    pub(super) async fn open(tree: &mut ProcessTree, rules: &[PermissionRule], redactor: &Redactor) -> Option<Self> {
        let (stdin, stdout, error_stream) = (tree.stdin.take()?, tree.stdout.take()?, tree.stderr.take()?);
        let (updates, received) = mpsc::channel(WAITING);
        let record = Record(updates.clone());
        let (tail, traffic, hang_up) = (Tail::default(), Arc::default(), CancellationToken::new());
        let reading = stderr::read(error_stream, redactor.clone(), updates.clone(), tail.clone());
        let stderr = AbortOnDropHandle::new(tokio::spawn(reading));
        let lines = Lines::new(outgoing(stdin), incoming(stdout, updates.clone(), Arc::clone(&traffic)));
        let (connected, connection) = oneshot::channel();
        let rules = rules.to_vec();
        let ending = hang_up.clone();
        let driver = async move {
            Client
                .v1()
                .on_receive_request(
                    async move |request: RequestPermissionRequest, responder, _| {
                        let answer = permission::answer(&request, &rules);
                        // Nobody listens any more when the agent is being ended.
                        let _ = updates.send(Incoming::Entry(answer.entry)).await;
                        if let Some(denied) = answer.denied {
                            let _ = updates.send(Incoming::Denied(denied)).await;
                        }
                        responder.respond(answer.response)
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .connect_with(lines, async move |agent: ConnectionTo<Agent>| {
                    let _ = connected.send(agent);
                    ending.cancelled().await;
                    Ok(())
                })
                .await
        };
        let driver = AbortOnDropHandle::new(tokio::spawn(driver));
        Some(Self {
            agent: connection.await.ok()?,
            incoming: received,
            record,
            traffic,
            tail,
            hang_up,
            driver,
            stderr,
        })
    }

    /// What the agent last wrote on its error stream, once it has ended.
    pub(super) async fn last_words(&mut self) -> String {
        if !self.stderr.is_finished() {
            let _ = timeout(LAST_WORDS, &mut self.stderr).await;
        }
        self.tail.text()
    }

    /// Closes the agent's stdin, after all that was said to it. What it still says is thrown away.
    pub(super) async fn hang_up(mut self) {
        self.hang_up.cancel();
        // A reader that waits for room would never notice.
        self.incoming.close();
        if !self.driver.is_finished() && timeout(FLUSH, &mut self.driver).await.is_err() {
            self.driver.abort();
            let _ = (&mut self.driver).await;
        }
    }
}
