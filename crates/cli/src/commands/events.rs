//! `team6 events`: the event log, from which everything else follows.

use std::collections::BTreeMap;

use team6_core::ids::{Position, SprintId};
use team6_core::sprint::Event;
use team6_server::api::types::{LiveEvent, LogEvent};

use super::Context;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Page, Tone, clock};
use crate::story::Story;

/// The arguments of `team6 events`.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Only those of a sprint.
    #[arg(long, value_name = "N")]
    sprint: Option<SprintId>,
    /// Only those after this position.
    #[arg(long, value_name = "POSITION")]
    after: Option<Position>,
    /// Go on with what happens from now on.
    #[arg(long, short)]
    follow: bool,
}

/// Shows the log.
pub(crate) async fn run(arguments: Events, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let mut query = Vec::new();
    query.extend(arguments.sprint.map(|sprint| ("stream", format!("sprint/{sprint}"))));
    let mut after = arguments.after.unwrap_or_default();
    let mut told = Told::default();
    // Part by part, because a log is longer than a list.
    loop {
        let mut part = query.clone();
        part.push(("after", after.to_string()));
        part.push(("limit", "500".to_owned()));
        let events = client
            .find::<team6_server::api::types::Page<LogEvent>>("/log", &part)
            .await?;
        let shown = events.raw["items"].as_array().into_iter().flatten();
        for (raw, event) in shown.zip(&events.item.items) {
            match context.output.json {
                true => context.output.line(raw)?,
                false => context.output.page(|page| told.line(&Line::of(event), page))?,
            }
            after = event.position;
        }
        if events.item.next.is_none() {
            break;
        }
    }
    match arguments.follow {
        true => follow(&client, arguments.sprint, after, told, context).await,
        false => Ok(()),
    }
}

async fn follow(
    client: &Client,
    sprint: Option<SprintId>,
    after: Position,
    mut told: Told,
    context: &Context,
) -> Result<(), Failure> {
    let topics: Vec<_> = sprint
        .map(|sprint| ("topics", format!("sprint:{sprint}")))
        .into_iter()
        .collect();
    let mut events = client.follow("/events", &topics, Some(after.to_string()));
    while let Some(event) = events.next().await? {
        if matches!(event.name.as_str(), "ready" | "reset") {
            continue;
        }
        if context.output.json {
            context.output.line(&event.raw)?;
        } else if let Ok(live) = serde_json::from_value::<LiveEvent>(event.data) {
            context.output.page(|page| told.line(&Line::live(&live), page))?;
        }
    }
    Ok(())
}

/// What a line is made from.
struct Line<'a> {
    position: Position,
    at: i64,
    stream: &'a str,
    kind: &'a str,
    actor: &'a str,
    event: Option<Event>,
}

impl<'a> Line<'a> {
    fn of(event: &'a LogEvent) -> Self {
        Self {
            position: event.position,
            at: event.at.0,
            stream: &event.stream,
            kind: &event.kind,
            actor: &event.actor,
            event: serde_json::from_value(event.data.clone()).ok(),
        }
    }

    fn live(event: &'a LiveEvent) -> Self {
        Self {
            position: event.position,
            at: event.at.0,
            stream: &event.stream,
            kind: &event.kind,
            actor: &event.actor,
            event: event.data.clone().and_then(|data| serde_json::from_value(data).ok()),
        }
    }
}

/// The story of each stream as far as it was told.
#[derive(Default)]
struct Told(BTreeMap<String, Story>);

impl Told {
    fn line(&mut self, line: &Line<'_>, page: &mut Page) {
        let story = self.0.entry(line.stream.to_owned()).or_default();
        let text = line.event.as_ref().and_then(|event| story.text(event));
        let text = text.unwrap_or_else(|| line.kind.replace('_', " "));
        let first = text.lines().next().unwrap_or_default();
        let head = format!(
            "{:>6}  {}  {:<10}  {:<12}",
            line.position,
            clock(line.at),
            line.stream,
            line.actor
        );
        let head = page.tinted(Tone::Faint, head);
        page.line(format!("{head}  {first}"));
    }
}
