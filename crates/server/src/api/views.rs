//! What people are shown of a sprint and its tasks.

use std::collections::HashMap;

use team6_core::explain::Explanation;
use team6_core::ids::{StreamVersion, TaskId, TaskKey};
use team6_core::plan::SavedPlan;
use team6_core::sprint::{Attempt, PullRequest, Sprint, SprintSummary, Stage, Task, TaskSummary, Work, WorkId};

use super::types::{
    AttemptDetail, AttemptItem, OpenQuestion, PlanVersionItem, PullRequestItem, PullRequestState, RelatedTask, Running,
    Spending, SprintDetail, SprintItem, SprintTask, TaskDetail, TaskItem,
};

pub(super) fn sprint_item(sprint: &Sprint) -> SprintItem {
    summarized(sprint.summary(), sprint.explain_planning())
}

pub(super) fn summarized(summary: SprintSummary, why: Option<Explanation>) -> SprintItem {
    SprintItem {
        id: summary.id,
        project: summary.project,
        title: summary.title,
        lead: summary.lead,
        phase: summary.phase,
        since: summary.since,
        paused: summary.paused,
        newest: summary.newest,
        approved: summary.approved,
        counts: summary.counts,
        why: why.map(Into::into),
    }
}

pub(super) fn task_item(summary: TaskSummary) -> TaskItem {
    TaskItem {
        id: summary.id,
        sprint: summary.sprint,
        parent: summary.parent,
        title: summary.title,
        state: summary.state,
        owner: summary.owner,
        agent: summary.agent,
        since: summary.since,
        attempts: summary.attempts,
        approved: summary.approved,
        why: summary.why.map(Into::into),
    }
}

pub(super) fn attempt_item(attempt: &Attempt) -> AttemptItem {
    AttemptItem {
        id: attempt.id,
        work: attempt.work,
        agent: attempt.agent.clone(),
        reason: attempt.reason.clone(),
        scheduled_at: attempt.scheduled_at,
        started_at: attempt.started.as_ref().map(|started| started.at),
        worker: attempt.started.as_ref().map(|started| started.worker.clone()),
        ended_at: attempt.ended.as_ref().map(|ended| ended.at),
        outcome: attempt.ended.as_ref().map(|ended| ended.outcome.clone()),
        usage: attempt.usage,
    }
}

/// An attempt without the length of its trace, which others know.
pub(super) fn attempt_detail(sprint: &Sprint, n: u32) -> Option<AttemptDetail> {
    let attempt = sprint.attempt(n)?;
    let running = match &sprint.work(attempt.work)?.stage {
        Stage::Running {
            attempt: current,
            progress,
            lease_until,
            ..
        } if *current == n => Some((progress.clone(), *lease_until)),
        _ => None,
    };
    let title = match attempt.work {
        WorkId::Planning => sprint.title(),
        WorkId::Task(task) => sprint.tasks.get(&task)?.planned.title.as_str().into(),
    };
    Some(AttemptDetail {
        attempt: attempt_item(attempt),
        project: sprint.project.clone(),
        title: title.into_owned(),
        lease_until: running.as_ref().map(|(_, until)| *until),
        progress: running.and_then(|(progress, _)| progress),
        trace: 0,
    })
}

/// The agent that works on something now, if one does.
fn running(sprint: &Sprint, work: &Work) -> Option<Running> {
    let Stage::Running {
        attempt,
        worker,
        lease_until,
        active_at,
        ready,
        progress,
        stopping,
        ..
    } = &work.stage
    else {
        return None;
    };
    let attempt = sprint.attempt(*attempt)?;
    Some(Running {
        attempt: attempt.id,
        agent: attempt.agent.clone(),
        worker: worker.clone(),
        started_at: attempt
            .started
            .as_ref()
            .map_or(attempt.scheduled_at, |started| started.at),
        ready: *ready,
        progress: progress.clone(),
        active_at: *active_at,
        silent_until: *active_at + sprint.policy.silence,
        lease_until: *lease_until,
        stopping: *stopping,
    })
}

fn attempts(sprint: &Sprint, work: &Work) -> Vec<AttemptItem> {
    let known = work.attempts.iter().filter_map(|n| sprint.attempt(*n));
    known.map(attempt_item).collect()
}

pub(super) fn sprint_detail(sprint: &Sprint, version: StreamVersion) -> SprintDetail {
    let (levels, critical_path) = graph(sprint);
    let to_planner = sprint.messages.iter().filter(|message| message.to == WorkId::Planning);
    let tasks = sprint.planned_tasks().filter_map(|task| {
        Some(SprintTask {
            task: task_item(sprint.task_summary(task.id)?),
            running: running(sprint, &task.work),
            key: task.planned.key.clone(),
            depends_on: dependencies(sprint, task),
            level: levels.get(&task.planned.key).copied(),
            estimate_minutes: task.planned.estimate_minutes,
            in_plan: task.in_plan,
        })
    });
    let owners = sprint.tasks.values().filter_map(|task| task.owner.as_ref());
    SprintDetail {
        sprint: sprint_item(sprint),
        version,
        goal: sprint.goal.clone(),
        planner: sprint.planner.clone(),
        opened_at: sprint.opened_at,
        pause: sprint.paused.clone(),
        deputies: sprint.deputies.clone(),
        reviews: owners.map(|owner| (owner.clone(), sprint.review_load(owner))).collect(),
        most_reviews: sprint.policy.reviews,
        plan: sprint.newest_plan().cloned(),
        approval: sprint.approved.clone(),
        agents: sprint.roster.clone(),
        questions: sprint.questions.clone(),
        messages: to_planner.cloned().collect(),
        attempts: attempts(sprint, &sprint.planning),
        running: running(sprint, &sprint.planning),
        tasks: tasks.collect(),
        critical_path,
        spending: Spending {
            budget: sprint.budget,
            spent: sprint.spent,
            reserved: sprint.reserved(),
        },
    }
}

