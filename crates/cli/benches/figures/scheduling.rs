//! What the rules cost: pure code, one core.

use std::time::{Duration, Instant};

use team6_core::ids::TaskId;
use team6_core::sprint::{Command, Sprint};
use team6_core::time::Timestamp;

use crate::life;
use crate::row::{Row, percentile, shown};

const WIDE: usize = 100;

/// What commands cost while a sprint goes from its first task to its last.
struct Costs {
    /// From the last merge of a task to the decision that its dependents are ready.
    merges: Vec<Duration>,
    /// Any command, in the order of the sprint.
    all: Vec<Duration>,
}

fn whole(tasks: usize) -> Costs {
    let now = Timestamp(1_800_000_000_000);
    let plan = life::plan(tasks, WIDE);
    let (mut sprint, _) = Sprint::open(life::opening(tasks), now).unwrap();
    while let Some(command) = life::planning(&sprint, &plan) {
        sprint.handle(command, now).unwrap();
    }
    let mut costs = Costs {
        merges: Vec::new(),
        all: Vec::new(),
    };
    for n in 1..=u64::try_from(tasks).unwrap() {
        while let Some(command) = life::next(&sprint, TaskId(n)) {
            let last = matches!(command, Command::PullRequestMerged { .. });
            let began = Instant::now();
            let events = sprint.handle(command, now).unwrap();
            // What a caller shows anew is a part of the cost.
            let touched = sprint.take_touched();
            let took = began.elapsed();
            std::hint::black_box((events, touched));
            costs.all.push(took);
            if last {
                costs.merges.push(took);
            }
        }
    }
    assert!(!sprint.is_open(), "every task is done");
    costs
}

pub fn measure() -> Vec<Row> {
    let mut small = whole(1_000);
    let mut large = whole(10_000);
    let tenth = large.all.len() / 10;
    let early = percentile(&mut large.all[..tenth].to_vec(), 50);
    let from = large.all.len() - tenth;
    let late = percentile(&mut large.all[from..].to_vec(), 50);
    let growth = late.as_secs_f64() / early.as_secs_f64();
    let ratio = percentile(&mut large.merges, 50).as_secs_f64() / percentile(&mut small.merges, 50).as_secs_f64();
    let merged = Row::times(
        "a merge decides which dependents are ready, 10,000 tasks",
        &mut large.merges,
        Duration::from_millis(1),
    );
    vec![
        merged.beside(format!("{ratio:.2} times a sprint of 1,000 tasks")),
        Row {
            what: "a command when 90 % of 10,000 tasks are done, beside the first 10 %".into(),
            measured: format!("{growth:.2} times ({} to {})", shown(early), shown(late)),
            target: "does not grow: below 2 times".into(),
            beside: String::new(),
            missed: growth >= 2.0,
        },
    ]
}
