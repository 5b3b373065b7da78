//! The engine over a real store: a sprint from goal to done, restarts in the middle, two engines on one log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use team6_core::explain::Reason;
use team6_core::ids::{CommitId, FencingToken, PlanVersion, SprintId, TaskId};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::policy::Policy;
use team6_core::project::{ProjectCommand, Repository};
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, Delivered, Delivery, Effect, MergeMethod, Refusal, SprintPhase, Verdict, WorkId,
};
use team6_core::trace::Usage;
use team6_server::engine::{EffectError, EffectHandler, Engine, EngineError, carry_out_effects, keep_deadlines};
use team6_store::{DataFolder, InboxFilter, SqliteStore, Store};
use tokio_util::sync::CancellationToken;

fn task(key: &str, depends_on: &[&str]) -> PlannedTask {
    PlannedTask {
        key: key.parse().unwrap(),
        title: format!("Do {key}"),
        what: String::new(),
        why: String::new(),
        acceptance_criteria: vec![],
        depends_on: depends_on.iter().map(|k| k.parse().unwrap()).collect(),
        estimate_minutes: 30,
        priority: Priority::Normal,
        specialty: None,
        repositories: vec!["shop".parse().unwrap()],
        paths: vec![],
    }
}

fn plan(tasks: Vec<PlannedTask>) -> Plan {
    Plan {
        title: "A parser".into(),
        prd: "Why".into(),
        tasks,
    }
}

async fn store(folder: &DataFolder) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(folder).await.unwrap())
}

/// A team with one project, one repository and one agent.
struct Team {
    engine: Arc<Engine>,
    sprint: SprintId,
}

impl Team {
    async fn with_sprint(engine: Arc<Engine>, policy: Policy) -> Self {
        let project = "shop".parse().unwrap();
        let by: team6_core::ids::PersonId = "ada".parse().unwrap();
        let create = ProjectCommand::Create {
            id: "shop".parse().unwrap(),
            title: "Shop".into(),
            concurrency: 3,
            by: by.clone(),
        };
        engine.change_project(&project, create, "ada", None).await.unwrap();
        let repository = Repository {
            id: "shop".parse().unwrap(),
            origin: "/srv/shop.git".into(),
            branch: "main".parse().unwrap(),
            merge_method: MergeMethod::Merge,
        };
        let add = ProjectCommand::AddRepository {
            repository,
            by: by.clone(),
        };
        engine.change_project(&project, add, "ada", None).await.unwrap();
        let opened = engine.open_sprint(
            &project,
            "A parser".into(),
            by,
            "planner".parse().unwrap(),
            policy,
            None,
        );
        let (sprint, _) = opened.await.unwrap();
        Self { engine, sprint }
    }

    async fn does(&self, command: Command) {
        self.engine.execute(self.sprint, command, "test", None).await.unwrap();
    }

