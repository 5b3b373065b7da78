//! `team6 task log`: what an agent did, step by step.

use std::collections::HashSet;

use team6_core::ids::{AttemptId, SprintId, TaskId};
use team6_core::sprint::WorkId;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_server::api::types::{AttemptDetail, TaskDetail};

use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// How many lines of a tool's output are shown, unless all are asked for.
const LINES: usize = 8;

/// How a log is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// As the agent works, until the attempt ends.
    pub(crate) follow: bool,
    /// With all that tools said.
    pub(crate) full: bool,
}

impl Shown {
    fn lines(self) -> usize {
        if self.full { usize::MAX } else { LINES }
    }
}

/// Shows the trace of an attempt, and follows it if asked to.
pub(crate) async fn run(
    client: &Client,
    work: Work,
    attempt: AttemptId,
    shown: Shown,
    context: &Context,
) -> Result<(), Failure> {
    let path = format!("/attempts/{attempt}/trace");
    if shown.follow {
        return followed(client, &path, shown.lines(), context).await;
    }
    let reply = client.list::<TraceEntry>(&path, "after", &[]).await?;
    if context.output.json {
        let Some(entries) = reply.raw.as_array() else {
            return Ok(());
        };
        return entries.iter().try_for_each(|entry| context.output.line(entry));
    }
    context.output.page(|page| {
        page.heading(format!("Attempt {attempt}"));
        let mut cut = false;
        for entry in whole_calls(&reply.item) {
            cut |= draw(entry, shown.lines(), page);
        }
        if cut {
            let command = match work {
                Work::Task(task) => format!("team6 task log {task} --attempt {attempt} --full"),
                Work::Plan(sprint) => format!("team6 sprint log {sprint} --attempt {attempt} --full"),
            };
            page.next(command, "shows all of it");
        }
        if reply.item.is_empty() {
            page.line("Its agent has done nothing yet.");
        }
    })
}

/// Whose attempts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Those at a task.
    Task(TaskId),
    /// Those at the plan of a sprint.
    Plan(SprintId),
}

/// An attempt that somebody named; refused if it is one at other work, whose log would be taken for that of this one.
pub(crate) async fn named(client: &Client, attempt: AttemptId, work: Work) -> Result<AttemptId, Failure> {
    let detail = client.get::<AttemptDetail>(&format!("/attempts/{attempt}")).await?.item;
    let (belongs, whose, command) = match detail.attempt.work {
        WorkId::Task(task) => (Work::Task(task), format!("task {task}"), format!("task log {task}")),
        WorkId::Planning => {
            let sprint = attempt.sprint;
            let whose = format!("the plan of sprint {sprint}");
            (Work::Plan(sprint), whose, format!("sprint log {sprint}"))
        }
    };
    match belongs == work {
        true => Ok(attempt),
        false => Err(Failure::Usage(format!(
            "attempt {attempt} belongs to {whose}; `team6 {command} --attempt {attempt}` shows its log"
        ))),
    }
}

/// The newest attempt at a task.
pub(super) async fn newest(client: &Client, task: TaskId) -> Result<AttemptId, Failure> {
    let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?.item;
    let newest = detail.attempts.last().map(|attempt| attempt.id);
    newest.ok_or_else(|| {
        let why = detail.task.why.map(|why| format!(": {}", why.text)).unwrap_or_default();
        Failure::Failed(format!("no agent has worked on task {task} yet{why}"))
    })
}

async fn followed(client: &Client, path: &str, lines: usize, context: &Context) -> Result<(), Failure> {
    let mut events = client.follow(&format!("{path}/stream"), &[], Some("0".into()));
    while let Some(event) = events.next().await? {
        if context.output.json {
            context.output.line(&event.raw)?;
        } else if let Ok(entry) = serde_json::from_value::<TraceEntry>(event.data) {
            context.output.page(|page| {
                draw(&entry, lines, page);
            })?;
        }
    }
    Ok(())
}

/// The entries without those of tool calls that a later entry of the same turn replaces.
fn whole_calls(entries: &[TraceEntry]) -> impl Iterator<Item = &TraceEntry> {
    let mut told = HashSet::new();
    let mut whole: Vec<&TraceEntry> = entries
        .iter()
        .rev()
        .filter(|entry| match &entry.body {
            TraceBody::Prompt { .. } => {
                told.clear();
                true
            }
            TraceBody::ToolCall { id, .. } => told.insert(id),
            _ => true,
        })
        .collect();
    whole.reverse();
    whole.into_iter()
}

