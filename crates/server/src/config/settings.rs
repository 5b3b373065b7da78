//! What can be configured.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use team6_core::ids::{AgentId, PersonId};
use team6_core::policy::{DelegationLimits, MemoryLimits, Policy};
use team6_worker::Prices;

use super::{Budgets, Notify};

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder that holds everything: database, mirrors, workspaces.
    pub data: PathBuf,
    /// Who commands on this machine act for; the first person if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<PersonId>,
    /// Whether agents run in sandboxes.
    pub sandbox: Sandbox,
    /// The HTTP server.
    pub server: Server,
    /// The people of the team.
    pub people: BTreeMap<PersonId, Person>,
    /// The agents.
    pub agents: Agents,
    /// Limits and periods.
    pub limits: Limits,
    /// How much may be spent.
    pub budgets: Budgets,
    /// What tokens cost, by model or agent, where an agent does not say.
    pub prices: Prices,
    /// How people are told outside the app what waits for them.
    pub notify: Notify,
}

/// What is said wherever agents run without a sandbox.
const UNBOXED: &str = "agents run without a sandbox (sandbox = \"off\"): they can do whatever the server's user can, and reach any network";

/// What to do instead of letting other machines reach the server.
const UNEXPOSED: &str = "Listen on 127.0.0.1 and reach it through a tunnel (ssh -L 6060:127.0.0.1:6060 HOST), or put a \
    proxy with TLS before it and let a firewall keep everybody else from the port";

/// Whether agents run in sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Each in one of its own; the server does not start where that cannot be.
    #[default]
    On,
    /// None: agents can do whatever the server's user can.
    Off,
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where it listens. Only loopback addresses are safe without a proxy in front.
    pub listen: SocketAddr,
    /// Names under which it is reached besides those of this machine, with or without a port. Requests under others are
    /// refused, so that no page can reach it under a name of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

/// A person of the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name for people.
    pub name: String,
    /// The address for commits and code ownership files.
    pub email: String,
    /// Names by which code ownership files know them besides their id: a handle such as `ada-l`, or a team of theirs such
    /// as `acme/payments`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<String>,
    /// Whether they may approve plans.
    #[serde(default = "yes")]
    pub approves: bool,
}

fn yes() -> bool {
    true
}

/// The agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agents {
    /// The folder of agent files (`*.md`); relative to the configuration file.
    pub folder: PathBuf,
    /// The agent that plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planner: Option<AgentId>,
    /// How many agents of a project work at once, unless the project says otherwise.
    pub at_once: u32,
    /// Where all agents may connect to from their sandboxes, such as registries of packages: `host`, `host:port`,
    /// `*.suffix`, an address or a range of addresses.
    pub network: Vec<String>,
    /// Files and folders that all agents may read, besides the machine's programs.
    pub sees: Vec<PathBuf>,
    /// Memory that must be free before an agent is started, in MB.
    pub spare_memory_mb: u64,
    /// Space that must be free on the disk before an agent is started, in MB.
    pub spare_disk_mb: u64,
    /// What all workspaces may hold together with mirrors and caches, in MB; beyond it no agent is started. No bound if it
    /// is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspaces_mb: Option<u64>,
    /// Memory that all processes of an agent may use together, in MB.
    pub memory_mb: u64,
    /// Processes and threads of an agent.
    pub processes: u32,
    /// What an agent may write in its workspace and home together, in MB.
    pub disk_mb: u64,
}

/// Limits and periods of sprints. Durations are written like `30s`, `15m` or `1h 30m`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How often a worker gives a heartbeat.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub heartbeat: SignedDuration,
    /// How long an attempt lives without one.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub lease: SignedDuration,
    /// How long an agent may say nothing.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub silence: SignedDuration,
    /// How long an attempt may take.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub attempt_time: SignedDuration,
    /// How many attempts the engine makes by itself.
    pub attempts: u32,
    /// The wait before the second attempt.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub backoff_base: SignedDuration,
    /// The longest wait between attempts.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub backoff_limit: SignedDuration,
    /// How long a provider's limit or outage holds a task, unless the provider says.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub hold: SignedDuration,
    /// How long the forge may take before a person is asked.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub forge_time: SignedDuration,
    /// How long a base must have been still until work in review is brought up to date with it.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub update_wait: SignedDuration,
    /// How many tasks of one owner may be at work or wait for review before no further one begins; 0 for any number.
    pub reviews: usize,
    /// How many levels of subtasks there may be below a task that people approved; 0 if agents may not delegate.
    pub subtask_levels: usize,
    /// How many subtasks a task may have had.
    pub subtasks: usize,
    /// How many a task that people approved may have had on all levels together.
    pub subtasks_in_all: usize,
    /// The most tasks of a sprint.
    pub tasks: usize,
    /// How many tokens of the project's memory an attempt is told at its beginning; 0 for none.
    pub memory_tokens: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("team6-data"),
            me: None,
            sandbox: Sandbox::default(),
            server: Server::default(),
            people: BTreeMap::new(),
            agents: Agents::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            prices: Prices::default(),
            notify: Notify::default(),
        }
    }
}

