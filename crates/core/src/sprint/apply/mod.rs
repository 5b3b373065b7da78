//! How events change a sprint. Events are facts: nothing is refused here, and what does not fit changes nothing.

mod attempts;
mod checks;
mod delegation;
mod people;
mod planning;
mod revert;
mod review;
mod updating;

use std::collections::{BTreeMap, BTreeSet};

use super::Opening;
use super::event::{AttemptReason, Event};
use super::index::{Entry, Index};
use super::stage::Stage;
use super::state::{Attempt, Sprint, SprintPhase, Task, Touched, Work, WorkId};
use super::updating::Updating;
use crate::budget::Amount;
use crate::checks::Digest;
use crate::ids::{FencingToken, TaskId};
use crate::plan::PlannedTask;
use crate::time::Timestamp;
use crate::trace::Usage;

impl Sprint {
    /// The sprint as it is right after it was opened.
    pub fn opened(opening: &Opening, at: Timestamp) -> Self {
        let first = Stage::Waiting {
            next: AttemptReason::First,
            not_before: at,
        };
        Self {
            id: opening.id,
            project: opening.project.clone(),
            goal: opening.goal.clone(),
            lead: opening.lead.clone(),
            opened_at: at,
            planner: opening.planner.clone(),
            policy: opening.policy.clone(),
            phase: SprintPhase::Planning,
            phase_since: at,
            paused: None,
            plans: Vec::new(),
            approved: None,
            roster: Vec::new(),
            questions: Vec::new(),
            planning: Work::new(first, at),
            tasks: BTreeMap::new(),
            keys: BTreeMap::new(),
            attempts: Vec::new(),
            messages: Vec::new(),
            last_token: FencingToken(0),
            reviews: 0,
            threads: 0,
            open_tasks: 0,
            receipts: 0,
            last_receipt: Digest::nothing(),
            shortage: None,
            funds: None,
            trial: None,
            budget: opening.policy.budgets.sprint,
            spent: Amount::default(),
            bases: BTreeMap::new(),
            parked: BTreeSet::new(),
            index: Index::default(),
            deputies: BTreeMap::new(),
            may_not_approve: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            touched: Touched::default(),
        }
    }

