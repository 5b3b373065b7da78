//! The ledger of a project: what the attempts of all its sprints reserve and spend, over all time and by day.
//!
//! Sprints decide for themselves and beside each other, so what they share is decided here: one ledger a project, one
//! reservation after the other. What an attempt spends counts on the day on which it was reserved.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::budget::{Amount, Budget, Resource};
use crate::ids::AttemptId;
use crate::time::Timestamp;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// How many days are kept.
const DAYS: usize = 31;

/// How much the sprints of a project may spend together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectLimits {
    /// In all, from the time when a limit was first set.
    pub project: Budget,
    /// From midnight to midnight, UTC.
    pub day: Budget,
}

impl ProjectLimits {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        self.project.is_unlimited() && self.day.is_unlimited()
    }
}

/// What a project has reserved and spent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    held: BTreeMap<AttemptId, Held>,
    spent: Amount,
    days: BTreeMap<i64, Amount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    amount: Amount,
    day: i64,
}

/// What happened to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields carry the names of the types")]
pub enum LedgerEvent {
    /// An attempt may spend so much; it counts on this day since 1970.
    FundsReserved {
        attempt: AttemptId,
        amount: Amount,
        day: i64,
    },
    /// An attempt ended and has spent so much.
    FundsSettled { attempt: AttemptId, spent: Amount },
}

impl LedgerEvent {
    /// The event's name as it stands in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FundsReserved { .. } => "funds_reserved",
            Self::FundsSettled { .. } => "funds_settled",
        }
    }
}

/// Which budget of a project does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FundsShort {
    /// What it is short of.
    pub resource: Resource,
    /// The limit.
    pub limit: u64,
    /// What is spent of it.
    pub spent: u64,
    /// What attempts at work hold of it.
    pub reserved: u64,
    /// When a new day begins, if it is the day's budget.
    pub until: Option<Timestamp>,
}

impl fmt::Display for FundsShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.until {
            Some(_) => "the project's budget for today",
            None => "the budget of the project",
        };
        let show = |amount| self.resource.show(amount);
        let (limit, spent, reserved) = (show(self.limit), show(self.spent), show(self.reserved));
        write!(
            f,
            "{of} does not reach: {spent} of {limit} are spent and {reserved} are reserved"
        )?;
        match self.until {
            Some(_) => {
                f.write_str("; it goes on tomorrow, or when others end, or with a higher limit in the configuration")
            }
            None => f.write_str("; it goes on when others end, or with a higher limit in the configuration"),
        }
    }
}

impl Ledger {
    /// Reserves for an attempt, if every limit has that much left; none if it was done before.
    pub fn reserve(
        &self,
        attempt: AttemptId,
        amount: Amount,
        limits: &ProjectLimits,
        now: Timestamp,
    ) -> Result<Option<LedgerEvent>, FundsShort> {
        if self.held.contains_key(&attempt) {
            return Ok(None);
        }
        let day = now.0.div_euclid(DAY);
        let today = self.held.values().filter(|held| held.day == day);
        let levels = [
            (limits.project, self.spent, total(self.held.values()), None),
            (
                limits.day,
                self.days.get(&day).copied().unwrap_or_default(),
                total(today),
                Some(Timestamp((day + 1) * DAY)),
            ),
        ];
        for resource in Resource::ALL {
            for (budget, spent, held, until) in &levels {
                let Some(limit) = budget.of(resource) else { continue };
                let (spent, reserved) = (spent.of(resource), held.of(resource));
                let gone = spent.saturating_add(reserved);
                if gone.saturating_add(amount.of(resource)) > limit || gone >= limit {
                    return Err(FundsShort {
                        resource,
                        limit,
                        spent,
                        reserved,
                        until: *until,
                    });
                }
            }
        }
        Ok(Some(LedgerEvent::FundsReserved { attempt, amount, day }))
    }

    /// Gives back what an attempt has not spent; none if nothing is held for it.
    pub fn settle(&self, attempt: AttemptId, spent: Amount) -> Option<LedgerEvent> {
        let held = self.held.contains_key(&attempt);
        held.then_some(LedgerEvent::FundsSettled { attempt, spent })
    }

