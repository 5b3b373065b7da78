//! The queues of all projects: each gives its jobs to workers of its own, and no more at once than the project allows.

use std::collections::BTreeMap;

use team6_core::ids::{ProjectId, WorkerId};
use team6_core::sprint::Sprint;
use team6_core::time::Timestamp;

/// A project whose workers ask for jobs too, and must never get one of ours.
const OTHER_PROJECT: &str = "web";

/// The jobs that wait, by attempt.
#[derive(Debug)]
pub(crate) struct Queue {
    jobs: BTreeMap<u32, Job>,
    /// How many attempts of the project may be at work at once.
    at_once: usize,
}

#[derive(Debug)]
struct Job {
    project: ProjectId,
    due: Timestamp,
}

impl Queue {
    pub(crate) fn new(at_once: usize) -> Self {
        let jobs = BTreeMap::new();
        Self { jobs, at_once }
    }

    /// Adds a job, unless it is known.
    pub(crate) fn enqueue(&mut self, project: &ProjectId, attempt: u32, due: Timestamp) {
        let project = project.clone();
        self.jobs.entry(attempt).or_insert(Job { project, due });
    }

    pub(crate) fn remove(&mut self, attempt: u32) {
        self.jobs.remove(&attempt);
    }

    /// Forgets a job.
    pub(crate) fn lose(&mut self) {
        self.jobs.pop_first();
    }

    /// When the next job can be taken; none if there is none, or no slot for it.
    pub(crate) fn next_due(&self, sprint: &Sprint) -> Option<Timestamp> {
        let due = self.jobs.values().map(|job| job.due).min();
        due.filter(|_| self.has_slot(sprint))
    }

    /// The jobs that a worker may take now.
    pub(crate) fn offered(&self, worker: &WorkerId, sprint: &Sprint, now: Timestamp) -> Vec<u32> {
        let due = self.jobs.iter().filter(|(_, job)| job.due <= now);
        let own = due.filter(|(_, job)| project_of(worker) == job.project.as_str());
        let offered: Vec<u32> = own.map(|(attempt, _)| *attempt).collect();
        if self.has_slot(sprint) { offered } else { Vec::new() }
    }

    fn has_slot(&self, sprint: &Sprint) -> bool {
        let started = |n: u32| sprint.attempt(n).is_some_and(|attempt| attempt.started.is_some());
        sprint.live_attempts().filter(|(n, _)| started(*n)).count() < self.at_once
    }
}

/// A worker of this project, or of the other one.
pub(crate) fn worker(project: &ProjectId, foreign: bool, number: u8) -> Option<WorkerId> {
    let project = if foreign { OTHER_PROJECT } else { project.as_str() };
    WorkerId::new(format!("{project}-worker-{number}")).ok()
}

/// The project that a worker serves.
pub(crate) fn project_of(worker: &WorkerId) -> &str {
    worker.as_str().split('-').next().unwrap_or_default()
}
