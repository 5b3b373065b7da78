//! The control plane as the workers of this process see it: leases from the queue, attempts on record, branches in the
//! forge.

mod assignment;
mod checks;
mod instructions;
pub(crate) mod memory;

pub(crate) use instructions::live;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{AttemptId, CommitId, FencingToken, ProjectId, RepositoryId, SprintId, TaskId, WorkerId};
use team6_core::memory::Memory;
use team6_core::sprint::{Brief, Command, Event, Refusal, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceEntry, Usage};
use team6_forge::{Forge, ForgeError, Publish};
use team6_queue::{JobQueue, Lease, QueueError};
use team6_store::{TraceError, TraceStore};
use team6_worker::control::{
    AssignedRepository, Assignment, CheckOrder, CheckRan, ControlError, ControlPlane, Instructions, Kept, Publication,
    Recall, Remember,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::{ENGINE, Engine, EngineError};
use crate::evidence::Evidence;
use crate::local_files::LocalFiles;

/// How long to wait for a repository that cannot be reached.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(20);
/// For how long a job is a worker's before its attempt was even started.
const FIRST_LEASE: std::time::Duration = std::time::Duration::from_secs(120);

/// What the control planes of all projects share.
#[derive(Clone)]
pub struct ControlParts {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The queue.
    pub queue: Arc<dyn JobQueue>,
    /// The forge.
    pub forge: Arc<dyn Forge>,
    /// The traces.
    pub traces: Arc<dyn TraceStore>,
    /// What repositories say of commits.
    pub evidence: Evidence,
    /// The contents of local files.
    pub local_files: LocalFiles,
}

/// The control plane of one project's worker in this process.
pub struct EmbeddedControl {
    parts: ControlParts,
    project: ProjectId,
    held: Mutex<BTreeMap<AttemptId, Held>>,
    /// The queue's bell as of the last look.
    bell: Mutex<watch::Receiver<u64>>,
    /// Rings when base branches moved, and how often it had when they were last told.
    bases: watch::Receiver<u64>,
    bases_done: tokio::sync::Mutex<Option<u64>>,
    /// Rings when deliveries may have to be checked, and how often it had when they were last told.
    checking: watch::Receiver<u64>,
    checking_done: tokio::sync::Mutex<Heard>,
    /// The bases that were last told.
    told: Mutex<BTreeMap<RepositoryId, CommitId>>,
}

/// What the worker was told of checks.
#[derive(Debug, Default)]
struct Heard {
    /// How often it had rung.
    rung: Option<u64>,
    /// When to look again for what could not be reached.
    look_again: Option<tokio::time::Instant>,
}

/// An attempt in the hands of the worker.
#[derive(Clone)]
struct Held {
    lease: Lease,
    token: FencingToken,
    /// Where the task's branch was in the forge when the attempt began: nobody else moves it meanwhile.
    branches: BTreeMap<RepositoryId, Option<CommitId>>,
}

impl EmbeddedControl {
    /// The control plane of a project.
    pub fn new(parts: ControlParts, project: ProjectId) -> Self {
        Self {
            bell: Mutex::new(parts.queue.wake(&project)),
            bases: parts.engine.bases_moved(&project),
            bases_done: tokio::sync::Mutex::default(),
            checking: parts.engine.checks_moved(),
            checking_done: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            parts,
            project,
            held: Mutex::default(),
        }
    }

    /// Keeps in mind what bases there are; whether one differs from what was told before.
    fn are_told(&self, bases: &[AssignedRepository]) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut moved = false;
        for base in bases {
            moved |= told.insert(base.id.clone(), base.base.clone()).as_ref() != Some(&base.base);
        }
        moved
    }

    /// Tells sprints where the bases of their work are.
    async fn see(&self, bases: &[AssignedRepository]) -> Result<(), EngineError> {
        let engine = &self.parts.engine;
        for base in bases {
            engine
                .see_base(&self.project, &base.id, &base.base_branch, &base.base)
                .await?;
        }
        Ok(())
    }

    fn held(&self, attempt: AttemptId) -> Result<Held, ControlError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&attempt).cloned().ok_or_else(|| over(attempt))
    }

    async fn execute(&self, attempt: AttemptId, command: Command) -> Result<(), ControlError> {
        let actor = format!("attempt {attempt}");
        let done = self.parts.engine.execute(attempt.sprint, command, &actor, None).await;
        done.map(drop).map_err(engine_failed)
    }

    /// Starts the attempt of a leased job. None if there is nothing to do for it any more.
    async fn start(
        &self,
        attempt: AttemptId,
        worker: &WorkerId,
        lease: &Lease,
    ) -> Result<Option<Assignment>, ControlError> {
        let engine = &self.parts.engine;
        let reserved = engine
            .reserve_funds(&self.project, attempt)
            .await
            .map_err(engine_failed)?;
        let reserved = match reserved {
            Ok(reserved) => reserved,
            Err(short) => {
                let lacks = Command::LackFunds {
                    attempt: attempt.n,
                    short,
                };
                match engine.execute(attempt.sprint, lacks, ENGINE, None).await {
                    Ok(_) | Err(EngineError::Refused(_) | EngineError::NoSuchSprint(_)) => {}
                    Err(error) => return Err(engine_failed(error)),
                }
                return Ok(None);
            }
        };
        let command = Command::StartAttempt {
            attempt: attempt.n,
            worker: worker.clone(),
        };
        match engine.execute(attempt.sprint, command, worker.as_str(), None).await {
            Ok(_) => {}
            // Withdrawn, cancelled or started before: the job is a leftover.
            Err(EngineError::Refused(_) | EngineError::NoSuchSprint(_)) => {
                if reserved {
                    engine
                        .release_funds(&self.project, attempt)
                        .await
                        .map_err(engine_failed)?;
                }
                return Ok(None);
            }
            Err(error) => return Err(engine_failed(error)),
        }
        let token = self.token(attempt).await?;
        let mut assignment = assignment::of(&self.parts, attempt, token)
            .await
            .map_err(engine_failed)?;
        if let Some(assignment) = &mut assignment {
            memory::tell(&self.parts, assignment).await;
            let held = Held {
                lease: lease.clone(),
                token,
                branches: BTreeMap::new(),
            };
            let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(attempt, held);
        }
        Ok(assignment)
    }

    /// Refuses whoever does not work on an attempt any more.
    async fn works(&self, attempt: AttemptId, token: FencingToken) -> Result<(), ControlError> {
        let held = self.held(attempt)?;
        let current = self
            .parts
            .engine
            .read(attempt.sprint, |s, _| instructions::of(s, attempt.n))
            .await;
        match held.token != token || current.map_err(engine_failed)?.over {
            true => Err(over(attempt)),
            false => Ok(()),
        }
    }

    async fn token(&self, attempt: AttemptId) -> Result<FencingToken, ControlError> {
        let look = |sprint: &team6_core::sprint::Sprint, _| {
            let started = sprint.attempt(attempt.n).and_then(|a| a.started.as_ref());
            started.map(|started| started.token)
        };
        let token = self.parts.engine.read(attempt.sprint, look).await;
        token.map_err(engine_failed)?.ok_or_else(|| over(attempt))
    }

    async fn publish_one(&self, expected: Option<CommitId>, publication: &Publication) -> Result<(), ForgeError> {
        let publish = Publish {
            from: publication.store.clone(),
            commit: publication.commit.clone(),
            branch: publication.branch.clone(),
            expected,
            at: self.now(),
        };
        let forge = &self.parts.forge;
        forge.publish(&publication.repository, &publish).await.map(drop)
    }
}

