//! The engine: commands in, events on record, effects carried out, deadlines kept.
//!
//! It is the only writer of the log. The rules are the core's; here is what they need: the newest state, the time, the
//! log and the queue.

mod bases;
mod clock;
mod effects;
mod error;
mod funds;
mod ledger;
mod memories;
mod past;
mod projects;
mod rows;
mod sprints;
mod wake;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use team6_core::ids::{MemoryId, PersonId, ProjectId, RepositoryId, SprintId, StreamVersion, TaskId};
use team6_core::ledger::ProjectLimits;
use team6_core::memory::{Chosen, MemoryCommand};
use team6_core::policy::{MemoryLimits, Policy};
use team6_core::project::{Project, ProjectCommand, ProjectEvent, Repository};
use team6_core::sprint::{Command, Event, Opening, Refusal, Sprint};
use team6_core::time::Timestamp;
use team6_store::{IdempotentAnswer, Question, Rebuilt, SprintFilter, Store, StreamId};
use tokio::sync::watch;

pub use clock::Clock;
pub use effects::{EffectError, EffectHandler, keep_deadlines, run as carry_out_effects};
pub use error::EngineError;
pub use ledger::Ledgers;
pub use memories::Remembered;
pub use rows::phase_name;
pub use sprints::Done;

use memories::ProjectMemories;
use projects::Projects;
use sprints::Sprints;
use wake::Deadlines;

/// After how long what could not be done is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// The actor's name of what the engine does by itself.
pub const ENGINE: &str = "team6";

/// The engine.
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    sprints: Sprints,
    projects: Projects,
    memories: ProjectMemories,
    ledgers: Ledgers,
    limits: OnceLock<ProjectLimits>,
    /// What people said of them, of the projects that were asked for.
    budgets: funds::Budgets,
    deadlines: Deadlines,
    /// Sprints of which something that follows from a command is still to be done.
    behind: Mutex<BTreeSet<SprintId>>,
    /// Rings when a base branch of a project may have moved, or it has another repository.
    bases: Mutex<BTreeMap<ProjectId, watch::Sender<u64>>>,
    /// Rings when a delivery may have to be checked, or no longer.
    checking: watch::Sender<u64>,
}

