//! What goes over the wire, both ways: every body of a request and of an answer.
//!
//! Clients in Rust use these types as they are, others get them from `/api/v1/openapi.json`. Requests with fields that
//! nobody knows are refused; answers may get new fields, so clients skip those that they do not know. Times are
//! milliseconds since 1970-01-01 00:00 UTC.

mod agents;
mod attempts;
mod budgets;
mod changes;
mod checks;
mod conflicts;
mod costs;
mod forecast;
mod memories;
mod notifications;
mod operations;
mod plans;
mod problem;
mod projects;
mod settings;
mod sign_in;
mod sprints;
mod stream;
mod tasks;
mod work;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use agents::{AgentGateway, AgentItem, AgentReport, AgentRole};
pub use attempts::{AttemptDetail, AttemptItem, Running};
pub use budgets::{ProjectSpending, Spending};
pub use changes::{
    ChangedContent, ChangedFile, ChangedHunk, ChangedLine, ChangedMode, FileChange, LineChange, MergeForecast,
    PullRequestDiff, RevertForecast,
};
pub use checks::{
    AddCheckRequest, AddCheckTogetherRequest, CheckItem, CheckLog, PendingCheck, TaskChecks, WeakenedTests,
};
pub use conflicts::{ConflictingFile, ConflictingPair, OpenBranch, RepositoryConflicts, TaskConflict};
pub use costs::{CostBy, CostItem};
pub use forecast::SprintForecast;
pub use memories::{EditMemoryRequest, RememberRequest, RetireMemoryRequest, ToldMemories, ToldMemory};
pub use notifications::ChannelItem;
pub use operations::{BackupReport, BackupRequest, CheckFinding, CheckReport, Health, QueueItem, RebuildReport};
pub use plans::{
    AnswerRequest, ApproveRequest, DeputyRequest, HandRequest, OwnerSuggestions, OwnersRequest, PlanVersionItem,
    RestoreRequest, SavePlanRequest, SuggestedOwners,
};
pub use problem::Problem;
pub use projects::{
    ConnectRequest, ConnectedRepository, ConnectionNotice, CreateProjectRequest, LocalFileItem, Me, PersonItem,
    UpdateProjectRequest,
};
pub use settings::{SettingItem, SettingOrigin};
pub use sign_in::{SignInCode, SignInRequest, SignedIn, SignedOut};
pub use sprints::{InboxEntry, OpenSprintRequest, SprintDetail, SprintItem, SprintTask, Why};
pub use stream::{Batch, LiveEvent, LogEvent, StreamPosition, TracePart};
pub use tasks::{
    AgentRequest, MergeRequest, MessageRequest, OpenQuestion, PullRequestItem, PullRequestState, RelatedTask,
    RetryRequest, ReviewRequest, TaskDetail, TaskItem,
};

pub use work::{Machine, Room, RoomOf, WorkItem, WorkState};

use team6_core::ids::StreamVersion;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items of this part.
    pub items: Vec<T>,
    /// What to give as `before` or `after` for the next part; none if this is the last one.
    pub next: Option<String>,
}

/// What a command changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Changed<T> {
    /// What was changed, as it is now.
    pub item: T,
    /// The version of its sprint now.
    pub version: StreamVersion,
    /// The kinds of the events that followed, in order; none if the request was carried out before.
    pub events: Vec<String>,
}
