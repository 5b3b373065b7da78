//! What the handlers work on.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use team6_core::ids::{AgentId, PersonId, ProjectId, RepositoryId};
use team6_core::owners::OwnerFacts;
use team6_core::policy::Policy;
use team6_forge::Forge;
use team6_queue::JobQueue;
use team6_store::{Store, TraceStore};
use team6_worker::Room;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::feed::Feed;
use super::sign_in::Sessions;
use super::stream::Traces;
use super::token::Token;
use super::types::{AgentItem, AgentReport};
use crate::config::{Person, Value};
use crate::engine::Engine;
use crate::evidence::Evidence;
use crate::local_files::LocalFiles;
use crate::notify::Notifiers;
use crate::records::Records;

/// What the API is made of.
pub struct ApiParts {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The traces.
    pub traces: Arc<dyn TraceStore>,
    /// The forge.
    pub forge: Arc<dyn Forge>,
    /// The queue.
    pub queue: Arc<dyn JobQueue>,
    /// The agents.
    pub agents: Arc<dyn AgentDirectory>,
    /// What is known of who could own what.
    pub owners: Arc<dyn OwnerFactsSource>,
    /// What repositories say of commits.
    pub evidence: Evidence,
    /// The contents of local files.
    pub local_files: LocalFiles,
    /// How people are told outside the app what waits for them.
    pub notifiers: Notifiers,
    /// What is checked and copied.
    pub records: Records,
    /// What must be free on this machine before an agent is started.
    pub room: Room,
    /// Every value of the configuration, with its origin.
    pub settings: Vec<Value>,
    /// The people of the team.
    pub people: BTreeMap<PersonId, Person>,
    /// What everybody who works with this server should know.
    pub warnings: Vec<String>,
    /// Who requests act for that name nobody; the first person if none is given.
    pub me: Option<PersonId>,
    /// What requests must show.
    pub token: Token,
    /// The agent that plans; the first planner of the directory if none is given.
    pub planner: Option<AgentId>,
    /// The numbers that new sprints are run by.
    pub policy: Policy,
    /// How many agents of a new project work at once.
    pub at_once: u32,
    /// Names under which the server is reached besides those of this machine, with or without a port.
    pub hosts: Vec<String>,
    /// Ends live streams, which would go on for ever.
    pub stop: CancellationToken,
}

/// The agents as the API sees them.
#[async_trait]
pub trait AgentDirectory: Send + Sync {
    /// All agents, by name.
    fn cards(&self) -> Vec<AgentItem>;

    /// Starts an agent and finds out whether it can be worked with; none if there is no such agent.
    async fn check(&self, agent: &AgentId) -> Option<AgentReport>;
}

/// Where a task will probably change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedPaths {
    /// The repositories.
    pub repositories: Vec<RepositoryId>,
    /// Paths in them.
    pub paths: Vec<String>,
}

/// Tells who knows and who owns which paths.
#[async_trait]
pub trait OwnerFactsSource: Send + Sync {
    /// For each of the given places, what is known of people. Their load is filled in by the caller, also for people of
    /// whom nothing is told.
    async fn facts(&self, project: &ProjectId, places: &[TouchedPaths]) -> Vec<BTreeMap<PersonId, OwnerFacts>>;
}

/// Knows nothing of paths, so that only people's load counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadOnly;

#[async_trait]
impl OwnerFactsSource for LoadOnly {
    async fn facts(&self, _: &ProjectId, places: &[TouchedPaths]) -> Vec<BTreeMap<PersonId, OwnerFacts>> {
        vec![BTreeMap::new(); places.len()]
    }
}

/// The parts, shared by all handlers.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

/// The parts and what keeps handlers apart.
struct Shared {
    parts: ApiParts,
    /// One repository or local file is changed at a time, so that two requests cannot take the same name.
    connecting: Mutex<()>,
    /// The browsers that are signed in.
    sessions: Sessions,
    /// What happened lately.
    feed: Feed,
    /// The traces that somebody follows.
    followed: Traces,
}

impl ApiState {
    /// A state of these parts.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(Shared {
            sessions: Sessions::of(&parts.token),
            parts,
            connecting: Mutex::new(()),
            feed: Feed::default(),
            followed: Traces::default(),
        }))
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        self.engine.store()
    }

    /// Who is meant if a request names nobody.
    pub(super) fn default_person(&self) -> Option<&PersonId> {
        self.me.as_ref().or_else(|| self.people.keys().next())
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.0.feed
    }

    pub(super) fn followed(&self) -> &Traces {
        &self.0.followed
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(super) fn connecting(&self) -> &Mutex<()> {
        &self.0.connecting
    }
}

impl Deref for ApiState {
    type Target = ApiParts;
    fn deref(&self) -> &ApiParts {
        &self.0.parts
    }
}
