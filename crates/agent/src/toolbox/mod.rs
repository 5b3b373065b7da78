//! The engine's own tools, served by MCP to exactly one session of an agent.
//!
//! An agent of any make can be given a stdio MCP server, so the tools are reached through a small bridge process that
//! copies stdio to a unix socket of the session. What a call looks like is checked here, against the very schema that
//! the model was shown and all at once; whether it fits the state of the sprint is the [`ToolHandler`]'s to say.

pub mod bridge;
mod calls;
mod catalog;
mod lines;
mod memory;
mod plan;
mod schema;
mod server;
mod session;

use async_trait::async_trait;

pub use calls::{
    AskOwner, AskQuestion, AwaitTasks, CompleteTask, DelegateTask, GiveUpTask, PlannedTask, Priority, QuestionKind,
    ReportProgress, SubmitPlan, TestOutcome, TestRun, ThreadAnswer, ToolCall,
};
pub use catalog::ToolSet;
pub use memory::{MemoryKind, Recall, Remember};
pub use session::{McpServerSpec, SessionToken, Toolbox, ToolboxError, ToolboxSession};

/// What the engine does with the calls of one session.
///
/// A call is given on once its shape is right. The agent waits for the answer, so answer soon: a question to a person
/// is answered with "asked", and the person's words come with a later prompt.
#[async_trait]
pub trait ToolHandler: Send + Sync + 'static {
    /// Takes a call, or refuses it with all that speaks against it.
    async fn call(&self, call: ToolCall) -> Result<Accepted, Refused>;
}

/// A call that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the agent is told.
    pub text: String,
}

impl Accepted {
    /// An answer in these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// A call that was not taken, and what to mend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// Each names the field where there is one, what is wrong with it and what would be right.
    pub reasons: Vec<String>,
}

impl Refused {
    /// A refusal for a single reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason.into()],
        }
    }
}
