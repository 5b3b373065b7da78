//! Budgets: what people set, and the attempts that go on when there is something left again.

use super::Decider;
use crate::budget::Budget;
use crate::ids::{FencingToken, PersonId, TaskId};
use crate::sprint::{Event, Refusal, Stage, WorkId};
use crate::trace::Usage;

impl Decider<'_> {
    pub(super) fn set_task_budget(&mut self, by: PersonId, id: TaskId, budget: Budget) -> Result<(), Refusal> {
        self.open()?;
        let task = self.led(id, &by)?;
        if task.budget == Some(budget) {
            return Err(Refusal::NothingChanged);
        }
        // What was delegated by one that was given up may still be at work, on its budget.
        let mut below = self.sprint.below(id).into_iter();
        if below.all(|task| self.not_ended(task).is_err()) {
            self.not_ended(id)?;
        }
        self.emit(Event::TaskBudgetSet { task: id, budget, by });
        self.reserve_anew();
        Ok(())
    }

    pub(super) fn set_sprint_budget(&mut self, by: PersonId, budget: Budget) -> Result<(), Refusal> {
        self.open()?;
        if !self.sprint.leads(&by) {
            let lead = self.sprint.lead.clone();
            return Err(Refusal::NotLead { lead });
        }
        if self.sprint.budget == budget {
            return Err(Refusal::NothingChanged);
        }
        self.emit(Event::SprintBudgetSet { budget, by });
        self.reserve_anew();
        Ok(())
    }

    /// Only of an attempt that ended: as long as it lives, its heartbeats tell.
    pub(super) fn report_usage(&mut self, attempt: u32, token: FencingToken, usage: Usage) -> Result<(), Refusal> {
        let known = self.sprint.attempt(attempt).ok_or(Refusal::NoSuchAttempt { attempt })?;
        let current = known.started.as_ref().map(|started| started.token);
        let current = current.ok_or(Refusal::AttemptNotStarted { attempt })?;
        if token != current {
            return Err(Refusal::Fenced { attempt, current });
        }
        if known.ended.is_some() && known.usage.max(usage) != known.usage {
            self.emit(Event::UsageReported { attempt, usage });
        }
        Ok(())
    }

    /// A budget holds from the moment it is set, also for what is at work: an agent that has spent more is asked to
    /// conclude, and what is queued goes back to where it waited if there is less for it.
    fn reserve_anew(&mut self) {
        let mut live: Vec<(u32, WorkId)> = self.sprint.live_attempts().collect();
        // What is at work comes last: it gets what the queue gives back.
        live.sort_by_key(|(attempt, work)| (self.is_running(*work), *attempt));
        for (attempt, work) in &live {
            if self.is_running(*work) {
                self.hold_what_is_spent(*attempt);
            }
        }
        for (attempt, work) in live {
            let Some(known) = self.sprint.attempt(attempt) else {
                continue;
            };
            let reserved = self.sprint.reserved_anew(known, self.now);
            if reserved == known.reserved {
                continue;
            }
            match self.is_running(work) {
                true => self.emit(Event::AttemptReserved { attempt, reserved }),
                false => self.unqueue(work),
            }
        }
    }

    fn is_running(&self, work: WorkId) -> bool {
        let stage = self.sprint.work(work).map(|w| &w.stage);
        matches!(stage, Some(Stage::Running { .. }))
    }

    /// What agents at work have spent of something that nobody limited before counts before any of them gets more.
    fn hold_what_is_spent(&mut self, attempt: u32) {
        let Some(known) = self.sprint.attempt(attempt) else {
            return;
        };
        let reserved = self.sprint.reserved_at_least(known, self.now);
        if reserved != known.reserved {
            self.emit(Event::AttemptReserved { attempt, reserved });
        }
    }
}
