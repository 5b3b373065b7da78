//! The people of the simulated team: now and then they do anything at all, and when it is calm they do what the inbox
//! asks of them.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use team6_core::explain::{Actor, Explanation, Reason};
use team6_core::ids::{PersonId, PlanVersion, TaskId};
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, MergeMethod, ReviewComment, Sprint, Stage, Task, Urgency, Verdict, WorkId,
};

use crate::{plans, spending};

/// Everybody there is; the first one leads.
pub(crate) fn people() -> Vec<PersonId> {
    ["ada", "bob", "cyd"]
        .into_iter()
        .filter_map(|name| PersonId::new(name).ok())
        .collect()
}

/// What an approval is checked against.
pub(crate) fn facts() -> ApprovalFacts {
    let card = |name: &str, specialty: &str| {
        Some(AgentCard {
            id: name.parse().ok()?,
            specialties: vec![specialty.parse().ok()?],
            merged: 0,
            failed: 0,
        })
    };
    ApprovalFacts {
        may_approve: true,
        repositories: plans::repositories().into_iter().collect::<BTreeSet<_>>(),
        agents: [card("back", "backend"), card("front", "frontend")]
            .into_iter()
            .flatten()
            .collect(),
    }
}

/// Anything that a person may try, sensible or not.
pub(crate) fn anything(rng: &mut Rng, sprint: &Sprint) -> Command {
    let everybody = people();
    let by = everybody[rng.usize(0..everybody.len())].clone();
    // A review is a short time in the life of a task and has many rules, so every other try falls on one.
    let reviewed = |task: &&Task| task.work.stage == Stage::InReview;
    let mut tasks: Vec<TaskId> = sprint.tasks.values().filter(reviewed).map(|task| task.id).collect();
    if tasks.is_empty() || rng.bool() {
        tasks = sprint.tasks.keys().copied().collect();
    }
    let task = if tasks.is_empty() {
        TaskId(0)
    } else {
        tasks[rng.usize(0..tasks.len())]
    };
    // Mostly the one who may; now and then somebody who has no business there.
    let owner = sprint.tasks.get(&task).and_then(|t| t.owner.clone());
    let owner = owner.filter(|_| rng.u8(0..8) > 0).unwrap_or_else(|| by.clone());
    let newest = sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version);
    match rng.u8(0..40) {
        39 => {
            let deputy = everybody[rng.usize(0..everybody.len())].clone();
            Command::SetDeputy {
                by,
                owner,
                deputy: Some(deputy).filter(|_| rng.bool()),
                may_approve: rng.bool(),
            }
        }
        37 => spending::lacking(rng, sprint),
        38 => spending::told_of_funds(rng, sprint),
        35 => Command::SetTaskBudget {
            by: owner,
            task,
            budget: spending::budget(rng),
        },
        36 => Command::SetSprintBudget {
            by,
            budget: spending::budget(rng),
        },
        34 => Command::AddSubtask {
            by: owner,
            parent: task,
            brief: Box::new(plans::brief(rng)),
            task: TaskId(0),
        },
        0 | 1 => Command::Chat {
            by: owner,
            to: WorkId::Task(task),
            text: "Look here.".into(),
            urgency: Urgency::Interrupt,
        },
        2 => Command::Chat {
            by,
            to: WorkId::Planning,
            text: "Smaller, please.".into(),
            urgency: Urgency::NextTurn,
        },
        3 => Command::PauseTask { by: owner, task },
        4..=6 => Command::ResumeTask { by: owner, task },
        7 => Command::PauseSprint { by },
        8..=10 => Command::ResumeSprint { by },
        11 if rng.u8(0..8) == 0 => Command::CancelTask { by: owner, task },
        12 if rng.u8(0..60) == 0 => Command::CancelSprint { by },
        13 | 14 => Command::Retry {
            by: owner,
            work: WorkId::Task(task),
            note: "again".into(),
        },
        15 => Command::Retry {
            by,
            work: WorkId::Planning,
            note: "again".into(),
        },
        16..=18 => {
            let verdicts = [Verdict::Approve, Verdict::RequestChanges, Verdict::Comment];
            let verdict = verdicts[rng.usize(0..3)];
            let repositories = sprint
                .tasks
                .get(&task)
                .map(|t| t.pull_requests.keys().cloned().collect::<Vec<_>>());
            let comments = repositories
                .unwrap_or_default()
                .into_iter()
                .map(|repository| ReviewComment {
                    repository,
                    path: "src/lib.rs".into(),
                    line: Some(3),
                    end_line: None,
                    old_side: false,
                    text: "Why?".into(),
                });
            let comments = comments.collect();
            Command::SubmitReview {
                by: owner,
                task,
                verdict,
                body: "Seen.".into(),
                comments,
                heads: BTreeMap::new(),
            }
        }
        33 => Command::Revert { by: owner, task },
        19 | 20 => Command::Merge {
            by: owner,
            task,
            method: MergeMethod::Merge,
        },
        21 => Command::SetOwners {
            by: by.clone(),
            owners: BTreeMap::from([(task, by)]),
        },
        22 => {
            let owners = sprint
                .tasks
                .values()
                .filter(|t| !t.work.stage.is_ended())
                .map(|t| (t.id, by.clone()));
            Command::SetOwners {
                by: by.clone(),
                owners: owners.collect(),
            }
        }
        23..=25 => {
            let mut facts = facts();
            facts.may_approve = rng.u8(0..4) > 0;
            let version = if rng.u8(0..6) == 0 {
                PlanVersion(rng.u32(0..newest.0 + 2))
            } else {
                newest
            };
            Command::Approve { by, version, facts }
        }
        26 | 27 => {
            let plan = sprint.newest_plan().map(|saved| saved.plan.clone());
            let plan = match plan {
                Some(plan) => plans::changed(rng, &plan),
                None => plans::plan(rng),
            };
            let base = if rng.u8(0..6) == 0 {
                PlanVersion(newest.0.wrapping_sub(1))
            } else {
                newest
            };
            Command::SavePlan {
                by,
                base,
                plan,
                note: "edited".into(),
                first_task: TaskId(0),
            }
        }
        28 => Command::RestorePlan {
            by,
            version: PlanVersion(rng.u32(0..newest.0 + 2)),
        },
        29 => {
            let agent = if rng.bool() { "back" } else { "front" };
            match agent.parse() {
                Ok(agent) => Command::ChooseAgent { by: owner, task, agent },
                Err(_) => Command::Tick,
            }
        }
        _ => match sprint.open_questions().next() {
            Some(question) if rng.bool() => Command::AnswerQuestion {
                by,
                question: question.id,
                text: "Far enough.".into(),
            },
            Some(question) if rng.bool() => Command::SkipQuestion {
                by,
                question: question.id,
            },
            Some(question) => Command::HandQuestion {
                by: by.clone(),
                question: question.id,
                to: by,
            },
            None => Command::Tick,
        },
    }
}

