//! When an attempt may be made, and by which agent.

use std::cmp::Reverse;

use super::{Decider, Event};
use crate::budget::BudgetShort;
use crate::ids::{AgentId, BranchName, PersonId, TaskId};
use crate::ledger::FundsShort;
use crate::sprint::{AgentCard, AgentChoice, Pause, ReviewLoad, Sprint, SprintPhase, Stage, Task, WorkId};
use crate::time::Timestamp;

/// The one thing that stands before a task's next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The sprint was given up.
    SprintCancelled,
    /// The task was not approved yet.
    NotApproved,
    /// The sprint is paused.
    SprintPaused(PersonId, Timestamp),
    /// Nobody owns it.
    NoOwner,
    /// The task is paused, or the task that it is a part of.
    Paused(Pause, Option<TaskId>),
    /// It depends on a task that was cancelled.
    DependencyCancelled(TaskId),
    /// It depends on a task that is not done; the one with the longest chain behind it.
    Dependency(TaskId),
    /// Its owner has as much to review as may be.
    Reviews(PersonId, ReviewLoad),
    /// A budget of its project does not reach for it.
    Funds(FundsShort, Timestamp),
    /// Another attempt tries first whether the project's budgets reach again; by then it is looked for in the queue.
    Turn(Timestamp),
    /// A budget does not reach for it.
    Budget(BudgetShort),
}

impl Sprint {
    /// What stands before the next attempt of a task; none if nothing does.
    ///
    /// Scheduling and explaining both ask here, so that they cannot disagree.
    pub(crate) fn block(&self, task: &Task) -> Option<Block> {
        if self.phase == SprintPhase::Cancelled {
            return Some(Block::SprintCancelled);
        }
        if task.approved.is_none() {
            return Some(Block::NotApproved);
        }
        if let Some(Pause { by, at }) = &self.paused {
            return Some(Block::SprintPaused(by.clone(), *at));
        }
        let Some(owner) = &task.owner else {
            return Some(Block::NoOwner);
        };
        let paused = std::iter::once(task)
            .chain(self.above(task))
            .find_map(|t| Some((t.id, t.paused.as_ref()?)));
        if let Some((id, pause)) = paused {
            return Some(Block::Paused(pause.clone(), Some(id).filter(|id| *id != task.id)));
        }
        if let Some(block) = self.dependency(task) {
            return Some(block);
        }
        if let Some(load) = self.reviews_full(task) {
            return Some(Block::Reviews(owner.clone(), load));
        }
        if let Some(block) = self.funds_block() {
            return Some(block);
        }
        self.reservation(WorkId::Task(task.id)).err().map(Block::Budget)
    }

    /// All that waits for its turn, in the order in which it is begun: the longest chains first, so that where an owner can
    /// review only some, those are begun; then the planning.
    pub(crate) fn in_order(&self) -> Vec<WorkId> {
        let tasks = self.index.ready.iter().map(|(_, task)| WorkId::Task(*task));
        tasks.chain([WorkId::Planning]).collect()
    }

    fn dependency(&self, task: &Task) -> Option<Block> {
        if task.blockers == 0 {
            return None;
        }
        let waited_for = task.dependencies.iter().filter_map(|id| self.tasks.get(id));
        let mut heaviest: Option<&Task> = None;
        for dependency in waited_for {
            match dependency.work.stage {
                Stage::Done => {}
                Stage::Cancelled { .. } | Stage::GivenUp { .. } => {
                    return Some(Block::DependencyCancelled(dependency.id));
                }
                _ if heaviest.is_none_or(|h| dependency.rank > h.rank) => heaviest = Some(dependency),
                _ => {}
            }
        }
        heaviest.map(|dependency| Block::Dependency(dependency.id))
    }

    /// The best agent for a task: it does the specialty, then has the best record on this project, then has least to
    /// do; the name decides between equals.
    pub(crate) fn best_agent(&self, task: &Task) -> Option<(AgentId, String)> {
        let wanted = task.planned.specialty.as_ref();
        let fits = |card: &AgentCard| match wanted {
            Some(specialty) if card.specialties.contains(specialty) => 2,
            _ if card.specialties.is_empty() => 1,
            None => 1,
            Some(_) => 0,
        };
        // Smoothed share of merged tasks in thousandths, so that one failure does not bury a new agent.
        let record = |card: &AgentCard| (card.merged + 1) * 1000 / (card.merged + card.failed + 2);
        let load = |card: &AgentCard| {
            let busy = |work: WorkId| {
                let WorkId::Task(id) = work else { return false };
                let task = self.tasks.get(&id).filter(|t| t.work.stage != Stage::InReview);
                let agent = task.and_then(|t| t.agent.as_ref());
                agent.is_some_and(|choice| choice.agent == card.id)
            };
            self.deadlines.iter().filter(|(_, work)| busy(*work)).count()
        };
        let candidates = self.roster.iter().filter(|card| fits(card) > 0);
        let key = |card: &&AgentCard| (fits(card), record(card), Reverse(load(card)), Reverse(card.id.clone()));
        let best = candidates.max_by_key(key)?;
        let skill = match wanted {
            Some(specialty) if fits(best) == 2 => format!("does {specialty}"),
            Some(specialty) => format!("takes any work, and nobody does {specialty}"),
            None => "the task asks for no specialty".into(),
        };
        let record = match (best.merged, best.failed) {
            (0, 0) => "no tasks on this project yet".into(),
            (merged, failed) => format!("{merged} merged and {failed} given up on this project"),
        };
        Some((
            best.id.clone(),
            format!("{skill}; {record}; {} at work now", load(best)),
        ))
    }
}

