//! How much may be spent, as people write it: tokens, US dollars and durations.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use team6_core::budget::{Budget, BudgetLimits, MOST_DOLLARS, Resource, micros};
use team6_core::ledger::{ProjectLimits, share};

/// Limits of what agents may spend. What is left out is not limited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// Of one attempt.
    #[serde(skip_serializing_if = "Spend::is_unlimited")]
    pub attempt: Spend,
    /// Of a task and all below it.
    #[serde(skip_serializing_if = "Spend::is_unlimited")]
    pub task: Spend,
    /// Of a sprint.
    #[serde(skip_serializing_if = "Spend::is_unlimited")]
    pub sprint: Spend,
    /// Of all sprints of a project.
    #[serde(skip_serializing_if = "Spend::is_unlimited")]
    pub project: Spend,
    /// Of all sprints of a project in a day, by UTC.
    #[serde(skip_serializing_if = "Spend::is_unlimited")]
    pub day: Spend,
    /// How long an agent may take to conclude when what was reserved for its attempt is spent.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub allowance: SignedDuration,
}

/// How much may be spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spend {
    /// Tokens, read and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Time of agents at work.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "jiff::fmt::serde::duration::friendly::compact::optional"
    )]
    pub time: Option<SignedDuration>,
}

impl Default for Budgets {
    fn default() -> Self {
        let allowance = BudgetLimits::default().allowance;
        Self {
            attempt: Spend::default(),
            task: Spend::default(),
            sprint: Spend::default(),
            project: Spend::default(),
            day: Spend::default(),
            allowance: SignedDuration::try_from(allowance).unwrap_or(SignedDuration::MAX),
        }
    }
}

impl Budgets {
    /// The limits of sprints opened under this configuration, or what is wrong with them.
    pub fn limits(&self) -> Result<BudgetLimits, String> {
        let allowance = Duration::try_from(self.allowance)
            .map_err(|_| format!("budgets.allowance is {:#}; give a time, or 0s", self.allowance))?;
        let projects = self.projects()?;
        // What sprints share is reserved attempt by attempt, so each has a limit of what is limited there.
        let own = self.attempt.budget("attempt")?;
        let attempt = Budget {
            tokens: own.tokens.or(share(&projects, Resource::Tokens)),
            cost_micros: own.cost_micros.or(share(&projects, Resource::Cost)),
            time_ms: own.time_ms.or(share(&projects, Resource::Time)),
        };
        Ok(BudgetLimits {
            attempt,
            task: self.task.budget("task")?,
            sprint: self.sprint.budget("sprint")?,
            allowance,
        })
    }

    /// What the sprints of a project may spend together, or what is wrong with it.
    pub fn projects(&self) -> Result<ProjectLimits, String> {
        Ok(ProjectLimits {
            project: self.project.budget("project")?,
            day: self.day.budget("day")?,
        })
    }
}

impl Spend {
    fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    fn budget(&self, name: &str) -> Result<Budget, String> {
        let nothing = |key: &str, value: String| {
            Err(format!(
                "budgets.{name}.{key} is {value}; give more than nothing, or leave it out for no limit"
            ))
        };
        let cost_micros = match self.cost {
            Some(cost) if !(cost > 0.0 && cost <= MOST_DOLLARS) => return nothing("cost", cost.to_string()),
            cost => cost.and_then(micros),
        };
        let time_ms = match self.time {
            Some(time) => match Duration::try_from(time) {
                Ok(span) if !span.is_zero() => Some(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
                _ => return nothing("time", format!("{time:#}")),
            },
            None => None,
        };
        if self.tokens == Some(0) {
            return nothing("tokens", "0".into());
        }
        Ok(Budget {
            tokens: self.tokens,
            cost_micros,
            time_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_in_dollars_and_durations() {
        let spend = Spend {
            tokens: Some(2_000_000),
            cost: Some(2.5),
            time: Some(SignedDuration::from_mins(90)),
        };
        let budgets = Budgets {
            task: spend,
            ..Budgets::default()
        };
        let limits = budgets.limits().unwrap();
        assert_eq!(limits.task.to_string(), "2000000 tokens, 2.50 USD, 90 min");
        assert!(limits.attempt.is_unlimited() && limits.sprint.is_unlimited());
    }

    #[test]
    fn a_limit_of_nothing_is_not_meant() {
        let budgets = Budgets {
            attempt: Spend {
                cost: Some(0.0),
                ..Spend::default()
            },
            ..Budgets::default()
        };
        assert_eq!(
            budgets.limits().unwrap_err(),
            "budgets.attempt.cost is 0; give more than nothing, or leave it out for no limit"
        );
    }
}
