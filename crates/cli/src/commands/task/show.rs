//! Tasks as people see them.

use team6_core::budget::BudgetOf;
use team6_core::explain::{Actor, Reason};
use team6_core::failure::FailureKind;
use team6_core::sprint::{AttemptReason, Message, Outcome, Thread, Update, Verdict, WorkId};
use team6_server::api::types::{
    AttemptItem, PullRequestItem, PullRequestState, RelatedTask, TaskConflict, TaskDetail, TaskItem, ToldMemories,
    ToldMemory, Why,
};

use crate::commands::checks::section;
use crate::commands::sprint::conflicting_files;
use crate::output::{Page, Tone, ago, until};

/// Why something is not done, who moves it next, since when and by when, for a row of a list.
pub(crate) fn why_in_short(why: &Why) -> String {
    format!("{} -> {} ({})", why.text, why.actor, times(why))
}

fn times(why: &Why) -> String {
    // What goes on is looked at by then, and may go on.
    let by = why.by.map(|by| format!(", looked at again {}", until(by)));
    format!("{}{}", ago(why.since), by.unwrap_or_default())
}

/// Why something is not done, who moves it next, since when and by when.
pub(crate) fn why(why: &Why, page: &Page) -> String {
    let who = match &why.actor {
        Actor::Person(_) => page.tinted(Tone::Attention, &why.actor),
        _ => why.actor.to_string(),
    };
    let times = page.tinted(Tone::Faint, format!("({})", times(why)));
    format!("{} -> {who} {times}", why.text)
}

fn tone(state: &str) -> Tone {
    match state {
        "done" | "delivered" => Tone::Good,
        "failed" | "held" => Tone::Bad,
        "in review" | "asking its owner" => Tone::Attention,
        _ => Tone::Plain,
    }
}

/// Tasks in a table, each with the reason why it is not done.
pub(crate) fn list(tasks: &[TaskItem], page: &mut Page) {
    if tasks.is_empty() {
        page.line("No task.");
        page.next("team6 sprint list", "shows the sprints, whose plans make tasks");
        return;
    }
    let rows = tasks.iter().map(|task| {
        let name = |name: Option<String>| name.unwrap_or_else(|| "-".into());
        let reason = task.why.as_ref().map(why_in_short);
        let subtask = task
            .parent
            .map(|parent| format!(" (subtask of {parent})"))
            .unwrap_or_default();
        [
            (Tone::Strong, task.id.to_string()),
            (Tone::Plain, format!("{}{subtask}", task.title)),
            (tone(&task.state), task.state.clone()),
            (Tone::Plain, name(task.owner.as_ref().map(ToString::to_string))),
            (Tone::Plain, name(task.agent.as_ref().map(ToString::to_string))),
            (Tone::Plain, reason.unwrap_or_default()),
        ]
    });
    page.table(["# task", "title", "state", "owner", "agent", "why"], rows);
}

/// A task after a command.
pub(super) fn changed(task: &TaskItem, page: &mut Page) {
    let state = page.tinted(tone(&task.state), &task.state);
    page.line(format!("task {} {} is {state}", task.id, task.title));
    if let Some(reason) = &task.why {
        let reason = why(reason, page);
        page.line(format!("  {reason}"));
    }
}

/// Everything that belongs to a task.
pub(super) fn detail(detail: &TaskDetail, page: &mut Page) {
    head(detail, page);
    if let Some(question) = &detail.question {
        page.heading("Its agent asks");
        page.block(2, &question.text);
        for option in &question.options {
            page.line(format!("  - {option}"));
        }
    }
    planned(detail, page);
    attempts(&detail.attempts, page);
    memories(&detail.memories, page);
    if let Some(delivery) = &detail.delivery {
        let times = match detail.deliveries {
            0 | 1 => String::new(),
            times => format!(" (for the {times}. time)"),
        };
        page.heading(format!("Delivered{times}"));
        page.block(2, &delivery.what);
        page.block(2, &delivery.why);
        for test in &delivery.tests {
            page.line(format!("  it says it ran `{}`: {}", test.command, test.outcome));
        }
    }
    checks(detail, page);
    pull_requests(&detail.pull_requests, &detail.updates, page);
    if let Some(packet) = detail.packet.as_ref().filter(|_| reviewable(detail)) {
        super::packet::hints(packet, page);
    }
    reviews(detail, page);
    page.gap();
    next(detail, page);
}

