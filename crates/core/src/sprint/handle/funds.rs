//! What a sprint shares with the others of its project: the budgets that do not reach, and what goes on when they may again.
//!
//! A sprint does not know how far they reach. So what comes back is tried: one attempt after the other is queued until one
//! finds too little, however many wait.

use super::{Block, Decider};
use crate::budget::{Budget, Resource};
use crate::ledger::FundsShort;
use crate::sprint::{Event, Refusal, Sprint, Stage, WorkId};
use crate::time::Timestamp;

/// What a sprint that is short of its project's funds would do with some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields carry the names of the types")]
pub enum FundsWait {
    /// An attempt is queued, and tries it.
    Tries {
        since: Timestamp,
        attempt: u32,
        wanted: Budget,
    },
    /// Everything waits; this is what the next attempt would reserve, if one would be made.
    Waits { since: Timestamp, next: Option<Budget> },
}

impl FundsWait {
    /// Since when it waits.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Tries { since, .. } | Self::Waits { since, .. } => *since,
        }
    }
}

impl Sprint {
    /// What keeps all attempts from being made: budgets of the project.
    pub(crate) fn funds_block(&self) -> Option<Block> {
        let (short, since) = self.funds?;
        match self.trial {
            None => Some(Block::Funds(short, since)),
            Some(_) => self.tries_funds().map(Block::Turn),
        }
    }

    /// When it is looked for the job of the attempt that tries whether the project's budgets reach, if one does.
    pub(crate) fn tries_funds(&self) -> Option<Timestamp> {
        let by = self.trial?.by?;
        match self.work(self.attempt(by)?.work)?.stage {
            Stage::Queued { attempt, check_at, .. } if attempt == by => Some(check_at),
            _ => None,
        }
    }

    /// What waits for the project's budgets: since when, and what the next attempt in order would reserve; none of it if
    /// nothing waits.
    pub fn waits_for_funds(&self, now: Timestamp) -> Option<FundsWait> {
        let (_, since) = self.funds?;
        if let Some(by) = self.trial.and_then(|trial| trial.by)
            && self.tries_funds().is_some()
        {
            return Some(FundsWait::Tries {
                since,
                attempt: by,
                wanted: self.attempt(by)?.reserved,
            });
        }
        let due = |work: &WorkId| {
            let stage = self.work(*work).map(|w| &w.stage);
            matches!(stage, Some(Stage::Waiting { not_before, .. }) if *not_before <= now)
        };
        let only_funds = |work: &WorkId| match work {
            WorkId::Planning => self.is_open() && self.paused.is_none(),
            WorkId::Task(id) => {
                let block = self.tasks.get(id).and_then(|task| self.block(task));
                matches!(block, None | Some(Block::Funds(..)))
            }
        };
        let mut waiting = self.in_order().into_iter().filter(due).filter(only_funds);
        let next = waiting.find_map(|work| self.reservation(work).ok());
        Some(FundsWait::Waits { since, next })
    }
}

impl Decider<'_> {
    /// What is shared with other sprints is used up: what is queued goes back to where it waited.
    pub(super) fn lack_funds(&mut self, attempt: u32, short: FundsShort) -> Result<(), Refusal> {
        self.open()?;
        let known = self.sprint.attempt(attempt);
        let work = known.ok_or(Refusal::NoSuchAttempt { attempt })?.work;
        match self.sprint.work(work).map(|w| &w.stage) {
            Some(Stage::Queued { attempt: queued, .. }) if *queued == attempt => {}
            _ => return Err(Refusal::AttemptEnded { attempt }),
        }
        self.emit(Event::FundsReported { lacking: Some(short) });
        for work in self.scheduled() {
            self.unqueue(work);
        }
        Ok(())
    }

    /// An attempt may spend no more than its project has for it; what it used already stays its own.
    pub(super) fn funds_granted(&mut self, attempt: u32, most: Budget) -> Result<(), Refusal> {
        let known = self.sprint.attempt(attempt).ok_or(Refusal::NoSuchAttempt { attempt })?;
        if known.ended.is_some() {
            return Err(Refusal::AttemptEnded { attempt });
        }
        let used = known.used(self.now);
        let mut reserved = known.reserved;
        for resource in Resource::ALL {
            let Some(most) = most.of(resource) else { continue };
            let most = most.max(used.of(resource));
            let now = reserved.of(resource).map_or(most, |reserved| reserved.min(most));
            reserved.set(resource, Some(now));
        }
        if reserved != known.reserved {
            self.emit(Event::AttemptReserved { attempt, reserved });
        }
        Ok(())
    }

    /// Whoever waits for the project's budgets goes on, one after the other; or is told that it is a person who has to do
    /// something now, or no longer.
    pub(super) fn funds_returned(&mut self, lacking: Option<FundsShort>) {
        let Some((known, _)) = self.sprint.funds.filter(|_| self.sprint.trial.is_none()) else {
            return;
        };
        match lacking {
            None => self.emit(Event::FundsReturned),
            Some(short)
                if (short.reserved > 0) != (known.reserved > 0)
                    || (short.until, short.limit) != (known.until, known.limit) =>
            {
                self.emit(Event::FundsReported { lacking: Some(short) });
            }
            Some(_) => {}
        }
    }

    /// While it is tried how far the project's budgets reach, the next one in order is queued when the last one was started
    /// or taken back, and the trial ends when nobody waits any more.
    pub(super) fn settle_funds(&mut self) {
        if self.sprint.trial.is_none() || self.sprint.tries_funds().is_some() {
            return;
        }
        self.schedule_all();
        if self.sprint.tries_funds().is_none() {
            self.emit(Event::FundsReported { lacking: None });
        }
    }
}
