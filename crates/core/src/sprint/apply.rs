//! How events change a sprint. Events are facts: nothing is refused here, and what does not fit changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{AttemptReason, Event, Outcome};
use super::state::{
    Approval, Attempt, Author, Ended, Hold, Message, Pause, PullRequest, Question, QuestionState, Review, Shortage,
    Sprint, SprintPhase, Stage, Started, Task, Thread, Touched, Verdict, Work, WorkId,
};
use super::{Delivered, Opening};
use crate::failure::{FailureClass, FailureKind};
use crate::ids::{AttemptId, CommitId, FencingToken, PlanVersion, RepositoryId, TaskId, TaskKey};
use crate::plan::{Plan, PlannedTask, SavedPlan};
use crate::time::Timestamp;
use crate::trace::Usage;

impl Sprint {
    /// The sprint as it is right after it was opened.
    pub fn opened(opening: &Opening, at: Timestamp) -> Self {
        let first = Stage::Waiting {
            next: AttemptReason::First,
            not_before: at,
        };
        Self {
            id: opening.id,
            project: opening.project.clone(),
            goal: opening.goal.clone(),
            lead: opening.lead.clone(),
            opened_at: at,
            planner: opening.planner.clone(),
            policy: opening.policy.clone(),
            phase: SprintPhase::Planning,
            phase_since: at,
            paused: None,
            plans: Vec::new(),
            approved: None,
            roster: Vec::new(),
            questions: Vec::new(),
            planning: Work::new(first, at),
            tasks: BTreeMap::new(),
            keys: BTreeMap::new(),
            attempts: Vec::new(),
            messages: Vec::new(),
            last_token: FencingToken(0),
            reviews: 0,
            threads: 0,
            open_tasks: 0,
            shortage: None,
            deadlines: BTreeSet::new(),
            touched: Touched::default(),
        }
    }

