//! The one writer of a file: a task that owns the connection and commits what waits together.
//!
//! Each piece of work runs in a savepoint, so that one refusal does not touch its neighbours, and is answered only after
//! the commit that holds it. Under load, many pieces share the cost of one flush to the disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::StorageError;

/// Callers beyond this many wait before their work is taken.
const WAITING: usize = 256;
/// Pieces of work in one commit.
const TOGETHER: usize = 64;

/// Why a piece of work was given up and rolled back.
#[derive(Debug)]
pub enum Abort<R> {
    /// By its own rules.
    Refused(R),
    /// By the database.
    Sql(sqlx::Error),
}

impl<R> From<sqlx::Error> for Abort<R> {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// Tells the caller how the commit went.
type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// Runs in a savepoint, and says what to do with it; or, given an error instead of a connection, answers with that.
type Job = Box<dyn for<'c> FnOnce(Result<&'c mut SqliteConnection, StorageError>) -> BoxFuture<'c, Ran> + Send>;

struct Ran {
    keep: bool,
    /// What the database said, if that is why the work is not kept.
    failure: Option<StorageError>,
    answer: Answer,
}

#[derive(Debug)]
pub(crate) struct Writer {
    file: PathBuf,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(crate) fn start(connection: SqliteConnection, file: PathBuf) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self {
            file: file.clone(),
            jobs: Mutex::new(Some(sender)),
            task: tokio::sync::Mutex::new(Some(tokio::spawn(run(connection, receiver, file)))),
        }
    }

    pub(crate) async fn write<T, R, W, C>(&self, work: W, committed: C) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<StorageError> + Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Abort<R>>> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let closed = || StorageError::Closed {
            file: self.file.clone(),
        };
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let job = job(work, committed, answer, self.file.clone());
        jobs.ok_or_else(closed)?.send(job).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    pub(crate) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(file = %self.file.display(), %error, "the writer of a database ended early");
        }
    }
}

/// Wraps `work` so that the writer needs to know neither its result nor its refusals.
fn job<T, R, W, C>(work: W, committed: C, to: oneshot::Sender<Result<T, R>>, file: PathBuf) -> Job
where
    T: Send + 'static,
    R: From<StorageError> + Send + 'static,
    W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Abort<R>>> + Send + 'static,
    C: FnOnce(&T) + Send + 'static,
{
    Box::new(move |connection| {
        Box::pin(async move {
            let (result, failure) = match connection {
                Err(error) => (Err(error.clone().into()), Some(error)),
                Ok(connection) => match work(connection).await {
                    Ok(value) => (Ok(value), None),
                    Err(Abort::Refused(refusal)) => (Err(refusal), None),
                    Err(Abort::Sql(error)) => {
                        let error = StorageError::from_sql(&file, error);
                        (Err(error.clone().into()), Some(error))
                    }
                },
            };
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |commit| {
                let result = commit.map_err(R::from).and(result);
                if let Ok(value) = &result {
                    committed(value);
                }
                // The caller may have gone away; what it asked for is done all the same.
                drop(to.send(result));
            });
            Ran { keep, failure, answer }
        })
    })
}

async fn run(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Job>, file: PathBuf) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while jobs.recv_many(&mut waiting, TOGETHER).await > 0 {
        let mut answers = Vec::with_capacity(waiting.len());
        let done = transaction(&mut connection, &file, waiting.drain(..), &mut answers).await;
        if done.is_err() {
            // Fails when SQLite has rolled back by itself, as it does when the disk is full.
            drop(sqlx::query("ROLLBACK").execute(&mut connection).await);
        }
        for answer in answers {
            answer(done.clone());
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(file = %file.display(), %error, "a database was not closed cleanly");
    }
}

/// Runs all `jobs` in one transaction. After an error none of them is kept, and the answers say why.
async fn transaction(
    connection: &mut SqliteConnection,
    file: &Path,
    jobs: impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StorageError> {
    let mut state = execute(connection, file, "BEGIN IMMEDIATE").await;
    for job in jobs {
        if state.is_ok() {
            state = execute(connection, file, "SAVEPOINT work").await;
        }
        let ran = match &state {
            Ok(()) => job(Ok(&mut *connection)).await,
            Err(error) => job(Err(error.clone())).await,
        };
        answers.push(ran.answer);
        if state.is_ok() {
            let end = if ran.keep {
                "RELEASE work"
            } else {
                "ROLLBACK TO work; RELEASE work"
            };
            // Without a savepoint to return to, SQLite has rolled back everything because of that failure.
            state = execute(connection, file, end)
                .await
                .map_err(|error| ran.failure.unwrap_or(error));
        }
    }
    state?;
    execute(connection, file, "COMMIT").await
}

async fn execute(connection: &mut SqliteConnection, file: &Path, sql: &'static str) -> Result<(), StorageError> {
    let done = sqlx::raw_sql(sql).execute(connection).await;
    done.map(drop).map_err(|error| StorageError::from_sql(file, error))
}
