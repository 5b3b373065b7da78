//! The port of a way to tell people.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
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
    /// The name of what a channel tells somebody: the same whenever it tells of the same, and of nothing else.
    pub fn id_of(channel: &str, to: &PersonId, waiting: &[Waiting]) -> String {
        let mut hash = Sha256::new();
        for part in [channel, to.as_str()] {
            hash.update(part);
            hash.update([0]);
        }
        for one in waiting {
            hash.update(&one.key);
            hash.update([0]);
            hash.update(one.since.0.to_be_bytes());
        }
        hex::encode(&hash.finalize()[..16])
    }

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

#[cfg(test)]
mod tests {
    use team6_core::ids::SprintId;
    use team6_core::time::Timestamp;

    use super::*;

    #[test]
    fn a_notice_has_the_name_of_what_it_tells_of() {
        let ada = PersonId::new("ada").unwrap();
        let waiting = |key: &str, since: i64| Waiting {
            key: key.into(),
            person: ada.clone(),
            kind: "review".into(),
            sprint: SprintId(1),
            task: None,
            number: "S-1".into(),
            title: "A house".into(),
            why: "waits for review".into(),
            since: Timestamp(since),
            link: String::new(),
        };
        let id = |waiting: &[Waiting]| Notice::id_of("mail", &ada, waiting);
        assert_eq!(id(&[waiting("task/1", 5)]), id(&[waiting("task/1", 5)]));
        // As many, and the newest at the same time.
        let others = [
            vec![waiting("task/2", 5)],
            vec![waiting("task/1", 6)],
            vec![waiting("task/1", 5), waiting("task/2", 5)],
        ];
        assert!(others.iter().all(|other| id(other) != id(&[waiting("task/1", 5)])));
    }
}
