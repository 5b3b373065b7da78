//! The ways in which people are told what waits for them.

use serde::{Deserialize, Serialize};
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// A channel by which people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelItem {
    /// Its name.
    pub name: String,
    /// When it last told somebody, since the server started.
    pub told_at: Option<Timestamp>,
    /// Why it could not, if its last try failed.
    pub failure: Option<String>,
}