impl Engine {
    /// An engine over a store. Every open sprint is read, so that its deadlines are known.
    pub async fn start(store: Arc<dyn Store>) -> Result<Self, EngineError> {
        let clock = Arc::new(Clock::not_before(last_event(store.as_ref()).await?));
        let engine = Self {
            sprints: Sprints::new(Arc::clone(&store), Arc::clone(&clock)),
            projects: Projects::new(Arc::clone(&store)),
            memories: ProjectMemories::new(Arc::clone(&store), Arc::clone(&clock)),
            ledgers: Ledgers::new(Arc::clone(&store)),
            limits: OnceLock::new(),
            budgets: funds::Budgets::default(),
            deadlines: Deadlines::default(),
            behind: Mutex::default(),
            bases: Mutex::default(),
            checking: watch::Sender::new(0),
            store,
            clock,
        };
        for id in engine.open_sprints().await? {
            let deadline = engine.sprints.read(id, |sprint, _| sprint.next_deadline()).await?;
            engine.deadlines.set(id, deadline);
        }
        Ok(engine)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Opens a sprint in a project.
    pub async fn open_sprint(
        &self,
        project: &ProjectId,
        goal: String,
        lead: PersonId,
        planner: team6_core::ids::AgentId,
        policy: Policy,
        answer: Option<IdempotentAnswer>,
    ) -> Result<(SprintId, Done), EngineError> {
        self.project(project).await?;
        if goal.trim().is_empty() {
            return Err(team6_core::sprint::Refusal::NoGoal.into());
        }
        let id = SprintId(self.store.reserve("sprint", 1).await?);
        let actor = lead.to_string();
        let policy = Policy {
            seed: policy.seed ^ id.0,
            ..policy
        };
        let opening = Opening {
            id,
            project: project.clone(),
            goal,
            lead,
            planner,
            policy,
        };
        let done = self.sprints.open(opening, &actor, answer).await?;
        self.set_deadline(id).await?;
        Ok((id, done))
    }

    /// Carries out a command on a sprint. Plans are held against the project's repositories, and new tasks get their numbers
    /// here.
    pub async fn execute(
        &self,
        id: SprintId,
        mut command: Command,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<Done, EngineError> {
        let makes_tasks = matches!(
            command,
            Command::SubmitPlan { .. }
                | Command::SavePlan { .. }
                | Command::Delegate { .. }
                | Command::AddSubtask { .. }
        );
        if makes_tasks {
            self.number(id, &mut command).await?;
        }
        if let Command::Deliver { checks, .. } | Command::UpdateTried { checks, .. } = &mut command {
            let project = self.read(id, |sprint, _| sprint.project.clone()).await?;
            *checks = self.project(&project).await?.checks_to_run();
        }
        let done = self.sprints.execute(id, command, actor, answer).await?;
        // It is on record by now, whatever becomes of what follows from it.
        if let Err(error) = self.follow_up(id, &done.events).await {
            tracing::error!(sprint = %id, %error, "what follows from a command could not be done; it is tried again in a second");
            self.fall_behind(id);
        }
        Ok(done)
    }

    /// What follows from events of a sprint elsewhere.
    async fn follow_up(&self, id: SprintId, events: &[Event]) -> Result<(), EngineError> {
        if events.iter().any(moves_checks) {
            self.checking.send_modify(|n| *n += 1);
        }
        let merged = |event: &Event| matches!(event, Event::PullRequestMerged { .. });
        if events.iter().any(merged) {
            let project = self.sprints.read(id, |sprint, _| sprint.project.clone()).await?;
            self.base_moved(&project);
        }
        self.set_deadline(id).await?;
        self.keep_books(id, events).await
    }

    fn behind(&self) -> MutexGuard<'_, BTreeSet<SprintId>> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fall_behind(&self, id: SprintId) {
        self.behind().insert(id);
        self.deadlines.set(id, Some(self.now() + AGAIN));
    }

    /// Does what followed from earlier commands and could not be done.
    async fn catch_up(&self, id: SprintId) -> Result<(), EngineError> {
        let project = self.sprints.read(id, |sprint, _| sprint.project.clone()).await?;
        self.checking.send_modify(|n| *n += 1);
        self.base_moved(&project);
        self.set_deadline(id).await?;
        self.settle_project(&project).await
    }

    /// Moves whenever a delivery may have to be checked, or no longer.
    pub fn checks_moved(&self) -> watch::Receiver<u64> {
        self.checking.subscribe()
    }

    fn bases(&self) -> MutexGuard<'_, BTreeMap<ProjectId, watch::Sender<u64>>> {
        self.bases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves whenever a base branch of a project may have moved, or the project may have another repository.
    pub fn bases_moved(&self, project: &ProjectId) -> watch::Receiver<u64> {
        self.bases().entry(project.clone()).or_default().subscribe()
    }

    /// Says that a base branch of a project may have moved.
    pub fn base_moved(&self, project: &ProjectId) {
        self.bases()
            .entry(project.clone())
            .or_default()
            .send_modify(|n| *n += 1);
    }

    /// Gives the new tasks of a plan their numbers. No number is used twice, so a plan that the rules refuse gets none.
    async fn number(&self, id: SprintId, command: &mut Command) -> Result<(), EngineError> {
        let now = self.now();
        let project = self.read(id, |sprint, _| sprint.project.clone()).await?;
        let repositories = self.project(&project).await?.repositories;
        if matches!(command, Command::Delegate { .. } | Command::AddSubtask { .. }) {
            let read = self.read(id, |sprint, _| tried_delegation(sprint, command, now));
            read.await??;
            if let Command::Delegate { task, .. } | Command::AddSubtask { task, .. } = command {
                *task = TaskId(self.store.reserve("task", 1).await?);
            }
            return Ok(());
        }
        let read = self.read(id, |sprint, _| tried(sprint, command, &repositories, now));
        let new = u32::try_from(read.await??).unwrap_or(u32::MAX);
        if let (Command::SubmitPlan { first_task, .. } | Command::SavePlan { first_task, .. }, 1..) = (command, new) {
            *first_task = TaskId(self.store.reserve("task", new).await?);
        }
        Ok(())
    }

    /// Looks at a sprint.
    pub async fn read<T>(
        &self,
        id: SprintId,
        look: impl FnOnce(&Sprint, StreamVersion) -> T,
    ) -> Result<T, EngineError> {
        self.sprints.read(id, look).await
    }

    /// The sprint of a task.
    pub async fn sprint_of(&self, task: TaskId) -> Result<SprintId, EngineError> {
        let row = self.store.task(task).await?;
        row.map(|row| row.sprint).ok_or(EngineError::NoSuchTask(task))
    }

    /// Does what is due in all sprints, and gives the time when the next thing is.
    pub async fn tick(&self) -> Option<Timestamp> {
        let now = self.now();
        for id in self.deadlines.due(now) {
            if let Err(error) = self.execute(id, Command::Tick, ENGINE, None).await {
                tracing::error!(sprint = %id, %error, "a deadline could not be kept; it is tried again in a second");
                self.deadlines.set(id, Some(now + AGAIN));
            }
            let is_behind = self.behind().remove(&id);
            if is_behind && let Err(error) = self.catch_up(id).await {
                tracing::error!(sprint = %id, %error, "what follows from a command could still not be done");
                self.fall_behind(id);
            }
        }
        self.deadlines.next()
    }

    /// Moves whenever the next deadline may have changed.
    pub fn deadline_changes(&self) -> watch::Receiver<u64> {
        self.deadlines.changes()
    }

    async fn set_deadline(&self, id: SprintId) -> Result<(), EngineError> {
        let deadline = self
            .sprints
            .read(id, |sprint, _| sprint.next_deadline().filter(|_| sprint.is_open()))
            .await?;
        self.deadlines.set(id, deadline);
        Ok(())
    }

    /// The sprints that are neither finished nor cancelled.
    pub async fn open_sprints(&self) -> Result<Vec<SprintId>, EngineError> {
        let mut filter = SprintFilter {
            phases: vec!["planning".into(), "running".into()],
            ..SprintFilter::default()
        };
        let mut ids = Vec::new();
        loop {
            let page = self.store.sprints(&filter, 1_000).await?;
            let Some(last) = page.last() else { return Ok(ids) };
            filter.before = Some(last.id);
            ids.extend(page.into_iter().map(|row| row.id));
        }
    }

    /// Changes a project, or makes one.
    pub async fn change_project(
        &self,
        id: &ProjectId,
        command: ProjectCommand,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<ProjectEvent, EngineError> {
        let budget = matches!(command, ProjectCommand::SetBudget { .. });
        let mut budgets = self.budgets.lock().await;
        let changed = self.projects.execute(id, command, actor, answer, self.now()).await?;
        budgets.remove(id);
        drop(budgets);
        if budget {
            self.limits_moved(id).await?;
        }
        self.base_moved(id);
        Ok(changed)
    }

    /// A project.
    pub async fn project(&self, id: &ProjectId) -> Result<Project, EngineError> {
        self.projects
            .load(id)
            .await?
            .map(|(project, _)| project)
            .ok_or_else(|| EngineError::NoSuchProject(id.clone()))
    }

    /// All projects, by name.
    pub async fn projects(&self) -> Result<BTreeMap<ProjectId, Project>, EngineError> {
        self.projects.all().await
    }

    /// Changes what a project's memory holds.
    pub async fn change_memory(
        &self,
        project: &ProjectId,
        command: MemoryCommand,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<Remembered, EngineError> {
        self.project(project).await?;
        self.memories.execute(project, command, actor, answer).await
    }

    /// The memories that the attempts of a task were given so far; none once it has ended.
    pub async fn given_to(&self, project: &ProjectId, task: TaskId) -> Result<BTreeSet<MemoryId>, EngineError> {
        self.memories.given_to(project, task).await
    }

    /// The most useful memories for a question, best first.
    pub async fn recall(&self, question: &Question, limits: MemoryLimits) -> Result<Vec<Chosen>, EngineError> {
        Ok(team6_store::recall(self.store.as_ref(), question, self.now(), limits).await?)
    }

    /// Makes all read models anew from the log; gives the number of sprints.
    pub async fn rebuild(&self) -> Result<usize, EngineError> {
        loop {
            let head = self.store.head().await?;
            let mut rebuilt = Rebuilt::default();
            let mut after: Option<StreamId> = None;
            loop {
                let page = self.store.list_streams("sprint/", after.as_ref(), 1_000).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for id in page.iter().filter_map(|(stream, _)| sprints::sprint_of(stream)) {
                    self.sprints.forget(id);
                    let Some(loaded) = sprints::load(self.store.as_ref(), id).await? else {
                        continue;
                    };
                    let rows = rows::all(&loaded.sprint, self.now());
                    rebuilt.sprints.extend(rows.sprint);
                    rebuilt.tasks.extend(rows.tasks);
                    rebuilt.inbox.extend(rows.inbox);
                }
            }
            let mut after: Option<StreamId> = None;
            loop {
                let page = self.store.list_streams("memory/", after.as_ref(), 1_000).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (stream, _) in &page {
                    let (memories, given) = memories::all_rows(self.store.as_ref(), stream).await?;
                    rebuilt.memories.extend(memories);
                    rebuilt.given_memories.extend(given);
                }
            }
            let sprints = rebuilt.sprints.len();
            match self.store.rebuild(head, rebuilt).await {
                Ok(()) => return Ok(sprints),
                Err(team6_store::StoreError::LogMoved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn moves_checks(event: &Event) -> bool {
    match event {
        Event::AttemptDelivered { checks, .. } => !checks.is_empty(),
        Event::ChecksSettled { .. }
        | Event::UpdateSettled { .. }
        | Event::AttemptReplied { .. }
        | Event::TaskCancelled { .. }
        | Event::SubtaskGivenUp { .. }
        | Event::PlanApproved { .. }
        | Event::TaskDone { .. } => true,
        _ => false,
    }
}

async fn last_event(store: &dyn Store) -> Result<Timestamp, EngineError> {
    let head = store.head().await?;
    let before = team6_core::ids::Position(head.0.saturating_sub(1));
    let last = store.read_log(before, &team6_store::LogFilter::default(), 1).await?;
    Ok(last.first().map_or(Timestamp(0), |event| event.at))
}

/// Whether the rules take a subtask; tried on a copy.
fn tried_delegation(sprint: &Sprint, command: &Command, now: Timestamp) -> Result<(), Refusal> {
    let mut command = command.clone();
    if let Command::Delegate { task, .. } | Command::AddSubtask { task, .. } = &mut command {
        *task = BEYOND;
    }
    sprint.clone().handle(command, now).map(drop)
}

/// Beyond every number that was ever given out.
const BEYOND: TaskId = TaskId(u64::MAX / 2);

/// How many new tasks a plan brings, if the rules take it; tried on a copy. Refused with all that is wrong at once.
fn tried(
    sprint: &Sprint,
    command: &Command,
    repositories: &BTreeMap<RepositoryId, Repository>,
    now: Timestamp,
) -> Result<usize, Refusal> {
    let mut copy = sprint.clone();
    let known = copy.tasks.len();
    let mut command = command.clone();
    let mut unknown = Vec::new();
    if let Command::SubmitPlan { first_task, plan, .. } | Command::SavePlan { first_task, plan, .. } = &mut command {
        *first_task = BEYOND;
        unknown = sprint.unknown_repositories(plan, |repository| repositories.contains_key(repository));
    }
    let (problems, late) = match copy.handle(command, now) {
        Err(Refusal::BadPlan { problems, late }) => (problems, late),
        Err(Refusal::PlanTooLate { problems }) if !unknown.is_empty() => (Vec::new(), problems),
        Ok(_) if !unknown.is_empty() => (Vec::new(), Vec::new()),
        Ok(_) => return Ok(copy.tasks.len() - known),
        Err(refusal) => return Err(refusal),
    };
    let problems = [problems, unknown].concat();
    Err(Refusal::BadPlan { problems, late })
}
