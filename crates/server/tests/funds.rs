//! What the sprints of a project share, over the real engine: the ledger follows what agents spend and may spend, and what
//! comes back wakes who waited longest.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use team6_core::budget::{Budget, BudgetLimits};
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{AttemptId, FencingToken, PersonId, ProjectId, SprintId};
use team6_core::ledger::{BudgetSpan, ProjectLimits};
use team6_core::policy::Policy;
use team6_core::project::ProjectCommand;
use team6_core::sprint::{Command, Stage};
use team6_core::trace::Usage;
use team6_server::engine::Engine;
use team6_store::{DataFolder, SqliteStore, Store};

fn tokens(tokens: u64) -> Budget {
    Budget {
        tokens: Some(tokens),
        ..Budget::default()
    }
}

fn used(tokens: u64) -> Usage {
    Usage {
        input_tokens: tokens,
        ..Usage::default()
    }
}

fn ada() -> PersonId {
    "ada".parse().unwrap()
}

/// A project whose sprints may spend 100 tokens together, and whose attempts take 60.
struct Shop {
    engine: Engine,
    project: ProjectId,
    sprint: Budget,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(place.path()).unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
        let engine = Engine::start(store).await.unwrap();
        engine.limit_projects(ProjectLimits {
            project: tokens(100),
            ..ProjectLimits::default()
        });
        let project: ProjectId = "shop".parse().unwrap();
        let create = ProjectCommand::Create {
            id: project.clone(),
            title: "Shop".into(),
            concurrency: 9,
            by: ada(),
        };
        engine.change_project(&project, create, "ada", None).await.unwrap();
        Self {
            engine,
            project,
            sprint: Budget::default(),
            folder: place,
        }
    }

    /// A sprint whose planning waits in the queue.
    async fn plans(&self) -> SprintId {
        let policy = Policy {
            budgets: BudgetLimits {
                attempt: tokens(60),
                sprint: self.sprint,
                ..BudgetLimits::default()
            },
            ..Policy::default()
        };
        let planner = "planner".parse().unwrap();
        let opened = self
            .engine
            .open_sprint(&self.project, "A shop".into(), ada(), planner, policy, None);
        opened.await.unwrap().0
    }

    /// A worker takes the planning of a sprint. Whether there was anything left for it.
    async fn takes(&self, sprint: SprintId) -> bool {
        let attempt = self.queued(sprint).await.unwrap();
        let id = AttemptId { sprint, n: attempt };
        match self.engine.reserve_funds(&self.project, id).await.unwrap() {
            Ok(_) => {
                let worker = "w1".parse().unwrap();
                self.does(sprint, Command::StartAttempt { attempt, worker }).await;
                true
            }
            Err(short) => {
                self.does(sprint, Command::LackFunds { attempt, short }).await;
                false
            }
        }
    }

    /// Another program that has the log open.
    async fn other_program(&self) -> sqlx::SqliteConnection {
        let file = self.folder.path().join("team6.db");
        SqliteConnectOptions::new().filename(file).connect().await.unwrap()
    }

    async fn does(&self, sprint: SprintId, command: Command) {
        self.engine.execute(sprint, command, "test", None).await.unwrap();
    }

    async fn queued(&self, sprint: SprintId) -> Option<u32> {
        let look = self.engine.read(sprint, |s, _| match s.planning.stage {
            Stage::Queued { attempt, .. } => Some(attempt),
            _ => None,
        });
        look.await.unwrap()
    }

    async fn running(&self, sprint: SprintId) -> (u32, FencingToken) {
        let look = self.engine.read(sprint, |s, _| {
            let attempt = s.attempts.last().unwrap();
            (attempt.id.n, attempt.started.as_ref().unwrap().token)
        });
        look.await.unwrap()
    }

    async fn fails(&self, sprint: SprintId, spent: u64) {
        let (attempt, token) = self.running(sprint).await;
        let failure = Failure {
            kind: FailureKind::LoginNeeded,
            text: "log in".into(),
            until: None,
        };
        let fail = Command::FailAttempt {
            attempt,
            token,
            failure,
            left: BTreeMap::new(),
            usage: used(spent),
        };
        self.does(sprint, fail).await;
    }

    async fn reserved(&self, sprint: SprintId) -> u64 {
        let look = self
            .engine
            .read(sprint, |s, _| s.attempts.last().unwrap().reserved.tokens);
        look.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn what_an_agent_tells_after_its_attempt_ended_is_spent_of_its_projects_budget() {
    let shop = Shop::open().await;
    let first = shop.plans().await;
    assert!(shop.takes(first).await);
    shop.fails(first, 10).await;
    let (attempt, token) = shop.running(first).await;
    let tells = Command::ReportUsage {
        attempt,
        token,
        usage: used(70),
    };
    shop.does(first, tells).await;
    let second = shop.plans().await;
    assert!(shop.takes(second).await, "the rest is for whoever comes");
    assert_eq!(shop.reserved(second).await, 30);
    shop.fails(second, 30).await;
    let third = shop.plans().await;
    assert!(!shop.takes(third).await);
    let why = shop
        .engine
        .read(third, |s, _| s.inbox()[0].why.reason.to_string())
        .await;
    assert!(
        why.unwrap().contains("is used up: 100 tokens of 100 tokens"),
        "and nothing is left"
    );
}

#[tokio::test]
async fn a_command_that_is_on_record_is_done_also_while_the_ledger_cannot_be_written() {
    let shop = Shop::open().await;
    let first = shop.plans().await;
    assert!(shop.takes(first).await);
    let second = shop.plans().await;
    assert!(!shop.takes(second).await, "the first holds most of it");
    let mut other = shop.other_program().await;
    // An integer that overflows is an error like any of the disk's.
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.stream LIKE 'ledger/%' \
                  BEGIN SELECT abs(-9223372036854775807 - 1); END";
    sqlx::raw_sql(broken).execute(&mut other).await.unwrap();
    // It does not fail, since it is on record.
    shop.fails(first, 10).await;
    assert_eq!(shop.queued(second).await, None, "nobody knows that something came back");
    sqlx::raw_sql("DROP TRIGGER broken").execute(&mut other).await.unwrap();
    loop {
        let next = shop.engine.tick().await.expect("it is tried again");
        if shop.queued(second).await.is_some() {
            break;
        }
        // As the server does between its ticks: the engine itself says when the next one is due.
        tokio::time::sleep(next.since(shop.engine.now())).await;
    }
    assert!(shop.takes(second).await);
}

#[tokio::test]
async fn a_reservation_that_is_raised_is_raised_in_the_ledger_as_far_as_that_reaches() {
    let mut shop = Shop::open().await;
    shop.sprint = tokens(120);
    let first = shop.plans().await;
    shop.does(
        first,
        Command::SetSprintBudget {
            by: ada(),
            budget: tokens(20),
        },
    )
    .await;
    assert!(shop.takes(first).await);
    assert_eq!(shop.reserved(first).await, 20);
    let second = shop.plans().await;
    assert!(shop.takes(second).await);
    let raise = |budget| Command::SetSprintBudget { by: ada(), budget };
    shop.does(first, raise(tokens(120))).await;
    assert_eq!(shop.reserved(first).await, 40, "the other has 60 of 100");
    let third = shop.plans().await;
    assert!(!shop.takes(third).await, "all is reserved");
    shop.does(first, raise(tokens(10))).await;
    shop.fails(second, 0).await;
    assert!(shop.takes(third).await, "what was lowered came back");
    assert_eq!(shop.reserved(third).await, 60);
}

#[tokio::test]
async fn what_comes_back_goes_to_who_waited_longest_and_on_to_the_next_if_they_have_no_use_for_it() {
    let shop = Shop::open().await;
    let mut sprints = Vec::new();
    for _ in 0..4 {
        sprints.push(shop.plans().await);
    }
    let [first, second, third, fourth] = sprints[..] else {
        panic!("four sprints");
    };
    assert!(shop.takes(first).await);
    for waits in [second, third, fourth] {
        assert!(!shop.takes(waits).await, "40 are left");
    }
    shop.fails(first, 0).await;
    assert!(shop.queued(second).await.is_some());
    assert_eq!(shop.queued(third).await, None, "there is enough for one");
    shop.does(second, Command::CancelSprint { by: ada() }).await;
    assert!(shop.queued(third).await.is_some(), "the place of who left");
    assert_eq!(shop.queued(fourth).await, None);
    assert!(shop.takes(third).await);
    assert_eq!(shop.queued(fourth).await, None);
    shop.fails(third, 20).await;
    assert!(shop.takes(fourth).await);
}

#[tokio::test]
async fn what_an_agent_uses_beyond_its_reservation_is_gone_for_others_while_it_works() {
    let mut shop = Shop::open().await;
    let first = shop.plans().await;
    shop.sprint = tokens(30);
    let second = shop.plans().await;
    assert!(shop.takes(first).await);
    let (attempt, token) = shop.running(first).await;
    let active_at = shop.engine.now();
    let beats = |used| Command::Heartbeat {
        attempt,
        token,
        active_at,
        usage: used,
    };
    shop.does(first, beats(used(100))).await;
    assert!(!shop.takes(second).await, "60 were reserved, and 40 more are gone");
    shop.fails(first, 100).await;
    let why = shop.engine.read(second, |s, _| s.inbox()[0].why.reason.to_string());
    assert!(why.await.unwrap().contains("is used up"));
}

#[tokio::test]
async fn who_waits_is_told_when_nothing_will_come_back_any_more() {
    let shop = Shop::open().await;
    let (first, second) = (shop.plans().await, shop.plans().await);
    assert!(shop.takes(first).await);
    assert!(!shop.takes(second).await);
    let inbox = || shop.engine.read(second, |s, _| s.inbox().len());
    assert_eq!(inbox().await.unwrap(), 0, "60 may come back");
    shop.fails(first, 99).await;
    assert_eq!(inbox().await.unwrap(), 1, "1 is left, and it wants 60");
}

impl Shop {
    async fn sets(&self, of: BudgetSpan, budget: Budget) {
        let by = ada();
        let set = ProjectCommand::SetBudget { of, budget, by };
        self.engine
            .change_project(&self.project, set, "ada", None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn whoever_waits_for_a_projects_budget_goes_on_when_somebody_raises_it() {
    let shop = Shop::open().await;
    let (first, second) = (shop.plans().await, shop.plans().await);
    assert!(shop.takes(first).await);
    assert!(!shop.takes(second).await);
    shop.fails(first, 100).await;
    let why = || {
        shop.engine
            .read(second, |s, _| s.inbox().first().map(|item| item.why.reason.to_string()))
    };
    assert!(why().await.unwrap().unwrap().contains("100 tokens of 100 tokens"));
    shop.sets(BudgetSpan::Project, tokens(104)).await;
    assert_eq!(shop.queued(second).await, None);
    assert!(
        why().await.unwrap().unwrap().contains("100 tokens of 104 tokens"),
        "4 do not reach for 60"
    );
    shop.sets(BudgetSpan::Project, tokens(150)).await;
    assert_eq!(why().await.unwrap(), None);
    assert!(shop.takes(second).await);
    assert_eq!(shop.reserved(second).await, 50, "the rest");
}

#[tokio::test]
async fn a_projects_budget_that_is_lifted_holds_nobody_and_one_of_a_day_holds_from_when_it_is_set() {
    let shop = Shop::open().await;
    let (first, second) = (shop.plans().await, shop.plans().await);
    assert!(shop.takes(first).await);
    assert!(!shop.takes(second).await);
    shop.sets(BudgetSpan::Project, Budget::default()).await;
    assert!(shop.takes(second).await, "nothing is limited any more");
    shop.fails(first, 30).await;
    shop.sets(BudgetSpan::Day, tokens(70)).await;
    let limits = shop.engine.project_limits(&shop.project).await.unwrap();
    assert_eq!((limits.project, limits.day), (Budget::default(), tokens(70)));
    let spent = shop
        .engine
        .project_spending(&shop.project, BudgetSpan::Day)
        .await
        .unwrap();
    assert_eq!(
        (spent.0.tokens, spent.1.tokens),
        (30, 0),
        "what ended meanwhile was counted"
    );
    let third = shop.plans().await;
    assert!(shop.takes(third).await);
    assert_eq!(shop.reserved(third).await, 40);
}
