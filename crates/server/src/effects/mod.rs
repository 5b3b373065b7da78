//! Carries the core's effects to the queue and the forge, and brings the answers back as commands.
//!
//! Every effect may come twice: jobs are known by their attempt, pull requests, reviews and answers by their key, and a
//! merge by what was merged.

mod pull_requests;
pub(crate) mod reverts;
mod reviews;
mod updating;

use std::collections::BTreeMap;

use async_trait::async_trait;
use team6_core::ids::{AttemptId, PersonId, RepositoryId, SprintId, TaskId};
use team6_core::sprint::{Command, Effect, Sprint, Stage, Task, WorkId};
use team6_core::time::Timestamp;
use team6_forge::Identity;
use team6_queue::Job;
use tokio::sync::watch;

use crate::config::Person;
use crate::control::{ControlParts, memory};
use crate::engine::{ENGINE, EffectError, EffectHandler, EngineError};

/// Where commits that no person makes come from.
const ENGINE_ADDRESS: &str = "team6@localhost";

/// The effects of a server whose queue, forge and workers are at hand.
pub struct Effects {
    parts: ControlParts,
    people: BTreeMap<PersonId, Person>,
    ended_work: watch::Sender<u64>,
}

impl Effects {
    /// Effects on these parts, in the names of these people.
    pub fn new(parts: ControlParts, people: BTreeMap<PersonId, Person>) -> Self {
        Self {
            parts,
            people,
            ended_work: watch::Sender::new(0),
        }
    }

    /// Moves whenever work ended, so that its workspaces and homes can be removed.
    pub fn ended_work(&self) -> watch::Receiver<u64> {
        self.ended_work.subscribe()
    }

    /// Looks at a sprint.
    async fn read<T>(&self, sprint: SprintId, look: impl FnOnce(&Sprint) -> T) -> Result<T, EffectError> {
        let read = self.parts.engine.read(sprint, |sprint, _| look(sprint)).await;
        read.map_err(|error| EffectError(error.to_string()))
    }

    /// Looks at a task; none if there is no such task.
    async fn read_task<T>(
        &self,
        sprint: SprintId,
        task: TaskId,
        look: impl FnOnce(&Sprint, &Task) -> T,
    ) -> Result<Option<T>, EffectError> {
        self.read(sprint, |sprint| sprint.tasks.get(&task).map(|task| look(sprint, task)))
            .await
    }

    /// Tells the engine what came of an effect. What the rules refuse is out of date, and so is done.
    async fn tell(&self, sprint: SprintId, command: Command) -> Result<(), EffectError> {
        match self.parts.engine.execute(sprint, command, ENGINE, None).await {
            Ok(_) => Ok(()),
            Err(EngineError::Refused(refusal)) => {
                tracing::info!(%sprint, %refusal, "the outcome of an effect came too late to matter");
                Ok(())
            }
            Err(error) => Err(EffectError(error.to_string())),
        }
    }

    fn identity(&self, person: &PersonId) -> Identity {
        identity(&self.people, person)
    }

    async fn enqueue(&self, attempt: AttemptId, priority: i64, not_before: Timestamp) -> Result<(), EffectError> {
        let project = self.read(attempt.sprint, |sprint| sprint.project.clone()).await?;
        let job = Job {
            id: attempt.to_string(),
            project,
            priority,
            not_before,
            data: serde_json::Value::Null,
            created: self.parts.engine.now(),
        };
        let added = self.parts.queue.enqueue(job).await;
        added.map(drop).map_err(|error| EffectError(error.to_string()))
    }

    async fn dequeue(&self, attempt: AttemptId) -> Result<(), EffectError> {
        let (project, started) = self
            .read(attempt.sprint, |sprint| {
                let started = sprint.attempt(attempt.n).is_some_and(|a| a.started.is_some());
                (sprint.project.clone(), started)
            })
            .await?;
        if started {
            // Its worker sees that the attempt is over, ends the agent and gives the slot back itself.
            return Ok(());
        }
        let removed = self
            .parts
            .queue
            .remove(&project, &attempt.to_string(), self.parts.engine.now())
            .await;
        removed.map(drop).map_err(|error| EffectError(error.to_string()))
    }

    /// Closes the pull requests that need a task's branch, which goes away: those of its subtasks, and its own if it is one.
    async fn close_delegated(&self, sprint: SprintId, task: TaskId) -> Result<(), EffectError> {
        let open = self.read_task(sprint, task, |sprint, task| {
            let own = std::iter::once(task).filter(|task| task.subtask.is_some());
            let offered = sprint.subtasks(task).chain(own).flat_map(|task| &task.pull_requests);
            let numbered = offered.filter_map(|(repository, p)| Some((repository.clone(), p.number?)));
            numbered.collect::<Vec<_>>()
        });
        for (repository, number) in open.await?.unwrap_or_default() {
            self.close(sprint, &repository, number).await?;
        }
        Ok(())
    }

