//! What a project's finished tasks teach: how long work took beside its estimate, how often it went back, and how long it
//! waited for its owner.

use std::collections::BTreeMap;

use crate::ids::PersonId;
use crate::sprint::{Outcome, Sprint, Stage, Task};
use crate::time::Timestamp;

/// What is taken for seen before anything was: work from half to thrice its estimate, every other one going back.
const WORK: [Worked; 4] = [
    Worked { ratio: 0.5, rounds: 1 },
    Worked { ratio: 0.9, rounds: 1 },
    Worked { ratio: 1.5, rounds: 2 },
    Worked { ratio: 3.0, rounds: 2 },
];
/// And waits, in minutes.
const WAITS: [f64; 3] = [10.0, 60.0, 360.0];
/// How many sights of a person outweigh what is known of others.
pub(super) const OTHERS: usize = 3;

/// The finished tasks of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    work: Vec<Worked>,
    waits: BTreeMap<PersonId, Vec<f64>>,
}

/// The work on a finished task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worked {
    /// The time that all rounds took beside the estimate.
    pub ratio: f64,
    /// How often it was delivered.
    pub rounds: u32,
}

/// One delivery of a task: from the start of the work on it, and until its owner had decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// When the work began.
    pub began: Timestamp,
    /// When it was delivered.
    pub delivered: Timestamp,
    /// When it was sent back or merged.
    pub decided: Timestamp,
}

impl History {
    /// Takes in a finished task.
    pub fn add(&mut self, estimate_minutes: u32, owner: Option<&PersonId>, rounds: &[Round]) {
        let Ok(count @ 1..) = u32::try_from(rounds.len()) else {
            return;
        };
        let worked: f64 = rounds.iter().map(|round| span(round.began, round.delivered)).sum();
        self.work.push(Worked {
            ratio: worked / f64::from(estimate_minutes.max(1)),
            rounds: count,
        });
        if let Some(owner) = owner {
            let waits = rounds.iter().map(|round| span(round.delivered, round.decided));
            self.waits.entry(owner.clone()).or_default().extend(waits);
        }
    }

    /// Takes in the tasks of a sprint that were done by a time.
    pub fn learn(&mut self, sprint: &Sprint, until: Timestamp) {
        let done = |task: &&Task| task.work.stage == Stage::Done && task.work.since <= until && task.parent().is_none();
        for task in sprint.tasks.values().filter(done) {
            self.add(
                task.planned.estimate_minutes,
                task.owner.as_ref(),
                &rounds(sprint, task),
            );
        }
    }

    /// How many tasks it holds.
    pub fn tasks(&self) -> usize {
        self.work.len()
    }

    pub(super) fn work(&self) -> Vec<Worked> {
        self.work.iter().copied().chain(WORK).collect()
    }

    /// The waits for a person.
    pub(super) fn waits_for(&self, person: &PersonId) -> Vec<f64> {
        self.waits.get(person).cloned().unwrap_or_default()
    }

    /// The waits for anybody.
    pub(super) fn waits(&self) -> Vec<f64> {
        self.waits.values().flatten().copied().chain(WAITS).collect()
    }
}

/// The rounds of a done task. Its failed and interrupted attempts, and the waits between them, are a part of the round that
/// they led to: so is the time in which its agent waited for an answer.
fn rounds(sprint: &Sprint, task: &Task) -> Vec<Round> {
    let attempts: Vec<_> = task.work.attempts.iter().filter_map(|n| sprint.attempt(*n)).collect();
    let mut rounds: Vec<Round> = Vec::new();
    let mut began = None;
    for attempt in attempts {
        if let Some(last) = rounds.last_mut().filter(|_| began.is_none()) {
            last.decided = attempt.scheduled_at;
        }
        let Some(ended) = &attempt.ended else { continue };
        began = began.or(attempt.started.as_ref().map(|started| started.at));
        if let (Outcome::Delivered, Some(at)) = (&ended.outcome, began) {
            rounds.push(Round {
                began: at,
                delivered: ended.at,
                decided: task.work.since,
            });
            began = None;
        }
    }
    rounds
}

/// In minutes.
pub(super) fn span(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64() / 60.0
}
