//! What sprints of one project share of its budgets: reserved when an attempt begins, given back when it has ended.
//!
//! The ledger and the sprint are two streams. The reservation comes before the attempt, and what is given back after it, so a
//! crash between the two leaves at most too much reserved, which the next start gives back.

use std::collections::HashMap;

use team6_core::budget::Amount;
use team6_core::ids::{AttemptId, ProjectId, SprintId};
use team6_core::ledger::{BudgetSpan, FundsShort, ProjectBudgets, ProjectLimits, granted, wanted};
use team6_core::sprint::{Command, Event, FundsWait, Sprint};
use team6_core::time::Timestamp;
use tokio::sync::Mutex;

use super::ledger::Reserved;
use super::{ENGINE, Engine, EngineError};

/// The budgets that people set, by project; whoever changes a project holds them meanwhile.
pub(super) type Budgets = Mutex<HashMap<ProjectId, ProjectBudgets>>;

impl Engine {
    /// Holds all projects to these limits, unless somebody sets others. Set once, before anything is carried out.
    pub fn limit_projects(&self, limits: ProjectLimits) {
        let _ = self.limits.set(limits);
    }

    /// What the sprints of a project may spend together.
    pub async fn project_limits(&self, project: &ProjectId) -> Result<ProjectLimits, EngineError> {
        let mut known = self.budgets.lock().await;
        let set = match known.get(project) {
            Some(set) => *set,
            None => {
                let set = self.project(project).await?.budgets;
                known.insert(project.clone(), set);
                set
            }
        };
        Ok(set.over(&self.limits.get().copied().unwrap_or_default()))
    }

    /// What the sprints of a project have spent of a budget together, and what they hold of it.
    pub async fn project_spending(&self, project: &ProjectId, of: BudgetSpan) -> Result<(Amount, Amount), EngineError> {
        Ok(self.ledgers.read(project).await?.tally(of, self.now()))
    }

    async fn limits(&self, project: &ProjectId) -> Result<Option<ProjectLimits>, EngineError> {
        let limits = self.project_limits(project).await?;
        Ok(Some(limits).filter(|limits| !limits.is_unlimited()))
    }

    /// Other limits hold: whoever waits for the old ones is told. What is at work keeps what is reserved for it.
    pub(super) async fn limits_moved(&self, project: &ProjectId) -> Result<(), EngineError> {
        if self.limits(project).await?.is_some() {
            // What ended while nothing was limited was not given back.
            return self.settle_project(project).await;
        }
        for id in self.open_sprints().await? {
            let look = |sprint: &Sprint, _| {
                sprint
                    .waits_for_funds(self.now())
                    .filter(|_| sprint.project == *project)
            };
            if let Some(FundsWait::Waits { .. }) = self.read(id, look).await? {
                self.tell_returned(id, None).await?;
            }
        }
        Ok(())
    }

    /// Reserves of the project's budgets what an attempt may spend, and holds it to that. Whether it is reserved only now,
    /// or which of them does not reach.
    pub async fn reserve_funds(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
    ) -> Result<Result<bool, FundsShort>, EngineError> {
        let Some(limits) = &self.limits(project).await? else {
            return Ok(Ok(false));
        };
        let reserved = self
            .read(attempt.sprint, |sprint, _| {
                sprint.attempt(attempt.n).map(|a| a.reserved)
            })
            .await?
            .unwrap_or_default();
        let wanted = wanted(&reserved, limits);
        let got = self
            .ledgers
            .reserve(project, attempt, wanted, limits, self.now())
            .await?;
        if let Ok(Reserved { amount, new: true }) = got {
            self.grant(attempt, amount, limits).await?;
        }
        Ok(got.map(|got| got.new))
    }

    /// Gives back what was reserved for an attempt that did not begin.
    pub async fn release_funds(&self, project: &ProjectId, attempt: AttemptId) -> Result<(), EngineError> {
        let released = self.ledgers.settle(project, attempt, Amount::default(), self.now());
        match released.await? {
            true => self.return_funds(project).await,
            false => Ok(()),
        }
    }

    /// Gives back what attempts that ended have not spent, also those of an earlier run, and lets sprints go on that
    /// waited for it.
    pub async fn settle_leftovers(&self) -> Result<(), EngineError> {
        for project in self.projects().await?.into_keys() {
            if self.limits(&project).await?.is_some() {
                self.settle_ended(&project).await?;
            }
        }
        for id in self.open_sprints().await? {
            // Limits may be others now.
            let waits = self.read(id, |sprint, _| sprint.waits_for_funds(self.now())).await?;
            if let Some(FundsWait::Waits { .. }) = waits {
                self.tell_returned(id, None).await?;
            }
        }
        Ok(())
    }

    /// Gives back what attempts of a project that ended have not spent, and tells those who wait for it.
    pub(super) async fn settle_project(&self, project: &ProjectId) -> Result<(), EngineError> {
        if self.limits(project).await?.is_none() {
            return Ok(());
        }
        self.settle_ended(project).await?;
        self.return_funds(project).await
    }

    async fn settle_ended(&self, project: &ProjectId) -> Result<(), EngineError> {
        for attempt in self.ledgers.read(project).await?.open() {
            let spent = self.read(attempt.sprint, |sprint, _| ended(sprint, attempt.n)).await?;
            if let Some(spent) = spent {
                self.ledgers.settle(project, attempt, spent, self.now()).await?;
            }
        }
        Ok(())
    }

