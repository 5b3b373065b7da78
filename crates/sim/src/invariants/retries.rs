//! How often, when and why there is another attempt.
//!
//! The table of failures and the formula of the wait stand here a second time on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::policy::Policy;
use team6_core::sprint::{AttemptReason, Event, UpdateOutcome, WorkId};
use team6_core::time::Timestamp;

use super::{Found, Seen, ensure};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Default)]
pub(super) struct Retries {
    /// Failures since a person stepped in or something was delivered.
    failures: BTreeMap<WorkId, u32>,
    /// Waits for a repository or for room, likewise.
    waits: BTreeMap<WorkId, u32>,
    /// The last failure and the commits that it left.
    left: BTreeMap<WorkId, (FailureKind, BTreeMap<RepositoryId, CommitId>)>,
    /// When the next automatic attempt may begin.
    retry_at: BTreeMap<WorkId, Timestamp>,
    /// Why each attempt is made, and not before when.
    scheduled: BTreeMap<u32, (AttemptReason, Timestamp)>,
    used: BTreeSet<String>,
    /// What did not fit its base when it was last tried.
    conflicts: BTreeSet<(TaskId, RepositoryId)>,
}

impl Retries {
    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match seen.event {
            Event::AttemptScheduled {
                attempt,
                reason,
                not_before,
                ..
            } => {
                self.scheduled.insert(*attempt, (reason.clone(), *not_before));
            }
            Event::AttemptStarted { attempt, .. } => self.started(*attempt, seen)?,
            Event::AttemptFailed {
                failure,
                left,
                retry_at,
                hold_until,
                ..
            } => {
                let Some(work) = seen.work else { return Ok(()) };
                match class(failure.kind) {
                    Class::Hold => held(failure, *retry_at, *hold_until, seen.at)?,
                    Class::Wait => self.waits(work, failure, left, (*retry_at, *hold_until), seen)?,
                    class => {
                        ensure(hold_until.is_none(), "4 holds", || {
                            format!("{work:?} is held by {failure:?}")
                        })?;
                        self.failed(work, class, failure.kind, left, *retry_at, seen)?;
                    }
                }
            }
            Event::Retried { work, .. } => self.rest(*work),
            Event::WorkWanted { work, .. } => {
                self.failures.remove(work);
            }
            Event::AttemptDelivered { checks, .. } if !checks.is_empty() => {}
            Event::AttemptDelivered { .. } => {
                if let Some(work) = seen.work {
                    self.rest_after(work);
                }
            }
            Event::AttemptReplied { .. } => {
                if let Some(work) = seen.work {
                    self.rest(work);
                }
            }
            Event::UpdateTried {
                task,
                repository,
                outcome,
                ..
            } => {
                let of = (*task, repository.clone());
                match outcome {
                    UpdateOutcome::Conflicts { .. } => self.conflicts.insert(of),
                    _ => self.conflicts.remove(&of),
                };
            }
            Event::PullRequestMerged { task, repository, .. } => {
                self.conflicts.remove(&(*task, repository.clone()));
            }
            Event::UpdateSettled { task, back: false } => self.rest(WorkId::Task(*task)),
            Event::UpdateSettled { task, back: true } | Event::ChecksSettled { task, back: true } => {
                *self.failures.entry(WorkId::Task(*task)).or_default() += 1;
            }
            Event::ChecksSettled { task, back: false } => self.rest_after(WorkId::Task(*task)),
            Event::ReviewSubmitted { task, .. } | Event::MergeRequested { task, .. } => {
                self.failures.remove(&WorkId::Task(*task));
            }
            _ => {}
        }
        Ok(())
    }

    /// What is none of its agent's doing holds it ever longer, so many times; then a person looks.
    fn waits(
        &mut self,
        work: WorkId,
        failure: &Failure,
        left: &BTreeMap<RepositoryId, CommitId>,
        (retry_at, until): (Option<Timestamp>, Option<Timestamp>),
        seen: &Seen<'_>,
    ) -> Found {
        let waits = self.waits.entry(work).or_default();
        if until.is_none() {
            ensure(*waits >= seen.policy.holds, "4 holds", || {
                format!("{work:?} is given up after {waits} waits, the last for {failure:?}")
            })?;
            return self.failed(work, Class::Final, failure.kind, left, retry_at, seen);
        }
        *waits += 1;
        let longest = longest_wait(seen.policy, *waits);
        let wait = until.map(|until| until.since(seen.at));
        let bounded = wait.is_some_and(|wait| wait >= longest / 2 && wait <= longest) && *waits <= seen.policy.holds;
        ensure(retry_at.is_none() && bounded, "4 holds", || {
            format!("{work:?} waits {wait:?} of {longest:?} for the {waits}th time, for {failure:?}")
        })
    }

    /// Somebody stepped in, or something was delivered: what was before counts no more.
    fn rest(&mut self, work: WorkId) {
        self.waits.remove(&work);
        self.failures.remove(&work);
        self.left.remove(&work);
        self.retry_at.remove(&work);
    }

    /// The same after a delivery: what it conflicted with is settled only when that was tried again.
    fn rest_after(&mut self, work: WorkId) {
        let conflicts = self.conflicts.iter().any(|(task, _)| WorkId::Task(*task) == work);
        let failures = self.failures.get(&work).copied().filter(|_| conflicts);
        self.rest(work);
        self.failures.extend(failures.map(|failures| (work, failures)));
    }

    fn started(&mut self, attempt: u32, seen: &Seen<'_>) -> Found {
        let (Some(work), Some((reason, not_before))) = (seen.work, self.scheduled.get(&attempt)) else {
            return Ok(());
        };
        let early = match (reason, self.retry_at.get(&work)) {
            (AttemptReason::Retry { .. }, Some(retry_at)) => seen.at < *retry_at,
            _ => seen.at < *not_before,
        };
        ensure(!early, "4 backoff", || {
            format!("attempt {attempt} of {work:?} begins too early")
        })?;
        // An attempt that was taken back before it began did not use its reason.
        ensure(self.used.insert(format!("{work:?} {reason:?}")), "13 reasons", || {
            format!("attempt {attempt} of {work:?} has an old reason: {reason:?}")
        })
    }

    fn failed(
        &mut self,
        work: WorkId,
        class: Class,
        kind: FailureKind,
        left: &BTreeMap<RepositoryId, CommitId>,
        retry_at: Option<Timestamp>,
        seen: &Seen<'_>,
    ) -> Found {
        let failures = self.failures.entry(work).or_default();
        *failures += 1;
        let before = self.left.insert(work, (kind, left.clone()));
        let stuck = kind == FailureKind::NotCompleted && before.as_ref() == Some(&(kind, left.clone()));
        let Some(retry_at) = retry_at else {
            let given_up = class == Class::Final || stuck || *failures >= seen.policy.attempts;
            return ensure(given_up, "4 attempts", || {
                format!("{work:?} is given up after {failures} failures, the last {kind:?}")
            });
        };
        ensure(class == Class::Retry, "4 attempts", || {
            format!("{work:?} is tried again after {kind:?}")
        })?;
        ensure(!stuck, "13 unchanged", || {
            format!("{work:?} is tried again at the commits where it stopped before: {left:?}")
        })?;
        ensure(*failures < seen.policy.attempts, "4 attempts", || {
            format!("{work:?} is tried again after {failures} failures")
        })?;
        let longest = longest_wait(seen.policy, *failures);
        let wait = retry_at.since(seen.at);
        ensure(wait >= longest / 2 && wait <= longest, "4 backoff", || {
            format!("{work:?} waits {wait:?} of {longest:?} after {failures} failures")
        })?;
        self.retry_at.insert(work, retry_at);
        Ok(())
    }
}

