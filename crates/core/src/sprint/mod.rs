//! A sprint: its plan, its tasks, their attempts and reviews, as one aggregate.
//!
//! `Sprint::handle` takes a command and gives the events that follow, or a refusal and an unchanged sprint.
//! `Sprint::apply` is the only place where a sprint changes, so that replaying its events gives the same sprint.

mod apply;
mod budget;
mod command;
mod delegation;
mod effect;
mod event;
mod handle;
mod index;
mod refusal;
mod reviewing;
mod stage;
mod state;
mod updating;
mod view;

pub use command::{
    AgentCard, ApprovalFacts, Command, Delivered, Delivery, MergeProblem, Opening, ReviewComment, TestRun, ThreadAnswer,
};
pub use delegation::{Brief, DelegationBlock, Subtask};
pub use effect::Effect;
pub use event::{AttemptReason, Event, Outcome};
pub(crate) use handle::Block;
pub use handle::{FundsWait, STATES};
pub use refusal::{ApprovalBlock, Refusal, TooLate};
pub use reviewing::ReviewLoad;
pub use stage::{Hold, Stage};
pub use state::{
    AgentChoice, Approval, Asked, Attempt, Author, Checked, Ended, MergeMethod, Message, Pause, PullRequest, Question,
    QuestionState, Review, Shortage, Sprint, SprintPhase, Started, Task, Thread, Urgency, Verdict, Work, WorkId,
};
pub use updating::{Base, BaseConflict, BaseHead, Update, UpdateOutcome, Updating};
pub use view::{Counts, InboxItem, SprintSummary, TaskSummary};