#[async_trait]
impl ControlPlane for EmbeddedControl {
    async fn lease(&self, worker: &WorkerId) -> Result<Option<Assignment>, ControlError> {
        loop {
            // Whatever comes from here on rings it again.
            self.bell
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .mark_unchanged();
            let project = self.parts.engine.project(&self.project).await.map_err(engine_failed)?;
            let now = self.now();
            let leased = self
                .parts
                .queue
                .lease(&self.project, worker, project.concurrency, now, now + FIRST_LEASE)
                .await
                .map_err(|error| queue_failed(&error))?;
            let Some(leased) = leased else { return Ok(None) };
            let Ok(attempt) = leased.job.id.parse::<AttemptId>() else {
                tracing::error!(
                    job = leased.job.id,
                    "a job that is no attempt was taken out of the queue"
                );
                self.parts
                    .queue
                    .complete(&leased.lease, now)
                    .await
                    .map_err(|error| queue_failed(&error))?;
                continue;
            };
            match self.start(attempt, worker, &leased.lease).await {
                Ok(Some(assignment)) => return Ok(Some(assignment)),
                Ok(None) => self
                    .parts
                    .queue
                    .complete(&leased.lease, self.now())
                    .await
                    .map_err(|error| queue_failed(&error))?,
                Err(error) => {
                    self.parts
                        .queue
                        .release(&leased.lease, self.now())
                        .await
                        .map_err(|error| queue_failed(&error))?;
                    return Err(error);
                }
            }
        }
    }

