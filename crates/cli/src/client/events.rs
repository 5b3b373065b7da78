//! Server-sent events, without a gap when the connection breaks.

use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt};
use reqwest::Method;
use serde_json::Value;

use super::{Client, clean};
use crate::failure::Failure;

/// How long the server may say nothing; it gives a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a lost server is looked for, and how long each time is waited.
const TRIES: u32 = 150;
const BETWEEN: Duration = Duration::from_millis(100);

/// An event.
#[derive(Debug)]
pub(crate) struct Event {
    /// What kind of event.
    pub(crate) name: String,
    /// What it says, as it came.
    pub(crate) raw: Value,
    /// The same without control characters.
    pub(crate) data: Value,
}

type Messages = Pin<Box<dyn Stream<Item = Option<eventsource_stream::Event>> + Send>>;

/// Events as they come. A lost connection is made again, and goes on after the last event.
pub(crate) struct Events<'a> {
    client: &'a Client,
    path: String,
    query: Vec<(String, String)>,
    last: Option<String>,
    open: Option<Messages>,
    /// Whether the open connection has said anything yet.
    spoke: bool,
}

impl<'a> Events<'a> {
    pub(super) fn new(client: &'a Client, path: &str, query: &[(&str, String)], last: Option<String>) -> Self {
        let query = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let path = path.to_owned();
        Self {
            client,
            path,
            query,
            last,
            open: None,
            spoke: true,
        }
    }

    /// The next event; none when the server ended the stream for good.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            let messages = match &mut self.open {
                Some(messages) => messages,
                None => self.open.insert(self.connect().await?),
            };
            let Ok(Some(Some(message))) = tokio::time::timeout(SILENCE, messages.next()).await else {
                self.open = None;
                if !std::mem::take(&mut self.spoke) {
                    tokio::time::sleep(BETWEEN).await;
                }
                continue;
            };
            self.spoke = true;
            if !message.id.is_empty() {
                self.last = Some(message.id);
            }
            if message.event == "end" {
                return Ok(None);
            }
            let raw: Value = serde_json::from_str(&message.data).unwrap_or(Value::Null);
            return Ok(Some(Event {
                name: message.event,
                data: clean::all(raw.clone()),
                raw,
            }));
        }
    }

    /// A server that restarts is waited for; one that says no is believed.
    async fn connect(&self) -> Result<Messages, Failure> {
        let mut tries = 0;
        loop {
            let mut request = self.client.request(Method::GET, &self.path).query(&self.query);
            if let Some(last) = &self.last {
                request = request.header("last-event-id", last);
            }
            match self.client.answered(request).await {
                Ok(response) => {
                    let messages = response.bytes_stream().eventsource();
                    return Ok(Box::pin(messages.map(Result::ok)));
                }
                Err(Failure::Unreachable(_)) if tries < TRIES && self.last.is_some() => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}
