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

/// For how many days before the newest one it is known what each attempt that ended has spent: some tell late.
const LATE: i64 = 2;

/// The least part of what an attempt wants with which it is worth beginning: a tenth.
const LEAST: u64 = 10;

/// How much the sprints of a project may spend together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectLimits {
    /// In all, from the time when a limit was first set.
    pub project: Budget,
    /// From midnight to midnight, UTC.
    pub day: Budget,
}

/// What a budget of a project is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetSpan {
    /// All that its sprints ever spend.
    Project,
    /// What they spend in a day, by UTC.
    Day,
}

/// The budgets of a project that somebody set. Of the others the configuration says how large they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ProjectBudgets {
    /// Of all that its sprints spend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Budget>,
    /// Of what they spend in a day, by UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Budget>,
}

impl ProjectBudgets {
    /// Whether nobody set any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Notes what somebody set.
    pub(crate) fn set(&mut self, span: BudgetSpan, budget: Budget) {
        match span {
            BudgetSpan::Project => self.project = Some(budget),
            BudgetSpan::Day => self.day = Some(budget),
        }
    }

    /// The limits that hold where these are configured.
    #[must_use]
    pub fn over(&self, configured: &ProjectLimits) -> ProjectLimits {
        ProjectLimits {
            project: self.project.unwrap_or(configured.project),
            day: self.day.unwrap_or(configured.day),
        }
    }
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
    /// What attempts that ended lately had spent, as far as it is known.
    #[serde(default)]
    settled: BTreeMap<AttemptId, Held>,
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
    /// What may be spent by an attempt at work is another amount now.
    FundsHeld { attempt: AttemptId, amount: Amount },
    /// An attempt ended and has spent so much, or told afterwards that it had.
    FundsSettled { attempt: AttemptId, spent: Amount },
}

impl LedgerEvent {
    /// The event's name as it stands in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FundsReserved { .. } => "funds_reserved",
            Self::FundsHeld { .. } => "funds_held",
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
        let (of, wait, day) = match self.until {
            Some(_) => ("the project's budget for today", "tomorrow, or ", " --day"),
            None => ("the budget of the project", "", ""),
        };
        let show = |amount| self.resource.show(amount);
        let (limit, spent) = (show(self.limit), show(self.spent));
        if self.reserved == 0 {
            let resource = self.resource.key();
            return write!(
                f,
                "{of} is used up: {spent} of {limit} are spent; it goes on {wait}when somebody raises it with \
                 `team6 project budget PROJECT{day} --{resource} LIMIT`"
            );
        }
        write!(
            f,
            "{of} does not reach: {spent} of {limit} are spent and {} are reserved; it goes on {wait}when others end",
            show(self.reserved)
        )
    }
}

impl Ledger {
    /// Reserves for an attempt what it wants, if every limit has that much left; none if it was done before.
    ///
    /// When nobody else holds anything, what is left of a limit is for whoever comes, if that is a tenth of what is wanted:
    /// nothing will ever come back.
    pub fn reserve(
        &self,
        attempt: AttemptId,
        wanted: Amount,
        limits: &ProjectLimits,
        now: Timestamp,
    ) -> Result<Option<LedgerEvent>, FundsShort> {
        if self.held.contains_key(&attempt) {
            return Ok(None);
        }
        let day = now.0.div_euclid(DAY);
        let mut amount = wanted;
        let mut shorts: Vec<FundsShort> = Vec::new();
        for resource in Resource::ALL {
            let levels = self.levels(resource, limits, day, None);
            let most = levels.iter().map(|level| level.limit).min();
            let wanted = most.map_or(wanted.of(resource), |most| most.min(wanted.of(resource)));
            let least = |level: &FundsShort| match level.reserved {
                0 => wanted.div_ceil(LEAST).max(1),
                _ => wanted.max(1),
            };
            let left = levels.iter().map(FundsShort::left).min().unwrap_or(wanted);
            amount.set(resource, left.min(wanted));
            shorts.extend(levels.into_iter().filter(|level| level.left() < least(level)));
        }
        // What does not come back by itself is said first, and of that what no day brings.
        match shorts
            .into_iter()
            .min_by_key(|short| (short.reserved > 0, short.until.is_some()))
        {
            Some(short) => Err(short),
            None => Ok(Some(LedgerEvent::FundsReserved { attempt, amount, day })),
        }
    }

    /// Holds another amount for an attempt at work: as much more as there is left, and at least what it has used. None if
    /// nothing is held for it, or just that.
    pub fn hold(
        &self,
        attempt: AttemptId,
        wanted: Amount,
        used: Amount,
        limits: &ProjectLimits,
    ) -> Option<LedgerEvent> {
        let held = self.held.get(&attempt)?;
        let mut amount = wanted;
        for resource in Resource::ALL {
            let levels = self.levels(resource, limits, held.day, Some(attempt));
            let left = levels.iter().map(FundsShort::left).min().unwrap_or(u64::MAX);
            let most = left.max(held.amount.of(resource));
            amount.set(resource, wanted.of(resource).min(most).max(used.of(resource)));
        }
        (amount != held.amount).then_some(LedgerEvent::FundsHeld { attempt, amount })
    }

