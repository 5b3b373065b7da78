//! What every queue must do, as one function per behaviour.
//!
//! `queue_contract!(open)` makes a test of each. `open` is an async function without arguments that returns a fresh queue
//! and whatever keeps its place alive, such as a temporary folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a suite of tests, whose functions are named for what they show"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use team6_core::ids::{ProjectId, WorkerId};
use team6_core::time::Timestamp;
use tokio::task::JoinSet;

use crate::{Depth, Enqueued, Job, JobQueue, LeasedJob, QueueError};

/// Makes a test of each behaviour of a [`crate::JobQueue`].
#[macro_export]
macro_rules! queue_contract {
    ($open:path) => {
        $crate::queue_contract!($open:
            jobs_come_by_priority_then_in_their_order,
            a_job_is_added_once_also_after_it_is_done,
            a_delayed_job_waits_for_its_time,
            a_project_never_holds_more_than_it_may,
            jobs_of_one_project_do_not_reach_another,
            a_lease_that_ran_out_is_lost_once_it_is_recovered,
            a_renewed_lease_is_not_recovered,
            a_clock_set_back_hands_out_nothing_twice,
            a_released_job_comes_again_from_its_time_on,
            a_removed_job_is_lost_to_its_holder_and_stays_out,
            a_waiting_job_can_be_moved_to_the_front,
            completing_twice_is_fine_and_only_for_the_holder,
            the_depth_counts_every_open_job_once,
            a_waiting_worker_is_woken_by_what_makes_jobs_available,
            many_leasers_never_share_a_job,
            leases_only_grow,
        );
    };
    ($open:path: $($behaviour:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let (queue, _place) = $open().await;
                $crate::contract::$behaviour(std::sync::Arc::new(queue)).await;
            }
        )*
    };
}

type Queue = Arc<dyn JobQueue>;

const MANY: u32 = 1_000;

fn project(name: &str) -> ProjectId {
    ProjectId::new(name).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp(ms)
}

fn job(id: &str, priority: i64, not_before: i64) -> Job {
    Job {
        id: id.to_owned(),
        project: project("web"),
        priority,
        not_before: at(not_before),
        data: json!({ "attempt": id, "token": 9 }),
        created: at(1),
    }
}

async fn add(queue: &Queue, jobs: &[(&str, i64, i64)]) {
    for (id, priority, not_before) in jobs {
        queue.enqueue(job(id, *priority, *not_before)).await.unwrap();
    }
}

async fn lease(queue: &Queue, max_active: u32, now: i64, until: i64) -> Option<LeasedJob> {
    let worker = WorkerId::new("w1").unwrap();
    queue
        .lease(&project("web"), &worker, max_active, at(now), at(until))
        .await
        .unwrap()
}

async fn ids(queue: &Queue, now: i64) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(leased) = lease(queue, MANY, now, now + 1_000).await {
        ids.push(leased.job.id);
    }
    ids
}

#[track_caller]
fn assert_lost(result: &Result<(), QueueError>) {
    assert!(matches!(result, Err(QueueError::Lost { .. })), "{result:?}");
}

pub async fn jobs_come_by_priority_then_in_their_order(queue: Queue) {
    add(&queue, &[("c", 0, 0), ("a", 5, 0), ("d", -3, 0), ("b", 5, 0)]).await;
    let first = lease(&queue, MANY, 10, 20).await.unwrap();
    assert_eq!(first.job, job("a", 5, 0));
    assert_eq!(ids(&queue, 10).await, ["b", "c", "d"]);
}

pub async fn a_job_is_added_once_also_after_it_is_done(queue: Queue) {
    assert_eq!(queue.enqueue(job("a", 0, 0)).await.unwrap(), Enqueued::Added);
    assert_eq!(queue.enqueue(job("a", 9, 0)).await.unwrap(), Enqueued::Known);
    let leased = lease(&queue, MANY, 0, 10).await.unwrap();
    assert_eq!(leased.job.priority, 0);
    assert_eq!(queue.enqueue(job("a", 0, 0)).await.unwrap(), Enqueued::Known);
    queue.complete(&leased.lease, at(5)).await.unwrap();
    assert_eq!(queue.enqueue(job("a", 0, 0)).await.unwrap(), Enqueued::Known);
    assert_eq!(queue.prune(at(5)).await.unwrap(), 0);
    assert_eq!(queue.prune(at(6)).await.unwrap(), 1);
    assert_eq!(queue.enqueue(job("a", 0, 0)).await.unwrap(), Enqueued::Added);
}

pub async fn a_delayed_job_waits_for_its_time(queue: Queue) {
    add(&queue, &[("later", 9, 100), ("now", 0, 0)]).await;
    assert_eq!(ids(&queue, 99).await, ["now"]);
    assert_eq!(queue.next_due(&project("web")).await.unwrap(), Some(at(100)));
    assert_eq!(ids(&queue, 100).await, ["later"]);
    assert_eq!(queue.next_due(&project("web")).await.unwrap(), None);
}

