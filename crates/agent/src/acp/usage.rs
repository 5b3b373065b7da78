//! What a session has used, from reports that mean different things in different agents.
//!
//! Two kinds of report come: `usage_update`, with the cost of the whole session, and the answer to a prompt, with
//! tokens whose meaning only the agent's profile knows. A session that was resumed goes on counting where its agent
//! does, so only what was added since is of this process.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::budget::micros;
use team6_core::trace::Usage;

/// What the tokens in the answer to a prompt count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageMeaning {
    /// All model calls of the turn.
    #[default]
    Turn,
    /// The last model call of the turn only; what the others used is not told.
    LastCall,
    /// All turns of the session so far.
    Session,
}

/// What the cost in a `usage_update` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostMeaning {
    /// The whole session, also what earlier processes spent on it, as the protocol has it.
    #[default]
    Session,
    /// What this process spent.
    Process,
}

/// Keeps the account of one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    meaning: UsageMeaning,
    cost: CostMeaning,
    /// Of all turns that have ended, by what their answers told.
    told: Usage,
    /// Cost of the whole session when it was opened, where that was told, in millionths of a US dollar.
    cost_before: Option<u64>,
    cost_now: u64,
    /// Whether the session was used before this process: its first cumulative figures are not ours.
    resumed: bool,
    session_before: Option<Usage>,
}

impl Account {
    pub(super) fn new(meaning: UsageMeaning, cost: CostMeaning, resumed: bool) -> Self {
        Self {
            meaning,
            cost,
            resumed,
            ..Self::default()
        }
    }

    /// What was used since the session was opened here.
    pub(super) fn so_far(&self) -> Usage {
        let before = self.cost_before.unwrap_or(0);
        Usage {
            cost_micros: self.cost_now.saturating_sub(before),
            ..self.told
        }
    }

    /// Takes a `usage_update`. The answer says what is new in it, if anything.
    pub(super) fn update(&mut self, update: &Value) -> Option<Usage> {
        let cost = cost_micros(update.get("cost")?)?;
        if self.cost_before.is_none() {
            // A session used before tells the cost of then first; it may already hold some of now, which is lost.
            let shared = self.resumed && self.cost == CostMeaning::Session;
            self.cost_before = Some(if shared { cost } else { 0 });
        }
        self.changed(|account| account.cost_now = account.cost_now.max(cost))
    }

    /// Takes the answer to a prompt. The answer says what is new in it, if anything.
    pub(super) fn turn_ended(&mut self, result: &Value) -> Option<Usage> {
        let tokens = tokens(result.get("usage")?)?;
        self.changed(|account| match account.meaning {
            UsageMeaning::Turn | UsageMeaning::LastCall => {
                account.told.input_tokens = account.told.input_tokens.saturating_add(tokens.input_tokens);
                account.told.output_tokens = account.told.output_tokens.saturating_add(tokens.output_tokens);
            }
            UsageMeaning::Session => {
                let resumed = account.resumed;
                let before = *account
                    .session_before
                    .get_or_insert_with(|| if resumed { tokens } else { Usage::default() });
                let since = |now: u64, then: u64| now.saturating_sub(then);
                let told = &mut account.told;
                told.input_tokens = told.input_tokens.max(since(tokens.input_tokens, before.input_tokens));
                told.output_tokens = told
                    .output_tokens
                    .max(since(tokens.output_tokens, before.output_tokens));
            }
        })
    }

    fn changed(&mut self, change: impl FnOnce(&mut Self)) -> Option<Usage> {
        let before = self.so_far();
        change(self);
        let after = self.so_far();
        (after != before).then_some(after)
    }
}

/// A cost in US dollars as millionths; other currencies and units cannot be added up.
fn cost_micros(cost: &Value) -> Option<u64> {
    let amount = cost.get("amount")?.as_f64()?;
    let dollars = cost.get("currency")?.as_str()?.eq_ignore_ascii_case("usd");
    dollars.then(|| micros(amount)).flatten()
}

