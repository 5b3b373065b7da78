//! What must hold after every step. The numbers are those of the design's list of invariants.

use std::collections::BTreeSet;
use std::fmt;

use team6_core::explain::{Actor, Reason};
use team6_core::sprint::{AttemptReason, Command, Event, Sprint, Stage, WorkId};
use team6_core::time::Timestamp;

use crate::forge::Forge;

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
            "invariant {} does not hold with seed {} at step {}: {}",
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

/// Follows the log, so that each event is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    seen: usize,
    last_token: u64,
    reasons: BTreeSet<String>,
    done: BTreeSet<team6_core::ids::TaskId>,
    automatic: std::collections::BTreeMap<WorkId, u32>,
}

type Found = Result<(), (&'static str, String)>;

impl Checker {
    pub(crate) fn check(&mut self, sprint: &Sprint, log: &[(Event, Timestamp)], forge: &Forge) -> Found {
        while let Some((event, _)) = log.get(self.seen) {
            self.seen += 1;
            self.event(sprint, event)?;
        }
        one_live_attempt(sprint)?;
        one_pull_request(sprint, forge)?;
        everything_explained(sprint)
    }

    /// Whether a command of a worker carries an attempt that has ended or a token that is not the valid one.
    pub(crate) fn stale(&self, sprint: &Sprint, command: &Command) -> bool {
        let (attempt, token) = match command {
            Command::Deliver { attempt, token, .. }
            | Command::Reply { attempt, token, .. }
            | Command::FailAttempt { attempt, token, .. }
            | Command::InterruptAttempt { attempt, token, .. }
            | Command::Heartbeat { attempt, token, .. }
            | Command::AskOwner { attempt, token, .. }
            | Command::SubmitPlan { attempt, token, .. }
            | Command::AskQuestion { attempt, token, .. }
            | Command::ReportProgress { attempt, token, .. }
            | Command::WorkspaceReady { attempt, token }
            | Command::SessionOpened { attempt, token, .. } => (*attempt, *token),
            _ => return false,
        };
        let work = sprint.attempt(attempt).map(|a| a.work);
        let stage = work.and_then(|work| sprint.work(work)).map(|w| &w.stage);
        !matches!(stage, Some(Stage::Running { attempt: a, token: t, .. }) if *a == attempt && *t == token)
    }

    fn event(&mut self, sprint: &Sprint, event: &Event) -> Found {
        match event {
            Event::AttemptScheduled {
                attempt, work, reason, ..
            } => self.scheduled(sprint, *attempt, *work, reason),
            Event::AttemptStarted { attempt, token, .. } => {
                if token.0 <= self.last_token {
                    return Err((
                        "3 fencing",
                        format!("token {token} was handed out after {}", self.last_token),
                    ));
                }
                self.last_token = token.0;
                let reason = sprint.attempt(*attempt).map(|a| (a.work, &a.reason));
                let Some((work, reason)) = reason else { return Ok(()) };
                if !self.reasons.insert(format!("{work:?} {reason:?}")) {
                    return Err((
                        "13 reasons",
                        format!("attempt {attempt} of {work:?} has an old reason: {reason:?}"),
                    ));
                }
                Ok(())
            }
            Event::AttemptFailed {
                attempt,
                retry_at,
                hold_until,
                ..
            } => {
                let Some(work) = sprint.attempt(*attempt).map(|a| a.work) else {
                    return Ok(());
                };
                let count = self.automatic.entry(work).or_default();
                if hold_until.is_none() {
                    *count += 1;
                }
                if retry_at.is_some() && *count >= sprint.policy.attempts {
                    return Err(("4 attempts", format!("{work:?} is tried again after {count} failures")));
                }
                Ok(())
            }
            Event::Retried { work, .. } | Event::WorkWanted { work, .. } => {
                self.automatic.remove(work);
                Ok(())
            }
            Event::AttemptDelivered { attempt, .. } | Event::AttemptReplied { attempt, .. } => {
                if let Some(attempt) = sprint.attempt(*attempt) {
                    self.automatic.remove(&attempt.work);
                }
                Ok(())
            }
            Event::ReviewSubmitted { task, .. } | Event::MergeRequested { task, .. } => {
                self.automatic.remove(&WorkId::Task(*task));
                Ok(())
            }
            Event::TaskDone { task } => {
                self.done.insert(*task);
                let merged = sprint.tasks.get(task).is_some_and(|t| t.is_merged() && t.merges > 0);
                if merged {
                    Ok(())
                } else {
                    Err(("2 done", format!("task {task} is done, but nobody merged it")))
                }
            }
            _ => Ok(()),
        }
    }

    fn scheduled(&self, sprint: &Sprint, attempt: u32, work: WorkId, reason: &AttemptReason) -> Found {
        let WorkId::Task(id) = work else { return Ok(()) };
        let Some(task) = sprint.tasks.get(&id) else {
            return Err(("1 owner", format!("there is no task {id}")));
        };
        if task.owner.is_none() {
            return Err((
                "1 owner",
                format!("attempt {attempt} of task {id} ({reason:?}) has no owner"),
            ));
        }
        if task.approved.is_none() || sprint.approved.is_none() {
            return Err((
                "1 approval",
                format!("attempt {attempt} of task {id} ({reason:?}) was not approved"),
            ));
        }
        if let Some(open) = task.dependencies.iter().find(|on| !self.done.contains(on)) {
            return Err((
                "2 dependencies",
                format!("attempt {attempt} of task {id} does not wait for task {open}"),
            ));
        }
        Ok(())
    }
}

fn one_live_attempt(sprint: &Sprint) -> Found {
    let mut live = BTreeSet::new();
    for attempt in sprint.attempts.iter().filter(|a| a.ended.is_none()) {
        if !live.insert(attempt.work) {
            return Err((
                "3 one attempt",
                format!("two attempts of {:?} are not ended", attempt.work),
            ));
        }
        let stage = sprint.work(attempt.work).map(|w| &w.stage);
        match stage {
            Some(Stage::Queued { attempt: n, .. } | Stage::Running { attempt: n, .. }) if *n == attempt.id.n => {}
            other => {
                return Err((
                    "3 one attempt",
                    format!("attempt {} lives, but its work is {other:?}", attempt.id),
                ));
            }
        }
    }
    Ok(())
}

/// What the sprint believes of its pull requests is what the forge shows.
fn one_pull_request(sprint: &Sprint, forge: &Forge) -> Found {
    for task in sprint.tasks.values() {
        for (repository, believed) in &task.pull_requests {
            let shown = forge.pull_requests.get(&(task.id, repository.clone()));
            if believed.number.is_some() && believed.number != shown.map(|p| p.number) {
                return Err((
                    "7 effects",
                    format!("task {} believes in {believed:?}, the forge shows another", task.id),
                ));
            }
            if believed.merged.is_some() && shown.is_none_or(|p| p.merged != believed.merged) {
                return Err((
                    "7 effects",
                    format!("task {} believes {repository} merged, the forge does not", task.id),
                ));
            }
        }
    }
    Ok(())
}

/// Every task that is not done has one reason, and unless a person decides, a time by which somebody looks again.
fn everything_explained(sprint: &Sprint) -> Found {
    if !sprint.is_open() {
        return Ok(());
    }
    for task in sprint.planned_tasks().filter(|t| !t.work.stage.is_ended()) {
        let Some(why) = sprint.explain(task.id) else {
            return Err((
                "12 explain",
                format!("task {} ({:?}) has no reason", task.id, task.work.stage),
            ));
        };
        let person = matches!(why.actor, Actor::Person(_));
        if !person && why.by.is_none() {
            return Err((
                "12 explain",
                format!("task {}: {why:?} has neither a person nor a deadline", task.id),
            ));
        }
        // Ready would mean that nothing stands before it, and still nobody scheduled it.
        if why.reason == Reason::Ready {
            return Err(("12 explain", format!("task {} is ready and was not scheduled", task.id)));
        }
        if why.by.is_some() && sprint.next_deadline().is_none() {
            return Err((
                "12 explain",
                format!("task {}: {why:?}, but nothing will wake the engine", task.id),
            ));
        }
    }
    Ok(())
}