impl Config {
    /// The policy of sprints opened under this configuration, or what is wrong with it.
    pub fn policy(&self) -> Result<Policy, String> {
        Ok(Policy {
            budgets: self.budgets.limits()?,
            ..self.limits.policy()?
        })
    }

    /// What everybody who works with this server should know.
    pub fn warnings(&self) -> Vec<String> {
        match self.sandbox {
            Sandbox::On => self.missing().collect(),
            Sandbox::Off => vec![UNBOXED.to_owned()],
        }
    }

    /// What whoever runs it should know of a server that is reached from other machines; none if it is not.
    pub fn exposed(&self) -> Option<String> {
        let listen = self.server.listen;
        let exposed = !listen.ip().to_canonical().is_loopback();
        exposed.then(|| {
            format!(
                "server.listen is {listen}, so other machines reach the server, and whoever has its token can do all that \
                 you can: only the token keeps others out, and it goes over the network unencrypted. {UNEXPOSED}"
            )
        })
    }
}

impl Server {
    /// The names under which it is reached besides those of this machine: those that somebody listed, and the address on
    /// which it listens, which no page can take for its own name.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.hosts.clone();
        match self.listen.ip() {
            any if any.is_unspecified() => {}
            IpAddr::V4(address) => names.push(address.to_string()),
            IpAddr::V6(address) => names.push(format!("[{address}]")),
        }
        names
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 6060)),
            hosts: Vec::new(),
        }
    }
}

impl Default for Agents {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("agents"),
            planner: None,
            at_once: 3,
            network: Vec::new(),
            sees: Vec::new(),
            spare_memory_mb: 1_000,
            spare_disk_mb: 2_000,
            workspaces_mb: None,
            memory_mb: 8_192,
            processes: 4_096,
            disk_mb: 20_480,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let policy = Policy::default();
        let span = |span: Duration| SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        Self {
            heartbeat: span(policy.heartbeat),
            lease: span(policy.lease),
            silence: span(policy.silence),
            attempt_time: span(policy.attempt_time),
            attempts: policy.attempts,
            backoff_base: span(policy.backoff_base),
            backoff_limit: span(policy.backoff_limit),
            hold: span(policy.hold),
            forge_time: span(policy.forge_time),
            update_wait: span(policy.update_wait),
            reviews: policy.reviews,
            subtask_levels: policy.delegation.depth,
            subtasks: policy.delegation.breadth,
            subtasks_in_all: policy.delegation.in_all,
            tasks: policy.tasks,
            memory_tokens: policy.memory.tokens,
        }
    }
}

impl Limits {
    /// The policy of sprints opened under this configuration, or what is wrong with the limits.
    pub fn policy(&self) -> Result<Policy, String> {
        let span = |name: &str, span: SignedDuration| match Duration::try_from(span) {
            Ok(span) if !span.is_zero() => Ok(span),
            _ => Err(format!("limits.{name} is {span:#}; give a time above zero")),
        };
        let policy = Policy {
            heartbeat: span("heartbeat", self.heartbeat)?,
            lease: span("lease", self.lease)?,
            silence: span("silence", self.silence)?,
            attempt_time: span("attempt_time", self.attempt_time)?,
            attempts: self.attempts,
            backoff_base: span("backoff_base", self.backoff_base)?,
            backoff_limit: span("backoff_limit", self.backoff_limit)?,
            hold: span("hold", self.hold)?,
            forge_time: span("forge_time", self.forge_time)?,
            update_wait: span("update_wait", self.update_wait)?,
            reviews: self.reviews,
            tasks: self.tasks,
            delegation: DelegationLimits {
                depth: self.subtask_levels,
                breadth: self.subtasks,
                in_all: self.subtasks_in_all,
            },
            memory: MemoryLimits {
                tokens: self.memory_tokens,
                ..MemoryLimits::default()
            },
            ..Policy::default()
        };
        if self.attempts == 0 {
            return Err("limits.attempts is 0; give at least 1".into());
        }
        if policy.lease < policy.heartbeat * 2 {
            return Err("limits.lease is shorter than two heartbeats; a single late one would end an attempt".into());
        }
        Ok(policy)
    }
}
