//! The memories in SQLite, found by its full-text search (FTS5).

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use team6_core::ids::{AttemptId, MemoryId, ProjectId, RepositoryId, SprintId, TaskId};
use team6_core::time::Timestamp;
use team6_sqlite::{StorageError, integer};

use super::SqliteStore;
use super::values::{and_begins, and_equals, and_in, json, json_column, name_column, optional_name_column, page};
use crate::{FoundMemory, GivenMemories, MemoryFilter, MemoryIndex, MemoryRow};

/// The most words of a question that are looked for.
const WORDS: usize = 24;
/// How many memories the words of a question may be in, all counted, so that none is looked for that is nearly everywhere.
const POSTINGS: u64 = 4_000;
/// How many paths are looked at, those of each repository counted.
const PLACES: usize = 100;
/// How many words of a question are looked for wherever they are.
const WORDS_AT_LEAST: usize = 2;

#[async_trait]
impl MemoryIndex for SqliteStore {
    async fn memory(&self, project: &ProjectId, id: MemoryId) -> Result<Option<MemoryRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM memories WHERE project = ");
        query.push_bind(project.to_string());
        query.push(" AND id = ").push_bind(integer(id.0));
        Ok(self.select(query, memory).await?.pop())
    }

    async fn memories(
        &self,
        filter: &MemoryFilter,
        after: Option<MemoryId>,
        limit: u32,
    ) -> Result<Vec<MemoryRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM memories WHERE id > ");
        query.push_bind(after.map_or(-1, |id| integer(id.0)));
        and_fits(&mut query, filter);
        query.push(" ORDER BY id LIMIT ").push_bind(page(limit));
        self.select(query, memory).await
    }

    async fn search_memories(
        &self,
        filter: &MemoryFilter,
        words: &[String],
        limit: u32,
    ) -> Result<Vec<FoundMemory>, StorageError> {
        let words = self.telling(words).await?;
        if words.is_empty() {
            return Ok(Vec::new());
        }
        // CROSS keeps SQLite from asking for the words of every memory of the project, one by one.
        let mut query = QueryBuilder::new(
            "SELECT memories.*, memory_words.rank AS rank FROM memory_words
             CROSS JOIN memories ON memories.number = memory_words.rowid WHERE memory_words MATCH ",
        );
        query.push_bind(any_of(&words));
        and_fits(&mut query, filter);
        query.push(" ORDER BY memory_words.rank LIMIT ").push_bind(page(limit));
        self.select(query, found).await
    }

    async fn memories_at(
        &self,
        project: &ProjectId,
        repositories: &[RepositoryId],
        paths: &[String],
        limit: u32,
    ) -> Result<Vec<MemoryRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM memories WHERE pinned = 1");
        and_equals(&mut query, "project", Some(project));
        query
            .push(" ORDER BY updated_at DESC, id LIMIT ")
            .push_bind(page(limit));
        let mut all = self.select(query, memory).await?;
        if repositories.is_empty() || paths.is_empty() {
            return Ok(all);
        }
        // A look into the index for each path, since an OR over all of them would read every path of the repositories.
        let mut query = QueryBuilder::new("SELECT * FROM memories WHERE number IN (");
        let mut first = true;
        let places = repositories
            .iter()
            .flat_map(|repository| paths.iter().map(move |path| (repository, path)));
        for (repository, path) in places.take(PLACES) {
            let mut begin = |query: &mut QueryBuilder<Sqlite>| {
                query.push(if first { "" } else { " UNION " });
                first = false;
                query.push("SELECT number FROM memories WHERE path IS NOT NULL");
                and_equals(query, "project", Some(project));
                and_equals(query, "repository", Some(repository));
            };
            begin(&mut query);
            let above: Vec<String> = with_folders(path).map(str::to_owned).collect();
            and_in(&mut query, "path", &above);
            begin(&mut query);
            and_begins(&mut query, "path", Some(&format!("{path}/")));
        }
        query
            .push(") AND state = 'active' AND pinned = 0 ORDER BY updated_at DESC, id LIMIT ")
            .push_bind(page(limit));
        all.extend(self.select(query, memory).await?);
        Ok(all)
    }

    async fn given_to(&self, task: TaskId) -> Result<Vec<GivenMemories>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM given_memories WHERE task = ");
        query.push_bind(integer(task.0)).push(" ORDER BY sprint, n");
        self.select(query, given).await
    }
}

