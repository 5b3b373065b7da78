//! `team6 inbox`: what waits for people, longest waiting first, each with the command that solves it.

use team6_core::ids::{PersonId, ProjectId, SprintId};
use team6_server::api::types::InboxEntry;

use super::Context;
use super::task::{me, why};
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// The arguments of `team6 inbox`.
#[derive(Debug, clap::Args)]
pub(crate) struct Inbox {
    /// What waits for anybody, not only for you.
    #[arg(long)]
    all: bool,
    /// What waits for this person.
    #[arg(long, value_name = "PERSON", conflicts_with = "all")]
    person: Option<PersonId>,
    /// Only what belongs to a project.
    #[arg(long, value_name = "PROJECT")]
    project: Option<ProjectId>,
    /// Only what belongs to a sprint.
    #[arg(long, value_name = "N")]
    sprint: Option<SprintId>,
}

/// Shows the inbox.
pub(crate) async fn run(inbox: Inbox, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let person = match (inbox.all, inbox.person) {
        (true, _) => None,
        (false, Some(person)) => Some(person),
        (false, None) => Some(me(&client).await?),
    };
    let mut query = Vec::new();
    query.extend(person.map(|person| ("person", person.to_string())));
    query.extend(inbox.project.map(|project| ("project", project.to_string())));
    query.extend(inbox.sprint.map(|sprint| ("sprint", sprint.to_string())));
    let entries = client.list::<InboxEntry>("/inbox", "after", &query).await?;
    context.output.show(&entries, |entries, page| show(entries, page))
}

pub(crate) fn show(entries: &[InboxEntry], page: &mut Page) {
    for entry in entries {
        let what = page.tinted(Tone::Attention, entry.kind.replace('_', " "));
        let of = match entry.task {
            Some(task) => format!("task {task}"),
            None => format!("sprint {}", entry.sprint),
        };
        page.line(format!("{what}  {of} {}", entry.title));
        let reason = why(&entry.why, page);
        page.line(format!("  {reason}"));
        let (command, does) = solution(entry);
        page.next(command, does);
    }
    if entries.is_empty() {
        page.line("Nothing waits.");
        page.next("team6 sprint list", "shows what goes on");
    }
}

/// The command that goes on with something.
fn solution(entry: &InboxEntry) -> (String, &'static str) {
    let sprint = entry.sprint;
    let Some(task) = entry.task else {
        return match entry.kind.as_str() {
            "question_open" => (format!("team6 sprint questions {sprint}"), "shows the questions"),
            "awaits_approval" => (format!("team6 sprint approve {sprint}"), "lets it run"),
            "no_owner" => (format!("team6 sprint owners {sprint}"), "shows who could own its tasks"),
            "planning_failed" => (format!("team6 sprint retry {sprint}"), "plans again"),
            "not_planned" => (format!("team6 sprint revise {sprint} TEXT"), "asks for a plan"),
            _ => (format!("team6 sprint show {sprint}"), "shows the sprint"),
        };
    };
    match entry.kind.as_str() {
        "review" => (format!("team6 task diff {task}"), "shows what is to be reviewed"),
        "merge" | "partly_merged" => (format!("team6 task merge {task}"), "merges it"),
        "asked" => (format!("team6 task chat {task}"), "shows the question"),
        _ => (format!("team6 task show {task}"), "shows the task"),
    }
}
