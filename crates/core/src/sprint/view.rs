//! Sprints and tasks as people see them in lists: what the read models keep.

use serde::{Deserialize, Serialize};

use super::handle::{STATES, stage_name};
use super::{Sprint, SprintPhase, Stage, Task, WorkId};
use crate::budget::BudgetShort;
use crate::explain::{Actor, Explanation, Reason};
use crate::ids::{AgentId, PersonId, PlanVersion, ProjectId, SprintId, TaskId};
use crate::ledger::FundsShort;
use crate::time::Timestamp;

/// A sprint in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SprintSummary {
    /// Its number.
    pub id: SprintId,
    /// Its project.
    pub project: ProjectId,
    /// Its title, or the first line of its goal.
    pub title: String,
    /// Who leads it.
    pub lead: PersonId,
    /// Where it stands.
    pub phase: SprintPhase,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is paused.
    pub paused: bool,
    /// The newest version of its plan.
    pub newest: Option<PlanVersion>,
    /// The approved version.
    pub approved: Option<PlanVersion>,
    /// Its tasks by state.
    pub counts: Counts,
}

/// Tasks by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// All that are planned.
    pub tasks: usize,
    /// Waiting for something or for a slot.
    pub waiting: usize,
    /// At work.
    pub running: usize,
    /// In review or being merged.
    pub review: usize,
    /// Failed, held or asking.
    pub stuck: usize,
    /// Done.
    pub done: usize,
    /// Cancelled.
    pub cancelled: usize,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskSummary {
    /// Its number.
    pub id: TaskId,
    /// Its sprint.
    pub sprint: SprintId,
    /// The task that it is a part of, if it was delegated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// Its title.
    pub title: String,
    /// What people call its state.
    pub state: String,
    /// Its owner.
    pub owner: Option<PersonId>,
    /// Its agent.
    pub agent: Option<AgentId>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// How many attempts it had.
    pub attempts: usize,
    /// Whether it was approved.
    pub approved: bool,
    /// Why it is not done.
    pub why: Option<Explanation>,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxItem {
    /// The same for the same thing, and for nothing else.
    pub key: String,
    /// Who it waits for.
    pub person: PersonId,
    /// Its sprint.
    pub sprint: SprintId,
    /// Its task, if it belongs to one.
    pub task: Option<TaskId>,
    /// The title of the task or the sprint.
    pub title: String,
    /// Why it waits.
    pub why: Explanation,
}

impl Sprint {
    /// The sprint in a list.
    pub fn summary(&self) -> SprintSummary {
        SprintSummary {
            id: self.id,
            project: self.project.clone(),
            title: self.title().into_owned(),
            lead: self.lead.clone(),
            phase: self.phase,
            since: self.phase_since,
            paused: self.paused.is_some(),
            newest: self.newest_plan().map(|saved| saved.version),
            approved: self.approved.as_ref().map(|a| a.version),
            counts: self.counts(),
        }
    }

    /// Its tasks by state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for task in self.planned_tasks() {
            counts.tasks += 1;
            let count = match &task.work.stage {
                Stage::Idle | Stage::Waiting { .. } | Stage::Queued { .. } | Stage::AwaitingSubtasks { .. } => {
                    &mut counts.waiting
                }
                Stage::Running { .. } => &mut counts.running,
                Stage::Checking { .. }
                | Stage::Publishing { .. }
                | Stage::Delivered
                | Stage::InReview
                | Stage::Updating { .. }
                | Stage::Merging { .. }
                | Stage::Reverting { .. } => &mut counts.review,
                Stage::Held(_) | Stage::Asking { .. } | Stage::Failed { .. } => &mut counts.stuck,
                Stage::Done => &mut counts.done,
                Stage::Cancelled { .. } | Stage::GivenUp { .. } => &mut counts.cancelled,
            };
            *count += 1;
        }
        counts
    }

    /// The tasks that are approved or in the newest version of the plan.
    pub fn planned_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter(|t| t.in_plan || t.approved.is_some())
    }

    /// A task in a list.
    pub fn task_summary(&self, id: TaskId) -> Option<TaskSummary> {
        let task = self.tasks.get(&id)?;
        let state = stage_name(&task.work.stage);
        debug_assert!(STATES.contains(&state), "people may ask for {state}");
        Some(TaskSummary {
            id,
            sprint: self.id,
            parent: task.parent(),
            title: task.planned.title.clone(),
            state: state.to_owned(),
            owner: task.owner.clone(),
            agent: task.agent.as_ref().map(|choice| choice.agent.clone()),
            since: task.work.since,
            attempts: task.work.attempts.len(),
            approved: task.approved.is_some(),
            why: self.explain(id),
        })
    }

    /// What the sprint as a whole wants of people: a question, owners, an approval, a failed planning.
    pub fn inbox(&self) -> Vec<InboxItem> {
        let item = |key: String, person: &PersonId, why: Explanation| InboxItem {
            key,
            person: person.clone(),
            sprint: self.id,
            task: None,
            title: self.title().into_owned(),
            why,
        };
        let mut items = Vec::new();
        if !self.is_open() {
            return items;
        }
        for question in self.open_questions() {
            let reason = Reason::QuestionOpen {
                question: question.id,
                text: question.text.clone(),
            };
            let asked = self.acting_for(&question.asked);
            let actor = Actor::Person(asked.clone());
            let why = Explanation {
                reason,
                actor,
                since: question.at,
                by: None,
            };
            items.push(item(format!("sprint/{}/question/{}", self.id, question.id), asked, why));
        }
        match self.explain_planning() {
            // A budget that others hold comes back by itself.
            Some(why)
                if !matches!(
                    why.reason,
                    Reason::QuestionOpen { .. }
                        | Reason::Budget {
                            short: BudgetShort { reserved: 1.., .. }
                        }
                        | Reason::Funds {
                            short: FundsShort { reserved: 1.., .. }
                        }
                ) =>
            {
                if let Actor::Person(person) = why.actor.clone() {
                    items.push(item(format!("sprint/{}/plan", self.id), &person, why));
                }
            }
            _ => {}
        }
        items
    }

    /// What a task wants of a person, if it wants anything. A task that waits for another one wants nothing itself.
    pub fn task_inbox(&self, id: TaskId) -> Option<InboxItem> {
        let task = self.tasks.get(&id)?;
        let why = self.explain(id)?;
        let Actor::Person(person) = why.actor.clone() else {
            return None;
        };
        let elsewhere = matches!(
            why.reason,
            Reason::Dependency { .. }
                | Reason::Reviews { .. }
                | Reason::Subtask { .. }
                | Reason::Integration { .. }
                | Reason::Paused { above: Some(_), .. }
                | Reason::SprintPaused { .. }
                | Reason::Budget {
                    short: BudgetShort { reserved: 1.., .. }
                }
                | Reason::Funds {
                    short: FundsShort { reserved: 1.., .. }
                }
        );
        if elsewhere || task.approved.is_none() {
            return None;
        }
        let title = task.planned.title.clone();
        Some(InboxItem {
            key: format!("task/{id}"),
            person,
            sprint: self.id,
            task: Some(id),
            title,
            why,
        })
    }

    /// Whether work is running or queued, for whoever must see to it.
    pub fn live_attempts(&self) -> impl Iterator<Item = (u32, WorkId)> {
        self.deadlines.iter().filter_map(|(_, id)| match self.work(*id)?.stage {
            Stage::Queued { attempt, .. } | Stage::Running { attempt, .. } => Some((attempt, *id)),
            _ => None,
        })
    }
}
