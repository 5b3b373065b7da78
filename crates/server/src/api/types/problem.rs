//! Errors, as RFC 9457 describes them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Why a request was not carried out. Nothing of it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and what to do about it.
    pub detail: String,
    /// The kind of problem for programs, such as `plan-moved`. It stays the same over versions.
    pub code: String,
    /// What else is known, such as all reasons of a refused approval.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
