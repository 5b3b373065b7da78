//! The rest of a sprint, played once: tasks, slots and owners, with times that were drawn before.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use super::Rest;
use super::chance::{Chance, Seen};
use super::history::{History, OTHERS, Worked};
use crate::graph::Graph;
use crate::ids::{PersonId, TaskId};

/// The most rounds that a task is played for.
const ROUNDS: u32 = 20;

/// A task that is not done.
#[derive(Debug, Clone)]
pub struct OpenTask {
    /// Its number.
    pub id: TaskId,
    /// Estimated time of work in minutes.
    pub estimate_minutes: u32,
    /// The places of the tasks that it needs, as far as they are not done.
    pub needs: Vec<usize>,
    /// Who reviews and merges it.
    pub owner: Option<PersonId>,
    /// How far it is.
    pub progress: Progress,
}

/// How far an open task is. Times are in minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Nobody works on it.
    Waiting,
    /// An agent has worked on it for so long, in a slot.
    Working {
        /// For how long.
        since: f64,
        /// How often it was delivered before.
        delivered: u32,
    },
    /// Its owner has had it for so long.
    InReview {
        /// For how long.
        since: f64,
        /// How often it was delivered.
        delivered: u32,
    },
    /// It waits for its owner before work on it goes on: it asked, or it failed.
    Stuck {
        /// For how long.
        since: f64,
    },
}

/// What is thought away, to see what it costs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relief<'a> {
    Nothing,
    /// The work on a task takes no time.
    Task(usize),
    /// A person decides at once.
    Reviews(&'a PersonId),
    /// Every agent has a slot.
    Slots,
}

/// The times of one run: for each task its steps, in turn work and waits, in minutes.
#[derive(Debug, Clone)]
pub(super) struct Drawn(Vec<Vec<Step>>);

#[derive(Debug, Clone, Copy)]
enum Step {
    Work(f64),
    Wait(f64),
}

impl Drawn {
    /// Draws the times of a run from what the team's work took.
    pub(super) fn draw(rest: &Rest, history: &History, chance: &mut Chance) -> Self {
        let work = Seen::new(history.work(), chance);
        let (works, waits) = (chance.team(history.tasks()), chance.team(history.tasks()));
        let anybody = Seen::new(history.waits(), chance);
        let mut people: BTreeMap<&PersonId, (Seen<f64>, f64)> = BTreeMap::new();
        for owner in rest.tasks.iter().filter_map(|task| task.owner.as_ref()) {
            if !people.contains_key(owner) {
                let own = Seen::new(history.waits_for(owner), chance);
                let others = Seen::new(vec![(); OTHERS], chance).weight();
                let share = own.weight() / (own.weight() + others);
                people.insert(owner, (own, share));
            }
        }
        let wait = |owner: Option<&PersonId>, chance: &mut Chance| {
            let own = owner.and_then(|owner| people.get(owner));
            let own = own.filter(|(_, share)| chance.share() <= *share);
            let (from, seen) = own.map_or((&anybody, anybody.count()), |(own, _)| (own, own.count()));
            from.one(chance).unwrap_or(0.0) * chance.near(seen) * waits
        };
        let lots = chance.share().to_bits();
        let steps = rest.tasks.iter().map(|task| {
            // Each task has its own lots, so that one more or less of others moves nothing here.
            let chance = &mut Chance::new(lots, task.id.0);
            let owner = task.owner.as_ref();
            let worked = |chance: &mut Chance| {
                let Worked { ratio, rounds } = work.one(chance).unwrap_or(Worked { ratio: 1.0, rounds: 1 });
                let ratio = ratio * chance.near(work.count()) * works;
                Worked { ratio, rounds }
            };
            let estimate = f64::from(task.estimate_minutes.max(1));
            let each = |worked: Worked| worked.ratio * estimate / f64::from(worked.rounds.max(1));
            let drawn = worked(chance);
            let mut steps = Vec::new();
            let mut done = 0;
            match task.progress {
                Progress::Waiting => {}
                Progress::Working { since, delivered } => {
                    steps.push(Step::Work(longer(since, chance, |chance| each(worked(chance)))));
                    steps.push(Step::Wait(wait(owner, chance)));
                    done = delivered + 1;
                }
                Progress::InReview { since, delivered } => {
                    steps.push(Step::Wait(longer(since, chance, |chance| wait(owner, chance))));
                    done = delivered.max(1);
                }
                Progress::Stuck { since } => {
                    steps.push(Step::Wait(longer(since, chance, |chance| wait(owner, chance))));
                }
            }
            let rounds = match done {
                0 => drawn.rounds,
                // Of tasks that went on at least as long; one that went on longer than any is taken to be at its end.
                done => (0..TRIED)
                    .map(|_| worked(chance).rounds)
                    .find(|rounds| *rounds >= done)
                    .unwrap_or(done),
            };
            for _ in done..rounds.min(ROUNDS.max(done)) {
                steps.push(Step::Work(each(drawn)));
                steps.push(Step::Wait(wait(owner, chance)));
            }
            steps
        });
        Self(steps.collect())
    }
}