/// What somebody tries where a decision is due: anybody at all, whether it is theirs or not, reviewed or not.
pub(crate) fn tempted(rng: &mut Rng, sprint: &Sprint) -> Option<Command> {
    let due = sprint.tasks.values();
    let is_due = |stage: &Stage| {
        matches!(
            stage,
            Stage::InReview | Stage::Delivered | Stage::Merging { .. } | Stage::Reverting { .. }
        )
    };
    let due = due.filter(|t| is_due(&t.work.stage));
    let due: Vec<&Task> = due.collect();
    let is_partly = |task: &Task| task.pull_requests.values().any(|p| p.merged.is_some());
    let drawn = due.get(rng.usize(0..due.len().max(1)))?;
    let task = due
        .iter()
        .find(|task| is_partly(task))
        .filter(|_| rng.u8(0..4) > 0)
        .unwrap_or(drawn);
    let everybody = people();
    let anybody = everybody[rng.usize(0..everybody.len())].clone();
    let by = task.owner.clone().filter(|_| rng.bool()).unwrap_or(anybody);
    if task.taking_back && rng.u8(0..4) > 0 {
        // Merged on after all.
        let by = task.owner.clone()?;
        return Some(match task.approved_by {
            Some(_) => Command::Merge {
                by,
                task: task.id,
                method: MergeMethod::Merge,
            },
            None => decided(by, task.id, Verdict::Approve),
        });
    }
    if is_partly(task) && rng.bool() {
        let task = task.id;
        return Some(Command::Revert { by, task });
    }
    if task.merges > 0 && rng.u8(0..6) == 0 {
        // Second thoughts, while the merge is on its way or was not answered in time.
        let by = task.owner.clone()?;
        let task = task.id;
        return Some(match rng.u8(0..8) {
            0 => Command::CancelSprint { by },
            _ => Command::CancelTask { by, task },
        });
    }
    if matches!(task.work.stage, Stage::Merging { .. }) || rng.u8(0..8) == 0 {
        return Some(Command::Chat {
            by: task.owner.clone()?,
            to: WorkId::Task(task.id),
            text: "One more thing.".into(),
            urgency: Urgency::NextTurn,
        });
    }
    let task = task.id;
    let method = MergeMethod::Merge;
    if rng.bool() {
        return Some(Command::Merge { by, task, method });
    }
    let verdicts = [Verdict::Approve, Verdict::RequestChanges, Verdict::Comment];
    Some(decided(by, task, verdicts[rng.usize(0..3)]))
}