fn head(detail: &TaskDetail, page: &mut Page) {
    let task = &detail.task;
    page.heading(format!("Task {}: {}", task.id, task.title));
    let state = page.tinted(tone(&task.state), &task.state);
    page.field("state", format!("{state}, {}", ago(task.since)));
    if let Some(reason) = &task.why {
        let reason = why(reason, page);
        page.field("why", reason);
    }
    if let Some(pause) = &detail.pause {
        page.field("paused", format!("by {}, {}", pause.by, ago(pause.at)));
    }
    if let Some(trouble) = &detail.merge_trouble {
        let trouble = page.tinted(Tone::Bad, trouble);
        page.field("merge", trouble);
    }
    page.field("sprint", format!("{} of {}", task.sprint, detail.project));
    page.field(
        "owner",
        task.owner
            .as_ref()
            .map_or_else(|| "nobody yet".into(), ToString::to_string),
    );
    if let Some(agent) = &detail.agent {
        let by = agent.by.as_ref().map(|by| format!("chosen by {by}"));
        page.field(
            "agent",
            format!("{} ({})", agent.agent, by.unwrap_or_else(|| agent.reason.clone())),
        );
    }
    page.field(
        "branch",
        detail.branch.as_ref().map(ToString::to_string).unwrap_or_default(),
    );
    neighbours(detail, page);
    let conflicts: Vec<String> = conflicts(detail)
        .iter()
        .map(|text| page.tinted(Tone::Attention, text))
        .collect();
    page.field("conflicts", conflicts.join("\n"));
    let usage = &detail.usage;
    if usage.input_tokens + usage.output_tokens > 0 {
        let cents = usage.cost_micros / 10_000;
        let cost = format!(
            "{} tokens in, {} out, ${}.{:02}",
            usage.input_tokens,
            usage.output_tokens,
            cents / 100,
            cents % 100
        );
        page.field("used", cost);
    }
    page.field("budget", crate::commands::budget::shown(&detail.spending).join("\n"));
}

/// What its branches conflict with, a line for each.
pub(super) fn conflicts(detail: &TaskDetail) -> Vec<String> {
    let several = detail.pull_requests.len() > 1;
    let line = |conflict: &TaskConflict| {
        let with = match (conflict.with, &conflict.title) {
            (Some(task), Some(title)) => format!("task {task} {title}"),
            (Some(task), None) => format!("task {task}"),
            (None, _) => "its target branch".to_owned(),
        };
        let of = match several {
            true => format!(" of {}", conflict.repository),
            false => String::new(),
        };
        format!("with {with} in {}{of}", conflicting_files(&conflict.files))
    };
    detail.conflicts.iter().map(line).collect()
}

/// The tasks before and behind it. Only what is open waits, and only for what is open.
fn neighbours(detail: &TaskDetail, page: &mut Page) {
    let listed = |tasks: &[&RelatedTask]| -> String {
        let one = |task: &&RelatedTask| format!("{} {} ({})", task.id, task.title, task.state);
        tasks.iter().map(one).collect::<Vec<_>>().join("\n")
    };
    let ended = |state: &str| matches!(state, "done" | "cancelled" | "given up");
    page.field("parent", listed(&detail.parent.iter().collect::<Vec<_>>()));
    page.field("subtasks", listed(&detail.subtasks.iter().collect::<Vec<_>>()));
    let (done, open): (Vec<_>, Vec<_>) = detail.dependencies.iter().partition(|task| task.state == "done");
    page.field("builds on", listed(&done));
    if !ended(&detail.task.state) {
        page.field("waits for", listed(&open));
    }
    let behind = detail.dependents.iter();
    if detail.task.state == "done" {
        page.field("needed by", listed(&behind.collect::<Vec<_>>()));
    } else {
        let waiting: Vec<_> = behind.filter(|task| !ended(&task.state)).collect();
        page.field("holds back", listed(&waiting));
    }
}

fn planned(detail: &TaskDetail, page: &mut Page) {
    let planned = &detail.planned;
    page.heading("What is to be done");
    page.block(2, &planned.what);
    page.block(2, &planned.why);
    for criterion in &planned.acceptance_criteria {
        page.line(format!("  - {criterion}"));
    }
}