    /// Branches of a task that was merged are in the base; those of a cancelled one stay for who looks for them.
    async fn clean_up(&self, sprint: SprintId, work: WorkId) -> Result<(), EffectError> {
        if let WorkId::Task(task) = work {
            let learnt = memory::learn(&self.parts.engine, &self.people, sprint, task).await;
            learnt.map_err(|error| EffectError(error.to_string()))?;
            let merged = self.read_task(sprint, task, |_, task| {
                let over = task.is_merged() || task.subtask.is_some() && task.work.stage == Stage::Done;
                let branch = task.branch.clone().filter(|_| over);
                branch.map(|branch| {
                    (
                        branch,
                        task.pull_requests.keys().cloned().collect::<Vec<RepositoryId>>(),
                    )
                })
            });
            if let Some((branch, repositories)) = merged.await?.flatten() {
                self.close_delegated(sprint, task).await?;
                for repository in repositories {
                    let deleted = self.parts.forge.delete_branch(&repository, &branch).await;
                    if let Err(error) = deleted {
                        tracing::warn!(%repository, %branch, %error, "a merged branch stays");
                    }
                }
            }
        }
        self.ended_work.send_modify(|n| *n += 1);
        Ok(())
    }
}

#[async_trait]
impl EffectHandler for Effects {
    async fn carry_out(&self, effect: Effect) -> Result<(), EffectError> {
        match effect {
            Effect::Enqueue {
                attempt,
                priority,
                not_before,
                ..
            } => self.enqueue(attempt, priority, not_before).await,
            Effect::Dequeue { attempt } => self.dequeue(attempt).await,
            Effect::OpenPullRequest {
                sprint,
                task,
                repository,
                head,
                ..
            } => self.open_pull_request(sprint, task, repository, head).await,
            Effect::DescribePullRequest {
                sprint,
                task,
                repository,
                ..
            } => self.describe(sprint, task, &repository).await,
            Effect::PostReview { sprint, task, review } => self.post_review(sprint, task, review).await,
            Effect::PostAnswers { sprint, task, .. } => self.post_answers(sprint, task).await,
            Effect::UpdateBranch { sprint, .. } if !self.read(sprint, |sprint| sprint.wants(&effect)).await? => Ok(()),
            Effect::MergePullRequest {
                sprint,
                task,
                ref repository,
                ..
            } if !self.read(sprint, |sprint| sprint.wants(&effect)).await? => {
                self.tell_if_merged(sprint, task, repository).await
            }
            Effect::FollowBase { sprint, repository, .. } => self.follow_base(sprint, &repository).await,
            Effect::UpdateBranch {
                sprint,
                task,
                repository,
                head,
                update,
            } => self.update_branch(sprint, task, repository, head, update).await,
            Effect::TryMerge {
                sprint,
                task,
                repositories,
                merge,
            } => self.try_merge(sprint, task, &repositories, merge).await,
            Effect::MergePullRequest {
                sprint,
                task,
                repository,
                head,
                by,
                method,
                merge,
            } => {
                let wanted = pull_requests::WantedMerge {
                    task,
                    repository,
                    head,
                    by,
                    method,
                    merge,
                };
                self.merge(sprint, wanted).await
            }
            Effect::Revert {
                sprint,
                task,
                ref repositories,
                ref by,
                revert,
            } => {
                let wanted = self.read(sprint, |sprint| sprint.wants(&effect)).await?;
                let order = reverts::WantedRevert {
                    task,
                    repositories,
                    by,
                    revert,
                };
                self.revert(sprint, order, wanted).await
            }
            Effect::ClosePullRequest {
                sprint,
                repository,
                number,
                ..
            } => self.close(sprint, &repository, number).await,
            Effect::CleanUp { sprint, work } => self.clean_up(sprint, work).await,
        }
    }
}

/// In whose name the forge does what a person asks for.
pub(crate) fn identity(people: &BTreeMap<PersonId, Person>, person: &PersonId) -> Identity {
    match people.get(person) {
        Some(known) => Identity {
            name: known.name.clone(),
            email: known.email.clone(),
        },
        None => Identity {
            name: person.to_string(),
            email: ENGINE_ADDRESS.into(),
        },
    }
}