fn held(failure: &Failure, retry_at: Option<Timestamp>, until: Option<Timestamp>, at: Timestamp) -> Found {
    let bounded = until.is_some_and(|until| until > at && until <= at + DAY);
    ensure(retry_at.is_none() && bounded, "4 holds", || {
        format!("{failure:?} is no hold, or one without end: {retry_at:?}, {until:?}")
    })
}

/// The wait doubles with every failure.
fn longest_wait(policy: &Policy, failures: u32) -> Duration {
    let doubled = (1..failures).fold(policy.backoff_base, |wait, _| wait * 2);
    doubled.min(policy.backoff_limit)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Retry,
    /// Held by its provider.
    Hold,
    /// Held for want of a repository or of room.
    Wait,
    Final,
}

fn class(kind: FailureKind) -> Class {
    match kind {
        FailureKind::UsageLimit | FailureKind::ProviderOutage => Class::Hold,
        FailureKind::Unreachable | FailureKind::OutOfRoom => Class::Wait,
        FailureKind::LeaseExpired
        | FailureKind::Silent
        | FailureKind::TimedOut
        | FailureKind::AgentExited
        | FailureKind::Protocol
        | FailureKind::NotCompleted
        | FailureKind::WorkspaceLost
        | FailureKind::OverLimit => Class::Retry,
        _ => Class::Final,
    }
}
