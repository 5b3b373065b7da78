//! Somebody who does at once whatever a sprint waits for: agents, forge and people in one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use team6_core::ids::{
    AgentId, CommitId, FencingToken, PersonId, ProjectId, RepositoryId, Specialty, SprintId, TaskId, TaskKey, WorkerId,
};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::policy::Policy;
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, Delivered, Delivery, MergeMethod, Opening, Sprint, Stage, Verdict,
};
use team6_core::trace::Usage;

pub fn ada() -> PersonId {
    PersonId::new("ada").unwrap()
}

pub fn app() -> RepositoryId {
    RepositoryId::new("app").unwrap()
}

pub fn shop() -> ProjectId {
    ProjectId::new("shop").unwrap()
}

pub fn agent() -> AgentId {
    AgentId::new("claude").unwrap()
}

/// Tasks in rows of `wide`, each of which depends on two of the row before.
pub fn plan(tasks: usize, wide: usize) -> Plan {
    let key = |n: usize| TaskKey::new(format!("t{n}")).unwrap();
    let task = |n: usize| {
        let above = n.checked_sub(wide);
        let depends_on: BTreeSet<usize> = above
            .into_iter()
            .flat_map(|above| [above, above - above % wide + (above + 1) % wide])
            .collect();
        PlannedTask {
            key: key(n),
            title: format!("Task {n}"),
            what: "Something.".into(),
            why: "Somebody wants it.".into(),
            acceptance_criteria: vec!["It is there.".into()],
            depends_on: depends_on.into_iter().map(key).collect(),
            estimate_minutes: 30,
            priority: Priority::Normal,
            specialty: Some(Specialty::new("backend").unwrap()),
            repositories: vec![app()],
            paths: Vec::new(),
        }
    };
    Plan {
        title: "A sprint".into(),
        prd: "# A sprint\n\nWith many tasks.".into(),
        tasks: (0..tasks).map(task).collect(),
    }
}

pub fn opening(tasks: usize) -> Opening {
    Opening {
        id: SprintId(1),
        project: shop(),
        goal: "Everything".into(),
        lead: ada(),
        planner: agent(),
        policy: Policy {
            tasks: tasks.max(500),
            forge_time: Duration::from_secs(3_600),
            ..Policy::default()
        },
    }
}

fn commit(n: u64) -> CommitId {
    CommitId::new(format!("{n:040x}")).unwrap()
}

/// What the planning needs next, given the plan that is wanted; none once the sprint runs.
pub fn planning(sprint: &Sprint, wanted: &Plan) -> Option<Command> {
    if sprint.approved.is_some() {
        return None;
    }
    match &sprint.planning.stage {
        Stage::Queued { attempt, .. } => return Some(start(*attempt)),
        Stage::Running { attempt, token, .. } if sprint.newest_plan().is_none() => {
            return Some(Command::SubmitPlan {
                attempt: *attempt,
                token: *token,
                base: None,
                plan: wanted.clone(),
                first_task: TaskId(1),
            });
        }
        Stage::Running { attempt, token, .. } => {
            return Some(Command::Reply {
                attempt: *attempt,
                token: *token,
                usage: Usage::default(),
            });
        }
        _ => {}
    }
    let unowned = sprint.tasks.values().filter(|task| task.owner.is_none());
    let owners: BTreeMap<TaskId, PersonId> = unowned.map(|task| (task.id, ada())).collect();
    if !owners.is_empty() {
        return Some(Command::SetOwners { by: ada(), owners });
    }
    Some(Command::Approve {
        by: ada(),
        version: sprint.newest_plan()?.version,
        facts: ApprovalFacts {
            may_approve: true,
            repositories: BTreeSet::from([app()]),
            agents: vec![AgentCard {
                id: agent(),
                specialties: Vec::new(),
                merged: 0,
                failed: 0,
            }],
        },
    })
}

/// What a task needs next; none if it waits for others, or is done.
pub fn next(sprint: &Sprint, id: TaskId) -> Option<Command> {
    let task = sprint.tasks.get(&id)?;
    let delivered = Delivered {
        head: commit(1_000_000 + id.0),
        changed: true,
    };
    Some(match &task.work.stage {
        Stage::Queued { attempt, .. } => start(*attempt),
        Stage::Running { attempt, token, .. } => deliver(*attempt, *token, BTreeMap::from([(app(), delivered)])),
        Stage::Publishing { .. } => Command::PullRequestOpened {
            task: id,
            repository: app(),
            number: id.0,
            head: task.heads.get(&app())?.clone(),
        },
        Stage::InReview if task.approved_by.is_none() => Command::SubmitReview {
            by: ada(),
            task: id,
            verdict: Verdict::Approve,
            body: String::new(),
            comments: Vec::new(),
            heads: BTreeMap::new(),
        },
        Stage::InReview => Command::Merge {
            by: ada(),
            task: id,
            method: MergeMethod::Merge,
        },
        Stage::Merging { .. } => Command::PullRequestMerged {
            task: id,
            repository: app(),
            commit: commit(2_000_000 + id.0),
        },
        _ => return None,
    })
}

fn start(attempt: u32) -> Command {
    Command::StartAttempt {
        attempt,
        worker: WorkerId::new("w").unwrap(),
    }
}

fn deliver(attempt: u32, token: FencingToken, results: BTreeMap<RepositoryId, Delivered>) -> Command {
    Command::Deliver {
        attempt,
        token,
        delivery: Delivery {
            what: "It is done.".into(),
            why: "It was asked for.".into(),
            ..Delivery::default()
        },
        answers: Vec::new(),
        results,
        integrated: std::collections::BTreeSet::new(),
        checks: Default::default(),
        usage: Usage::default(),
    }
}