fn attempts(attempts: &[AttemptItem], page: &mut Page) {
    if attempts.is_empty() {
        return;
    }
    page.heading("Attempts");
    let rows = attempts.iter().map(|attempt| {
        let (tone, end) = outcome(attempt);
        [
            (Tone::Strong, attempt.id.to_string()),
            (Tone::Plain, attempt.agent.to_string()),
            (Tone::Plain, reason(&attempt.reason)),
            (Tone::Faint, ago(attempt.started_at.unwrap_or(attempt.scheduled_at))),
            (tone, end),
        ]
    });
    page.table(["attempt", "agent", "because", "begun", "ended"], rows);
}

/// What its attempts were told of the memory, each memory with the attempts.
fn memories(told: &[ToldMemories], page: &mut Page) {
    let mut seen: Vec<&ToldMemory> = Vec::new();
    for memory in told.iter().flat_map(|told| &told.memories) {
        if !seen.iter().any(|known| known.id == memory.id) {
            seen.push(memory);
        }
    }
    if seen.is_empty() {
        return;
    }
    page.heading("Told of the project's memory");
    let rows = seen.into_iter().map(|memory| {
        let to = told
            .iter()
            .filter(|told| told.memories.iter().any(|known| known.id == memory.id));
        let to: Vec<String> = to.map(|told| told.attempt.to_string()).collect();
        let state = if memory.state == "active" {
            ""
        } else {
            memory.state.as_str()
        };
        [
            (Tone::Strong, memory.id.to_string()),
            (Tone::Plain, memory.kind.as_str().to_owned()),
            (Tone::Plain, memory.text.clone()),
            (Tone::Faint, to.join(", ")),
            (Tone::Attention, state.to_owned()),
        ]
    });
    page.table(["# memory", "kind", "text", "told to", "now"], rows);
}

fn outcome(attempt: &AttemptItem) -> (Tone, String) {
    match &attempt.outcome {
        None if attempt.started_at.is_none() => (Tone::Plain, "queued".into()),
        None => (Tone::Plain, "at work".into()),
        Some(Outcome::Delivered) => (Tone::Good, "delivered".into()),
        Some(Outcome::Replied) => (Tone::Good, "answered".into()),
        Some(Outcome::Asked) => (Tone::Attention, "asked its owner".into()),
        Some(Outcome::Delegated) => (Tone::Plain, "waits for its subtasks".into()),
        Some(Outcome::Failed { failure }) => (Tone::Bad, failure.text.clone()),
        Some(Outcome::Held { failure }) => (Tone::Attention, format!("held: {}", failure.text)),
        Some(Outcome::Interrupted { why }) => (Tone::Faint, format!("interrupted: {why}")),
        Some(Outcome::Cancelled) => (Tone::Faint, "cancelled".into()),
    }
}

