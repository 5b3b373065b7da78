//! Everything that is not done has one reason, and nothing waits for nobody.

use team6_core::explain::{Actor, Reason};
use team6_core::sprint::{Sprint, SprintPhase, Stage};

use super::{Found, ensure};

/// A message to the agent of a task that rests has woken it.
pub(super) fn messages_are_on_their_way(sprint: &Sprint) -> Found {
    if !sprint.is_open() {
        return Ok(());
    }
    let rests = |stage: &Stage| {
        matches!(
            stage,
            Stage::Asking { .. }
                | Stage::AwaitingSubtasks { .. }
                | Stage::InReview
                | Stage::Delivered
                | Stage::Failed { .. }
        )
    };
    let unheard = sprint
        .tasks
        .values()
        .find(|t| rests(&t.work.stage) && !t.work.unread.is_empty());
    ensure(unheard.is_none(), "12 messages", || {
        let heard = unheard.map(|t| (t.id, &t.work.stage, &t.work.unread));
        format!("nobody will read these messages: {heard:?}")
    })
}

/// Until a plan runs, the sprint itself waits for somebody too.
pub(super) fn planning_has_a_reason(sprint: &Sprint) -> Found {
    if !sprint.is_open() {
        return Ok(());
    }
    let Some(why) = sprint.explain_planning() else {
        return ensure(sprint.phase == SprintPhase::Running, "12 planning", || {
            format!("no plan runs, and nobody says why: {:?}", sprint.planning.stage)
        });
    };
    if matches!(why.actor, Actor::Person(_)) {
        return Ok(());
    }
    let latest = why.by.map(|by| by + sprint.policy.queue_check);
    let wakes = sprint.next_deadline();
    let in_time = latest.zip(wakes).is_some_and(|(latest, wakes)| wakes <= latest);
    ensure(in_time, "12 planning", || {
        format!("the planning waits: {why:?}, and the engine wakes at {wakes:?}")
    })
}

/// Every task that is not done has one reason, and unless a person decides, a time by which somebody looks again.
pub(super) fn everything_has_a_reason(sprint: &Sprint) -> Found {
    if !sprint.is_open() {
        return Ok(());
    }
    let wakes = sprint.next_deadline();
    for task in sprint.planned_tasks().filter(|t| !t.work.stage.is_ended()) {
        let id = task.id;
        let Some(why) = sprint.explain(id) else {
            return Err(("12 explain", format!("task {id} ({:?}) has no reason", task.work.stage)));
        };
        if matches!(why.actor, Actor::Person(_)) {
            continue;
        }
        let Some(by) = why.by else {
            return Err((
                "12 explain",
                format!("task {id}: {why:?} has neither a person nor a deadline"),
            ));
        };
        // Ready would mean that nothing stands before it, and still nobody scheduled it.
        ensure(why.reason != Reason::Ready, "12 explain", || {
            format!("task {id} is ready and was not scheduled")
        })?;
        // After a backoff it is the queue that wakes first, and the engine looks whether it did.
        let latest = by + sprint.policy.queue_check;
        ensure(wakes.is_some_and(|wakes| wakes <= latest), "12 explain", || {
            format!("task {id}: {why:?}, but nothing will wake the engine by then")
        })?;
    }
    Ok(())
}