    async fn refused(&self, command: Command) -> Refusal {
        match self.engine.execute(self.sprint, command, "test", None).await {
            Err(EngineError::Refused(refusal)) => *refusal,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    async fn starts(&self, attempt: u32) -> FencingToken {
        self.does(Command::StartAttempt {
            attempt,
            worker: "w1".parse().unwrap(),
        })
        .await;
        let token = self.engine.read(self.sprint, |s, _| {
            s.attempt(attempt).unwrap().started.clone().unwrap().token
        });
        token.await.unwrap()
    }

    async fn plans(&self, tasks: Vec<PlannedTask>) {
        let attempt = self.live(WorkId::Planning).await;
        let token = self.starts(attempt).await;
        let plan = plan(tasks);
        self.does(Command::SubmitPlan {
            attempt,
            token,
            base: None,
            plan,
            first_task: TaskId(0),
        })
        .await;
        self.does(Command::Reply {
            attempt,
            token,
            usage: Usage::default(),
        })
        .await;
    }

    async fn approves(&self) {
        let by: team6_core::ids::PersonId = "ada".parse().unwrap();
        let tasks: Vec<TaskId> = self
            .engine
            .read(self.sprint, |s, _| s.tasks.keys().copied().collect())
            .await
            .unwrap();
        let owners = tasks.into_iter().map(|t| (t, by.clone())).collect();
        self.does(Command::SetOwners { by: by.clone(), owners }).await;
        let agents = vec![AgentCard {
            id: "coder".parse().unwrap(),
            specialties: vec![],
            merged: 0,
            failed: 0,
        }];
        let repositories = ["shop".parse().unwrap()].into();
        let facts = ApprovalFacts {
            may_approve: true,
            repositories,
            agents,
        };
        self.does(Command::Approve {
            by,
            version: PlanVersion(1),
            facts,
        })
        .await;
    }

    async fn live(&self, work: WorkId) -> u32 {
        let live = |s: &team6_core::sprint::Sprint| s.live_attempts().find(|(_, w)| *w == work).map(|(n, _)| n);
        self.engine
            .read(self.sprint, |s, _| live(s))
            .await
            .unwrap()
            .unwrap_or_else(|| panic!("{work:?} is not live"))
    }

    /// An agent delivers a task, its owner approves and merges it, and the forge has done it.
    async fn merges(&self, task: TaskId, commit: char) {
        let attempt = self.live(WorkId::Task(task)).await;
        let token = self.starts(attempt).await;
        let head = CommitId::new(commit.to_string().repeat(40)).unwrap();
        let repository: team6_core::ids::RepositoryId = "shop".parse().unwrap();
        let results = BTreeMap::from([(
            repository.clone(),
            Delivered {
                head: head.clone(),
                changed: true,
            },
        )]);
        let delivery = Delivery {
            what: "Did it".into(),
            ..Delivery::default()
        };
        self.does(Command::Deliver {
            attempt,
            token,
            delivery,
            answers: vec![],
            results,
            integrated: std::collections::BTreeSet::new(),
            checks: Default::default(),
            usage: Usage::default(),
        })
        .await;
        self.does(Command::PullRequestOpened {
            task,
            repository: repository.clone(),
            number: 1,
            head: head.clone(),
        })
        .await;
        let by: team6_core::ids::PersonId = "ada".parse().unwrap();
        let review = Command::SubmitReview {
            by: by.clone(),
            task,
            verdict: Verdict::Approve,
            body: String::new(),
            comments: vec![],
            heads: BTreeMap::new(),
        };
        self.does(review).await;
        self.does(Command::Merge {
            by,
            task,
            method: MergeMethod::Merge,
        })
        .await;
        self.does(Command::PullRequestMerged {
            task,
            repository,
            commit: head,
        })
        .await;
    }
}

#[tokio::test]
async fn a_sprint_goes_from_goal_to_done_over_restarts_of_the_engine() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(temp.path()).unwrap();
    let store = store(&folder).await;
    let engine = || async { Arc::new(Engine::start(Arc::clone(&store)).await.unwrap()) };
    let mut team = Team::with_sprint(engine().await, Policy::default()).await;
    team.plans(vec![task("a", &[]), task("b", &["a"])]).await;
    team.engine = engine().await;
    team.approves().await;
    team.engine = engine().await;
    let why = team
        .engine
        .read(team.sprint, |s, _| s.explain(TaskId(2)).unwrap())
        .await
        .unwrap();
    assert!(
        matches!(why.reason, Reason::Dependency { task: TaskId(1), .. }),
        "{why:?}"
    );
    team.merges(TaskId(1), 'a').await;
    team.engine = engine().await;
    team.merges(TaskId(2), 'b').await;
    let before = team.engine.read(team.sprint, |s, v| (s.clone(), v)).await.unwrap();
    assert_eq!(before.0.phase, SprintPhase::Finished);
    let again = engine().await;
    assert_eq!(again.read(team.sprint, |s, v| (s.clone(), v)).await.unwrap(), before);
    let inbox = store.inbox(&InboxFilter::default(), 10).await.unwrap();
    assert!(inbox.is_empty(), "{inbox:?}");
    assert_eq!(again.rebuild().await.unwrap(), 1);
    assert_eq!(store.check().await.unwrap(), vec![]);
}

#[tokio::test]
async fn the_inbox_holds_what_waits_for_people_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(temp.path()).unwrap();
    let store = store(&folder).await;
    let team = Team::with_sprint(
        Arc::new(Engine::start(Arc::clone(&store)).await.unwrap()),
        Policy::default(),
    )
    .await;
    let kinds = || async {
        let rows = store.inbox(&InboxFilter::default(), 10).await.unwrap();
        rows.into_iter()
            .map(|row| format!("{} {}", row.person, row.kind))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, [""; 0]);
    team.plans(vec![task("a", &[])]).await;
    assert_eq!(kinds().await, ["ada no_owner"]);
    team.approves().await;
    assert_eq!(kinds().await, [""; 0]);
    let attempt = team.live(WorkId::Task(TaskId(1))).await;
    let token = team.starts(attempt).await;
    team.does(Command::AskOwner {
        attempt,
        token,
        question: "Tabs?".into(),
        options: vec![],
    })
    .await;
    assert_eq!(kinds().await, ["ada asked"]);
    let late = team
        .refused(Command::Reply {
            attempt,
            token,
            usage: Usage::default(),
        })
        .await;
    assert_eq!(late, Refusal::AttemptEnded { attempt });
}

