//! The queue in an SQLite file of its own, for one machine.
//!
//! The event log refills it, so a loss of power may cost its last moments.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use team6_core::ids::{ProjectId, WorkerId};
use team6_core::time::Timestamp;
use team6_sqlite::{Abort, Database, Durability, Settings, StorageError, integer};
use tokio::sync::watch;

use crate::{Depth, Enqueued, Job, JobQueue, Lease, LeaseId, LeasedJob, QueueError};

const MIGRATIONS: &[&str] = &[include_str!("../migrations/queue-001.sql")];

/// The queues of all projects in one file.
#[derive(Debug)]
pub struct EmbeddedQueue {
    database: Database,
    bells: Arc<Bells>,
}

impl EmbeddedQueue {
    /// Opens the file, making it if it is not there. Only one program may have it open; see that it lies in a folder that
    /// is locked for this one.
    pub async fn open(file: &Path) -> Result<Self, StorageError> {
        Self::open_with(file, &Settings::new(Durability::Consistent)).await
    }

    /// As [`EmbeddedQueue::open`], with other settings.
    pub async fn open_with(file: &Path, settings: &Settings) -> Result<Self, StorageError> {
        Ok(Self {
            database: Database::open(file, settings, MIGRATIONS).await?,
            bells: Arc::default(),
        })
    }

    /// Runs a statement that ends a lease, and rings for its project.
    async fn end_lease(&self, lease: &Lease, statement: &'static str, time: Timestamp) -> Result<(), QueueError> {
        let (bells, project, lease) = (Arc::clone(&self.bells), lease.project.clone(), lease.clone());
        self.database
            .write_then(
                move |connection| Box::pin(change_held(connection, lease, statement, time)),
                move |()| bells.ring(&project),
            )
            .await
    }

    /// Runs a statement on a job by its name, and rings for its project.
    async fn with_job(
        &self,
        project: &ProjectId,
        job: &str,
        statement: &'static str,
        number: i64,
    ) -> Result<bool, QueueError> {
        let (bells, project, job) = (Arc::clone(&self.bells), project.clone(), job.to_owned());
        let of = project.clone();
        self.database
            .write_then(
                move |connection| {
                    Box::pin(async move {
                        let query = sqlx::query(statement).bind(of.as_str()).bind(job).bind(number);
                        Ok(query.execute(connection).await?.rows_affected() > 0)
                    })
                },
                move |_| bells.ring(&project),
            )
            .await
    }

    fn failed(&self, error: sqlx::Error) -> QueueError {
        self.database.error(error).into()
    }
}

#[async_trait]
impl JobQueue for EmbeddedQueue {
    async fn enqueue(&self, job: Job) -> Result<Enqueued, QueueError> {
        let (bells, project) = (Arc::clone(&self.bells), job.project.clone());
        self.database
            .write_then(
                move |connection| Box::pin(add(connection, job)),
                move |_| bells.ring(&project),
            )
            .await
    }