    /// Replays a sprint from its events; none if the first is not its opening.
    pub fn replay<'a>(events: impl IntoIterator<Item = (&'a Event, Timestamp)>) -> Option<Self> {
        let mut events = events.into_iter();
        let (Event::SprintOpened(opening), at) = events.next()? else {
            return None;
        };
        let mut sprint = Self::opened(opening, at);
        for (event, at) in events {
            sprint.apply(event, at);
        }
        Some(sprint)
    }

    /// Changes the sprint by one event that happened at `at`.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::SprintOpened(_) => {}
            Event::SubtaskAdded { .. }
            | Event::SubtasksAwaited { .. }
            | Event::SubtasksSettled { .. }
            | Event::SubtaskGivenUp { .. } => self.apply_delegation(event, at),
            Event::CheckRecorded { .. } | Event::ChecksSettled { .. } => self.apply_checks(event, at),
            Event::BaseSeen { .. }
            | Event::UpdateBegun { .. }
            | Event::UpdateTried { .. }
            | Event::UpdateSettled { .. }
            | Event::ApprovalVoided { .. } => self.apply_updating(event, at),
            Event::PlanSaved { .. }
            | Event::QuestionAsked { .. }
            | Event::QuestionAnswered { .. }
            | Event::QuestionSkipped { .. }
            | Event::QuestionHanded { .. }
            | Event::OwnerSet { .. }
            | Event::AgentChosen { .. }
            | Event::PlanApproved { .. }
            | Event::SprintFinished
            | Event::SprintPaused { .. }
            | Event::SprintResumed { .. }
            | Event::SprintCancelled { .. } => self.apply_planning(event, at),
            Event::AttemptScheduled { .. }
            | Event::AttemptRequeued { .. }
            | Event::AttemptStarted { .. }
            | Event::RoomReported { .. }
            | Event::FundsReported { .. }
            | Event::FundsReturned
            | Event::UsageReported { .. }
            | Event::WorkspaceReady { .. }
            | Event::SessionOpened { .. }
            | Event::LeaseRenewed { .. }
            | Event::ProgressReported { .. }
            | Event::MessagesDelivered { .. }
            | Event::OwnerAsked { .. }
            | Event::AttemptDelivered { .. }
            | Event::AttemptReplied { .. }
            | Event::AttemptFailed { .. }
            | Event::AttemptInterrupted { .. }
            | Event::AttemptCancelled { .. }
            | Event::AttemptWithdrawn { .. }
            | Event::AttemptReserved { .. }
            | Event::HoldEnded { .. } => self.apply_attempt(event, at),
            Event::PullRequestOpened { .. }
            | Event::PublishFailed { .. }
            | Event::ReviewSubmitted { .. }
            | Event::MergeRequested { .. }
            | Event::ForgeFailed { .. }
            | Event::MergeChecked { .. }
            | Event::PullRequestMerged { .. }
            | Event::MergeConflicted { .. }
            | Event::MergeFailed { .. }
            | Event::TaskDone { .. } => self.apply_review(event, at),
            Event::RevertRequested { .. } | Event::PullRequestsReverted { .. } | Event::RevertFailed { .. } => {
                self.apply_revert(event, at);
            }
            Event::MessageSent { .. }
            | Event::DeputySet { .. }
            | Event::Retried { .. }
            | Event::WorkWanted { .. }
            | Event::TaskCancelled { .. }
            | Event::TaskPaused { .. }
            | Event::TaskResumed { .. }
            | Event::TaskBudgetSet { .. }
            | Event::SprintBudgetSet { .. } => self.apply_people(event, at),
        }
    }

    fn task<T>(&mut self, id: TaskId, change: impl FnOnce(&mut Task) -> T) -> Option<T> {
        let task = self.tasks.get_mut(&id)?;
        self.touched.tasks.insert(id);
        let before = Entry::of(task);
        let changed = change(task);
        self.index.moved(id, before, Entry::of(task));
        Some(changed)
    }

    fn work_mut<T>(&mut self, id: WorkId, change: impl FnOnce(&mut Work) -> T) -> Option<T> {
        match id {
            WorkId::Planning => Some(change(&mut self.planning)),
            WorkId::Task(task) => self.task(task, |t| change(&mut t.work)),
        }
    }

    fn attempt_mut(&mut self, n: u32) -> Option<&mut Attempt> {
        self.attempts.get_mut(usize::try_from(n).ok()?.checked_sub(1)?)
    }

    /// Moves work to a stage, and its deadline with it.
    fn stage(&mut self, id: WorkId, stage: Stage, at: Timestamp) {
        if let WorkId::Task(task) = id {
            let parked = matches!(stage, Stage::AwaitingSubtasks { .. });
            self.task(task, |t| {
                t.forge_trouble = None;
                if let Some(subtask) = &mut t.subtask {
                    subtask.reported &= stage.is_settled();
                }
            });
            match parked {
                true => self.parked.insert(task),
                false => self.parked.remove(&task),
            };
        }
        let change = self.work_mut(id, |w| {
            let before = w.deadline();
            w.stage = stage;
            w.since = at;
            w.update_at = None;
            (before, w.deadline())
        });
        self.redate(id, change);
        if let (WorkId::Task(task), Some(Stage::InReview)) = (id, self.work(id).map(|w| &w.stage)) {
            self.redue(task);
        }
    }

    /// Changes the stage of a running or queued attempt in place.
    fn restage(&mut self, attempt: u32, _at: Timestamp, change: impl FnOnce(&mut Stage)) {
        let Some(id) = self.attempt(attempt).map(|a| a.work) else {
            return;
        };
        let change = self.work_mut(id, |w| {
            let before = w.deadline();
            change(&mut w.stage);
            (before, w.deadline())
        });
        self.redate(id, change);
    }

    fn redate(&mut self, id: WorkId, change: Option<(Option<Timestamp>, Option<Timestamp>)>) {
        let Some((before, after)) = change else { return };
        if before != after {
            if let Some(before) = before {
                self.deadlines.remove(&(before, id));
            }
            if let Some(after) = after {
                self.deadlines.insert((after, id));
            }
        }
    }
}

impl Work {
    /// Starts counting anew: somebody stepped in, or something was delivered.
    fn rest(&mut self) {
        self.failures = 0;
        self.interruptions = 0;
        self.holds = 0;
        self.waits = 0;
        self.left = None;
    }
}

impl Task {
    fn new(id: TaskId, planned: PlannedTask, at: Timestamp) -> Self {
        Self {
            id,
            planned,
            approved: None,
            in_plan: true,
            owner: None,
            agent: None,
            branch: None,
            paused: None,
            work: Work::new(
                Stage::Waiting {
                    next: AttemptReason::First,
                    not_before: at,
                },
                at,
            ),
            blockers: 0,
            dependents: Vec::new(),
            dependencies: Vec::new(),
            rank: 0,
            subtask: None,
            subtasks: Vec::new(),
            heads: BTreeMap::new(),
            summary: None,
            pull_requests: BTreeMap::new(),
            checked: Vec::new(),
            updating: Updating::default(),
            asked: Vec::new(),
            reviews: Vec::new(),
            approved_by: None,
            threads: Vec::new(),
            deliveries: 0,
            merges: 0,
            reverts: 0,
            taking_back: false,
            merge_trouble: None,
            forge_trouble: None,
            usage: Usage::default(),
            time_ms: 0,
            budget: None,
        }
    }
}