impl Decider<'_> {
    /// Schedules the attempt that a piece of work waits for, if nothing stands before it.
    pub(super) fn schedule(&mut self, work: WorkId) {
        let Some(Stage::Waiting { next, not_before }) = self.sprint.work(work).map(|w| w.stage.clone()) else {
            return;
        };
        let (agent, branch) = match work {
            WorkId::Planning => {
                if !self.sprint.is_open() || self.sprint.paused.is_some() || self.sprint.funds_block().is_some() {
                    return;
                }
                (self.sprint.planner.clone(), None)
            }
            WorkId::Task(id) => {
                let Some(task) = self.sprint.tasks.get(&id) else { return };
                if self.sprint.block(task).is_some() {
                    return;
                }
                let branch = task
                    .branch
                    .clone()
                    .unwrap_or_else(|| BranchName::for_task(id, &task.planned.title));
                let Some(agent) = self.agent(id) else { return };
                (agent, Some(branch))
            }
        };
        let Ok(reserved) = self.sprint.reservation(work) else {
            return;
        };
        let attempt = u32::try_from(self.sprint.attempts.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.emit(Event::AttemptScheduled {
            attempt,
            work,
            agent,
            reason: next,
            not_before,
            branch,
            reserved,
        });
    }

    /// The agent of a task, chosen now if it has none.
    fn agent(&mut self, id: TaskId) -> Option<AgentId> {
        let task = self.sprint.tasks.get(&id)?;
        if let Some(choice) = &task.agent {
            return Some(choice.agent.clone());
        }
        let (agent, reason) = self.sprint.best_agent(task)?;
        let choice = AgentChoice {
            agent: agent.clone(),
            reason,
            by: None,
        };
        self.emit(Event::AgentChosen { task: id, choice });
        Some(agent)
    }

    /// Schedules every task that nothing stands before.
    pub(super) fn schedule_all(&mut self) {
        for work in self.sprint.in_order() {
            self.schedule(work);
        }
    }

    /// Begins what waited for something that others gave back: room among its owner's reviews, or a part of a budget.
    pub(super) fn settle_waiting(&mut self) {
        let tells_nothing = |event: &Event| {
            matches!(
                event,
                Event::LeaseRenewed { .. } | Event::ProgressReported { .. } | Event::AttemptStarted { .. }
            )
        };
        if self.events.iter().all(tells_nothing) {
            return;
        }
        let lifts = |event: &Event| matches!(event, Event::TaskBudgetSet { .. } | Event::SprintBudgetSet { .. });
        let limited = self.sprint.policy.reviews > 0 || self.sprint.has_budgets() || self.events.iter().any(lifts);
        if limited {
            self.schedule_all();
        }
    }

    /// Gives work that rests a new attempt when somebody wrote to its agent.
    pub(super) fn wake(&mut self, work: WorkId) {
        let Some(state) = self.sprint.work(work) else { return };
        if !matches!(
            state.stage,
            Stage::Idle
                | Stage::Asking { .. }
                | Stage::AwaitingSubtasks { .. }
                | Stage::InReview
                | Stage::Delivered
                | Stage::Failed { .. }
        ) {
            return;
        }
        if let Some(&message) = state.unread.last() {
            self.emit(Event::WorkWanted { work, message });
            self.schedule(work);
        }
    }

    /// Finishes the sprint when nothing of it is left to do.
    pub(super) fn finish(&mut self) {
        if self.sprint.phase == SprintPhase::Running && self.sprint.open_tasks == 0 && !self.sprint.awaits_approval() {
            self.stop_planning();
            self.emit(Event::SprintFinished);
        }
    }

    /// Takes back the attempt of a piece of work, if one is queued or running.
    pub(super) fn take_back(&mut self, work: WorkId) {
        let stage = self.sprint.work(work).map(|w| &w.stage);
        if let Some(Stage::Queued { attempt, .. } | Stage::Running { attempt, .. }) = stage {
            let attempt = *attempt;
            self.emit(Event::AttemptCancelled { attempt });
        }
    }
}