impl SqliteStore {
    /// The rarest words of a question, as many as are looked for, each as often as the question has it.
    async fn telling(&self, words: &[String]) -> Result<Vec<String>, StorageError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new("SELECT term, doc FROM memory_counts WHERE 1 = 1");
        and_in(&mut query, "term", words);
        let count = |row: &SqliteRow| Ok((row.try_get::<u64, _>("doc")?, row.try_get::<String, _>("term")?));
        let mut counted: Vec<(u64, String)> = self.select(query, count).await?;
        counted.sort();
        counted.truncate(WORDS);
        let mut postings = 0;
        let mut wanted = Vec::new();
        for (count, word) in counted {
            postings += count;
            if postings > POSTINGS && wanted.len() >= WORDS_AT_LEAST {
                break;
            }
            let times = words.iter().filter(|other| **other == word).count();
            wanted.extend(std::iter::repeat_n(word, times));
        }
        Ok(wanted)
    }
}

fn and_fits(query: &mut QueryBuilder<Sqlite>, filter: &MemoryFilter) {
    and_equals(query, "project", Some(&filter.project));
    and_in(query, "state", &filter.states);
    and_equals(query, "kind", filter.kind.as_ref());
    and_equals(query, "repository", filter.repository.as_ref());
}

/// A question for any of these words. Each stands in quotes, so that none is taken for a word of the question's language.
fn any_of(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', "")))
        .collect();
    quoted.join(" OR ")
}

/// A path and the folders that it lies in.
fn with_folders(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    ends.map(move |end| &path[..end])
}

pub(super) async fn put(connection: &mut SqliteConnection, row: &MemoryRow) -> Result<(), sqlx::Error> {
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO memories (project, id, state, kind, repository, path, pinned, updated_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (project, id) DO UPDATE SET
             state = $3, kind = $4, repository = $5, path = $6, pinned = $7, updated_at = $8, body = $9
         RETURNING number",
    )
    .bind(row.project.as_str())
    .bind(integer(row.id.0))
    .bind(&row.state)
    .bind(&row.kind)
    .bind(row.repository.as_ref().map(RepositoryId::as_str))
    .bind(&row.path)
    .bind(row.pinned)
    .bind(row.updated_at.0)
    .bind(json(&row.body)?)
    .fetch_one(&mut *connection)
    .await?;
    let words = row.words.join(" ");
    let known: Option<String> = sqlx::query_scalar("SELECT words FROM memory_words WHERE rowid = $1")
        .bind(number)
        .fetch_optional(&mut *connection)
        .await?;
    // Most changes, such as what became of a use, leave the words as they are.
    if known.as_ref() == Some(&words) {
        return Ok(());
    }
    if known.is_some() {
        let remove = sqlx::query("DELETE FROM memory_words WHERE rowid = $1").bind(number);
        remove.execute(&mut *connection).await?;
    }
    sqlx::query("INSERT INTO memory_words (rowid, words) VALUES ($1, $2)")
        .bind(number)
        .bind(words)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn put_given(connection: &mut SqliteConnection, given: &GivenMemories) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO given_memories (sprint, n, project, task, at, memories) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (sprint, n) DO UPDATE SET project = $3, task = $4, at = $5, memories = $6",
    )
    .bind(integer(given.attempt.sprint.0))
    .bind(i64::from(given.attempt.n))
    .bind(given.project.as_str())
    .bind(given.task.map(|task| integer(task.0)))
    .bind(given.at.0)
    .bind(json(&given.memories)?)
    .execute(connection)
    .await?;
    Ok(())
}

fn memory(row: &SqliteRow) -> Result<MemoryRow, sqlx::Error> {
    Ok(MemoryRow {
        project: name_column(row, "project")?,
        id: MemoryId(row.try_get("id")?),
        state: row.try_get("state")?,
        kind: row.try_get("kind")?,
        repository: optional_name_column(row, "repository")?,
        path: row.try_get("path")?,
        pinned: row.try_get("pinned")?,
        updated_at: Timestamp(row.try_get("updated_at")?),
        words: Vec::new(),
        body: json_column(row, "body")?,
    })
}

fn found(row: &SqliteRow) -> Result<FoundMemory, sqlx::Error> {
    Ok(FoundMemory {
        row: memory(row)?,
        // SQLite's rank is the more below 0, the better it fits.
        rank: -row.try_get::<f64, _>("rank")?,
    })
}

fn given(row: &SqliteRow) -> Result<GivenMemories, sqlx::Error> {
    Ok(GivenMemories {
        attempt: AttemptId {
            sprint: SprintId(row.try_get("sprint")?),
            n: row.try_get("n")?,
        },
        project: name_column(row, "project")?,
        task: row.try_get::<Option<u64>, _>("task")?.map(TaskId),
        at: Timestamp(row.try_get("at")?),
        memories: json_column(row, "memories")?,
    })
}