#[tokio::test]
async fn a_plan_that_is_refused_uses_up_no_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::open(folder.path()).unwrap();
    let engine = Arc::new(Engine::start(store(&data).await).await.unwrap());
    let team = Team::with_sprint(engine, Policy::default()).await;
    team.plans(vec![task("a", &[])]).await;
    let save = |tasks| Command::SavePlan {
        by: "ada".parse().unwrap(),
        base: PlanVersion(1),
        plan: plan(tasks),
        note: String::new(),
        first_task: TaskId(0),
    };
    let many = (0..2_000).map(|n| task(&format!("t{n}"), &[])).collect();
    assert!(matches!(team.refused(save(many)).await, Refusal::BadPlan { .. }));
    team.does(save(vec![task("a", &[]), task("b", &["a"])])).await;
    let numbers = team.engine.read(team.sprint, |sprint, _| {
        sprint.tasks.keys().copied().collect::<Vec<_>>()
    });
    assert_eq!(numbers.await.unwrap(), [TaskId(1), TaskId(2)]);
}

#[tokio::test]
async fn two_engines_on_one_log_never_lose_a_change() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(temp.path()).unwrap();
    let store = store(&folder).await;
    let one = Arc::new(Engine::start(Arc::clone(&store)).await.unwrap());
    let team = Team::with_sprint(Arc::clone(&one), Policy::default()).await;
    let two = Arc::new(Engine::start(Arc::clone(&store)).await.unwrap());
    let chat = |n: usize| Command::Chat {
        by: "ada".parse().unwrap(),
        to: WorkId::Planning,
        text: format!("message {n}"),
        urgency: team6_core::sprint::Urgency::NextTurn,
    };
    let mut running = tokio::task::JoinSet::new();
    for n in 0..40 {
        let engine = Arc::clone(if n % 2 == 0 { &one } else { &two });
        let (command, sprint) = (chat(n), team.sprint);
        running.spawn(async move { engine.execute(sprint, command, "test", None).await });
    }
    let mut carried_out = 0;
    while let Some(done) = running.join_next().await {
        done.unwrap().unwrap();
        carried_out += 1;
    }
    let fresh = Engine::start(Arc::clone(&store)).await.unwrap();
    let mut texts: Vec<String> = fresh
        .read(team.sprint, |s, _| s.messages.iter().map(|m| m.text.clone()).collect())
        .await
        .unwrap();
    texts.sort();
    texts.dedup();
    assert_eq!((carried_out, texts.len()), (40, 40));
}

/// Writes down what it is asked, and fails the first time.
#[derive(Default)]
struct Clumsy {
    seen: Mutex<Vec<String>>,
}

impl Clumsy {
    fn tried_again(&self) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.first().is_some_and(|first| seen[1..].contains(first))
    }
}

#[async_trait]
impl EffectHandler for Clumsy {
    async fn carry_out(&self, effect: Effect) -> Result<(), EffectError> {
        let mut seen = self.seen.lock().unwrap();
        seen.push(effect.key());
        if seen.len() == 1 {
            Err(EffectError("the first one fails".into()))
        } else {
            Ok(())
        }
    }
}

#[tokio::test]
async fn effects_are_carried_out_until_they_succeed_and_deadlines_are_kept() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(temp.path()).unwrap();
    let store = store(&folder).await;
    let engine = Arc::new(Engine::start(Arc::clone(&store)).await.unwrap());
    let clumsy = Arc::new(Clumsy::default());
    let stop = CancellationToken::new();
    let mut running = tokio::task::JoinSet::new();
    running.spawn(carry_out_effects(Arc::clone(&engine), clumsy.clone(), stop.clone()));
    running.spawn(keep_deadlines(Arc::clone(&engine), stop.clone()));
    // Nobody takes the job: after the check it is put into the queue again, which is another effect.
    let policy = Policy {
        queue_check: Duration::from_millis(100),
        ..Policy::default()
    };
    let team = Team::with_sprint(Arc::clone(&engine), policy).await;
    let mut committed = store.committed();
    let requeued = async {
        while team.engine.read(team.sprint, |_, v| v.0).await.unwrap() < 4 {
            committed.changed().await.unwrap();
        }
        while !clumsy.tried_again() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), requeued).await.unwrap();
    stop.cancel();
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    assert!(clumsy.seen.lock().unwrap()[0].starts_with("enqueue/s1-a1/"));
}
