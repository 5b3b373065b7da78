//! Delegation: work that an agent hands to another one, as a subtask of its own task.
//!
//! A subtask is a task with a parent. Its branch begins with its parent's and its work goes back into it, so what people
//! approve, review and merge is the task at the top. What may be delegated is decided here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Author, Sprint, Stage, Task};
use crate::budget::{Budget, BudgetOf, Resource};
use crate::ids::{AgentId, BranchName, CommitId, PersonId, RepositoryId, Specialty, TaskId, TaskKey};
use crate::plan::{Plan, PlanProblem, PlannedTask, Priority, check};

/// What is handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// One line.
    pub title: String,
    /// What is to be done.
    #[serde(default)]
    pub what: String,
    /// Why it is to be done.
    #[serde(default)]
    pub why: String,
    /// How one can see that it is done.
    #[serde(default)]
    pub acceptance_criteria: Vec<String>,
    /// The field of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialty: Option<Specialty>,
    /// The agent that does it; none: the best one for the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The repositories that it touches; none: all of the parent's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<RepositoryId>,
    /// Paths that it will probably touch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Estimated time of work in minutes.
    pub estimate_minutes: u32,
    /// How much it may spend of what is left to the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// What a task has besides if it was delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtask {
    /// The task that it is a part of.
    pub parent: TaskId,
    /// Who delegated it: the parent's agent, or a person.
    pub by: Author,
    /// The commits of its parent's branch that it builds on.
    pub built_on: BTreeMap<RepositoryId, CommitId>,
    /// Whether its parent's agent was told what came of it.
    pub reported: bool,
    /// Whether its parent's branch holds what it delivered.
    pub integrated: bool,
}

/// One reason why something cannot be delegated, with what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "block", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum DelegationBlock {
    #[error("{0}")]
    Brief(PlanProblem),
    #[error(
        "task {task} is on level {depth} below the task that people approved, and subtasks may go no deeper; do this part yourself"
    )]
    TooDeep { task: TaskId, depth: usize },
    #[error("task {task} has had as many subtasks as a task may have ({limit}); do this part yourself")]
    TooBroad { task: TaskId, limit: usize },
    #[error("task {task} and all below it have had as many subtasks as there may be ({limit}); do this part yourself")]
    TooManyInAll { task: TaskId, limit: usize },
    #[error(
        "{asked} would come back to task {task} \"{title}\", which waits for this one; do this part yourself, or complete \
         your task and say in its summary what is missing"
    )]
    Loop { asked: String, task: TaskId, title: String },
    #[error(
        "task {task} has this very title and is not settled yet; wait for it with await_tasks, or say what is different"
    )]
    Twice { task: TaskId },
    #[error(
        "no agent of this sprint does \"{specialty}\"; name one of these fields: {}",
        list(known)
    )]
    NoAgent {
        specialty: Specialty,
        known: Vec<Specialty>,
    },
    #[error("agent {agent} is not one of this sprint's: {}", list(known))]
    UnknownAgent { agent: AgentId, known: Vec<AgentId> },
    #[error("repository {repository} does not belong to the task; name only {}", list(allowed))]
    ForeignRepository {
        repository: RepositoryId,
        allowed: Vec<RepositoryId>,
    },
    #[error("task {task} is not a failed subtask of task {parent}; leave \"instead_of\" out")]
    NotFailed { task: TaskId, parent: TaskId },
    #[error(
        "{} are asked for, and the budget of {of} has {} left for it; ask for less, do this part yourself, or ask the \
         owner with ask_owner to raise the budget",
        resource.show(*asked),
        resource.show(*left)
    )]
    OverBudget {
        of: BudgetOf,
        resource: Resource,
        asked: u64,
        left: u64,
    },
    #[error("task {task} is {stage}; {next}")]
    NotNow { task: TaskId, stage: String, next: String },
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Brief {
    /// The task that comes of it.
    pub(crate) fn planned(&self, task: TaskId, parent: &Task) -> Option<PlannedTask> {
        let repositories = match self.repositories.is_empty() {
            true => parent.planned.repositories.clone(),
            false => self.repositories.clone(),
        };
        Some(PlannedTask {
            key: TaskKey::new(format!("task-{task}")).ok()?,
            title: self.title.trim().to_owned(),
            what: self.what.clone(),
            why: self.why.clone(),
            acceptance_criteria: self.acceptance_criteria.clone(),
            depends_on: Vec::new(),
            estimate_minutes: self.estimate_minutes,
            priority: Priority::Normal,
            specialty: self.specialty.clone(),
            repositories,
            paths: self.paths.clone(),
        })
    }
}

impl Stage {
    /// Whether a subtask at this stage needs nobody any more but its parent.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Delivered | Self::Failed { .. }) || self.is_ended()
    }
}

impl Task {
    /// The task that it is a part of, if it was delegated.
    pub fn parent(&self) -> Option<TaskId> {
        self.subtask.as_ref().map(|subtask| subtask.parent)
    }
}

impl Sprint {
    /// The tasks above a task, the nearest first.
    pub fn above<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a Task> {
        // A parent is always older, so this ends.
        let up = |below: &&'a Task| self.tasks.get(&below.parent()?).filter(|parent| parent.id < below.id);
        std::iter::successors(up(&task), move |below| up(below))
    }

    /// The task at the top of a task's tree: itself if it was not delegated.
    pub fn top<'a>(&'a self, task: &'a Task) -> &'a Task {
        self.above(task).last().unwrap_or(task)
    }

