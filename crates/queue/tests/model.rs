//! Whatever is asked of the queue, in whatever order, it answers as a list would that is searched by hand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::json;
use team6_core::ids::{ProjectId, WorkerId};
use team6_core::time::Timestamp;
use team6_queue::{Depth, EmbeddedQueue, Enqueued, Job, JobQueue, Lease, LeaseId};
use tempfile::TempDir;

/// What can be asked. `Lease`s are picked among all that were ever handed out, `Tick` may set the clock back.
#[derive(Debug, Clone)]
enum Step {
    Enqueue { id: u8, priority: i64, delay: i64 },
    Lease { max_active: u32, span: i64 },
    Renew { pick: usize, span: i64 },
    Complete { pick: usize },
    Release { pick: usize, delay: i64 },
    Remove { id: u8 },
    Reprioritize { id: u8, priority: i64 },
    Recover,
    Prune,
    Tick { by: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (id, priority, delay, span, pick) = (0..6_u8, -1..2_i64, -5..20_i64, 1..30_i64, 0..8_usize);
    prop_oneof![
        4 => (id.clone(), priority.clone(), delay.clone()).prop_map(|(id, priority, delay)| Step::Enqueue { id, priority, delay }),
        4 => (0..4_u32, span.clone()).prop_map(|(max_active, span)| Step::Lease { max_active, span }),
        1 => (pick.clone(), span).prop_map(|(pick, span)| Step::Renew { pick, span }),
        2 => pick.clone().prop_map(|pick| Step::Complete { pick }),
        1 => (pick, delay).prop_map(|(pick, delay)| Step::Release { pick, delay }),
        1 => id.clone().prop_map(|id| Step::Remove { id }),
        1 => (id, priority).prop_map(|(id, priority)| Step::Reprioritize { id, priority }),
        1 => Just(Step::Recover),
        1 => Just(Step::Prune),
        3 => (-20..30_i64).prop_map(|by| Step::Tick { by }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Active {
        lease: u64,
        until: i64,
    },
    /// With the lease that completed it, none if it was removed.
    Finished {
        lease: Option<u64>,
        at: i64,
    },
}

#[derive(Debug)]
struct Known {
    id: String,
    priority: i64,
    not_before: i64,
    state: State,
}

/// The list, in the order in which jobs were enqueued.
#[derive(Debug, Default)]
struct Model {
    jobs: Vec<Known>,
    leases: u64,
}

impl Model {
    fn job(&mut self, id: &str) -> Option<&mut Known> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    fn held(&mut self, lease: &Lease) -> Option<&mut Known> {
        let number = lease.id.0;
        self.job(&lease.job)
            .filter(|job| matches!(job.state, State::Active { lease, .. } if lease == number))
    }

    fn lease(&mut self, max_active: u32, now: i64, until: i64) -> Option<String> {
        let active = self
            .jobs
            .iter()
            .filter(|job| matches!(job.state, State::Active { .. }))
            .count();
        if active >= max_active as usize {
            return None;
        }
        let due = self
            .jobs
            .iter_mut()
            .filter(|job| job.state == State::Waiting && job.not_before <= now);
        // The last of equals wins in `max_by_key`, and the first is wanted.
        let first = due.rev().max_by_key(|job| job.priority)?;
        self.leases += 1;
        first.state = State::Active {
            lease: self.leases,
            until,
        };
        Some(first.id.clone())
    }

    fn depth(&self, now: i64) -> Depth {
        let mut depth = Depth::default();
        for job in &self.jobs {
            match job.state {
                State::Waiting if job.not_before <= now => depth.due += 1,
                State::Waiting => depth.delayed += 1,
                State::Active { until, .. } if until > now => depth.active += 1,
                State::Active { .. } => depth.stalled += 1,
                State::Finished { .. } => {}
            }
        }
        depth
    }
}

struct Run {
    queue: EmbeddedQueue,
    model: Model,
    project: ProjectId,
    handed: Vec<Lease>,
    now: i64,
}

impl Run {
    fn pick(&self, pick: usize) -> Option<Lease> {
        let last = self.handed.len().checked_sub(1)?;
        Some(self.handed[last - pick.min(last)].clone())
    }

    async fn step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Enqueue { id, priority, delay } => self.enqueue(format!("j{id}"), priority, now + delay).await,
            Step::Lease { max_active, span } => self.lease(max_active, now + span).await,
            Step::Renew { pick, span } => {
                let Some(lease) = self.pick(pick) else { return };
                let renewed = self.queue.renew(&lease, Timestamp(now + span)).await.is_ok();
                let held = self.model.held(&lease);
                assert_eq!(renewed, held.is_some(), "{lease:?}");
                if let Some(job) = held {
                    job.state = State::Active {
                        lease: lease.id.0,
                        until: now + span,
                    };
                }
            }
            Step::Complete { pick } => {
                let Some(lease) = self.pick(pick) else { return };
                let completed = self.queue.complete(&lease, Timestamp(now)).await.is_ok();
                let number = lease.id.0;
                let job = self.model.job(&lease.job);
                let job = job.filter(|job| match job.state {
                    State::Waiting => false,
                    State::Active { lease, .. } => lease == number,
                    State::Finished { lease, .. } => lease == Some(number),
                });
                assert_eq!(completed, job.is_some(), "{lease:?}");
                if let Some(job) = job
                    && let State::Active { .. } = job.state
                {
                    job.state = State::Finished {
                        lease: Some(number),
                        at: now,
                    };
                }
            }
            Step::Release { pick, delay } => {
                let Some(lease) = self.pick(pick) else { return };
                let released = self.queue.release(&lease, Timestamp(now + delay)).await.is_ok();
                let held = self.model.held(&lease);
                assert_eq!(released, held.is_some(), "{lease:?}");
                if let Some(job) = held {
                    (job.state, job.not_before) = (State::Waiting, now + delay);
                }
            }
            Step::Remove { id } => {
                let id = format!("j{id}");
                let removed = self.queue.remove(&self.project, &id, Timestamp(now)).await.unwrap();
                let job = self
                    .model
                    .job(&id)
                    .filter(|job| !matches!(job.state, State::Finished { .. }));
                assert_eq!(removed, job.is_some());
                if let Some(job) = job {
                    job.state = State::Finished { lease: None, at: now };
                }
            }
            Step::Reprioritize { id, priority } => {
                let id = format!("j{id}");
                let moved = self.queue.reprioritize(&self.project, &id, priority).await.unwrap();
                let job = self.model.job(&id).filter(|job| job.state == State::Waiting);
                assert_eq!(moved, job.is_some());
                if let Some(job) = job {
                    job.priority = priority;
                }
            }
            Step::Recover => self.recover().await,
            Step::Prune => {
                let pruned = self.queue.prune(Timestamp(now)).await.unwrap();
                let before = self.model.jobs.len();
                self.model
                    .jobs
                    .retain(|job| !matches!(job.state, State::Finished { at, .. } if at < now));
                assert_eq!(pruned as usize, before - self.model.jobs.len());
            }
            Step::Tick { by } => self.now += by,
        }
        let depth = self.queue.depth(&self.project, Timestamp(self.now)).await.unwrap();
        assert_eq!(depth, self.model.depth(self.now));
    }

    async fn enqueue(&mut self, id: String, priority: i64, not_before: i64) {
        let job = Job {
            id: id.clone(),
            project: self.project.clone(),
            priority,
            not_before: Timestamp(not_before),
            data: json!(id),
            created: Timestamp(self.now),
        };
        let known = self.model.job(&id).is_some();
        let expected = if known { Enqueued::Known } else { Enqueued::Added };
        assert_eq!(self.queue.enqueue(job).await.unwrap(), expected);
        if !known {
            self.model.jobs.push(Known {
                id,
                priority,
                not_before,
                state: State::Waiting,
            });
        }
    }

    async fn lease(&mut self, max_active: u32, until: i64) {
        let worker = WorkerId::new("w").unwrap();
        let (now, until_time) = (Timestamp(self.now), Timestamp(until));
        let handed = self
            .queue
            .lease(&self.project, &worker, max_active, now, until_time)
            .await
            .unwrap();
        let expected = self.model.lease(max_active, self.now, until);
        assert_eq!(handed.as_ref().map(|handed| handed.job.id.clone()), expected);
        if let Some(handed) = handed {
            assert_eq!(handed.lease.id, LeaseId(self.model.leases));
            self.handed.push(handed.lease);
        }
    }

    async fn recover(&mut self) {
        let mut recovered = self.queue.recover_stalled(Timestamp(self.now)).await.unwrap();
        recovered.sort();
        let mut expected = Vec::new();
        for job in &mut self.model.jobs {
            if matches!(job.state, State::Active { until, .. } if until <= self.now) {
                job.state = State::Waiting;
                expected.push(job.id.clone());
            }
        }
        expected.sort();
        assert_eq!(recovered, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_behaves_like_a_list_searched_by_hand(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = TempDir::new().unwrap();
            let mut run = Run {
                queue: EmbeddedQueue::open(&place.path().join("queue.db")).await.unwrap(),
                model: Model::default(),
                project: ProjectId::new("web").unwrap(),
                handed: Vec::new(),
                now: 100,
            };
            for step in steps {
                run.step(step).await;
            }
            run.queue.close().await;
        });
    }
}
