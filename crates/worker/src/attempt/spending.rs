//! What an attempt spends, held against what was reserved for it.
//!
//! An agent that has spent it is asked to conclude, and ended when it does not: its work is kept, and its owner decides.
//! When somebody raises the budget meanwhile, it is told that it may go on.

use std::time::Duration;

use team6_core::budget::{Amount, Budget, Resource};
use team6_core::failure::{Failure, FailureKind};
use team6_core::trace::Usage;
use tokio::time::Instant;

/// The account of one attempt.
#[derive(Debug)]
pub(super) struct Spending {
    began: Instant,
    /// How long the agent may take to conclude.
    allowance: Duration,
    /// Of what everything that was reserved is spent, and until when the agent may conclude.
    asked: Option<(Resource, Instant)>,
}

impl Spending {
    pub(super) fn new(began: Instant, allowance: Duration) -> Self {
        Self {
            began,
            // A little less than the lease has, so that the work is brought out before that ends.
            allowance: allowance - allowance / 10,
            asked: None,
        }
    }

    /// Until when the agent may conclude, if it was asked to.
    pub(super) fn until(&self) -> Option<Instant> {
        self.asked.map(|(_, until)| until)
    }

    /// When time is spent that is still left, if it is limited.
    pub(super) fn time_is_spent(&self, reserved: &Budget) -> Option<Instant> {
        let time = reserved.time_ms.filter(|_| self.asked.is_none())?;
        // What is further away than a year does not come.
        Some(self.began + Duration::from_millis(time.min(365 * 24 * 3_600_000)))
    }

    /// Whether the agent has to be asked to conclude now; it is asked once.
    pub(super) fn crosses(&mut self, reserved: &Budget, usage: &Usage) -> bool {
        if self.asked.is_some() {
            return false;
        }
        let spent = Amount::new(usage, self.began.elapsed());
        let crossed = reserved.crossed(&spent);
        self.asked = crossed.map(|resource| (resource, Instant::now() + self.allowance));
        self.asked.is_some()
    }

    /// Whether an agent that was asked to conclude may go on, because more is reserved for it now; it is told once.
    pub(super) fn is_lifted(&mut self, reserved: &Budget, usage: &Usage) -> bool {
        let spent = Amount::new(usage, self.began.elapsed());
        self.asked.take_if(|_| reserved.crossed(&spent).is_none()).is_some()
    }

    /// What the agent is told.
    pub(super) fn asks(&self, reserved: &Budget) -> String {
        if self.asked.is_none() {
            return format!(
                "Your budget was raised: {reserved} are reserved for this attempt in all. You need not conclude any more; go \
                 on where you were, until the task is done as it was asked for.\n"
            );
        }
        format!(
            "Your attempt has spent what was reserved for it ({reserved}). Conclude now: commit what you have, and call \
             `complete_task` if the task is done as it was asked for. Begin nothing new. You will be ended in about {} \
             seconds; what is committed is kept, and your owner decides how it goes on.\n",
            self.allowance.as_secs()
        )
    }

    /// How it ends if the agent did not conclude.
    pub(super) fn failure(&self, reserved: &Budget, usage: &Usage) -> Option<Failure> {
        let (resource, _) = self.asked?;
        let spent = Amount::new(usage, self.began.elapsed()).of(resource);
        let limit = reserved.of(resource).unwrap_or(spent);
        let text = format!(
            "it spent {} of the {} that were reserved for it; what it made is kept on its branch. Retry it, after raising \
             the budget if that is used up, or finish the work by hand",
            resource.show(spent),
            resource.show(limit)
        );
        Some(Failure {
            kind: FailureKind::OverBudget,
            text,
            until: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_agent_is_asked_once_and_what_it_spent_is_said() {
        let mut spending = Spending::new(Instant::now(), Duration::from_secs(100));
        let reserved = Budget {
            tokens: Some(100),
            ..Budget::default()
        };
        let used = |tokens| Usage {
            input_tokens: tokens,
            ..Usage::default()
        };
        assert!(!spending.crosses(&reserved, &used(99)));
        assert_eq!(spending.failure(&reserved, &used(99)), None);
        assert!(spending.crosses(&reserved, &used(101)));
        assert!(!spending.crosses(&reserved, &used(200)));
        assert_eq!(spending.until(), Some(Instant::now() + Duration::from_secs(90)));
        let failure = spending.failure(&reserved, &used(130)).unwrap();
        assert_eq!(failure.kind, FailureKind::OverBudget);
        assert!(
            failure.text.starts_with("it spent 130 tokens of the 100 tokens"),
            "{}",
            failure.text
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_whose_budget_is_raised_while_it_concludes_may_go_on_until_that_is_spent() {
        let mut spending = Spending::new(Instant::now(), Duration::from_secs(100));
        let budget = |tokens| Budget {
            tokens: Some(tokens),
            ..Budget::default()
        };
        let used = |tokens| Usage {
            input_tokens: tokens,
            ..Usage::default()
        };
        assert!(
            !spending.is_lifted(&budget(300), &used(90)),
            "nobody asked it to conclude"
        );
        assert!(spending.crosses(&budget(100), &used(101)));
        assert!(spending.asks(&budget(100)).contains("Conclude now"));
        assert!(!spending.is_lifted(&budget(101), &used(110)), "that is spent too");
        assert!(spending.is_lifted(&budget(300), &used(110)));
        assert!(!spending.is_lifted(&budget(300), &used(110)), "it is told once");
        assert!(spending.asks(&budget(300)).contains("go on where you were"));
        assert_eq!(spending.until(), None);
        assert!(spending.crosses(&budget(300), &used(300)), "and it is asked again");
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_spent_without_any_report() {
        let mut spending = Spending::new(Instant::now(), Duration::from_secs(100));
        let reserved = Budget {
            time_ms: Some(60_000),
            ..Budget::default()
        };
        let spent = spending.time_is_spent(&reserved).unwrap();
        assert!(!spending.crosses(&reserved, &Usage::default()));
        tokio::time::advance(spent - Instant::now()).await;
        assert!(spending.crosses(&reserved, &Usage::default()));
        assert_eq!(spending.time_is_spent(&reserved), None);
    }
}