    async fn lease(
        &self,
        project: &ProjectId,
        worker: &WorkerId,
        max_active: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<LeasedJob>, QueueError> {
        let (project, worker) = (project.clone(), worker.clone());
        self.database
            .write(move |connection| Box::pin(hand_out(connection, project, worker, max_active, now, until)))
            .await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), QueueError> {
        let statement = "UPDATE jobs SET lease_until = $4
             WHERE project = $1 AND id = $2 AND lease = $3 AND state = 'active'";
        let lease = lease.clone();
        self.database
            .write(move |connection| Box::pin(change_held(connection, lease, statement, until)))
            .await
    }

    async fn complete(&self, lease: &Lease, at: Timestamp) -> Result<(), QueueError> {
        let statement =
            "UPDATE jobs SET state = 'finished', finished_at = coalesce(finished_at, $4), lease_until = NULL
             WHERE project = $1 AND id = $2 AND lease = $3 AND state IN ('active', 'finished')";
        self.end_lease(lease, statement, at).await
    }

    async fn release(&self, lease: &Lease, not_before: Timestamp) -> Result<(), QueueError> {
        let statement =
            "UPDATE jobs SET state = 'waiting', not_before = $4, lease = NULL, worker = NULL, lease_until = NULL
             WHERE project = $1 AND id = $2 AND lease = $3 AND state = 'active'";
        self.end_lease(lease, statement, not_before).await
    }

    async fn remove(&self, project: &ProjectId, job: &str, at: Timestamp) -> Result<bool, QueueError> {
        let statement = "UPDATE jobs SET state = 'finished', finished_at = $3, lease = NULL, lease_until = NULL
             WHERE project = $1 AND id = $2 AND state <> 'finished'";
        self.with_job(project, job, statement, at.0).await
    }

    async fn reprioritize(&self, project: &ProjectId, job: &str, priority: i64) -> Result<bool, QueueError> {
        let statement = "UPDATE jobs SET priority = $3 WHERE project = $1 AND id = $2 AND state = 'waiting'";
        self.with_job(project, job, statement, priority).await
    }

    async fn recover_stalled(&self, now: Timestamp) -> Result<Vec<String>, QueueError> {
        let bells = Arc::clone(&self.bells);
        let recovered = self.database.write_then(
            move |connection| Box::pin(take_back(connection, now)),
            move |recovered| {
                for (project, _) in recovered {
                    bells.ring(project);
                }
            },
        );
        let ids = recovered.await?.into_iter().map(|(_, id)| id).collect();
        Ok(ids)
    }

    async fn next_stall(&self) -> Result<Option<Timestamp>, QueueError> {
        let mut reader = self.database.reader().await?;
        sqlx::query_scalar::<_, Option<i64>>("SELECT min(lease_until) FROM jobs WHERE state = 'active'")
            .fetch_one(&mut *reader)
            .await
            .map(|time| time.map(Timestamp))
            .map_err(|error| self.failed(error))
    }

    async fn depth(&self, project: &ProjectId, now: Timestamp) -> Result<Depth, QueueError> {
        let statement = "SELECT count(*) FILTER (WHERE state = 'waiting' AND not_before <= $2) AS due,
                    count(*) FILTER (WHERE state = 'waiting' AND not_before > $2) AS delayed,
                    count(*) FILTER (WHERE state = 'active' AND lease_until > $2) AS active,
                    count(*) FILTER (WHERE state = 'active' AND lease_until <= $2) AS stalled
             FROM (SELECT state, not_before, lease_until FROM jobs WHERE project = $1 AND state = 'waiting'
                   UNION ALL
                   SELECT state, not_before, lease_until FROM jobs WHERE project = $1 AND state = 'active') AS open";
        let mut reader = self.database.reader().await?;
        let row = sqlx::query(statement).bind(project.as_str()).bind(now.0);
        let row = row.fetch_one(&mut *reader).await;
        row.and_then(|row| depth(&row)).map_err(|error| self.failed(error))
    }

    fn wake(&self, project: &ProjectId) -> watch::Receiver<u64> {
        self.bells.listen(project)
    }

    fn ring(&self, project: &ProjectId) {
        self.bells.ring(project);
    }

    async fn damage(&self) -> Result<Vec<String>, QueueError> {
        Ok(self.database.damage().await?)
    }

    async fn next_due(&self, project: &ProjectId) -> Result<Option<Timestamp>, QueueError> {
        let statement = "SELECT min(not_before) FROM jobs WHERE project = $1 AND state = 'waiting'";
        let mut reader = self.database.reader().await?;
        sqlx::query_scalar::<_, Option<i64>>(statement)
            .bind(project.as_str())
            .fetch_one(&mut *reader)
            .await
            .map(|time| time.map(Timestamp))
            .map_err(|error| self.failed(error))
    }

    async fn prune(&self, ended_before: Timestamp) -> Result<u64, QueueError> {
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query("DELETE FROM jobs WHERE state = 'finished' AND finished_at < $1");
                    Ok(query.bind(ended_before.0).execute(connection).await?.rows_affected())
                })
            })
            .await
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

