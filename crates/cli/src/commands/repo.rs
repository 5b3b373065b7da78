//! `team6 repo`: the repositories of a project.

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;
use team6_core::ids::{BranchName, ProjectId, RepositoryId};
use team6_core::project::Project;
use team6_core::sprint::MergeMethod;
use team6_server::api::types::{ConnectRequest, ConnectedRepository};

use super::Context;
use super::local_files::{self, FileCommand};
use super::repo_check::{self, CheckCommand};
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// What to do with repositories.
#[derive(Debug, Subcommand)]
pub(crate) enum RepoCommand {
    /// List the repositories of a project.
    #[command(after_help = "Example:\n  team6 repo list shop")]
    List {
        /// The project.
        project: ProjectId,
    },
    /// Connect a repository: a folder on the server's machine, or a URL.
    #[command(
        after_help = "Examples:\n  team6 repo add shop .\n  team6 repo add shop ../api --branch develop --merge squash\n  \
                            team6 repo add shop https://git.example.org/shop/web.git --name web"
    )]
    Add {
        /// The project.
        project: ProjectId,
        /// A folder or a URL (file, https, ssh). A repository of yours is never changed under your feet: merges go to its
        /// branch as a push would.
        origin: String,
        /// Its name, unique on the server; the last part of its origin unless given.
        #[arg(long)]
        name: Option<RepositoryId>,
        /// The branch that tasks build on and are merged to; the origin's default branch unless given.
        #[arg(long)]
        branch: Option<BranchName>,
        /// Make the branch if it is not there.
        #[arg(long, requires = "branch")]
        create_branch: bool,
        /// How pull requests are merged.
        #[arg(long, value_enum, default_value_t)]
        merge: Merging,
    },
    /// Files that workspaces get and no repository holds, such as .env.
    #[command(subcommand, after_help = "Example:\n  team6 repo file put shop app .env < .env")]
    File(FileCommand),
    /// What the engine runs on each delivery before a person is asked to look.
    #[command(subcommand, after_help = "Example:\n  team6 repo check find shop app --accept")]
    Check(CheckCommand),
    /// Take a repository away from a project. The repository itself stays as it is.
    #[command(after_help = "Example:\n  team6 repo remove shop web")]
    Remove {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        name: RepositoryId,
    },
}

/// How pull requests are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Merging {
    /// By a merge commit.
    #[default]
    Merge,
    /// All commits become one.
    Squash,
    /// Commit by commit, without a merge commit.
    Rebase,
}

impl From<Merging> for MergeMethod {
    fn from(merging: Merging) -> Self {
        match merging {
            Merging::Merge => Self::Merge,
            Merging::Squash => Self::Squash,
            Merging::Rebase => Self::Rebase,
        }
    }
}

/// Carries a command out.
pub(crate) async fn run(command: RepoCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        RepoCommand::File(command) => local_files::run(command, context).await,
        RepoCommand::Check(command) => repo_check::run(command, context).await,
        RepoCommand::List { project } => {
            let reply = client.get::<Project>(&format!("/projects/{project}")).await?;
            context.output.show(&reply, |project, page| {
                if project.repositories.is_empty() {
                    page.line(format!("Project {} has no repository yet.", project.id));
                    page.next(format!("team6 repo add {} PATH-OR-URL", project.id), "connects one");
                }
                table(project, page);
            })
        }
        RepoCommand::Add {
            project,
            origin,
            name,
            branch,
            create_branch,
            merge,
        } => {
            let body = ConnectRequest {
                id: name,
                origin: absolute(origin)?,
                branch,
                create_branch,
                merge_method: merge.into(),
            };
            let path = format!("/projects/{project}/repositories");
            let reply = client.post::<ConnectedRepository>(&path, &body).await?;
            context.output.show(&reply, connected_now)
        }
        RepoCommand::Remove { project, name } => {
            let path = format!("/projects/{project}/repositories/{name}");
            let reply = client.order::<Project>(Method::DELETE, &path, &json!({})).await?;
            context.output.show(&reply, |project, page| {
                page.line(format!("Repository {name} no longer belongs to {}.", project.id));
            })
        }
    }
}

/// A folder is meant from here, and the server is elsewhere.
fn absolute(origin: String) -> Result<String, Failure> {
    let is_url = origin.contains("://") || (origin.contains(':') && !std::path::Path::new(&origin).exists());
    if is_url {
        return Ok(origin);
    }
    let path = std::fs::canonicalize(&origin).map_err(|error| {
        Failure::Usage(format!(
            "{origin} is no folder that can be read: {error}; give a path or a URL"
        ))
    })?;
    path.into_os_string().into_string().map_err(|path| {
        Failure::Usage(format!(
            "{} is no UTF-8; give the repository another path",
            path.to_string_lossy()
        ))
    })
}

/// The repositories of a project.
pub(super) fn table(project: &Project, page: &mut Page) {
    let rows = project.repositories.values().map(|repository| {
        [
            (Tone::Strong, repository.id.to_string()),
            (Tone::Plain, repository.branch.to_string()),
            (Tone::Plain, word(&repository.merge_method)),
            (Tone::Faint, repository.origin.clone()),
        ]
    });
    page.table(["repository", "branch", "merged by", "origin"], rows);
}

fn connected_now(connected: &ConnectedRepository, page: &mut Page) {
    let repository = &connected.repository;
    let done = page.tinted(Tone::Good, "connected");
    page.line(format!(
        "{done} {} at {} of {}",
        repository.id,
        connected.head.short(),
        repository.branch
    ));
    for notice in &connected.notices {
        let name = page.tinted(Tone::Attention, notice.notice.replace('_', " "));
        page.line(format!("  {name}: {}", notice.text));
    }
    page.next(
        format!("team6 sprint plan {} \"GOAL\"", connected.project.id),
        "has a sprint planned",
    );
}

/// The name that an enumeration has on the wire.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}
