//! Tells people outside the app what waits for them.
//!
//! What is told follows from the inboxes alone, so nothing is lost by a stop: each channel keeps what it told of and
//! still waits, and at the next start goes on from there.

mod kept;
mod watch;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use team6_core::ids::PersonId;
use team6_core::sprint::InboxItem;
use team6_core::text::cleaned;
use team6_core::time::Timestamp;
use team6_notify::{Addressee, Channel, ChannelError, Notice, Rules, Waiting};
use team6_store::InboxRow;

use crate::config::{Notify, Person};
use kept::Kept;

/// All channels.
#[derive(Clone)]
pub struct Notifiers(Arc<Vec<Notifier>>);

/// One channel.
pub struct Notifier {
    /// Its name.
    pub name: String,
    channel: Box<dyn Channel>,
    rules: Rules,
    people: BTreeMap<PersonId, Person>,
    link: String,
    kept: Kept,
    lately: Mutex<Lately>,
}

/// What a channel did lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// When it last told somebody.
    pub told: Option<Timestamp>,
    /// Why it could not, if the last try failed.
    pub failure: Option<String>,
}

impl Notifiers {
    /// The channels of a configuration; their memory is in a folder of the data folder.
    pub fn of(
        notify: &Notify,
        listen: SocketAddr,
        people: &BTreeMap<PersonId, Person>,
        data: &Path,
    ) -> Result<Self, Vec<String>> {
        let link = notify.link(listen);
        let notifiers = notify.channels()?.into_iter().map(|ready| Notifier {
            kept: Kept::new(data, &ready.name),
            name: ready.name,
            channel: ready.channel,
            rules: ready.rules,
            people: people.clone(),
            link: link.clone(),
            lately: Mutex::default(),
        });
        Ok(Self(Arc::new(notifiers.collect())))
    }

    /// Each of them.
    pub fn all(&self) -> &[Notifier] {
        &self.0
    }
}

impl Notifier {
    /// What it did lately.
    pub fn lately(&self) -> Lately {
        self.state().clone()
    }

    /// Tells somebody that this way works.
    pub async fn try_out(&self, person: &PersonId, now: Timestamp) -> Result<(), ChannelError> {
        let id = format!("trial-{}-{person}-{now}", self.name, now = now.0);
        self.tell(id, person, Vec::new(), now).await
    }

    async fn tell(
        &self,
        id: String,
        person: &PersonId,
        waiting: Vec<Waiting>,
        now: Timestamp,
    ) -> Result<(), ChannelError> {
        let Some(known) = self.people.get(person) else {
            return Err(ChannelError::Misconfigured(format!(
                "{person} is not one of the people"
            )));
        };
        let notice = Notice {
            id,
            to: Addressee {
                id: person.clone(),
                name: known.name.clone(),
                email: known.email.clone(),
            },
            waiting,
            inbox: format!("{}/inbox", self.link),
        };
        let told = self.channel.tell(&notice).await;
        let mut lately = self.state();
        match &told {
            Ok(()) => {
                *lately = Lately {
                    told: Some(now),
                    failure: None,
                }
            }
            Err(error) => lately.failure = Some(error.to_string()),
        }
        told
    }

    fn state(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits, as it is told; none for a row that cannot be read, which the inbox itself tells of.
    fn waiting(&self, row: InboxRow) -> Option<Waiting> {
        let item: InboxItem = serde_json::from_value(row.body).ok()?;
        Some(Waiting {
            link: format!("{}/inbox?item={}", self.link, item.key),
            number: item
                .task
                .map_or_else(|| format!("S-{}", item.sprint), |task| format!("T-{task}")),
            key: item.key,
            person: item.person,
            kind: row.kind,
            sprint: item.sprint,
            task: item.task,
            title: item.title,
            why: cleaned(&item.why.reason.to_string()),
            since: item.why.since,
        })
    }
}
