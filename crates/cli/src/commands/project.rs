//! `team6 project`: what is worked on, and by how many agents at once.

use clap::Subcommand;
use reqwest::Method;
use team6_core::ids::ProjectId;
use team6_core::project::Project;
use team6_server::api::types::{CreateProjectRequest, ProjectSpending, UpdateProjectRequest};

use super::Context;
use super::budget::{self, BudgetArguments};
use super::project_check::{self, ProjectCheckCommand};
use crate::failure::Failure;
use crate::output::{Page, Tone, ago};

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// List the projects.
    #[command(after_help = "Example:\n  team6 project list")]
    List,
    /// Make a project.
    #[command(
        after_help = "Examples:\n  team6 project add shop\n  team6 project add shop --title \"The shop\" --at-once 5"
    )]
    Add {
        /// Its name: lower-case letters, digits and dashes.
        name: ProjectId,
        /// What people call it; its name unless given.
        #[arg(long)]
        title: Option<String>,
        /// How many agents may work at once; what is configured unless given.
        #[arg(long, value_name = "N")]
        at_once: Option<u32>,
    },
    /// Show a project and its repositories.
    #[command(after_help = "Example:\n  team6 project show shop")]
    Show {
        /// The project.
        name: ProjectId,
    },
    /// Change how many agents of a project work at once, or whether work in review is kept up to date.
    #[command(
        after_help = "Examples:\n  team6 project set shop --at-once 8\n  team6 project set shop --update-branches false"
    )]
    Set {
        /// The project.
        name: ProjectId,
        /// How many agents may work at once.
        #[arg(long, value_name = "N", required_unless_present = "update_branches")]
        at_once: Option<u32>,
        /// Whether work in review is brought up to date when its base moves.
        #[arg(long, value_name = "TRUE|FALSE")]
        update_branches: Option<bool>,
    },
    /// Show or set what all sprints of a project may spend together, without a restart.
    #[command(
        after_help = "Examples:\n  team6 project budget shop\n  team6 project budget shop --cost 1500\n  \
                            team6 project budget shop --day --cost 120\n  team6 project budget shop --day --cost none\n\n\
                            What is set here holds from now on, whatever is configured; a configured limit that is left out stays."
    )]
    Budget {
        /// The project.
        name: ProjectId,
        /// The budget of a day, by UTC, instead of that of all time.
        #[arg(long)]
        day: bool,
        #[command(flatten)]
        budget: BudgetArguments,
    },
    /// What the engine runs over all repositories of a task together.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 project check list shop\n  team6 project check add shop contract --repositories api,web -- \"sh web/contract.sh api\""
    )]
    Check(ProjectCheckCommand),
}

/// Carries a command out.
pub(crate) async fn run(command: ProjectCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let reply = match command {
        ProjectCommand::Check(command) => return project_check::run(command, context).await,
        ProjectCommand::Budget { name, day, budget } => {
            let path = format!("/projects/{name}/budgets");
            let mut reply = client.get::<ProjectSpending>(&path).await?;
            let (of, known) = match day {
                true => ("day", reply.item.day),
                false => ("project", reply.item.project),
            };
            if let Some(changed) = budget.over(known.budget) {
                reply = client.order(Method::PUT, &format!("{path}/{of}"), &changed).await?;
            }
            return context.output.show(&reply, |spending, page| {
                budget::page(&format!("{name}: all sprints"), &spending.project, page);
                page.gap();
                budget::page(&format!("{name}: today, by UTC"), &spending.day, page);
            });
        }
        ProjectCommand::List => {
            let projects = client.list::<Project>("/projects", "after", &[]).await?;
            return context.output.show(&projects, |projects, page| list(projects, page));
        }
        ProjectCommand::Add { name, title, at_once } => {
            let body = CreateProjectRequest {
                id: name,
                title,
                concurrency: at_once,
            };
            client.post::<Project>("/projects", &body).await?
        }
        ProjectCommand::Show { name } => client.get(&format!("/projects/{name}")).await?,
        ProjectCommand::Set {
            name,
            at_once,
            update_branches,
        } => {
            let body = UpdateProjectRequest {
                concurrency: at_once,
                update_branches,
            };
            client.order(Method::PATCH, &format!("/projects/{name}"), &body).await?
        }
    };
    context.output.show(&reply, show)
}

fn list(projects: &[Project], page: &mut Page) {
    if projects.is_empty() {
        page.line("No project yet.");
        page.next("team6 project add NAME", "makes one");
        return;
    }
    let rows = projects.iter().map(|project| {
        let repositories: Vec<&str> = project
            .repositories
            .keys()
            .map(team6_core::ids::RepositoryId::as_str)
            .collect();
        [
            (Tone::Strong, project.id.to_string()),
            (Tone::Plain, project.title.clone()),
            (Tone::Plain, project.concurrency.to_string()),
            (Tone::Plain, repositories.join(", ")),
        ]
    });
    page.table(["project", "title", "# at once", "repositories"], rows);
}

/// A project, and what to do next with it.
fn show(project: &Project, page: &mut Page) {
    let id = &project.id;
    page.heading(&project.title);
    page.field("project", id);
    page.field("at once", format!("{} agents", project.concurrency));
    let kept = match project.update_branches {
        true => "is brought up to date when its base moves",
        false => "stays as it is when its base moves",
    };
    page.field("in review", kept);
    if !project.together.is_empty() {
        let names: Vec<String> = project.together.iter().map(|check| check.name.to_string()).collect();
        page.field("together", format!("is checked by {}", names.join(", ")));
    }
    page.field("made", ago(project.created_at));
    if project.repositories.is_empty() {
        page.gap();
        page.line("It has no repository yet.");
        page.next(format!("team6 repo add {id} PATH-OR-URL"), "connects one");
        return;
    }
    page.gap();
    super::repo::table(project, page);
    page.gap();
    page.next(format!("team6 sprint plan {id} \"GOAL\""), "has a sprint planned");
}
