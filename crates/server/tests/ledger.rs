//! The ledger of a project over a real store: however many reserve at once, no limit is exceeded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use team6_core::budget::{Amount, Budget};
use team6_core::ids::{AttemptId, ProjectId, SprintId};
use team6_core::ledger::ProjectLimits;
use team6_core::time::Timestamp;
use team6_server::engine::Ledgers;
use team6_store::{DataFolder, SqliteStore, Store};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How many attempts reserve at once.
const ATTEMPTS: u32 = 200;

fn tokens(tokens: u64) -> Amount {
    Amount {
        tokens,
        ..Amount::default()
    }
}

fn limits(project: Option<u64>, day: Option<u64>) -> ProjectLimits {
    let budget = |tokens| Budget {
        tokens,
        ..Budget::default()
    };
    ProjectLimits {
        project: budget(project),
        day: budget(day),
    }
}

/// 200 attempts reserve 7 tokens each at the same moment, by way of four servers on one store; gives how many got them, and
/// what is gone then.
async fn rush(limits: ProjectLimits) -> (usize, u64) {
    let folder = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(folder.path()).unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let servers: Vec<Arc<Ledgers>> = (0..4).map(|_| Arc::new(Ledgers::new(Arc::clone(&store)))).collect();
    let project: ProjectId = "shop".parse().unwrap();
    let start = Arc::new(Barrier::new(ATTEMPTS as usize));
    let mut rushing = JoinSet::new();
    for n in 1..=ATTEMPTS {
        let (ledgers, project, start) = (
            Arc::clone(&servers[n as usize % 4]),
            project.clone(),
            Arc::clone(&start),
        );
        rushing.spawn(async move {
            let attempt = AttemptId {
                sprint: SprintId(u64::from(n % 10)),
                n,
            };
            start.wait().await;
            let reserved = ledgers
                .reserve(&project, attempt, tokens(7), &limits, Timestamp(0))
                .await;
            reserved.unwrap().is_ok()
        });
    }
    let granted = rushing.join_all().await.into_iter().filter(|got| *got).count();
    let gone = Ledgers::new(store).read(&project).await.unwrap().gone().tokens;
    (granted, gone)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_attempts_that_reserve_at_once_never_exceed_the_budget_of_their_project() {
    assert_eq!(rush(limits(Some(500), None)).await, (71, 497));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_attempts_that_reserve_at_once_never_exceed_the_budget_of_a_day() {
    assert_eq!(rush(limits(Some(100_000), Some(350))).await, (50, 350));
}

#[tokio::test]
async fn what_is_given_back_is_there_for_others_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(folder.path()).unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let (project, limits, now) = ("shop".parse().unwrap(), limits(Some(100), None), Timestamp(0));
    let attempt = |n| AttemptId { sprint: SprintId(1), n };
    let ledgers = Ledgers::new(Arc::clone(&store));
    for n in 1..=600 {
        let reserved = ledgers
            .reserve(&project, attempt(n), tokens(60), &limits, now)
            .await
            .unwrap();
        assert!(reserved.unwrap().new, "attempt {n}");
        let beside = ledgers
            .reserve(&project, attempt(n + 1), tokens(60), &limits, now)
            .await
            .unwrap();
        assert_eq!(beside.unwrap_err().reserved, 60);
        assert!(ledgers.settle(&project, attempt(n), tokens(0), now).await.unwrap());
    }
    let after = Ledgers::new(store);
    assert_eq!(
        after.read(&project).await.unwrap(),
        ledgers.read(&project).await.unwrap()
    );
    assert!(
        !after.settle(&project, attempt(1), tokens(0), now).await.unwrap(),
        "that is known"
    );
    assert!(
        after.settle(&project, attempt(1), tokens(60), now).await.unwrap(),
        "it tells of it late"
    );
    assert!(
        after
            .settle(&project, attempt(601), tokens(60), now)
            .await
            .is_ok_and(|news| !news)
    );
}
