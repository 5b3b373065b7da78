//! What every command looks up, kept up as tasks change: a command costs the same among ten tasks and among ten thousand.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reviewing::{Soon, reviewed_soon};
use super::stage::Stage;
use super::state::Task;
use crate::ids::{PersonId, TaskId};

/// What can be told from the tasks alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// Approved tasks that wait for their turn and for no other task, the longest chain first.
    pub(crate) ready: BTreeSet<(Reverse<u64>, TaskId)>,
    /// Tasks with a limit of their own.
    pub(crate) limited: BTreeSet<TaskId>,
    /// What people have to review.
    pub(crate) reviews: BTreeMap<PersonId, Reviews>,
}

/// What one person has to review.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reviews {
    /// Delivered and not approved.
    pub(crate) now: BTreeSet<TaskId>,
    /// Begun and not delivered.
    pub(crate) later: BTreeSet<TaskId>,
}

/// Where one task stands in the index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    ready: Option<(Reverse<u64>, TaskId)>,
    limited: bool,
    review: Option<(PersonId, Soon)>,
}

impl Entry {
    pub(crate) fn of(task: &Task) -> Self {
        let waits = task.blockers == 0 && matches!(task.work.stage, Stage::Waiting { .. });
        Self {
            ready: (waits && task.approved.is_some()).then_some((Reverse(task.rank), task.id)),
            limited: task.budget.is_some_and(|budget| !budget.is_unlimited()),
            review: reviewed_soon(task).and_then(|soon| Some((task.owner.clone()?, soon))),
        }
    }
}

impl Index {
    pub(crate) fn of<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Self {
        let mut index = Self::default();
        for task in tasks {
            index.moved(task.id, Entry::default(), Entry::of(task));
        }
        index
    }

    /// A task changed.
    pub(crate) fn moved(&mut self, task: TaskId, before: Entry, after: Entry) {
        if before.ready != after.ready {
            before.ready.map(|place| self.ready.remove(&place));
            self.ready.extend(after.ready);
        }
        if before.limited != after.limited {
            match after.limited {
                true => self.limited.insert(task),
                false => self.limited.remove(&task),
            };
        }
        if before.review != after.review {
            if let Some((person, soon)) = before.review
                && let Some(theirs) = self.reviews.get_mut(&person)
            {
                theirs.of(soon).remove(&task);
                if theirs.now.is_empty() && theirs.later.is_empty() {
                    self.reviews.remove(&person);
                }
            }
            if let Some((person, soon)) = after.review {
                self.reviews.entry(person).or_default().of(soon).insert(task);
            }
        }
    }
}

impl Reviews {
    fn of(&mut self, soon: Soon) -> &mut BTreeSet<TaskId> {
        match soon {
            Soon::Now => &mut self.now,
            Soon::Later => &mut self.later,
        }
    }
}
