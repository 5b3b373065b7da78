//! Plans: what the planning agent drafts and people refine, version by version.

mod check;
mod diff;

pub use check::{PlanProblem, check};
pub use diff::{FieldChange, PlanDiff, TaskChange, diff};

use serde::{Deserialize, Serialize};

use crate::graph::Graph;
use crate::ids::{PlanVersion, RepositoryId, Specialty, TaskKey};
use crate::sprint::Author;
use crate::time::Timestamp;

/// A plan: the PRD and its tasks in the order that people gave them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// One line that names the sprint.
    pub title: String,
    /// The product requirements in markdown.
    pub prd: String,
    /// The tasks.
    pub tasks: Vec<PlannedTask>,
}

/// A task as planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedTask {
    /// Its name in the plan, the same over all versions.
    pub key: TaskKey,
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
    /// The tasks that must be done before it starts.
    #[serde(default)]
    pub depends_on: Vec<TaskKey>,
    /// Estimated time of work in minutes.
    pub estimate_minutes: u32,
    /// How urgent it is beside others of the same rank.
    #[serde(default)]
    pub priority: Priority,
    /// The field of work; none fits any agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialty: Option<Specialty>,
    /// The repositories that it touches, at least one.
    pub repositories: Vec<RepositoryId>,
    /// Paths it will probably touch; used to suggest owners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// How urgent a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before normal ones.
    High,
    /// Before all others.
    Urgent,
}

/// One saved version of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedPlan {
    /// Its number, from 1.
    pub version: PlanVersion,
    /// The plan itself.
    pub plan: Plan,
    /// Who saved it.
    pub by: Author,
    /// When it was saved.
    pub at: Timestamp,
    /// Why, such as "restored version 2".
    pub note: String,
}

impl Plan {
    /// The graph of the tasks, by their place in the plan. Unknown dependencies are left out.
    pub fn graph(&self) -> Graph {
        let places: std::collections::HashMap<&TaskKey, usize> = self
            .tasks
            .iter()
            .enumerate()
            .map(|(place, task)| (&task.key, place))
            .collect();
        Graph::new(
            self.tasks
                .iter()
                .map(|t| t.depends_on.iter().filter_map(|k| places.get(k).copied()).collect())
                .collect(),
        )
    }

    /// The estimates in minutes, by place.
    pub fn weights(&self) -> Vec<u64> {
        self.tasks
            .iter()
            .map(|t| u64::from(t.estimate_minutes.max(1)))
            .collect()
    }

    /// The task of this key.
    pub fn task(&self, key: &TaskKey) -> Option<&PlannedTask> {
        self.tasks.iter().find(|t| t.key == *key)
    }
}