    /// All tasks below a task, each before those below it.
    pub fn below(&self, task: TaskId) -> Vec<TaskId> {
        let mut found = Vec::new();
        let mut next = vec![task];
        while let Some(id) = next.pop() {
            let subtasks = self.tasks.get(&id).map(|t| t.subtasks.as_slice()).unwrap_or_default();
            found.extend(subtasks);
            next.extend(subtasks);
        }
        found
    }

    /// The subtasks of a task that are still worked on.
    pub fn open_subtasks<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a Task> {
        self.subtasks(task).filter(|subtask| !subtask.work.stage.is_settled())
    }

    /// The subtasks of a task, in the order in which they were delegated.
    pub fn subtasks<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a Task> {
        task.subtasks.iter().filter_map(|id| self.tasks.get(id))
    }

    /// Whether something came of a task's subtasks that its agent was not told.
    pub(crate) fn has_news_of_subtasks(&self, task: &Task) -> bool {
        let news = |t: &Task| t.work.stage.is_settled() && t.subtask.as_ref().is_some_and(|subtask| !subtask.reported);
        self.subtasks(task).any(news)
    }

    /// The fields that a task of this sprint can be given to.
    pub fn specialties(&self) -> Vec<Specialty> {
        let mut all: Vec<Specialty> = self.roster.iter().flat_map(|card| card.specialties.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Everything that stands against handing `planned` to another agent below `parent`.
    pub(crate) fn delegation_blocks(
        &self,
        parent: &Task,
        brief: &Brief,
        planned: &PlannedTask,
    ) -> Vec<DelegationBlock> {
        let limits = &self.policy.delegation;
        let alone = Plan {
            title: "a subtask".into(),
            prd: String::new(),
            tasks: vec![planned.clone()],
        };
        let mut blocks: Vec<DelegationBlock> = check(&alone, 1).into_iter().map(DelegationBlock::Brief).collect();
        let depth = self.above(parent).count();
        if depth >= limits.depth {
            blocks.push(DelegationBlock::TooDeep { task: parent.id, depth });
        }
        if parent.subtasks.len() >= limits.breadth {
            blocks.push(DelegationBlock::TooBroad {
                task: parent.id,
                limit: limits.breadth,
            });
        }
        let top = self.top(parent).id;
        if self.below(top).len() >= limits.in_all {
            blocks.push(DelegationBlock::TooManyInAll {
                task: top,
                limit: limits.in_all,
            });
        }
        let allowed = &parent.planned.repositories;
        let foreign = brief
            .repositories
            .iter()
            .filter(|repository| !allowed.contains(repository));
        blocks.extend(foreign.map(|repository| DelegationBlock::ForeignRepository {
            repository: repository.clone(),
            allowed: allowed.clone(),
        }));
        blocks.extend(self.nobody_for(brief));
        blocks.extend(self.delegation_over_budget(parent, brief));
        blocks
    }

    fn nobody_for(&self, brief: &Brief) -> Option<DelegationBlock> {
        if let Some(agent) = &brief.agent {
            let known: Vec<AgentId> = self.roster.iter().map(|card| card.id.clone()).collect();
            return (!known.contains(agent)).then(|| DelegationBlock::UnknownAgent {
                agent: agent.clone(),
                known,
            });
        }
        let specialty = brief.specialty.as_ref()?;
        let able = |card: &super::AgentCard| card.specialties.is_empty() || card.specialties.contains(specialty);
        (!self.roster.iter().any(able)).then(|| DelegationBlock::NoAgent {
            specialty: specialty.clone(),
            known: self.specialties(),
        })
    }

    /// What an agent may not do with a brief besides: hand work round in a circle, or the same work out twice.
    pub(crate) fn delegation_loop(&self, parent: &Task, brief: &Brief) -> Option<DelegationBlock> {
        let same = |one: &str, other: &str| one.trim().eq_ignore_ascii_case(other.trim());
        let twin = self
            .open_subtasks(parent)
            .find(|t| same(&t.planned.title, &brief.title));
        if let Some(twin) = twin {
            return Some(DelegationBlock::Twice { task: twin.id });
        }
        let chain = || std::iter::once(parent).chain(self.above(parent));
        let meets = |t: &&Task| {
            let field = brief.specialty.is_some() && t.planned.specialty == brief.specialty;
            let agent = brief.agent.is_some() && t.agent.as_ref().map(|choice| &choice.agent) == brief.agent.as_ref();
            field || agent || same(&t.planned.title, &brief.title)
        };
        let met = chain().find(meets)?;
        let asked = match (&brief.agent, &brief.specialty) {
            (Some(agent), _) => format!("agent {agent}"),
            (None, Some(specialty)) => format!("\"{specialty}\""),
            (None, None) => "this".into(),
        };
        Some(DelegationBlock::Loop {
            asked,
            task: met.id,
            title: met.planned.title.clone(),
        })
    }

    /// The branch that a task's pull request goes into: a subtask's its parent's; none for the repository's target branch.
    pub fn goes_into(&self, task: &Task, repository: &RepositoryId) -> Option<&BranchName> {
        let subtask = task.subtask.as_ref()?;
        subtask.built_on.get(repository)?;
        self.tasks.get(&subtask.parent)?.branch.as_ref()
    }

    /// The subtasks below a task whose own owners are others than the task's and have not approved them.
    pub fn unapproved_subtasks(&self, task: &Task) -> Vec<(TaskId, PersonId)> {
        let below = self.below(task.id);
        let delivered = below
            .iter()
            .filter_map(|id| self.tasks.get(id))
            .filter(|t| t.work.stage == Stage::Delivered && t.approved_by.is_none());
        delivered
            .filter_map(|t| {
                Some((
                    t.id,
                    t.owner.clone().filter(|owner| Some(owner) != task.owner.as_ref())?,
                ))
            })
            .collect()
    }
}