pub async fn a_project_never_holds_more_than_it_may(queue: Queue) {
    add(&queue, &[("a", 0, 0), ("b", 0, 0), ("c", 0, 0)]).await;
    assert!(lease(&queue, 0, 0, 10).await.is_none());
    let a = lease(&queue, 2, 0, 10).await.unwrap();
    assert!(lease(&queue, 2, 0, 10).await.is_some());
    assert!(lease(&queue, 2, 0, 10).await.is_none());
    queue.complete(&a.lease, at(1)).await.unwrap();
    assert_eq!(lease(&queue, 2, 0, 10).await.unwrap().job.id, "c");
}

pub async fn jobs_of_one_project_do_not_reach_another(queue: Queue) {
    add(&queue, &[("a", 0, 0)]).await;
    let other = project("api");
    let worker = WorkerId::new("w2").unwrap();
    let handed = queue.lease(&other, &worker, MANY, at(0), at(10)).await.unwrap();
    assert_eq!(handed, None);
    let mut lease = lease(&queue, MANY, 0, 10).await.unwrap().lease;
    lease.project = other.clone();
    assert_lost(&queue.renew(&lease, at(20)).await);
    assert_lost(&queue.complete(&lease, at(20)).await);
    assert_lost(&queue.release(&lease, at(20)).await);
    assert!(!queue.remove(&other, "a", at(20)).await.unwrap());
    assert_eq!(queue.depth(&other, at(0)).await.unwrap(), Depth::default());
}

pub async fn a_lease_that_ran_out_is_lost_once_it_is_recovered(queue: Queue) {
    add(&queue, &[("a", 0, 0)]).await;
    let first = lease(&queue, 1, 0, 10).await.unwrap();
    assert_eq!(queue.next_stall().await.unwrap(), Some(at(10)));
    assert_eq!(queue.recover_stalled(at(9)).await.unwrap(), [""; 0]);
    assert_eq!(queue.recover_stalled(at(10)).await.unwrap(), ["a"]);
    assert_eq!(queue.recover_stalled(at(10)).await.unwrap(), [""; 0]);
    assert_lost(&queue.renew(&first.lease, at(99)).await);
    let second = lease(&queue, 1, 10, 20).await.unwrap();
    assert_eq!((second.job.id.as_str(), second.stalls), ("a", 1));
    assert_lost(&queue.complete(&first.lease, at(11)).await);
    assert_lost(&queue.release(&first.lease, at(11)).await);
    queue.complete(&second.lease, at(12)).await.unwrap();
}

pub async fn a_renewed_lease_is_not_recovered(queue: Queue) {
    add(&queue, &[("a", 0, 0)]).await;
    let held = lease(&queue, 1, 0, 10).await.unwrap();
    queue.renew(&held.lease, at(30)).await.unwrap();
    assert_eq!(queue.recover_stalled(at(29)).await.unwrap(), [""; 0]);
    // Late, and nobody has taken it away yet.
    queue.renew(&held.lease, at(60)).await.unwrap();
    assert_eq!(queue.recover_stalled(at(59)).await.unwrap(), [""; 0]);
}

pub async fn a_clock_set_back_hands_out_nothing_twice(queue: Queue) {
    add(&queue, &[("a", 0, 0), ("b", 0, 0)]).await;
    lease(&queue, 1, 1_000, 1_010).await.unwrap();
    for now in [0, 500, 1_005, 2_000, 0] {
        assert!(lease(&queue, 1, now, now + 10).await.is_none(), "at {now}");
    }
    assert_eq!(queue.recover_stalled(at(0)).await.unwrap(), [""; 0]);
}

pub async fn a_released_job_comes_again_from_its_time_on(queue: Queue) {
    add(&queue, &[("a", 0, 0), ("b", 0, 0)]).await;
    let held = lease(&queue, MANY, 0, 10).await.unwrap();
    queue.release(&held.lease, at(50)).await.unwrap();
    assert_lost(&queue.release(&held.lease, at(50)).await);
    assert_eq!(ids(&queue, 49).await, ["b"]);
    assert_eq!(ids(&queue, 50).await, ["a"]);
}

pub async fn a_removed_job_is_lost_to_its_holder_and_stays_out(queue: Queue) {
    add(&queue, &[("held", 1, 0), ("waiting", 0, 0)]).await;
    let held = lease(&queue, MANY, 0, 10).await.unwrap();
    for id in ["held", "waiting"] {
        assert!(queue.remove(&project("web"), id, at(1)).await.unwrap());
        assert!(!queue.remove(&project("web"), id, at(1)).await.unwrap());
        assert_eq!(queue.enqueue(job(id, 0, 0)).await.unwrap(), Enqueued::Known);
    }
    assert_lost(&queue.renew(&held.lease, at(20)).await);
    assert_lost(&queue.complete(&held.lease, at(20)).await);
    assert_eq!(ids(&queue, 100).await, [""; 0]);
}