/// The tokens of an answer; what was read from or written to a cache counts as read.
fn tokens(usage: &Value) -> Option<Usage> {
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let (input, output) = (count("inputTokens"), count("outputTokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let cached = ["cachedReadTokens", "cachedWriteTokens"].map(|name| count(name).unwrap_or(0));
    Some(Usage {
        input_tokens: cached.into_iter().fold(input.unwrap_or(0), u64::saturating_add),
        output_tokens: output.unwrap_or(0),
        cost_micros: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(input: u64, output: u64) -> Value {
        json!({ "stopReason": "end_turn", "usage": { "totalTokens": 0, "inputTokens": input, "outputTokens": output } })
    }

    fn spent(dollars: f64) -> Value {
        json!({ "used": 1, "size": 2, "cost": { "amount": dollars, "currency": "USD" } })
    }

    fn used(input_tokens: u64, output_tokens: u64, cost_micros: u64) -> Usage {
        Usage {
            input_tokens,
            output_tokens,
            cost_micros,
        }
    }

    #[test]
    fn tokens_of_turns_and_of_last_calls_add_up() {
        for meaning in [UsageMeaning::Turn, UsageMeaning::LastCall] {
            let mut account = Account::new(meaning, CostMeaning::Session, false);
            assert_eq!(account.turn_ended(&answer(100, 10)), Some(used(100, 10, 0)));
            assert_eq!(account.turn_ended(&answer(50, 5)), Some(used(150, 15, 0)));
        }
    }

    #[test]
    fn tokens_of_the_whole_session_are_taken_as_they_are() {
        let mut account = Account::new(UsageMeaning::Session, CostMeaning::Session, false);
        account.turn_ended(&answer(100, 10));
        assert_eq!(account.turn_ended(&answer(150, 15)), Some(used(150, 15, 0)));
        assert_eq!(account.turn_ended(&answer(150, 15)), None);
    }

    #[test]
    fn what_a_resumed_session_used_before_is_not_counted_again() {
        let mut account = Account::new(UsageMeaning::Session, CostMeaning::Session, true);
        account.turn_ended(&answer(1000, 100));
        assert_eq!(account.update(&spent(2.0)), None);
        account.update(&spent(2.25));
        assert_eq!(account.turn_ended(&answer(1200, 130)), Some(used(200, 30, 250_000)));
    }

    #[test]
    fn an_agent_that_counts_its_cost_anew_in_each_process_is_believed() {
        let mut account = Account::new(UsageMeaning::Turn, CostMeaning::Process, true);
        assert_eq!(account.update(&spent(0.05)), Some(used(0, 0, 50_000)));
        account.turn_ended(&answer(10, 1));
        assert_eq!(account.update(&spent(0.07)), Some(used(10, 1, 70_000)));
    }

    #[test]
    fn cost_is_that_of_the_session_and_never_falls() {
        let mut account = Account::new(UsageMeaning::Turn, CostMeaning::Session, false);
        assert_eq!(account.update(&spent(0.05)), Some(used(0, 0, 50_000)));
        assert_eq!(account.update(&spent(0.04)), None);
        account.turn_ended(&answer(1, 2));
        assert_eq!(account.so_far(), used(1, 2, 50_000));
    }

    #[test]
    fn cached_tokens_were_read_too() {
        let usage = json!({ "usage": { "inputTokens": 5, "outputTokens": 1, "cachedReadTokens": 70, "cachedWriteTokens": 25 } });
        assert_eq!(Account::default().turn_ended(&usage), Some(used(100, 1, 0)));
    }

    #[test]
    fn reports_that_say_nothing_change_nothing() {
        let mut account = Account::default();
        for odd in [
            json!(null),
            json!({ "usage": null }),
            json!({ "usage": { "inputTokens": "many" } }),
            json!({ "cost": { "amount": -1, "currency": "USD" } }),
            json!({ "cost": { "amount": 1, "currency": "credits" } }),
        ] {
            assert_eq!((account.update(&odd), account.turn_ended(&odd)), (None, None), "{odd}");
        }
    }
}