    /// Changes the ledger by an event.
    pub fn apply(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::FundsReserved { attempt, amount, day } => {
                let held = Held {
                    amount: *amount,
                    day: *day,
                };
                self.held.insert(*attempt, held);
            }
            LedgerEvent::FundsSettled { attempt, spent } => {
                let Some(held) = self.held.remove(attempt) else { return };
                self.spent = self.spent.plus(*spent);
                let day = self.days.entry(held.day).or_default();
                *day = day.plus(*spent);
                while self.days.len() > DAYS {
                    self.days.pop_first();
                }
            }
        }
    }

    /// The attempts that something is held for.
    pub fn held(&self) -> impl Iterator<Item = AttemptId> {
        self.held.keys().copied()
    }

    /// What is spent and held together, in all.
    pub fn gone(&self) -> Amount {
        self.spent.plus(total(self.held.values()))
    }
}

fn total<'a>(held: impl Iterator<Item = &'a Held>) -> Amount {
    held.map(|held| held.amount).fold(Amount::default(), Amount::plus)
}

/// What an attempt without a limit of its own takes of its project's budgets: a quarter, so that four work at once.
pub fn share(limits: &ProjectLimits, resource: Resource) -> Option<u64> {
    let limits = [limits.project, limits.day].into_iter();
    limits
        .filter_map(|budget| budget.of(resource))
        .min()
        .map(|limit| limit.div_ceil(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SprintId;

    fn attempt(sprint: u64, n: u32) -> AttemptId {
        AttemptId {
            sprint: SprintId(sprint),
            n,
        }
    }

    fn tokens(tokens: u64) -> Amount {
        Amount {
            tokens,
            ..Amount::default()
        }
    }

    fn limits(project: Option<u64>, day: Option<u64>) -> ProjectLimits {
        let budget = |tokens| Budget {
            tokens,
            ..Budget::default()
        };
        ProjectLimits {
            project: budget(project),
            day: budget(day),
        }
    }

    #[test]
    fn sprints_share_what_is_left_and_get_back_what_others_did_not_spend() {
        let (mut ledger, limits, now) = (Ledger::default(), limits(Some(250), None), Timestamp(0));
        for n in 1..=2_u32 {
            let event = ledger.reserve(attempt(u64::from(n), 1), tokens(100), &limits, now);
            ledger.apply(&event.unwrap().unwrap());
        }
        assert_eq!(
            ledger.reserve(attempt(1, 1), tokens(100), &limits, now),
            Ok(None),
            "it has it"
        );
        let short = ledger.reserve(attempt(3, 1), tokens(100), &limits, now).unwrap_err();
        assert_eq!((short.spent, short.reserved, short.until), (0, 200, None));
        ledger.apply(&ledger.settle(attempt(2, 1), tokens(40)).unwrap());
        assert_eq!(ledger.settle(attempt(2, 1), tokens(40)), None, "only once");
        assert!(ledger.reserve(attempt(3, 1), tokens(100), &limits, now).is_ok());
        assert_eq!(ledger.gone(), tokens(140));
    }

    #[test]
    fn a_day_has_its_own_budget_and_the_next_one_a_new_one() {
        let (mut ledger, limits, now) = (Ledger::default(), limits(None, Some(100)), Timestamp(DAY / 2));
        let event = ledger
            .reserve(attempt(1, 1), tokens(100), &limits, now)
            .unwrap()
            .unwrap();
        ledger.apply(&event);
        ledger.apply(&ledger.settle(attempt(1, 1), tokens(90)).unwrap());
        let short = ledger.reserve(attempt(1, 2), tokens(20), &limits, now).unwrap_err();
        assert_eq!(short.until, Some(Timestamp(DAY)));
        assert!(
            ledger
                .reserve(attempt(1, 2), tokens(20), &limits, Timestamp(DAY))
                .is_ok()
        );
    }
}
