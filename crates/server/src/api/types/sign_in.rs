//! Signing in with a browser.

use serde::{Deserialize, Serialize};
use team6_core::ids::PersonId;
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// What a browser signs in with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInRequest {
    /// A code, as a link of `team6 open` carries it.
    Code(String),
    /// The token of the server.
    Token(String),
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "a code",
            Self::Token(_) => "a token",
        })
    }
}

/// A code that opens a session once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInCode {
    /// The code, which the web app takes after `/#code=`.
    pub code: String,
    /// When it is no longer good.
    pub until: Timestamp,
}

/// A session was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Whom to act for: whoever asked for the code, otherwise the person that the server is configured for; none if nobody
    /// is configured.
    pub person: Option<PersonId>,
    /// When the session ends.
    pub until: Timestamp,
}

/// Sessions were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedOut {
    /// How many.
    pub sessions: usize,
}
