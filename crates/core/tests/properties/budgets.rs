//! Books of tokens: what is reserved, and what was spent of each budget.

use std::collections::BTreeMap;

use proptest::prelude::*;
use team6_core::budget::{Budget, BudgetLimits};
use team6_core::ids::TaskId;
use team6_core::sprint::{Event, WorkId};

#[derive(Debug, Default)]
pub(crate) struct Budgets {
    parents: BTreeMap<TaskId, TaskId>,
    /// What people set; none names the sprint.
    set: BTreeMap<Option<TaskId>, Option<u64>>,
    attempts: BTreeMap<u32, Spent>,
}

#[derive(Debug)]
struct Spent {
    work: WorkId,
    reserved: Option<u64>,
    used: u64,
    ended: bool,
}

/// Limits of tokens, or none.
pub(crate) fn any_limits() -> impl Strategy<Value = BudgetLimits> {
    let tokens = |most: u64| {
        prop::option::of(1..most).prop_map(|tokens| Budget {
            tokens,
            ..Budget::default()
        })
    };
    (tokens(20_000), tokens(50_000), tokens(100_000)).prop_map(|(attempt, task, sprint)| BudgetLimits {
        attempt,
        task,
        sprint,
        ..BudgetLimits::default()
    })
}

impl Budgets {
    pub(crate) fn event(&mut self, event: &Event, limits: &BudgetLimits) -> Result<(), String> {
        match event {
            Event::SubtaskAdded {
                task, parent, budget, ..
            } => {
                self.parents.insert(*task, *parent);
                self.set.insert(Some(*task), budget.and_then(|budget| budget.tokens));
            }
            Event::TaskBudgetSet { task, budget, .. } => {
                self.set.insert(Some(*task), budget.tokens);
            }
            Event::SprintBudgetSet { budget, .. } => {
                self.set.insert(None, budget.tokens);
            }
            Event::AttemptScheduled {
                attempt,
                work,
                reserved,
                ..
            } => {
                let spent = Spent {
                    work: *work,
                    reserved: reserved.tokens,
                    used: 0,
                    ended: false,
                };
                self.attempts.insert(*attempt, spent);
                return self.granted(*attempt, limits);
            }
            Event::AttemptReserved { attempt, reserved } => {
                let Some(spent) = self.attempts.get_mut(attempt) else {
                    return Ok(());
                };
                let before = std::mem::replace(&mut spent.reserved, reserved.tokens);
                let more = before.is_none_or(|before| reserved.tokens.is_some_and(|now| now > before));
                let unspent = reserved.tokens.is_some_and(|reserved| reserved > spent.used);
                if more && unspent {
                    return self.granted(*attempt, limits);
                }
            }
            Event::LeaseRenewed { attempt, usage, .. } => {
                if let Some(spent) = self.attempts.get_mut(attempt) {
                    spent.used = spent.used.max(usage.input_tokens);
                }
            }
            Event::AttemptDelivered { attempt, .. }
            | Event::AttemptReplied { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptInterrupted { attempt, .. }
            | Event::OwnerAsked { attempt, .. }
            | Event::SubtasksAwaited { attempt }
            | Event::AttemptCancelled { attempt }
            | Event::AttemptWithdrawn { attempt } => {
                if let Some(spent) = self.attempts.get_mut(attempt) {
                    spent.ended = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn granted(&self, attempt: u32, limits: &BudgetLimits) -> Result<(), String> {
        let Some(Spent { work, reserved, .. }) = self.attempts.get(&attempt) else {
            return Ok(());
        };
        let first = match work {
            WorkId::Task(task) => Some(*task),
            WorkId::Planning => None,
        };
        let mut of: Vec<Option<TaskId>> = self.chain(first).map(Some).collect();
        of.push(None);
        for of in of {
            let limit = match (self.set.get(&of), of) {
                (Some(limit), _) => *limit,
                (None, Some(_)) => limits.task.tokens,
                (None, None) => limits.sprint.tokens,
            };
            let Some(limit) = limit else { continue };
            let held: u64 = self
                .attempts
                .values()
                .filter(|spent| self.is_inside(spent.work, of))
                .map(|spent| match spent.ended {
                    true => spent.used,
                    false => spent.used.max(spent.reserved.unwrap_or(0)),
                })
                .sum();
            if reserved.is_none() || held > limit {
                return Err(format!(
                    "invariant 11: attempt {attempt} may spend {reserved:?}, and {held} of {limit} of {of:?} are gone"
                ));
            }
        }
        Ok(())
    }

    fn chain(&self, first: Option<TaskId>) -> impl Iterator<Item = TaskId> {
        std::iter::successors(first, |id| self.parents.get(id).copied())
    }

    fn is_inside(&self, work: WorkId, of: Option<TaskId>) -> bool {
        match (of, work) {
            (None, _) => true,
            (Some(_), WorkId::Planning) => false,
            (Some(of), WorkId::Task(task)) => self.chain(Some(task)).any(|id| id == of),
        }
    }
}
