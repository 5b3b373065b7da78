//! One history: an engine around the core, which crashes and comes back from its log, in a world without mercy.

mod engine;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use team6_core::explain::Explanation;
use team6_core::ids::{SprintId, TaskId};
use team6_core::policy::Policy;
use team6_core::sprint::{Command, FundsWait, Opening, Refusal, Sprint};
use team6_core::time::Timestamp;

use crate::forge::Forge;
use crate::invariants::{Checker, Violation};
use crate::log::Log;
use crate::mood::{Dispute, Mood, Weather};
use crate::people;
use crate::plans;
use crate::queue::Queue;
use crate::worker::Message;

/// How many steps a history may take to its end once everything works and people do what is asked of them.
const CALM_STEPS: u64 = 4_000;

/// What became of a history.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// How many steps it took.
    pub steps: u64,
    /// How many commands were refused.
    pub refused: u64,
    /// How often the engine crashed.
    pub crashes: u64,
    /// How many attempts were made.
    pub attempts: u64,
    /// Whether every task was done or cancelled.
    pub finished: bool,
}

/// One sprint from goal to end.
pub struct History {
    seed: u64,
    rng: Rng,
    now: Timestamp,
    /// The sprint in the engine's memory.
    sprint: Sprint,
    /// The sprint as the stored events make it.
    stored: Sprint,
    log: Log,
    known_effects: BTreeSet<String>,
    /// Effects that are not done, as they are stored.
    outbox: VecDeque<String>,
    queue: Queue,
    arriving: BTreeMap<(Timestamp, u64), Message>,
    forge: Forge,
    checker: Checker,
    next_task: u64,
    messages: u64,
    weather: Weather,
    mood: Mood,
    outcome: Outcome,
}

impl History {
    /// The history of this seed, at its beginning.
    fn open(seed: u64) -> Result<Self, Violation> {
        let mut rng = Rng::with_seed(seed);
        let at_once = rng.usize(1..6);
        let mood = Mood::drawn(&mut rng);
        let now = Timestamp(1_000_000);
        let reviews = rng.usize(0..4);
        let lead = people::people().swap_remove(0);
        let planner = lead.as_str().parse();
        let opening = Opening {
            id: SprintId(seed),
            project: "shop".parse().unwrap_or_else(|_| unreachable!("a valid name")),
            goal: "A better shop.".into(),
            lead,
            planner: planner.unwrap_or_else(|_| unreachable!("a valid name")),
            policy: Policy {
                reviews,
                seed,
                // So few that histories come to their end.
                holds: 1,
                budgets: crate::spending::limits(&mut rng),
                ..Policy::default()
            },
        };
        let stored = Sprint::opened(&opening, now);
        let (sprint, events) =
            Sprint::open(opening, now).unwrap_or_else(|refusal| unreachable!("the goal is not empty: {refusal}"));
        let mut history = Self {
            seed,
            rng,
            now,
            sprint,
            stored,
            log: Log::default(),
            known_effects: BTreeSet::new(),
            outbox: VecDeque::new(),
            queue: Queue::new(at_once),
            arriving: BTreeMap::new(),
            forge: Forge::default(),
            checker: Checker::new(at_once),
            next_task: 1,
            messages: 0,
            weather: Weather::Wild,
            mood,
            outcome: Outcome::default(),
        };
        history.store(&events)?;
        Ok(history)
    }

    /// Plays the history of this seed to its end: parts of every kind, so that what goes wrong meets work at every stage of
    /// its life, and then a calm one in which it must finish.
    pub fn play(seed: u64) -> Result<Outcome, Violation> {
        let mut history = Self::open(seed)?;
        for _ in 0..history.rng.u8(1..7) {
            let weather = match history.rng.u8(0..6) {
                0..=2 => Weather::Wild,
                3 => Weather::Calm,
                4 => Weather::Disputed(Dispute::Decisions),
                _ => Weather::Disputed(Dispute::Bases),
            };
            history.part(weather)?;
        }
        history.end()?;
        history.epilogue()
    }

