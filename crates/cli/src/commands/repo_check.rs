//! `team6 repo check`: what the engine runs itself on each delivery.

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;
use team6_core::checks::{Check, Found, USUAL_SECONDS};
use team6_core::ids::{CheckName, ProjectId, RepositoryId};
use team6_server::api::types::{AddCheckRequest, Page as Part};

use super::Context;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// What to do with the checks of a repository.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// List the checks of a repository, in the order in which they are run.
    #[command(after_help = "Example:\n  team6 repo check list shop app")]
    List {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
    },
    /// Have the engine run a command on each delivery, before its owner is asked to look.
    #[command(
        after_help = "Examples:\n  team6 repo check add shop app test \"cargo test --workspace\"\n  \
                            team6 repo check add shop app lint \"npm run lint\" --seconds 120\n\n\
                            It is run by sh in a sandbox, in a clean workspace at exactly the delivered commit; all is well if it \
                            exits with 0."
    )]
    Add {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
        /// What to call it.
        name: CheckName,
        /// The command.
        command: String,
        /// How long it may take.
        #[arg(long, default_value_t = USUAL_SECONDS)]
        seconds: u32,
    },
    /// Have it run no more. What it said so far stays.
    #[command(after_help = "Example:\n  team6 repo check remove shop app lint")]
    Remove {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
        /// Its name.
        name: CheckName,
    },
    /// Find checks in the repository's own files, such as Cargo.toml, package.json or a Makefile.
    #[command(after_help = "Examples:\n  team6 repo check find shop app\n  team6 repo check find shop app --accept")]
    Find {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
        /// Add what is found.
        #[arg(long)]
        accept: bool,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: CheckCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let place = |project: &ProjectId, repository: &RepositoryId| {
        format!("/projects/{project}/repositories/{repository}/checks")
    };
    match command {
        CheckCommand::List { project, repository } => {
            let reply = client.get::<Part<Check>>(&place(&project, &repository)).await?;
            context.output.show(&reply, |checks, page| {
                if checks.items.is_empty() {
                    page.line(format!(
                        "{repository} has no check: what agents deliver goes to review as it is."
                    ));
                    page.next(
                        format!("team6 repo check find {project} {repository}"),
                        "looks for some in its files",
                    );
                }
                table(&checks.items, page);
            })
        }
        CheckCommand::Add {
            project,
            repository,
            name,
            command,
            seconds,
        } => {
            let at = place(&project, &repository);
            let body = AddCheckRequest {
                name: name.clone(),
                command,
                seconds,
            };
            let reply = client.post::<Part<Check>>(&at, &body).await?;
            context.output.show(&reply, |_, page| {
                page.line(format!(
                    "Each delivery to {repository} is checked by {name} from now on."
                ));
            })
        }
        CheckCommand::Remove {
            project,
            repository,
            name,
        } => {
            let at = format!("{}/{name}", place(&project, &repository));
            let reply = client.order::<Part<Check>>(Method::DELETE, &at, &json!({})).await?;
            context.output.show(&reply, |_, page| {
                page.line(format!("{name} is no longer run on {repository}."));
            })
        }
        CheckCommand::Find {
            project,
            repository,
            accept,
        } => {
            let at = format!("/projects/{project}/repositories/{repository}/found-checks");
            let reply = client.get::<Part<Found>>(&at).await?;
            if accept {
                add_all(&client, &place(&project, &repository), &reply.item.items).await?;
            }
            context.output.show(&reply, |found, page| {
                if found.items.is_empty() {
                    page.line(format!(
                        "The files of {repository} speak of no check that it does not have."
                    ));
                    page.next(
                        format!("team6 repo check add {project} {repository} test \"COMMAND\""),
                        "sets one",
                    );
                    return;
                }
                found_table(&found.items, page);
                match accept {
                    true => page.line("They are run on each delivery from now on."),
                    false => page.next(
                        format!("team6 repo check find {project} {repository} --accept"),
                        "adds them",
                    ),
                }
            })
        }
    }
}

async fn add_all(client: &Client, at: &str, found: &[Found]) -> Result<(), Failure> {
    for one in found {
        let body = AddCheckRequest::from(one.check.clone());
        client.post::<Part<Check>>(at, &body).await?;
    }
    Ok(())
}

fn table(checks: &[Check], page: &mut Page) {
    let rows = checks.iter().map(|check| {
        [
            (Tone::Strong, check.name.to_string()),
            (Tone::Plain, check.command.clone()),
            (Tone::Faint, format!("{} s", check.seconds)),
        ]
    });
    if !checks.is_empty() {
        page.table(["check", "command", "at most"], rows);
    }
}

fn found_table(found: &[Found], page: &mut Page) {
    let rows = found.iter().map(|one| {
        [
            (Tone::Strong, one.check.name.to_string()),
            (Tone::Plain, one.check.command.clone()),
            (Tone::Faint, one.because.clone()),
        ]
    });
    page.table(["check", "command", "why"], rows);
}