pub async fn a_waiting_job_can_be_moved_to_the_front(queue: Queue) {
    add(&queue, &[("a", 0, 0), ("b", 0, 0)]).await;
    assert!(queue.reprioritize(&project("web"), "b", 1).await.unwrap());
    assert!(!queue.reprioritize(&project("web"), "nobody", 1).await.unwrap());
    assert_eq!(ids(&queue, 0).await, ["b", "a"]);
    assert!(!queue.reprioritize(&project("web"), "b", 1).await.unwrap());
}

pub async fn completing_twice_is_fine_and_only_for_the_holder(queue: Queue) {
    add(&queue, &[("a", 0, 0)]).await;
    let held = lease(&queue, MANY, 0, 10).await.unwrap();
    queue.complete(&held.lease, at(1)).await.unwrap();
    queue.complete(&held.lease, at(2)).await.unwrap();
    assert_lost(&queue.release(&held.lease, at(2)).await);
    let mut other = held.lease;
    other.id.0 += 1;
    assert_lost(&queue.complete(&other, at(2)).await);
}

pub async fn the_depth_counts_every_open_job_once(queue: Queue) {
    add(
        &queue,
        &[("a", 3, 0), ("b", 2, 0), ("c", 1, 0), ("d", 0, 0), ("e", 0, 500)],
    )
    .await;
    let done = lease(&queue, MANY, 0, 10).await.unwrap();
    queue.complete(&done.lease, at(1)).await.unwrap();
    lease(&queue, MANY, 0, 10).await.unwrap();
    lease(&queue, MANY, 0, 100).await.unwrap();
    let depth = queue.depth(&project("web"), at(50)).await.unwrap();
    let expected = Depth {
        due: 1,
        delayed: 1,
        active: 1,
        stalled: 1,
    };
    assert_eq!(depth, expected);
}

pub async fn a_waiting_worker_is_woken_by_what_makes_jobs_available(queue: Queue) {
    let mut bell = queue.wake(&project("web"));
    add(&queue, &[("a", 0, 0)]).await;
    let woken = async |bell: &mut tokio::sync::watch::Receiver<u64>, by: &str| {
        let changed = tokio::time::timeout(Duration::from_secs(20), bell.changed()).await;
        changed
            .unwrap_or_else(|_| panic!("waited 20 s in vain to be woken by {by}"))
            .unwrap();
    };
    woken(&mut bell, "a new job").await;
    let held = lease(&queue, 1, 0, 10).await.unwrap();
    queue.release(&held.lease, at(0)).await.unwrap();
    woken(&mut bell, "a released job").await;
    let held = lease(&queue, 1, 0, 10).await.unwrap();
    queue.recover_stalled(at(10)).await.unwrap();
    woken(&mut bell, "a recovered job").await;
    assert_lost(&queue.complete(&held.lease, at(10)).await);
    let held = lease(&queue, 1, 10, 20).await.unwrap();
    queue.complete(&held.lease, at(11)).await.unwrap();
    woken(&mut bell, "a free slot").await;
    queue.ring(&project("web"));
    woken(&mut bell, "somebody who rings").await;
    let mut other = job("b", 0, 0);
    other.project = project("api");
    queue.enqueue(other).await.unwrap();
    assert!(!bell.has_changed().unwrap());
}

pub async fn many_leasers_never_share_a_job(queue: Queue) {
    const JOBS: usize = 200;
    const AT_ONCE: u32 = 10;
    for n in 0..JOBS {
        queue.enqueue(job(&format!("j{n}"), 0, 0)).await.unwrap();
    }
    let mut leasers = JoinSet::new();
    for _ in 0..32 {
        let queue = Arc::clone(&queue);
        leasers.spawn(async move {
            let mut bell = queue.wake(&project("web"));
            let mut mine = Vec::new();
            loop {
                if let Some(held) = lease(&queue, AT_ONCE, 1, 1_000).await {
                    let depth = queue.depth(&project("web"), at(1)).await.unwrap();
                    assert!(depth.active <= u64::from(AT_ONCE), "{depth:?}");
                    queue.complete(&held.lease, at(2)).await.unwrap();
                    mine.push(held.job.id);
                } else if queue.next_due(&project("web")).await.unwrap().is_none() {
                    return mine;
                } else {
                    // Full: whoever holds a slot rings when it is free.
                    let rung = tokio::time::timeout(Duration::from_secs(20), bell.changed()).await;
                    rung.expect("waited 20 s in vain for a free slot").unwrap();
                }
            }
        });
    }
    let taken = leasers.join_all().await.concat();
    assert_eq!(taken.len(), JOBS);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), JOBS);
}

pub async fn leases_only_grow(queue: Queue) {
    add(&queue, &[("a", 0, 0), ("b", 0, 0)]).await;
    let mut last = 0;
    for round in 0..5 {
        let held = lease(&queue, MANY, round, round + 10).await.unwrap();
        assert!(held.lease.id.0 > last, "{} after {last}", held.lease.id);
        last = held.lease.id.0;
        queue.release(&held.lease, at(round)).await.unwrap();
    }
}
