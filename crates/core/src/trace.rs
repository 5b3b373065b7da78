//! What an agent did, as its owner watches it: the entries of an attempt's trace.
//!
//! Traces are large and are kept apart from the event log. An entry is known by its attempt and its sequence number.

use serde::{Deserialize, Serialize};

use crate::ids::MessageId;
use crate::time::Timestamp;

/// One entry of an attempt's trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceEntry {
    /// Its place in the trace of its attempt, from 1, without gaps.
    pub seq: u64,
    /// When the worker received it.
    pub at: Timestamp,
    /// What it says.
    pub body: TraceBody,
}

/// What a trace entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TraceBody {
    /// What the engine said to the agent.
    Prompt {
        /// The text of the prompt.
        text: String,
    },
    /// A message of the agent, or a further piece of the one before.
    Message {
        /// Markdown as the agent wrote it; not to be trusted.
        text: String,
    },
    /// A thought of the agent, or a further piece of the one before.
    Thought {
        /// Markdown as the agent wrote it; not to be trusted.
        text: String,
    },
    /// The agent's own list of steps, which replaces the one before.
    Steps {
        /// The steps in order.
        steps: Vec<Step>,
    },
    /// A tool call, whole as known so far; later entries of the same turn with the same id replace it. A turn begins with
    /// its prompt.
    ToolCall {
        /// The agent's id of the call.
        id: String,
        /// What it does, in the agent's words.
        title: String,
        /// The agent's kind: read, edit, execute and so on.
        tool: String,
        /// pending, in_progress, completed or failed.
        status: String,
        /// The call's input, as far as the agent told it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<serde_json::Value>,
        /// Output as text, cut to the configured limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<String>,
        /// Files changed by the call.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        diffs: Vec<FileDiff>,
        /// Files that the call touches, relative to the workspace where they lie in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        locations: Vec<String>,
    },
    /// A request for permission and the policy's answer.
    Permission {
        /// What was asked.
        title: String,
        /// What was answered: the chosen option's name, or "cancelled".
        answer: String,
        /// Which rule of the policy decided.
        rule: String,
    },
    /// A call of one of the engine's own tools and its answer.
    Engine {
        /// The tool.
        tool: String,
        /// Whether the call was accepted.
        accepted: bool,
        /// What the agent was told.
        answer: String,
    },
    /// A message of a person, delivered to the agent.
    Chat {
        /// Which message.
        message: MessageId,
        /// Who wrote it.
        by: String,
        /// The text.
        text: String,
    },
    /// Tokens and cost so far.
    Usage(Usage),
    /// What the agent's process wrote on its error stream.
    Stderr {
        /// One or more lines.
        text: String,
    },
    /// A step of the engine around the agent, such as "workspace ready in 41 ms".
    Note {
        /// For people.
        text: String,
        /// Whether it tells of a failure.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// How the turn ended.
    TurnEnded {
        /// The agent's stop reason.
        reason: String,
    },
    /// What the agent sent and this version does not know.
    Raw {
        /// As received.
        value: serde_json::Value,
    },
}

/// One step of an agent's own list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    /// What is to be done.
    pub text: String,
    /// pending, in_progress or completed.
    pub status: String,
}

/// A file before and after a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileDiff {
    /// The file, relative to the workspace where it lies in it.
    pub path: String,
    /// The text before; none for a new file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The text after.
    pub after: String,
}

/// Tokens and cost, as far as an agent reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Tokens read by the model, cached ones included.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micros: u64,
}

impl Usage {
    /// The larger of each: what was used never becomes less, though reports may come late.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
            cost_micros: self.cost_micros.max(other.cost_micros),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_micros: self.cost_micros.saturating_add(other.cost_micros),
        }
    }

    /// What came on top of `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_sub(earlier.input_tokens),
            output_tokens: self.output_tokens.saturating_sub(earlier.output_tokens),
            cost_micros: self.cost_micros.saturating_sub(earlier.cost_micros),
        }
    }
}
