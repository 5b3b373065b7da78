//! What must hold after every step. The numbers are those of the design's list of invariants.
//!
//! The checks follow the events and keep books of their own. They ask the core's state as little as they can: a rule
//! that is broken in the core must not be broken in its check as well.

mod budgets;
mod capacity;
mod checked;
mod delegated;
mod explained;
mod gates;
mod leases;
mod retries;
mod reviews;

use std::collections::BTreeMap;
use std::fmt;

use team6_core::ids::{FencingToken, ProjectId};
use team6_core::policy::Policy;
use team6_core::sprint::{Command, Effect, Event, Sprint, WorkId};
use team6_core::time::Timestamp;

use crate::forge::Forge;
use budgets::Budgets;
use capacity::Capacity;
use checked::Checked;
use delegated::Delegated;
use gates::Gates;
use leases::Leases;
use retries::Retries;
use reviews::Reviews;

/// An invariant that did not hold.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The history's seed, with which it plays again.
    pub seed: u64,
    /// The step at which it happened.
    pub step: u64,
    /// Which invariant.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
    /// The events before it.
    pub last: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "invariant \"{}\" does not hold with seed {} at step {}: {}",
            self.invariant, self.seed, self.step, self.what
        )?;
        writeln!(f, "the last events:")?;
        for event in &self.last {
            writeln!(f, "  {event}")?;
        }
        write!(f, "play it again: TEAM6_SIM_SEED={} cargo test -p team6-sim", self.seed)
    }
}

impl std::error::Error for Violation {}

/// Which invariant does not hold, and what was seen.
pub(crate) type Broken = (&'static str, String);

/// Whether an invariant holds.
pub(crate) type Found = Result<(), Broken>;

/// An event as the checks see it.
struct Seen<'a> {
    event: &'a Event,
    at: Timestamp,
    /// The work of the attempt that the event is about, if it is about one.
    work: Option<WorkId>,
    policy: &'a Policy,
    project: &'a ProjectId,
}

/// Follows the log of one sprint.
#[derive(Debug)]
pub(crate) struct Checker {
    works: BTreeMap<u32, WorkId>,
    capacity: Capacity,
    budgets: Budgets,
    checked: Checked,
    delegated: Delegated,
    gates: Gates,
    leases: Leases,
    retries: Retries,
    reviews: Reviews,
}

impl Checker {
    /// Follows a sprint of a project that has this many agents at work at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            works: BTreeMap::new(),
            capacity: Capacity::default(),
            budgets: Budgets::default(),
            checked: Checked::default(),
            delegated: Delegated::default(),
            gates: Gates::default(),
            leases: Leases::new(at_once),
            retries: Retries::default(),
            reviews: Reviews::default(),
        }
    }

    /// Looks at each event of a command, and then at the sprint that they led to.
    pub(crate) fn check(&mut self, sprint: &Sprint, events: &[Event], forge: &Forge, at: Timestamp) -> Found {
        for event in events {
            if let Event::AttemptScheduled { attempt, work, .. } = event {
                self.works.insert(*attempt, *work);
            }
            let seen = Seen {
                event,
                at,
                work: attempt_of(event).and_then(|attempt| self.works.get(&attempt).copied()),
                policy: &sprint.policy,
                project: &sprint.project,
            };
            self.capacity.event(&seen)?;
            self.budgets.event(&seen)?;
            self.delegated.event(&seen, &sprint.effects(event, at))?;
            self.checked.event(&seen, sprint)?;
            self.gates.event(&seen)?;
            self.leases.event(&seen)?;
            self.retries.event(&seen)?;
            self.reviews.event(&seen, sprint, forge)?;
        }
        self.budgets.hold(&sprint.policy, events)?;
        self.reviews.as_the_forge_shows(sprint, forge)?;
        self.checked.what_is_offered_was_checked(sprint)?;
        self.delegated.nobody_waits_for_nothing(sprint)?;
        explained::messages_are_on_their_way(sprint)?;
        explained::planning_has_a_reason(sprint)?;
        explained::everything_has_a_reason(sprint)
    }

    /// Why a command may change nothing, whatever state the sprint is in; none if it may.
    pub(crate) fn forbidden(&self, command: &Command) -> Option<Broken> {
        if let Command::Approve { by, facts, .. } = command
            && !facts.may_approve
        {
            return Some(("1 approval", format!("{by} approved without the right to")));
        }
        let (attempt, token) = holder(command)?;
        let held = self.leases.token(attempt) == Some(token);
        (!held).then(|| ("3 fencing", format!("{command:?} holds no lease and changed something")))
    }

    /// Whether an effect may be carried out as people stand to it now.
    pub(crate) fn may_do(&self, effect: &Effect, wanted: bool, sprint: &Sprint, forge: &Forge) -> Found {
        match effect {
            Effect::MergePullRequest {
                task, repository, head, ..
            } if wanted => match sprint.tasks.get(task) {
                Some(task) => self.reviews.may_merge(task, repository, head, forge),
                None => Ok(()),
            },
            Effect::Revert { task, .. } if wanted => match sprint.tasks.get(task) {
                Some(task) => self.reviews.may_revert(task),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// After the clock was looked at: nothing is left that should have ended by `now`.
    pub(crate) fn nothing_overdue(&self, now: Timestamp) -> Found {
        self.leases.nothing_overdue(now)
    }

    /// At the end of everything, with every effect carried out.
    pub(crate) fn ended(&self, sprint: &Sprint, forge: &Forge) -> Found {
        self.reviews.answers_were_shown(forge)?;
        reviews::everything_was_shown(sprint, forge)
    }
}

/// The attempt that a worker's command is about, and the token that it brings.
fn holder(command: &Command) -> Option<(u32, FencingToken)> {
    match command {
        Command::Deliver { attempt, token, .. }
        | Command::Reply { attempt, token, .. }
        | Command::FailAttempt { attempt, token, .. }
        | Command::InterruptAttempt { attempt, token, .. }
        | Command::Heartbeat { attempt, token, .. }
        | Command::AskOwner { attempt, token, .. }
        | Command::Delegate { attempt, token, .. }
        | Command::AwaitSubtasks { attempt, token }
        | Command::GiveUpSubtask { attempt, token, .. }
        | Command::SubmitPlan { attempt, token, .. }
        | Command::AskQuestion { attempt, token, .. }
        | Command::ReportProgress { attempt, token, .. }
        | Command::MessagesDelivered { attempt, token, .. }
        | Command::WorkspaceReady { attempt, token }
        | Command::SessionOpened { attempt, token, .. } => Some((*attempt, *token)),
        _ => None,
    }
}

fn attempt_of(event: &Event) -> Option<u32> {
    match event {
        Event::AttemptScheduled { attempt, .. }
        | Event::AttemptRequeued { attempt }
        | Event::AttemptStarted { attempt, .. }
        | Event::WorkspaceReady { attempt }
        | Event::SessionOpened { attempt, .. }
        | Event::LeaseRenewed { attempt, .. }
        | Event::AttemptReserved { attempt, .. }
        | Event::ProgressReported { attempt, .. }
        | Event::MessagesDelivered { attempt, .. }
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

/// The invariant, if it does not hold.
fn ensure(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err((invariant, what())) }
}