/// A review without comments.
fn decided(by: PersonId, task: TaskId, verdict: Verdict) -> Command {
    Command::SubmitReview {
        by,
        task,
        verdict,
        body: "Seen.".into(),
        comments: vec![],
        heads: BTreeMap::new(),
    }
}

/// What a person does about something that waits for them.
pub(crate) fn sensible(sprint: &Sprint, task: Option<TaskId>, why: &Explanation) -> Option<Command> {
    let Actor::Person(by) = why.actor.clone() else {
        return None;
    };
    let work = task.map_or(WorkId::Planning, WorkId::Task);
    Some(match (&why.reason, task) {
        (Reason::QuestionOpen { question, .. }, _) => Command::SkipQuestion {
            by,
            question: *question,
        },
        (Reason::NoOwner, _) => {
            let unowned = sprint
                .tasks
                .values()
                .filter(|t| t.owner.is_none() && !t.work.stage.is_ended());
            Command::SetOwners {
                by: by.clone(),
                owners: unowned.map(|t| (t.id, by.clone())).collect(),
            }
        }
        (Reason::AwaitsApproval { version }, _) => Command::Approve {
            by,
            version: *version,
            facts: facts(),
        },
        (Reason::SprintPaused { .. }, _) => Command::ResumeSprint { by },
        (Reason::Paused { .. }, Some(task)) => {
            let owner = sprint.tasks.get(&task).and_then(|t| t.owner.clone()).unwrap_or(by);
            Command::ResumeTask { by: owner, task }
        }
        (Reason::DependencyCancelled { .. }, Some(task)) => Command::CancelTask { by, task },
        (Reason::Asked { .. }, Some(_)) => Command::Chat {
            by,
            to: work,
            text: "This one.".into(),
            urgency: Urgency::NextTurn,
        },
        (Reason::Failed { .. } | Reason::PlanningFailed { .. }, _) => Command::Retry {
            by,
            work,
            note: "go on".into(),
        },
        // Somebody raised the project's limit.
        (Reason::Funds { .. }, _) => Command::FundsReturned { lacking: None },
        (Reason::Budget { short }, _) => spending::raised(sprint, by, short),
        (Reason::SubtaskReview { task, .. }, _) => decided(by, *task, Verdict::Approve),
        (Reason::Review { .. }, Some(task)) => decided(by, task, Verdict::Approve),
        (Reason::PartlyMerged { .. }, Some(task)) if sprint.tasks.get(&task)?.approved_by.is_none() => {
            decided(by, task, Verdict::Approve)
        }
        (Reason::PartlyReverted { .. }, Some(task)) => Command::Revert { by, task },
        (Reason::Merge { .. } | Reason::PartlyMerged { .. }, Some(task)) => Command::Merge {
            by,
            task,
            method: MergeMethod::Squash,
        },
        (Reason::NotPlanned, None) => Command::Chat {
            by,
            to: work,
            text: "A plan, please.".into(),
            urgency: Urgency::NextTurn,
        },
        _ => return None,
    })
}

/// What the lead does when the newest plan cannot be approved: the plan as it was approved, with what has started.
pub(crate) fn mended_plan(sprint: &Sprint) -> Option<Command> {
    let newest = sprint.newest_plan()?;
    let mut plan = sprint.approved_plan()?.clone();
    plan.title = format!("{} again, version {}", plan.title, newest.version);
    plan.tasks.retain(|t| {
        let task = sprint.keys.get(&t.key).and_then(|id| sprint.tasks.get(id));
        task.is_some_and(|t| !matches!(t.work.stage, Stage::Cancelled { .. }))
    });
    let known: BTreeSet<_> = plan.tasks.iter().map(|t| t.key.clone()).collect();
    for task in &mut plan.tasks {
        let started = sprint
            .keys
            .get(&task.key)
            .and_then(|id| sprint.tasks.get(id))
            .is_some_and(team6_core::sprint::Task::has_started);
        if !started {
            task.depends_on.retain(|on| known.contains(on));
        }
    }
    let by = sprint.lead.clone();
    Some(Command::SavePlan {
        by,
        base: newest.version,
        plan,
        note: "mended".into(),
        first_task: TaskId(0),
    })
}
