//! The end of an attempt: its work is brought out and told of, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use team6_agent::toolbox::{CompleteTask, TestOutcome};
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{Command, Delivered, Delivery, Refusal, TestRun, ThreadAnswer};
use team6_core::trace::Usage;
use team6_workspace::{Imported, Workspace, WorkspaceError};

use super::talk::Outcome;
use super::{Attempt, is_over};
use crate::control::{Assignment, ControlError, Left, Publication};
use crate::worker::Parts;

impl Attempt {
    pub(super) async fn finish(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        workspace: Workspace,
        outcome: Outcome,
        usage: Usage,
    ) {
        let imported = match assignment.branch {
            Some(_) => self.while_waiting_anyway(parts.provisioner.import(&workspace)).await,
            None => Ok(Vec::new()),
        };
        let left_behind = imported.as_ref().is_err_and(WorkspaceError::leaves_work_behind);
        let (imported, outcome) = match imported {
            Ok(imported) => (imported, outcome),
            Err(error) => {
                let stays = match left_behind {
                    true => "; its workspace stays, and the next attempt or the next start brings it out first",
                    false => "",
                };
                self.trace
                    .note(format!("the work could not be brought out: {error}{stays}"))
                    .await;
                let outcome = match outcome {
                    Outcome::Complete(_) | Outcome::Stopped(_) => Outcome::Failed(error.failure()),
                    other => other,
                };
                (Vec::new(), outcome)
            }
        };
        for notice in imported.iter().flat_map(|one| &one.notices) {
            self.trace.note(notice.clone()).await;
        }
        let left: Left = imported
            .iter()
            .map(|one| (one.repository.clone(), one.head.clone()))
            .collect();
        match outcome {
            Outcome::Complete(complete) => {
                let mut complete = *complete;
                self.while_waiting_anyway(self.check_answers(parts, &imported, &mut complete))
                    .await;
                if let Err(failure) = self.deliver(parts, assignment, imported, complete, usage).await {
                    self.fail_with(failure, left, usage).await;
                }
            }
            Outcome::Failed(failure) => self.fail_with(failure, left, usage).await,
            Outcome::Stopped(why) => {
                self.trace.note(format!("stopped: {why}; the work is kept")).await;
                self.interrupted(why, left, usage).await;
            }
            Outcome::Replied => {}
            Outcome::Parked => self.used(usage).await,
            Outcome::Over => {
                self.trace.note("the attempt is over; what was done is kept").await;
                self.used(usage).await;
            }
        }
        match left_behind {
            // Work is never thrown away, whatever the reason for which it does not come out now.
            true => parts.provisioner.leave(workspace),
            false => self.release(parts, workspace).await,
        }
    }

    pub(super) async fn release(&self, parts: &Parts, workspace: Workspace) {
        if let Err(error) = parts.provisioner.release(workspace).await {
            tracing::warn!(attempt = %self.id, %error, "a workspace is left for the next sweep");
        }
    }

    /// Gives heartbeats, and goes on also when nobody wants them any more or the engine stops: the work is to be kept.
    async fn while_waiting_anyway<T>(&self, waited: impl Future<Output = T>) -> T {
        tokio::pin!(waited);
        tokio::select! {
            biased;
            done = &mut waited => return done,
            () = self.beats() => {}
        }
        waited.await
    }

    async fn fail_with(&self, failure: Failure, left: Left, usage: Usage) {
        self.trace.failed(&failure).await;
        let command = Command::FailAttempt {
            attempt: self.id.n,
            token: self.token,
            failure,
            left,
            usage,
        };
        self.tell_last(command).await;
    }

    pub(super) async fn interrupted(&self, why: String, left: Left, usage: Usage) {
        let command = Command::InterruptAttempt {
            attempt: self.id.n,
            token: self.token,
            why,
            left,
            usage,
        };
        self.tell_last(command).await;
    }

    /// What it used in all: an agent tells it with the end of its turn, and its attempt ended before.
    async fn used(&self, usage: Usage) {
        let command = Command::ReportUsage {
            attempt: self.id.n,
            token: self.token,
            usage,
        };
        self.tell_last(command).await;
    }

    async fn tell_last(&self, command: Command) {
        match self.tell(command).await {
            Ok(()) => {}
            Err(ControlError::Refused(refusal)) if is_over(&refusal) => {}
            Err(error) => {
                tracing::warn!(attempt = %self.id, %error, "the end of an attempt was not heard; its lease will tell");
            }
        }
    }

