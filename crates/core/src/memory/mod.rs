//! What a project has learnt: decisions, conventions, pitfalls and commands that work.
//!
//! Agents and people say it, each with where it holds and how it is known; the rules here keep it short, said once and
//! open to correction, and decide what of it an attempt is told. The log of a project's memory is the truth; what is
//! searched is made from it. Finding words in texts is the store's, weighing what was found is [`choose`].

mod apply;
mod command;
mod rules;
mod scope;
mod score;
mod secrets;
mod stem;
mod synonyms;
mod told;
mod words;

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, AttemptId, MemoryId, PersonId, TaskId, ThreadId};
use crate::time::Timestamp;

pub use command::{Ended, MemoryCommand, MemoryEvent, MemoryRefusal, Verdict};
pub use rules::{Handled, Memories};
pub use scope::{Scope, ScopePath};
pub use score::{Chosen, Found, Sought, choose, score};
pub use told::{line, section};
pub use words::{of_memory as words_of_memory, of_question as words_of_question};

/// The longest text of a memory, in characters: it is read in the prompts of many tasks.
pub const TEXT_MOST: usize = 1_000;
/// The shortest text of a memory, in characters.
pub const TEXT_LEAST: usize = 8;
/// The longest evidence, in characters.
pub const EVIDENCE_MOST: usize = 1_000;
/// How many pieces of evidence are kept of a memory; later ones say nothing new.
pub const EVIDENCE_KEPT: usize = 10;
/// The most memories that a project holds and has not retired.
pub const HELD_MOST: usize = 100_000;

/// What sort of thing was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something was decided, for a reason.
    Decision,
    /// How things are done here.
    Convention,
    /// What goes wrong, and how not to fall into it.
    Pitfall,
    /// A command that works.
    Command,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Convention => "convention",
            Self::Pitfall => "pitfall",
            Self::Command => "command",
        }
    }
}

/// Where a memory, or a piece of its evidence, comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Source {
    /// An agent said it during an attempt; at no task while it planned.
    Agent {
        agent: AgentId,
        attempt: AttemptId,
        task: Option<TaskId>,
    },
    /// A person said it.
    Person { by: PersonId },
    /// A person said it in a review, an agent answered, and the task was merged.
    Review {
        by: PersonId,
        task: TaskId,
        thread: ThreadId,
    },
}

impl Source {
    /// The task that it was learnt at.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::Agent { task, .. } => *task,
            Self::Person { .. } => None,
            Self::Review { task, .. } => Some(*task),
        }
    }

    /// Whether an agent said it.
    pub fn is_agent(&self) -> bool {
        matches!(self, Self::Agent { .. })
    }
}

/// How a memory is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// What shows it, such as a command with its outcome.
    pub text: String,
    /// Who says so.
    pub source: Source,
    /// When.
    pub at: Timestamp,
}

/// Whether a memory counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "is", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum State {
    /// Not before a person accepts it.
    Candidate,
    /// It does.
    Active,
    /// Another one says what is so instead.
    Superseded { by: MemoryId },
    /// A person took it out.
    Retired { by: PersonId, why: String },
}

impl State {
    /// Its name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Active => "active",
            Self::Superseded { .. } => "superseded",
            Self::Retired { .. } => "retired",
        }
    }
}

/// How often a memory was given to attempts, and how the tasks of these ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uses {
    /// Attempts that were given it.
    pub given: u32,
    /// Tasks of these that were merged without being sent back after it was given.
    pub passed: u32,
    /// Tasks of these that were sent back after it was given, and then merged.
    pub sent_back: u32,
}

/// Something that was learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Memory {
    /// Its number.
    pub id: MemoryId,
    /// What sort of thing it is.
    pub kind: Kind,
    /// What was learnt.
    pub text: String,
    /// Where it holds.
    pub scope: Scope,
    /// How it is known, oldest first.
    pub evidence: Vec<Evidence>,
    /// Where it comes from.
    pub source: Source,
    /// Whether it counts.
    pub state: State,
    /// Whether a person wants it told before all others.
    pub pinned: bool,
    /// When it was learnt.
    pub created_at: Timestamp,
    /// When it was last said, confirmed or changed.
    pub updated_at: Timestamp,
    /// Who last changed its words, if a person did.
    pub edited_by: Option<PersonId>,
    /// What became of its use.
    pub uses: Uses,
}

impl Memory {
    /// Whether attempts may be told it.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }
}
