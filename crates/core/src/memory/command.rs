//! What may be asked of a project's memory, what happened to it, and why something was refused.

use serde::{Deserialize, Serialize};

use super::{EVIDENCE_MOST, HELD_MOST, Kind, Scope, Source, TEXT_LEAST, TEXT_MOST};
use crate::ids::{AttemptId, MemoryId, PersonId, TaskId};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "snake_case")]
pub enum Ended {
    /// It was merged.
    Merged {
        /// The first attempt after the work was last sent back, if it was.
        mended_by: Option<AttemptId>,
    },
    /// It was cancelled or given up.
    Dropped,
}

/// What became of the work that was given memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was merged as it was first delivered after they were given.
    Passed,
    /// It was sent back after they were given, and then merged.
    SentBack,
    /// It was cancelled or given up, which says nothing of what it was given.
    Dropped,
}

/// A change of a project's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum MemoryCommand {
    /// Keep something that was learnt, in place of what it contradicts.
    Remember {
        kind: Kind,
        text: String,
        scope: Scope,
        evidence: String,
        supersedes: Option<MemoryId>,
        source: Source,
    },
    /// Lay something before the people that was said in a review. `member` says whether who said it is one of them, as
    /// known outside.
    Propose {
        kind: Kind,
        text: String,
        scope: Scope,
        evidence: String,
        source: Source,
        member: bool,
    },
    /// Take a candidate.
    Accept { memory: MemoryId, by: PersonId },
    /// Put it in other words, or elsewhere; what is not given stays.
    Edit {
        memory: MemoryId,
        kind: Option<Kind>,
        text: Option<String>,
        scope: Option<Scope>,
        by: PersonId,
    },
    /// Have it told before all others.
    Pin { memory: MemoryId, by: PersonId },
    /// Have it told in its turn.
    Unpin { memory: MemoryId, by: PersonId },
    /// Take it out.
    Retire {
        memory: MemoryId,
        why: String,
        by: PersonId,
    },
    /// Take it in again.
    Restore { memory: MemoryId, by: PersonId },
    /// An attempt was given these.
    Give {
        attempt: AttemptId,
        task: Option<TaskId>,
        memories: Vec<MemoryId>,
    },
    /// A task ended.
    Judge { task: TaskId, ended: Ended },
}

/// What happened to a project's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum MemoryEvent {
    /// Something was learnt.
    MemoryRemembered {
        memory: MemoryId,
        kind: Kind,
        text: String,
        scope: Scope,
        evidence: String,
        source: Source,
    },
    /// Something that was said in a review waits for a person to accept it.
    MemoryProposed {
        memory: MemoryId,
        kind: Kind,
        text: String,
        scope: Scope,
        evidence: String,
        source: Source,
    },
    /// What a memory says was found again.
    EvidenceAdded {
        memory: MemoryId,
        evidence: String,
        source: Source,
    },
    /// Another memory says what is so instead.
    MemorySuperseded { memory: MemoryId, by: MemoryId },
    /// A candidate counts from now on.
    MemoryAccepted { memory: MemoryId, by: PersonId },
    /// It was put in other words, or elsewhere.
    MemoryEdited {
        memory: MemoryId,
        kind: Kind,
        text: String,
        scope: Scope,
        by: PersonId,
    },
    /// It is told before all others.
    MemoryPinned { memory: MemoryId, by: PersonId },
    /// It is told in its turn.
    MemoryUnpinned { memory: MemoryId, by: PersonId },
    /// It was taken out.
    MemoryRetired {
        memory: MemoryId,
        why: String,
        by: PersonId,
    },
    /// It was taken in again.
    MemoryRestored { memory: MemoryId, by: PersonId },
    /// An attempt was given these.
    MemoriesGiven {
        attempt: AttemptId,
        task: Option<TaskId>,
        memories: Vec<MemoryId>,
    },
    /// A task ended whose attempts were given these.
    OutcomeNoted {
        task: TaskId,
        verdict: Verdict,
        memories: Vec<MemoryId>,
    },
}

impl MemoryEvent {
    /// The event's name as it stands in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MemoryRemembered { .. } => "memory_remembered",
            Self::MemoryProposed { .. } => "memory_proposed",
            Self::EvidenceAdded { .. } => "evidence_added",
            Self::MemorySuperseded { .. } => "memory_superseded",
            Self::MemoryAccepted { .. } => "memory_accepted",
            Self::MemoryEdited { .. } => "memory_edited",
            Self::MemoryPinned { .. } => "memory_pinned",
            Self::MemoryUnpinned { .. } => "memory_unpinned",
            Self::MemoryRetired { .. } => "memory_retired",
            Self::MemoryRestored { .. } => "memory_restored",
            Self::MemoriesGiven { .. } => "memories_given",
            Self::OutcomeNoted { .. } => "outcome_noted",
        }
    }

    /// The memories that it changes.
    pub fn memories(&self) -> &[MemoryId] {
        match self {
            Self::MemoryRemembered { memory, .. }
            | Self::MemoryProposed { memory, .. }
            | Self::EvidenceAdded { memory, .. }
            | Self::MemorySuperseded { memory, .. }
            | Self::MemoryAccepted { memory, .. }
            | Self::MemoryEdited { memory, .. }
            | Self::MemoryPinned { memory, .. }
            | Self::MemoryUnpinned { memory, .. }
            | Self::MemoryRetired { memory, .. }
            | Self::MemoryRestored { memory, .. } => std::slice::from_ref(memory),
            Self::MemoriesGiven { memories, .. } | Self::OutcomeNoted { memories, .. } => memories,
        }
    }
}

/// Why a change of a project's memory was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum MemoryRefusal {
    #[error("there is no memory {memory} in this project; search for it")]
    NoSuchMemory { memory: MemoryId },
    #[error("a memory of fewer than {TEXT_LEAST} characters says nothing to who was not there; write a whole sentence")]
    TooShort,
    #[error("the text has {characters} characters, {TEXT_MOST} are kept; say it shorter, or keep several memories")]
    TooLong { characters: usize },
    #[error("the evidence has {characters} characters, {EVIDENCE_MOST} are kept; name the command, file or commit")]
    EvidenceTooLong { characters: usize },
    #[error("it seems to hold {what}, and everybody of the project reads what is kept; say where it is found instead")]
    SeemsSecret { what: String },
    #[error("memory {memory} says this already")]
    SaidAlready { memory: MemoryId },
    #[error(
        "memory {memory} said this, and {by} took it out{}; ask your owner if it is so after all",
        because(why)
    )]
    TakenOut {
        memory: MemoryId,
        by: PersonId,
        why: String,
    },
    #[error("memory {memory} is pinned by a person; ask your owner to change it")]
    Pinned { memory: MemoryId },
    #[error("memory {memory} is {state} and not active")]
    NotActive { memory: MemoryId, state: String },
    #[error("memory {memory} is {state} and no candidate")]
    NotCandidate { memory: MemoryId, state: String },
    #[error("memory {memory} counts already")]
    Counts { memory: MemoryId },
    #[error("who said it is not one of the people of this server, whose words alone are kept")]
    NotAMember,
    #[error("the project's memory holds {HELD_MOST} already, which is the most; forget what is not needed any more")]
    Full,
    #[error("say what to change: the kind, the text or the place")]
    NoChange,
}

fn because(why: &str) -> String {
    match why.trim() {
        "" => String::new(),
        why => format!(": {why}"),
    }
}
