//! What people do to a running sprint: chat, retry, cancel, pause.

use super::{Decider, check_text, some_text, stage_name};
use crate::ids::{PersonId, TaskId};
use crate::sprint::{Event, Refusal, Stage, Urgency, WorkId};

impl Decider<'_> {
    pub(super) fn chat(&mut self, by: PersonId, to: WorkId, text: String, urgency: Urgency) -> Result<(), Refusal> {
        self.open()?;
        some_text(&text)?;
        if let WorkId::Task(id) = to {
            self.led(id, &by)?;
            self.not_ended(id)?;
            self.not_taken_over(id)?;
        }
        self.send(by, to, text, urgency);
        Ok(())
    }

    pub(super) fn retry(&mut self, by: PersonId, work: WorkId, note: String) -> Result<(), Refusal> {
        self.open()?;
        check_text(&note)?;
        let retryable = |stage: &Stage| matches!(stage, Stage::Failed { .. } | Stage::Held(_));
        match work {
            WorkId::Planning if !retryable(self.planning_stage()) => {
                return Err(Refusal::PlanningNotRetryable {
                    stage: stage_name(self.planning_stage()).into(),
                });
            }
            WorkId::Planning => {}
            WorkId::Task(id) => {
                let task = self.led(id, &by)?;
                if !retryable(&task.work.stage) {
                    return Err(Refusal::NotRetryable {
                        task: id,
                        stage: stage_name(&task.work.stage).into(),
                    });
                }
            }
        }
        self.emit(Event::Retried { work, by, note });
        self.schedule(work);
        Ok(())
    }

    pub(super) fn cancel_task(&mut self, by: &PersonId, id: TaskId) -> Result<(), Refusal> {
        self.open()?;
        self.led(id, by)?;
        self.not_ended(id)?;
        self.not_merging([id])?;
        self.give_up(id, by);
        Ok(())
    }

    /// Ends a task with all that was delegated for it.
    pub(super) fn give_up(&mut self, id: TaskId, by: &PersonId) {
        for below in self.sprint.below(id).into_iter().rev() {
            if self.not_ended(below).is_ok() {
                self.take_back_for_good(below, by);
            }
        }
        self.take_back_for_good(id, by);
        self.finish();
    }

    pub(super) fn pause_task(&mut self, by: PersonId, id: TaskId) -> Result<(), Refusal> {
        self.open()?;
        let task = self.led(id, &by)?;
        if task.paused.is_some() {
            return Err(Refusal::AlreadyPaused { task: id });
        }
        self.not_ended(id)?;
        self.emit(Event::TaskPaused { task: id, by });
        for task in std::iter::once(id).chain(self.sprint.below(id)) {
            self.unqueue(WorkId::Task(task));
        }
        Ok(())
    }

    pub(super) fn resume_task(&mut self, by: PersonId, id: TaskId) -> Result<(), Refusal> {
        self.open()?;
        if self.led(id, &by)?.paused.is_none() {
            return Err(Refusal::NotPaused { task: id });
        }
        self.emit(Event::TaskResumed { task: id, by });
        for task in std::iter::once(id).chain(self.sprint.below(id)) {
            self.schedule(WorkId::Task(task));
        }
        Ok(())
    }

    pub(super) fn pause_sprint(&mut self, by: PersonId) -> Result<(), Refusal> {
        self.open()?;
        if self.sprint.paused.is_some() {
            return Err(Refusal::SprintAlreadyPaused);
        }
        self.emit(Event::SprintPaused { by });
        for work in self.scheduled() {
            self.unqueue(work);
        }
        Ok(())
    }

    pub(super) fn resume_sprint(&mut self, by: PersonId) -> Result<(), Refusal> {
        self.open()?;
        if self.sprint.paused.is_none() {
            return Err(Refusal::SprintNotPaused);
        }
        self.emit(Event::SprintResumed { by });
        self.schedule_all();
        Ok(())
    }

    pub(super) fn set_deputy(
        &mut self,
        by: PersonId,
        owner: PersonId,
        deputy: Option<PersonId>,
        may_approve: bool,
    ) -> Result<(), Refusal> {
        self.open()?;
        if by != owner && !self.sprint.leads(&by) {
            return Err(Refusal::NotTheirs {
                owner,
                lead: self.sprint.lead.clone(),
            });
        }
        if deputy.as_ref() == Some(&owner) {
            return Err(Refusal::OwnDeputy { owner });
        }
        // Named again, a deputy has the rights of now.
        let known = |deputy: &PersonId| self.sprint.may_not_approve.contains(deputy) != may_approve;
        if self.sprint.deputies.get(&owner) == deputy.as_ref() && deputy.as_ref().is_none_or(known) {
            return Err(Refusal::NothingChanged);
        }
        self.emit(Event::DeputySet {
            by,
            owner,
            deputy,
            may_approve,
        });
        Ok(())
    }

    pub(super) fn cancel_sprint(&mut self, by: PersonId) -> Result<(), Refusal> {
        self.open()?;
        let open = self
            .sprint
            .tasks
            .values()
            .filter(|t| !t.work.stage.is_ended())
            .map(|t| t.id);
        let open: Vec<TaskId> = open.collect();
        self.not_merging(open.iter().copied())?;
        for task in open {
            self.take_back_for_good(task, &by);
        }
        self.stop_planning();
        self.emit(Event::SprintCancelled { by });
        Ok(())
    }

    fn take_back_for_good(&mut self, task: TaskId, by: &PersonId) {
        self.take_back(WorkId::Task(task));
        self.emit(Event::TaskCancelled { task, by: by.clone() });
    }

    /// Takes a job out of the queue; what already runs is asked to stop and keeps its lease until it has.
    pub(super) fn unqueue(&mut self, work: WorkId) {
        if let Some(&Stage::Queued { attempt, .. }) = self.sprint.work(work).map(|w| &w.stage) {
            self.emit(Event::AttemptWithdrawn { attempt });
        }
    }

    /// Work that has a deadline: all that is queued, and more.
    pub(super) fn scheduled(&self) -> Vec<WorkId> {
        self.sprint.deadlines.iter().map(|(_, work)| *work).collect()
    }

    /// A merge may have happened by the time that its task is cancelled, and then the log would deny what everybody can
    /// see in the base. So its outcome comes first; it has a deadline.
    fn not_merging(&self, tasks: impl IntoIterator<Item = TaskId>) -> Result<(), Refusal> {
        let merging = |id: &TaskId| {
            let task = self.sprint.tasks.get(id);
            task.is_some_and(|t| matches!(t.work.stage, Stage::Merging { .. }))
        };
        let tasks: Vec<TaskId> = tasks.into_iter().collect();
        let taken_back = |id: &&TaskId| self.sprint.tasks.get(id).is_some_and(|task| task.taking_back);
        if let Some(task) = tasks.iter().find(taken_back) {
            return Err(Refusal::RevertBegun { task: *task });
        }
        let tasks: Vec<TaskId> = tasks.into_iter().filter(merging).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        Err(Refusal::BeingMerged { tasks })
    }

    /// Once its parent goes on with what a subtask delivered, nothing can be changed there any more.
    pub(super) fn not_taken_over(&self, id: TaskId) -> Result<(), Refusal> {
        let task = self.task(id)?;
        match &task.subtask {
            Some(subtask) if subtask.reported && task.work.stage == Stage::Delivered => Err(Refusal::TakenOver {
                task: id,
                parent: subtask.parent,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn not_ended(&self, id: TaskId) -> Result<(), Refusal> {
        let stage = &self.task(id)?.work.stage;
        if stage.is_ended() {
            return Err(Refusal::TaskEnded {
                task: id,
                stage: stage_name(stage).into(),
            });
        }
        Ok(())
    }
}