    async fn bases(&self) -> Result<Vec<AssignedRepository>, ControlError> {
        let mut done = self.bases_done.lock().await;
        let mut moved = self.bases.clone();
        let rung = moved.wait_for(|rung| Some(*rung) != *done).await.map(|rung| *rung);
        let rung = rung.map_err(|_| ControlError::Unavailable("the engine stops".into()))?;
        let bases = assignment::bases(&self.parts, &self.project).await;
        let bases = bases.map_err(engine_failed)?;
        self.are_told(&bases);
        self.see(&bases).await.map_err(engine_failed)?;
        // Only now: whoever did not wait for it, or met an error, is told the next time.
        *done = Some(rung);
        Ok(bases)
    }

    async fn room(&self, worker: &WorkerId, lacking: Option<String>) -> Result<(), ControlError> {
        let engine = &self.parts.engine;
        for id in engine.open_sprints().await.map_err(engine_failed)? {
            let ours = engine.read(id, |sprint, _| sprint.project == self.project).await;
            if !ours.map_err(engine_failed)? {
                continue;
            }
            let command = Command::ReportRoom {
                lacking: lacking.clone(),
            };
            match engine.execute(id, command, worker.as_str(), None).await {
                // It ended meanwhile.
                Ok(_) | Err(EngineError::Refused(_)) => {}
                Err(error) => return Err(engine_failed(error)),
            }
        }
        Ok(())
    }

    async fn repositories(&self, attempt: AttemptId, token: FencingToken) -> Result<Vec<AssignedRepository>, Failure> {
        let (repositories, branches) = assignment::repositories(&self.parts, attempt).await?;
        if let Err(error) = self.see(&repositories).await {
            tracing::warn!(%attempt, %error, "nobody is told where its bases are");
        }
        // Somebody else may push to an origin.
        if self.are_told(&repositories) {
            self.parts.engine.base_moved(&self.project);
        }
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = all.get_mut(&attempt).filter(|held| held.token == token) {
            held.branches = branches;
        }
        Ok(repositories)
    }

    async fn work_may_be_there(&self) {
        let mut wake = self.bell.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let due = self.parts.queue.next_due(&self.project).await.ok().flatten();
        // A job that is due and was not handed out waits for a slot: that comes with a wake.
        let wait = due.map(|due| due.since(self.now())).filter(|wait| !wait.is_zero());
        let wait = wait.unwrap_or(std::time::Duration::from_secs(3600));
        tokio::select! {
            _ = wake.changed() => {}
            () = tokio::time::sleep(wait + std::time::Duration::from_millis(1)) => {}
        }
    }

