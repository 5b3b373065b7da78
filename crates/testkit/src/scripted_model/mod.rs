//! A language model whose answers are written down beforehand, so that real agents run in tests.
//!
//! It speaks the interfaces that agents know (Anthropic's Messages, OpenAI's Chat Completions and Responses; streamed
//! or not), listens on loopback only, and remembers every request. What it says comes from a [`Scenario`].

mod api;
mod conversation;
mod play;
mod record;
mod row;
mod scenario;
mod server;
mod template;
mod tools;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::wait::wait_for;
use play::Play;
use server::Shared;

pub use record::{Api, Outcome, Request};
pub use scenario::{Call, Scenario, Script, Turn, Usage};

/// Why a scripted model cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("read the scenario {}: {source}", path.display())]
    Unreadable {
        /// The scenario.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is too large to be a scenario.
    #[error("read the scenario {}: it has more than 4 MiB", path.display())]
    TooLarge {
        /// The scenario.
        path: PathBuf,
    },
    /// The text is not a scenario; says where and why.
    #[error("read the scenario: {0}")]
    Unclear(String),
    /// The scenario cannot be played; lists all that is wrong.
    #[error("play the scenario: {}", .0.join("; "))]
    Wrong(Vec<String>),
    /// The port could not be opened.
    #[error("listen on loopback port {port}: {source}")]
    Listen {
        /// The port that was asked for, 0 for any.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A running scripted model. It stops when it is dropped; [`stop`](Self::stop) also waits for it.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<io::Result<()>>,
}

impl ScriptedModel {
    /// Starts a model on a free port of loopback.
    ///
    /// # Errors
    /// If the scenario is wrong, or no port can be opened.
    pub async fn start(scenario: Scenario) -> Result<Self, ScenarioError> {
        Self::start_on(0, scenario).await
    }

    /// Starts a model on a port of loopback; 0 is a free one.
    ///
    /// # Errors
    /// If the scenario is wrong, or the port cannot be opened.
    pub async fn start_on(port: u16, scenario: Scenario) -> Result<Self, ScenarioError> {
        let shared = Arc::new(Shared::new(Play::new(scenario)?));
        let failed = |source| ScenarioError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = shared.stop.clone();
        let router = server::router(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await
        });
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// The address without a path, such as `http://127.0.0.1:4000`: what agents of Anthropic want as base.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address with `/v1`: what agents of OpenAI want as base.
    pub fn url_v1(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// All requests so far, oldest first; the newest thousand are kept.
    pub fn requests(&self) -> Vec<Arc<Request>> {
        self.shared.requests.borrow().clone()
    }

    /// Announces every request, for [`wait_for`].
    pub fn watch_requests(&self) -> watch::Receiver<Vec<Arc<Request>>> {
        self.shared.requests.subscribe()
    }

    /// The first request that `wanted` accepts, among those that came and those that will.
    ///
    /// # Panics
    /// If there is none before the deadline; shows what came.
    #[track_caller]
    pub fn request(
        &self,
        what: &str,
        limit: Duration,
        mut wanted: impl FnMut(&Request) -> bool,
    ) -> impl Future<Output = Arc<Request>> {
        wait_for(what.to_owned(), limit, self.watch_requests(), move |requests| {
            requests.iter().find(|request| wanted(request)).cloned()
        })
    }

    /// Opens a gate, for the answers that are held there and for all later ones.
    pub fn release(&self, gate: &str) {
        self.shared.open.send_modify(|open| {
            open.insert(gate.to_owned());
        });
    }

    /// Waits until an answer is held at a gate: the agent is then in the middle of its turn.
    ///
    /// # Panics
    /// If none is before the deadline; shows what is held where.
    #[track_caller]
    pub fn held_at(&self, gate: &str, limit: Duration) -> impl Future<Output = ()> {
        let gate = gate.to_owned();
        let what = format!("an answer at the gate \"{gate}\"");
        wait_for(what, limit, self.shared.held.subscribe(), move |held| {
            held.get(&gate).is_some_and(|count| *count > 0).then_some(())
        })
    }

    /// Waits until no answer is held at a gate: it was released, or the agent hung up.
    ///
    /// # Panics
    /// If some still are at the deadline; shows what is held where.
    #[track_caller]
    pub fn none_held_at(&self, gate: &str, limit: Duration) -> impl Future<Output = ()> {
        let gate = gate.to_owned();
        let what = format!("no answer at the gate \"{gate}\"");
        wait_for(what, limit, self.shared.held.subscribe(), move |held| {
            held.get(&gate).is_none_or(|count| *count == 0).then_some(())
        })
    }

    /// Stops: what is held is answered with status 503, and nothing new is accepted. Connections that do not end by
    /// themselves are closed after two seconds.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        // Whether it ended well does not matter any more.
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.serving).await;
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.serving.abort();
    }
}