    /// After a command: the ledger follows what attempts may spend and have spent, and what they did not spend goes back.
    pub(super) async fn keep_books(&self, id: SprintId, events: &[Event]) -> Result<(), EngineError> {
        let mut returns = events
            .iter()
            .any(|event| matches!(event, Event::FundsReported { lacking: None }));
        let mut moved: Vec<u32> = events.iter().filter_map(moves_funds).collect();
        let beating: Vec<u32> = events.iter().filter_map(beats).collect();
        if !returns && moved.is_empty() && beating.is_empty() {
            return Ok(());
        }
        let project = self.read(id, |sprint, _| sprint.project.clone()).await?;
        let Some(limits) = &self.limits(&project).await? else {
            return Ok(());
        };
        for n in beating {
            let now = self.now();
            let beyond = |sprint: &Sprint, _| {
                let known = sprint.attempt(n);
                known.is_some_and(|known| known.reserved.crossed(&known.used(now)).is_some())
            };
            if self.read(id, beyond).await? {
                moved.push(n);
            }
        }
        for n in moved {
            let attempt = AttemptId { sprint: id, n };
            let now = self.now();
            let look = |sprint: &Sprint, _| {
                let known = sprint.attempt(n)?;
                Some((ended(sprint, n), known.reserved, known.used(now)))
            };
            match self.read(id, look).await? {
                Some((Some(spent), ..)) => {
                    self.ledgers.settle(&project, attempt, spent, now).await?;
                    returns = true;
                }
                Some((None, reserved, used)) => {
                    let held = self
                        .ledgers
                        .hold(&project, attempt, wanted(&reserved, limits), used, limits, now);
                    if let Some(amount) = held.await? {
                        self.grant(attempt, amount, limits).await?;
                        returns = true;
                    }
                }
                None => {}
            }
        }
        match returns {
            true => self.return_funds(&project).await,
            false => Ok(()),
        }
    }

    /// Holds an attempt to what its project has for it. What ended meanwhile needs nothing.
    async fn grant(&self, attempt: AttemptId, amount: Amount, limits: &ProjectLimits) -> Result<(), EngineError> {
        let command = Command::FundsGranted {
            attempt: attempt.n,
            most: granted(amount, limits),
        };
        match self.sprints.execute(attempt.sprint, command, ENGINE, None).await {
            Ok(_) | Err(EngineError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells the sprints of a project that wait for its budgets, who waited longest first, as long as these reach for what
    /// each would begin next. The first for which they do not reach keeps its place, as long as something may come back.
    async fn return_funds(&self, project: &ProjectId) -> Result<(), EngineError> {
        let Some(limits) = &self.limits(project).await? else {
            return Ok(());
        };
        let now = self.now();
        let mut waiting: Vec<(Timestamp, SprintId, FundsWait)> = Vec::new();
        for id in self.open_sprints().await? {
            let look = |sprint: &Sprint, _| sprint.waits_for_funds(now).filter(|_| sprint.project == *project);
            if let Some(wait) = self.read(id, look).await? {
                waiting.push((wait.since(), id, wait));
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        waiting.sort_unstable_by_key(|(since, id, _)| (*since, *id));
        // What those who are told will reserve is gone for those behind them.
        let mut ledger = self.ledgers.read(project).await?;
        for (_, id, wait) in waiting {
            let (n, next) = match wait {
                FundsWait::Tries { attempt, wanted, .. } => (attempt, Some(wanted)),
                FundsWait::Waits { next, .. } => (0, next),
            };
            let attempt = AttemptId { sprint: id, n };
            let reserved = next.map(|next| ledger.reserve(attempt, wanted(&next, limits), limits, now));
            let lacking = match reserved {
                Some(Ok(event)) => {
                    event.iter().for_each(|event| ledger.apply(event));
                    None
                }
                Some(Err(short)) => Some(short),
                None => None,
            };
            if let FundsWait::Waits { .. } = wait {
                self.tell_returned(id, lacking).await?;
            }
            if lacking.is_some_and(|short| short.reserved > 0) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn tell_returned(&self, id: SprintId, lacking: Option<FundsShort>) -> Result<(), EngineError> {
        // No attempt ends by it, so nothing is to be settled after it.
        let told = Command::FundsReturned { lacking };
        self.sprints.execute(id, told, ENGINE, None).await?;
        self.set_deadline(id).await
    }
}

/// What an attempt has spent, if it has ended.
fn ended(sprint: &Sprint, n: u32) -> Option<Amount> {
    let attempt = sprint.attempt(n)?;
    let ended = attempt.ended.as_ref()?;
    Some(attempt.used(ended.at))
}

/// The attempt whose agent says what it used so far.
fn beats(event: &Event) -> Option<u32> {
    match event {
        Event::LeaseRenewed { attempt, .. } => Some(*attempt),
        _ => None,
    }
}

/// The attempt of which an event changes what it may spend or has spent.
fn moves_funds(event: &Event) -> Option<u32> {
    match event {
        Event::AttemptReserved { attempt, .. }
        | Event::UsageReported { attempt, .. }
        | Event::OwnerAsked { attempt, .. }
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