    async fn heartbeat(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    ) -> Result<(), ControlError> {
        let held = self.held(attempt)?;
        let command = Command::Heartbeat {
            attempt: attempt.n,
            token,
            active_at,
            usage,
        };
        self.execute(attempt, command).await?;
        let lease = self
            .parts
            .engine
            .read(attempt.sprint, |sprint, _| sprint.policy.lease)
            .await;
        let until = self.now() + lease.map_err(engine_failed)?.max(FIRST_LEASE);
        match self.parts.queue.renew(&held.lease, until).await {
            // The log decides who works; a job that left the queue early is put right by `done`.
            Ok(()) | Err(QueueError::Lost { .. }) => Ok(()),
            Err(error) => Err(queue_failed(&error)),
        }
    }

    async fn instructions(&self, attempt: AttemptId, known: &Instructions) -> Result<Instructions, ControlError> {
        let mut committed = self.parts.engine.store().committed();
        loop {
            committed.mark_unchanged();
            let now = self
                .parts
                .engine
                .read(attempt.sprint, |sprint, _| instructions::of(sprint, attempt.n))
                .await
                .map_err(engine_failed)?;
            if now != *known {
                return Ok(now);
            }
            if committed.changed().await.is_err() {
                return Err(ControlError::Unavailable("the engine stops".into()));
            }
        }
    }

    async fn tell(&self, attempt: AttemptId, command: Command) -> Result<(), ControlError> {
        self.execute(attempt, command).await
    }

    async fn trace(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        entries: Vec<TraceEntry>,
    ) -> Result<(), ControlError> {
        if self.token(attempt).await? != token {
            return Err(over(attempt));
        }
        let appended = self.parts.traces.append(attempt, &entries).await;
        appended.map(drop).map_err(|error| match error {
            TraceError::Storage(error) => ControlError::Unavailable(error.to_string()),
            gap @ TraceError::Gap { .. } => ControlError::Failed(gap.to_string()),
        })
    }

    async fn last_trace(&self, attempt: AttemptId) -> Result<u64, ControlError> {
        let last = self.parts.traces.last_seq(attempt).await;
        last.map_err(|error| ControlError::Unavailable(error.to_string()))
    }

    async fn delegate(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        brief: Brief,
        built_on: BTreeMap<RepositoryId, CommitId>,
        instead_of: Option<TaskId>,
    ) -> Result<TaskId, ControlError> {
        let command = Command::Delegate {
            attempt: attempt.n,
            token,
            brief: Box::new(brief),
            built_on,
            instead_of,
            task: TaskId(0),
        };
        let actor = format!("attempt {attempt}");
        let done = self.parts.engine.execute(attempt.sprint, command, &actor, None).await;
        let added = done
            .map_err(engine_failed)?
            .events
            .into_iter()
            .find_map(|event| match event {
                Event::SubtaskAdded { task, .. } => Some(task),
                _ => None,
            });
        added.ok_or_else(|| ControlError::Failed("no task came of it".into()))
    }

    async fn remember(&self, attempt: AttemptId, token: FencingToken, wanted: Remember) -> Result<Kept, ControlError> {
        self.works(attempt, token).await?;
        memory::remember(&self.parts, attempt, wanted).await
    }

    async fn recall(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        wanted: Recall,
    ) -> Result<Vec<Memory>, ControlError> {
        self.works(attempt, token).await?;
        memory::recall(&self.parts, attempt, wanted).await
    }

    async fn publish(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        publications: Vec<Publication>,
    ) -> Result<(), ControlError> {
        self.works(attempt, token).await?;
        let held = self.held(attempt)?;
        for publication in publications {
            let expected = held.branches.get(&publication.repository).cloned().flatten();
            self.publish_one(expected, &publication)
                .await
                .map_err(|error| forge_failed(&error))?;
            let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = all.get_mut(&attempt) {
                held.branches.insert(publication.repository, Some(publication.commit));
            }
        }
        Ok(())
    }