    /// Takes commits out of answers that are not on the branch that is delivered, such as one that was amended since: a
    /// reviewer would look for them in vain. The answer says so, and is as good as it was.
    ///
    /// Only now is there anything to look at, and what was made is worth more than a reference: no attempt fails by it.
    async fn check_answers(&self, parts: &Parts, imported: &[Imported], complete: &mut CompleteTask) {
        for answer in &mut complete.answers {
            let Some(commit) = answer.commit.clone() else { continue };
            let mut held = false;
            for one in imported {
                match parts.provisioner.holds(one, &commit).await {
                    Ok(holds) => held |= holds,
                    Err(error) => {
                        tracing::warn!(attempt = %self.id, %error, "a commit in an answer cannot be looked for");
                        held = true;
                    }
                }
            }
            if !held {
                let text = format!("it named commit {}, which is not on the branch", commit.short());
                self.trace
                    .note(format!("the answer to thread {}: {text}", answer.thread))
                    .await;
                answer.commit = None;
                answer.text = format!("{} ({text})", answer.text.trim_end());
            }
        }
    }

    /// The subtasks whose work is on the branch that is delivered.
    async fn integrated(&self, parts: &Parts, assignment: &Assignment, imported: &[Imported]) -> BTreeSet<TaskId> {
        let mut found = BTreeSet::new();
        for (task, heads) in &assignment.subtasks {
            let mut held = !heads.is_empty();
            for (repository, head) in heads {
                let one = imported.iter().find(|one| one.repository == *repository);
                held &= match one {
                    Some(one) => parts.provisioner.holds(one, head).await.unwrap_or_else(|error| {
                        tracing::warn!(attempt = %self.id, %task, %error, "the work of a subtask cannot be looked for");
                        false
                    }),
                    None => false,
                };
            }
            match held {
                true => {
                    found.insert(*task);
                }
                false => {
                    let text = format!("the branch does not hold what task {task} delivered");
                    self.trace.note(text).await;
                }
            }
        }
        found
    }

    /// Publishes the branches and hands in the task.
    async fn deliver(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        imported: Vec<Imported>,
        complete: CompleteTask,
        usage: Usage,
    ) -> Result<(), Failure> {
        let failed = |kind, text: String| Failure {
            kind,
            text,
            until: None,
        };
        let branch = assignment
            .branch
            .clone()
            .ok_or_else(|| failed(FailureKind::Impossible, "a plan has no branch".into()))?;
        let changed = imported.iter().filter(|one| one.changed);
        let publications: Vec<Publication> = changed
            .map(|one| Publication {
                repository: one.repository.clone(),
                store: one.store.clone(),
                commit: one.head.clone(),
                branch: branch.clone(),
            })
            .collect();
        if !publications.is_empty() {
            let published = self.control.publish(self.id, self.token, publications);
            match self.while_waiting_anyway(published).await {
                Ok(()) => {}
                Err(ControlError::Refused(refusal)) if is_over(&refusal) => return Ok(()),
                Err(ControlError::Unavailable(why)) => return Err(failed(FailureKind::Unreachable, why)),
                Err(error) => return Err(failed(FailureKind::PublishFailed, error.to_string())),
            }
        }
        let integrated = self
            .while_waiting_anyway(self.integrated(parts, assignment, &imported))
            .await;
        let results: BTreeMap<RepositoryId, Delivered> = imported
            .into_iter()
            .map(|one| {
                let delivered = Delivered {
                    head: one.head,
                    changed: one.changed,
                };
                (one.repository, delivered)
            })
            .collect();
        let (delivery, answers) = words(complete);
        let command = Command::Deliver {
            attempt: self.id.n,
            token: self.token,
            delivery,
            answers,
            results,
            integrated,
            checks: Default::default(),
            usage,
        };
        match self.tell(command).await {
            Ok(()) => Ok(()),
            Err(ControlError::Refused(refusal)) if is_over(&refusal) => Ok(()),
            Err(ControlError::Refused(refusal)) => {
                let kind = match *refusal {
                    Refusal::NothingDelivered | Refusal::ThreadsOpen { .. } | Refusal::SubtasksOpen { .. } => {
                        FailureKind::NotCompleted
                    }
                    _ => FailureKind::ImportRefused,
                };
                Err(failed(kind, refusal.to_string()))
            }
            Err(error) => Err(failed(FailureKind::Unreachable, error.to_string())),
        }
    }
}

/// What the agent said of its work, in the core's words.
fn words(complete: CompleteTask) -> (Delivery, Vec<ThreadAnswer>) {
    let tests = complete.tests.into_iter().map(|test| {
        let outcome = match test.outcome {
            TestOutcome::Passed => "passed",
            TestOutcome::Failed => "failed",
            TestOutcome::NotRun => "not run",
        };
        TestRun {
            command: test.command,
            outcome: test
                .detail
                .map_or_else(|| outcome.to_owned(), |detail| format!("{outcome}: {detail}")),
        }
    });
    let delivery = Delivery {
        what: complete.summary_what,
        why: complete.summary_why,
        tests: tests.collect(),
        merge_order: complete.merge_order,
        left: complete.left,
    };
    let answers = complete.answers.into_iter().map(|answer| ThreadAnswer {
        thread: answer.thread,
        commit: answer.commit,
        text: answer.text,
    });
    (delivery, answers.collect())
}
