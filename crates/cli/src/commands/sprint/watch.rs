//! `team6 sprint watch`: a sprint as it goes on, live on a terminal or line by line.

use clap::ValueEnum;
use team6_core::ids::{Position, SprintId};
use team6_core::sprint::{Event, SprintPhase};
use team6_server::api::types::{Health, InboxEntry, LiveEvent, SprintDetail};

use super::detail;
use crate::client::{Client, Event as SentEvent};
use crate::commands::{Context, inbox};
use crate::failure::Failure;
use crate::output::{Tone, clock};
use crate::story::Story;
use crate::watch;

/// The arguments of `team6 sprint watch`.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArguments {
    /// The number of the sprint.
    sprint: SprintId,
    /// End as soon as this is so, and not only when the sprint is closed.
    #[arg(long, value_name = "WHAT")]
    until: Option<Until>,
    /// Print a line for each thing that happens, also on a terminal.
    #[arg(long)]
    plain: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Until {
    /// Something waits for a person.
    Person,
    /// Every task is done.
    Done,
}

impl WatchArguments {
    pub(super) fn of(sprint: SprintId) -> Self {
        Self {
            sprint,
            until: None,
            plain: false,
        }
    }
}

/// Watches until the sprint is closed, or what was asked for is so.
pub(super) async fn run(client: &Client, arguments: WatchArguments, context: &Context) -> Result<(), Failure> {
    if arguments.until.is_none() && !arguments.plain && context.output.interactive() {
        return watch::run(client, arguments.sprint).await;
    }
    lines(client, arguments, context).await
}

async fn lines(client: &Client, arguments: WatchArguments, context: &Context) -> Result<(), Failure> {
    let sprint = arguments.sprint;
    // Events that come after this position are not in what is fetched now, or are told twice, but never missed.
    let Position(position) = client.get::<Health>("/health").await?.item.head;
    let mut now = detail(client, sprint).await?.item;
    let mut story = Story::of(&now);
    let topics = [("topics", format!("sprint:{sprint}"))];
    let mut events = client.follow("/events", &topics, Some(position.to_string()));
    if let Some(ended) = ended(client, &arguments, &now, true, context).await? {
        return ended;
    }
    // What is fetched from here on may be ahead of what was told; the end is told before it is believed.
    let mut up_to_date = false;
    loop {
        now = loop {
            let Some(event) = events.next().await? else {
                return Ok(());
            };
            // A connection made again begins with `ready`, also when the end was the last that was told.
            if event.name != "ready" {
                up_to_date = matches!(event.name.as_str(), "sprint_finished" | "sprint_cancelled" | "reset");
            }
            tell(&event, &mut story, context)?;
            // A server that went away is waited for by the next event, which is told in any case.
            match detail(client, sprint).await {
                Ok(found) => break found.item,
                Err(Failure::Unreachable(_)) => {}
                Err(failure) => return Err(failure),
            }
        };
        if let Some(ended) = ended(client, &arguments, &now, up_to_date, context).await? {
            return ended;
        }
    }
}

/// Prints an event.
fn tell(event: &SentEvent, story: &mut Story, context: &Context) -> Result<(), Failure> {
    if matches!(event.name.as_str(), "ready" | "reset") {
        return Ok(());
    }
    if context.output.json {
        return context.output.line(&event.raw);
    }
    let Ok(live) = serde_json::from_value::<LiveEvent>(event.data.clone()) else {
        return Ok(());
    };
    let told = live.data.and_then(|data| serde_json::from_value::<Event>(data).ok());
    let Some(text) = told.and_then(|event| story.text(&event)) else {
        return Ok(());
    };
    context.output.page(|page| {
        let at = page.tinted(Tone::Faint, clock(live.at.0));
        page.line(format!("{at}  {}", text.replace('\n', "\n          ")));
    })
}

/// How it ended, if it has.
async fn ended(
    client: &Client,
    arguments: &WatchArguments,
    sprint: &SprintDetail,
    up_to_date: bool,
    context: &Context,
) -> Result<Option<Result<(), Failure>>, Failure> {
    if arguments.until == Some(Until::Person) {
        let query = [("sprint", arguments.sprint.to_string())];
        let waiting = match client.list::<InboxEntry>("/inbox", "after", &query).await {
            Err(Failure::Unreachable(_)) => return Ok(None),
            waiting => waiting?,
        };
        if !waiting.item.is_empty() {
            return Ok(Some(
                context
                    .output
                    .show(&waiting, |entries, page| inbox::show(entries, page)),
            ));
        }
    }
    Ok(match sprint.sprint.phase {
        SprintPhase::Planning | SprintPhase::Running => None,
        _ if !up_to_date => None,
        SprintPhase::Finished => Some(Ok(())),
        SprintPhase::Cancelled => match arguments.until {
            None => Some(Ok(())),
            Some(_) => Some(Err(Failure::Failed(format!(
                "sprint {} was cancelled",
                arguments.sprint
            )))),
        },
    })
}
