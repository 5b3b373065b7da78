//! What an attempt must take note of, read from its sprint.

use team6_core::ids::SprintId;
use team6_core::sprint::{Sprint, Stage, WorkId};
use team6_worker::control::Instructions;

/// The instructions of an attempt as of now.
pub(super) fn of(sprint: &Sprint, attempt: u32) -> Instructions {
    let over = Instructions {
        over: true,
        ..Instructions::default()
    };
    let Some((id, reserved)) = sprint.attempt(attempt).map(|a| (a.work, a.reserved)) else {
        return over;
    };
    let Some(work) = sprint.work(id) else { return over };
    let stop = match &work.stage {
        Stage::Running {
            attempt: current,
            stopping,
            ..
        } if *current == attempt => *stopping,
        _ => return over,
    };
    let unread = sprint.messages.iter().filter(|m| work.unread.contains(&m.id));
    Instructions {
        messages: unread.cloned().collect(),
        stop,
        over: false,
        reserved,
    }
}

/// The work of a sprint that may still be gone on with.
pub(crate) fn live(sprint: &Sprint) -> Vec<(SprintId, WorkId)> {
    let started = sprint
        .tasks
        .values()
        .filter(|task| task.has_started() && !task.work.stage.is_ended());
    let planning = [WorkId::Planning].into_iter().filter(|_| sprint.is_open());
    let all = planning.chain(started.map(|task| WorkId::Task(task.id)));
    all.map(|work| (sprint.id, work)).collect()
}
