//! What may be spent, and what is.

use serde::{Deserialize, Serialize};
use team6_core::budget::{Amount, Budget};
use utoipa::ToSchema;

/// What a task, with all below it, a sprint or a project may spend, and what it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spending {
    /// The limits; what is left out is not limited.
    pub budget: Budget,
    /// What attempts that ended have spent.
    pub spent: Amount,
    /// What attempts that are queued or at work hold.
    pub reserved: Amount,
}

/// What the sprints of a project may spend together, and what they have since something was limited first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectSpending {
    /// In all.
    pub project: Spending,
    /// Today, by UTC.
    pub day: Spending,
}
