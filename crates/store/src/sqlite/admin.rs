//! Checks of the files, and copies of them.

use std::path::Path;

use async_trait::async_trait;
use team6_sqlite::{Database, StorageError};

use super::{SqliteStore, SqliteTraceStore};
use crate::{Admin, Finding};

/// Each finds rows that must not be, and says what is wrong with each.
const LOG_RULES: &[&str] = &[
    "SELECT 'stream ' || stream || ' has ' || count(*) || ' events, numbered from ' || min(version) || ' to ' || max(version)
     FROM events GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*) LIMIT 100",
    "SELECT 'stream ' || s.stream || ' says version ' || s.version || ' and has events up to ' || coalesce(max(e.version), 0)
     FROM streams s LEFT JOIN events e ON e.stream = s.stream
     GROUP BY s.stream HAVING s.version <> coalesce(max(e.version), 0) LIMIT 100",
    "SELECT 'the log has ' || count(*) || ' events, numbered from ' || min(position) || ' to ' || max(position)
     FROM events HAVING count(*) > 0 AND (min(position) <> 1 OR max(position) <> count(*))",
    "SELECT 'stream ' || stream || ' has its event ' || version || ' before an earlier one, at position ' || position
     FROM (SELECT stream, version, position, lag(position) OVER (PARTITION BY stream ORDER BY version) AS before FROM events)
     WHERE before > position LIMIT 100",
    "SELECT 'event ' || position || ' of stream ' || stream || ' has a body that is no JSON'
     FROM events WHERE NOT json_valid(body) LIMIT 100",
    "SELECT 'snapshot of stream ' || p.stream || ' shows version ' || p.version || ', which the stream does not have'
     FROM snapshots p LEFT JOIN streams s ON s.stream = p.stream WHERE s.stream IS NULL OR p.version > s.version LIMIT 100",
    "SELECT 'effect ' || f.key || ' belongs to stream ' || f.stream || ' at position ' || f.position || ', which is not there'
     FROM effects f LEFT JOIN streams s ON s.stream = f.stream
     WHERE s.stream IS NULL OR f.position > (SELECT coalesce(max(position), 0) FROM events) LIMIT 100",
    "SELECT 'sprint ' || id || ' is listed and has no events' FROM sprints
     WHERE NOT EXISTS (SELECT 1 FROM streams WHERE stream = 'sprint/' || sprints.id) LIMIT 100",
    "SELECT 'task ' || id || ' is listed under sprint ' || sprint || ', which is not there' FROM tasks
     WHERE NOT EXISTS (SELECT 1 FROM sprints WHERE id = tasks.sprint) LIMIT 100",
    "SELECT 'inbox row ' || key || ' is about sprint ' || sprint || coalesce(' and task ' || task, '') || ', which is not there'
     FROM inbox WHERE NOT EXISTS (SELECT 1 FROM sprints WHERE id = inbox.sprint)
         OR (task IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = inbox.task)) LIMIT 100",
    "SELECT 'memory ' || id || ' of project ' || project || ' is listed and has no events' FROM memories
     WHERE NOT EXISTS (SELECT 1 FROM streams WHERE stream = 'memory/' || memories.project) LIMIT 100",
    "SELECT 'memory ' || id || ' of project ' || project || ' cannot be searched' FROM memories
     WHERE NOT EXISTS (SELECT 1 FROM memory_words WHERE rowid = memories.number) LIMIT 100",
];

const TRACE_RULES: &[&str] = &[
    "SELECT 'the trace of s' || sprint || '-a' || n || ' has ' || count(*) || ' entries, numbered from ' || min(seq) || ' to ' || max(seq)
     FROM entries GROUP BY sprint, n HAVING min(seq) <> 1 OR max(seq) <> count(*) LIMIT 100",
];

#[async_trait]
impl Admin for SqliteStore {
    async fn check(&self) -> Result<Vec<Finding>, StorageError> {
        check(&self.database, LOG_RULES).await
    }

    async fn copy_into(&self, folder: &Path) -> Result<(), StorageError> {
        self.database.copy_to(&folder.join("team6.db")).await
    }
}

#[async_trait]
impl Admin for SqliteTraceStore {
    async fn check(&self) -> Result<Vec<Finding>, StorageError> {
        check(&self.database, TRACE_RULES).await
    }

    async fn copy_into(&self, folder: &Path) -> Result<(), StorageError> {
        self.database.copy_to(&folder.join("traces.db")).await
    }
}

async fn check(database: &Database, rules: &'static [&'static str]) -> Result<Vec<Finding>, StorageError> {
    let finding = |what| Finding {
        file: database.file().to_owned(),
        what,
    };
    let mut findings: Vec<Finding> = database.damage().await?.into_iter().map(finding).collect();
    let mut reader = database.reader().await?;
    for rule in rules {
        let found: Result<Vec<String>, _> = sqlx::query_scalar(*rule).fetch_all(&mut *reader).await;
        match found.map_err(|error| database.error(error)) {
            Ok(lines) => findings.extend(lines.into_iter().map(finding)),
            // What cannot be read for damage is a finding too.
            Err(StorageError::Corrupt { detail, .. }) => findings.push(finding(detail)),
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}
