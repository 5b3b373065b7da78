//! What changed between two versions of a plan, task by task and field by field.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Plan, PlannedTask};
use crate::ids::TaskKey;

/// The difference between two plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanDiff {
    /// Changed texts of the plan itself: title and PRD.
    pub plan: Vec<FieldChange>,
    /// Added, removed and changed tasks, in the order of the new plan, removed ones last.
    pub tasks: Vec<TaskChange>,
    /// Whether the tasks that both plans have stand in another order.
    pub reordered: bool,
}

/// What happened to one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum TaskChange {
    /// Only the new plan has it.
    Added {
        /// The task.
        key: TaskKey,
        /// Its title.
        title: String,
    },
    /// Only the old plan has it.
    Removed {
        /// The task.
        key: TaskKey,
        /// Its title.
        title: String,
    },
    /// Both have it, with differences.
    Changed {
        /// The task.
        key: TaskKey,
        /// The fields that differ.
        fields: Vec<FieldChange>,
    },
}

/// One field before and after, as text for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The field's name as in the plan document.
    pub field: String,
    /// Its value in the old plan.
    pub before: String,
    /// Its value in the new plan.
    pub after: String,
}

impl PlanDiff {
    /// Whether the plans are the same.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty() && self.tasks.is_empty() && !self.reordered
    }
}

/// Compares two plans.
pub fn diff(old: &Plan, new: &Plan) -> PlanDiff {
    let mut tasks = Vec::new();
    for task in &new.tasks {
        match old.task(&task.key) {
            None => tasks.push(TaskChange::Added {
                key: task.key.clone(),
                title: task.title.clone(),
            }),
            Some(before) => {
                let fields = fields(before, task);
                if !fields.is_empty() {
                    tasks.push(TaskChange::Changed {
                        key: task.key.clone(),
                        fields,
                    });
                }
            }
        }
    }
    for task in old.tasks.iter().filter(|t| new.task(&t.key).is_none()) {
        tasks.push(TaskChange::Removed {
            key: task.key.clone(),
            title: task.title.clone(),
        });
    }
    let mut plan = Vec::new();
    change(&mut plan, "title", &old.title, &new.title);
    change(&mut plan, "prd", &old.prd, &new.prd);
    let common = |plan: &Plan, other: &Plan| -> Vec<TaskKey> {
        plan.tasks
            .iter()
            .filter(|t| other.task(&t.key).is_some())
            .map(|t| t.key.clone())
            .collect()
    };
    PlanDiff {
        plan,
        tasks,
        reordered: common(old, new) != common(new, old),
    }
}

fn change(changes: &mut Vec<FieldChange>, field: &str, before: &str, after: &str) {
    if before != after {
        changes.push(FieldChange {
            field: field.into(),
            before: before.into(),
            after: after.into(),
        });
    }
}

fn fields(before: &PlannedTask, after: &PlannedTask) -> Vec<FieldChange> {
    fn list<T: fmt::Display>(items: &[T]) -> String {
        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
    let specialty = |t: &PlannedTask| t.specialty.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut changes = Vec::new();
    change(&mut changes, "title", &before.title, &after.title);
    change(&mut changes, "what", &before.what, &after.what);
    change(&mut changes, "why", &before.why, &after.why);
    let criteria = |t: &PlannedTask| t.acceptance_criteria.join("\n");
    change(&mut changes, "acceptance_criteria", &criteria(before), &criteria(after));
    change(
        &mut changes,
        "depends_on",
        &list(&before.depends_on),
        &list(&after.depends_on),
    );
    change(
        &mut changes,
        "estimate_minutes",
        &before.estimate_minutes.to_string(),
        &after.estimate_minutes.to_string(),
    );
    let priority = |t: &PlannedTask| format!("{:?}", t.priority).to_lowercase();
    change(&mut changes, "priority", &priority(before), &priority(after));
    change(&mut changes, "specialty", &specialty(before), &specialty(after));
    change(
        &mut changes,
        "repositories",
        &list(&before.repositories),
        &list(&after.repositories),
    );
    change(&mut changes, "paths", &list(&before.paths), &list(&after.paths));
    changes
}

impl fmt::Display for PlanDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "no changes");
        }
        for field in &self.plan {
            write_field(f, "", field)?;
        }
        for task in &self.tasks {
            match task {
                TaskChange::Added { key, title } => writeln!(f, "+ {key}: {title}")?,
                TaskChange::Removed { key, title } => writeln!(f, "- {key}: {title}")?,
                TaskChange::Changed { key, fields } => {
                    writeln!(f, "~ {key}")?;
                    for field in fields {
                        write_field(f, "    ", field)?;
                    }
                }
            }
        }
        if self.reordered {
            writeln!(f, "~ the order of tasks")?;
        }
        Ok(())
    }
}

fn write_field(f: &mut fmt::Formatter<'_>, indent: &str, change: &FieldChange) -> fmt::Result {
    let one_line = |text: &str| !text.contains('\n') && text.chars().count() <= 80;
    if one_line(&change.before) && one_line(&change.after) {
        let shown = |text: &str| {
            if text.is_empty() {
                "nothing".to_owned()
            } else {
                format!("\"{text}\"")
            }
        };
        return writeln!(
            f,
            "{indent}{}: {} → {}",
            change.field,
            shown(&change.before),
            shown(&change.after)
        );
    }
    writeln!(f, "{indent}{}:", change.field)?;
    for line in change
        .before
        .lines()
        .filter(|line| !change.after.lines().any(|l| l == *line))
    {
        writeln!(f, "{indent}  - {line}")?;
    }
    for line in change
        .after
        .lines()
        .filter(|line| !change.before.lines().any(|l| l == *line))
    {
        writeln!(f, "{indent}  + {line}")?;
    }
    Ok(())
}
