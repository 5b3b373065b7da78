//! Attempts: leases, heartbeats, delivery, failure and what time does to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::checks::wanted;
use super::{Decider, check_text, some_text};
use crate::checks::Check;
use crate::failure::{Failure, FailureClass, FailureKind, backoff};
use crate::ids::{CommitId, FencingToken, RepositoryId, TaskId, ThreadId, WorkerId};
use crate::sprint::{AttemptReason, Delivered, Delivery, Event, Refusal, Stage, Task, ThreadAnswer, Work, WorkId};
use crate::time::Timestamp;
use crate::trace::Usage;

/// What an agent hands in.
pub(super) struct HandedIn {
    pub(super) delivery: Delivery,
    pub(super) answers: Vec<ThreadAnswer>,
    pub(super) results: BTreeMap<RepositoryId, Delivered>,
    pub(super) integrated: BTreeSet<TaskId>,
    pub(super) checks: BTreeMap<RepositoryId, Vec<Check>>,
    pub(super) usage: Usage,
}

impl Decider<'_> {
    pub(super) fn start(&mut self, attempt: u32, worker: WorkerId) -> Result<(), Refusal> {
        let id = self
            .sprint
            .attempt(attempt)
            .ok_or(Refusal::NoSuchAttempt { attempt })?
            .work;
        match self.sprint.work(id).map(|w| &w.stage) {
            Some(Stage::Queued { attempt: queued, .. }) if *queued == attempt => {}
            Some(Stage::Running { attempt: current, .. }) if *current == attempt => {
                return Err(Refusal::AlreadyRunning { attempt });
            }
            _ => return Err(Refusal::AttemptEnded { attempt }),
        }
        let token = FencingToken(self.sprint.last_token.0 + 1);
        let lease_until = self.lease(attempt, self.now, self.now);
        self.emit(Event::AttemptStarted {
            attempt,
            worker,
            token,
            lease_until,
        });
        Ok(())
    }

    /// Room matters as long as something waits for it.
    pub(super) fn report_room(&mut self, lacking: Option<String>) -> Result<(), Refusal> {
        self.open()?;
        check_text(lacking.as_deref().unwrap_or_default())?;
        let known = self.sprint.shortage.as_ref().map(|shortage| &shortage.lacking);
        let queued = |(_, id)| matches!(self.sprint.work(id).map(|work| &work.stage), Some(Stage::Queued { .. }));
        if known != lacking.as_ref() && (lacking.is_none() || self.sprint.live_attempts().any(queued)) {
            self.emit(Event::RoomReported { lacking });
        }
        Ok(())
    }

    /// Until when a lease goes: no longer than the agent's silence or the attempt itself may last.
    fn lease(&self, attempt: u32, started: Timestamp, active_at: Timestamp) -> Timestamp {
        let policy = &self.sprint.policy;
        let renewed = self.now + policy.lease;
        renewed
            .min(active_at + policy.silence)
            .min(started + policy.attempt_time)
            .min(self.time_is_spent(attempt, started).unwrap_or(renewed))
    }

    /// When an agent that was asked to conclude has had its time, if its time is limited.
    fn time_is_spent(&self, attempt: u32, started: Timestamp) -> Option<Timestamp> {
        let time = self.sprint.attempt(attempt)?.reserved.time_ms?;
        Some(started + Duration::from_millis(time) + self.sprint.policy.budgets.allowance)
    }

    pub(super) fn heartbeat(
        &mut self,
        attempt: u32,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    ) -> Result<(), Refusal> {
        let (_, work) = self.running(attempt, token)?;
        let Stage::Running {
            lease_until,
            active_at: before,
            ..
        } = work.stage
        else {
            return Ok(());
        };
        // A worker's clock may be wrong: it cannot tell of the future, nor take back what it told.
        let active_at = active_at.min(self.now).max(before);
        let started = self
            .sprint
            .attempt(attempt)
            .and_then(|a| a.started.as_ref())
            .map_or(self.now, |started| started.at);
        // A clock that was set back does not shorten a lease.
        let until = self
            .lease(attempt, started, active_at)
            .max(lease_until.min(self.now + self.sprint.policy.lease));
        self.emit(Event::LeaseRenewed {
            attempt,
            until,
            active_at,
            usage,
        });
        Ok(())
    }

    pub(super) fn ask_owner(
        &mut self,
        attempt: u32,
        token: FencingToken,
        question: String,
        options: Vec<String>,
    ) -> Result<(), Refusal> {
        let task = self.running_task(attempt, token)?.id;
        some_text(&question)?;
        self.emit(Event::OwnerAsked {
            attempt,
            question,
            options,
        });
        self.wake(WorkId::Task(task));
        Ok(())
    }

    pub(super) fn deliver(&mut self, attempt: u32, token: FencingToken, handed_in: HandedIn) -> Result<(), Refusal> {
        let HandedIn {
            delivery,
            answers,
            results,
            integrated,
            checks,
            usage,
        } = handed_in;
        self.completes(attempt, token)?;
        let task = self.running_task(attempt, token)?;
        some_text(&delivery.what)?;
        let allowed = &task.planned.repositories;
        let named = results.keys().chain(&delivery.merge_order);
        if let Some(repository) = named.into_iter().find(|r| !allowed.contains(r)) {
            return Err(Refusal::ForeignRepository {
                repository: repository.clone(),
                allowed: allowed.clone(),
            });
        }
        if let Some((repository, head)) = work_after_merge(task, &results) {
            return Err(Refusal::MergedAlready {
                repository: repository.clone(),
                head: head.clone(),
            });
        }
        if task.pull_requests.is_empty() && !results.values().any(|result| result.changed) {
            return Err(Refusal::NothingDelivered);
        }
        let answered = |id: ThreadId| answers.iter().any(|a| a.thread == id && !a.text.trim().is_empty());
        let threads: Vec<ThreadId> = task.open_threads().map(|t| t.id).filter(|&id| !answered(id)).collect();
        if !threads.is_empty() {
            return Err(Refusal::ThreadsOpen { threads });
        }
        let id = task.id;
        let checks = wanted(task, &results, checks);
        self.go_on_without_failed_subtasks(id);
        self.emit(Event::AttemptDelivered {
            attempt,
            delivery,
            answers,
            results,
            integrated,
            checks,
            usage,
        });
        self.wake(WorkId::Task(id));
        Ok(())
    }

    pub(super) fn reply(&mut self, attempt: u32, token: FencingToken, usage: Usage) -> Result<(), Refusal> {
        let (work, _) = self.running(attempt, token)?;
        match work {
            WorkId::Planning if !self.may_rest_planning(attempt) => return Err(Refusal::NothingSubmitted),
            WorkId::Planning => {}
            WorkId::Task(id) => {
                let by_message = self.is_by_message(attempt);
                self.completes(attempt, token)?;
                let task = self.task(id)?;
                if !by_message || task.deliveries == 0 || task.open_threads().next().is_some() {
                    return Err(Refusal::NotCompleted);
                }
            }
        }
        self.emit(Event::AttemptReplied { attempt, usage });
        self.wake(work);
        Ok(())
    }

    /// Whether the agent was woken by somebody's words.
    pub(super) fn is_by_message(&self, attempt: u32) -> bool {
        matches!(self.first_reason(attempt), Some(AttemptReason::Message { .. }))
    }

    /// The reason at the beginning of a chain of attempts that went on with each other.
    fn first_reason(&self, attempt: u32) -> Option<&AttemptReason> {
        let first = self.first_of_chain(attempt);
        self.sprint.attempt(first).map(|a| &a.reason)
    }

    /// The first of a chain of attempts that went on with each other.
    pub(super) fn first_of_chain(&self, attempt: u32) -> u32 {
        let mut n = attempt;
        while let Some(a) = self.sprint.attempt(n) {
            match &a.reason {
                AttemptReason::Retry { of }
                | AttemptReason::Resumed { of }
                | AttemptReason::HoldOver { of }
                | AttemptReason::PersonRetried { of, .. }
                    if *of < n && *of > 0 =>
                {
                    n = *of;
                }
                _ => break,
            }
        }
        n
    }

    pub(super) fn interrupt(
        &mut self,
        attempt: u32,
        token: FencingToken,
        why: String,
        left: BTreeMap<RepositoryId, CommitId>,
        usage: Usage,
    ) -> Result<(), Refusal> {
        let (work, state) = self.running(attempt, token)?;
        if state.interruptions >= self.sprint.policy.interruptions {
            let text = format!("interrupted {} times in a row, last: {why}", state.interruptions + 1);
            let failure = Failure {
                kind: FailureKind::Impossible,
                text,
                until: None,
            };
            self.fail(attempt, failure, left, usage);
        } else {
            self.emit(Event::AttemptInterrupted {
                attempt,
                why,
                left,
                usage,
            });
            self.schedule(work);
        }
        Ok(())
    }

    /// Ends a running attempt by a failure, and decides what follows from it.
    pub(super) fn fail(
        &mut self,
        attempt: u32,
        failure: Failure,
        left: BTreeMap<RepositoryId, CommitId>,
        usage: Usage,
    ) {
        let Some(id) = self.sprint.attempt(attempt).map(|a| a.work) else {
            return;
        };
        let Some(work) = self.sprint.work(id) else { return };
        let policy = &self.sprint.policy;
        let (mut retry_at, mut hold_until) = (None, None);
        match failure.kind.class() {
            FailureClass::Retryable => {
                let failures = work.failures + 1;
                // An agent that ends its turn twice at the same commits would do so a third time.
                let stuck = failure.kind == FailureKind::NotCompleted
                    && work
                        .left
                        .as_ref()
                        .is_some_and(|before| *before == (failure.kind, left.clone()));
                if failures < policy.attempts && !stuck {
                    retry_at = Some(self.now + backoff(policy, failures, self.lot(attempt)));
                }
            }
            FailureClass::Hold => hold_until = self.hold_until(attempt, work, &failure),
            FailureClass::NeedsPerson | FailureClass::Permanent => {}
        }
        self.emit(Event::AttemptFailed {
            attempt,
            failure,
            left,
            retry_at,
            hold_until,
            usage,
        });
        self.schedule(id);
        // Somebody wrote while it failed for good: that is a new reason.
        self.wake(id);
    }

    /// Until when work waits for what no attempt of it can mend; none if that has lasted so long that a person has to look.
    fn hold_until(&self, attempt: u32, work: &Work, failure: &Failure) -> Option<Timestamp> {
        let policy = &self.sprint.policy;
        let wait = match failure.kind.is_of_provider() {
            true => policy.hold.saturating_mul(1 << work.holds.min(5)),
            false if work.waits >= policy.holds => return None,
            false => return Some(self.now + backoff(policy, work.waits + 1, self.lot(attempt))),
        };
        let said = failure.until.filter(|until| *until > self.now);
        let until = said.unwrap_or(self.now + wait);
        // What a provider says is believed for a day at most; then it is asked again.
        Some(until.min(self.now + Duration::from_secs(24 * 60 * 60)))
    }

    /// What is drawn by lot for an attempt, the same whenever it is drawn.
    fn lot(&self, attempt: u32) -> u64 {
        self.sprint.policy.seed ^ (self.sprint.id.0 << 32) ^ u64::from(attempt)
    }

    /// Does what time has made due.
    pub(super) fn tick(&mut self) {
        if let Some((short, _)) = self.sprint.funds.filter(|_| self.sprint.trial.is_none())
            && short.until.is_some_and(|until| until <= self.now)
        {
            self.funds_returned(None);
        }
        while let Some(&(at, id)) = self.sprint.deadlines.first() {
            if at > self.now {
                break;
            }
            let Some(stage) = self.sprint.work(id).map(|w| w.stage.clone()) else {
                break;
            };
            match (stage, id) {
                (Stage::Queued { attempt, .. }, _) => self.emit(Event::AttemptRequeued { attempt }),
                (Stage::Running { attempt, active_at, .. }, _) => self.expire(attempt, active_at),
                (Stage::Held(_), _) => {
                    self.emit(Event::HoldEnded { work: id });
                    self.schedule(id);
                }
                (Stage::Checking { .. }, WorkId::Task(task)) => self.checks_expire(task),
                (Stage::Publishing { .. }, WorkId::Task(task)) => {
                    self.publish_failed(task, "the pull requests could not be opened in time".into());
                }
                (Stage::Merging { .. }, WorkId::Task(task)) => {
                    let merge = self.sprint.tasks.get(&task).map_or(0, |t| t.merges);
                    self.merge_failed(task, merge, "the forge did not answer in time; merge again".into());
                }
                (Stage::InReview | Stage::Updating { .. }, WorkId::Task(task)) => self.begin_update(task),
                (Stage::Reverting { .. }, WorkId::Task(task)) => self.revert_expires(task),
                // No other stage has a deadline.
                _ => break,
            }
        }
    }

    fn expire(&mut self, attempt: u32, active_at: Timestamp) {
        let policy = &self.sprint.policy;
        let Some(a) = self.sprint.attempt(attempt) else { return };
        let usage = a.usage;
        let started = a.started.as_ref().map_or(self.now, |started| started.at);
        let spent = self.time_is_spent(attempt, started);
        let (kind, text) = if spent.is_some_and(|spent| self.now >= spent) {
            let text = "the time that was reserved for it is spent, and its agent did not conclude";
            (FailureKind::OverBudget, text.to_owned())
        } else if self.now >= started + policy.attempt_time {
            (
                FailureKind::TimedOut,
                format!("it took longer than {} s", policy.attempt_time.as_secs()),
            )
        } else if self.now >= active_at + policy.silence {
            let silent = self.now.since(active_at).as_secs();
            (FailureKind::Silent, format!("the agent said nothing for {silent} s"))
        } else {
            (
                FailureKind::LeaseExpired,
                "no heartbeat came before the lease ended".into(),
            )
        };
        self.fail(
            attempt,
            Failure {
                kind,
                text,
                until: None,
            },
            BTreeMap::new(),
            usage,
        );
    }
}

/// A repository whose pull request is merged and whose branch went on all the same, with the commit it must be at.
fn work_after_merge<'a>(
    task: &'a Task,
    results: &BTreeMap<RepositoryId, Delivered>,
) -> Option<(&'a RepositoryId, &'a CommitId)> {
    let merged = task.pull_requests.iter().filter(|(_, p)| p.merged.is_some());
    merged
        .map(|(repository, p)| (repository, &p.head))
        .find(|(repository, head)| {
            let delivered = results.get(*repository);
            delivered.is_some_and(|delivered| delivered.changed && delivered.head != **head)
        })
}
