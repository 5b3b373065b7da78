//! Planning: drafts, questions, edits, owners and approval.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decider, some_text};
use crate::ids::{AgentId, FencingToken, MessageId, PersonId, PlanVersion, QuestionId, RepositoryId, TaskId, TaskKey};
use crate::plan::{Plan, PlanProblem, check, diff};
use crate::sprint::refusal::{ApprovalBlock, TooLate};
use crate::sprint::{
    AgentChoice, ApprovalFacts, Author, Event, QuestionState, Refusal, Sprint, Stage, Urgency, WorkId,
};

impl Sprint {
    /// The repositories that tasks of a plan name and the project does not have. What has ended may name one that was
    /// taken away since.
    pub fn unknown_repositories(&self, plan: &Plan, known: impl Fn(&RepositoryId) -> bool) -> Vec<PlanProblem> {
        let has_ended = |key: &TaskKey| {
            let task = self.keys.get(key).and_then(|id| self.tasks.get(id));
            task.is_some_and(|task| task.work.stage.is_ended())
        };
        let tasks = plan.tasks.iter().filter(|task| !has_ended(&task.key));
        let named = tasks.flat_map(|task| task.repositories.iter().map(|repository| (&task.key, repository)));
        named
            .filter(|(_, repository)| !known(repository))
            .map(|(key, repository)| PlanProblem::UnknownRepository {
                key: key.clone(),
                repository: repository.clone(),
            })
            .collect()
    }
}

