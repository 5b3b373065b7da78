//! Books of what happened, kept from the events alone: a rule and its check must not break together.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::explain::{Actor, Reason};
use team6_core::ids::{CommitId, FencingToken, PersonId, RepositoryId, TaskId, TaskKey};
use team6_core::plan::Plan;
use team6_core::sprint::{AttemptReason, Command, Effect, Event, Sprint, SprintPhase, Stage, Verdict, WorkId};
use team6_core::time::Timestamp;

use crate::budgets::Budgets;
use crate::delegated::Delegated;

#[derive(Debug, Default)]
pub(crate) struct Books {
    plans: Vec<Plan>,
    numbers: BTreeMap<TaskKey, TaskId>,
    owners: BTreeMap<TaskId, PersonId>,
    deputies: BTreeMap<PersonId, PersonId>,
    /// What each approved task needs.
    approved: BTreeMap<TaskId, Vec<TaskId>>,
    done: BTreeSet<TaskId>,
    cancelled: BTreeSet<TaskId>,
    works: BTreeMap<u32, WorkId>,
    live: BTreeMap<WorkId, u32>,
    held: BTreeMap<u32, FencingToken>,
    last_token: u64,
    /// Automatic attempts since a person stepped in or something was delivered.
    automatic: BTreeMap<WorkId, u32>,
    reasons: BTreeSet<String>,
    scheduled: BTreeMap<u32, AttemptReason>,
    heads: BTreeMap<TaskId, BTreeMap<RepositoryId, CommitId>>,
    merges: BTreeSet<TaskId>,
    merged: BTreeSet<(TaskId, RepositoryId)>,
    effects: BTreeMap<String, Effect>,
    /// What is known of which commits of a repository of a task.
    checked: BTreeSet<(TaskId, RepositoryId, CommitId)>,
    delegated: Delegated,
    budgets: Budgets,
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Books {
    /// Whether an effect was called for.
    pub(crate) fn asked(&self, effect: &str) -> bool {
        self.effects.contains_key(effect)
    }

    /// Why a command may change nothing; none if it may.
    pub(crate) fn forbids(&self, command: &Command) -> Option<String> {
        let (attempt, token) = match command {
            Command::Approve { by, facts, .. } if !facts.may_approve => {
                return Some(format!("{by} has no right to approve"));
            }
            Command::Deliver { attempt, token, .. }
            | Command::Reply { attempt, token, .. }
            | Command::FailAttempt { attempt, token, .. }
            | Command::InterruptAttempt { attempt, token, .. }
            | Command::Heartbeat { attempt, token, .. }
            | Command::AskOwner { attempt, token, .. }
            | Command::Delegate { attempt, token, .. }
            | Command::AwaitSubtasks { attempt, token }
            | Command::GiveUpSubtask { attempt, token, .. }
            | Command::Completes { attempt, token }
            | Command::AskQuestion { attempt, token, .. }
            | Command::ReportProgress { attempt, token, .. }
            | Command::MessagesDelivered { attempt, token, .. }
            | Command::WorkspaceReady { attempt, token }
            | Command::SessionOpened { attempt, token, .. } => (*attempt, *token),
            _ => return None,
        };
        let valid = self.held.get(&attempt) == Some(&token);
        (!valid).then(|| format!("invariant 3: token {token} of attempt {attempt} is not valid"))
    }

    pub(crate) fn event(&mut self, event: &Event, sprint: &Sprint, at: Timestamp) -> Result<(), String> {
        let effects = sprint.effects(event, at);
        self.delegated.event(event, &effects, &self.works)?;
        self.budgets.event(event, &sprint.policy.budgets)?;
        for effect in effects {
            if let Effect::OpenPullRequest { task, repository, .. } = &effect {
                ensure(!self.merged.contains(&(*task, repository.clone())), || {
                    format!("invariant 7: task {task} opens a second pull request in {repository}")
                })?;
            }
            let known = self.effects.insert(effect.key(), effect.clone());
            ensure(known.as_ref().is_none_or(|known| alike(known, &effect)), || {
                format!("invariant 7: {known:?} and {effect:?} have one key")
            })?;
        }
        match event {
            Event::SubtaskAdded {
                task, parent, owner, ..
            } => {
                ensure(self.approved.contains_key(parent) && !self.has_ended(*parent), || {
                    format!("invariant 1: task {task} is a part of task {parent}, which may not run")
                })?;
                self.owners.insert(*task, owner.clone());
                self.approved.insert(*task, Vec::new());
            }
            Event::SubtaskGivenUp { task, .. } => {
                self.cancelled.insert(*task);
            }
            Event::PlanSaved { plan, numbers, .. } => {
                self.plans.push(plan.clone());
                self.numbers.extend(numbers.iter().map(|(key, id)| (key.clone(), *id)));
            }
            Event::DeputySet { owner, deputy, .. } => {
                self.deputies.remove(owner);
                self.deputies
                    .extend(deputy.iter().map(|deputy| (owner.clone(), deputy.clone())));
            }
            Event::OwnerSet { task, owner, .. } => {
                self.owners.insert(*task, owner.clone());
            }
            Event::PlanApproved { version, dropped, .. } => {
                let newest = usize::try_from(version.0).is_ok_and(|version| version == self.plans.len());
                ensure(newest, || {
                    format!("invariant 1: version {version} of {} is approved", self.plans.len())
                })?;
                self.cancelled.extend(dropped);
                self.approve();
            }
            Event::AttemptScheduled {
                attempt, work, reason, ..
            } => self.scheduled(*attempt, *work, reason)?,
            Event::AttemptStarted { attempt, token, .. } => {
                ensure(token.0 > self.last_token, || {
                    format!("invariant 3: token {token} is not new")
                })?;
                self.last_token = token.0;
                self.held.insert(*attempt, *token);
                self.made(*attempt, sprint.policy.attempts)?;
                let reason = format!("{:?} {:?}", self.works.get(attempt), self.scheduled.get(attempt));
                ensure(self.reasons.insert(reason.clone()), || {
                    format!("invariant 13: {reason} was used before")
                })?;
            }
            Event::CheckRecorded { task, receipt, .. } => {
                let of = (*task, receipt.repository.clone(), receipt.run.commit.clone());
                self.checked.insert(of);
            }
            Event::ChecksSettled { task, back: false } => {
                self.automatic.remove(&WorkId::Task(*task));
            }
            Event::AttemptDelivered {
                attempt,
                results,
                checks,
                ..
            } => {
                if let Some(WorkId::Task(task)) = self.works.get(attempt) {
                    let heads = results
                        .iter()
                        .map(|(repository, result)| (repository.clone(), result.head.clone()));
                    self.heads.entry(*task).or_default().extend(heads);
                }
                // Until its checks passed, it may still have to be mended.
                if checks.is_empty() {
                    self.settled(*attempt);
                }
                self.ended(*attempt);
            }
            Event::AttemptReplied { attempt, .. }
            | Event::OwnerAsked { attempt, .. }
            | Event::SubtasksAwaited { attempt } => {
                self.settled(*attempt);
                self.ended(*attempt);
            }
            Event::AttemptFailed { attempt, .. }
            | Event::AttemptInterrupted { attempt, .. }
            | Event::AttemptCancelled { attempt }
            | Event::AttemptWithdrawn { attempt } => self.ended(*attempt),
            Event::Retried { work, .. } | Event::WorkWanted { work, .. } => {
                self.automatic.remove(work);
            }
            Event::ReviewSubmitted { task, by, verdict, .. } if *verdict != Verdict::Comment => {
                self.owned(*task, by)?;
            }
            Event::MergeRequested { task, by, .. } => {
                self.owned(*task, by)?;
                self.automatic.remove(&WorkId::Task(*task));
                self.merges.insert(*task);
            }
            Event::PullRequestMerged { task, repository, .. } => {
                self.merged.insert((*task, repository.clone()));
            }
            Event::TaskDone { task } if self.delegated.parent(*task).is_some() => {
                let parent = self.delegated.parent(*task);
                let top = parent.map(|parent| self.delegated.top(parent));
                ensure(top.is_some_and(|top| self.done.contains(&top)), || {
                    format!("invariant 2: task {task} is done before what it is a part of")
                })?;
                self.done.insert(*task);
            }
            Event::TaskDone { task } => {
                let pull_requests = sprint.tasks.get(task).map(|t| t.pull_requests.keys().cloned());
                let mut all = pull_requests.into_iter().flatten();
                let merged = all.all(|repository| self.merged.contains(&(*task, repository)));
                ensure(merged && self.merges.contains(task), || {
                    format!("invariant 2: task {task} is done, and not all of it is merged by a person")
                })?;
                self.done.insert(*task);
            }
            Event::TaskCancelled { task, .. } => {
                self.cancelled.insert(*task);
            }
            Event::SprintFinished => {
                let open = self.approved.keys().find(|task| !self.has_ended(**task));
                ensure(open.is_none(), || {
                    format!("invariant 2: the sprint is finished, and task {open:?} is not")
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A task that waits for its subtasks has one that is open.
    pub(crate) fn parents(&self, sprint: &Sprint) -> Result<(), String> {
        for task in sprint.tasks.values() {
            let waits = matches!(task.work.stage, Stage::AwaitingSubtasks { .. });
            let open = task.subtasks.iter().any(|id| !self.delegated.is_settled(*id));
            ensure(!waits || open, || {
                format!("invariant 6: task {} waits, and all its subtasks are settled", task.id)
            })?;
        }
        Ok(())
    }

    /// What a person may look at was checked at exactly the commits that they see.
    pub(crate) fn checked(&self, sprint: &Sprint) -> Result<(), String> {
        let offers = |stage: &Stage| {
            matches!(
                stage,
                Stage::Publishing { .. } | Stage::InReview | Stage::Delivered | Stage::Merging { .. }
            )
        };
        let checks = crate::commands::checks();
        for task in sprint.tasks.values().filter(|task| offers(&task.work.stage)) {
            let open = task.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
            let mut unknown = open.filter(|(repository, p)| {
                let of = (task.id, (*repository).clone(), p.head.clone());
                checks.contains_key(*repository) && !self.checked.contains(&of)
            });
            if let Some((repository, offered)) = unknown.next() {
                return Err(format!(
                    "invariant 14: task {} offers {} in {repository}, which nobody checked",
                    task.id, offered.head
                ));
            }
        }
        Ok(())
    }

    fn approve(&mut self) {
        let number = |key: &TaskKey| self.numbers.get(key).copied();
        let tasks = self.plans.last().map(|plan| plan.tasks.as_slice()).unwrap_or_default();
        let needs = tasks.iter().filter_map(|planned| {
            let needs = planned.depends_on.iter().filter_map(number).collect();
            Some((number(&planned.key)?, needs))
        });
        let needs: Vec<(TaskId, Vec<TaskId>)> = needs.collect();
        self.approved.extend(needs);
    }

    fn scheduled(&mut self, attempt: u32, work: WorkId, reason: &AttemptReason) -> Result<(), String> {
        self.works.insert(attempt, work);
        self.scheduled.insert(attempt, reason.clone());
        let other = self.live.insert(work, attempt);
        ensure(other.is_none(), || {
            format!("invariant 3: attempt {attempt} comes beside attempt {other:?}")
        })?;
        let WorkId::Task(task) = work else { return Ok(()) };
        ensure(self.owners.contains_key(&task), || {
            format!("invariant 1: task {task} has no owner")
        })?;
        ensure(!self.has_ended(task), || format!("invariant 2: task {task} has ended"))?;
        let needs = self
            .approved
            .get(&task)
            .ok_or(format!("invariant 1: task {task} is not approved"))?;
        let open = needs.iter().find(|on| !self.done.contains(on));
        ensure(open.is_none(), || {
            format!("invariant 2: task {task} does not wait for task {open:?}")
        })
    }

    /// One that was taken back before it began was none.
    fn made(&mut self, attempt: u32, most: u32) -> Result<(), String> {
        let automatic = matches!(
            self.scheduled.get(&attempt),
            Some(AttemptReason::First | AttemptReason::Retry { .. } | AttemptReason::ChecksBroken { .. })
        );
        let Some(work) = self.works.get(&attempt).filter(|_| automatic) else {
            return Ok(());
        };
        let made = self.automatic.entry(*work).or_default();
        *made += 1;
        ensure(*made <= most, || {
            format!("invariant 4: {made} automatic attempts at {work:?}")
        })
    }

    fn has_ended(&self, task: TaskId) -> bool {
        self.done.contains(&task) || self.cancelled.contains(&task)
    }

    fn ended(&mut self, attempt: u32) {
        self.held.remove(&attempt);
        if let Some(work) = self.works.get(&attempt)
            && self.live.get(work) == Some(&attempt)
        {
            self.live.remove(work);
        }
    }

    fn settled(&mut self, attempt: u32) {
        if let Some(work) = self.works.get(&attempt) {
            self.automatic.remove(work);
        }
    }

    fn owned(&self, task: TaskId, by: &PersonId) -> Result<(), String> {
        let owner = self.owners.get(&task);
        let acts = owner == Some(by) || owner.is_some_and(|owner| self.deputies.get(owner) == Some(by));
        ensure(acts, || {
            format!("invariant 2: {by} decides over task {task} of {owner:?}")
        })
    }
}

/// Whether doing both is doing one: they differ at most in how urgent they are.
fn alike(one: &Effect, other: &Effect) -> bool {
    match (one, other) {
        (Effect::Enqueue { attempt, .. }, Effect::Enqueue { attempt: same, .. }) => attempt == same,
        _ => one == other,
    }
}

/// Whatever is open has one reason; where no person decides, a time by which the engine looks again.
pub(crate) fn reasons(sprint: &Sprint, now: Timestamp) -> Result<(), String> {
    if !sprint.is_open() {
        return Ok(());
    }
    let wakes = sprint.next_deadline();
    let planning = sprint.explain_planning();
    ensure(planning.is_some() || sprint.phase == SprintPhase::Running, || {
        format!(
            "invariant 12: no plan runs, and nobody says why: {:?}",
            sprint.planning.stage
        )
    })?;
    let tasks = sprint.planned_tasks().filter(|task| !task.work.stage.is_ended());
    let tasks = tasks.map(|task| (Some(task.id), sprint.explain(task.id)));
    for (of, why) in tasks.chain(planning.map(|why| (None, Some(why)))) {
        let why = why.ok_or(format!("invariant 12: task {of:?} has no reason"))?;
        ensure(why.since <= now, || {
            format!("invariant 12: {of:?} waits since a time to come: {why:?}")
        })?;
        if matches!(why.actor, Actor::Person(_)) {
            continue;
        }
        let by = why.by.ok_or(format!(
            "invariant 12: {of:?}: {why:?} has neither a person nor a deadline"
        ))?;
        ensure(why.reason != Reason::Ready, || {
            format!("invariant 12: {of:?} is ready and was not scheduled")
        })?;
        let latest = by + sprint.policy.queue_check;
        ensure(wakes.is_some_and(|wakes| wakes <= latest), || {
            format!("invariant 12: {of:?}: {why:?}, but the engine wakes at {wakes:?}")
        })?;
    }
    Ok(())
}
