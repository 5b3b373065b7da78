//! How many jobs go through the embedded queue: added, leased and completed.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;
use team6_core::ids::{ProjectId, WorkerId};
use team6_core::time::Timestamp;
use team6_queue::{EmbeddedQueue, Job, JobQueue};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Jobs in one sample.
const JOBS: u64 = 320;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 32], sample_count = 20, sample_size = 1)]
fn jobs_by_workers(bencher: Bencher<'_, '_>, workers: u64) {
    let place = TempDir::new().unwrap();
    let runtime = Runtime::new().unwrap();
    let queue = runtime
        .block_on(EmbeddedQueue::open(&place.path().join("queue.db")))
        .unwrap();
    let queue = Arc::new(queue);
    let mut round = 0;
    bencher.counter(ItemsCount::new(JOBS)).bench_local(|| {
        runtime.block_on(async {
            let mut running = JoinSet::new();
            for worker in 0..workers {
                running.spawn(work(Arc::clone(&queue), round, worker, JOBS / workers));
            }
            running.join_all().await;
        });
        round += 1;
    });
}

async fn work(queue: Arc<EmbeddedQueue>, round: u64, worker: u64, count: u64) {
    let project = ProjectId::new("web").unwrap();
    let name = WorkerId::new(format!("w{worker}")).unwrap();
    for n in 0..count {
        let job = Job {
            id: format!("r{round}-w{worker}-{n}"),
            project: project.clone(),
            priority: 0,
            not_before: Timestamp(0),
            data: json!({ "task": n, "token": n }),
            created: Timestamp(0),
        };
        queue.enqueue(job).await.unwrap();
        let leased = queue
            .lease(&project, &name, u32::MAX, Timestamp(1), Timestamp(2))
            .await
            .unwrap()
            .unwrap();
        queue.complete(&leased.lease, Timestamp(1)).await.unwrap();
    }
}
