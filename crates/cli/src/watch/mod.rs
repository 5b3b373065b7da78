//! A sprint on a terminal, live: drawn anew whenever something happens, and never in between.

mod model;
mod screen;

use crossterm::event::{Event as Input, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;
use team6_core::ids::{AttemptId, Position, SprintId};
use team6_core::sprint::Event;
use team6_core::trace::TraceEntry;
use team6_server::api::types::{
    AttemptDetail, Health, InboxEntry, LiveEvent, Page, SprintDetail, SprintForecast, TaskDetail,
};

use crate::client::{Client, Event as Sent};
use crate::commands::sprint::forecast_in_short;
use crate::commands::warnings;
use crate::failure::Failure;
use crate::signals::Signals;
use model::{Model, Tail};

/// How many of the last entries of a trace are shown.
const ENTRIES: u64 = 30;

/// The events that move a forecast; it is not made again for what an agent says.
const MOVES: [&str; 8] = [
    "plan_approved",
    "attempt_started",
    "attempt_delivered",
    "attempt_failed",
    "review_submitted",
    "task_done",
    "task_cancelled",
    "sprint_finished",
];

/// Shows the sprint until the reader leaves.
pub(crate) async fn run(client: &Client, sprint: SprintId) -> Result<(), Failure> {
    let Position(position) = client.get::<Health>("/health").await?.item.head;
    let (detail, inbox) = fetched(client, sprint).await?;
    let mut model = Model::new(detail, inbox);
    model.warnings = warnings(client).await;
    model.forecast = forecast(client, sprint).await;
    // It also restores the terminal when the program panics.
    let mut terminal = ratatui::init();
    let shown = show(client, &mut model, &mut terminal, position).await;
    ratatui::restore();
    shown
}

async fn show(client: &Client, model: &mut Model, terminal: &mut DefaultTerminal, from: u64) -> Result<(), Failure> {
    let broken = |error: std::io::Error| Failure::Failed(format!("the terminal cannot be used: {error}"));
    let mut signals = Signals::new().map_err(Failure::Failed)?;
    let sprint = model.sprint.sprint.id;
    let topics = [("topics", format!("sprint:{sprint}"))];
    let mut events = client.follow("/events", &topics, Some(from.to_string()));
    let mut keys = EventStream::new();
    loop {
        terminal.draw(|frame| screen::draw(frame, model)).map_err(broken)?;
        tokio::select! {
            () = signals.one() => return Ok(()),
            input = keys.next() => match input {
                Some(Ok(Input::Key(key))) if key.kind == KeyEventKind::Press => {
                    if !pressed(client, model, key).await? {
                        return Ok(());
                    }
                }
                // A changed size is drawn anew like anything else.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(error)),
                None => return Ok(()),
            },
            event = events.next() => match event? {
                Some(event) => happened(client, model, event).await?,
                None => model.note("the server ended the stream"),
            },
        }
    }
}

/// Takes in an event, and what is so since then.
async fn happened(client: &Client, model: &mut Model, event: Sent) -> Result<(), Failure> {
    let event_name = event.name.clone();
    if let Ok(live) = serde_json::from_value::<LiveEvent>(event.data)
        && let Some(event) = live.data.and_then(|data| serde_json::from_value::<Event>(data).ok())
    {
        model.tell(live.at, &event);
    }
    let moves = MOVES.contains(&event_name.as_str());
    match fetched(client, model.sprint.sprint.id).await {
        Ok((sprint, inbox)) => {
            model.renew(sprint, inbox);
            if moves {
                model.forecast = forecast(client, model.sprint.sprint.id).await;
            }
        }
        // The next event comes with the server, or the stream gives up.
        Err(Failure::Unreachable(text)) => model.note(&text),
        Err(failure) => return Err(failure),
    }
    if let Some(tail) = &model.tail {
        let attempt = tail.attempt;
        model.tail = Some(read_tail(client, attempt).await?);
    }
    Ok(())
}

/// When it will be done, in one line. A server that cannot say it now says it after the next event.
async fn forecast(client: &Client, sprint: SprintId) -> Option<String> {
    let made = client
        .get::<SprintForecast>(&format!("/sprints/{sprint}/forecast"))
        .await
        .ok()?;
    forecast_in_short(&made.item).map(|text| format!("forecast: {text}"))
}

async fn fetched(client: &Client, sprint: SprintId) -> Result<(SprintDetail, Vec<InboxEntry>), Failure> {
    let detail = client.get::<SprintDetail>(&format!("/sprints/{sprint}")).await?.item;
    let query = [("sprint", sprint.to_string())];
    let inbox = client.list::<InboxEntry>("/inbox", "after", &query).await?.item;
    Ok((detail, inbox))
}

/// Acts on a key; false to leave.
async fn pressed(client: &Client, model: &mut Model, key: KeyEvent) -> Result<bool, Failure> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => return Ok(false),
        KeyCode::Char('?') => model.help = !model.help,
        KeyCode::Esc | KeyCode::Char('q') if model.help => model.help = false,
        KeyCode::Esc | KeyCode::Char('q') if model.tail.is_some() => model.tail = None,
        KeyCode::Char('q') | KeyCode::Esc => return Ok(false),
        KeyCode::Down | KeyCode::Char('j') => model.select(1),
        KeyCode::Up | KeyCode::Char('k') => model.select(-1),
        KeyCode::Enter => {
            let Some(task) = model.selected_task() else {
                return Ok(true);
            };
            let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?.item;
            match detail.attempts.last() {
                Some(attempt) => model.tail = Some(read_tail(client, attempt.id).await?),
                None => model.note(&format!("no agent has worked on task {task} yet")),
            }
        }
        _ => {}
    }
    Ok(true)
}

/// The end of a trace.
async fn read_tail(client: &Client, attempt: AttemptId) -> Result<Tail, Failure> {
    let path = format!("/attempts/{attempt}");
    let last = client.get::<AttemptDetail>(&path).await?.item.trace;
    let query = [("after", last.saturating_sub(ENTRIES).to_string())];
    let entries = client
        .find::<Page<TraceEntry>>(&format!("{path}/trace"), &query)
        .await?
        .item
        .items;
    Ok(Tail { attempt, entries })
}
