//! Budgets: what is reserved and what was spent never come to more than a limit, but for what an agent spent past its
//! own reservation before it was stopped.

use std::collections::BTreeMap;

use team6_core::budget::{Amount, Budget, Resource};
use team6_core::ids::TaskId;
use team6_core::policy::Policy;
use team6_core::sprint::{Event, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

use super::{Found, Seen, ensure};

#[derive(Debug, Default)]
pub(super) struct Budgets {
    /// Each subtask and whose part it is.
    parents: BTreeMap<TaskId, TaskId>,
    tasks: BTreeMap<TaskId, Budget>,
    sprint: Option<Budget>,
    attempts: BTreeMap<u32, Spent>,
    /// Whether the project has nothing left.
    lacking: bool,
    /// Whether it may have something again, and the attempt that tries it.
    trial: Option<Option<u32>>,
}

#[derive(Debug)]
struct Spent {
    work: WorkId,
    reserved: Budget,
    usage: Usage,
    started: Option<Timestamp>,
    until: Timestamp,
    /// What it came to.
    ended: Option<Amount>,
}

impl Spent {
    fn used(&self, at: Timestamp) -> Amount {
        Amount::new(&self.usage, at.since(self.started.unwrap_or(at)))
    }

    fn holds(&self, resource: Resource) -> u64 {
        match &self.ended {
            Some(spent) => spent.of(resource),
            None => {
                let told = self.used(Timestamp(i64::MIN)).of(resource);
                self.reserved.of(resource).unwrap_or(0).max(told)
            }
        }
    }
}

impl Budgets {
    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match seen.event {
            Event::SubtaskAdded {
                task, parent, budget, ..
            } => {
                self.parents.insert(*task, *parent);
                if let Some(budget) = budget {
                    self.tasks.insert(*task, *budget);
                    self.is_left(*parent, budget, seen.policy)?;
                }
            }
            Event::TaskBudgetSet { task, budget, .. } => {
                self.tasks.insert(*task, *budget);
            }
            Event::FundsReported { lacking } => {
                self.lacking = lacking.is_some();
                self.trial = None;
            }
            Event::FundsReturned => self.trial = Some(None),
            Event::UsageReported { attempt, usage } => {
                self.told(*attempt, usage);
                if let Some(spent) = self.attempts.get_mut(attempt) {
                    let told = Amount::new(&spent.usage, std::time::Duration::ZERO);
                    spent.ended = spent.ended.map(|before| Amount {
                        time_ms: before.time_ms,
                        ..told
                    });
                }
            }
            Event::SprintBudgetSet { budget, .. } => self.sprint = Some(*budget),
            Event::AttemptScheduled {
                attempt,
                work,
                reserved,
                not_before,
                ..
            } => {
                let spent = Spent {
                    work: *work,
                    reserved: *reserved,
                    usage: Usage::default(),
                    started: None,
                    until: seen.at,
                    ended: None,
                };
                self.attempts.insert(*attempt, spent);
                self.tries(*attempt, *not_before <= seen.at)?;
                self.granted(*attempt, &Budget::default(), seen)?;
            }
            Event::AttemptStarted {
                attempt, lease_until, ..
            } => {
                self.tried(*attempt);
                if let Some(spent) = self.attempts.get_mut(attempt) {
                    spent.started = Some(seen.at);
                }
                self.in_time(*attempt, *lease_until, seen.policy)?;
            }
            Event::LeaseRenewed {
                attempt, until, usage, ..
            } => {
                self.told(*attempt, usage);
                self.in_time(*attempt, *until, seen.policy)?;
            }
            Event::AttemptReserved { attempt, reserved } => {
                let spent = self.attempts.get_mut(attempt);
                let before = spent.map(|spent| std::mem::replace(&mut spent.reserved, *reserved));
                self.keeps_what_it_used(*attempt, before.and_then(|before| before.tokens))?;
                self.granted(*attempt, &before.unwrap_or_default(), seen)?;
            }
            Event::AttemptDelivered { attempt, usage, .. }
            | Event::AttemptReplied { attempt, usage }
            | Event::AttemptFailed { attempt, usage, .. }
            | Event::AttemptInterrupted { attempt, usage, .. } => {
                self.told(*attempt, usage);
                self.ended(*attempt, seen.at);
            }
            Event::OwnerAsked { attempt, .. }
            | Event::SubtasksAwaited { attempt }
            | Event::AttemptCancelled { attempt }
            | Event::AttemptWithdrawn { attempt } => self.ended(*attempt, seen.at),
            _ => {}
        }
        Ok(())
    }

    /// After somebody changed a budget it holds: whoever is beyond it may spend nothing more.
    pub(super) fn hold(&self, policy: &Policy, events: &[Event]) -> Found {
        let changes = |event: &Event| matches!(event, Event::TaskBudgetSet { .. } | Event::SprintBudgetSet { .. });
        if !events.iter().any(changes) {
            return Ok(());
        }
        let live = self.attempts.iter().filter(|(_, spent)| spent.ended.is_none());
        for (attempt, spent) in live {
            for resource in Resource::ALL {
                for (of, limit) in self.limits(spent.work, resource, policy) {
                    let held = self.held(of, resource);
                    let reserved = spent.reserved.of(resource);
                    ensure(reserved.is_some(), "11 budgets", || {
                        format!("attempt {attempt} is at work and nothing limits its {resource:?}")
                    })?;
                    let told = spent.used(Timestamp(i64::MIN)).of(resource);
                    // Its time cannot be told without a clock: what was reserved is what it had used.
                    let beyond = resource == Resource::Time || reserved <= Some(told);
                    ensure(held <= limit || beyond, "11 budgets", || {
                        format!("attempt {attempt} may spend {reserved:?}, and {held} of {limit} of {of:?} are gone")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What an agent used is not taken from it: nobody can give it back.
    fn keeps_what_it_used(&self, attempt: u32, before: Option<u64>) -> Found {
        let Some(spent) = self.attempts.get(&attempt) else {
            return Ok(());
        };
        let told = spent.used(Timestamp(i64::MIN)).tokens;
        let kept = spent
            .reserved
            .tokens
            .is_none_or(|tokens| tokens >= told || before.is_some_and(|before| tokens >= before));
        ensure(kept, "11 budgets", || {
            format!("attempt {attempt} used {told} tokens, and has {:?} now", spent.reserved)
        })
    }

    /// Nothing is queued while the project has nothing left; when that is not known any more, one after the other.
    fn tries(&mut self, attempt: u32, due: bool) -> Found {
        if !self.lacking {
            return Ok(());
        }
        ensure(self.trial.is_some(), "11 budgets", || {
            format!("attempt {attempt} begins, and the project has nothing left")
        })?;
        let before = self.trial.flatten();
        ensure(before.is_none(), "11 funds", || {
            format!("attempt {attempt} is queued while attempt {before:?} tries whether there is anything for it")
        })?;
        if due {
            self.trial = Some(Some(attempt));
        }
        Ok(())
    }

    /// An attempt is not in the queue any more.
    fn tried(&mut self, attempt: u32) {
        if self.trial == Some(Some(attempt)) {
            self.trial = Some(None);
        }
    }

    fn told(&mut self, attempt: u32, usage: &Usage) {
        if let Some(spent) = self.attempts.get_mut(&attempt) {
            spent.usage.input_tokens = spent.usage.input_tokens.max(usage.input_tokens);
            spent.usage.output_tokens = spent.usage.output_tokens.max(usage.output_tokens);
            spent.usage.cost_micros = spent.usage.cost_micros.max(usage.cost_micros);
        }
    }

    fn ended(&mut self, attempt: u32, at: Timestamp) {
        self.tried(attempt);
        if let Some(spent) = self.attempts.get_mut(&attempt) {
            spent.ended = Some(spent.used(at));
        }
    }

    /// What an attempt may spend is there, for it and for all that are counted with it.
    fn granted(&self, attempt: u32, before: &Budget, seen: &Seen<'_>) -> Found {
        let Some(spent) = self.attempts.get(&attempt) else {
            return Ok(());
        };
        for resource in Resource::ALL {
            let reserved = spent.reserved.of(resource);
            // It had that much.
            if before
                .of(resource)
                .is_some_and(|before| reserved.is_some_and(|reserved| reserved <= before))
            {
                continue;
            }
            // Nothing is taken from an agent that it has spent.
            if spent.started.is_some() && reserved.is_none_or(|reserved| reserved <= spent.used(seen.at).of(resource)) {
                continue;
            }
            let own = seen.policy.budgets.attempt.of(resource).map(|own| own.max(1));
            ensure(
                own.is_none_or(|own| reserved.is_some_and(|r| r <= own)),
                "11 budgets",
                || format!("attempt {attempt} may spend {reserved:?} of its {own:?} {resource:?}"),
            )?;
            for (of, limit) in self.limits(spent.work, resource, seen.policy) {
                let held = self.held(of, resource);
                ensure(reserved.is_some_and(|r| r > 0) && held <= limit, "11 budgets", || {
                    format!(
                        "attempt {attempt} may spend {reserved:?}: {held} of {limit} {resource:?} of {of:?} are gone"
                    )
                })?;
            }
        }
        Ok(())
    }

    /// The limits that a piece of work falls under; none names the sprint.
    fn limits(&self, work: WorkId, resource: Resource, policy: &Policy) -> Vec<(Option<TaskId>, u64)> {
        let first = match work {
            WorkId::Task(task) => Some(task),
            WorkId::Planning => None,
        };
        let above = std::iter::successors(first, |id| self.parents.get(id).copied());
        let of_task = |id: TaskId| match self.tasks.get(&id) {
            Some(budget) => budget.of(resource),
            None if self.parents.contains_key(&id) => None,
            None => policy.budgets.task.of(resource),
        };
        let mut limits: Vec<(Option<TaskId>, u64)> = above.filter_map(|id| Some((Some(id), of_task(id)?))).collect();
        let sprint = self.sprint.unwrap_or(policy.budgets.sprint).of(resource);
        limits.extend(sprint.map(|limit| (None, limit)));
        limits
    }

    /// What all attempts of a task and all below it have spent and hold.
    fn held(&self, of: Option<TaskId>, resource: Resource) -> u64 {
        let inside = |spent: &&Spent| match (of, spent.work) {
            (None, _) => true,
            (Some(_), WorkId::Planning) => false,
            (Some(of), WorkId::Task(task)) => {
                let mut above = std::iter::successors(Some(task), |id| self.parents.get(id).copied());
                above.any(|id| id == of)
            }
        };
        self.attempts
            .values()
            .filter(inside)
            .map(|spent| spent.holds(resource))
            .sum()
    }

    /// What was promised to a subtask is not spent yet.
    fn is_left(&self, parent: TaskId, budget: &Budget, policy: &Policy) -> Found {
        for resource in Resource::ALL {
            let Some(asked) = budget.of(resource) else { continue };
            for (of, limit) in self.limits(WorkId::Task(parent), resource, policy) {
                let inside = |spent: &&Spent| spent.ended.is_some();
                let spent: u64 = match of {
                    None => self
                        .attempts
                        .values()
                        .filter(inside)
                        .map(|spent| spent.holds(resource))
                        .sum(),
                    Some(_) => 0,
                };
                ensure(asked <= limit.saturating_sub(spent), "11 budgets", || {
                    format!("{asked} {resource:?} were promised to a part of task {parent}, and {of:?} has {limit}")
                })?;
            }
        }
        Ok(())
    }

    /// No agent is at work for longer than its time and what it gets to conclude.
    fn in_time(&mut self, attempt: u32, until: Timestamp, policy: &Policy) -> Found {
        let Some(spent) = self.attempts.get_mut(&attempt) else {
            return Ok(());
        };
        let started = spent.started.unwrap_or(until);
        let most = spent
            .reserved
            .time_ms
            .map(|time| started + std::time::Duration::from_millis(time) + policy.budgets.allowance);
        // A limit that came later does not shorten a lease that was given.
        let before = std::mem::replace(&mut spent.until, until);
        ensure(most.is_none_or(|most| until <= most.max(before)), "11 budgets", || {
            format!("attempt {attempt} is held until {until}, and its time is spent at {most:?}")
        })
    }
}
