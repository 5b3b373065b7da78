//! The engine around the core: it stores events before anybody sees what follows from them, carries out effects at
//! least once, and crashes anywhere in between.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::checks::Check;
use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{Command, Effect, Event, Refusal, Stage, WorkId};

use super::History;
use crate::checks;
use crate::invariants::{Broken, Violation};
use crate::mood::Weather;
use crate::plans;
use crate::queue;
use crate::worker::{self, Message};

impl History {
    /// The engine takes a command, or crashes over it.
    pub(super) fn engine(&mut self, command: Command) -> Result<Option<Refusal>, Violation> {
        self.outcome.steps += 1;
        if self.is_unlucky(200) {
            self.crash()?;
            return Ok(None);
        }
        let command = self.numbered(command);
        let forbidden = self.checker.forbidden(&command);
        let ticked = command == Command::Tick;
        match self.sprint.handle(command.clone(), self.now) {
            Ok(events) => {
                if self.is_unlucky(400) {
                    // What could not be stored did not happen.
                    self.crash()?;
                    return Ok(None);
                }
                if let Some(broken) = forbidden.filter(|_| !events.is_empty()) {
                    return Err(self.violation(broken));
                }
                self.store(&events)?;
                if ticked {
                    let overdue = self.checker.nothing_overdue(&self.sprint, self.now);
                    overdue.map_err(|broken| self.violation(broken))?;
                }
                if self.is_unlucky(200) {
                    self.crash()?;
                }
                Ok(None)
            }
            Err(refusal) => {
                self.outcome.refused += 1;
                if self.sprint != self.stored {
                    let what = format!("{command:?} was refused and changed something");
                    return Err(self.violation(("refusal", what)));
                }
                Ok(Some(refusal))
            }
        }
    }

    /// Whether something happens that has one chance in `of`; only in the wild.
    fn is_unlucky(&mut self, of: u32) -> bool {
        !self.weather.is_fair() && self.rng.u32(0..of) == 0
    }

    /// Gives new tasks their numbers, which are never used twice.
    fn numbered(&mut self, mut command: Command) -> Command {
        if let Command::SubmitPlan { first_task, plan, .. } | Command::SavePlan { first_task, plan, .. } = &mut command
        {
            *first_task = TaskId(self.next_task);
            self.next_task += plan.tasks.len() as u64;
        }
        if let Command::Delegate { task, .. } | Command::AddSubtask { task, .. } = &mut command {
            *task = TaskId(self.next_task);
            self.next_task += 1;
        }
        command
    }

    /// Events and the effects that they call for are stored together, or not at all; then everything is checked.
    pub(super) fn store(&mut self, events: &[Event]) -> Result<(), Violation> {
        for event in events {
            self.stored.apply(event, self.now);
            for effect in self.sprint.effects(event, self.now) {
                if self.known_effects.insert(effect.key()) {
                    let body = serde_json::to_string(&effect).map_err(|error| self.unreadable(&error))?;
                    self.outbox.push_back(body);
                }
            }
        }
        for event in events {
            let Some((task, checks)) = self.wants_checks(event) else {
                continue;
            };
            for (at, answer) in checks::run(
                &mut self.rng,
                &self.sprint,
                task,
                &checks,
                self.now,
                self.weather.is_fair(),
            ) {
                self.send(at, answer);
            }
        }
        let appended = self.log.append(events, self.now, &self.sprint);
        appended.map_err(|error| self.unreadable(&error))?;
        if self.stored != self.sprint {
            let what = format!("{events:?} do not say all that changed");
            return Err(self.violation(("8 log", what)));
        }
        let checked = self.checker.check(&self.sprint, events, &self.forge, self.now);
        checked.map_err(|broken| self.violation(broken))
    }

    /// What is to be run because of an event.
    fn wants_checks(&self, event: &Event) -> Option<(TaskId, BTreeMap<RepositoryId, Vec<Check>>)> {
        match event {
            Event::AttemptDelivered { attempt, checks, .. } => match self.sprint.attempt(*attempt)?.work {
                WorkId::Task(task) => Some((task, checks.clone())),
                WorkId::Planning => None,
            },
            Event::UpdateSettled { task, .. } => self.pending_checks(*task),
            Event::AttemptReplied { attempt, .. } => match self.sprint.attempt(*attempt)?.work {
                WorkId::Task(task) => self.pending_checks(task),
                WorkId::Planning => None,
            },
            _ => None,
        }
    }

    fn pending_checks(&self, task: TaskId) -> Option<(TaskId, BTreeMap<RepositoryId, Vec<Check>>)> {
        match &self.sprint.tasks.get(&task)?.work.stage {
            Stage::Checking { pending, .. } => Some((task, pending.clone())),
            _ => None,
        }
    }