/// The level of each task of the newest plan, and the chain that holds the sprint back most.
fn graph(sprint: &Sprint) -> (HashMap<&TaskKey, usize>, Vec<TaskId>) {
    let (Some((graph, path)), Some(saved)) = (sprint.graph(), sprint.newest_plan()) else {
        return (HashMap::new(), Vec::new());
    };
    let tasks = &saved.plan.tasks;
    let levels = graph.levels();
    let levels = tasks.iter().zip(levels).map(|(task, level)| (&task.key, level));
    let path = path.into_iter().filter_map(|at| tasks.get(at));
    let path = path.filter_map(|task| sprint.keys.get(&task.key)).copied();
    (levels.collect(), path.collect())
}

/// What a task waits for: as approved, or as planned while nothing is.
fn dependencies(sprint: &Sprint, task: &Task) -> Vec<TaskId> {
    let keys = task.planned.depends_on.iter();
    keys.filter_map(|key| sprint.keys.get(key)).copied().collect()
}

pub(super) fn task_detail(sprint: &Sprint, version: StreamVersion, id: TaskId) -> Option<TaskDetail> {
    let task = sprint.tasks.get(&id)?;
    let related = |ids: &[TaskId]| -> Vec<RelatedTask> {
        let summaries = ids.iter().filter_map(|id| sprint.task_summary(*id));
        let item = |summary: TaskSummary| RelatedTask {
            id: summary.id,
            title: summary.title,
            state: summary.state,
        };
        summaries.map(item).collect()
    };
    let question = match &task.work.stage {
        Stage::Asking { question, options } => Some(OpenQuestion {
            text: question.clone(),
            options: options.clone(),
        }),
        _ => None,
    };
    let dependents: Vec<TaskId> = sprint
        .planned_tasks()
        .filter(|other| other.planned.depends_on.contains(&task.planned.key))
        .map(|other| other.id)
        .collect();
    let messages = sprint.messages.iter().filter(|message| message.to == WorkId::Task(id));
    let pull_requests = task.pull_requests.iter();
    Some(TaskDetail {
        task: task_item(sprint.task_summary(id)?),
        version,
        memories: Vec::new(),
        conflicts: Vec::new(),
        updates: task.updating.done.clone(),
        project: sprint.project.clone(),
        key: task.planned.key.clone(),
        planned: task.planned.clone(),
        approved: task.approved,
        in_plan: task.in_plan,
        agent: task.agent.clone(),
        branch: task.branch.clone(),
        pause: task.paused.clone(),
        dependencies: related(&dependencies(sprint, task)),
        dependents: related(&dependents),
        parent: task.parent().and_then(|parent| related(&[parent]).pop()),
        subtasks: related(&task.subtasks),
        attempts: attempts(sprint, &task.work),
        running: running(sprint, &task.work),
        question,
        messages: messages.cloned().collect(),
        pull_requests: pull_requests
            .map(|(repository, pull_request)| PullRequestItem {
                repository: repository.clone(),
                number: pull_request.number,
                state: state(task, pull_request),
                head: pull_request.head.clone(),
                shown: pull_request.shown.clone(),
                merged: pull_request.merged.clone(),
                reverted: pull_request.reverted.clone(),
            })
            .collect(),
        checks: super::task_checks::of(task),
        packet: None,
        reviews: task.reviews.clone(),
        threads: task.threads.clone(),
        deliveries: task.deliveries,
        delivery: task.summary.clone(),
        approved_by: task.approved_by.clone(),
        merge_trouble: task.merge_trouble.clone(),
        usage: task.usage,
        spending: Spending {
            budget: sprint.budget_of(task),
            spent: sprint.spent_by(task.id),
            reserved: sprint.reserved_by(task.id),
        },
    })
}

fn state(task: &Task, pull_request: &PullRequest) -> PullRequestState {
    if pull_request.merged.is_some() {
        PullRequestState::Merged
    } else if task.work.stage.is_ended() {
        PullRequestState::Closed
    } else if pull_request.number.is_none() || pull_request.shown.as_ref() != Some(&pull_request.head) {
        PullRequestState::Publishing
    } else {
        PullRequestState::Open
    }
}

pub(super) fn plan_version(sprint: &Sprint, saved: &SavedPlan) -> PlanVersionItem {
    PlanVersionItem {
        version: saved.version,
        title: saved.plan.title.clone(),
        tasks: saved.plan.tasks.len(),
        by: saved.by.clone(),
        at: saved.at,
        note: saved.note.clone(),
        approved: sprint
            .approved
            .as_ref()
            .is_some_and(|approval| approval.version == saved.version),
    }
}
