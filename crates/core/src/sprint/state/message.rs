//! What people write to agents.

use serde::{Deserialize, Serialize};

use super::WorkId;
use crate::ids::{MessageId, PersonId};
use crate::time::Timestamp;

/// How urgent a chat message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Delivered when the agent's turn ends.
    NextTurn,
    /// The turn is interrupted for it.
    Interrupt,
}

/// A chat message to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// Whose agent it is for.
    pub to: WorkId,
    /// Who wrote it.
    pub by: PersonId,
    /// The text.
    pub text: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// When it was written.
    pub at: Timestamp,
    /// Which attempt got it, and when.
    pub delivered: Option<(u32, Timestamp)>,
}
