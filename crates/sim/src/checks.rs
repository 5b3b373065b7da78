//! Whoever runs checks: it answers late, twice, about commits of before, or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use team6_core::checks::{Check, Checkout, Digest, Run, RunEnd};
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::sprint::{Command, Sprint};
use team6_core::time::Timestamp;

use crate::worker::Message;

/// What is answered about a delivery, with the time of each answer.
pub(crate) fn run(
    rng: &mut Rng,
    sprint: &Sprint,
    task: TaskId,
    wanted: &BTreeMap<RepositoryId, Vec<Check>>,
    now: Timestamp,
    fair: bool,
) -> Vec<(Timestamp, Message)> {
    let Some(offered) = sprint.tasks.get(&task).map(|t| &t.pull_requests) else {
        return Vec::new();
    };
    let mut answers = Vec::new();
    for (repository, check) in wanted
        .iter()
        .flat_map(|(id, checks)| checks.iter().map(move |check| (id, check)))
    {
        let Some(head) = offered.get(repository).map(|offered| offered.head.clone()) else {
            continue;
        };
        let at = now + Duration::from_secs(rng.u64(1..900));
        let (mut run, mut base) = runs(rng, head, at);
        if check.is_together() {
            run.beside = beside(rng, sprint, task, repository, fair);
            base.iter_mut().for_each(|base| base.beside = run.beside.clone());
        }
        let answer = Message::Command(Command::RecordCheck {
            task,
            repository: repository.clone(),
            check: check.name.clone(),
            run,
            base,
            tail: "1 test failed".into(),
        });
        match rng.u8(0..16) {
            0 if !fair => {}
            1 | 2 if !fair => {
                answers.push((at, answer.clone()));
                answers.push((at + Duration::from_secs(rng.u64(0..4_000)), answer));
            }
            3 if !fair => answers.push((at + Duration::from_secs(rng.u64(0..9_000)), answer)),
            _ => answers.push((at, answer)),
        }
    }
    answers
}

/// What lay beside a repository: what the task offers there, or its base; now and then something of before.
fn beside(
    rng: &mut Rng,
    sprint: &Sprint,
    task: TaskId,
    first: &RepositoryId,
    fair: bool,
) -> BTreeMap<RepositoryId, Checkout> {
    let base = CommitId::new("0".repeat(40)).ok();
    let task = sprint.tasks.get(&task);
    let others = task.into_iter().flat_map(|task| &task.planned.repositories);
    let others = others.filter(|other| *other != first);
    let at = |other: &RepositoryId| {
        let open = task?.pull_requests.get(other).filter(|p| p.merged.is_none());
        let head = open.map(|p| p.head.clone()).filter(|_| fair || rng.u8(0..12) > 0);
        let commit = head.or_else(|| base.clone())?;
        let tree = Some(commit.clone());
        Some((other.clone(), Checkout { commit, tree }))
    };
    others.filter_map(at).collect()
}

fn runs(rng: &mut Rng, commit: CommitId, at: Timestamp) -> (Run, Option<Run>) {
    let run = |commit: CommitId, end: RunEnd| Run {
        tree: Some(commit.clone()),
        beside: BTreeMap::new(),
        commit,
        end,
        log: Digest::of(b"1 test failed"),
        log_bytes: 13,
        began: at,
        ended: at,
    };
    let base = CommitId::new("0".repeat(40)).unwrap_or_else(|_| commit.clone());
    let red = RunEnd::Exited { status: 1 };
    match rng.u8(0..8) {
        0 | 1 => (run(commit, red), Some(run(base, RunEnd::Exited { status: 0 }))),
        2 => (run(commit, red.clone()), Some(run(base, red))),
        3 if rng.bool() => (run(commit, RunEnd::TimedOut), None),
        _ => (run(commit, RunEnd::Exited { status: 0 }), None),
    }
}
