//! What an attempt may spend: how much is reserved for it before it begins, and what is left of the budgets it falls under.
//!
//! A reservation is made when an attempt is scheduled, which is the last moment at which the rules can say no: what is in
//! the queue may begin at any time, several at once. So the reservations of all that are queued or at work, and what
//! was spent before, never come to more than a budget; only an agent that spends more than was reserved for its own
//! attempt can exceed it, by what it spends until it is stopped.

use super::{Attempt, Brief, DelegationBlock, Sprint, Stage, Task, WorkId};
use crate::budget::{Amount, Budget, BudgetOf, BudgetShort, Resource};
use crate::ids::TaskId;
use crate::time::Timestamp;

/// An attempt without a limit of its own takes at most this share of its sprint's budget, so that as many work at once.
const SHARE: u64 = 4;

/// The least part of what an attempt wants with which it is worth beginning: a tenth.
const LEAST: u64 = 10;

/// A budget that an attempt falls under, for one resource.
#[derive(Debug, Clone, Copy)]
struct Level {
    of: BudgetOf,
    limit: u64,
    /// What attempts that ended have spent.
    spent: u64,
    /// What other attempts that are queued or at work hold.
    reserved: u64,
}

impl Level {
    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent).saturating_sub(self.reserved)
    }

    fn short(&self, resource: Resource) -> BudgetShort {
        BudgetShort {
            of: self.of,
            resource,
            limit: self.limit,
            spent: self.spent,
            reserved: self.reserved,
        }
    }
}

impl Attempt {
    /// What it holds of a budget while it lives: what was reserved for it, or what it used if that is more.
    fn holds(&self, resource: Resource) -> u64 {
        let used = Amount::new(&self.usage, std::time::Duration::ZERO).of(resource);
        self.reserved.of(resource).unwrap_or(0).max(used)
    }

    /// What it holds of every budget while it lives.
    pub(crate) fn held(&self) -> Amount {
        let mut held = Amount::default();
        for resource in Resource::ALL {
            held.set(resource, self.holds(resource));
        }
        held
    }

    /// What it used so far.
    pub fn used(&self, now: Timestamp) -> Amount {
        let started = self.started.as_ref().map_or(now, |started| started.at);
        let until = self.ended.as_ref().map_or(now, |ended| ended.at);
        Amount::new(&self.usage, until.since(started))
    }
}

impl Task {
    /// What its attempts that ended have spent.
    pub fn spent(&self) -> Amount {
        Amount::new(&self.usage, std::time::Duration::from_millis(self.time_ms))
    }
}

impl Sprint {
    /// The budget of a task and all below it.
    pub fn budget_of(&self, task: &Task) -> Budget {
        match (task.budget, &task.subtask) {
            (Some(budget), _) => budget,
            // What a subtask spends is its parent's.
            (None, Some(_)) => Budget::default(),
            (None, None) => self.policy.budgets.task,
        }
    }

    /// What a task and all below it have spent in attempts that ended.
    pub fn spent_by(&self, task: TaskId) -> Amount {
        let tree = std::iter::once(task).chain(self.below(task));
        let spent = tree.filter_map(|id| self.tasks.get(&id)).map(Task::spent);
        spent.fold(Amount::default(), Amount::plus)
    }

    /// What attempts of a task and all below it hold at this time.
    pub fn reserved_by(&self, task: TaskId) -> Amount {
        let tree: Vec<TaskId> = std::iter::once(task).chain(self.below(task)).collect();
        self.held(|work| matches!(work, WorkId::Task(id) if tree.contains(&id)), None)
    }

    /// What all attempts of the sprint hold at this time.
    pub fn reserved(&self) -> Amount {
        self.held(|_| true, None)
    }

    fn held(&self, counts: impl Fn(WorkId) -> bool, except: Option<u32>) -> Amount {
        let live = self
            .live_attempts()
            .filter(|(n, work)| Some(*n) != except && counts(*work));
        let held = live.filter_map(|(n, _)| self.attempt(n)).map(Attempt::held);
        held.fold(Amount::default(), Amount::plus)
    }

    /// Whether anything at all is limited.
    pub(crate) fn has_budgets(&self) -> bool {
        let limits = &self.policy.budgets;
        let set = [limits.attempt, limits.task, self.budget];
        !self.index.limited.is_empty() || set.iter().any(|budget| !budget.is_unlimited())
    }

    /// The budgets that work falls under for a resource, `except` what one attempt of it holds.
    fn levels(&self, work: WorkId, resource: Resource, except: Option<u32>) -> Vec<Level> {
        let mut levels = Vec::new();
        if let WorkId::Task(id) = work
            && let Some(task) = self.tasks.get(&id)
        {
            for task in std::iter::once(task).chain(self.above(task)) {
                let Some(limit) = self.budget_of(task).of(resource) else {
                    continue;
                };
                let tree: Vec<TaskId> = std::iter::once(task.id).chain(self.below(task.id)).collect();
                let inside = |work| matches!(work, WorkId::Task(id) if tree.contains(&id));
                levels.push(Level {
                    of: BudgetOf::Task { task: task.id },
                    limit,
                    spent: self.spent_by(task.id).of(resource),
                    reserved: self.held(inside, except).of(resource),
                });
            }
        }
        if let Some(limit) = self.budget.of(resource) {
            levels.push(Level {
                of: BudgetOf::Sprint,
                limit,
                spent: self.spent.of(resource),
                reserved: self.held(|_| true, except).of(resource),
            });
        }
        levels
    }

