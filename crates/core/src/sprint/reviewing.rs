//! People's review as the scarce resource: how much of it is wanted from each, and who stands in for whom.
//!
//! An agent delivers faster than a person reviews. So a task begins only while its owner has few others that are not
//! reviewed yet: what waits then is work that nobody has paid for, not a heap of pull requests that grow old. Work that has
//! begun goes on, whatever the limit, because its review is wanted anyway.

use serde::{Deserialize, Serialize};

use super::stage::Stage;
use super::state::{Sprint, Task};
use crate::ids::PersonId;

/// How many tasks a person has to review, now or soon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewLoad {
    /// Delivered and not approved.
    pub unreviewed: usize,
    /// Begun and not delivered.
    pub under_way: usize,
}

impl ReviewLoad {
    /// Both together.
    pub fn total(self) -> usize {
        self.unreviewed + self.under_way
    }
}

impl Sprint {
    /// What a person has to review of this sprint, now or soon.
    pub fn review_load(&self, owner: &PersonId) -> ReviewLoad {
        let theirs = self.index.reviews.get(owner);
        theirs.map_or_else(ReviewLoad::default, |theirs| ReviewLoad {
            unreviewed: theirs.now.len(),
            under_way: theirs.later.len(),
        })
    }

    /// What the owner of a task that has not begun has to review, if that is as much as it may be.
    pub(crate) fn reviews_full(&self, task: &Task) -> Option<ReviewLoad> {
        let most = self.policy.reviews;
        // What its parent waits for is a part of work that has begun.
        if most == 0 || !task.work.attempts.is_empty() || task.subtask.is_some() {
            return None;
        }
        let load = self.review_load(task.owner.as_ref()?);
        (load.total() >= most).then_some(load)
    }

    /// The begun task of a person that ends soonest as far as anybody knows.
    pub(crate) fn under_way(&self, owner: &PersonId) -> Option<&Task> {
        let under_way = &self.index.reviews.get(owner)?.later;
        under_way
            .iter()
            .filter_map(|id| self.tasks.get(id))
            .max_by_key(|task| (matches!(task.work.stage, Stage::Running { .. }), task.rank))
    }

    /// Who decides for a person: their deputy, if they have one.
    pub fn acting_for<'a>(&'a self, person: &'a PersonId) -> &'a PersonId {
        self.deputies.get(person).unwrap_or(person)
    }

    /// Who decides for the sprint as a whole: its lead, or the lead's deputy.
    pub fn acting_lead(&self) -> &PersonId {
        self.acting_for(&self.lead)
    }

    /// Who approves the plan: whoever decides for the sprint, or its lead, if a deputy may not.
    pub(crate) fn approver(&self) -> &PersonId {
        let acting = self.acting_lead();
        match self.may_not_approve.contains(acting) {
            true => &self.lead,
            false => acting,
        }
    }

    /// Whether a person may do what only the sprint's lead does.
    pub fn leads(&self, by: &PersonId) -> bool {
        self.may_act_for(by, &self.lead)
    }

    /// Whether a person decides what is the owner's to decide.
    pub fn may_act_for(&self, by: &PersonId, owner: &PersonId) -> bool {
        by == owner || self.deputies.get(owner) == Some(by)
    }
}

/// When a task's owner has to review it, if at all.
pub(crate) fn reviewed_soon(task: &Task) -> Option<Soon> {
    // A subtask is reviewed with the whole, also by an owner of its own: nobody is asked for it before its parent is
    // delivered, and that may wait for this very person.
    if task.subtask.is_some() || task.approved_by.is_some() {
        return None;
    }
    match &task.work.stage {
        Stage::Publishing { .. } | Stage::InReview | Stage::Updating { .. } | Stage::Delivered => Some(Soon::Now),
        Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Held(_)
        | Stage::Asking { .. }
        | Stage::AwaitingSubtasks { .. }
        | Stage::Checking { .. } => Some(Soon::Later),
        // One that waits for others may wait for one of the same owner's.
        Stage::Waiting { .. } if !task.work.attempts.is_empty() && task.blockers == 0 => Some(Soon::Later),
        // A person decides first whether there will be anything.
        Stage::Failed { .. } | Stage::Idle | Stage::Waiting { .. } => None,
        Stage::Merging { .. } | Stage::Reverting { .. } => None,
        Stage::Done | Stage::Cancelled { .. } | Stage::GivenUp { .. } => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soon {
    Now,
    Later,
}