fn reason(reason: &AttemptReason) -> String {
    match reason {
        AttemptReason::First => "first".into(),
        AttemptReason::Retry { of } => format!("retry of {of}"),
        AttemptReason::Resumed { of } => format!("goes on after {of}"),
        AttemptReason::HoldOver { .. } => "the hold is over".into(),
        AttemptReason::PersonRetried { by, .. } => format!("{by} retried"),
        AttemptReason::Message { .. } => "a message".into(),
        AttemptReason::SubtasksSettled { .. } => "its subtasks are settled".into(),
        AttemptReason::ChangesRequested { .. } => "changes requested".into(),
        AttemptReason::ChecksBroken { delivery } => format!("delivery {delivery} broke checks"),
        AttemptReason::Conflict { repository, .. } => format!("conflict in {repository}"),
        AttemptReason::BaseConflicts { conflicts, .. } => {
            let each = conflicts.iter();
            let each =
                each.map(|conflict| format!("conflict with {} of {}", conflict.base.branch, conflict.repository));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

fn checks(detail: &TaskDetail, page: &mut Page) {
    let known = &detail.checks;
    if known.items.is_empty() && known.pending.is_empty() && known.weakened.is_empty() {
        return;
    }
    page.heading("Checks");
    section(detail.task.id, known, page);
}

/// Whether somebody may still look at what it offers.
fn reviewable(detail: &TaskDetail) -> bool {
    let open = |request: &PullRequestItem| request.state == PullRequestState::Open;
    detail.pull_requests.iter().any(open)
}

fn pull_requests(requests: &[PullRequestItem], updates: &[Update], page: &mut Page) {
    if requests.is_empty() {
        return;
    }
    page.heading("Pull requests");
    for request in requests {
        let number = request.number.map(|n| format!("#{n}")).unwrap_or_default();
        let (tone, state) = match request.state {
            PullRequestState::Publishing => (Tone::Plain, "is being shown".into()),
            PullRequestState::Open => (Tone::Attention, format!("open at {}", request.head.short())),
            PullRequestState::Merged => {
                let merged = request.merged.as_ref().map(|commit| format!(" as {}", commit.short()));
                let merged = format!("merged{}", merged.unwrap_or_default());
                match &request.reverted {
                    Some(commit) => (Tone::Faint, format!("{merged}, reverted by {}", commit.short())),
                    None => (Tone::Good, merged),
                }
            }
            PullRequestState::Closed => (Tone::Faint, "closed".into()),
        };
        let state = page.tinted(tone, state);
        page.line(format!("  {}{number} {state}", request.repository));
        for update in updates.iter().filter(|update| update.repository == request.repository) {
            page.line(format!("    {}, {}", updated(update), ago(update.at)));
        }
    }
}

/// What the engine merged into a branch.
pub(super) fn updated(update: &Update) -> String {
    let own = match update.own.as_slice() {
        [] => "nothing else changed".to_owned(),
        own => format!("which has changed {} as well", own.join(", ")),
    };
    format!("{} is updated with {}, {own}", update.head.short(), update.base)
}

fn reviews(detail: &TaskDetail, page: &mut Page) {
    if detail.reviews.is_empty() {
        return;
    }
    page.heading("Reviews");
    for review in &detail.reviews {
        let (tone, verdict) = match review.verdict {
            Verdict::Approve => (Tone::Good, "approved"),
            Verdict::RequestChanges => (Tone::Attention, "requested changes"),
            Verdict::Comment => (Tone::Plain, "commented"),
        };
        let verdict = page.tinted(tone, verdict);
        page.line(format!("  {} {verdict} {}", review.by, ago(review.at)));
        page.block(4, &review.body);
        for one in detail.threads.iter().filter(|thread| thread.review == review.id) {
            thread(one, detail.pull_requests.len() > 1, page);
        }
    }
}

/// A comment with its answer. Its place is written as `team6 task review --on` takes it.
fn thread(thread: &Thread, several: bool, page: &mut Page) {
    let comment = &thread.comment;
    let repository = match several {
        true => format!("{}:", comment.repository),
        false => String::new(),
    };
    let place = page.tinted(Tone::Strong, format!("{repository}{}{}", comment.path, comment.lines()));
    page.line(format!("    {place} {}", comment.text));
    match &thread.answer {
        Some(answer) => {
            let commit = answer.commit.as_ref().map(|commit| format!(" ({})", commit.short()));
            let answer = format!("      answer{}: {}", commit.unwrap_or_default(), answer.text);
            page.line(answer);
        }
        None => page.line("      not answered yet"),
    }
}

/// What people and agent wrote.
pub(super) fn conversation(detail: &TaskDetail, page: &mut Page) {
    if let Some(question) = &detail.question {
        page.line(format!("The agent asks: {}", question.text));
        for option in &question.options {
            page.line(format!("  - {option}"));
        }
    }
    let mine = |message: &&Message| message.to == WorkId::Task(detail.task.id);
    for message in detail.messages.iter().filter(mine) {
        let delivery = match message.delivered {
            Some((attempt, at)) => format!("delivered to attempt {attempt} {}", ago(at)),
            None => "not delivered yet".into(),
        };
        let delivery = page.tinted(Tone::Faint, format!("({}, {delivery})", ago(message.at)));
        page.line(format!("{} {delivery}", message.by));
        page.block(2, &message.text);
    }
    if detail.messages.is_empty() && detail.question.is_none() {
        page.line("Nobody wrote anything yet.");
    }
    let id = detail.task.id;
    page.gap();
    page.next(format!("team6 task chat {id} \"TEXT\""), "writes to the agent");
    page.next(format!("team6 task log {id} --follow"), "shows what it does and says");
}

/// The command that gives a task another agent, if it failed because its own one did not start, or broke off.
pub(crate) fn another_agent(task: &TaskItem) -> Option<(String, &'static str)> {
    let Some(Reason::Failed { failure, .. }) = task.why.as_ref().map(|why| &why.reason) else {
        return None;
    };
    let of_the_agent = matches!(
        failure.kind,
        FailureKind::AgentUnavailable | FailureKind::LoginNeeded | FailureKind::AgentExited | FailureKind::Protocol
    );
    of_the_agent.then(|| {
        let command = format!("team6 task agent {} NAME", task.id);
        (command, "gives it another agent, for the next try")
    })
}

/// The command that raises the budget for which a task waits, or of which it ran out.
fn raises_budget(task: &TaskItem, reason: &Reason) -> Option<String> {
    let of_task = |id| format!("team6 task budget {id} --cost USD");
    match reason {
        Reason::Budget { short } => Some(match short.of {
            BudgetOf::Task { task } => of_task(task),
            BudgetOf::Sprint => format!("team6 sprint budget {} --cost USD", task.sprint),
        }),
        Reason::Failed { failure, .. } if failure.kind == FailureKind::OverBudget => Some(of_task(task.id)),
        _ => None,
    }
}

/// What a person could do now.
fn next(detail: &TaskDetail, page: &mut Page) {
    let id = detail.task.id;
    let open = detail
        .pull_requests
        .iter()
        .any(|request| request.state == PullRequestState::Open);
    if detail.question.is_some() {
        page.next(format!("team6 task chat {id} \"TEXT\""), "answers its agent");
    }
    if open && detail.approved_by.is_none() {
        page.next(format!("team6 task review {id}"), "shows what to know before a review");
        page.next(format!("team6 task diff {id}"), "shows what it changes");
        page.next(
            format!("team6 task review {id} --approve"),
            "or --request-changes -m TEXT --on FILE:LINE=TEXT",
        );
    }
    if open && detail.approved_by.is_some() && detail.parent.is_none() {
        page.next(format!("team6 task merge {id}"), "merges it");
        if let Some(Reason::Merge { trouble: Some(_) }) = detail.task.why.as_ref().map(|why| &why.reason) {
            page.next(
                format!("team6 task chat {id} \"TEXT\""),
                "tells its agent how to mend it",
            );
        }
    }
    if matches!(
        detail.task.why.as_ref().map(|why| &why.reason),
        Some(Reason::PartlyMerged { .. } | Reason::PartlyReverted { .. })
    ) {
        page.next(
            format!("team6 task revert {id}"),
            "shows what taking back what was merged would come to",
        );
    }
    if let Some((command, does)) = another_agent(&detail.task) {
        page.next(command, does);
    }
    let why = detail.task.why.as_ref();
    if let Some(command) = why.and_then(|why| raises_budget(&detail.task, &why.reason)) {
        page.next(command, "or --tokens, --time: raises the budget");
    }
    if detail.task.state == "failed" {
        page.next(format!("team6 task retry {id} --note TEXT"), "tries again");
    }
    if !detail.attempts.is_empty() {
        page.next(format!("team6 task log {id}"), "shows what its agent did");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use team6_core::time::Timestamp;

    use super::*;

    /// A task that waits, for somebody or until some time.
    fn task(id: u32, state: &str, text: &str, actor: &serde_json::Value, by: Option<u64>) -> TaskItem {
        let now = Timestamp(jiff::Timestamp::now().as_millisecond());
        // Half a minute more, so that a slow machine does not round it down.
        let by = by.map(|minutes| now + Duration::from_secs(60 * minutes + 30));
        let item = json!({
            "id": id, "sprint": 3, "title": format!("Do {id}"), "state": state, "owner": "ada", "agent": "claude",
            "since": now, "attempts": 1, "approved": true,
            "why": { "text": text, "reason": { "reason": "review", "deliveries": 1 }, "actor": actor,
                "since": now, "by": by },
        });
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn a_row_says_the_reason_the_actor_since_when_and_by_when() {
        let person = json!({ "actor": "person", "name": "ada" });
        let tasks = [
            task(11, "in review", "waits for review", &person, None),
            task(12, "failed", "tries again soon", &json!({ "actor": "engine" }), Some(5)),
        ];
        let mut page = Page::new(false);
        list(&tasks, &mut page);
        insta::assert_snapshot!(page.text(), @"
        # task  title  state      owner  agent   why
            11  Do 11  in review  ada    claude  waits for review -> ada (just now)
            12  Do 12  failed     ada    claude  tries again soon -> the engine (just now, looked at again in 5 min)
        ");
    }
}
