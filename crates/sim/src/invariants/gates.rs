//! What must be true before an agent works at all: an approved plan, an owner, done dependencies, and no pause.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::{PersonId, TaskId, TaskKey};
use team6_core::plan::Plan;
use team6_core::sprint::{Event, WorkId};

use super::{Found, Seen, ensure};

#[derive(Debug, Default)]
pub(super) struct Gates {
    plans: Vec<Plan>,
    numbers: BTreeMap<TaskKey, TaskId>,
    /// What each approved task waits for.
    approved: BTreeMap<TaskId, Vec<TaskId>>,
    owners: BTreeMap<TaskId, PersonId>,
    /// What each subtask is a part of.
    parents: BTreeMap<TaskId, TaskId>,
    done: BTreeSet<TaskId>,
    cancelled: BTreeSet<TaskId>,
    sprint_paused: bool,
    paused: BTreeSet<TaskId>,
}

impl Gates {
    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match seen.event {
            Event::PlanSaved { plan, numbers, .. } => {
                self.plans.push(plan.clone());
                self.numbers.extend(numbers.iter().map(|(key, id)| (key.clone(), *id)));
            }
            Event::OwnerSet { task, owner, .. } => {
                self.owners.insert(*task, owner.clone());
            }
            Event::PlanApproved { version, dropped, .. } => {
                let newest = usize::try_from(version.0).is_ok_and(|version| version == self.plans.len());
                ensure(newest, "1 approval", || {
                    format!("version {version} of {} was approved", self.plans.len())
                })?;
                self.cancelled.extend(dropped);
                self.approve()?;
            }
            Event::SubtaskAdded {
                task, parent, owner, ..
            } => {
                let runs = self.approved.contains_key(parent) && !self.has_ended(*parent);
                ensure(runs, "1 approval", || {
                    format!("task {task} is a part of task {parent}, which may not run")
                })?;
                self.parents.insert(*task, *parent);
                self.owners.insert(*task, owner.clone());
                self.approved.insert(*task, Vec::new());
            }
            Event::TaskDone { task } => {
                let done = self.top(*task) == *task || self.done.contains(&self.top(*task));
                ensure(done, "2 done", || {
                    format!("task {task} is done before what it is a part of")
                })?;
                self.done.insert(*task);
            }
            Event::SubtaskGivenUp { task, .. } => {
                self.cancelled.insert(*task);
            }
            Event::TaskCancelled { task, .. } => {
                self.cancelled.insert(*task);
            }
            Event::SprintPaused { .. } => self.sprint_paused = true,
            Event::SprintResumed { .. } => self.sprint_paused = false,
            Event::TaskPaused { task, .. } => {
                self.paused.insert(*task);
            }
            Event::TaskResumed { task, .. } => {
                self.paused.remove(task);
            }
            Event::SprintFinished => {
                let open = self.approved.keys().find(|task| !self.has_ended(**task));
                ensure(open.is_none(), "2 done", || {
                    format!("the sprint is finished, but task {open:?} is not")
                })?;
            }
            Event::AttemptScheduled { attempt, .. } => self.may_work(*attempt, seen.work)?,
            Event::AttemptStarted { attempt, .. } => self.not_paused(*attempt, seen.work)?,
            _ => {}
        }
        Ok(())
    }

    fn top(&self, task: TaskId) -> TaskId {
        self.parents.get(&task).map_or(task, |parent| self.top(*parent))
    }

    fn has_ended(&self, task: TaskId) -> bool {
        self.done.contains(&task) || self.cancelled.contains(&task)
    }

    fn approve(&mut self) -> Found {
        let number = |key: &TaskKey| self.numbers.get(key).copied();
        let tasks = self.plans.last().map(|plan| plan.tasks.as_slice()).unwrap_or_default();
        for planned in tasks {
            let Some(task) = number(&planned.key) else { continue };
            ensure(
                self.owners.contains_key(&task) || self.has_ended(task),
                "1 owner",
                || format!("task {task} was approved without an owner"),
            )?;
            self.approved
                .insert(task, planned.depends_on.iter().filter_map(number).collect());
        }
        Ok(())
    }

    fn may_work(&self, attempt: u32, work: Option<WorkId>) -> Found {
        self.not_paused(attempt, work)?;
        let Some(WorkId::Task(task)) = work else { return Ok(()) };
        let Some(dependencies) = self.approved.get(&task) else {
            return Err((
                "1 approval",
                format!("attempt {attempt} of task {task} was not approved"),
            ));
        };
        ensure(self.owners.contains_key(&task), "1 owner", || {
            format!("attempt {attempt} of task {task} has no owner")
        })?;
        ensure(!self.has_ended(task), "2 done", || {
            format!("attempt {attempt} is one of task {task}, which has ended")
        })?;
        let open = dependencies.iter().find(|on| !self.done.contains(on));
        ensure(open.is_none(), "2 dependencies", || {
            format!("attempt {attempt} of task {task} does not wait for task {open:?}")
        })
    }

    fn not_paused(&self, attempt: u32, work: Option<WorkId>) -> Found {
        let paused = match work {
            Some(WorkId::Task(task)) => {
                let above = std::iter::successors(Some(task), |id| self.parents.get(id).copied());
                self.sprint_paused || above.into_iter().any(|id| self.paused.contains(&id))
            }
            _ => self.sprint_paused,
        };
        ensure(!paused, "pause", || {
            format!("attempt {attempt} of {work:?} does not heed the pause")
        })
    }
}
