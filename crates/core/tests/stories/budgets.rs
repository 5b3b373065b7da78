//! What may be spent: reserved before an attempt begins, so that those beside it cannot overrun together.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::budget::{Budget, BudgetLimits, Resource};
use team6_core::explain::Actor;
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{FencingToken, TaskId};
use team6_core::ledger::FundsShort;
use team6_core::plan::PlannedTask;
use team6_core::policy::Policy;
use team6_core::sprint::{Brief, Command, DelegationBlock, Event, Refusal, Stage, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

use crate::team::{Team, ada, commit, repository, task};

fn tokens(limit: u64) -> Budget {
    Budget {
        tokens: Some(limit),
        ..Budget::default()
    }
}

fn used(tokens: u64) -> Usage {
    Usage {
        input_tokens: tokens,
        ..Usage::default()
    }
}

/// A sprint at work under these limits.
fn running(budgets: BudgetLimits, tasks: Vec<PlannedTask>) -> Team {
    let policy = Policy {
        budgets,
        ..Policy::default()
    };
    let mut team = Team::planned_with(policy, tasks);
    team.owns_all();
    team.approves(1);
    team
}

impl Team {
    fn reserved(&self, task: u64) -> Option<u64> {
        let attempt = self.live(WorkId::Task(TaskId(task)));
        self.sprint.attempt(attempt).unwrap().reserved.tokens
    }

    fn beats(&mut self, (attempt, token): (u32, FencingToken), usage: Usage) {
        let active_at = self.now;
        self.does(Command::Heartbeat {
            attempt,
            token,
            active_at,
            usage,
        });
    }

    fn runs_over(&mut self, (attempt, token): (u32, FencingToken), tokens: u64) {
        let failure = Failure {
            kind: FailureKind::OverBudget,
            text: "its 100 tokens are spent".into(),
            until: None,
        };
        self.does(Command::FailAttempt {
            attempt,
            token,
            failure,
            left: [(repository("app"), commit('b'))].into(),
            usage: used(tokens),
        });
    }

    fn sets(&mut self, task: u64, budget: Budget) -> Vec<Event> {
        self.does(Command::SetTaskBudget {
            by: ada(),
            task: TaskId(task),
            budget,
        })
    }

    fn inbox(&self, task: u64) -> Option<String> {
        let item = self.sprint.task_inbox(TaskId(task))?;
        Some(item.why.reason.to_string())
    }
}

#[test]
fn nothing_is_reserved_unless_the_team_sets_a_limit() {
    let team = Team::running(vec![task("a", &[])]);
    assert_eq!(team.reserved(1), None);
    let stored = serde_json::to_string(&team.sprint.attempts).unwrap();
    assert!(!stored.contains("reserved"), "{stored}");
}

#[test]
fn attempts_beside_each_other_reserve_before_they_begin_and_the_rest_waits_for_what_they_give_back() {
    let budgets = BudgetLimits {
        attempt: tokens(100),
        sprint: tokens(250),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[]), task("b", &[]), task("c", &[])]);
    assert_eq!((team.reserved(1), team.reserved(2)), (Some(100), Some(100)));
    assert!(!team.has_attempt(3), "50 are left, and 200 may come back");
    assert_eq!(
        team.why(3),
        "the budget of the sprint is held by other attempts: 0 tokens of 250 tokens are spent and 200 tokens are reserved; \
         it goes on as they end, or when the budget is raised -> ada"
    );
    assert_eq!(team.inbox(3), None, "nobody has to do anything yet");

    let (attempt, token) = team.works_on(1);
    team.beats((attempt, token), used(40));
    assert!(!team.has_attempt(3), "it may still spend the other 60");
    let mut delivered = team.deliver(attempt, token, &[("app", 'a')]);
    if let Command::Deliver { usage, .. } = &mut delivered {
        *usage = used(40);
    }
    team.does(delivered);
    assert_eq!(
        team.reserved(3),
        Some(100),
        "40 are spent and 100 reserved: 110 are left"
    );
    assert_eq!(team.sprint.spent.tokens, 40);
}

