//! What whoever reviews a task needs to know of it, so that a review is short: what was asked, what changed for it, where
//! the risk lies, what the engine saw itself, and what is open.
//!
//! One pure function makes it of the sprint and of what the repositories say. The pull request, the API and the command
//! line show the same, each in its own way.

mod plain;
mod risk;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use plain::quiet;
pub use risk::{Noted, Risk, Sensitive, Weight};

use crate::checks::{CheckOutcome, Receipt, Weakened};
use crate::ids::{AgentId, CommitId, PersonId, RepositoryId, SprintId, TaskId};
use crate::sprint::{Delivery, QuestionState, Sprint, Stage, Task};

/// What is known of a task outside of its sprint: what its repositories say.
pub type Facts = BTreeMap<RepositoryId, RepositoryFacts>;

/// What a repository says of a delivery to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// What it changes; none if that could not be read.
    pub files: Option<Vec<TouchedFile>>,
    /// Where it weakens tests.
    pub weakened: Vec<Weakened>,
    /// What it conflicts with.
    pub conflicts: Vec<Foreseen>,
}

/// A file that a delivery changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TouchedFile {
    /// Its path.
    pub path: String,
    /// Lines that were added.
    pub additions: u32,
    /// Lines that were taken away.
    pub deletions: u32,
    /// Whether it is no text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// Whether it may be executed from now on, or no longer, or is another kind of file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mode: bool,
}

/// A conflict that a merge would meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The other task; none for the branch that it goes into.
    pub with: Option<TaskId>,
    /// The other task's title.
    pub title: Option<String>,
    /// The files.
    pub files: Vec<String>,
}

/// What whoever reviews a task needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Packet {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its sprint.
    pub sprint: SprintId,
    /// What the sprint is for.
    pub goal: String,
    /// Who is accountable.
    pub owner: Option<PersonId>,
    /// What was asked.
    pub what: String,
    /// Why.
    pub why: String,
    /// How one can see that it is done.
    pub acceptance_criteria: Vec<String>,
    /// What the agent says that it did.
    pub said: Option<Delivery>,
    /// What changed, by repository in the order of merging.
    pub changes: Vec<RepositoryChange>,
    /// Where the risk lies, the worst first.
    pub risks: Vec<Noted>,
    /// What the engine's own checks say of exactly what is offered, those that did not pass first.
    pub receipts: Vec<Receipt>,
    /// What is open, or was assumed.
    pub open: Vec<OpenPoint>,
    /// What others did for it.
    pub subtasks: Vec<SubtaskPart>,
}

/// What changed in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositoryChange {
    /// The repository.
    pub repository: RepositoryId,
    /// Its pull request, once it is open.
    pub number: Option<u64>,
    /// The commit that it offers.
    pub head: CommitId,
    /// The commit by which it was merged.
    pub merged: Option<CommitId>,
    /// How many files changed; none if that could not be read.
    pub files: Option<usize>,
    /// Lines that were added.
    pub additions: u64,
    /// Lines that were taken away.
    pub deletions: u64,
    /// The files that changed most.
    pub most: Vec<TouchedFile>,
}

/// Something that is open, or was assumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "point", rename_all = "snake_case")]
pub enum OpenPoint {
    /// The agent said that this is left, or not sure.
    Left {
        /// What.
        text: String,
    },
    /// A question of the planning that people left to the agent's judgement.
    Assumed {
        /// The question.
        question: String,
    },
    /// What the agent asked its owner.
    Asked {
        /// The question.
        question: String,
        /// What was answered; none if nothing was.
        answer: Option<String>,
    },
    /// A comment of a review that the agent has not answered.
    Thread {
        /// Where and what.
        text: String,
    },
}

/// What a subtask brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubtaskPart {
    /// The subtask.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Who did it.
    pub agent: Option<AgentId>,
    /// What it did, or why it did not.
    pub what: String,
    /// Whether its commits are on the branch.
    pub integrated: bool,
}

