//! A control plane and a provisioner that fail when they are told to, and are the real ones otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use team6_core::failure::Failure;
use team6_core::ids::{AttemptId, CommitId, FencingToken, RepositoryId, SprintId, TaskId, WorkerId};
use team6_core::memory::Memory;
use team6_core::sprint::{Brief, Command, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceEntry, Usage};
use team6_server::control::EmbeddedControl;
use team6_worker::control::{
    AssignedRepository, Assignment, CheckOrder, CheckRan, ControlError, ControlPlane, Instructions, Kept, Publication,
    Recall, Remember,
};
use team6_workspace::{Claim, ClaimRepository, Imported, Provisioner, Setup, Swept, Workspace, WorkspaceError};
use tokio::sync::watch;

/// What an agent reports that heartbeats wait for.
pub(crate) const REPORT: &str = "Half done";

/// How many of the next calls fail.
#[derive(Debug, Default)]
pub(crate) struct Failing(AtomicU32);

impl Failing {
    pub(crate) fn times(&self, times: u32) {
        self.0.store(times, Ordering::SeqCst);
    }

    pub(crate) fn left(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    fn now(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    }
}

/// A provisioner whose imports can fail.
#[derive(Debug)]
pub(crate) struct Clumsy {
    pub(crate) inner: Arc<dyn Provisioner>,
    pub(crate) imports: Failing,
}

#[async_trait]
impl Provisioner for Clumsy {
    async fn prepare(
        &self,
        repository: ClaimRepository,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Option<Setup>, WorkspaceError> {
        self.inner.prepare(repository, progress).await
    }

    async fn keep_setup(
        &self,
        workspace: &Workspace,
        setup: &Setup,
        done: Result<(), String>,
    ) -> Result<(), WorkspaceError> {
        self.inner.keep_setup(workspace, setup, done).await
    }

    async fn claim(
        &self,
        claim: Claim,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Workspace, WorkspaceError> {
        self.inner.claim(claim, progress).await
    }

    async fn save_commits(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError> {
        self.inner.save_commits(workspace).await
    }

    async fn import(&self, workspace: &Workspace) -> Result<Vec<Imported>, WorkspaceError> {
        if workspace.claim.branch.is_some() && self.imports.now() {
            return Err(WorkspaceError::OutOfRoom {
                path: workspace.root.clone(),
                why: "No space left on device".into(),
            });
        }
        self.inner.import(workspace).await
    }

    async fn holds(&self, imported: &Imported, commit: &CommitId) -> Result<bool, WorkspaceError> {
        self.inner.holds(imported, commit).await
    }

    async fn release(&self, workspace: Workspace) -> Result<(), WorkspaceError> {
        self.inner.release(workspace).await
    }

    fn leave(&self, workspace: Workspace) {
        self.inner.leave(workspace);
    }

    async fn settle(&self) {
        self.inner.settle().await;
    }

    async fn sweep(&self, live: &[String]) -> Result<Swept, WorkspaceError> {
        self.inner.sweep(live).await
    }
}

/// A control plane that can be unavailable to whoever tells it something, or writes a trace.
pub(crate) struct Moody {
    pub(crate) inner: EmbeddedControl,
    pub(crate) tells: Failing,
    pub(crate) traces: Failing,
    /// Which commands it can fail for.
    pub(crate) only: fn(&Command) -> bool,
    /// Whether no work is given out, no heartbeat is heard and nobody is told that an attempt is over.
    pub(crate) deaf: AtomicBool,
    /// Whether heartbeats wait, until an agent reports its progress.
    pub(crate) slow: watch::Sender<bool>,
}

impl Moody {
    pub(crate) fn new(inner: EmbeddedControl, only: fn(&Command) -> bool) -> Self {
        Self {
            inner,
            tells: Failing::default(),
            traces: Failing::default(),
            only,
            deaf: AtomicBool::new(false),
            slow: watch::Sender::new(false),
        }
    }

    fn hears(&self) -> Result<(), ControlError> {
        match self.deaf.load(Ordering::SeqCst) {
            true => Err(ControlError::Unavailable("the line is dead".into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl ControlPlane for Moody {
    async fn lease(&self, worker: &WorkerId) -> Result<Option<Assignment>, ControlError> {
        self.hears()?;
        self.inner.lease(worker).await
    }

    async fn bases(&self) -> Result<Vec<AssignedRepository>, ControlError> {
        self.inner.bases().await
    }

    async fn room(&self, worker: &WorkerId, lacking: Option<String>) -> Result<(), ControlError> {
        self.inner.room(worker, lacking).await
    }

    async fn repositories(&self, attempt: AttemptId, token: FencingToken) -> Result<Vec<AssignedRepository>, Failure> {
        self.inner.repositories(attempt, token).await
    }

    async fn work_may_be_there(&self) {
        self.inner.work_may_be_there().await;
    }

    async fn heartbeat(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    ) -> Result<(), ControlError> {
        self.hears()?;
        let _ = self.slow.subscribe().wait_for(|slow| !slow).await;
        self.inner.heartbeat(attempt, token, active_at, usage).await
    }

    async fn instructions(&self, attempt: AttemptId, known: &Instructions) -> Result<Instructions, ControlError> {
        self.hears()?;
        let told = self.inner.instructions(attempt, known).await;
        // It may have been asked before.
        self.hears()?;
        told
    }

    async fn checks(&self) -> Result<Vec<CheckOrder>, ControlError> {
        self.inner.checks().await
    }

    async fn check_ran(&self, ran: CheckRan) -> Result<(), ControlError> {
        self.inner.check_ran(ran).await
    }

    async fn tell(&self, attempt: AttemptId, command: Command) -> Result<(), ControlError> {
        if (self.only)(&command) && self.tells.now() {
            return Err(ControlError::Unavailable("the database is busy".into()));
        }
        // The worker reports too, while it prepares.
        let reported = matches!(&command, Command::ReportProgress { text, .. } if text == REPORT);
        let told = self.inner.tell(attempt, command).await;
        if reported {
            self.slow.send_replace(false);
        }
        told
    }

    async fn trace(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        entries: Vec<TraceEntry>,
    ) -> Result<(), ControlError> {
        if self.traces.now() {
            return Err(ControlError::Unavailable("traces.db: the disk is full".into()));
        }
        self.inner.trace(attempt, token, entries).await
    }

    async fn last_trace(&self, attempt: AttemptId) -> Result<u64, ControlError> {
        self.inner.last_trace(attempt).await
    }

    async fn delegate(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        brief: Brief,
        built_on: BTreeMap<RepositoryId, CommitId>,
        instead_of: Option<TaskId>,
    ) -> Result<TaskId, ControlError> {
        self.inner.delegate(attempt, token, brief, built_on, instead_of).await
    }

    async fn remember(&self, attempt: AttemptId, token: FencingToken, wanted: Remember) -> Result<Kept, ControlError> {
        self.inner.remember(attempt, token, wanted).await
    }

    async fn recall(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        wanted: Recall,
    ) -> Result<Vec<Memory>, ControlError> {
        self.inner.recall(attempt, token, wanted).await
    }

    async fn publish(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        publications: Vec<Publication>,
    ) -> Result<(), ControlError> {
        self.inner.publish(attempt, token, publications).await
    }

    async fn done(&self, attempt: AttemptId) -> Result<(), ControlError> {
        self.inner.done(attempt).await
    }

    async fn live_work(&self) -> Result<Vec<(SprintId, WorkId)>, ControlError> {
        self.inner.live_work().await
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }
}
