//! What events of attempts change: stages, leases, what was delivered or left behind.

use std::collections::BTreeMap;

use crate::budget::Amount;
use crate::ids::{AttemptId, CommitId, RepositoryId, TaskId};
use crate::sprint::Delivered;
use crate::sprint::event::{AttemptReason, Event, Outcome};
use crate::sprint::stage::{Hold, Stage};
use crate::sprint::state::{Asked, Attempt, Ended, PullRequest, Shortage, Sprint, Started, Task, Trial, Work, WorkId};
use crate::time::Timestamp;
use crate::trace::Usage;

impl Sprint {
    pub(super) fn apply_attempt(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AttemptScheduled {
                attempt,
                work,
                agent,
                reason,
                not_before,
                branch,
                reserved,
            } => {
                self.attempts.push(Attempt {
                    id: AttemptId {
                        sprint: self.id,
                        n: *attempt,
                    },
                    work: *work,
                    agent: agent.clone(),
                    reason: reason.clone(),
                    scheduled_at: at,
                    started: None,
                    ended: None,
                    usage: Usage::default(),
                    reserved: *reserved,
                });
                self.touched.funds = true;
                if let Some(trial) = self.trial.as_mut().filter(|_| *not_before <= at) {
                    trial.by = Some(*attempt);
                }
                self.work_mut(*work, |w| w.attempts.push(*attempt));
                if let (WorkId::Task(task), Some(branch)) = (work, branch) {
                    self.task(*task, |t| t.branch = Some(branch.clone()));
                }
                let check_at = (*not_before).max(at) + self.policy.queue_check;
                self.stage(
                    *work,
                    Stage::Queued {
                        attempt: *attempt,
                        not_before: *not_before,
                        check_at,
                    },
                    at,
                );
            }
            Event::AttemptRequeued { attempt } => {
                let check = at + self.policy.queue_check;
                self.restage(*attempt, at, |stage| {
                    if let Stage::Queued { check_at, .. } = stage {
                        *check_at = check;
                    }
                });
            }
            Event::AttemptStarted {
                attempt,
                worker,
                token,
                lease_until,
            } => {
                self.last_token = *token;
                // Whoever takes an attempt has room.
                self.shortage = None;
                if let Some(started) = self.attempt_mut(*attempt) {
                    started.started = Some(Started {
                        at,
                        worker: worker.clone(),
                        token: *token,
                    });
                    let work = started.work;
                    let running = Stage::Running {
                        attempt: *attempt,
                        token: *token,
                        worker: worker.clone(),
                        lease_until: *lease_until,
                        active_at: at,
                        ready: false,
                        progress: None,
                        stopping: false,
                    };
                    self.stage(work, running, at);
                    // What was written before goes into the attempt's first prompt.
                    let unread = self
                        .work_mut(work, |w| std::mem::take(&mut w.unread))
                        .unwrap_or_default();
                    self.delivered(&unread, *attempt, at);
                    if let WorkId::Task(task) = work {
                        self.begins_at_the_base(task);
                        self.subtasks_reported(task);
                    }
                }
            }
            Event::FundsReported { lacking } => {
                let since = self.funds.map_or(at, |(_, since)| since);
                self.funds = lacking.map(|lacking| (lacking, since));
                self.trial = None;
                self.touched_by_funds();
            }
            Event::FundsReturned => {
                self.trial = Some(Trial::default());
                self.touched_by_funds();
            }
            Event::UsageReported { attempt, usage } => self.used_more(*attempt, *usage),
            Event::RoomReported { lacking } => {
                self.shortage = lacking.clone().map(|lacking| Shortage { lacking, since: at });
            }
            Event::WorkspaceReady { attempt } => self.restage(*attempt, at, |stage| {
                if let Stage::Running { ready, progress, .. } = stage {
                    *ready = true;
                    // That was of the workspace.
                    *progress = None;
                }
            }),
            Event::SessionOpened { attempt, session } => {
                if let Some(work) = self.attempt(*attempt).map(|a| a.work) {
                    self.work_mut(work, |w| w.session = Some(session.clone()));
                }
            }
            Event::LeaseRenewed {
                attempt,
                until,
                active_at: active,
                usage,
            } => {
                if let Some(renewed) = self.attempt_mut(*attempt) {
                    let before = renewed.held();
                    renewed.usage = renewed.usage.max(*usage);
                    // Most reports lie within what is reserved, and change nothing for others.
                    let more = renewed.held() != before;
                    self.touched.funds |= more;
                }
                self.restage(*attempt, at, |stage| {
                    if let Stage::Running {
                        lease_until, active_at, ..
                    } = stage
                    {
                        *lease_until = *until;
                        *active_at = *active;
                    }
                });
            }
            Event::ProgressReported { attempt, text } => self.restage(*attempt, at, |stage| {
                if let Stage::Running { progress, .. } = stage {
                    *progress = Some(text.clone());
                }
            }),
            Event::MessagesDelivered { attempt, messages } => {
                if let Some(work) = self.attempt(*attempt).map(|a| a.work) {
                    self.work_mut(work, |w| w.unread.retain(|m| !messages.contains(m)));
                }
                self.delivered(messages, *attempt, at);
            }
            Event::OwnerAsked {
                attempt,
                question,
                options,
            } => {
                let asking = Stage::Asking {
                    question: question.clone(),
                    options: options.clone(),
                };
                if let Some(WorkId::Task(task)) = self.attempt(*attempt).map(|a| a.work) {
                    let question = question.clone();
                    self.task(task, |t| t.asked.push(Asked { question, answer: None }));
                }
                self.end(*attempt, Outcome::Asked, None, Some(asking), at);
            }
            Event::AttemptDelivered {
                attempt,
                delivery,
                answers,
                results,
                integrated,
                checks,
                usage,
            } => {
                let work = self.attempt(*attempt).map(|a| a.work);
                let conflict = self.conflict_of(*attempt);
                self.end(*attempt, Outcome::Delivered, Some(*usage), None, at);
                if let Some(WorkId::Task(task)) = work {
                    let until = at + self.policy.forge_time;
                    self.task(task, |t| {
                        t.merge_trouble = trouble_after(t, results, conflict);
                        t.summary = Some(delivery.clone());
                        t.deliveries += 1;
                        for answer in answers {
                            if let Some(thread) = t.threads.iter_mut().find(|thread| thread.id == answer.thread) {
                                thread.answer = Some(answer.clone());
                            }
                        }
                        deliver(t, results);
                        // Until they are passed, failures of before are still of the same work.
                        if checks.is_empty() {
                            match t.updating.conflicts.is_empty() {
                                true => t.work.rest(),
                                false => t.work.rest_but_for_failures(),
                            }
                        }
                    });
                    let subtasks = self.tasks.get(&task).map(|t| t.subtasks.clone()).unwrap_or_default();
                    for id in subtasks {
                        self.task(id, |t| {
                            if let Some(subtask) = &mut t.subtask {
                                subtask.integrated = integrated.contains(&id);
                            }
                        });
                    }
                    match checks.is_empty() {
                        true => self.publish(task, until, at),
                        false => self.begin_checks(task, checks, at),
                    }
                }
            }
            Event::AttemptReplied { attempt, usage } => {
                let work = self.attempt(*attempt).map(|a| a.work);
                let stage = match work {
                    Some(WorkId::Task(task)) => self.presented(task),
                    _ => Stage::Idle,
                };
                self.end(*attempt, Outcome::Replied, Some(*usage), Some(stage), at);
                if let Some(work) = work {
                    self.work_mut(work, Work::rest);
                }
                if let Some(WorkId::Task(task)) = work {
                    self.offer_again(task, at);
                }
            }
            Event::AttemptFailed {
                attempt,
                failure,
                left,
                retry_at,
                hold_until,
                usage,
            } => {
                let Some(work) = self.attempt(*attempt).map(|a| a.work) else {
                    return;
                };
                let (outcome, stage) = match (retry_at, hold_until) {
                    (_, Some(until)) => (
                        Outcome::Held {
                            failure: failure.clone(),
                        },
                        Stage::Held(Hold {
                            failure: failure.clone(),
                            until: *until,
                            attempt: *attempt,
                        }),
                    ),
                    (Some(not_before), None) => (
                        Outcome::Failed {
                            failure: failure.clone(),
                        },
                        Stage::Waiting {
                            next: AttemptReason::Retry { of: *attempt },
                            not_before: *not_before,
                        },
                    ),
                    (None, None) => (
                        Outcome::Failed {
                            failure: failure.clone(),
                        },
                        Stage::Failed {
                            failure: failure.clone(),
                        },
                    ),
                };
                self.end(*attempt, outcome, Some(*usage), Some(stage), at);
                self.work_mut(work, |w| {
                    if hold_until.is_none() {
                        w.failures += 1;
                        w.left = Some((failure.kind, left.clone()));
                    } else if failure.kind.is_of_provider() {
                        w.holds += 1;
                    } else {
                        w.waits += 1;
                    }
                });
                self.kept(work, left);
            }
            Event::AttemptInterrupted {
                attempt,
                why,
                left,
                usage,
            } => {
                let Some(work) = self.attempt(*attempt).map(|a| a.work) else {
                    return;
                };
                let next = Stage::Waiting {
                    next: AttemptReason::Resumed { of: *attempt },
                    not_before: at,
                };
                self.end(
                    *attempt,
                    Outcome::Interrupted { why: why.clone() },
                    Some(*usage),
                    Some(next),
                    at,
                );
                self.work_mut(work, |w| w.interruptions += 1);
                self.kept(work, left);
            }
            Event::AttemptCancelled { attempt } => self.end(*attempt, Outcome::Cancelled, None, Some(Stage::Idle), at),
            Event::AttemptWithdrawn { attempt } => {
                let Some((work, next)) = self.attempt(*attempt).map(|a| (a.work, a.reason.clone())) else {
                    return;
                };
                // A pause does not cut a backoff short.
                let not_before = match self.work(work).map(|w| &w.stage) {
                    Some(Stage::Queued { not_before, .. }) => *not_before,
                    _ => at,
                };
                let waiting = Stage::Waiting { next, not_before };
                self.end(*attempt, Outcome::Cancelled, None, Some(waiting), at);
            }
            Event::AttemptReserved { attempt, reserved } => {
                self.touched.funds = true;
                if let Some(attempt) = self.attempt_mut(*attempt) {
                    attempt.reserved = *reserved;
                }
            }
            Event::HoldEnded { work } => {
                if let Some(Stage::Held(hold)) = self.work(*work).map(|w| &w.stage) {
                    let next = AttemptReason::HoldOver { of: hold.attempt };
                    self.stage(*work, Stage::Waiting { next, not_before: at }, at);
                }
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, n: u32, outcome: Outcome, usage: Option<Usage>, stage: Option<Stage>, at: Timestamp) {
        let Some(attempt) = self.attempt_mut(n) else { return };
        attempt.ended = Some(Ended { at, outcome });
        if let Some(usage) = usage {
            attempt.usage = attempt.usage.max(usage);
        }
        let (work, usage, spent) = (attempt.work, attempt.usage, attempt.used(at));
        self.touched.funds = true;
        self.spent = self.spent.plus(spent);
        if let WorkId::Task(task) = work {
            self.task(task, |t| {
                t.usage = t.usage.plus(usage);
                t.time_ms += spent.time_ms;
            });
        }
        if let Some(stage) = stage {
            self.stage(work, stage, at);
        }
    }

    /// A report that came after the end of its attempt.
    fn used_more(&mut self, n: u32, usage: Usage) {
        let Some(attempt) = self.attempt_mut(n) else { return };
        let before = attempt.usage;
        attempt.usage = before.max(usage);
        let (work, more) = (attempt.work, attempt.usage.since(before));
        self.touched.funds = true;
        self.spent = self.spent.plus(Amount::new(&more, std::time::Duration::ZERO));
        if let WorkId::Task(task) = work {
            self.task(task, |t| t.usage = t.usage.plus(more));
        }
    }

    /// What waits for the budgets of the project, and what began to, or does not any more.
    fn touched_by_funds(&mut self) {
        self.touched
            .tasks
            .extend(self.index.ready.iter().map(|(_, task)| *task));
    }

    /// Later attempts begin with what an attempt left behind.
    fn kept(&mut self, work: WorkId, left: &BTreeMap<RepositoryId, CommitId>) {
        if let WorkId::Task(task) = work {
            let left = left.iter().map(|(repository, head)| (repository.clone(), head.clone()));
            self.task(task, |t| t.heads.extend(left));
        }
    }

    /// Asks agents to stop: those of a task and all below it, or all.
    pub(super) fn ask_to_stop(&mut self, only: Option<TaskId>) {
        let running: Vec<WorkId> = match only {
            Some(task) => std::iter::once(task)
                .chain(self.below(task))
                .map(WorkId::Task)
                .collect(),
            None => self.deadlines.iter().map(|(_, work)| *work).collect(),
        };
        for work in running {
            self.work_mut(work, |w| {
                if let Stage::Running { stopping, .. } = &mut w.stage {
                    *stopping = true;
                }
            });
        }
    }

    fn delivered(&mut self, messages: &[crate::ids::MessageId], attempt: u32, at: Timestamp) {
        for id in messages {
            let place = usize::try_from(id.0).ok().and_then(|n| n.checked_sub(1));
            if let Some(message) = place.and_then(|p| self.messages.get_mut(p)) {
                message.delivered = Some((attempt, at));
            }
        }
    }

    /// The conflict that an attempt was to resolve, also if it went on where another broke off.
    fn conflict_of(&self, attempt: u32) -> Option<(RepositoryId, Vec<String>)> {
        match self.cause(self.attempt(attempt)?) {
            AttemptReason::Conflict { repository, files, .. } => Some((repository.clone(), files.clone())),
            _ => None,
        }
    }
}

/// What keeps a task from being merged after a delivery: a conflict that its agent was to resolve and left as it was, or
/// what was in the way before, if nothing has changed since.
fn trouble_after(
    task: &Task,
    results: &BTreeMap<RepositoryId, Delivered>,
    conflict: Option<(RepositoryId, Vec<String>)>,
) -> Option<String> {
    let changes = |repository: &RepositoryId| {
        let offered = task.pull_requests.get(repository).map(|p| &p.head);
        results
            .get(repository)
            .is_some_and(|result| Some(&result.head) != offered)
    };
    match conflict {
        Some((repository, files)) if !changes(&repository) => Some(format!(
            "the conflict with the base of {repository} in {} is as it was, since its agent changed nothing there; write \
             to the agent how to resolve it",
            files.join(", ")
        )),
        _ if results.keys().any(changes) => None,
        _ => task.merge_trouble.clone(),
    }
}

fn deliver(task: &mut Task, results: &BTreeMap<RepositoryId, Delivered>) {
    // The delivery says itself which checks its commits want.
    task.updating.unchecked.clear();
    for (repository, delivered) in results {
        task.heads.insert(repository.clone(), delivered.head.clone());
        match task.pull_requests.get_mut(repository) {
            Some(pull_request) if pull_request.merged.is_none() && pull_request.head != delivered.head => {
                pull_request.head = delivered.head.clone();
                task.approved_by = None;
            }
            Some(_) => {}
            None if delivered.changed => {
                task.pull_requests.insert(
                    repository.clone(),
                    PullRequest {
                        number: None,
                        head: delivered.head.clone(),
                        shown: None,
                        merged: None,
                        reverted: None,
                    },
                );
                task.approved_by = None;
            }
            None => {}
        }
    }
}
