//! Random plans: graphs of every shape, over one to three repositories.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use team6_core::checks::Check;
use team6_core::ids::{CheckName, RepositoryId, Specialty, TaskKey};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::sprint::Brief;

/// The repositories of the simulated project.
pub(crate) fn repositories() -> Vec<RepositoryId> {
    ["api", "web", "docs"]
        .into_iter()
        .filter_map(|name| RepositoryId::new(name).ok())
        .collect()
}

/// The repositories that have checks, one of which is run over both together.
pub(crate) fn checked_together() -> BTreeSet<RepositoryId> {
    repositories().into_iter().take(2).collect()
}

/// The checks of the simulated project: the first repository has one and the second two.
pub(crate) fn checks() -> BTreeMap<RepositoryId, Vec<Check>> {
    let check = |name: &str| {
        let name = CheckName::new(name).ok()?;
        let (command, seconds) = (format!("make {name}"), 60);
        Some(Check {
            name,
            command,
            seconds,
            together: BTreeSet::new(),
        })
    };
    let checks = [vec!["test"], vec!["test", "lint"]].map(|names| names.into_iter().filter_map(check).collect());
    let mut all: BTreeMap<RepositoryId, Vec<Check>> = repositories().into_iter().zip(checks).collect();
    // And one over both together.
    if let (Some(mut both), Some((_, first))) = (check("both"), all.iter_mut().next()) {
        both.together = checked_together();
        first.push(both);
    }
    all
}

/// A random plan of one to nine tasks. Now and then it is one that must be refused.
pub(crate) fn plan(rng: &mut Rng) -> Plan {
    let count = rng.usize(1..10);
    let keys: Vec<TaskKey> = (0..count).filter_map(|n| TaskKey::new(format!("t{n}")).ok()).collect();
    let tasks = (0..count).map(|n| task(rng, &keys, n)).collect();
    Plan {
        title: format!("Plan {}", rng.u32(0..1000)),
        prd: "What and why.".into(),
        tasks,
    }
}

/// A version of `plan` with one thing changed: a task added, removed, or its words or dependencies changed.
pub(crate) fn changed(rng: &mut Rng, plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let place = rng.usize(0..plan.tasks.len());
    match rng.u8(0..4) {
        0 => {
            let key = TaskKey::new(format!("x{}", rng.u32(0..100_000)));
            let mut keys: Vec<TaskKey> = plan.tasks.iter().map(|t| t.key.clone()).collect();
            keys.extend(key);
            let last = keys.len() - 1;
            let added = task(rng, &keys, last);
            plan.tasks.push(added);
        }
        1 => {
            plan.tasks.remove(place);
        }
        2 => plan.tasks[place].title = format!("Other words {}", rng.u32(0..1000)),
        _ => {
            let on = plan.tasks[rng.usize(0..plan.tasks.len())].key.clone();
            plan.tasks[place].depends_on = vec![on];
        }
    }
    plan
}

/// What an agent or a person hands over; now and then it is something that must be refused.
pub(crate) fn brief(rng: &mut Rng) -> Brief {
    let fields = ["backend", "frontend", "music"];
    let specialty = match rng.u8(0..8) {
        0..=2 => None,
        3 if rng.u8(0..4) == 0 => Specialty::new(fields[2]).ok(),
        _ => Specialty::new(fields[rng.usize(0..2)]).ok(),
    };
    let agents = ["back", "front", "nobody"];
    let agent = agents[rng.usize(0..3)].parse().ok().filter(|_| rng.u8(0..8) == 0);
    let repositories = match rng.u8(0..4) {
        0 => vec![repositories().swap_remove(rng.usize(0..3))],
        _ => Vec::new(),
    };
    Brief {
        title: format!("Part {}", rng.u32(0..40)),
        what: "A part of it.".into(),
        specialty,
        agent,
        repositories,
        estimate_minutes: rng.u32(5..60),
        budget: (rng.u8(0..3) == 0).then(|| crate::spending::budget(rng)),
        ..Brief::default()
    }
}

fn task(rng: &mut Rng, keys: &[TaskKey], n: usize) -> PlannedTask {
    let mut depends_on: Vec<TaskKey> = keys[..n].iter().filter(|_| rng.u8(0..10) < 3).cloned().collect();
    if rng.u8(0..200) == 0 {
        // A cycle, or a task that waits for itself.
        depends_on.push(keys[rng.usize(0..keys.len())].clone());
    }
    let mut repositories = repositories();
    rng.shuffle(&mut repositories);
    repositories.truncate([1, 1, 1, 2, 3, 3][rng.usize(0..6)]);
    let specialties = ["backend", "frontend"];
    let specialty = if rng.bool() {
        Specialty::new(specialties[rng.usize(0..2)]).ok()
    } else {
        None
    };
    let priorities = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];
    PlannedTask {
        key: keys[n].clone(),
        title: format!("Task {n}"),
        what: "Do it.".into(),
        why: "Because.".into(),
        acceptance_criteria: vec!["It works.".into()],
        depends_on,
        estimate_minutes: rng.u32(5..240),
        priority: priorities[rng.usize(0..4)],
        specialty,
        repositories,
        paths: Vec::new(),
    }
}
