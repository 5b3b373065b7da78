//! Which program an agent is, what it is good at, and how it is to be treated.
//!
//! A profile is a plain file that people edit: a TOML front matter between lines of `+++`, then instructions in
//! markdown. The well-known agents are built in as files of the very same format, which others extend. A profile
//! never holds a secret, only where one is to be found.

mod built_in;
mod env;
mod folder;
mod gateway;
mod permission;
mod print;
mod read;

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::ids::{AgentId, Specialty};

use crate::acp::{CostMeaning, UsageMeaning};

pub use built_in::{BuiltIns, CommandLine, SCRIPTED};
pub use env::{EnvProblem, EnvProblems, EnvValue, Environment, STAND_IN, Way, may_hold_a_secret, names_a_secret};
pub use folder::{FileProblem, FolderProblems};
pub use gateway::{Gateway, OpenGateway, SecretReference};
pub use permission::{Decision, PermissionRule};

/// An agent that can be given work.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentProfile {
    /// Its name; that of its file, without the ending.
    pub id: AgentId,
    /// The built-in profile that it extends.
    pub extends: Option<AgentId>,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub role: Role,
    /// The fields that it is good at; none means any.
    pub specialties: Vec<Specialty>,
    /// The program that speaks ACP on stdio: a path, or a name that is looked up in the `PATH`.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is added to its environment, by name.
    pub env: BTreeMap<String, EnvValue>,
    /// Servers that it asks without having their credentials.
    pub gateways: Vec<Gateway>,
    /// The session mode to set, by the agent's id of it; usually the one that asks for the fewest permissions.
    pub mode: Option<String>,
    /// The model to set, by the agent's id of it.
    pub model: Option<String>,
    /// What it is told with every first prompt of a session, in markdown.
    pub instructions: String,
    /// The files of a repository that its program reads by itself, such as `AGENTS.md`; it is told the text of the others.
    pub reads: Vec<String>,
    /// How long it may take.
    pub limits: Limits,
    /// What its figures of tokens mean.
    pub usage: UsageMeaning,
    /// What its figures of cost mean.
    pub cost: CostMeaning,
    /// How its requests for permission are answered: the first rule that matches decides, none means to allow once.
    pub permissions: Vec<PermissionRule>,
    /// What its sandbox shows it to read besides its program: paths, or variables of `env` that hold one, as `$NAME`.
    pub sees: Vec<String>,
    /// The same, to write.
    pub writes: Vec<String>,
    /// Where it may connect to from its sandbox, besides the addresses in `env`: what the proxy lists.
    pub network: Vec<String>,
    /// How an operator gives it an account, for people.
    pub credentials: Option<String>,
    /// How its program is installed, for people.
    pub install: Option<String>,
}

impl AgentProfile {
    /// A specialist for anything that is this program.
    pub fn of_command(id: AgentId, command: CommandLine) -> Self {
        Self {
            title: id.to_string(),
            id,
            extends: None,
            role: Role::default(),
            specialties: Vec::new(),
            command: command.program,
            args: command.args,
            env: BTreeMap::new(),
            gateways: Vec::new(),
            mode: None,
            model: None,
            instructions: String::new(),
            reads: Vec::new(),
            limits: Limits::default(),
            usage: UsageMeaning::default(),
            cost: CostMeaning::default(),
            permissions: Vec::new(),
            sees: Vec::new(),
            writes: Vec::new(),
            network: Vec::new(),
            credentials: None,
            install: None,
        }
    }

    /// The built-in profile whose habits this agent has: the one it extends, or itself.
    pub fn family(&self) -> &AgentId {
        self.extends.as_ref().unwrap_or(&self.id)
    }
}

/// What an agent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Plans a sprint; works in a read-only workspace.
    Planner,
    /// Does tasks.
    #[default]
    Specialist,
}

/// How long an agent may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that one turn may take.
    pub turn: Duration,
    /// The longest that it may say nothing during a turn. A shell command that builds says nothing either.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turn: Duration::from_secs(2 * 60 * 60),
            silence: Duration::from_secs(30 * 60),
        }
    }
}
