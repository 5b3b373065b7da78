//! What events of planning change: plans, questions, owners, approval, and the phase of the sprint.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{PlanVersion, QuestionId, TaskId, TaskKey};
use crate::plan::{Plan, SavedPlan};
use crate::sprint::event::Event;
use crate::sprint::index::Index;
use crate::sprint::stage::Stage;
use crate::sprint::state::{Approval, Author, Pause, Question, QuestionState, Sprint, SprintPhase, Task, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_planning(&mut self, event: &Event, at: Timestamp) {
        match event {
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
            _ => {}
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
        self.subtasks_follow();
        self.touched.tasks.extend(self.tasks.keys());
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
        self.index = Index::of(self.tasks.values());
        self.open_tasks = self
            .tasks
            .values()
            .filter(|t| t.approved.is_some() && !t.work.stage.is_ended())
            .count();
        self.touched.tasks.extend(self.tasks.keys());
    }

    fn phase(&mut self, phase: SprintPhase, at: Timestamp) {
        if self.phase != phase {
            self.phase = phase;
            self.phase_since = at;
        }
    }

    fn question(&mut self, id: QuestionId, change: impl FnOnce(&mut Question)) {
        if let Some(question) = self.questions.iter_mut().find(|q| q.id == id) {
            change(question);
        }
    }
}