/// How often something that fits is drawn for.
const TRIED: usize = 30;

/// What is left of something that has lasted for `since`, of things that last at least as long. What has lasted longer than
/// all that is drawn goes on for about as long again.
fn longer(since: f64, chance: &mut Chance, mut draw: impl FnMut(&mut Chance) -> f64) -> f64 {
    let fitting = (0..TRIED).map(|_| draw(chance)).find(|drawn| *drawn > since);
    match fitting {
        Some(drawn) => drawn - since,
        None => since * chance.share(),
    }
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Played {
    /// When, in minutes from now.
    pub(super) end: f64,
    /// The tasks that the end waited for, last one first.
    pub(super) chain: Vec<usize>,
}

/// A time that sorts.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Minute(f64);

impl Eq for Minute {}

impl PartialOrd for Minute {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Minute {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Plays a run: who has the longest chain behind it gets a free slot first, as the engine does it.
pub(super) fn play(rest: &Rest, drawn: &Drawn, relief: &Relief<'_>) -> Played {
    let tasks = &rest.tasks;
    let graph = Graph::new(tasks.iter().map(|task| task.needs.clone()).collect());
    let weights: Vec<u64> = tasks
        .iter()
        .map(|task| u64::from(task.estimate_minutes.max(1)))
        .collect();
    let ranks = graph.ranks(&weights);
    let mut missing: Vec<usize> = (0..tasks.len()).map(|task| graph.dependencies(task).len()).collect();
    let mut after: Vec<Option<usize>> = vec![None; tasks.len()];
    let mut next_step = vec![0; tasks.len()];
    let mut free = match relief {
        Relief::Slots => usize::MAX,
        _ => rest.slots.max(1),
    };
    let mut wanted: BinaryHeap<(u64, Reverse<usize>)> = BinaryHeap::new();
    let mut under_way: BinaryHeap<Reverse<(Minute, usize, bool)>> = BinaryHeap::new();
    let mut ready: Vec<usize> = (0..tasks.len()).filter(|task| missing[*task] == 0).collect();
    // Who is at work already has a slot.
    ready.sort_by_key(|task| !matches!(tasks[*task].progress, Progress::Working { .. }));
    let (mut now, mut last) = (0.0, None);
    loop {
        for task in ready.drain(..) {
            match drawn.0[task].get(next_step[task]) {
                Some(Step::Wait(wait)) => {
                    let none = matches!(relief, Relief::Reviews(person) if tasks[task].owner.as_ref() == Some(*person));
                    let wait = if none { 0.0 } else { *wait };
                    under_way.push(Reverse((Minute(now + wait), task, false)));
                }
                // Work, or nothing at all: then it is done as soon as it has begun.
                _ => {
                    let at_work = now == 0.0 && matches!(tasks[task].progress, Progress::Working { .. });
                    let rank = if at_work { u64::MAX } else { ranks[task] };
                    wanted.push((rank, Reverse(task)));
                }
            }
        }
        while free > 0
            && let Some((_, Reverse(task))) = wanted.pop()
        {
            free -= 1;
            let work = match drawn.0[task].get(next_step[task]) {
                Some(Step::Work(work)) if !matches!(relief, Relief::Task(without) if *without == task) => *work,
                _ => 0.0,
            };
            under_way.push(Reverse((Minute(now + work), task, true)));
        }
        let Some(Reverse((Minute(at), task, in_slot))) = under_way.pop() else {
            break;
        };
        now = at;
        if in_slot && free < usize::MAX {
            free += 1;
        }
        next_step[task] += 1;
        if next_step[task] < drawn.0[task].len() {
            ready.push(task);
            continue;
        }
        last = Some(task);
        for dependent in graph.dependents(task) {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                after[*dependent] = Some(task);
                ready.push(*dependent);
            }
        }
    }
    let chain = std::iter::successors(last, |task| after[*task]).collect();
    Played { end: now, chain }
}