    async fn checks(&self) -> Result<Vec<CheckOrder>, ControlError> {
        let mut done = self.checking_done.lock().await;
        let mut moved = self.checking.clone();
        let heard = done.rung;
        let rings = async { moved.wait_for(|rung| Some(*rung) != heard).await.map(|rung| *rung) };
        let rung = match done.look_again {
            Some(at) => tokio::select! {
                rung = rings => rung,
                () = tokio::time::sleep_until(at) => Ok(*self.checking.borrow()),
            },
            None => rings.await,
        };
        let rung = rung.map_err(|_| ControlError::Unavailable("the engine stops".into()))?;
        let found = checks::orders(&self.parts, &self.project).await;
        let found = found.map_err(engine_failed)?;
        *done = Heard {
            rung: Some(rung),
            look_again: found.left_out.then(|| tokio::time::Instant::now() + LOOK_AGAIN),
        };
        Ok(found.orders)
    }

    async fn check_ran(&self, ran: CheckRan) -> Result<(), ControlError> {
        checks::record(&self.parts, ran).await
    }

    async fn done(&self, attempt: AttemptId) -> Result<(), ControlError> {
        let held = {
            let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            all.remove(&attempt)
        };
        let Some(held) = held else { return Ok(()) };
        match self.parts.queue.complete(&held.lease, self.now()).await {
            Ok(()) | Err(QueueError::Lost { .. }) => Ok(()),
            Err(error) => Err(queue_failed(&error)),
        }
    }

    async fn live_work(&self) -> Result<Vec<(SprintId, WorkId)>, ControlError> {
        let engine = &self.parts.engine;
        let mut live = Vec::new();
        for id in engine.open_sprints().await.map_err(engine_failed)? {
            let mut of_sprint = engine
                .read(id, |sprint, _| match sprint.project == self.project {
                    true => instructions::live(sprint),
                    false => Vec::new(),
                })
                .await
                .map_err(engine_failed)?;
            live.append(&mut of_sprint);
        }
        Ok(live)
    }

    fn now(&self) -> Timestamp {
        self.parts.engine.now()
    }
}

/// Takes jobs away from workers that do not renew their leases, until told to stop.
pub async fn recover_stalled_jobs(queue: Arc<dyn JobQueue>, engine: Arc<Engine>, stop: CancellationToken) {
    // Leases are renewed every few seconds or minutes; a look that often finds those that were not.
    const LOOK: std::time::Duration = std::time::Duration::from_secs(5);
    loop {
        match queue.recover_stalled(engine.now()).await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(jobs) => tracing::warn!(?jobs, "jobs whose worker went silent are in the queue again"),
            Err(error) => tracing::error!(%error, "the queue cannot be looked through; it is tried again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn over(attempt: AttemptId) -> ControlError {
    ControlError::Refused(Box::new(Refusal::AttemptEnded { attempt: attempt.n }))
}

fn engine_failed(error: EngineError) -> ControlError {
    match error {
        EngineError::Refused(refusal) => ControlError::Refused(refusal),
        EngineError::Busy | EngineError::Storage(_) | EngineError::Queue(_) => {
            ControlError::Unavailable(error.to_string())
        }
        error => ControlError::Failed(error.to_string()),
    }
}

fn queue_failed(error: &QueueError) -> ControlError {
    ControlError::Unavailable(error.to_string())
}

fn forge_failed(error: &ForgeError) -> ControlError {
    match error.is_retryable() || error.is_out_of_room() {
        true => ControlError::Unavailable(error.to_string()),
        false => ControlError::Failed(error.to_string()),
    }
}

/// The failure of an attempt whose repository cannot be used.
pub(crate) fn repository_failed(error: &ForgeError) -> Failure {
    let kind = match error.is_retryable() {
        true => FailureKind::Unreachable,
        false if error.is_out_of_room() => FailureKind::OutOfRoom,
        false => FailureKind::Impossible,
    };
    Failure {
        kind,
        text: error.to_string(),
        until: None,
    }
}
