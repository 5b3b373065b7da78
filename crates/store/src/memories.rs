//! The port of the read model of memories: lists, and the search by words and by place.
//!
//! Words come and are asked for as the core makes them from texts, so that every store finds the same.

use async_trait::async_trait;
use serde_json::Value;
use team6_core::ids::{AttemptId, MemoryId, ProjectId, RepositoryId, TaskId};
use team6_core::memory::{Memory, words_of_memory};
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;

/// A memory as it is listed and found.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryRow {
    /// Its project.
    pub project: ProjectId,
    /// Its number in the project.
    pub id: MemoryId,
    /// Whether it counts, as the API names it.
    pub state: String,
    /// What sort of thing it is, as the API names it.
    pub kind: String,
    /// The repository that it holds in; none for the whole project.
    pub repository: Option<RepositoryId>,
    /// The path of the repository that it holds at; none for all of it.
    pub path: Option<String>,
    /// Whether it is told before all others.
    pub pinned: bool,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The words that it is found by. They are not read back.
    pub words: Vec<String>,
    /// All of it.
    pub body: Value,
}

impl MemoryRow {
    /// The row of a project's memory.
    pub fn of(project: &ProjectId, memory: &Memory) -> Self {
        Self {
            project: project.clone(),
            id: memory.id,
            state: memory.state.as_str().to_owned(),
            kind: memory.kind.as_str().to_owned(),
            repository: memory.scope.repository().cloned(),
            path: memory.scope.path().map(ToString::to_string),
            pinned: memory.pinned,
            updated_at: memory.updated_at,
            words: words_of_memory(memory),
            // Plain data with string keys, which JSON can always hold.
            body: serde_json::to_value(memory).unwrap_or(Value::Null),
        }
    }
}

/// What an attempt was given of the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenMemories {
    /// The attempt.
    pub attempt: AttemptId,
    /// The project.
    pub project: ProjectId,
    /// The task; none for planning.
    pub task: Option<TaskId>,
    /// When.
    pub at: Timestamp,
    /// The memories, most useful first.
    pub memories: Vec<MemoryId>,
}

/// Which memories of a project are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryFilter {
    /// The project.
    pub project: ProjectId,
    /// Only those in one of these states; none for any.
    pub states: Vec<String>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Only those that hold in this repository.
    pub repository: Option<RepositoryId>,
}

impl MemoryFilter {
    /// All memories of a project.
    pub fn of(project: ProjectId) -> Self {
        Self {
            project,
            states: Vec::new(),
            kind: None,
            repository: None,
        }
    }
}

/// A memory that was found by words.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundMemory {
    /// The memory, without its words.
    pub row: MemoryRow,
    /// How well it fits, above 0: the more, the rarer the words are that it shares with the question (BM25).
    pub rank: f64,
}

/// Memories to be found.
#[async_trait]
pub trait MemoryIndex: Send + Sync {
    /// One memory.
    async fn memory(&self, project: &ProjectId, id: MemoryId) -> Result<Option<MemoryRow>, StorageError>;

    /// A page of memories by number, after `after`.
    async fn memories(
        &self,
        filter: &MemoryFilter,
        after: Option<MemoryId>,
        limit: u32,
    ) -> Result<Vec<MemoryRow>, StorageError>;

    /// The memories that share words with a question, those that fit best first.
    ///
    /// A word that stands in the question twice counts twice. Of a question with many words only the rarest need be looked for: what is in most texts tells them not apart.
    async fn search_memories(
        &self,
        filter: &MemoryFilter,
        words: &[String],
        limit: u32,
    ) -> Result<Vec<FoundMemory>, StorageError>;

    /// The active memories of a project that are pinned, and those that hold at a path of these repositories, above one of
    /// `paths` or below it; the newest first.
    async fn memories_at(
        &self,
        project: &ProjectId,
        repositories: &[RepositoryId],
        paths: &[String],
        limit: u32,
    ) -> Result<Vec<MemoryRow>, StorageError>;

    /// What the attempts of a task were given, in their order.
    async fn given_to(&self, task: TaskId) -> Result<Vec<GivenMemories>, StorageError>;
}
