//! Sprints as people see them.

use serde_json::Value;
use team6_core::ids::{PersonId, PlanVersion};
use team6_core::plan::PlanDiff;
use team6_core::sprint::{QuestionState, ReviewLoad, SprintPhase};
use team6_server::api::types::{PlanVersionItem, SprintDetail, SprintItem, SprintTask, TaskItem};

use super::next;
use crate::client::Reply;
use crate::commands::budget;
use crate::commands::task::{list_tasks, why, why_in_short};
use crate::output::{Page, Tone, ago};

pub(super) fn closed(phase: SprintPhase) -> bool {
    matches!(phase, SprintPhase::Finished | SprintPhase::Cancelled)
}

/// Leaves closed sprints out.
pub(super) fn without_closed(sprints: &mut Reply<Vec<SprintItem>>) {
    let keep: Vec<bool> = sprints.item.iter().map(|sprint| !closed(sprint.phase)).collect();
    let mut kept = keep.iter();
    sprints.item.retain(|_| kept.next().is_none_or(|keep| *keep));
    if let Value::Array(items) = &mut sprints.raw {
        let mut kept = keep.iter();
        items.retain(|_| kept.next().is_none_or(|keep| *keep));
    }
}

fn phase(sprint: &SprintItem) -> (Tone, String) {
    let (tone, name) = match sprint.phase {
        SprintPhase::Planning => (Tone::Attention, "planning"),
        SprintPhase::Running => (Tone::Plain, "running"),
        SprintPhase::Finished => (Tone::Good, "finished"),
        SprintPhase::Cancelled => (Tone::Faint, "cancelled"),
    };
    let paused = if sprint.paused { ", paused" } else { "" };
    (tone, format!("{name}{paused}"))
}