    /// Replays a sprint from its events; none if the first is not its opening.
    pub fn replay<'a>(events: impl IntoIterator<Item = (&'a Event, Timestamp)>) -> Option<Self> {
        let mut events = events.into_iter();
        let (Event::SprintOpened(opening), at) = events.next()? else {
            return None;
        };
        let mut sprint = Self::opened(opening, at);
        for (event, at) in events {
            sprint.apply(event, at);
        }
        Some(sprint)
    }

    /// Changes the sprint by one event that happened at `at`.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::SprintOpened(_) => {}
            Event::PlanSaved {
                version,
                plan,
                by,
                note,
                numbers,
            } => self.plan_saved(*version, plan, by, note, numbers, at),
            Event::QuestionAsked {
                question,
                text,
                why,
                options,
                asked,
            } => self.questions.push(Question {
                id: *question,
                text: text.clone(),
                why: why.clone(),
                options: options.clone(),
                asked: asked.clone(),
                at,
                state: QuestionState::Open,
            }),
            Event::QuestionAnswered { question, by, text } => {
                let state = QuestionState::Answered {
                    by: by.clone(),
                    text: text.clone(),
                    at,
                };
                self.question(*question, |q| q.state = state);
            }
            Event::QuestionSkipped {
                question,
                by,
                by_approval,
            } => {
                let state = QuestionState::Skipped {
                    by: by.clone(),
                    at,
                    by_approval: *by_approval,
                };
                self.question(*question, |q| q.state = state);
            }
            Event::QuestionHanded { question, to, .. } => self.question(*question, |q| q.asked = to.clone()),
            Event::OwnerSet { task, owner, .. } => {
                self.task(*task, |t| t.owner = Some(owner.clone()));
            }
            Event::AgentChosen { task, choice } => {
                self.task(*task, |t| {
                    // Another agent cannot go on with the session of the one before.
                    if t.agent.as_ref().is_some_and(|now| now.agent != choice.agent) {
                        t.work.session = None;
                    }
                    t.agent = Some(choice.clone());
                });
                // An attempt that nobody began yet is the new one's.
                let stage = self.tasks.get(task).map(|t| &t.work.stage);
                if let Some(Stage::Queued { attempt, .. }) = stage
                    && let Some(queued) = self.attempt_mut(*attempt)
                {
                    queued.agent = choice.agent.clone();
                }
            }
            Event::PlanApproved {
                version,
                by,
                agents,
                dropped,
            } => {
                self.roster.clone_from(agents);
                self.approved = Some(Approval {
                    version: *version,
                    by: by.clone(),
                    at,
                });
                for task in dropped {
                    self.stage(WorkId::Task(*task), Stage::Cancelled { by: by.clone() }, at);
                }
                self.plan_approved(*version);
                self.phase(SprintPhase::Running, at);
            }
            Event::SprintFinished => self.phase(SprintPhase::Finished, at),
            Event::SprintPaused { by } => {
                self.paused = Some(Pause { by: by.clone(), at });
                self.ask_to_stop(None);
            }
            Event::SprintResumed { .. } => self.paused = None,
            Event::SprintCancelled { .. } => self.phase(SprintPhase::Cancelled, at),
            Event::AttemptScheduled {
                attempt,
                work,
                agent,
                reason,
                not_before,
                branch,
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
                });
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
                }
            }
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
                    renewed.usage = *usage;
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
                self.end(*attempt, Outcome::Asked, None, Some(asking), at);
            }
            Event::AttemptDelivered {
                attempt,
                delivery,
                answers,
                results,
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
                        t.work.rest();
                    });
                    self.publish(task, until, at);
                }
            }
            Event::AttemptReplied { attempt, usage } => {
                let work = self.attempt(*attempt).map(|a| a.work);
                let stage = if work == Some(WorkId::Planning) {
                    Stage::Idle
                } else {
                    Stage::InReview
                };
                self.end(*attempt, Outcome::Replied, Some(*usage), Some(stage), at);
                if let Some(work) = work {
                    self.work_mut(work, Work::rest);
                }
                if let Some(WorkId::Task(task)) = work {
                    self.publish_again(task, at);
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
                let held = failure.kind.class() == FailureClass::Hold;
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
                    if held {
                        w.holds += 1;
                    } else {
                        w.failures += 1;
                        w.left = Some((failure.kind, left.clone()));
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
            Event::HoldEnded { work } => {
                if let Some(Stage::Held(hold)) = self.work(*work).map(|w| &w.stage) {
                    let next = AttemptReason::HoldOver { of: hold.attempt };
                    self.stage(*work, Stage::Waiting { next, not_before: at }, at);
                }
            }
            Event::PullRequestOpened {
                task,
                repository,
                number,
                head,
            } => {
                self.task(*task, |t| {
                    if let Some(pull_request) = t.pull_requests.get_mut(repository) {
                        pull_request.number = Some(*number);
                        pull_request.shown = Some(head.clone());
                    }
                });
                self.published(*task, repository, at);
            }
            Event::PublishFailed { task, failure } => {
                self.stage(
                    WorkId::Task(*task),
                    Stage::Failed {
                        failure: failure.clone(),
                    },
                    at,
                );
            }
            Event::ReviewSubmitted {
                task,
                review,
                by,
                verdict,
                body,
                comments,
                heads,
            } => {
                self.reviews = self.reviews.max(review.0);
                self.threads = comments.iter().map(|(id, _)| id.0).fold(self.threads, u32::max);
                self.task(*task, |t| {
                    t.reviews.push(Review {
                        id: *review,
                        by: by.clone(),
                        verdict: *verdict,
                        body: body.clone(),
                        threads: comments.iter().map(|(id, _)| *id).collect(),
                        at,
                        heads: heads.clone(),
                    });
                    t.threads.extend(comments.iter().map(|(id, comment)| Thread {
                        id: *id,
                        review: *review,
                        comment: comment.clone(),
                        answer: None,
                    }));
                    match verdict {
                        Verdict::Approve => t.approved_by = Some(by.clone()),
                        Verdict::RequestChanges => t.approved_by = None,
                        Verdict::Comment => {}
                    }
                    t.work.failures = 0;
                });
                if *verdict == Verdict::RequestChanges {
                    let next = AttemptReason::ChangesRequested { review: *review };
                    self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
                }
            }
            Event::MergeRequested { task, by, merge, .. } => {
                let until = at + self.policy.forge_time;
                let pending = self.task(*task, |t| {
                    t.merges = *merge;
                    t.merge_trouble = None;
                    t.work.failures = 0;
                    let open = t.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
                    open.map(|(repository, _)| repository.clone()).collect()
                });
                if let Some(pending) = pending {
                    self.stage(
                        WorkId::Task(*task),
                        Stage::Merging {
                            pending,
                            by: by.clone(),
                            until,
                        },
                        at,
                    );
                }
            }
            Event::ForgeFailed { task, why, .. } => {
                self.task(*task, |t| t.forge_trouble = Some(why.clone()));
            }
            Event::PullRequestMerged {
                task,
                repository,
                commit,
            } => {
                self.task(*task, |t| {
                    t.forge_trouble = None;
                    if let Some(pull_request) = t.pull_requests.get_mut(repository) {
                        pull_request.merged = Some(commit.clone());
                    }
                    if let Stage::Merging { pending, .. } = &mut t.work.stage {
                        pending.remove(repository);
                    }
                });
                // What is merged has nothing to be shown any more.
                self.published(*task, repository, at);
            }
            Event::MergeConflicted {
                task,
                repository,
                merge,
                files,
            } => {
                let (repository, files, merge) = (repository.clone(), files.clone(), *merge);
                let next = AttemptReason::Conflict {
                    repository,
                    files,
                    merge,
                };
                self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
            }
            Event::MergeFailed { task, why, .. } => {
                self.task(*task, |t| t.merge_trouble = Some(why.clone()));
                self.stage(WorkId::Task(*task), Stage::InReview, at);
            }
            Event::TaskDone { task } => {
                let known = self.task(*task, |t| {
                    (t.dependents.clone(), matches!(t.work.stage, Stage::Cancelled { .. }))
                });
                let (dependents, was_cancelled) = known.unwrap_or_default();
                self.stage(WorkId::Task(*task), Stage::Done, at);
                if !was_cancelled {
                    self.open_tasks = self.open_tasks.saturating_sub(1);
                }
                for dependent in dependents {
                    // Since it was cancelled, the plan may have gone on without it.
                    self.task(dependent, |t| {
                        if t.dependencies.contains(task) {
                            t.blockers = t.blockers.saturating_sub(1);
                        }
                    });
                }
            }
            Event::MessageSent {
                message,
                to,
                by,
                text,
                urgency,
            } => {
                self.messages.push(Message {
                    id: *message,
                    to: *to,
                    by: by.clone(),
                    text: text.clone(),
                    urgency: *urgency,
                    at,
                    delivered: None,
                });
                self.work_mut(*to, |w| w.unread.push(*message));
            }
            Event::Retried { work, by, note } => self.retried(*work, by, note, at),
            Event::WorkWanted { work, message } => {
                self.work_mut(*work, |w| w.failures = 0);
                let next = AttemptReason::Message { message: *message };
                self.stage(*work, Stage::Waiting { next, not_before: at }, at);
            }
            Event::TaskCancelled { task, by } => {
                if self.tasks.get(task).is_some_and(|t| t.approved.is_some()) {
                    self.open_tasks = self.open_tasks.saturating_sub(1);
                }
                self.stage(WorkId::Task(*task), Stage::Cancelled { by: by.clone() }, at);
            }
            Event::TaskPaused { task, by } => {
                self.task(*task, |t| t.paused = Some(Pause { by: by.clone(), at }));
                self.ask_to_stop(Some(*task));
            }
            Event::TaskResumed { task, .. } => {
                self.task(*task, |t| t.paused = None);
            }
        }
    }

    fn plan_saved(
        &mut self,
        version: PlanVersion,
        plan: &Plan,
        by: &Author,
        note: &str,
        numbers: &BTreeMap<TaskKey, TaskId>,
        at: Timestamp,
    ) {
        for task in self.tasks.values_mut() {
            task.in_plan = false;
        }
        for planned in &plan.tasks {
            if let Some(&number) = numbers.get(&planned.key) {
                self.keys.insert(planned.key.clone(), number);
                self.tasks.insert(number, Task::new(number, planned.clone(), at));
            }
            if let Some(task) = self.keys.get(&planned.key).and_then(|id| self.tasks.get_mut(id)) {
                task.in_plan = true;
                if task.approved.is_none() {
                    task.planned = planned.clone();
                }
            }
        }
        self.touched.0.extend(self.tasks.keys());
        let (plan, by, note) = (plan.clone(), by.clone(), note.to_owned());
        self.plans.push(SavedPlan {
            version,
            plan,
            by,
            at,
            note,
        });
    }

    fn plan_approved(&mut self, version: PlanVersion) {
        let Some(plan) = self.plan(version).map(|saved| saved.plan.clone()) else {
            return;
        };
        let graph = plan.graph();
        let ranks = graph.ranks(&plan.weights());
        let ids: Vec<Option<TaskId>> = plan.tasks.iter().map(|t| self.keys.get(&t.key).copied()).collect();
        let numbers = |places: &[usize]| -> Vec<TaskId> { places.iter().filter_map(|&p| ids[p]).collect() };
        let done: BTreeSet<TaskId> = self
            .tasks
            .values()
            .filter(|t| t.work.stage == Stage::Done)
            .map(|t| t.id)
            .collect();
        for (place, planned) in plan.tasks.iter().enumerate() {
            let Some(task) = ids[place].and_then(|id| self.tasks.get_mut(&id)) else {
                continue;
            };
            task.planned = planned.clone();
            task.approved = Some(version);
            task.dependencies = numbers(graph.dependencies(place));
            task.dependents = numbers(graph.dependents(place));
            task.blockers = task.dependencies.iter().filter(|id| !done.contains(id)).count();
            task.rank = ranks[place];
        }
        self.open_tasks = self
            .tasks
            .values()
            .filter(|t| t.approved.is_some() && !t.work.stage.is_ended())
            .count();
        self.touched.0.extend(self.tasks.keys());
    }

    fn retried(&mut self, work: WorkId, by: &crate::ids::PersonId, note: &str, at: Timestamp) {
        let Some(state) = self.work(work) else { return };
        let of = state.attempts.last().copied().unwrap_or(0);
        let unpublished =
            matches!(&state.stage, Stage::Failed { failure } if failure.kind == FailureKind::PublishFailed);
        self.work_mut(work, Work::rest);
        if let (true, WorkId::Task(task)) = (unpublished, work) {
            self.publish_again(task, at);
        } else {
            let next = AttemptReason::PersonRetried {
                by: by.clone(),
                note: note.to_owned(),
                of,
            };
            self.stage(work, Stage::Waiting { next, not_before: at }, at);
        }
    }

    /// Takes up the stage in which pull requests are brought up to date, or the review if none has to be.
    fn publish(&mut self, task: TaskId, until: Timestamp, at: Timestamp) {
        let pending: Option<BTreeSet<RepositoryId>> = self.task(task, |t| {
            let behind = t
                .pull_requests
                .iter()
                .filter(|(_, p)| p.merged.is_none() && p.shown.as_ref() != Some(&p.head));
            behind.map(|(repository, _)| repository.clone()).collect()
        });
        match pending {
            Some(pending) if pending.is_empty() => self.stage(WorkId::Task(task), Stage::InReview, at),
            Some(pending) => self.stage(WorkId::Task(task), Stage::Publishing { pending, until }, at),
            None => {}
        }
    }

    /// Tries again to bring pull requests up to date, if any are behind, in an effect of its own.
    fn publish_again(&mut self, task: TaskId, at: Timestamp) {
        self.publish(task, at + self.policy.forge_time, at);
        self.task(task, |t| {
            if matches!(t.work.stage, Stage::Publishing { .. }) {
                t.deliveries += 1;
            }
        });
    }

    /// One pull request is up to date; a late one also brings a task back that was given up on.
    fn published(&mut self, task: TaskId, repository: &RepositoryId, at: Timestamp) {
        let all = self.task(task, |t| {
            if let Stage::Publishing { pending, .. } = &mut t.work.stage {
                pending.remove(repository);
                return pending.is_empty();
            }
            let given_up =
                matches!(&t.work.stage, Stage::Failed { failure } if failure.kind == FailureKind::PublishFailed);
            given_up
                && t.pull_requests
                    .values()
                    .all(|p| p.merged.is_some() || p.shown.as_ref() == Some(&p.head))
        });
        if all == Some(true) {
            self.stage(WorkId::Task(task), Stage::InReview, at);
        }
    }

    fn end(&mut self, n: u32, outcome: Outcome, usage: Option<Usage>, stage: Option<Stage>, at: Timestamp) {
        let Some(attempt) = self.attempt_mut(n) else { return };
        attempt.ended = Some(Ended { at, outcome });
        if let Some(usage) = usage {
            attempt.usage = usage;
        }
        let (work, usage) = (attempt.work, attempt.usage);
        if let WorkId::Task(task) = work {
            self.task(task, |t| {
                t.usage.input_tokens += usage.input_tokens;
                t.usage.output_tokens += usage.output_tokens;
                t.usage.cost_micros += usage.cost_micros;
            });
        }
        if let Some(stage) = stage {
            self.stage(work, stage, at);
        }
    }

    /// Later attempts begin with what an attempt left behind.
    fn kept(&mut self, work: WorkId, left: &BTreeMap<RepositoryId, CommitId>) {
        if let WorkId::Task(task) = work {
            let left = left.iter().map(|(repository, head)| (repository.clone(), head.clone()));
            self.task(task, |t| t.heads.extend(left));
        }
    }

    fn ask_to_stop(&mut self, only: Option<TaskId>) {
        let running: Vec<WorkId> = match only {
            Some(task) => vec![WorkId::Task(task)],
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

    fn phase(&mut self, phase: SprintPhase, at: Timestamp) {
        if self.phase != phase {
            self.phase = phase;
            self.phase_since = at;
        }
    }

    fn question(&mut self, id: crate::ids::QuestionId, change: impl FnOnce(&mut Question)) {
        if let Some(question) = self.questions.iter_mut().find(|q| q.id == id) {
            change(question);
        }
    }

    fn task<T>(&mut self, id: TaskId, change: impl FnOnce(&mut Task) -> T) -> Option<T> {
        let task = self.tasks.get_mut(&id)?;
        self.touched.0.insert(id);
        Some(change(task))
    }

    fn work_mut<T>(&mut self, id: WorkId, change: impl FnOnce(&mut Work) -> T) -> Option<T> {
        match id {
            WorkId::Planning => Some(change(&mut self.planning)),
            WorkId::Task(task) => self.task(task, |t| change(&mut t.work)),
        }
    }

    fn attempt_mut(&mut self, n: u32) -> Option<&mut Attempt> {
        self.attempts.get_mut(usize::try_from(n).ok()?.checked_sub(1)?)
    }

    /// Moves work to a stage, and its deadline with it.
    fn stage(&mut self, id: WorkId, stage: Stage, at: Timestamp) {
        if let WorkId::Task(task) = id {
            self.task(task, |t| t.forge_trouble = None);
        }
        let change = self.work_mut(id, |w| {
            let before = w.deadline();
            w.stage = stage;
            w.since = at;
            (before, w.deadline())
        });
        self.redate(id, change);
    }

    /// Changes the stage of a running or queued attempt in place.
    fn restage(&mut self, attempt: u32, _at: Timestamp, change: impl FnOnce(&mut Stage)) {
        let Some(id) = self.attempt(attempt).map(|a| a.work) else {
            return;
        };
        let change = self.work_mut(id, |w| {
            let before = w.deadline();
            change(&mut w.stage);
            (before, w.deadline())
        });
        self.redate(id, change);
    }

    fn redate(&mut self, id: WorkId, change: Option<(Option<Timestamp>, Option<Timestamp>)>) {
        let Some((before, after)) = change else { return };
        if before != after {
            if let Some(before) = before {
                self.deadlines.remove(&(before, id));
            }
            if let Some(after) = after {
                self.deadlines.insert((after, id));
            }
        }
    }
}

impl Work {
    /// Starts counting anew: somebody stepped in, or something was delivered.
    fn rest(&mut self) {
        self.failures = 0;
        self.interruptions = 0;
        self.holds = 0;
        self.left = None;
    }
}

impl Task {
    fn new(id: TaskId, planned: PlannedTask, at: Timestamp) -> Self {
        Self {
            id,
            planned,
            approved: None,
            in_plan: true,
            owner: None,
            agent: None,
            branch: None,
            paused: None,
            work: Work::new(
                Stage::Waiting {
                    next: AttemptReason::First,
                    not_before: at,
                },
                at,
            ),
            blockers: 0,
            dependents: Vec::new(),
            dependencies: Vec::new(),
            rank: 0,
            heads: BTreeMap::new(),
            summary: None,
            pull_requests: BTreeMap::new(),
            reviews: Vec::new(),
            approved_by: None,
            threads: Vec::new(),
            deliveries: 0,
            merges: 0,
            merge_trouble: None,
            forge_trouble: None,
            usage: Usage::default(),
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
                    },
                );
                task.approved_by = None;
            }
            None => {}
        }
    }
}
