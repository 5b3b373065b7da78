//! The agents that can be given work.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::ids::{AgentId, Specialty};
use utoipa::ToSchema;

/// An agent in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentItem {
    /// Its name.
    pub id: AgentId,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub role: AgentRole,
    /// The fields that it is good at; none means any.
    pub specialties: Vec<Specialty>,
    /// Whether its program is on the server's machine; others are not given work.
    pub installed: bool,
    /// How to install it, if its profile says.
    pub install: Option<String>,
    /// The servers that it asks without having their credentials.
    pub gateways: Vec<AgentGateway>,
    /// The model that it is asked to use, if its profile names one.
    #[serde(default)]
    pub model: Option<String>,
    /// What is run to start it.
    #[serde(default)]
    pub program: String,
}

/// A server that an agent asks without having its credential. The credential itself is shown nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentGateway {
    /// Where its requests go.
    pub upstream: String,
    /// Where the credential is taken from, for people: `$NAME` or the path of a file.
    pub secret: String,
    /// The header in which it is sent.
    pub header: String,
    /// The variable that tells the agent where to ask.
    pub variable: String,
}

/// What an agent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentRole {
    /// Plans sprints.
    Planner,
    /// Does tasks.
    Specialist,
}

/// Whether an agent can be worked with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentReport {
    /// The agent.
    pub agent: AgentId,
    /// Whether it can be given work.
    pub works: bool,
    /// What was found, for people; several lines.
    pub text: String,
    /// What was found, for programs.
    pub details: Value,
}