    /// What an attempt asks for; none if nothing limits it.
    fn wanted(&self, resource: Resource, levels: &[Level]) -> Option<u64> {
        // No person can raise what one attempt may spend of a running sprint, so it is never nothing.
        let own = self.policy.budgets.attempt.of(resource).map(|own| own.max(1));
        let share = |level: &Level| match level.of {
            BudgetOf::Sprint if own.is_none() => level.limit.div_ceil(SHARE),
            _ => level.limit,
        };
        levels.iter().map(share).chain(own).min()
    }

    /// What is reserved for the next attempt of a piece of work, or which budget does not reach for it.
    pub(crate) fn reservation(&self, work: WorkId) -> Result<Budget, BudgetShort> {
        let mut reserved = Budget::default();
        if !self.has_budgets() {
            return Ok(reserved);
        }
        for resource in Resource::ALL {
            let levels = self.levels(work, resource, None);
            let Some(wanted) = self.wanted(resource, &levels) else {
                continue;
            };
            let left = levels.iter().map(Level::left).min().unwrap_or(wanted).min(wanted);
            let tight = levels.iter().filter(|level| level.left() < wanted.max(1));
            if let Some(level) = tight.min_by_key(|level| level.left()) {
                // Others will give back what they do not need; the rest of a budget is for whoever comes last.
                let waits = levels.iter().any(|level| level.left() < wanted && level.reserved > 0);
                if waits || left < wanted.div_ceil(LEAST).max(1) {
                    return Err(level.short(resource));
                }
            }
            reserved.set(resource, Some(left));
        }
        Ok(reserved)
    }

    /// What a running attempt may spend after a budget was changed: what it would be given now, and at least what it has
    /// used.
    pub(crate) fn reserved_anew(&self, attempt: &Attempt, now: Timestamp) -> Budget {
        let mut reserved = Budget::default();
        for resource in Resource::ALL {
            let levels = self.levels(attempt.work, resource, Some(attempt.id.n));
            if let Some(wanted) = self.wanted(resource, &levels) {
                let left = levels.iter().map(Level::left).min().unwrap_or(wanted).min(wanted);
                reserved.set(resource, Some(left.max(attempt.used(now).of(resource))));
            }
        }
        reserved
    }

    /// What is reserved for a running attempt, with what it has used of everything that was not limited before.
    pub(crate) fn reserved_at_least(&self, attempt: &Attempt, now: Timestamp) -> Budget {
        let mut reserved = attempt.reserved;
        for resource in Resource::ALL {
            let limited = !self.levels(attempt.work, resource, None).is_empty();
            if limited && reserved.of(resource).is_none() {
                reserved.set(resource, Some(attempt.used(now).of(resource)));
            }
        }
        reserved
    }

    /// The budget that would not hold if `parent` handed over a part of its work with what the brief asks for it.
    ///
    /// What agents above have reserved is not lost to their parts: they give it back when they wait. What was promised
    /// to other parts is.
    pub(crate) fn delegation_over_budget(&self, parent: &Task, brief: &Brief) -> Option<DelegationBlock> {
        if !self.has_budgets() {
            return None;
        }
        let chain: Vec<&Task> = std::iter::once(parent).chain(self.above(parent)).collect();
        let within: Vec<TaskId> = chain.iter().map(|task| task.id).collect();
        for resource in Resource::ALL {
            let levels = self.levels(WorkId::Task(parent.id), resource, None);
            let Some(wanted) = self.wanted(resource, &levels) else {
                continue;
            };
            let asked = brief.budget.as_ref().and_then(|budget| budget.of(resource));
            let asked = asked.unwrap_or_else(|| wanted.div_ceil(LEAST)).max(1);
            for level in levels {
                let taken = match level.of {
                    BudgetOf::Task { task } => self.promised(task, resource, &within),
                    BudgetOf::Sprint => {
                        let above = |work| matches!(work, WorkId::Task(id) if within.contains(&id));
                        let held = self.held(|work| !above(work), None).of(resource);
                        level.spent.saturating_add(held)
                    }
                };
                let left = level.limit.saturating_sub(taken);
                if asked > left {
                    return Some(DelegationBlock::OverBudget {
                        of: level.of,
                        resource,
                        asked,
                        left,
                    });
                }
            }
        }
        None
    }

    /// What a task and all below it have spent, hold and were promised; of those `within`, only what they spent.
    fn promised(&self, id: TaskId, resource: Resource, within: &[TaskId]) -> u64 {
        let Some(task) = self.tasks.get(&id) else { return 0 };
        let inside = within.contains(&id);
        let own = match &task.work.stage {
            Stage::Queued { attempt, .. } | Stage::Running { attempt, .. } => {
                let held = self.attempt(*attempt).map_or(0, |a| match inside {
                    true => a.used(a.scheduled_at).of(resource),
                    false => a.holds(resource),
                });
                held.saturating_add(task.spent().of(resource))
            }
            _ => task.spent().of(resource),
        };
        let below = task
            .subtasks
            .iter()
            .map(|below| self.promised(*below, resource, within));
        let taken = below.fold(own, u64::saturating_add);
        match self.budget_of(task).of(resource) {
            Some(limit) if !inside && !task.work.stage.is_settled() => taken.max(limit),
            _ => taken,
        }
    }
}