/// Draws an entry, with so many lines of what tools said; whether that left anything out.
fn draw(entry: &TraceEntry, lines: usize, page: &mut Page) -> bool {
    let mut left_out = false;
    let mut cut = |text: &str| {
        let (text, more) = cut(text, lines);
        left_out |= more;
        text
    };
    let mut part = |tone: Tone, mark: &str, text: &str| {
        let mark = page.tinted(tone, format!("{mark:<9}"));
        for (n, line) in text.trim_end().lines().enumerate() {
            match n {
                0 => page.line(format!("{mark}{line}")),
                _ => page.line(format!("{:9}{line}", "")),
            }
        }
    };
    match &entry.body {
        TraceBody::Prompt { text } => part(Tone::Faint, "prompt", &cut(text)),
        TraceBody::Message { text } => part(Tone::Strong, "agent", text),
        TraceBody::Thought { text } => part(Tone::Faint, "thinks", text),
        TraceBody::Steps { steps } => {
            let steps: Vec<String> = steps
                .iter()
                .map(|step| format!("[{}] {}", mark(&step.status), step.text))
                .collect();
            part(Tone::Faint, "steps", &steps.join("\n"));
        }
        TraceBody::ToolCall {
            title,
            status,
            output,
            diffs,
            ..
        } => {
            let tone = if status == "failed" { Tone::Bad } else { Tone::Good };
            part(tone, "tool", &format!("{title} ({status})"));
            for diff in diffs {
                part(Tone::Plain, "", &format!("  changes {}", diff.path));
            }
            if let Some(output) = output {
                part(Tone::Faint, "", &indented(&cut(output)));
            }
        }
        TraceBody::Permission { title, answer, rule } => {
            part(Tone::Faint, "allowed", &format!("{title}: {answer} ({rule})"));
        }
        TraceBody::Engine { tool, accepted, answer } => {
            let tone = if *accepted { Tone::Good } else { Tone::Bad };
            part(tone, "engine", &format!("{tool}: {}", cut(answer)));
        }
        TraceBody::Chat { by, text, .. } => part(Tone::Attention, by.as_str(), text),
        TraceBody::Usage(_) | TraceBody::Raw { .. } => {}
        TraceBody::Stderr { text } => part(Tone::Faint, "stderr", &cut(text)),
        TraceBody::Note { text, failed } => part(if *failed { Tone::Bad } else { Tone::Faint }, "note", text),
        TraceBody::TurnEnded { reason } => part(Tone::Faint, "turn", &format!("ended: {reason}")),
    }
    left_out
}

fn mark(status: &str) -> char {
    match status {
        "completed" => 'x',
        "in_progress" => '>',
        _ => ' ',
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The beginning of a text, with how much is left out; whether anything is.
fn cut(text: &str, most: usize) -> (String, bool) {
    let lines: Vec<&str> = text.trim().lines().collect();
    match lines.len().checked_sub(most) {
        Some(more) if more > 0 => (format!("{}\n... {more} more lines", lines[..most].join("\n")), true),
        _ => (lines.join("\n"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_output_is_cut_and_says_so() {
        let long: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let (shown, left_out) = cut(&long, LINES);
        assert!(left_out && shown.ends_with("8\n... 12 more lines"), "{shown}");
        assert_eq!(cut("a\nb\n", LINES), ("a\nb".into(), false));
        assert_eq!(cut(&long, usize::MAX), (long.trim().to_owned(), false));
    }

    #[test]
    fn a_tool_call_is_shown_once_as_it_ended() {
        let call = |seq, id: &str, status: &str| TraceEntry {
            seq,
            at: team6_core::time::Timestamp(0),
            body: TraceBody::ToolCall {
                id: id.into(),
                title: "t".into(),
                tool: "read".into(),
                status: status.into(),
                input: None,
                output: None,
                diffs: Vec::new(),
                locations: Vec::new(),
            },
        };
        let entries = [
            call(1, "a", "pending"),
            call(2, "b", "pending"),
            call(3, "a", "completed"),
            TraceEntry {
                body: TraceBody::Prompt { text: "on".into() },
                ..call(4, "", "")
            },
            call(5, "a", "pending"),
        ];
        let shown: Vec<u64> = whole_calls(&entries).map(|entry| entry.seq).collect();
        assert_eq!(
            shown,
            [2, 3, 4, 5],
            "an id that is used again in a later turn is another call"
        );
    }
}
