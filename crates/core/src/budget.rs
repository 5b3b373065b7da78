//! Budgets: how much agents may spend, in tokens, money and time of work.
//!
//! Nothing is limited unless somebody sets a limit. Amounts are whole numbers, so that what was reserved, spent and is
//! left always adds up.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::TaskId;
use crate::time::millis;
use crate::trace::Usage;

/// What can be limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Tokens, read and written.
    Tokens,
    /// Money, in millionths of a US dollar.
    Cost,
    /// Time of agents at work, in milliseconds.
    Time,
}

impl Resource {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Tokens, Self::Cost, Self::Time];

    /// Its name in the configuration and on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Time => "time",
        }
    }

    /// An amount of it, for people.
    pub fn show(self, amount: u64) -> String {
        match self {
            Self::Tokens => format!("{amount} tokens"),
            Self::Cost => {
                let cents = amount.div_ceil(10_000);
                format!("{}.{:02} USD", cents / 100, cents % 100)
            }
            Self::Time if amount < 120_000 => format!("{} s", amount / 1_000),
            Self::Time => format!("{} min", amount / 60_000),
        }
    }
}

/// The most that anybody can mean, in US dollars.
pub const MOST_DOLLARS: f64 = 1_000_000_000.0;

/// US dollars as millionths; none for what is no amount of money. What is too large saturates.
pub fn micros(dollars: f64) -> Option<u64> {
    let micros = (dollars * 1e6).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not negative, and a cast of a number that is too large saturates"
    )]
    (micros.is_finite() && micros >= 0.0).then_some(micros as u64)
}

/// How much may be spent; what is left out is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Tokens, read and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// Milliseconds of agents at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
}

impl Budget {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// The limit of one resource.
    pub fn of(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Tokens => self.tokens,
            Resource::Cost => self.cost_micros,
            Resource::Time => self.time_ms,
        }
    }

    pub(crate) fn set(&mut self, resource: Resource, limit: Option<u64>) {
        match resource {
            Resource::Tokens => self.tokens = limit,
            Resource::Cost => self.cost_micros = limit,
            Resource::Time => self.time_ms = limit,
        }
    }

    /// The first resource of which more was spent than this, if there is one.
    pub fn crossed(&self, spent: &Amount) -> Option<Resource> {
        let crossed = |resource: &Resource| self.of(*resource).is_some_and(|limit| spent.of(*resource) >= limit);
        Resource::ALL.into_iter().find(crossed)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = Resource::ALL
            .into_iter()
            .filter_map(|resource| Some(resource.show(self.of(resource)?)));
        let limits: Vec<String> = limits.collect();
        match limits.is_empty() {
            true => f.write_str("no limit"),
            false => f.write_str(&limits.join(", ")),
        }
    }
}

/// How much was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Amount {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
    /// Milliseconds of agents at work.
    pub time_ms: u64,
}

impl Amount {
    /// What an agent used in this time.
    pub fn new(usage: &Usage, time: Duration) -> Self {
        Self {
            tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            cost_micros: usage.cost_micros,
            time_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// How much of one resource.
    pub fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Tokens => self.tokens,
            Resource::Cost => self.cost_micros,
            Resource::Time => self.time_ms,
        }
    }

    pub(crate) fn set(&mut self, resource: Resource, amount: u64) {
        match resource {
            Resource::Tokens => self.tokens = amount,
            Resource::Cost => self.cost_micros = amount,
            Resource::Time => self.time_ms = amount,
        }
    }

    /// The larger of both, resource by resource.
    #[must_use]
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.max(other.tokens),
            cost_micros: self.cost_micros.max(other.cost_micros),
            time_ms: self.time_ms.max(other.time_ms),
        }
    }

    /// What is left when another is taken away.
    #[must_use]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            cost_micros: self.cost_micros.saturating_sub(other.cost_micros),
            time_ms: self.time_ms.saturating_sub(other.time_ms),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost_micros: self.cost_micros.saturating_add(other.cost_micros),
            time_ms: self.time_ms.saturating_add(other.time_ms),
        }
    }
}

/// The limits that the sprints of a team are run by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetLimits {
    /// The most that one attempt may spend.
    pub attempt: Budget,
    /// The most that a task and all below it may spend, unless somebody says otherwise for the task.
    pub task: Budget,
    /// The most that a sprint may spend, unless somebody says otherwise for the sprint.
    pub sprint: Budget,
    /// How long an agent may take to conclude when its attempt has spent what was reserved for it.
    #[serde(with = "millis")]
    pub allowance: Duration,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self {
            attempt: Budget::default(),
            task: Budget::default(),
            sprint: Budget::default(),
            allowance: Duration::from_secs(120),
        }
    }
}

/// Whose budget it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "level", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields carry the names of the types")]
pub enum BudgetOf {
    /// A task's, for itself and all below it.
    Task { task: TaskId },
    /// The sprint's.
    Sprint,
}

impl fmt::Display for BudgetOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { task } => write!(f, "task {task}"),
            Self::Sprint => f.write_str("the sprint"),
        }
    }
}

/// A budget that does not reach for what is wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetShort {
    /// Whose budget it is.
    pub of: BudgetOf,
    /// What it is short of.
    pub resource: Resource,
    /// The limit.
    pub limit: u64,
    /// What attempts that ended have spent of it.
    pub spent: u64,
    /// What attempts that are queued or at work hold of it.
    pub reserved: u64,
}

impl fmt::Display for BudgetShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |amount| self.resource.show(amount);
        let (of, limit, spent) = (self.of, show(self.limit), show(self.spent));
        match self.reserved {
            0 => write!(
                f,
                "the budget of {of} is used up: {spent} of {limit} are spent; raise it, or cancel the task"
            ),
            reserved => write!(
                f,
                "the budget of {of} is held by other attempts: {spent} of {limit} are spent and {} are reserved; it goes \
                 on as they end, or when the budget is raised",
                show(reserved)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_so_that_nothing_spent_looks_like_nothing() {
        let shown = [
            Resource::Tokens.show(12_000),
            Resource::Cost.show(1),
            Resource::Cost.show(12_345_678),
            Resource::Time.show(90_000),
            Resource::Time.show(7_200_000),
        ];
        assert_eq!(shown, ["12000 tokens", "0.01 USD", "12.35 USD", "90 s", "120 min"]);
    }

    #[test]
    fn a_budget_is_crossed_when_it_is_spent_to_the_last() {
        let budget = Budget {
            tokens: Some(100),
            ..Budget::default()
        };
        let spent = |tokens, cost_micros| Amount {
            tokens,
            cost_micros,
            time_ms: 0,
        };
        assert_eq!(budget.crossed(&spent(99, 1_000_000)), None);
        assert_eq!(budget.crossed(&spent(100, 0)), Some(Resource::Tokens));
        assert_eq!(Budget::default().crossed(&spent(u64::MAX, u64::MAX)), None);
    }
}
