//! What tokens cost, for agents that report no cost themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use team6_agent::profile::AgentProfile;
use team6_core::trace::Usage;

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens that it reads.
    pub input: f64,
    /// Tokens that it writes.
    pub output: f64,
}

/// Prices by the name of a model or of an agent.
pub type Prices = BTreeMap<String, Price>;

/// The price for an agent: that of its model, or else its own, or that of the agent that it extends.
pub(crate) fn of(prices: &Prices, profile: &AgentProfile) -> Option<Price> {
    let names = profile.model.iter().map(String::as_str);
    let mut names = names.chain([profile.id.as_str(), profile.family().as_str()]);
    names.find_map(|name| prices.get(name)).copied()
}

impl Price {
    /// Whether it can be meant.
    pub fn is_sensible(&self) -> bool {
        [self.input, self.output]
            .iter()
            .all(|dollars| dollars.is_finite() && (0.0..=1_000_000.0).contains(dollars))
    }

    /// The usage with its cost. An agent that reports a cost knows better.
    pub(crate) fn priced(self, usage: Usage) -> Usage {
        if usage.cost_micros > 0 {
            return usage;
        }
        // A dollar for a million tokens is a millionth of a dollar for one.
        Usage {
            cost_micros: cost(usage.input_tokens, self.input).saturating_add(cost(usage.output_tokens, self.output)),
            ..usage
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "prices are not negative, a cast of a number that is too large saturates, and nobody pays for the rounding"
)]
fn cost(tokens: u64, dollars: f64) -> u64 {
    (tokens as f64 * dollars).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(input_tokens: u64, output_tokens: u64, cost_micros: u64) -> Usage {
        Usage {
            input_tokens,
            output_tokens,
            cost_micros,
        }
    }

    #[test]
    fn tokens_have_the_price_of_the_list_unless_the_agent_knows_what_they_cost() {
        let price = Price {
            input: 3.0,
            output: 15.0,
        };
        assert_eq!(price.priced(used(1_000_000, 100_000, 0)).cost_micros, 4_500_000);
        assert_eq!(price.priced(used(1_000_000, 100_000, 7)).cost_micros, 7);
        assert_eq!(price.priced(used(0, 0, 0)).cost_micros, 0);
    }

    #[test]
    fn the_price_of_a_model_goes_before_that_of_its_agent() {
        let program = team6_agent::profile::CommandLine {
            program: "agent".into(),
            args: Vec::new(),
        };
        let mut profile = AgentProfile::of_command("coder".parse().unwrap(), program);
        profile.extends = Some("codex".parse().unwrap());
        let price = |input| Price { input, output: 0.0 };
        let mut prices = Prices::from([("codex".to_owned(), price(1.0))]);
        assert_eq!(of(&prices, &profile), Some(price(1.0)));
        prices.insert("coder".into(), price(2.0));
        prices.insert("large".into(), price(3.0));
        assert_eq!(of(&prices, &profile), Some(price(2.0)));
        profile.model = Some("large".into());
        assert_eq!(of(&prices, &profile), Some(price(3.0)));
    }
}
