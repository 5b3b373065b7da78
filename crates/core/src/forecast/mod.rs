//! When a sprint will be done, as a range, and what holds it back most.
//!
//! The rest of the sprint is played many times over: tasks start when what they need is done and a slot is free, take as
//! long as the team's tasks took beside their estimates, wait for their owners as long as those let work wait, and go back
//! as often as the team's work goes back. Nothing is assumed of how such times are spread; what was seen is drawn from.
//! The same question with the same seed has the same answer.

mod chance;
mod history;
mod play;
mod sprint;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, TaskId};
use crate::time::Timestamp;

pub use history::{History, Round, Worked};
pub use play::{OpenTask, Progress};

use chance::Chance;
use play::{Drawn, Relief};

/// How often the rest of a sprint is played for the range.
const RUNS: u64 = 1_000;
/// How often for each of what might hold it back.
const TRIES: u64 = 300;
/// How many tasks are looked at as what might hold it back: those that most often did.
const SUSPECTS: usize = 8;
/// What is not named as holding a sprint back because it would hardly gain, as a part of all that is left.
const HARDLY: f64 = 0.02;

/// The rest of a sprint.
#[derive(Debug, Clone)]
pub struct Rest {
    /// Now.
    pub now: Timestamp,
    /// The tasks that are not done.
    pub tasks: Vec<OpenTask>,
    /// How many agents work at once.
    pub slots: usize,
    /// The seed of what is drawn by lot.
    pub seed: u64,
}

/// When a sprint will be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// When it was made.
    pub at: Timestamp,
    /// It is done before this with a chance of one in ten.
    pub early: Timestamp,
    /// It is done before this as likely as not.
    pub median: Timestamp,
    /// It is done after this with a chance of one in ten.
    pub late: Timestamp,
    /// How many tasks are not done.
    pub open: usize,
    /// How many finished tasks of the project it was learnt from.
    pub learnt_from: usize,
    /// What holds it back most, the worst first.
    pub held_back_by: Vec<HeldBack>,
}

/// Something that holds a sprint back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldBack {
    /// What.
    pub by: Brake,
    /// By how much earlier the sprint would be done without it, in milliseconds: the difference of the medians.
    pub gain_ms: u64,
}

/// What can hold a sprint back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "brake", rename_all = "snake_case")]
pub enum Brake {
    /// The work on a task.
    Task {
        /// Which.
        task: TaskId,
    },
    /// The waiting for a person's reviews and merges.
    Reviews {
        /// Whose.
        person: PersonId,
    },
    /// That no more agents work at once.
    Slots {
        /// How many do.
        at_once: usize,
    },
}

/// When the rest of a sprint will be done; a sprint without open tasks is done now.
pub fn forecast(rest: &Rest, history: &History) -> Forecast {
    let (ends, blamed) = ends(rest, history, RUNS);
    let at = |share: f64| rest.now + minutes(quantile(&ends, share));
    Forecast {
        at: rest.now,
        early: at(0.1),
        median: at(0.5),
        late: at(0.9),
        open: rest.tasks.len(),
        learnt_from: history.tasks(),
        held_back_by: held_back_by(rest, history, &blamed),
    }
}

/// When the runs end, in minutes from now and sorted; and for each task how often the end waited for it.
fn ends(rest: &Rest, history: &History, runs: u64) -> (Vec<f64>, Vec<u32>) {
    let mut ends = Vec::new();
    let mut blamed = vec![0_u32; rest.tasks.len()];
    for run in 0..runs {
        let mut chance = Chance::new(rest.seed, run);
        let drawn = Drawn::draw(rest, history, &mut chance);
        let played = play::play(rest, &drawn, &Relief::Nothing);
        for task in played.chain {
            blamed[task] += 1;
        }
        ends.push(played.end);
    }
    ends.sort_by(f64::total_cmp);
    (ends, blamed)
}

/// What the sprint gains if something takes no time, for each of what might hold it back.
fn held_back_by(rest: &Rest, history: &History, blamed: &[u32]) -> Vec<HeldBack> {
    let mut suspects: Vec<usize> = (0..rest.tasks.len()).filter(|task| blamed[*task] > 0).collect();
    suspects.sort_by_key(|task| (std::cmp::Reverse(blamed[*task]), *task));
    suspects.truncate(SUSPECTS);
    let owners: BTreeSet<&PersonId> = rest.tasks.iter().filter_map(|task| task.owner.as_ref()).collect();
    let mut reliefs: Vec<(Relief<'_>, Brake)> = Vec::new();
    for task in suspects {
        let brake = Brake::Task {
            task: rest.tasks[task].id,
        };
        reliefs.push((Relief::Task(task), brake));
    }
    for person in owners {
        let brake = Brake::Reviews { person: person.clone() };
        reliefs.push((Relief::Reviews(person), brake));
    }
    let at_once = rest.slots;
    reliefs.push((Relief::Slots, Brake::Slots { at_once }));
    // The same lots for each, so that the difference is what the relief makes and not what chance does.
    let lots: Vec<Drawn> = (0..TRIES)
        .map(|run| Drawn::draw(rest, history, &mut Chance::new(rest.seed, run)))
        .collect();
    let median = |relief: &Relief<'_>| {
        let mut ends: Vec<f64> = lots.iter().map(|drawn| play::play(rest, drawn, relief).end).collect();
        ends.sort_by(f64::total_cmp);
        quantile(&ends, 0.5)
    };
    let now = median(&Relief::Nothing);
    let mut found: Vec<(f64, Brake)> = reliefs
        .into_iter()
        .map(|(relief, brake)| (now - median(&relief), brake))
        .filter(|(gain, _)| *gain > now * HARDLY)
        .collect();
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let told = found.into_iter().map(|(gain, by)| HeldBack {
        by,
        gain_ms: u64::try_from(minutes(gain).as_millis()).unwrap_or(u64::MAX),
    });
    told.collect()
}

/// The value below which this share of sorted values lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short list"
    )]
    let place = (share * sorted.len() as f64) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

fn minutes(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default()
}