impl Decider<'_> {
    pub(super) fn submit_plan(
        &mut self,
        attempt: u32,
        token: FencingToken,
        base: Option<PlanVersion>,
        plan: Plan,
        first: TaskId,
    ) -> Result<(), Refusal> {
        self.running_planning(attempt, token)?;
        let base = base.unwrap_or_else(|| self.version_shown_to(attempt));
        let by = Author::Agent(self.sprint.planner.clone());
        self.save(by, base, plan, "drafted".into(), first)
    }

    pub(super) fn save_plan(
        &mut self,
        by: PersonId,
        base: PlanVersion,
        plan: Plan,
        note: String,
        first: TaskId,
    ) -> Result<(), Refusal> {
        self.open()?;
        self.save(Author::Person(by), base, plan, note, first)
    }

    pub(super) fn restore_plan(&mut self, by: PersonId, version: PlanVersion) -> Result<(), Refusal> {
        self.open()?;
        let newest = self.newest();
        let saved = self
            .sprint
            .plan(version)
            .ok_or(Refusal::NoSuchVersion { version, newest })?;
        let plan = saved.plan.clone();
        // Every key of an old version has its number already.
        self.save(
            Author::Person(by),
            newest,
            plan,
            format!("restored version {version}"),
            TaskId(0),
        )
    }

    fn save(&mut self, by: Author, base: PlanVersion, plan: Plan, note: String, first: TaskId) -> Result<(), Refusal> {
        let newest = self.newest();
        if base != newest {
            let empty = Plan {
                title: String::new(),
                prd: String::new(),
                tasks: Vec::new(),
            };
            let plan_of = |v| self.sprint.plan(v).map_or(&empty, |saved| &saved.plan);
            return Err(Refusal::PlanMoved {
                base,
                newest,
                diff: diff(plan_of(base), plan_of(newest)),
            });
        }
        let mut problems = check(&plan, self.sprint.policy.tasks);
        problems.retain(|problem| !self.was_taken_before(problem, &plan));
        let late = self.too_late(&plan);
        if !problems.is_empty() {
            return Err(Refusal::BadPlan { problems, late });
        }
        if !late.is_empty() {
            return Err(Refusal::PlanTooLate { problems: late });
        }
        if self.sprint.newest_plan().is_some_and(|saved| saved.plan == plan) {
            return Err(Refusal::NothingChanged);
        }
        let new = plan
            .tasks
            .iter()
            .map(|t| &t.key)
            .filter(|key| !self.sprint.keys.contains_key(key));
        let numbers = new.cloned().zip((first.0..).map(TaskId)).collect();
        self.emit(Event::PlanSaved {
            version: PlanVersion(newest.0 + 1),
            plan,
            by,
            note,
            numbers,
        });
        Ok(())
    }

    /// Paths and titles that an earlier version took stay as they are: a task that runs could not be changed for them.
    fn was_taken_before(&self, problem: &PlanProblem, plan: &Plan) -> bool {
        let task = |plan: &Plan, key: &TaskKey| plan.tasks.iter().find(|task| task.key == *key).cloned();
        let of = |plan: &Plan| match problem {
            PlanProblem::Path { key, .. } => task(plan, key).map(|task| task.paths),
            PlanProblem::Hidden { key: Some(key), .. } => task(plan, key).map(|task| vec![task.title]),
            PlanProblem::Hidden { key: None, .. } => Some(vec![plan.title.clone()]),
            _ => None,
        };
        let before = self.sprint.newest_plan().and_then(|saved| of(&saved.plan));
        before.is_some() && before == of(plan)
    }

    /// What `plan` would change about tasks that have started or ended.
    fn too_late(&self, plan: &Plan) -> Vec<TooLate> {
        let mut problems = Vec::new();
        let newest = self.sprint.newest_plan().map(|saved| &saved.plan);
        let planned: BTreeSet<&TaskKey> = plan.tasks.iter().map(|t| &t.key).collect();
        for wanted in &plan.tasks {
            let Some(task) = self
                .sprint
                .keys
                .get(&wanted.key)
                .and_then(|id| self.sprint.tasks.get(id))
            else {
                continue;
            };
            let ended = task.work.stage.is_ended();
            if ended && newest.is_none_or(|p| p.task(&wanted.key).is_none()) {
                problems.push(TooLate::Ended {
                    key: wanted.key.clone(),
                });
            } else if (ended || task.has_started()) && *wanted != task.planned {
                problems.push(TooLate::Started {
                    task: task.id,
                    key: wanted.key.clone(),
                });
            }
        }
        for task in self.sprint.tasks.values() {
            let in_plans = task.subtask.is_none();
            let started = task.has_started() || self.sprint.below(task.id).iter().any(|id| self.has_started(*id));
            if in_plans && started && !task.work.stage.is_ended() && !planned.contains(&task.planned.key) {
                problems.push(TooLate::Removed {
                    task: task.id,
                    key: task.planned.key.clone(),
                });
            }
        }
        problems
    }

    fn has_started(&self, task: TaskId) -> bool {
        self.sprint
            .tasks
            .get(&task)
            .is_some_and(crate::sprint::Task::has_started)
    }

    pub(super) fn ask_question(
        &mut self,
        attempt: u32,
        token: FencingToken,
        text: String,
        why: String,
        options: Vec<String>,
    ) -> Result<(), Refusal> {
        self.running_planning(attempt, token)?;
        some_text(&text)?;
        let number = u32::try_from(self.sprint.questions.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let asked = self.sprint.lead.clone();
        self.emit(Event::QuestionAsked {
            question: QuestionId(number),
            text,
            why,
            options,
            asked,
        });
        Ok(())
    }

    pub(super) fn answer_question(&mut self, by: PersonId, question: QuestionId, text: String) -> Result<(), Refusal> {
        self.open_question(question)?;
        some_text(&text)?;
        self.emit(Event::QuestionAnswered {
            question,
            by: by.clone(),
            text,
        });
        self.pass_on_answers(by);
        Ok(())
    }

    pub(super) fn skip_question(&mut self, by: PersonId, question: QuestionId) -> Result<(), Refusal> {
        self.open_question(question)?;
        self.emit(Event::QuestionSkipped {
            question,
            by: by.clone(),
            by_approval: false,
        });
        self.pass_on_answers(by);
        Ok(())
    }

    pub(super) fn hand_question(&mut self, by: PersonId, question: QuestionId, to: PersonId) -> Result<(), Refusal> {
        self.open_question(question)?;
        self.emit(Event::QuestionHanded { question, by, to });
        Ok(())
    }

    /// Once no question is open any more, the agent gets all the answers that it has not seen.
    fn pass_on_answers(&mut self, by: PersonId) {
        if self.sprint.open_questions().next().is_some() {
            return;
        }
        let seen = self
            .sprint
            .messages
            .iter()
            .filter(|m| m.to == WorkId::Planning)
            .map(|m| m.at)
            .max();
        let mut text = String::from("Here is what the team says to your questions.\n");
        for question in &self.sprint.questions {
            let answer = match &question.state {
                QuestionState::Answered { by, text, at }
                    if seen.is_none_or(|seen| *at > seen || question.at > seen) =>
                {
                    format!("{by} answers: {text}")
                }
                QuestionState::Skipped { at, .. } if seen.is_none_or(|seen| *at > seen || question.at > seen) => {
                    "skipped: use your judgement".to_owned()
                }
                _ => continue,
            };
            text.push_str(&format!("\nQuestion {}: {}\n{answer}\n", question.id, question.text));
        }
        self.send(by, WorkId::Planning, text, Urgency::NextTurn);
    }

    pub(super) fn send(&mut self, by: PersonId, to: WorkId, text: String, urgency: Urgency) {
        let number = u32::try_from(self.sprint.messages.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.emit(Event::MessageSent {
            message: MessageId(number),
            to,
            by,
            text,
            urgency,
        });
        self.wake(to);
    }

    pub(super) fn set_owners(&mut self, by: &PersonId, owners: BTreeMap<TaskId, PersonId>) -> Result<(), Refusal> {
        self.open()?;
        for &id in owners.keys() {
            let task = self.task(id)?;
            if task.work.stage.is_ended() {
                return Err(Refusal::TaskEnded {
                    task: id,
                    stage: super::stage_name(&task.work.stage).into(),
                });
            }
        }
        for (task, owner) in owners {
            if self.task(task)?.owner.as_ref() != Some(&owner) {
                self.emit(Event::OwnerSet {
                    task,
                    owner,
                    by: by.clone(),
                });
                self.schedule(WorkId::Task(task));
            }
        }
        Ok(())
    }

    pub(super) fn choose_agent(&mut self, by: PersonId, id: TaskId, agent: AgentId) -> Result<(), Refusal> {
        self.open()?;
        let task = self.led(id, &by)?;
        if task.work.stage.is_ended() {
            return Err(Refusal::TaskEnded {
                task: id,
                stage: super::stage_name(&task.work.stage).into(),
            });
        }
        let known: Vec<AgentId> = self.sprint.roster.iter().map(|card| card.id.clone()).collect();
        if self.sprint.approved.is_some() && !known.contains(&agent) {
            return Err(Refusal::UnknownAgent { agent, known });
        }
        let choice = AgentChoice {
            agent,
            reason: format!("chosen by {by}"),
            by: Some(by),
        };
        self.emit(Event::AgentChosen { task: id, choice });
        Ok(())
    }

    pub(super) fn approve(&mut self, by: PersonId, version: PlanVersion, facts: ApprovalFacts) -> Result<(), Refusal> {
        self.open()?;
        let newest = self.newest();
        let plan = self
            .sprint
            .plan(version)
            .ok_or(Refusal::NoSuchVersion { version, newest })?
            .plan
            .clone();
        let reasons = self.approval_blocks(&by, version, &plan, &facts);
        if !reasons.is_empty() {
            return Err(Refusal::NotApprovable { version, reasons });
        }
        let questions: Vec<QuestionId> = self.sprint.open_questions().map(|q| q.id).collect();
        for question in questions {
            self.emit(Event::QuestionSkipped {
                question,
                by: by.clone(),
                by_approval: true,
            });
        }
        self.stop_planning();
        let kept: BTreeSet<&TaskKey> = plan.tasks.iter().map(|t| &t.key).collect();
        let dropped = self.sprint.tasks.values();
        let dropped = dropped
            .filter(|t| {
                t.approved.is_some() && !t.work.stage.is_ended() && !kept.contains(&self.sprint.top(t).planned.key)
            })
            .map(|t| t.id)
            .collect();
        self.emit(Event::PlanApproved {
            version,
            by,
            agents: facts.agents,
            dropped,
        });
        self.schedule_all();
        self.finish();
        Ok(())
    }

    fn approval_blocks(
        &self,
        by: &PersonId,
        version: PlanVersion,
        plan: &Plan,
        facts: &ApprovalFacts,
    ) -> Vec<ApprovalBlock> {
        let newest = self.newest();
        let mut blocks = Vec::new();
        if !facts.may_approve {
            blocks.push(ApprovalBlock::NotAllowed { by: by.clone() });
        }
        if version != newest {
            blocks.push(ApprovalBlock::NotNewest { newest });
        }
        if self.sprint.approved.as_ref().is_some_and(|a| a.version == version) {
            blocks.push(ApprovalBlock::AlreadyApproved);
        }
        blocks.extend(
            check(plan, self.sprint.policy.tasks)
                .into_iter()
                .filter(|problem| !self.was_taken_before(problem, plan))
                .map(ApprovalBlock::Plan),
        );
        blocks.extend(self.too_late(plan).into_iter().map(ApprovalBlock::TooLate));
        if facts.agents.is_empty() {
            blocks.push(ApprovalBlock::NoAgents);
        }
        for planned in &plan.tasks {
            let Some(task) = self
                .sprint
                .keys
                .get(&planned.key)
                .and_then(|id| self.sprint.tasks.get(id))
            else {
                continue;
            };
            if task.work.stage.is_ended() {
                continue;
            }
            if task.owner.is_none() {
                blocks.push(ApprovalBlock::NoOwner {
                    task: task.id,
                    title: planned.title.clone(),
                });
            }
            for repository in planned.repositories.iter().filter(|r| !facts.repositories.contains(r)) {
                blocks.push(ApprovalBlock::NoRepository {
                    task: task.id,
                    repository: repository.clone(),
                });
            }
            if let Some(specialty) = &planned.specialty {
                let able = |card: &crate::sprint::AgentCard| {
                    card.specialties.is_empty() || card.specialties.contains(specialty)
                };
                if !facts.agents.is_empty() && !facts.agents.iter().any(able) {
                    blocks.push(ApprovalBlock::NoAgent {
                        task: task.id,
                        specialty: specialty.clone(),
                    });
                }
            }
        }
        blocks
    }

    /// Ends what the planning agent is at; what was written to it stays unread.
    pub(super) fn stop_planning(&mut self) {
        self.take_back(WorkId::Planning);
    }

    pub(super) fn running_planning(&self, attempt: u32, token: FencingToken) -> Result<(), Refusal> {
        match self.running(attempt, token)?.0 {
            WorkId::Planning => Ok(()),
            WorkId::Task(_) => Err(Refusal::NotPlanning),
        }
    }

    /// The newest version that the planning agent knows: what it saved itself, or what was there when it began.
    fn version_shown_to(&self, attempt: u32) -> PlanVersion {
        let started = self
            .sprint
            .attempt(attempt)
            .and_then(|a| a.started.as_ref())
            .map(|started| started.at);
        let known =
            self.sprint.plans.iter().rev().find(|saved| {
                matches!(saved.by, Author::Agent(_)) || started.is_some_and(|started| saved.at <= started)
            });
        known.map_or(PlanVersion(0), |saved| saved.version)
    }

    fn newest(&self) -> PlanVersion {
        self.sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version)
    }

    fn open_question(&self, id: QuestionId) -> Result<(), Refusal> {
        self.open()?;
        let question = self.sprint.questions.iter().find(|q| q.id == id);
        match question.map(|q| &q.state) {
            None => Err(Refusal::NoSuchQuestion { question: id }),
            Some(QuestionState::Open) => Ok(()),
            Some(_) => Err(Refusal::QuestionClosed { question: id }),
        }
    }

    /// Whether the planning goes on without its agent: it submitted a plan since its attempt began, somebody has to answer
    /// it first or has written to it, or it only answered somebody about the plan that there is.
    pub(super) fn may_rest_planning(&self, attempt: u32) -> bool {
        let by_message = self.is_by_message(attempt);
        let sprint = &self.sprint;
        let goes_on = sprint.open_questions().next().is_some() || !sprint.planning.unread.is_empty();
        if goes_on || (by_message && sprint.newest_plan().is_some()) {
            return true;
        }
        // What an attempt before it did that it goes on with counts as well.
        let first = self.sprint.attempt(self.first_of_chain(attempt));
        let started = first.and_then(|a| a.started.as_ref()).map(|started| started.at);
        let Some(started) = started else { return false };
        let mut plans = self.sprint.plans.iter().rev();
        plans.any(|p| matches!(p.by, Author::Agent(_)) && p.at >= started)
    }

    pub(super) fn planning_stage(&self) -> &Stage {
        &self.sprint.planning.stage
    }
}
