//! Effects of different sprints do not wait for each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use team6_core::ids::PersonId;
use team6_core::policy::Policy;
use team6_core::project::ProjectCommand;
use team6_core::sprint::Effect;
use team6_server::engine::{EffectError, EffectHandler, Engine, carry_out_effects};
use team6_store::{DataFolder, SqliteStore, Store};
use team6_testkit::wait::{wait_for, within};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(30);

/// Never ends the first effect that it is given.
struct Stuck(watch::Sender<Vec<String>>);

#[async_trait]
impl EffectHandler for Stuck {
    async fn carry_out(&self, effect: Effect) -> Result<(), EffectError> {
        let mut first = false;
        self.0.send_modify(|seen| {
            first = seen.is_empty();
            seen.push(effect.key());
        });
        if first {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_effect_that_never_ends_holds_up_neither_others_nor_the_end() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(temp.path()).unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let engine = Arc::new(Engine::start(Arc::clone(&store)).await.unwrap());
    let (project, by): (_, PersonId) = ("shop".parse().unwrap(), "ada".parse().unwrap());
    let create = ProjectCommand::Create {
        id: "shop".parse().unwrap(),
        title: "Shop".into(),
        concurrency: 3,
        by: by.clone(),
    };
    engine.change_project(&project, create, "ada", None).await.unwrap();
    let opens = async || {
        let planner = "planner".parse().unwrap();
        let opened = engine.open_sprint(&project, "G".into(), by.clone(), planner, Policy::default(), None);
        opened.await.unwrap();
    };
    let (sender, seen) = watch::channel(Vec::new());
    let stop = CancellationToken::new();
    let running = tokio::spawn(carry_out_effects(
        Arc::clone(&engine),
        Arc::new(Stuck(sender)),
        stop.clone(),
    ));
    for n in 1..=4 {
        opens().await;
        wait_for(format!("effect {n}"), LIMIT, seen.clone(), |seen| {
            (seen.len() == n).then_some(())
        })
        .await;
    }
    let left = async {
        loop {
            let left = store.pending_effects(10).await.unwrap();
            if left.len() == 1 {
                return left;
            }
            tokio::task::yield_now().await;
        }
    };
    let left = within("only the first one", LIMIT, left).await;
    assert_eq!(left[0].key, seen.borrow()[0]);
    let began = Instant::now();
    stop.cancel();
    within("the end", LIMIT, running).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}
