//! One history: an engine around the core, which crashes and comes back from its log, in a world without mercy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use team6_core::explain::Explanation;
use team6_core::ids::{SprintId, TaskId, WorkerId};
use team6_core::policy::Policy;
use team6_core::sprint::{Command, Effect, Event, Opening, Refusal, Sprint};
use team6_core::time::Timestamp;

use crate::forge::Forge;
use crate::invariants::{Checker, Violation};
use crate::worker::Message;
use crate::{people, worker};

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
    sprint: Sprint,
    /// What is stored: it survives a crash.
    log: Vec<(Event, Timestamp)>,
    known_effects: BTreeSet<String>,
    outbox: VecDeque<Effect>,
    queue: BTreeMap<u32, Timestamp>,
    arriving: BTreeMap<(Timestamp, u64), Message>,
    forge: Forge,
    checker: Checker,
    next_task: u64,
    messages: u64,
    calm: bool,
    outcome: Outcome,
}

impl History {
    /// The history of this seed, at its beginning.
    pub fn new(seed: u64) -> Self {
        let rng = Rng::with_seed(seed);
        let now = Timestamp(1_000_000);
        let lead = people::people().swap_remove(0);
        let planner = lead.as_str().parse();
        let opening = Opening {
            id: SprintId(seed),
            project: "shop".parse().unwrap_or_else(|_| unreachable!("a valid name")),
            goal: "A better shop.".into(),
            lead,
            planner: planner.unwrap_or_else(|_| unreachable!("a valid name")),
            policy: Policy {
                seed,
                ..Policy::default()
            },
        };
        let (sprint, events) =
            Sprint::open(opening, now).unwrap_or_else(|refusal| unreachable!("the goal is not empty: {refusal}"));
        let mut history = Self {
            seed,
            rng,
            now,
            sprint,
            log: Vec::new(),
            known_effects: BTreeSet::new(),
            outbox: VecDeque::new(),
            queue: BTreeMap::new(),
            arriving: BTreeMap::new(),
            forge: Forge::default(),
            checker: Checker::default(),
            next_task: 1,
            messages: 0,
            calm: false,
            outcome: Outcome::default(),
        };
        history.store(events);
        history
    }

    /// Plays the history to its end: a wild part, then a calm one in which it must finish.
    pub fn play(mut self) -> Result<Outcome, Violation> {
        for _ in 0..self.rng.u64(100..1_200) {
            if !self.sprint.is_open() {
                break;
            }
            self.wild_step()?;
        }
        self.calm = true;
        let mut steps = 0;
        while self.sprint.is_open() {
            steps += 1;
            if steps > CALM_STEPS {
                return Err(self.violation(
                    "liveness",
                    format!("nothing ends it after {CALM_STEPS} calm steps: {}", self.waits()),
                ));
            }
            self.calm_step()?;
        }
        self.restart()?;
        self.outcome.attempts = self.sprint.attempts.len() as u64;
        self.outcome.finished = self.sprint.phase == team6_core::sprint::SprintPhase::Finished;
        Ok(self.outcome)
    }

    fn wild_step(&mut self) -> Result<(), Violation> {
        match self.rng.u8(0..100) {
            0 => self.crash()?,
            1..=20 => {
                let command = people::anything(&mut self.rng, &self.sprint);
                self.engine(command)?;
            }
            21..=35 => self.ask_people()?,
            36..=55 => self.do_effect()?,
            56..=70 => self.take_job()?,
            71..=90 => self.next_message()?,
            91..=93 => {
                // A job that the queue forgot.
                self.queue.pop_first();
            }
            _ => {
                self.now = self.now + Duration::from_millis(self.rng.u64(0..120_000));
                self.engine(Command::Tick)?;
            }
        }
        Ok(())
    }

    fn calm_step(&mut self) -> Result<(), Violation> {
        if !self.outbox.is_empty() {
            return self.do_effect();
        }
        if self.queue.first_key_value().is_some() && self.queue.values().any(|at| *at <= self.now) {
            return self.take_job();
        }
        if self.ask_people_now()? {
            return Ok(());
        }
        let message = self.arriving.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.sprint.next_deadline();
        let job = self.queue.values().min().copied();
        let Some(next) = [message, deadline, job].into_iter().flatten().min() else {
            return Err(self.violation("liveness", format!("no message, no deadline, no job: {}", self.waits())));
        };
        self.now = self.now.max(next);
        if message == Some(next) {
            self.next_message()
        } else {
            self.engine(Command::Tick).map(|_| ())
        }
    }

    /// The engine takes a command, or crashes over it.
    fn engine(&mut self, command: Command) -> Result<Option<Refusal>, Violation> {
        self.outcome.steps += 1;
        if !self.calm && self.rng.u8(0..200) == 0 {
            self.crash()?;
            return Ok(None);
        }
        let command = self.numbered(command);
        let before = self.sprint.clone();
        match self.sprint.handle(command.clone(), self.now) {
            Ok(events) => {
                let stale = self.checker.stale(&before, &command);
                if stale && !events.is_empty() {
                    return Err(self.violation("3 fencing", format!("{command:?} changed something")));
                }
                self.store(events);
                if !self.calm && self.rng.u8(0..200) == 0 {
                    self.crash()?;
                }
                self.check()?;
                Ok(None)
            }
            Err(refusal) => {
                self.outcome.refused += 1;
                if self.sprint != before {
                    return Err(self.violation("refusal", format!("{command:?} was refused and changed something")));
                }
                Ok(Some(refusal))
            }
        }
    }

