//! Shows what happens, as it happens: one line for each event that people care about.

use std::path::Path;
use std::time::{Duration, Instant};

use team6_core::ids::Position;
use team6_core::sprint::Event;
use team6_server::api::types::LogEvent;
use team6_store::{LogFilter, Store};

use crate::story::Story;

/// Follows the log and prints it.
pub(super) struct Watch {
    json: bool,
    closed: bool,
    began: Instant,
    seen: Position,
    story: Story,
}

impl Watch {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            closed: false,
            began: Instant::now(),
            seen: Position(0),
            story: Story::default(),
        }
    }

    /// Prints a text for people.
    pub(super) fn say(&mut self, text: &str) {
        if !self.json {
            self.print(text);
        }
    }

    /// Whether nobody reads any more, as after `| head`.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    fn print(&mut self, text: &str) {
        if !self.closed && !crate::output::told(text) {
            self.closed = true;
        }
    }

    /// Prints how it ended and where it is kept, for machines.
    pub(super) fn end(&mut self, took: Duration, kept: Option<&Path>) {
        if self.json {
            let mut end = serde_json::json!({ "kind": "demo_ended", "seconds": took.as_secs_f64() });
            if let Some(kept) = kept {
                end["folder"] = kept.to_string_lossy().into();
            }
            self.print(&end.to_string());
        }
    }

    /// Prints what was recorded since it last looked.
    pub(super) async fn catch_up(&mut self, store: &dyn Store) -> Result<(), String> {
        let filter = LogFilter {
            project: None,
            prefix: Some("sprint/".into()),
        };
        loop {
            let page = store
                .read_log(self.seen, &filter, 500)
                .await
                .map_err(|error| error.to_string())?;
            if page.is_empty() {
                return Ok(());
            }
            for recorded in page {
                self.seen = recorded.position;
                if self.json {
                    let event = LogEvent::from(recorded);
                    self.print(&serde_json::to_string(&event).map_err(|error| error.to_string())?);
                    continue;
                }
                let event = serde_json::from_value::<Event>(recorded.body).map_err(|error| error.to_string())?;
                if let Some(text) = self.story.text(&event) {
                    let text = text.replace('\n', "\n        ");
                    self.print(&format!("{:>6.1} s  {text}", self.began.elapsed().as_secs_f64()));
                }
            }
        }
    }
}
