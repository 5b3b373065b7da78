//! Which memories a question is answered with: found by words and by place, weighed by the rules, cut to a budget.

use team6_core::ids::{MemoryId, ProjectId};
use team6_core::memory::{Chosen, Found, Memory, Sought, choose, words_of_question};
use team6_core::policy::MemoryLimits;
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;

use crate::{MemoryFilter, MemoryIndex, MemoryRow};

/// How many memories are weighed of those whose words fit, and as many of those that hold at the place.
const WEIGHED: u32 = 50;

/// What is asked of a project's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The project.
    pub project: ProjectId,
    /// What it is about, in short, such as the title of a task.
    pub title: String,
    /// What else is said of it.
    pub text: String,
    /// Where it is about.
    pub sought: Sought,
}

/// The most useful memories for a question, best first.
pub async fn recall(
    index: &dyn MemoryIndex,
    question: &Question,
    now: Timestamp,
    limits: MemoryLimits,
) -> Result<Vec<Chosen>, StorageError> {
    let sought = &question.sought;
    let filter = MemoryFilter {
        states: vec!["active".into()],
        ..MemoryFilter::of(question.project.clone())
    };
    let paths: Vec<String> = sought.paths.iter().map(ToString::to_string).collect();
    let words = words_of_question(&question.title, &format!("{}\n{}", question.text, paths.join("\n")));
    let by_words = index.search_memories(&filter, &words, WEIGHED).await?;
    let by_place = index
        .memories_at(&question.project, &sought.repositories, &paths, WEIGHED)
        .await?;
    let known: Vec<MemoryId> = by_words.iter().map(|found| found.row.id).collect();
    let by_place = by_place.into_iter().filter(|row| !known.contains(&row.id));
    let found = by_words
        .into_iter()
        .map(|found| (found.row, found.rank))
        .chain(by_place.map(|row| (row, 0.0)))
        .filter_map(|(row, rank)| readable(row).map(|memory| Found { memory, rank }));
    Ok(choose(found.collect(), sought, now, limits))
}

/// The memory of a row. One that this version cannot read is passed over: nothing depends on it.
fn readable(row: MemoryRow) -> Option<Memory> {
    let id = row.id;
    match serde_json::from_value(row.body) {
        Ok(memory) => Some(memory),
        Err(error) => {
            tracing::warn!(memory = %id, project = %row.project, %error, "a memory cannot be read; run `team6 admin rebuild`");
            None
        }
    }
}
