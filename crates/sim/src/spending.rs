//! What agents spend and what people let them: reports that grow until the reservation is crossed, and a little beyond.

use std::time::Duration;

use fastrand::Rng;
use team6_core::budget::{Budget, BudgetLimits, BudgetOf, BudgetShort, Resource};
use team6_core::ids::PersonId;
use team6_core::ledger::FundsShort;
use team6_core::sprint::{Command, Sprint};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

/// How an agent spends.
pub(crate) struct Spending {
    began: Timestamp,
    /// Tokens and millionths of a US dollar in a second.
    tokens: u64,
    cost: u64,
    /// When what was reserved for it is spent, if it is limited.
    spent: Option<Timestamp>,
    /// For how long it goes on then.
    concludes: Duration,
}

impl Spending {
    pub(crate) fn drawn(rng: &mut Rng, sprint: &Sprint, attempt: u32, now: Timestamp) -> Self {
        let (tokens, cost) = (rng.u64(0..20), rng.u64(0..20));
        let reserved = sprint.attempt(attempt).map(|a| a.reserved).unwrap_or_default();
        let seconds = |limit: Option<u64>, rate: u64| limit?.checked_div(rate);
        let spent = [
            seconds(reserved.tokens, tokens),
            seconds(reserved.cost_micros, cost),
            reserved.time_ms.map(|time| time / 1_000),
        ];
        let spent = spent.into_iter().flatten().min();
        Self {
            began: now,
            tokens,
            cost,
            spent: spent.map(|seconds| now + Duration::from_secs(seconds)),
            concludes: Duration::from_secs(rng.u64(1..240)),
        }
    }

    /// When the worker ends it, whatever it does.
    pub(crate) fn ends(&self) -> Timestamp {
        self.spent.map_or(Timestamp(i64::MAX), |spent| spent + self.concludes)
    }

    /// Whether it is ended for what it spent.
    pub(crate) fn is_over(&self, end: Timestamp) -> bool {
        end == self.ends()
    }

    /// What it has spent by this time.
    pub(crate) fn at(&self, at: Timestamp) -> Usage {
        let seconds = at.since(self.began).as_secs();
        Usage {
            input_tokens: seconds * self.tokens,
            output_tokens: 0,
            cost_micros: seconds * self.cost,
        }
    }
}

/// A limit of some resources, or of none; now and then one of nothing at all.
pub(crate) fn budget(rng: &mut Rng) -> Budget {
    let mut limit = |most: u64| match rng.u8(0..24) {
        0 => Some(0),
        1..=9 => Some(rng.u64(1..most)),
        _ => None,
    };
    Budget {
        tokens: limit(20_000),
        cost_micros: limit(20_000),
        time_ms: limit(4_000_000),
    }
}

/// The limits of a team: every second one has none.
pub(crate) fn limits(rng: &mut Rng) -> BudgetLimits {
    if rng.bool() {
        return BudgetLimits::default();
    }
    BudgetLimits {
        attempt: budget(rng),
        task: budget(rng),
        sprint: budget(rng),
        ..BudgetLimits::default()
    }
}

/// A person raises a budget that is used up.
pub(crate) fn raised(sprint: &Sprint, by: PersonId, short: &BudgetShort) -> Command {
    let limit = Some(short.limit.max(short.spent) * 2 + 10_000);
    let raised = |mut budget: Budget| {
        match short.resource {
            Resource::Tokens => budget.tokens = limit,
            Resource::Cost => budget.cost_micros = limit,
            Resource::Time => budget.time_ms = limit,
        }
        budget
    };
    match short.of {
        BudgetOf::Task { task } => Command::SetTaskBudget {
            by,
            task,
            budget: raised(sprint.tasks.get(&task).map(|t| sprint.budget_of(t)).unwrap_or_default()),
        },
        BudgetOf::Sprint => Command::SetSprintBudget {
            by,
            budget: raised(sprint.budget),
        },
    }
}

/// What the project has: something again, still too little, or only so much for one that is queued or at work.
pub(crate) fn told_of_funds(rng: &mut Rng, sprint: &Sprint) -> Command {
    let live: Vec<u32> = sprint.live_attempts().map(|(attempt, _)| attempt).collect();
    match rng.u8(0..4) {
        0 => Command::FundsReturned {
            lacking: sprint.funds.map(|(short, _)| FundsShort {
                reserved: rng.u64(0..2) * 1_000,
                ..short
            }),
        },
        1 => Command::FundsGranted {
            attempt: live.get(rng.usize(0..live.len().max(1))).copied().unwrap_or(0),
            most: Budget {
                tokens: Some(rng.u64(1..20_000)),
                ..budget(rng)
            },
        },
        _ => Command::FundsReturned { lacking: None },
    }
}

/// The project has spent what it may, today or in all, so that an attempt in the queue cannot begin.
pub(crate) fn lacking(rng: &mut Rng, sprint: &Sprint) -> Command {
    let queued: Vec<u32> = sprint.live_attempts().map(|(attempt, _)| attempt).collect();
    let reserved = rng.u64(0..2) * 1_000;
    let until = sprint.next_deadline().filter(|_| rng.bool());
    Command::LackFunds {
        attempt: queued.get(rng.usize(0..queued.len().max(1))).copied().unwrap_or(0),
        short: FundsShort {
            resource: Resource::Tokens,
            limit: 1_000,
            spent: 1_000 - reserved,
            reserved,
            until,
        },
    }
}
