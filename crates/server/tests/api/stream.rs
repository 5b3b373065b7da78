//! Streams as their readers see them, and waiting for what a server comes to.

use std::collections::VecDeque;
use std::fmt::Display;
use std::pin::Pin;

use eventsource_stream::{Event, Eventsource};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use reqwest::Method;
use serde_json::Value;
use team6_testkit::wait::within;

use crate::client::{Answer, Client, LIMIT};

/// A stream that is being read.
pub(crate) struct Reader {
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
}

impl Client {
    /// Opens a stream, at the beginning or after an event.
    pub(crate) async fn reads(&self, path: impl Display, after: Option<&str>) -> Reader {
        self.reads_bytes(path, after, usize::MAX).await
    }

    /// The same over a connection that breaks off after so many bytes.
    pub(crate) async fn reads_bytes(&self, path: impl Display, after: Option<&str>, most: usize) -> Reader {
        let mut request = self.request(Method::GET, path).header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let cut = unfold((response, most), |(mut response, left)| async move {
            let mut piece = if left == 0 {
                None
            } else {
                response.chunk().await.unwrap()
            }?;
            piece.truncate(left);
            let left = left - piece.len();
            Some((piece, (response, left)))
        });
        let events = cut.map(Ok::<_, std::io::Error>).eventsource().map(Result::unwrap);
        Reader {
            events: Box::pin(events),
        }
    }

    /// Looks at something again after each event, until it is as it should be.
    pub(crate) async fn until<T>(&self, what: &str, path: impl Display, look: impl Fn(&Value) -> Option<T>) -> T {
        let mut seen = VecDeque::new();
        let mut events = self.reads("/events", None).await;
        let waiting = async {
            loop {
                let now: Value = self.get(&path).await.done();
                if let Some(found) = look(&now) {
                    return Ok(found);
                }
                match tokio::time::timeout(LIMIT, events.next()).await {
                    Ok(Some(event)) => seen.push_back(event.event),
                    _ => return Err(now),
                }
            }
        };
        match waiting.await {
            Ok(found) => found,
            Err(now) => panic!("{what} did not come; there is {now:#} after {seen:?}"),
        }
    }
}

impl Reader {
    /// The next event; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// The next event, which comes in time.
    #[track_caller]
    pub(crate) fn must(&mut self) -> impl Future<Output = Event> {
        let next = within("the next event", LIMIT, self.events.next());
        async { next.await.unwrap() }
    }

    /// The names of the next events, with their data.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<(String, Value)> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let event = self.must().await;
            taken.push((event.event, serde_json::from_str(&event.data).unwrap()));
        }
        taken
    }
}

/// What a stream that is refused says.
pub(crate) async fn refused(client: &Client, path: &str, after: &str) -> Answer {
    Answer::to(client.request(Method::GET, path).header("Last-Event-ID", after)).await
}