fn progress(sprint: &SprintItem) -> String {
    let counts = &sprint.counts;
    let parts = [
        (counts.running, "at work"),
        (counts.review, "in review"),
        (counts.stuck, "stuck"),
        (counts.waiting, "waiting"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let all = format!(
        "{} of {} done",
        counts.done,
        counts.tasks.saturating_sub(counts.cancelled)
    );
    if parts.is_empty() {
        all
    } else {
        format!("{all}, {}", parts.join(", "))
    }
}

/// Sprints in a table.
pub(super) fn list(sprints: &[SprintItem], page: &mut Page) {
    if sprints.is_empty() {
        page.line("No sprint is open.");
        page.next("team6 sprint plan PROJECT \"GOAL\"", "has one planned");
        return;
    }
    let rows = sprints.iter().map(|sprint| {
        let reason = sprint.why.as_ref().map(why_in_short);
        let (tone, phase) = phase(sprint);
        [
            (Tone::Strong, sprint.id.to_string()),
            (Tone::Plain, sprint.project.to_string()),
            (Tone::Plain, sprint.title.clone()),
            (tone, phase),
            (Tone::Plain, progress(sprint)),
            (Tone::Plain, reason.unwrap_or_default()),
        ]
    });
    page.table(["# sprint", "project", "title", "phase", "tasks", "why"], rows);
}

/// A sprint after a command.
pub(super) fn changed(sprint: &SprintItem, page: &mut Page) {
    let (tone, phase) = phase(sprint);
    let phase = page.tinted(tone, phase);
    page.line(format!(
        "sprint {} {} is {phase} ({})",
        sprint.id,
        sprint.title,
        progress(sprint)
    ));
    if let Some(reason) = &sprint.why {
        let reason = why(reason, page);
        page.line(format!("  {reason}"));
    }
    page.next(format!("team6 sprint watch {}", sprint.id), "shows it live");
}

/// What an owner has to review, and who does it for them.
fn reviews(detail: &SprintDetail, owner: &PersonId, load: ReviewLoad) -> String {
    let most = match detail.most_reviews {
        0 => String::new(),
        most => format!(", of at most {most}"),
    };
    let deputy = detail
        .deputies
        .get(owner)
        .map(|deputy| format!("; {deputy} decides for {owner}"));
    format!(
        "{owner}: {} to review, {} under way{most}{}",
        load.unreviewed,
        load.under_way,
        deputy.unwrap_or_default()
    )
}

/// A sprint with its plan and tasks.
pub(super) fn detail(detail: &SprintDetail, forecast: Option<&str>, prd: bool, page: &mut Page) {
    let sprint = &detail.sprint;
    page.heading(format!("Sprint {}: {}", sprint.id, sprint.title));
    let (tone, phase) = phase(sprint);
    let phase = page.tinted(tone, phase);
    page.field("phase", format!("{phase}, {}; {}", ago(sprint.since), progress(sprint)));
    if let Some(reason) = &sprint.why {
        let reason = why(reason, page);
        page.field("why", reason);
    }
    page.field("forecast", forecast.unwrap_or_default());
    page.field("project", &sprint.project);
    page.field("lead", &sprint.lead);
    for (owner, load) in &detail.reviews {
        page.field("reviews", reviews(detail, owner, *load));
    }
    page.field("goal", &detail.goal);
    page.field("planner", &detail.planner);
    page.field("budget", budget::shown(&detail.spending).join("\n"));
    if let Some(saved) = &detail.plan {
        let approved = match &detail.approval {
            Some(approval) => format!(
                "; {} approved version {} {}",
                approval.by,
                approval.version,
                ago(approval.at)
            ),
            None => String::new(),
        };
        page.field(
            "plan",
            format!("version {} by {}, {}{approved}", saved.version, saved.by, ago(saved.at)),
        );
        if prd {
            page.heading("PRD");
            page.block(2, &saved.plan.prd);
        }
    }
    if detail
        .questions
        .iter()
        .any(|question| question.state == QuestionState::Open)
    {
        page.heading("Open questions");
        open_questions(detail, page);
    }
    if !detail.tasks.is_empty() {
        page.gap();
        tasks(&detail.tasks, page);
    }
    if detail.critical_path.len() > 1 {
        let path: Vec<String> = detail.critical_path.iter().map(ToString::to_string).collect();
        page.gap();
        page.field("critical path", path.join(" -> "));
    }
    page.gap();
    next::steps(detail, page);
}

/// The tasks in the order in which they can start.
fn tasks(tasks: &[SprintTask], page: &mut Page) {
    let mut ordered: Vec<&SprintTask> = tasks.iter().collect();
    ordered.sort_by_key(|task| (task.level.unwrap_or(usize::MAX), task.task.id));
    let shown: Vec<TaskItem> = ordered
        .into_iter()
        .map(|task| {
            let mut item = task.task.clone();
            if !task.in_plan {
                item.title = format!("{} (no longer planned)", item.title);
            }
            item
        })
        .collect();
    list_tasks(&shown, page);
}

fn open_questions(detail: &SprintDetail, page: &mut Page) {
    for question in detail
        .questions
        .iter()
        .filter(|question| question.state == QuestionState::Open)
    {
        let number = page.tinted(Tone::Strong, question.id);
        page.line(format!(
            "  {number}  {} (asked {} {})",
            question.text,
            question.asked,
            ago(question.at)
        ));
        page.block(5, &question.why);
        for option in &question.options {
            page.line(format!("     - {option}"));
        }
    }
}

/// What an approval says of the questions that nobody has answered; none if there are none.
pub(super) fn left_open(detail: &SprintDetail) -> Option<String> {
    let open = detail.questions.iter().filter(|q| q.state == QuestionState::Open);
    let open: Vec<&str> = open.map(|question| question.text.as_str()).collect();
    let begins = match open.as_slice() {
        [] => return None,
        [_] => "1 question was not answered; it stays open, and the agents decide:".to_owned(),
        many => format!(
            "{} questions were not answered; they stay open, and the agents decide:",
            many.len()
        ),
    };
    Some(format!("{begins}\n  {}", open.join("\n  ")))
}

/// Every question, with its answer.
pub(super) fn questions(detail: &SprintDetail, page: &mut Page) {
    open_questions(detail, page);
    for question in &detail.questions {
        match &question.state {
            QuestionState::Open => {}
            QuestionState::Answered { by, text, at } => {
                page.line(format!("  {}  {}", question.id, question.text));
                page.block(5, &format!("{by}, {}: {text}", ago(*at)));
            }
            QuestionState::Skipped { by, at, by_approval } => {
                page.line(format!("  {}  {}", question.id, question.text));
                let how = match by_approval {
                    true => format!("left open when {by} approved the plan {}", ago(*at)),
                    false => format!("{by} left it to the agent {}", ago(*at)),
                };
                page.block(5, &how);
            }
        }
    }
    if detail.questions.is_empty() {
        page.line("The planning agent asked nothing.");
    }
    let open = detail
        .questions
        .iter()
        .find(|question| question.state == QuestionState::Open);
    if let Some(question) = open {
        page.gap();
        page.next(
            format!("team6 sprint answer {} {} \"TEXT\"", detail.sprint.id, question.id),
            "or --skip, or --hand PERSON",
        );
    }
}

/// Versions of a plan in a table.
pub(super) fn versions(versions: &[PlanVersionItem], page: &mut Page) {
    let rows = versions.iter().map(|version| {
        let approved = if version.approved { "approved" } else { "" };
        [
            (Tone::Strong, version.version.to_string()),
            (Tone::Plain, version.title.clone()),
            (Tone::Plain, version.tasks.to_string()),
            (Tone::Plain, version.by.to_string()),
            (Tone::Faint, ago(version.at)),
            (Tone::Plain, version.note.clone()),
            (Tone::Good, approved.into()),
        ]
    });
    page.table(["# version", "title", "# tasks", "by", "when", "note", ""], rows);
    if versions.is_empty() {
        page.line("There is no plan yet.");
    }
}

/// What two versions of a plan differ in.
pub(super) fn difference(diff: &PlanDiff, from: PlanVersion, to: PlanVersion, page: &mut Page) {
    page.line(format!("version {from} -> version {to}"));
    for line in diff.to_string().lines() {
        let tone = match line.trim_start().as_bytes() {
            [b'+', ..] => Tone::Good,
            [b'-', ..] => Tone::Bad,
            [b'~', ..] => Tone::Attention,
            _ => Tone::Plain,
        };
        let line = page.tinted(tone, line);
        page.line(line);
    }
}
