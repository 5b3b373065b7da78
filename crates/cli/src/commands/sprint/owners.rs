//! `team6 sprint owners`: who could own the tasks and why, and who does.

use std::collections::BTreeMap;

use reqwest::Method;
use team6_core::ids::{PersonId, SprintId, TaskId};
use team6_server::api::types::{Changed, DeputyRequest, OwnerSuggestions, OwnersRequest, SprintItem};

use super::show;
use crate::client::{Client, Reply};
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// The arguments of `team6 sprint owners`.
#[derive(Debug, clap::Args)]
pub(crate) struct OwnersArguments {
    /// The number of the sprint.
    sprint: SprintId,
    /// Who gets which task, such as `12=ada`.
    #[arg(value_name = "TASK=PERSON", value_parser = owner)]
    owners: Vec<(TaskId, PersonId)>,
    /// Give every task without an owner to whoever is suggested first.
    #[arg(long, conflicts_with = "owners")]
    suggested: bool,
}

/// The arguments of `team6 sprint deputy`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeputyArguments {
    /// The number of the sprint.
    sprint: SprintId,
    /// Who is away.
    owner: PersonId,
    /// Who decides for them.
    #[arg(required_unless_present = "back")]
    deputy: Option<PersonId>,
    /// They are back, and decide themselves.
    #[arg(long, conflicts_with = "deputy")]
    back: bool,
}

/// Says who decides for an owner.
pub(super) async fn set_deputy(
    client: &Client,
    arguments: DeputyArguments,
) -> Result<Reply<Changed<SprintItem>>, Failure> {
    let path = format!("/sprints/{}/deputies", arguments.sprint);
    let request = DeputyRequest {
        owner: arguments.owner,
        deputy: arguments.deputy.filter(|_| !arguments.back),
    };
    client.order(Method::PUT, &path, &request).await
}

fn owner(argument: &str) -> Result<(TaskId, PersonId), String> {
    let (task, person) = argument.split_once('=').ok_or("write TASK=PERSON, such as 12=ada")?;
    let task = task.parse().map_err(|_| format!("{task} is no number of a task"))?;
    Ok((task, person.parse::<PersonId>().map_err(|error| error.to_string())?))
}

/// Shows suggestions, or gives tasks their owners.
pub(super) async fn run(client: &Client, arguments: OwnersArguments, context: &Context) -> Result<(), Failure> {
    let sprint = arguments.sprint;
    let mut owners: BTreeMap<TaskId, PersonId> = arguments.owners.into_iter().collect();
    if owners.is_empty() {
        let reply = client
            .get::<OwnerSuggestions>(&format!("/sprints/{sprint}/owner-suggestions"))
            .await?;
        if !arguments.suggested {
            return context
                .output
                .show(&reply, |suggestions, page| suggest(sprint, suggestions, page));
        }
        if reply.item.tasks.is_empty() {
            let text =
                format!("sprint {sprint} has no task to own yet; `team6 sprint show {sprint}` says what it waits for");
            return Err(Failure::Failed(text));
        }
        let unowned = reply.item.tasks.into_iter().filter(|task| task.owner.is_none());
        owners.extend(unowned.filter_map(|task| Some((task.task, task.suggestions.into_iter().next()?.person))));
    }
    if owners.is_empty() {
        return Err(Failure::Failed("every task has its owner already".into()));
    }
    let path = format!("/sprints/{sprint}/owners");
    let reply = client
        .order::<Changed<SprintItem>>(Method::PUT, &path, &OwnersRequest(owners.clone()))
        .await?;
    context.output.show(&reply, |changed, page| {
        for (task, person) in &owners {
            page.line(format!("task {task} belongs to {person}"));
        }
        show::changed(&changed.item, page);
    })
}

fn suggest(sprint: SprintId, suggestions: &OwnerSuggestions, page: &mut Page) {
    for task in &suggestions.tasks {
        let title = page.tinted(Tone::Strong, format!("{} {}", task.task, task.title));
        let owner = match &task.owner {
            Some(owner) => page.tinted(Tone::Good, owner),
            None => page.tinted(Tone::Attention, "nobody yet"),
        };
        page.line(format!("{title}  owner: {owner}"));
        for suggestion in task.suggestions.iter().take(3) {
            page.line(format!("    {}: {}", suggestion.person, suggestion.reason));
        }
    }
    if suggestions.tasks.is_empty() {
        page.line("There is no task that needs an owner.");
        return;
    }
    page.gap();
    page.next(
        format!("team6 sprint owners {sprint} TASK=PERSON ..."),
        "gives tasks their owners",
    );
    page.next(
        format!("team6 sprint owners {sprint} --suggested"),
        "takes the first of each",
    );
}
