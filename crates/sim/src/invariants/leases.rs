//! At most one attempt of a piece of work lives, one worker holds it, and it does not hold it for ever.

use std::collections::BTreeMap;

use team6_core::ids::FencingToken;
use team6_core::sprint::{Event, WorkId};
use team6_core::time::Timestamp;

use super::{Found, Seen, ensure};
use crate::queue::project_of;

#[derive(Debug)]
pub(super) struct Leases {
    /// How many attempts may be held at once.
    at_once: usize,
    last_token: u64,
    /// Attempts that are queued or running.
    live: BTreeMap<WorkId, u32>,
    held: BTreeMap<u32, Lease>,
}

#[derive(Debug)]
struct Lease {
    token: FencingToken,
    started: Timestamp,
    until: Timestamp,
}

impl Leases {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            last_token: 0,
            live: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// The token that an attempt is held with.
    pub(super) fn token(&self, attempt: u32) -> Option<FencingToken> {
        self.held.get(&attempt).map(|lease| lease.token)
    }

    pub(super) fn nothing_overdue(&self, now: Timestamp) -> Found {
        let overdue = self.held.iter().find(|(_, lease)| lease.until <= now);
        ensure(overdue.is_none(), "10 recovery", || {
            format!("it is {now}, and this lease has not ended: {overdue:?}")
        })
    }

    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match seen.event {
            Event::AttemptScheduled { attempt, work, .. } => {
                let other = self.live.insert(*work, *attempt);
                ensure(other.is_none(), "3 one attempt", || {
                    format!("attempt {attempt} of {work:?} comes beside attempt {other:?}")
                })?;
            }
            Event::AttemptStarted {
                attempt,
                token,
                lease_until,
                worker,
            } => {
                ensure(project_of(worker) == seen.project.as_str(), "5 isolation", || {
                    format!("{worker} got attempt {attempt}, which belongs to {}", seen.project)
                })?;
                self.started(*attempt, *token, *lease_until, seen)?;
                ensure(self.held.len() <= self.at_once, "11 concurrency", || {
                    format!(
                        "attempt {attempt} is one of {} at once, of {}",
                        self.held.len(),
                        self.at_once
                    )
                })?;
            }
            Event::LeaseRenewed {
                attempt,
                until,
                active_at,
                ..
            } => self.renewed(*attempt, *until, *active_at, seen)?,
            Event::AttemptWithdrawn { attempt } => {
                let held = self.held.contains_key(attempt);
                ensure(!held, "9 work kept", || {
                    format!("attempt {attempt} was taken back while an agent worked on it")
                })?;
                self.end(*attempt, seen);
            }
            Event::OwnerAsked { attempt, .. }
            | Event::AttemptDelivered { attempt, .. }
            | Event::AttemptReplied { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptInterrupted { attempt, .. }
            | Event::SubtasksAwaited { attempt }
            | Event::AttemptCancelled { attempt } => self.end(*attempt, seen),
            Event::TaskDone { task } | Event::TaskCancelled { task, .. } | Event::SubtaskGivenUp { task, .. } => {
                self.nothing_lives(WorkId::Task(*task))?;
            }
            Event::SprintFinished | Event::SprintCancelled { .. } => {
                ensure(self.live.is_empty(), "10 ended", || {
                    format!("the sprint has ended, but these attempts have not: {:?}", self.live)
                })?;
            }
            Event::PlanApproved { dropped, .. } => {
                for task in dropped {
                    self.nothing_lives(WorkId::Task(*task))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn started(&mut self, attempt: u32, token: FencingToken, until: Timestamp, seen: &Seen<'_>) -> Found {
        let mine = seen.work.is_some_and(|work| self.live.get(&work) == Some(&attempt));
        ensure(mine && !self.held.contains_key(&attempt), "3 double dispatch", || {
            format!("attempt {attempt} was given out again, or after its end")
        })?;
        ensure(token.0 > self.last_token, "3 fencing", || {
            format!("token {token} was handed out after {}", self.last_token)
        })?;
        self.last_token = token.0;
        let started = seen.at;
        self.held.insert(attempt, Lease { token, started, until });
        self.renewed(attempt, until, started, seen)
    }

    fn renewed(&mut self, attempt: u32, until: Timestamp, active_at: Timestamp, seen: &Seen<'_>) -> Found {
        let Some(lease) = self.held.get_mut(&attempt) else {
            return Err((
                "3 fencing",
                format!("attempt {attempt} is renewed, and nobody holds it"),
            ));
        };
        lease.until = until;
        let policy = seen.policy;
        let limits = [
            ("a lease", seen.at + policy.lease),
            ("an agent's silence", active_at + policy.silence),
            ("an attempt", lease.started + policy.attempt_time),
        ];
        let broken = limits.iter().find(|(_, limit)| until > *limit);
        ensure(broken.is_none(), "10 bounded", || {
            format!("attempt {attempt} is held until {until}, longer than may last: {broken:?}")
        })
    }

    fn end(&mut self, attempt: u32, seen: &Seen<'_>) {
        self.held.remove(&attempt);
        if let Some(work) = seen.work {
            self.live.remove(&work);
        }
    }

    fn nothing_lives(&self, work: WorkId) -> Found {
        let live = self.live.get(&work);
        ensure(live.is_none(), "10 ended", || {
            format!("{work:?} has ended, but its attempt {live:?} has not")
        })
    }
}