    /// What is gone of each limit of a resource, but for what one attempt holds.
    fn levels(
        &self,
        resource: Resource,
        limits: &ProjectLimits,
        day: i64,
        except: Option<AttemptId>,
    ) -> Vec<FundsShort> {
        let others = || {
            self.held
                .iter()
                .filter(|(id, _)| Some(**id) != except)
                .map(|(_, held)| held)
        };
        let today = others().filter(|held| held.day == day);
        let spent_today = self.days.get(&day).copied().unwrap_or_default();
        let levels = [
            (limits.project, self.spent, total(others()), None),
            (limits.day, spent_today, total(today), Some(Timestamp((day + 1) * DAY))),
        ];
        let levels = levels.into_iter().filter_map(|(budget, spent, held, until)| {
            Some(FundsShort {
                resource,
                limit: budget.of(resource)?,
                spent: spent.of(resource),
                reserved: held.of(resource),
                until,
            })
        });
        levels.collect()
    }

    /// Gives back what an attempt has not spent, or counts what it told of later; none if that is known.
    pub fn settle(&self, attempt: AttemptId, spent: Amount) -> Option<LedgerEvent> {
        let news = match self.settled.get(&attempt) {
            Some(known) => known.amount.max(spent) != known.amount,
            None => false,
        };
        (news || self.held.contains_key(&attempt)).then_some(LedgerEvent::FundsSettled { attempt, spent })
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
            LedgerEvent::FundsHeld { attempt, amount } => {
                if let Some(held) = self.held.get_mut(attempt) {
                    held.amount = *amount;
                }
            }
            LedgerEvent::FundsSettled { attempt, spent } => self.settled(*attempt, *spent),
        }
    }

    /// Counts what was not counted before, on the day on which it was reserved.
    fn settled(&mut self, attempt: AttemptId, spent: Amount) {
        let known = self.settled.get(&attempt).copied();
        let Some(day) = self.held.remove(&attempt).or(known).map(|held| held.day) else {
            return;
        };
        let before = known.map_or_else(Amount::default, |known| known.amount);
        let amount = before.max(spent);
        let more = amount.minus(before);
        self.spent = self.spent.plus(more);
        let of_day = self.days.entry(day).or_default();
        *of_day = of_day.plus(more);
        while self.days.len() > DAYS {
            self.days.pop_first();
        }
        self.settled.insert(attempt, Held { amount, day });
        let newest = self.days.last_key_value().map_or(day, |(day, _)| *day);
        self.settled.retain(|_, held| held.day + LATE > newest);
    }

    /// The attempts that something is held for.
    pub fn held(&self) -> impl Iterator<Item = AttemptId> {
        self.held.keys().copied()
    }

    /// The attempts that may still tell of more: all that something is held for, and those that ended lately.
    pub fn open(&self) -> impl Iterator<Item = AttemptId> {
        self.held.keys().chain(self.settled.keys()).copied()
    }

    /// What is held for an attempt.
    pub fn held_for(&self, attempt: AttemptId) -> Option<Amount> {
        self.held.get(&attempt).map(|held| held.amount)
    }

    /// What is spent of a budget, and what is held of it besides.
    pub fn tally(&self, span: BudgetSpan, now: Timestamp) -> (Amount, Amount) {
        let day = now.0.div_euclid(DAY);
        match span {
            BudgetSpan::Project => (self.spent, total(self.held.values())),
            BudgetSpan::Day => {
                let today = self.held.values().filter(|held| held.day == day);
                (self.days.get(&day).copied().unwrap_or_default(), total(today))
            }
        }
    }

    /// What is spent and held together, in all.
    pub fn gone(&self) -> Amount {
        self.spent.plus(total(self.held.values()))
    }
}

fn total<'a>(held: impl Iterator<Item = &'a Held>) -> Amount {
    held.map(|held| held.amount).fold(Amount::default(), Amount::plus)
}

impl FundsShort {
    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent).saturating_sub(self.reserved)
    }
}

/// What an attempt with this reservation takes of its project's budgets.
pub fn wanted(reserved: &Budget, limits: &ProjectLimits) -> Amount {
    let mut wanted = Amount::default();
    for resource in Resource::ALL {
        let amount = reserved.of(resource).or_else(|| share(limits, resource));
        wanted.set(resource, amount.unwrap_or(0));
    }
    wanted
}

/// What an attempt may spend of whatever its project limits, when so much is held for it.
pub fn granted(held: Amount, limits: &ProjectLimits) -> Budget {
    let mut granted = Budget::default();
    for resource in Resource::ALL {
        let limited = limits.project.of(resource).or(limits.day.of(resource)).is_some();
        granted.set(resource, limited.then(|| held.of(resource)));
    }
    granted
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
mod tests;
