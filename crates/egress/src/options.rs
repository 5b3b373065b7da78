//! How much a session may do at once, for how long, and how much in all.

use std::time::Duration;

/// Connections over the limit that are told so at once; more of them wait in the socket's queue.
pub(crate) const TURNED_AWAY_AT_ONCE: usize = 16;

/// The bounds of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The configuration in which rules are listed, as refusals name it to people.
    pub setting: String,
    /// How many connections the sandbox may have open at once. More are answered with 503.
    pub connections: usize,
    /// How long resolving, connecting and TLS may take together.
    pub connect_limit: Duration,
    /// How long a connection may be open with no byte going either way, also between two requests and before an answer.
    pub idle_limit: Duration,
    /// How long the head of a request or an answer may be, in bytes; at least 8192.
    pub most_head: usize,
    /// How many bytes the session may move in all, both ways together. What is over it is cut off and refused.
    pub most_bytes: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            setting: "the egress rules".into(),
            connections: 128,
            connect_limit: Duration::from_secs(10),
            idle_limit: Duration::from_secs(600),
            most_head: 64 << 10,
            most_bytes: None,
        }
    }
}

impl Options {
    /// How many records a session's channel must have room for at least: one for every connection.
    pub fn least_records(&self) -> usize {
        self.connections + TURNED_AWAY_AT_ONCE
    }
}
