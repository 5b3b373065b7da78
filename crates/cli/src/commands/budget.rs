//! `team6 task budget`, `team6 sprint budget` and `team6 project budget`: what may be spent, what is, and how to change it.

use clap::Args;
use jiff::SignedDuration;
use team6_core::budget::{Budget, MOST_DOLLARS, Resource, micros};
use team6_server::api::types::Spending;

use crate::output::Page;

/// Limits that are given; what is left out stays as it is, and none at all shows what there is.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct BudgetArguments {
    /// The most tokens, read and written; `none` for no limit.
    #[arg(long, value_name = "N|none", value_parser = tokens)]
    tokens: Option<Limit>,
    /// The most US dollars, such as 2.50; `none` for no limit.
    #[arg(long, value_name = "USD|none", value_parser = dollars)]
    cost: Option<Limit>,
    /// The most time of agents at work, such as 90m or 4h; `none` for no limit.
    #[arg(long, value_name = "TIME|none", value_parser = time)]
    time: Option<Limit>,
}

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit(Option<u64>);

impl BudgetArguments {
    /// The budget after the change; none if nothing is to be changed.
    pub(crate) fn over(&self, budget: Budget) -> Option<Budget> {
        if self.tokens.is_none() && self.cost.is_none() && self.time.is_none() {
            return None;
        }
        let new = |given: Option<Limit>, before| given.map_or(before, |limit| limit.0);
        Some(Budget {
            tokens: new(self.tokens, budget.tokens),
            cost_micros: new(self.cost, budget.cost_micros),
            time_ms: new(self.time, budget.time_ms),
        })
    }
}

fn limit(text: &str, parse: impl Fn(&str) -> Option<u64>, what: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => parse(text)
            .map(|limit| Limit(Some(limit)))
            .ok_or_else(|| what.to_owned()),
    }
}

fn tokens(text: &str) -> Result<Limit, String> {
    let parse = |text: &str| text.replace('_', "").parse().ok();
    limit(text, parse, "give a number of tokens, or none")
}

fn dollars(text: &str) -> Result<Limit, String> {
    let parse = |text: &str| {
        let dollars: f64 = text.trim_start_matches('$').parse().ok()?;
        micros(dollars).filter(|_| dollars <= MOST_DOLLARS)
    };
    limit(text, parse, "give US dollars such as 2.50, or none")
}

fn time(text: &str) -> Result<Limit, String> {
    let parse = |text: &str| {
        let time: SignedDuration = text.parse().ok()?;
        u64::try_from(time.as_millis()).ok()
    };
    limit(text, parse, "give a time such as 90m or 4h, or none")
}

/// What is spent and reserved of each limit; without limits, what was spent, if anything was.
pub(crate) fn shown(spending: &Spending) -> Vec<String> {
    let line = |resource: Resource| {
        let (spent, reserved) = (spending.spent.of(resource), spending.reserved.of(resource));
        let limit = spending.budget.of(resource)?;
        let reserved = match reserved {
            0 => String::new(),
            reserved => format!(", {} reserved", resource.show(reserved)),
        };
        Some(format!(
            "{} of {} spent{reserved}",
            resource.show(spent),
            resource.show(limit)
        ))
    };
    Resource::ALL.into_iter().filter_map(line).collect()
}

/// The page of a budget.
pub(crate) fn page(of: &str, spending: &Spending, page: &mut Page) {
    page.heading(of);
    page.field("limit", spending.budget);
    let amounts = |amount: team6_core::budget::Amount| {
        let each = Resource::ALL.map(|resource| resource.show(amount.of(resource)));
        each.join(", ")
    };
    page.field("spent", amounts(spending.spent));
    page.field("reserved", amounts(spending.reserved));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let before = Budget {
            tokens: Some(5),
            time_ms: Some(1),
            ..Budget::default()
        };
        assert_eq!(BudgetArguments::default().over(before), None);
        let given = BudgetArguments {
            tokens: Some(tokens("none").unwrap()),
            cost: Some(dollars("2.50").unwrap()),
            time: None,
        };
        assert_eq!(given.over(before).unwrap().to_string(), "2.50 USD, 0 s");
        assert_eq!(time("90m"), Ok(Limit(Some(5_400_000))));
        assert_eq!(tokens("1_000_000"), Ok(Limit(Some(1_000_000))));
        assert!(dollars("-1").is_err() && time("soon").is_err() && tokens("many").is_err());
    }
}