async fn add(connection: &mut SqliteConnection, job: Job) -> Result<Enqueued, Abort<QueueError>> {
    let data = serde_json::to_string(&job.data).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let statement =
        "INSERT INTO jobs (id, project, priority, not_before, created, data) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING";
    let inserted = sqlx::query(statement)
        .bind(&job.id)
        .bind(job.project.as_str())
        .bind(job.priority)
        .bind(job.not_before.0)
        .bind(job.created.0)
        .bind(data)
        .execute(connection)
        .await?;
    Ok(match inserted.rows_affected() {
        0 => Enqueued::Known,
        _ => Enqueued::Added,
    })
}

async fn hand_out(
    connection: &mut SqliteConnection,
    project: ProjectId,
    worker: WorkerId,
    max_active: u32,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<LeasedJob>, Abort<QueueError>> {
    let statement =
        "UPDATE jobs SET state = 'active', lease = (SELECT last + 1 FROM leases), worker = $2, lease_until = $3
         WHERE seq = (SELECT seq FROM jobs WHERE project = $1 AND state = 'waiting' AND not_before <= $4
                      ORDER BY priority DESC, seq LIMIT 1)
           AND (SELECT count(*) FROM jobs WHERE project = $1 AND state = 'active') < $5
         RETURNING *";
    let row = sqlx::query(statement)
        .bind(project.as_str())
        .bind(worker.as_str())
        .bind(until.0)
        .bind(now.0)
        .bind(i64::from(max_active))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    sqlx::query("UPDATE leases SET last = last + 1")
        .execute(connection)
        .await?;
    Ok(Some(leased(&row, project)?))
}

async fn change_held(
    connection: &mut SqliteConnection,
    lease: Lease,
    statement: &'static str,
    time: Timestamp,
) -> Result<(), Abort<QueueError>> {
    let changed = sqlx::query(statement)
        .bind(lease.project.as_str())
        .bind(&lease.job)
        .bind(integer(lease.id.0))
        .bind(time.0)
        .execute(connection)
        .await?;
    match changed.rows_affected() {
        0 => Err(Abort::Refused(QueueError::Lost { lease })),
        _ => Ok(()),
    }
}

async fn take_back(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<(ProjectId, String)>, Abort<QueueError>> {
    let statement =
        "UPDATE jobs SET state = 'waiting', lease = NULL, worker = NULL, lease_until = NULL, stalls = stalls + 1
         WHERE state = 'active' AND lease_until <= $1 RETURNING project, id";
    let rows = sqlx::query(statement).bind(now.0).fetch_all(connection).await?;
    let one = |row: &SqliteRow| {
        let project = ProjectId::new(row.try_get::<String, _>("project")?);
        let project = project.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok((project, row.try_get("id")?))
    };
    Ok(rows.iter().map(one).collect::<Result<_, sqlx::Error>>()?)
}

fn leased(row: &SqliteRow, project: ProjectId) -> Result<LeasedJob, sqlx::Error> {
    let data: Value =
        serde_json::from_str(row.try_get("data")?).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let id: String = row.try_get("id")?;
    let lease = Lease {
        project: project.clone(),
        job: id.clone(),
        id: LeaseId(row.try_get("lease")?),
    };
    let job = Job {
        id,
        project,
        priority: row.try_get("priority")?,
        not_before: Timestamp(row.try_get("not_before")?),
        data,
        created: Timestamp(row.try_get("created")?),
    };
    Ok(LeasedJob {
        job,
        lease,
        stalls: row.try_get("stalls")?,
    })
}

fn depth(row: &SqliteRow) -> Result<Depth, sqlx::Error> {
    Ok(Depth {
        due: row.try_get("due")?,
        delayed: row.try_get("delayed")?,
        active: row.try_get("active")?,
        stalled: row.try_get("stalled")?,
    })
}

/// Who waits for jobs of which project; as many as there are projects that workers asked for.
#[derive(Debug, Default)]
struct Bells(Mutex<HashMap<ProjectId, watch::Sender<u64>>>);

impl Bells {
    fn listen(&self, project: &ProjectId) -> watch::Receiver<u64> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(project.clone()).or_default().subscribe()
    }

    fn ring(&self, project: &ProjectId) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(project) {
            bell.send_modify(|rung| *rung = rung.wrapping_add(1));
        }
    }
}
