//! `team6 sprint forecast`: when a sprint will be done, and what holds it back most.

use std::time::Duration;

use team6_core::forecast::{Brake, Forecast, HeldBack};
use team6_core::ids::SprintId;
use team6_core::time::Timestamp;
use team6_server::api::types::{SprintDetail, SprintForecast};

use super::detail;
use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone, ago, span, until};

/// With fewer finished tasks than this a forecast is hardly more than a guess, and says so.
const FEW: usize = 10;

/// Shows the forecast of a sprint.
pub(super) async fn run(client: &Client, sprint: SprintId, context: &Context) -> Result<(), Failure> {
    let reply = client
        .get::<SprintForecast>(&format!("/sprints/{sprint}/forecast"))
        .await?;
    // For the titles of tasks.
    let detail = match context.output.json {
        true => None,
        false => Some(detail(client, sprint).await?.item),
    };
    context
        .output
        .show(&reply, |made, page| show(made, detail.as_ref(), page))
}

fn show(made: &SprintForecast, detail: Option<&SprintDetail>, page: &mut Page) {
    let id = made.sprint;
    if let (Some(finished), Some(then)) = (made.finished, &made.at_approval) {
        page.heading(format!("Sprint {id} was finished {}", ago(finished)));
        let took = |at: Timestamp| span(at.since(then.at));
        page.field("took", format!("{} from its approval", took(finished)));
        let range = format!(
            "{}, with a chance of 80 % {} to {}",
            took(then.median),
            took(then.early),
            took(then.late)
        );
        page.field("forecast then", range);
        let (tone, verdict) = match made.within_range {
            Some(true) => (Tone::Good, "within the range"),
            _ if finished < then.early => (Tone::Attention, "earlier than the range"),
            _ => (Tone::Attention, "later than the range"),
        };
        let verdict = page.tinted(tone, verdict);
        page.field("it was", verdict);
        learnt(then, page);
        return;
    }
    let Some(now) = &made.now else {
        page.line(format!("Sprint {id} does not run, so there is nothing to forecast."));
        page.next(format!("team6 sprint show {id}"), "shows where it stands");
        return;
    };
    page.heading(format!("Sprint {id} is probably done {}", until(now.median)));
    page.field(
        "range",
        format!("{} to {}, with a chance of 80 %", until(now.early), until(now.late)),
    );
    page.field("open tasks", now.open);
    learnt(now, page);
    if let Some(then) = &made.at_approval {
        let left = |at: Timestamp| span(at.since(then.at));
        let then = format!(
            "{} ({} to {}) from then on",
            left(then.median),
            left(then.early),
            left(then.late)
        );
        page.field("at approval", then);
    }
    if now.held_back_by.is_empty() {
        return;
    }
    page.heading("What holds it back most");
    let rows = now.held_back_by.iter().map(|held| {
        let title = match (&held.by, detail) {
            (Brake::Task { task }, Some(detail)) => {
                let known = detail.tasks.iter().find(|known| known.task.id == *task);
                known.map(|known| known.task.title.clone()).unwrap_or_default()
            }
            _ => String::new(),
        };
        [
            (Tone::Strong, brake(&held.by)),
            (Tone::Plain, title),
            (Tone::Attention, gain(held)),
        ]
    });
    page.table(["what", "title", "# costs"], rows);
}

fn learnt(made: &Forecast, page: &mut Page) {
    let tasks = match made.learnt_from {
        0 => "nothing yet: it is a guess".to_owned(),
        1 => "1 finished task: it is hardly more than a guess".to_owned(),
        few if few < FEW => format!("{few} finished tasks: it is hardly more than a guess"),
        many => format!("{many} finished tasks of the project"),
    };
    page.field("learnt from", tasks);
}

fn brake(brake: &Brake) -> String {
    match brake {
        Brake::Task { task } => format!("task {task}"),
        Brake::Reviews { person } => format!("waiting for {person}"),
        Brake::Slots { at_once: 1 } => "one agent at once".to_owned(),
        Brake::Slots { at_once } => format!("{at_once} agents at once"),
    }
}

fn gain(held: &HeldBack) -> String {
    span(Duration::from_millis(held.gain_ms))
}

/// The forecast in one line; none if the sprint does not run.
pub(crate) fn in_short(made: &SprintForecast) -> Option<String> {
    let now = made.now.as_ref()?;
    let range = format!(
        "done {} ({} to {})",
        until(now.median),
        until(now.early),
        until(now.late)
    );
    let worst = now.held_back_by.first();
    let worst = worst.map(|held| format!("; most held back by {} ({})", brake(&held.by), gain(held)));
    Some(format!("{range}{}", worst.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(made: &Value) -> String {
        let mut page = Page::new(false);
        show(&serde_json::from_value(made.clone()).unwrap(), None, &mut page);
        page.text().to_owned()
    }

    /// So many minutes from now, and a little more, so that a slow machine does not round it down.
    fn at(minutes: i64) -> i64 {
        jiff::Timestamp::now().as_millisecond() + minutes * 60_000 + 20_000
    }

    #[test]
    fn a_running_sprint_shows_its_range_and_what_holds_it_back() {
        let made = json!({ "at": at(0), "early": at(61), "median": at(121), "late": at(301), "open": 4, "learnt_from": 23,
            "held_back_by": [
                { "by": { "brake": "reviews", "person": "ada" }, "gain_ms": 3_600_000 },
                { "by": { "brake": "task", "task": 7 }, "gain_ms": 600_000 },
                { "by": { "brake": "slots", "at_once": 2 }, "gain_ms": 120_000 },
            ] });
        let then = json!({ "at": at(0), "early": at(10), "median": at(20), "late": at(30), "open": 4, "learnt_from": 0,
            "held_back_by": [] });
        let made = json!({ "sprint": 3, "now": made, "at_approval": then, "finished": null, "within_range": null });
        insta::assert_snapshot!(shown(&made), @"
        Sprint 3 is probably done in 2 h
        range         in 1 h to in 5 h, with a chance of 80 %
        open tasks    4
        learnt from   23 finished tasks of the project
        at approval   20 min (10 min to 30 min) from then on

        What holds it back most
        what              title  # costs
        waiting for ada              1 h
        task 7                    10 min
        2 agents at once           2 min
        ");
        let short = in_short(&serde_json::from_value(made).unwrap()).unwrap();
        insta::assert_snapshot!(short, @"done in 2 h (in 1 h to in 5 h); most held back by waiting for ada (1 h)");
    }

    #[test]
    fn an_ended_sprint_is_compared_with_what_was_forecast() {
        let then = json!({ "at": at(-100), "early": at(-90), "median": at(-80), "late": at(-70), "open": 4, "learnt_from": 3,
            "held_back_by": [] });
        let made = |finished: i64, within: bool| json!({ "sprint": 3, "now": null, "at_approval": then, "finished": at(finished), "within_range": within });
        insta::assert_snapshot!(shown(&made(-75, true)), @"
        Sprint 3 was finished 1 h ago
        took          25 min from its approval
        forecast then 20 min, with a chance of 80 % 10 min to 30 min
        it was        within the range
        learnt from   3 finished tasks: it is hardly more than a guess
        ");
        assert!(shown(&made(-95, false)).contains("earlier than the range"));
        assert!(shown(&made(-60, false)).contains("later than the range"));
        let planning = json!({ "sprint": 3, "now": null, "at_approval": null, "finished": null, "within_range": null });
        insta::assert_snapshot!(shown(&planning), @"
        Sprint 3 does not run, so there is nothing to forecast.
          team6 sprint show 3   shows where it stands
        ");
    }
}
