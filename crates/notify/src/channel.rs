//! The port of a way to tell people.

use async_trait::async_trait;
use team6_core::ids::PersonId;

use crate::Waiting;

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub id: PersonId,
    /// The name for people.
    pub name: String,
    /// The address for mail.
    pub email: String,
}

/// What a person is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Names it, so that a receiver knows one that comes twice.
    pub id: String,
    /// Who is told.
    pub to: Addressee,
    /// What waits, longest waiting first; nothing in a trial.
    pub waiting: Vec<Waiting>,
    /// Where all that waits is found.
    pub inbox: String,
}

impl Notice {
    /// A line that says what it is about, such as `T-3 Front door: waits for review`.
    pub fn headline(&self) -> String {
        match self.waiting.as_slice() {
            [] => "a trial: notifications reach you here".to_owned(),
            [one] => format!("{} {}: {}", one.number, one.title, one.why),
            [first, rest @ ..] => format!("{} {} and {} more wait for you", first.number, first.title, rest.len()),
        }
    }
}

/// Why nobody could be told. No message holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The other side could not be reached or had trouble of its own; it is tried again.
    #[error("{0}")]
    Unreachable(String),
    /// The other side refused it.
    #[error("{0}")]
    Refused(String),
    /// It cannot work as it is configured.
    #[error("{0}")]
    Misconfigured(String),
}

/// A way to tell people.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Tells somebody. It may come twice if the process ends before the answer is known.
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError>;
}