    fn part(&mut self, weather: Weather) -> Result<(), Violation> {
        self.weather = weather;
        let longest = if weather == Weather::Calm { 300 } else { 600 };
        for _ in 0..self.rng.u64(50..longest) {
            if !self.sprint.is_open() {
                break;
            }
            match weather {
                Weather::Wild => self.wild_step()?,
                Weather::Disputed(dispute) => self.disputed_step(dispute)?,
                Weather::Calm => self.calm_step()?,
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Violation> {
        self.weather = Weather::Calm;
        let mut steps = 0;
        while self.sprint.is_open() {
            steps += 1;
            if steps > CALM_STEPS {
                let what = format!("nothing ends it after {CALM_STEPS} calm steps: {}", self.waits());
                return Err(self.violation(("liveness", what)));
            }
            self.calm_step()?;
        }
        Ok(())
    }

    /// What is left to do when the sprint has ended, with a last look at everything.
    fn epilogue(mut self) -> Result<Outcome, Violation> {
        while !self.outbox.is_empty() {
            self.do_effect()?;
        }
        let ended = self.checker.ended(&self.sprint, &self.forge);
        ended.map_err(|broken| self.violation(broken))?;
        for stored in [self.log.load(), self.log.replay()] {
            self.come_back(stored)?;
        }
        self.outcome.attempts = self.sprint.attempts.len() as u64;
        self.outcome.finished = self.sprint.phase == team6_core::sprint::SprintPhase::Finished;
        Ok(self.outcome)
    }

    fn wild_step(&mut self) -> Result<(), Violation> {
        let Mood {
            tempted,
            sensible,
            pushes,
        } = self.mood;
        // Shares of what depends on the mood end where the next begins.
        let (tempted, sensible) = (42 + tempted, 42 + tempted + sensible);
        let pushes = sensible + pushes;
        match self.rng.u8(0..100) {
            0 => self.crash()?,
            1..=9 => {
                let command = people::anything(&mut self.rng, &self.sprint);
                self.engine(command)?;
            }
            10..=29 => self.do_effect()?,
            30..=39 => self.take_job()?,
            40 => {
                // A job that the queue forgot.
                self.queue.lose();
            }
            41 => {
                let lacking = self
                    .rng
                    .bool()
                    .then(|| "less than 1000 MB of memory are free".to_owned());
                self.engine(Command::ReportRoom { lacking })?;
            }
            roll if roll < tempted => self.tempt()?,
            roll if roll < sensible => self.ask_people()?,
            roll if roll < pushes => self.push()?,
            _ => self.time_passes()?,
        }
        Ok(())
    }

    /// Time up to whatever is next, mostly after what is due was done; now and then the engine is busy for longer.
    fn time_passes(&mut self) -> Result<(), Violation> {
        if !self.outbox.is_empty() && self.rng.u8(0..8) > 0 {
            return self.do_effect();
        }
        if self.job_is_due() && self.rng.u8(0..8) > 0 {
            return self.take_job();
        }
        if self.rng.u32(0..2_000) == 0 {
            self.now = self.now + Duration::from_millis(self.rng.u64(0..240_000));
        }
        self.next_thing().map(|_| ())
    }

    /// The next message or deadline, whichever is first; none if there is nothing to wait for.
    fn next_thing(&mut self) -> Result<bool, Violation> {
        let message = self.arriving.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.sprint.next_deadline();
        let job = self.queue.next_due(&self.sprint);
        let Some(next) = [message, deadline, job].into_iter().flatten().min() else {
            return Ok(false);
        };
        self.now = self.now.max(next);
        if message == Some(next) {
            self.next_message()?;
        } else {
            self.engine(Command::Tick)?;
        }
        Ok(true)
    }

    fn disputed_step(&mut self, dispute: Dispute) -> Result<(), Violation> {
        if self.rng.u8(0..4) == 0 {
            match dispute {
                Dispute::Decisions => self.tempt()?,
                Dispute::Bases => self.push()?,
            }
            return Ok(());
        }
        if self.goes_on()? {
            return Ok(());
        }
        let decided = match dispute {
            Dispute::Decisions => 6,
            Dispute::Bases => 30,
        };
        if self.rng.u8(0..decided) == 0 || !self.next_thing()? {
            self.ask_people()?;
        }
        Ok(())
    }

    fn calm_step(&mut self) -> Result<(), Violation> {
        if self.goes_on()? || self.ask_people_now()? {
            return Ok(());
        }
        if !self.next_thing()? {
            let what = format!("no message, no deadline, no job: {}", self.waits());
            return Err(self.violation(("liveness", what)));
        }
        Ok(())
    }

    /// Does what is due; whether anything was.
    fn goes_on(&mut self) -> Result<bool, Violation> {
        if !self.outbox.is_empty() {
            self.do_effect()?;
        } else if self.job_is_due() {
            self.take_job()?;
        } else if let Some(FundsWait::Waits { .. }) = self.sprint.waits_for_funds(self.now) {
            // What other sprints of the project had reserved comes back as they end.
            self.engine(Command::FundsReturned { lacking: None })?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Somebody tries what may not be theirs.
    fn tempt(&mut self) -> Result<(), Violation> {
        if let Some(command) = people::tempted(&mut self.rng, &self.sprint) {
            self.engine(command)?;
        }
        Ok(())
    }

    /// Somebody pushes to a base, and it is seen or not.
    fn push(&mut self) -> Result<(), Violation> {
        let repositories = plans::repositories();
        self.forge.pushed(&repositories[self.rng.usize(0..repositories.len())]);
        if self.rng.bool() {
            self.sees_bases()?;
        }
        Ok(())
    }

    fn job_is_due(&self) -> bool {
        self.queue.next_due(&self.sprint).is_some_and(|due| due <= self.now)
    }

    fn waiting_for_people(&self) -> Vec<(Option<TaskId>, Explanation)> {
        let sprint = self.sprint.inbox().into_iter().map(|item| (item.task, item.why));
        let tasks = self
            .sprint
            .tasks
            .keys()
            .filter_map(|id| self.sprint.task_inbox(*id))
            .map(|item| (item.task, item.why));
        sprint.chain(tasks).collect()
    }

    fn ask_people(&mut self) -> Result<(), Violation> {
        let waiting = self.waiting_for_people();
        if waiting.is_empty() {
            return Ok(());
        }
        let (task, why) = &waiting[self.rng.usize(0..waiting.len())];
        if let Some(command) = people::sensible(&self.sprint, *task, why) {
            self.engine(command)?;
        }
        Ok(())
    }

    /// When it is calm: somebody does the first thing that waits for people. Whether anything did.
    fn ask_people_now(&mut self) -> Result<bool, Violation> {
        if self.sprint.paused.is_some() {
            let by = self.sprint.lead.clone();
            self.engine(Command::ResumeSprint { by })?;
            return Ok(true);
        }
        for (task, why) in self.waiting_for_people() {
            let Some(command) = people::sensible(&self.sprint, task, &why) else {
                continue;
            };
            match self.engine(command.clone())? {
                None => return Ok(true),
                Some(Refusal::NotApprovable { .. }) => {
                    let mended = people::mended_plan(&self.sprint);
                    let refused = match mended {
                        Some(plan) => self.engine(plan)?.is_some(),
                        None => true,
                    };
                    if refused {
                        let by = self.sprint.lead.clone();
                        self.engine(Command::CancelSprint { by })?;
                    }
                    return Ok(true);
                }
                Some(refusal) => {
                    let what = format!("the inbox says {why:?}, and {command:?} is refused: {refusal}");
                    return Err(self.violation(("12 explain", what)));
                }
            }
        }
        Ok(false)
    }

    fn waits(&self) -> String {
        self.sprint
            .tasks
            .keys()
            .filter_map(|id| Some(format!("{id}: {}", self.sprint.explain(*id)?.reason)))
            .collect::<Vec<_>>()
            .join("; ")
    }
}