/// How many files of a repository are named.
const NAMED: usize = 12;

/// The packet of a task.
pub fn packet(sprint: &Sprint, task: &Task, facts: &Facts) -> Packet {
    let mut receipts: Vec<Receipt> = task.current_checks().cloned().collect();
    receipts.sort_by_key(|receipt| (receipt.outcome == CheckOutcome::Passed, receipt.number));
    Packet {
        task: task.id,
        title: task.planned.title.clone(),
        sprint: sprint.id,
        goal: sprint.title().into_owned(),
        owner: task.owner.clone(),
        what: task.planned.what.clone(),
        why: task.planned.why.clone(),
        acceptance_criteria: task.planned.acceptance_criteria.clone(),
        said: task.summary.clone(),
        changes: changes(task, facts),
        risks: risk::risks(sprint, task, facts),
        receipts,
        open: open(sprint, task),
        subtasks: parts(sprint, task),
    }
}

fn changes(task: &Task, facts: &Facts) -> Vec<RepositoryChange> {
    let order = task.merge_order().into_iter();
    let changes = order.filter_map(|repository| {
        let offered = task.pull_requests.get(&repository)?;
        let files = facts.get(&repository).and_then(|facts| facts.files.as_ref());
        let mut most: Vec<TouchedFile> = files.cloned().unwrap_or_default();
        let sum = |lines: fn(&TouchedFile) -> u32| most.iter().map(|file| u64::from(lines(file))).sum();
        let (additions, deletions) = (sum(|file| file.additions), sum(|file| file.deletions));
        most.sort_by_key(|file| std::cmp::Reverse(file.additions.saturating_add(file.deletions)));
        most.truncate(NAMED);
        Some(RepositoryChange {
            number: offered.number,
            head: offered.head.clone(),
            merged: offered.merged.clone(),
            files: files.map(Vec::len),
            additions,
            deletions,
            most,
            repository,
        })
    });
    changes.collect()
}

fn open(sprint: &Sprint, task: &Task) -> Vec<OpenPoint> {
    let left = task.summary.iter().flat_map(|delivery| &delivery.left);
    let mut points: Vec<OpenPoint> = left.map(|text| OpenPoint::Left { text: text.clone() }).collect();
    points.extend(task.open_threads().map(|thread| OpenPoint::Thread {
        text: format!("{}: {}", thread.comment.path, thread.comment.text),
    }));
    points.extend(task.asked.iter().map(|asked| {
        let answer = asked.answer;
        let answer = answer.and_then(|id| sprint.messages.iter().find(|message| message.id == id));
        OpenPoint::Asked {
            question: asked.question.clone(),
            answer: answer.map(|message| message.text.clone()),
        }
    }));
    let skipped = sprint
        .questions
        .iter()
        .filter(|question| matches!(question.state, QuestionState::Skipped { .. }));
    points.extend(skipped.map(|question| OpenPoint::Assumed {
        question: question.text.clone(),
    }));
    points
}

/// What each specialist did to whom a subtask was delegated.
fn parts(sprint: &Sprint, task: &Task) -> Vec<SubtaskPart> {
    let part = |subtask: &Task| {
        let said = subtask.summary.as_ref().map(|delivery| delivery.what.trim().to_owned());
        SubtaskPart {
            task: subtask.id,
            title: subtask.planned.title.clone(),
            agent: subtask.agent.as_ref().map(|choice| choice.agent.clone()),
            what: match &subtask.work.stage {
                Stage::GivenUp { reason } => format!("given up: {reason}"),
                Stage::Cancelled { by } => format!("cancelled by {by}"),
                _ => said.unwrap_or_default(),
            },
            integrated: subtask.subtask.as_ref().is_some_and(|delegated| delegated.integrated),
        }
    };
    sprint.subtasks(task).map(part).collect()
}
