//! `team6 project check`: what the engine runs over all repositories of a task together.

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;
use team6_core::checks::{Check, USUAL_SECONDS};
use team6_core::ids::{CheckName, ProjectId, RepositoryId};
use team6_server::api::types::{AddCheckTogetherRequest, Page as Part};

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// What to do with checks over several repositories.
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCheckCommand {
    /// List the checks over several repositories, in the order in which they are run.
    #[command(after_help = "Example:\n  team6 project check list shop")]
    List {
        /// The project.
        project: ProjectId,
    },
    /// Have the engine run a command over all repositories of each task that has these.
    #[command(
        after_help = "Examples:\n  team6 project check add shop contract --repositories api,web -- \"sh web/contract.sh api\"\n\n\
                            It is run by sh in a sandbox, in a clean workspace with every repository of the task side by side: at \
                            exactly the delivered commit, or at its base if the task does not change it."
    )]
    Add {
        /// The project.
        project: ProjectId,
        /// What to call it.
        name: CheckName,
        /// The repositories that a task must have, separated by commas.
        #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
        repositories: Vec<RepositoryId>,
        /// How long it may take.
        #[arg(long, default_value_t = USUAL_SECONDS)]
        seconds: u32,
        /// The command, as one text.
        #[arg(last = true, required = true)]
        command: String,
    },
    /// Have it run no more. What it said so far stays.
    #[command(after_help = "Example:\n  team6 project check remove shop contract")]
    Remove {
        /// The project.
        project: ProjectId,
        /// Its name.
        name: CheckName,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: ProjectCheckCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let place = |project: &ProjectId| format!("/projects/{project}/checks");
    match command {
        ProjectCheckCommand::List { project } => {
            let reply = client.get::<Part<Check>>(&place(&project)).await?;
            context.output.show(&reply, |checks, page| {
                if checks.items.is_empty() {
                    page.line(format!("{project} has no check over several repositories."));
                    page.next(
                        format!("team6 project check add {project} NAME --repositories A,B -- \"COMMAND\""),
                        "sets one",
                    );
                }
                table(&checks.items, page);
            })
        }
        ProjectCheckCommand::Add {
            project,
            name,
            repositories,
            seconds,
            command,
        } => {
            let body = AddCheckTogetherRequest {
                name: name.clone(),
                repositories: repositories.into_iter().collect(),
                command,
                seconds,
            };
            let reply = client.post::<Part<Check>>(&place(&project), &body).await?;
            let names: Vec<&str> = body.repositories.iter().map(RepositoryId::as_str).collect();
            context.output.show(&reply, |_, page| {
                page.line(format!(
                    "Each delivery of a task over {} is checked by {name} as a whole from now on.",
                    names.join(" and ")
                ));
            })
        }
        ProjectCheckCommand::Remove { project, name } => {
            let at = format!("{}/{name}", place(&project));
            let reply = client.order::<Part<Check>>(Method::DELETE, &at, &json!({})).await?;
            context
                .output
                .show(&reply, |_, page| page.line(format!("{name} is no longer run.")))
        }
    }
}

fn table(checks: &[Check], page: &mut Page) {
    let rows = checks.iter().map(|check| {
        let names: Vec<&str> = check.together.iter().map(RepositoryId::as_str).collect();
        [
            (Tone::Strong, check.name.to_string()),
            (Tone::Plain, names.join(", ")),
            (Tone::Plain, check.command.clone()),
            (Tone::Faint, format!("{} s", check.seconds)),
        ]
    });
    if !checks.is_empty() {
        page.table(["check", "repositories", "command", "at most"], rows);
    }
}
