//! What a person could do now about a sprint: the exact commands, so that nobody has to look for them.

use team6_core::explain::Reason;
use team6_core::sprint::{QuestionState, SprintPhase};
use team6_server::api::types::{SprintDetail, TaskItem};

use super::show::closed;
use crate::commands::task::another_agent;
use crate::output::Page;

/// For how many tasks the commands are spelled out; the inbox tells of the others.
const TASKS: usize = 6;

/// What can be done next.
pub(super) fn steps(detail: &SprintDetail, page: &mut Page) {
    match closed(detail.sprint.phase) {
        true => over(detail, page),
        false => open(detail, page),
    }
}

fn open(detail: &SprintDetail, page: &mut Page) {
    let id = detail.sprint.id;
    let sprint = &detail.sprint;
    let why = sprint.why.as_ref().map(|why| &why.reason);
    if matches!(why, Some(Reason::PlanningFailed { .. } | Reason::Held { .. })) {
        page.next(format!("team6 sprint retry {id} --note TEXT"), "plans again");
    }
    if matches!(why, Some(Reason::NotPlanned)) {
        page.next(format!("team6 sprint revise {id} TEXT"), "asks for a plan");
    }
    if matches!(why, Some(Reason::PlanningFailed { .. } | Reason::NotPlanned)) {
        page.next(format!("team6 sprint log {id}"), "shows what the planning agent did");
    }
    let questions = &detail.questions;
    if questions.iter().any(|question| question.state == QuestionState::Open) {
        page.next(
            format!("team6 sprint questions {id}"),
            "shows what the planning agent asks",
        );
    }
    if sprint.newest.is_some() && sprint.newest != sprint.approved {
        let unowned = detail
            .tasks
            .iter()
            .any(|task| task.in_plan && task.task.owner.is_none());
        if unowned {
            page.next(format!("team6 sprint owners {id}"), "shows who could own the tasks");
            page.next(
                format!("team6 sprint owners {id} --suggested"),
                "gives each to whoever is suggested first",
            );
        }
        page.next(format!("team6 sprint edit {id}"), "changes the plan");
        let does = match unowned {
            true => "lets it run, once each task has an owner",
            false => "lets it run",
        };
        page.next(format!("team6 sprint approve {id}"), does);
    }
    if detail.pause.is_some() {
        page.next(format!("team6 sprint resume {id}"), "goes on with it");
    }
    let waiting: Vec<_> = detail.tasks.iter().map(|task| steps_of(&task.task)).collect();
    let waiting: Vec<_> = waiting.into_iter().filter(|steps| !steps.is_empty()).collect();
    for (command, does) in waiting.iter().take(TASKS).flatten() {
        page.next(command, does);
    }
    if waiting.len() > TASKS {
        page.next(
            format!("team6 inbox --all --sprint {id}"),
            "shows all that waits for somebody",
        );
    }
    page.next(format!("team6 sprint watch {id}"), "shows it live");
}

/// What a person does about a task that waits for one.
fn steps_of(task: &TaskItem) -> Vec<(String, &'static str)> {
    let id = task.id;
    match task.why.as_ref().map(|why| &why.reason) {
        Some(Reason::Failed { .. }) => {
            let mut steps = vec![(format!("team6 task log {id}"), "shows how it came to fail")];
            steps.extend(another_agent(task));
            steps.push((format!("team6 task retry {id} --note TEXT"), "tries again"));
            steps
        }
        Some(Reason::Held { .. }) => vec![(format!("team6 task retry {id}"), "tries at once")],
        Some(Reason::Asked { .. }) => vec![(format!("team6 task chat {id} TEXT"), "answers its agent")],
        Some(Reason::Review { .. }) => vec![(format!("team6 task diff {id}"), "shows what is to be reviewed")],
        Some(Reason::Merge { .. }) => vec![(format!("team6 task merge {id}"), "merges it")],
        Some(Reason::PartlyMerged { .. }) => vec![
            (format!("team6 task merge {id}"), "merges the rest"),
            (format!("team6 task revert {id}"), "takes back what was merged"),
        ],
        Some(Reason::PartlyReverted { .. }) => {
            vec![(format!("team6 task revert {id} --yes"), "goes on taking it back")]
        }
        Some(Reason::SubtaskReview { task, .. }) => {
            vec![(
                format!("team6 task review {task} --approve"),
                "approves the subtask that belongs to somebody else",
            )]
        }
        Some(Reason::DependencyCancelled { .. }) => {
            vec![(
                format!("team6 sprint edit {}", task.sprint),
                "changes what it waits for",
            )]
        }
        _ => Vec::new(),
    }
}

/// Where to see what came of a sprint that is over, and how work goes on.
fn over(detail: &SprintDetail, page: &mut Page) {
    let done: Vec<String> = detail
        .tasks
        .iter()
        .filter(|task| task.task.state == "done")
        .map(|task| task.task.id.to_string())
        .collect();
    if let [first, others @ ..] = done.as_slice() {
        let also = match others {
            [] => String::new(),
            others => format!("; the same for {}", others.join(", ")),
        };
        page.next(
            format!("team6 task diff {first}"),
            &format!("shows what was merged{also}"),
        );
        page.next(
            format!("team6 task show {first}"),
            &format!("shows where, and who reviewed it{also}"),
        );
    }
    page.next(
        format!("team6 events --sprint {}", detail.sprint.id),
        "shows all that happened in it",
    );
    let goes_on = match detail.sprint.phase {
        SprintPhase::Cancelled => "has another one planned",
        _ => "has the next one planned",
    };
    page.next(format!("team6 sprint plan {} \"GOAL\"", detail.sprint.project), goes_on);
}
