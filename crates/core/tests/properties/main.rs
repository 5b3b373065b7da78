//! What holds whatever anybody asks of a sprint, in any order: the invariants that one sprint can show.
//!
//! The simulator plays whole worlds; here a sequence of commands is drawn and, when an invariant breaks, shortened to
//! the few that break it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod books;
mod budgets;
mod commands;
mod delegated;
mod steps;

use books::Books;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use steps::{Step, any_plan, any_spending, any_step, any_step_or_delegation};
use team6_core::ids::{PersonId, SprintId};
use team6_core::plan::Plan;
use team6_core::policy::Policy;
use team6_core::sprint::{Command, Event, Opening, Sprint};
use team6_core::time::Timestamp;

/// A sprint in memory, the same as its events make it, and the books of what happened.
struct World {
    sprint: Sprint,
    stored: Sprint,
    log: Vec<(Event, Timestamp)>,
    books: Books,
    now: Timestamp,
    next_task: u64,
}

impl World {
    fn opened() -> Self {
        Self::opened_with(Policy::default())
    }

    fn opened_with(policy: Policy) -> Self {
        let now = Timestamp(0);
        let lead: PersonId = "ada".parse().unwrap();
        let opening = Opening {
            id: SprintId(1),
            project: "shop".parse().unwrap(),
            goal: "A shop that sells".into(),
            lead,
            planner: "planner".parse().unwrap(),
            policy,
        };
        let stored = Sprint::opened(&opening, now);
        let (sprint, events) = Sprint::open(opening, now).unwrap();
        let mut world = Self {
            sprint,
            stored,
            log: Vec::new(),
            books: Books::default(),
            now,
            next_task: 1,
        };
        world.record(events).unwrap();
        world
    }

    /// A sprint whose plan was saved, is owned and runs.
    fn running(plan: Plan) -> Self {
        Self::running_with(Policy::default(), plan)
    }

    fn running_with(policy: Policy, plan: Plan) -> Self {
        let mut world = Self::opened_with(policy);
        for step in steps::to_a_start(plan) {
            world.take(&step).unwrap();
        }
        world
    }

    fn record(&mut self, events: Vec<Event>) -> Result<(), String> {
        for event in events {
            self.stored.apply(&event, self.now);
            self.books.event(&event, &self.sprint, self.now)?;
            self.log.push((event, self.now));
        }
        Ok(())
    }

    /// Takes a step and looks whether everything still holds; the error says what does not.
    fn take(&mut self, step: &Step) -> Result<(), String> {
        self.now = self.now + step.passing();
        let Some(mut command) = step.command(&self.sprint, &self.books, self.now) else {
            return Ok(());
        };
        if let Command::SavePlan { first_task, plan, .. } | Command::SubmitPlan { first_task, plan, .. } = &mut command
        {
            first_task.0 = self.next_task;
            self.next_task += plan.tasks.len() as u64;
        }
        if let Command::Delegate { task, .. } | Command::AddSubtask { task, .. } = &mut command {
            task.0 = self.next_task;
            self.next_task += 1;
        }
        let before = self.sprint.clone();
        let forbidden = self.books.forbids(&command);
        match self.sprint.handle(command.clone(), self.now) {
            Err(refusal) if self.sprint != before => {
                return Err(format!("{command:?} was refused ({refusal}) and changed something"));
            }
            Err(refusal) if refusal.to_string().is_empty() => {
                return Err(format!("{command:?}: refused without a word"));
            }
            Err(_) => {}
            Ok(events) => {
                if let Some(why) = forbidden.filter(|_| !events.is_empty()) {
                    return Err(format!("{command:?} was carried out, but {why}"));
                }
                self.record(events).map_err(|why| format!("{command:?}: {why}"))?;
            }
        }
        if self.sprint != self.stored {
            return Err(format!("{command:?}: its events do not say all that changed"));
        }
        self.books
            .parents(&self.sprint)
            .map_err(|why| format!("{command:?}: {why}"))?;
        self.books
            .checked(&self.sprint)
            .map_err(|why| format!("{command:?}: {why}"))?;
        books::reasons(&self.sprint, self.now).map_err(|why| format!("{command:?}: {why}"))
    }

    /// What a restart finds, from the log and from a snapshot, is what was there.
    fn comes_back(&self) -> Result<(), String> {
        let snapshot = serde_json::to_string(&self.sprint).unwrap();
        let snapshot: Sprint = serde_json::from_str(&snapshot).unwrap();
        let Some((Event::SprintOpened(opening), at)) = self.log.first() else {
            return Err("the log does not begin with the sprint".into());
        };
        let mut replayed = Sprint::opened(opening, *at);
        for (event, at) in &self.log {
            let text = serde_json::to_string(event).unwrap();
            replayed.apply(&serde_json::from_str(&text).unwrap(), *at);
        }
        match snapshot == self.sprint && replayed == self.sprint {
            true => Ok(()),
            false => Err("what is stored gives another sprint".into()),
        }
    }
}

fn plays(mut world: World, steps: &[Step]) -> Result<(), TestCaseError> {
    for step in steps {
        world.take(step).map_err(TestCaseError::fail)?;
    }
    world.comes_back().map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_of_a_running_sprint_its_invariants_hold(
        plan in any_plan(),
        steps in prop::collection::vec(any_step(), 1..120),
    ) {
        plays(World::running(plan), &steps)?;
    }

    #[test]
    fn whatever_agents_delegate_the_invariants_hold(
        plan in any_plan(),
        steps in prop::collection::vec(any_step_or_delegation(), 1..120),
    ) {
        plays(World::running(plan), &steps)?;
    }

    #[test]
    fn whatever_agents_spend_nothing_is_reserved_that_a_budget_does_not_have(
        limits in budgets::any_limits(),
        plan in any_plan(),
        steps in prop::collection::vec(any_spending(), 1..120),
    ) {
        let policy = Policy { budgets: limits, ..Policy::default() };
        plays(World::running_with(policy, plan), &steps)?;
    }

    #[test]
    fn whatever_is_asked_of_a_sprint_that_is_being_planned_its_invariants_hold(
        steps in prop::collection::vec(any_step(), 1..80),
    ) {
        plays(World::opened(), &steps)?;
    }
}

#[test]
fn the_steps_reach_what_sprints_are_made_of() {
    // A property over sequences that never get anywhere would hold for nothing.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for delegating in [false, false, true].repeat(200) {
        let plan = any_plan().new_tree(&mut runner).unwrap().current();
        let step = match delegating {
            true => any_step_or_delegation().boxed(),
            false => any_step().boxed(),
        };
        let steps = prop::collection::vec(step, 100..200)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut world = World::running(plan);
        for step in &steps {
            world.take(step).unwrap();
        }
        seen.extend(world.log.iter().map(|(event, _)| event.kind()));
    }
    for kind in [
        "attempt_delivered",
        "attempt_failed",
        "attempt_interrupted",
        "attempt_withdrawn",
        "check_recorded",
        "checks_settled",
        "merge_conflicted",
        "merge_failed",
        "owner_asked",
        "plan_approved",
        "pull_request_merged",
        "retried",
        "review_submitted",
        "sprint_finished",
        "task_cancelled",
        "task_done",
        "task_resumed",
        "hold_ended",
        "subtask_added",
        "subtask_given_up",
        "subtasks_awaited",
        "subtasks_settled",
    ] {
        assert!(seen.contains(kind), "no sequence came to {kind}: {seen:?}");
    }
}