    /// Gives new tasks their numbers, which are never used twice.
    fn numbered(&mut self, mut command: Command) -> Command {
        if let Command::SubmitPlan { first_task, plan, .. } | Command::SavePlan { first_task, plan, .. } = &mut command
        {
            *first_task = TaskId(self.next_task);
            self.next_task += plan.tasks.len() as u64;
        }
        command
    }

    /// Events and the effects that they call for are stored together, or not at all.
    fn store(&mut self, events: Vec<Event>) {
        for event in events {
            for effect in self.sprint.effects(&event, self.now) {
                if self.known_effects.insert(effect.key()) {
                    self.outbox.push_back(effect);
                }
            }
            self.log.push((event, self.now));
        }
    }

    fn do_effect(&mut self) -> Result<(), Violation> {
        self.outcome.steps += 1;
        let place = if self.outbox.is_empty() {
            return Ok(());
        } else {
            self.rng.usize(0..self.outbox.len())
        };
        let Some(effect) = self.outbox.get(place).cloned() else {
            return Ok(());
        };
        match &effect {
            Effect::Enqueue {
                attempt, not_before, ..
            } => {
                self.queue.entry(attempt.n).or_insert(*not_before);
            }
            Effect::Dequeue { attempt } => {
                self.queue.remove(&attempt.n);
            }
            _ => {}
        }
        let answer = self.forge.carry_out(&mut self.rng, &effect, self.calm);
        if !self.calm && self.rng.u8(0..20) == 0 {
            // It was done, but nobody noted it: it will be done again.
            return self.crash();
        }
        self.outbox.remove(place);
        if let Some(answer) = answer {
            // The answer is stored before the effect counts as done; in the wild it may come late or twice.
            if !self.calm && self.rng.u8(0..10) == 0 {
                let at = self.now + Duration::from_secs(self.rng.u64(0..1_500));
                self.send(at, Message::Command(answer.clone()));
            }
            self.engine(answer)?;
        }
        Ok(())
    }

    fn take_job(&mut self) -> Result<(), Violation> {
        let due: Vec<u32> = self
            .queue
            .iter()
            .filter(|(_, at)| **at <= self.now)
            .map(|(n, _)| *n)
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        let attempt = due[self.rng.usize(0..due.len())];
        // A queue that delivers a job twice.
        if self.calm || self.rng.u8(0..20) > 0 {
            self.queue.remove(&attempt);
        }
        let Ok(worker) = WorkerId::new(format!("worker-{}", self.rng.u8(0..3))) else {
            return Ok(());
        };
        self.engine(Command::StartAttempt { attempt, worker })?;
        let token = self
            .sprint
            .attempt(attempt)
            .and_then(|a| a.started.as_ref())
            .map(|started| started.token);
        // The worker may never hear that it got the attempt.
        if let Some(token) = token.filter(|_| self.calm || self.rng.u8(0..30) > 0) {
            for (at, message) in worker::run(&mut self.rng, &self.sprint, attempt, token, self.now, self.calm) {
                self.send(at, message);
            }
        }
        Ok(())
    }

    fn send(&mut self, at: Timestamp, message: Message) {
        self.messages += 1;
        self.arriving.insert((at, self.messages), message);
    }

    fn next_message(&mut self) -> Result<(), Violation> {
        let Some(((at, _), message)) = self.arriving.pop_first() else {
            return Ok(());
        };
        self.now = self.now.max(at);
        if self.sprint.next_deadline().is_some_and(|deadline| deadline <= self.now) && self.rng.bool() {
            self.engine(Command::Tick)?;
        }
        let command = worker::command(&mut self.rng, &self.sprint, message);
        self.engine(command)?;
        Ok(())
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
                    return Err(self.violation("12 explain", what));
                }
            }
        }
        Ok(false)
    }

    fn crash(&mut self) -> Result<(), Violation> {
        self.outcome.crashes += 1;
        self.restart()
    }

    /// The engine starts anew from what is stored.
    fn restart(&mut self) -> Result<(), Violation> {
        let Some(replayed) = Sprint::replay(self.log.iter().map(|(event, at)| (event, *at))) else {
            return Err(self.violation("8 log", "the log does not begin with the opening".into()));
        };
        if replayed != self.sprint {
            return Err(self.violation(
                "8 log",
                "the log gives another sprint than the one that was in memory".into(),
            ));
        }
        self.sprint = replayed;
        Ok(())
    }

    fn check(&mut self) -> Result<(), Violation> {
        let found = self.checker.check(&self.sprint, &self.log, &self.forge);
        found.map_err(|(invariant, what)| self.violation(invariant, what))
    }

    fn waits(&self) -> String {
        self.sprint
            .tasks
            .keys()
            .filter_map(|id| Some(format!("{id}: {}", self.sprint.explain(*id)?.reason)))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn violation(&self, invariant: &'static str, what: String) -> Violation {
        let last = self
            .log
            .iter()
            .rev()
            .take(12)
            .rev()
            .map(|(event, at)| format!("{at}: {event:?}"))
            .collect();
        Violation {
            seed: self.seed,
            step: self.outcome.steps,
            invariant,
            what,
            last,
        }
    }
}