#[test]
fn a_budget_that_is_used_up_waits_for_its_owner_who_raises_it() {
    let budgets = BudgetLimits {
        task: tokens(100),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    assert_eq!(team.reserved(1), Some(100), "all that its task has");
    let at_work = team.works_on(1);
    team.runs_over(at_work, 104);
    assert_eq!(team.why(1), "failed: its 100 tokens are spent -> ada");
    assert_eq!(
        team.sprint.tasks[&TaskId(1)].heads[&repository("app")],
        commit('b'),
        "its work is kept"
    );

    team.does(Command::Retry {
        by: ada(),
        work: WorkId::Task(TaskId(1)),
        note: String::new(),
    });
    assert!(!team.has_attempt(1), "who retries has not raised the budget yet");
    let said = "the budget of task 1 is used up: 104 tokens of 100 tokens are spent; raise it, or cancel the task";
    assert_eq!(team.why(1), format!("{said} -> ada"));
    assert_eq!(team.inbox(1).as_deref(), Some(said));

    team.sets(1, tokens(300));
    assert_eq!(team.reserved(1), Some(196));
}

#[test]
fn what_an_agent_used_is_never_forgotten_again() {
    let budgets = BudgetLimits {
        sprint: tokens(1_000),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    let at_work = team.works_on(1);
    assert_eq!(team.reserved(1), Some(250), "a quarter of what the sprint may spend");
    team.beats(at_work, used(90));
    team.beats(at_work, used(0));
    team.now = team.now + Duration::from_secs(60);
    let (attempt, token) = at_work;
    team.does(Command::InterruptAttempt {
        attempt,
        token,
        why: "the engine stops".into(),
        left: BTreeMap::new(),
        usage: Usage::default(),
    });
    assert_eq!(team.sprint.spent.tokens, 90);
    assert_eq!(team.sprint.tasks[&TaskId(1)].spent().time_ms, 60_000);
}

#[test]
fn a_limit_that_is_set_while_an_agent_works_holds_for_it_too() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    let at_work = team.works_on(1);
    team.beats(at_work, used(70));
    let events = team.does(Command::SetSprintBudget {
        by: ada(),
        budget: tokens(120),
    });
    assert!(
        events.iter().any(|event| event.kind() == "attempt_reserved"),
        "{events:?}"
    );
    assert_eq!(team.reserved(1), Some(70), "more than its quarter is spent already");
    assert_eq!(team.reserved(2), Some(30));

    team.does(Command::SetSprintBudget {
        by: ada(),
        budget: Budget::default(),
    });
    assert_eq!(
        (team.reserved(1), team.reserved(2)),
        (None, None),
        "no limit is no limit"
    );
    let other = Command::SetSprintBudget {
        by: "lin".parse().unwrap(),
        budget: tokens(1),
    };
    assert_eq!(team.refused(other), Refusal::NotLead { lead: ada() });
}

#[test]
fn an_agent_has_the_time_that_was_reserved_for_it_and_a_little_to_conclude() {
    let minute = 60_000;
    let budgets = BudgetLimits {
        attempt: Budget {
            time_ms: Some(10 * minute),
            ..Budget::default()
        },
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    let at_work = team.works_on(1);
    for _ in 0..12 {
        assert!(matches!(team.stage(1), Stage::Running { .. }));
        team.beats(at_work, used(0));
        team.waits(Duration::from_millis(minute));
    }
    assert_eq!(
        team.why(1),
        "failed: the time that was reserved for it is spent, and its agent did not conclude -> ada"
    );
    assert_eq!(team.sprint.spent.time_ms, 12 * minute);
}

#[test]
fn a_delegation_gets_no_more_than_its_tree_has_left() {
    let budgets = BudgetLimits {
        task: tokens(1_000),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.beats((attempt, token), used(200));
    let hands = |title: &str, budget: Option<u64>, id: u64| Command::Delegate {
        attempt,
        token,
        brief: Box::new(Brief {
            title: title.into(),
            what: "All of it.".into(),
            acceptance_criteria: vec!["It works".into()],
            estimate_minutes: 20,
            budget: budget.map(tokens),
            ..Brief::default()
        }),
        built_on: [(repository("app"), commit('b'))].into(),
        instead_of: None,
        task: TaskId(id),
    };
    let refusal = team.refused(hands("Draw it", Some(801), 2));
    let Refusal::NotDelegated { reasons } = &refusal else {
        panic!("{refusal}");
    };
    assert!(
        matches!(
            reasons[..],
            [DelegationBlock::OverBudget {
                asked: 801,
                left: 800,
                ..
            }]
        ),
        "{refusal}"
    );
    assert_eq!(
        refusal.to_string(),
        "this cannot be delegated: 801 tokens are asked for, and the budget of task 1 has 800 tokens left for it; ask for \
         less, do this part yourself, or ask the owner with ask_owner to raise the budget"
    );

    team.does(hands("Draw it", Some(500), 2));
    assert!(
        !team.has_attempt(2),
        "its parent holds all that the task has, until it waits"
    );
    assert!(
        team.why(2)
            .starts_with("the budget of task 1 is held by other attempts"),
        "{}",
        team.why(2)
    );
    let more = team.refused(hands("Describe it", Some(400), 3));
    assert!(more.to_string().contains("300 tokens left"), "500 are promised: {more}");
    team.does(hands("Describe it", Some(300), 3));
    team.refused(hands("Count it", None, 4));

    team.does(Command::AwaitSubtasks { attempt, token });
    assert_eq!((team.reserved(2), team.reserved(3)), (Some(500), Some(300)));
    let at_work = team.works_on(2);
    team.runs_over(at_work, 500);
    let at_work = team.works_on(3);
    team.runs_over(at_work, 300);
    assert!(!team.has_attempt(1), "its parts have spent all that it had");
    assert!(
        team.why(1).starts_with("the budget of task 1 is used up: 1000 tokens"),
        "{}",
        team.why(1)
    );
    assert!(matches!(
        team.sprint.explain(TaskId(1)).unwrap().actor,
        Actor::Person(_)
    ));
    team.sets(1, tokens(2_000));
    assert_eq!(team.reserved(1), Some(1_000));
}

#[test]
fn what_an_agent_tells_after_its_attempt_ended_counts_too() {
    let budgets = BudgetLimits {
        task: tokens(100),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(Command::AskOwner {
        attempt,
        token,
        question: "Which one?".into(),
        options: vec![],
    });
    let told = |tokens, token| Command::ReportUsage {
        attempt,
        token,
        usage: used(tokens),
    };
    team.does(told(60, token));
    assert_eq!(
        (team.sprint.spent.tokens, team.sprint.tasks[&TaskId(1)].spent().tokens),
        (60, 60)
    );
    assert!(team.does(told(50, token)).is_empty(), "it is known already");
    team.refused(told(90, FencingToken(token.0 + 1)));
    team.writes(1, "The first.");
    assert_eq!(team.reserved(1), Some(40));
}

#[test]
fn a_sprint_waits_for_its_project_and_goes_on_with_what_others_give_back() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let lacks = |attempt, short| Command::LackFunds { attempt, short };
    team.does(lacks(attempt, short(40, None)));
    assert!(
        !team.has_attempt(1) && !team.has_attempt(2),
        "what one cannot have, the others cannot"
    );
    assert_eq!(
        team.why(2),
        "the budget of the project does not reach: 60 tokens of 100 tokens are spent and 40 tokens are reserved; it goes on \
         when others end -> ada"
    );
    assert_eq!(team.inbox(2), None, "others will give it back");
    team.refused(lacks(attempt, short(40, None)));
    team.does(Command::FundsReturned { lacking: None });
    assert!(team.has_attempt(1), "the first in order tries it");
    assert_eq!(team.why(2), "waits for a free agent slot -> a worker");
    team.works_on(1);
    assert!(team.has_attempt(2), "and it reached, so the next one tries it");
    team.works_on(2);
    assert_eq!(team.sprint.funds, None, "nobody waits any more");
}

#[test]
fn a_project_that_is_used_up_is_in_the_inbox_until_the_next_day_brings_more() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    let tomorrow = team.now + Duration::from_secs(3_600);
    let lacks = Command::LackFunds {
        attempt: team.live(WorkId::Task(TaskId(2))),
        short: short(0, Some(tomorrow)),
    };
    team.does(lacks);
    assert!(
        team.inbox(2)
            .is_some_and(|why| why.starts_with("the project's budget for today is used up"))
    );
    assert_eq!(team.sprint.next_deadline(), Some(tomorrow));
    team.waits(Duration::from_secs(3_600));
    assert!(team.has_attempt(1) && !team.has_attempt(2));
    assert_eq!(team.inbox(2), None, "it is its turn after the first");
    team.works_on(1);
    assert!(team.has_attempt(2));
}

/// A project without funds: all 100 tokens of it are spent but for what is reserved.
fn short(reserved: u64, until: Option<Timestamp>) -> FundsShort {
    FundsShort {
        resource: Resource::Tokens,
        limit: 100,
        spent: 100 - reserved,
        reserved,
        until,
    }
}

/// The kinds of the events by which a command woke tasks.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

#[test]
fn what_comes_back_wakes_no_more_tasks_than_it_holds() {
    let keys = ["a", "b", "c", "d", "e", "f"];
    let mut team = Team::running(keys.map(|key| task(key, &[])).into());
    let lacks = |team: &Team, task| Command::LackFunds {
        attempt: team.live(WorkId::Task(TaskId(task))),
        short: short(40, None),
    };
    team.does(lacks(&team, 1));
    let woken = team.does(Command::FundsReturned { lacking: None });
    assert_eq!(kinds(&woken), ["funds_returned", "attempt_scheduled"]);
    let again = team.does(Command::FundsReturned { lacking: None });
    assert_eq!(kinds(&again), Vec::<&str>::new(), "one tries it already");
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let started = team.does(Command::StartAttempt {
        attempt,
        worker: "w1".parse().unwrap(),
    });
    assert_eq!(kinds(&started), ["attempt_started", "attempt_scheduled"]);
    let refused = team.does(lacks(&team, 2));
    assert_eq!(kinds(&refused), ["funds_reported", "attempt_withdrawn"]);
    assert!(team.why(2).contains("does not reach"), "{}", team.why(2));

    // Who tries it and is cancelled makes way for the next.
    team.does(Command::FundsReturned { lacking: None });
    assert!(team.has_attempt(2));
    team.does(Command::CancelTask {
        by: ada(),
        task: TaskId(2),
    });
    assert!(team.has_attempt(3));
    let told = team.does(Command::FundsReturned {
        lacking: Some(short(0, None)),
    });
    assert_eq!(kinds(&told), Vec::<&str>::new(), "an attempt finds out");
}

#[test]
fn a_project_whose_last_attempt_ended_without_leaving_enough_asks_its_lead() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    let attempt = team.live(WorkId::Task(TaskId(1)));
    team.does(Command::LackFunds {
        attempt,
        short: short(40, None),
    });
    assert_eq!(team.inbox(1), None);
    let told = |reserved| Command::FundsReturned {
        lacking: Some(short(reserved, None)),
    };
    team.does(told(0));
    let said = "the budget of the project is used up: 100 tokens of 100 tokens are spent; it goes on when somebody \
                raises it with `team6 project budget PROJECT --tokens LIMIT`";
    assert_eq!(team.inbox(1).as_deref(), Some(said));
    assert_eq!(kinds(&team.does(told(0))), Vec::<&str>::new(), "that is known");
}

#[test]
fn an_attempt_spends_no_more_than_its_project_has_for_it() {
    let budgets = BudgetLimits {
        attempt: tokens(100),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[])]);
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let grants = |most| Command::FundsGranted {
        attempt,
        most: tokens(most),
    };
    assert_eq!(kinds(&team.does(grants(100))), Vec::<&str>::new(), "it has that");
    team.does(grants(60));
    assert_eq!(team.reserved(1), Some(60));
    let at_work = team.works_on(1);
    team.beats(at_work, used(50));
    team.does(grants(20));
    assert_eq!(team.reserved(1), Some(50), "what it used is its own");
    team.runs_over(at_work, 55);
    team.refused(grants(70));
}

#[test]
fn a_report_within_what_is_reserved_changes_no_other_task() {
    let budgets = BudgetLimits {
        attempt: tokens(100),
        sprint: tokens(150),
        ..BudgetLimits::default()
    };
    let mut team = running(budgets, vec![task("a", &[]), task("b", &[]), task("c", &[])]);
    let at_work = team.works_on(1);
    team.sprint.take_touched();
    team.beats(at_work, used(40));
    assert_eq!(team.sprint.take_touched(), [TaskId(1)].into());
    team.beats(at_work, used(110));
    let all = [TaskId(1), TaskId(2), TaskId(3)].into();
    assert_eq!(team.sprint.take_touched(), all, "now there is less left for the others");
}
