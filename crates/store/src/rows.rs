//! The port of the read models: what lists and pages show, kept up to date with every append.
//!
//! They hold nothing that the log does not, so they can be cleared and made again.

use async_trait::async_trait;
use serde_json::Value;
use team6_core::ids::{PersonId, Position, ProjectId, SprintId, StreamVersion, TaskId};
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;

use crate::{GivenMemories, MemoryRow, NewSnapshot, StoreError, StreamId};

/// A sprint as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct SprintRow {
    /// The sprint.
    pub id: SprintId,
    /// Its project.
    pub project: ProjectId,
    /// Its phase, as the API names it.
    pub phase: String,
    /// Its title.
    pub title: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The rest of what is shown.
    pub body: Value,
}

/// A task as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// The task.
    pub id: TaskId,
    /// Its sprint.
    pub sprint: SprintId,
    /// Its project.
    pub project: ProjectId,
    /// The person who answers for it.
    pub owner: Option<PersonId>,
    /// Its state, as the API names it.
    pub state: String,
    /// Its title.
    pub title: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The rest of what is shown.
    pub body: Value,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    /// Names it; putting another row with the same key replaces it.
    pub key: String,
    /// Who it waits for.
    pub person: PersonId,
    /// The project.
    pub project: ProjectId,
    /// The sprint.
    pub sprint: SprintId,
    /// The task, if it is about one.
    pub task: Option<TaskId>,
    /// What is wanted, as the API names it.
    pub kind: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// The rest of what is shown.
    pub body: Value,
}

/// How an append changes the read models. Removals come first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadModelChanges {
    /// The sprint as it is now.
    pub sprint: Option<SprintRow>,
    /// Tasks as they are now.
    pub tasks: Vec<TaskRow>,
    /// Tasks that are no more.
    pub removed_tasks: Vec<TaskId>,
    /// What waits for people now.
    pub inbox: Vec<InboxRow>,
    /// Keys of what waits no longer.
    pub removed_inbox: Vec<String>,
    /// Memories as they are now.
    pub memories: Vec<MemoryRow>,
    /// What an attempt was given of the memory.
    pub given_memories: Vec<GivenMemories>,
}

/// Everything that the read models and snapshots hold, made from the log.
#[derive(Debug, Clone, Default)]
pub struct Rebuilt {
    /// All sprints.
    pub sprints: Vec<SprintRow>,
    /// All tasks.
    pub tasks: Vec<TaskRow>,
    /// All inboxes.
    pub inbox: Vec<InboxRow>,
    /// All memories.
    pub memories: Vec<MemoryRow>,
    /// All that attempts were given of the memory.
    pub given_memories: Vec<GivenMemories>,
    /// Snapshots, each with the version of its stream that it shows.
    pub snapshots: Vec<(StreamId, StreamVersion, NewSnapshot)>,
}

/// Which sprints are wanted, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SprintFilter {
    /// Only those of this project.
    pub project: Option<ProjectId>,
    /// Only those in one of these phases; none for any.
    pub phases: Vec<String>,
    /// Only those with a smaller number: the last one of the page before.
    pub before: Option<SprintId>,
}

/// Which tasks are wanted, in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those of this project.
    pub project: Option<ProjectId>,
    /// Only those of this sprint.
    pub sprint: Option<SprintId>,
    /// Only those of this owner.
    pub owner: Option<PersonId>,
    /// Only those in one of these states; none for any.
    pub states: Vec<String>,
    /// Only those with a greater number: the last one of the page before.
    pub after: Option<TaskId>,
}

/// The place of an inbox row in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxCursor {
    /// Since when it waits.
    pub since: Timestamp,
    /// Its key.
    pub key: String,
}

/// Which inbox rows are wanted, longest waiting first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Only those that wait for this person.
    pub person: Option<PersonId>,
    /// Only those of this project.
    pub project: Option<ProjectId>,
    /// Only those of this sprint.
    pub sprint: Option<SprintId>,
    /// Only those after this one: the last one of the page before.
    pub after: Option<InboxCursor>,
}

/// The read models.
#[async_trait]
pub trait ReadModels: Send + Sync {
    /// One sprint.
    async fn sprint(&self, id: SprintId) -> Result<Option<SprintRow>, StorageError>;

    /// A page of sprints.
    async fn sprints(&self, filter: &SprintFilter, limit: u32) -> Result<Vec<SprintRow>, StorageError>;

    /// One task.
    async fn task(&self, id: TaskId) -> Result<Option<TaskRow>, StorageError>;

    /// A page of tasks.
    async fn tasks(&self, filter: &TaskFilter, limit: u32) -> Result<Vec<TaskRow>, StorageError>;

    /// A page of what waits for people.
    async fn inbox(&self, filter: &InboxFilter, limit: u32) -> Result<Vec<InboxRow>, StorageError>;

    /// Replaces all read models and snapshots in one transaction, if `head` still is the head of the log.
    async fn rebuild(&self, head: Position, rebuilt: Rebuilt) -> Result<(), StoreError>;
}
