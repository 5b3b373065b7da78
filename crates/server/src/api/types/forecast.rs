//! When a sprint will be done.

use serde::{Deserialize, Serialize};
use team6_core::forecast::Forecast;
use team6_core::ids::SprintId;
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// When a sprint will be done, or what was forecast of it beside what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SprintForecast {
    /// The sprint.
    pub sprint: SprintId,
    /// When it will be done, as of now; none unless it runs.
    pub now: Option<Forecast>,
    /// What could be forecast when its first plan was approved, from what was known then; none before.
    pub at_approval: Option<Forecast>,
    /// When it was finished; none while it is not.
    pub finished: Option<Timestamp>,
    /// Whether that is within the range that was forecast when its first plan was approved; none while it is not finished.
    pub within_range: Option<bool>,
}
