//! What people do to work beside planning and review: messages, retries, pauses, cancellation.

use crate::ids::{MessageId, PersonId, TaskId};
use crate::sprint::event::{AttemptReason, Event};
use crate::sprint::stage::Stage;
use crate::sprint::state::{Message, Pause, Sprint, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_people(&mut self, event: &Event, at: Timestamp) {
        match event {
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
                if let WorkId::Task(task) = to {
                    self.answered(*task, *message);
                }
            }
            Event::DeputySet {
                owner,
                deputy,
                may_approve,
                ..
            } => self.deputed(owner, deputy.as_ref(), *may_approve),
            Event::Retried { work, by, note } => self.retried(*work, by, note, at),
            Event::WorkWanted { work, message } => {
                self.work_mut(*work, |w| w.failures = 0);
                if let WorkId::Task(task) = work {
                    self.task(*task, |t| t.updating.rounds = 0);
                }
                let next = AttemptReason::Message { message: *message };
                self.stage(*work, Stage::Waiting { next, not_before: at }, at);
            }
            Event::TaskCancelled { task, by } => {
                self.closed(*task);
                self.stage(WorkId::Task(*task), Stage::Cancelled { by: by.clone() }, at);
            }
            Event::TaskPaused { task, by } => {
                self.task(*task, |t| t.paused = Some(Pause { by: by.clone(), at }));
                self.ask_to_stop(Some(*task));
            }
            Event::TaskBudgetSet { task, budget, .. } => {
                self.task(*task, |t| t.budget = Some(*budget));
                self.touched.funds = true;
            }
            Event::SprintBudgetSet { budget, .. } => {
                self.budget = *budget;
                self.touched.funds = true;
            }
            Event::TaskResumed { task, .. } => {
                self.task(*task, |t| t.paused = None);
            }
            _ => {}
        }
    }

    /// What is written while an agent asks is the answer.
    fn answered(&mut self, task: TaskId, message: MessageId) {
        self.task(task, |t| {
            let asks = matches!(t.work.stage, Stage::Asking { .. });
            if let Some(open) = t.asked.last_mut().filter(|asked| asks && asked.answer.is_none()) {
                open.answer = Some(message);
            }
        });
    }

    fn deputed(&mut self, owner: &PersonId, deputy: Option<&PersonId>, may_approve: bool) {
        match deputy {
            Some(deputy) => self.deputies.insert(owner.clone(), deputy.clone()),
            None => self.deputies.remove(owner),
        };
        match deputy {
            Some(deputy) if !may_approve => self.may_not_approve.insert(deputy.clone()),
            Some(deputy) => self.may_not_approve.remove(deputy),
            None => false,
        };
        let deputies = &self.deputies;
        self.may_not_approve
            .retain(|person| deputies.values().any(|deputy| deputy == person));
        // What nobody owns, and the sprint's budgets, are the lead's.
        let leads = *owner == self.lead;
        let theirs = self.tasks.values();
        let theirs = theirs.filter(|task| leads || task.owner.as_ref() == Some(owner));
        self.touched.tasks.extend(theirs.map(|task| task.id));
    }
}