    pub(super) fn do_effect(&mut self) -> Result<(), Violation> {
        self.outcome.steps += 1;
        if self.outbox.is_empty() {
            return Ok(());
        }
        let place = self.rng.usize(0..self.outbox.len());
        let Some(body) = self.outbox.get(place) else {
            return Ok(());
        };
        let effect: Effect = serde_json::from_str(body).map_err(|error| self.unreadable(&error))?;
        match &effect {
            Effect::Enqueue {
                attempt, not_before, ..
            } => {
                let project = self.sprint.project.clone();
                self.queue.enqueue(&project, attempt.n, *not_before);
            }
            Effect::Dequeue { attempt } => {
                self.queue.remove(attempt.n);
            }
            _ => {}
        }
        let wanted = self.sprint.wants(&effect);
        let allowed = self.checker.may_do(&effect, wanted, &self.sprint, &self.forge);
        allowed.map_err(|broken| self.violation(broken))?;
        let mut answer = self
            .forge
            .carry_out(&mut self.rng, &effect, wanted, self.weather == Weather::Calm);
        if let Some(Command::UpdateTried {
            repository,
            moves,
            checks,
            ..
        }) = &mut answer
        {
            *moves = self.sprint.base_moves(repository);
            *checks = plans::checks();
        }
        if self.is_unlucky(20) {
            // It was done, but nobody noted it: it will be done again.
            return self.crash();
        }
        if let Effect::MergePullRequest { task, .. } | Effect::Revert { task, .. } = effect
            && self.weather != Weather::Calm
            && self.rng.u8(0..4) == 0
        {
            return self.slow_merge(task);
        }
        if let Effect::MergePullRequest {
            task, ref repository, ..
        }
        | Effect::OpenPullRequest {
            task, ref repository, ..
        }
        | Effect::UpdateBranch {
            task, ref repository, ..
        } = effect
            && self.is_unlucky(10)
        {
            // The forge does not answer, and is asked again.
            let (repository, why) = (repository.clone(), "no answer".to_owned());
            self.engine(Command::ForgeFails { task, repository, why })?;
            return Ok(());
        }
        let crashes = self.outcome.crashes;
        if let Some(answer) = answer {
            // The answer is stored before the effect counts as done; in the wild it may also come again, late.
            if self.is_unlucky(10) {
                let at = self.now + Duration::from_secs(self.rng.u64(0..1_500));
                self.send(at, Message::Command(answer.clone()));
            }
            self.engine(answer)?;
        }
        if crashes == self.outcome.crashes {
            self.outbox.remove(place);
        }
        Ok(())
    }

    /// The forge has done it, or not, and is slow to say so: people go on meanwhile, and the engine asks again.
    fn slow_merge(&mut self, task: TaskId) -> Result<(), Violation> {
        if self.rng.bool() {
            return Ok(());
        }
        self.now = self.now + self.sprint.policy.forge_time;
        self.engine(Command::Tick)?;
        let owner = self.sprint.tasks.get(&task).and_then(|t| t.owner.clone());
        if let Some(by) = owner.filter(|_| self.rng.bool()) {
            self.engine(Command::CancelTask { by, task })?;
        }
        Ok(())
    }

    pub(super) fn take_job(&mut self) -> Result<(), Violation> {
        let foreign = self.is_unlucky(20);
        let Some(worker) = queue::worker(&self.sprint.project, foreign, self.rng.u8(0..3)) else {
            return Ok(());
        };
        let due = self.queue.offered(&worker, &self.sprint, self.now);
        if due.is_empty() {
            return Ok(());
        }
        let attempt = due[self.rng.usize(0..due.len())];
        // A queue that delivers a job twice.
        if !self.is_unlucky(20) {
            self.queue.remove(attempt);
        }
        if self.engine(Command::StartAttempt { attempt, worker })?.is_some() {
            return Ok(());
        }
        self.sees_bases()?;
        let started = self.sprint.attempt(attempt).and_then(|a| a.started.as_ref());
        let token = started.map(|started| started.token);
        // The worker may never hear that it got the attempt.
        if let Some(token) = token.filter(|_| !self.is_unlucky(30)) {
            for (at, message) in worker::run(
                &mut self.rng,
                &self.sprint,
                attempt,
                token,
                self.now,
                self.weather.is_fair(),
            ) {
                self.send(at, message);
            }
        }
        Ok(())
    }

    /// Whoever prepares a workspace sees where the bases are.
    pub(super) fn sees_bases(&mut self) -> Result<(), Violation> {
        for repository in plans::repositories() {
            if let Some(sees) = self.forge.base(&repository).filter(|_| !self.is_unlucky(30)) {
                self.engine(sees)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, at: team6_core::time::Timestamp, message: Message) {
        self.messages += 1;
        self.arriving.insert((at, self.messages), message);
    }

    pub(super) fn next_message(&mut self) -> Result<(), Violation> {
        let Some(((at, _), message)) = self.arriving.pop_first() else {
            return Ok(());
        };
        self.now = self.now.max(at);
        if self.sprint.next_deadline().is_some_and(|deadline| deadline <= self.now) && self.rng.bool() {
            self.engine(Command::Tick)?;
        }
        let command = worker::command(&mut self.rng, &self.sprint, message, self.now);
        self.engine(command)?;
        Ok(())
    }

    pub(super) fn crash(&mut self) -> Result<(), Violation> {
        self.outcome.crashes += 1;
        // A snapshot and what came after it must give the same as the whole log; both are slow to try every time.
        if self.rng.u8(0..8) == 0 {
            let replayed = self.log.replay();
            self.come_back(replayed)
        } else {
            let loaded = self.log.load();
            self.come_back(loaded)
        }
    }

    /// The engine starts anew from what is stored.
    pub(super) fn come_back(
        &mut self,
        loaded: serde_json::Result<Option<team6_core::sprint::Sprint>>,
    ) -> Result<(), Violation> {
        let loaded = loaded.map_err(|error| self.unreadable(&error))?;
        let Some(sprint) = loaded.filter(|sprint| *sprint == self.stored) else {
            let what = "what is stored gives another sprint than the one that was stored".into();
            return Err(self.violation(("8 log", what)));
        };
        self.sprint = sprint;
        Ok(())
    }

    fn unreadable(&self, error: &serde_json::Error) -> Violation {
        self.violation(("8 log", format!("it cannot be stored or read back: {error}")))
    }

    pub(super) fn violation(&self, (invariant, what): Broken) -> Violation {
        Violation {
            seed: self.seed,
            step: self.outcome.steps,
            invariant,
            what,
            last: self.log.last(12),
        }
    }
}
