//! What sprints of one project share of its budgets: reserved when an attempt begins, given back when it has ended.
//!
//! The ledger and the sprint are two streams. The reservation comes before the attempt, and what is given back after it, so a
//! crash between the two leaves at most too much reserved, which the next start gives back.

use team6_core::budget::{Amount, Resource};
use team6_core::ids::{AttemptId, ProjectId, SprintId};
use team6_core::ledger::{FundsShort, ProjectLimits, share};
use team6_core::sprint::{Command, Event, Sprint};

use super::{ENGINE, Engine, EngineError};

impl Engine {
    /// Holds all projects to these limits. Set once, before anything is carried out.
    pub fn limit_projects(&self, limits: ProjectLimits) {
        let _ = self.limits.set(limits);
    }

    fn limits(&self) -> Option<&ProjectLimits> {
        self.limits.get().filter(|limits| !limits.is_unlimited())
    }

    /// Reserves of the project's budgets what an attempt may spend. Whether it is reserved only now, or which of them does
    /// not reach.
    pub async fn reserve_funds(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
    ) -> Result<Result<bool, FundsShort>, EngineError> {
        let Some(limits) = self.limits() else {
            return Ok(Ok(false));
        };
        let reserved = self
            .read(attempt.sprint, |sprint, _| {
                sprint.attempt(attempt.n).map(|a| a.reserved)
            })
            .await?
            .unwrap_or_default();
        let wanted = |resource| reserved.of(resource).or_else(|| share(limits, resource)).unwrap_or(0);
        let amount = Amount {
            tokens: wanted(Resource::Tokens),
            cost_micros: wanted(Resource::Cost),
            time_ms: wanted(Resource::Time),
        };
        self.ledgers.reserve(project, attempt, amount, limits, self.now()).await
    }

    /// Gives back what was reserved for an attempt that did not begin.
    pub async fn release_funds(&self, project: &ProjectId, attempt: AttemptId) -> Result<(), EngineError> {
        self.settle(project, attempt, Amount::default()).await
    }

    /// Gives back what attempts that ended have not spent, also those of an earlier run, and lets sprints go on that
    /// waited for it.
    pub async fn settle_leftovers(&self) -> Result<(), EngineError> {
        for id in self.open_sprints().await? {
            // Whoever waits is told that limits may be others now.
            self.tell_returned(id).await?;
        }
        if self.limits().is_none() {
            return Ok(());
        }
        for project in self.projects().await?.into_keys() {
            for attempt in self.ledgers.read(&project).await?.held() {
                let spent = self.read(attempt.sprint, |sprint, _| ended(sprint, attempt.n)).await?;
                if let Some(spent) = spent {
                    self.settle(&project, attempt, spent).await?;
                }
            }
        }
        Ok(())
    }

    /// After a command: what attempts that ended by it have not spent goes back.
    pub(super) async fn settle_ended(&self, id: SprintId, events: &[Event]) -> Result<(), EngineError> {
        if self.limits().is_none() {
            return Ok(());
        }
        for n in events.iter().filter_map(ends) {
            let look = |sprint: &Sprint, _| (sprint.project.clone(), ended(sprint, n));
            if let (project, Some(spent)) = self.read(id, look).await? {
                self.settle(&project, AttemptId { sprint: id, n }, spent).await?;
            }
        }
        Ok(())
    }

    async fn settle(&self, project: &ProjectId, attempt: AttemptId, spent: Amount) -> Result<(), EngineError> {
        if !self.ledgers.settle(project, attempt, spent, self.now()).await? {
            return Ok(());
        }
        for id in self.open_sprints().await? {
            if self.read(id, |sprint, _| sprint.project == *project).await? {
                self.tell_returned(id).await?;
            }
        }
        Ok(())
    }

    async fn tell_returned(&self, id: SprintId) -> Result<(), EngineError> {
        if self.read(id, |sprint, _| sprint.funds.is_some()).await? {
            // No attempt ends by it, so nothing is to be settled after it.
            self.sprints.execute(id, Command::FundsReturned, ENGINE, None).await?;
            self.set_deadline(id).await?;
        }
        Ok(())
    }
}

/// What an attempt has spent, if it has ended.
fn ended(sprint: &Sprint, n: u32) -> Option<Amount> {
    let attempt = sprint.attempt(n)?;
    let ended = attempt.ended.as_ref()?;
    Some(attempt.used(ended.at))
}

/// The attempt that an event ends.
fn ends(event: &Event) -> Option<u32> {
    match event {
        Event::OwnerAsked { attempt, .. }
        | Event::SubtasksAwaited { attempt }
        | Event::AttemptDelivered { attempt, .. }
        | Event::AttemptReplied { attempt, .. }
        | Event::AttemptFailed { attempt, .. }
        | Event::AttemptInterrupted { attempt, .. }
        | Event::AttemptCancelled { attempt }
        | Event::AttemptWithdrawn { attempt } => Some(*attempt),
        _ => None,
    }
}
