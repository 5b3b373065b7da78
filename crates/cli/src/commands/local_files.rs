//! `team6 repo file`: files that workspaces get and no repository holds.

use std::io::{IsTerminal, Read};

use clap::Subcommand;
use reqwest::Method;
use team6_core::ids::{ProjectId, RepositoryId};
use team6_core::local_path::LocalPath;
use team6_server::api::types::{LocalFileItem, Page as Part};

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone, ago};

/// What to do with local files.
#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// List the local files of a repository. Their contents are never shown.
    #[command(after_help = "Example:\n  team6 repo file list shop app")]
    List {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
    },
    /// Give workspaces of a repository a file, such as .env; its content is read from standard input.
    #[command(after_help = "Examples:\n  team6 repo file put shop app .env < .env\n  \
                            pass show shop/test-key | team6 repo file put shop app config/key.pem\n\n\
                            Agents can read it, and what they print is in their logs: give keys that are for tests.")]
    Put {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
        /// Where it lies, from the top of the repository.
        path: LocalPath,
    },
    /// Take a local file away.
    #[command(after_help = "Example:\n  team6 repo file remove shop app .env")]
    Remove {
        /// The project.
        project: ProjectId,
        /// The repository's name.
        repository: RepositoryId,
        /// Where it lies.
        path: LocalPath,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: FileCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let place = |project: &ProjectId, repository: &RepositoryId| {
        format!("/projects/{project}/repositories/{repository}/local-files")
    };
    let which = |path: &LocalPath| [("path", path.to_string())];
    match command {
        FileCommand::List { project, repository } => {
            let reply = client.get::<Part<LocalFileItem>>(&place(&project, &repository)).await?;
            context.output.show(&reply, |files, page| {
                if files.items.is_empty() {
                    page.line(format!("{repository} has no local file."));
                    page.next(
                        format!("team6 repo file put {project} {repository} PATH < FILE"),
                        "gives workspaces one",
                    );
                }
                table(&files.items, page);
            })
        }
        FileCommand::Put {
            project,
            repository,
            path,
        } => {
            let content = from_stdin()?;
            let size = content.len();
            let at = place(&project, &repository);
            let put = client
                .send::<Part<LocalFileItem>>(Method::PUT, &at, &which(&path), content)
                .await?;
            context.output.show(&put, |_, page| {
                page.line(format!(
                    "Workspaces of {repository} get {path} ({size} bytes) from now on."
                ));
            })
        }
        FileCommand::Remove {
            project,
            repository,
            path,
        } => {
            let at = place(&project, &repository);
            let removed = client
                .send::<Part<LocalFileItem>>(Method::DELETE, &at, &which(&path), Vec::new())
                .await?;
            context.output.show(&removed, |_, page| {
                page.line(format!("New workspaces of {repository} get {path} no more."));
            })
        }
    }
}

fn from_stdin() -> Result<Vec<u8>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::Usage(
            "the content is read from standard input; add < FILE".to_owned(),
        ));
    }
    let mut content = Vec::new();
    let most = team6_server::local_files::LARGEST as u64;
    let read = stdin.lock().take(most + 1).read_to_end(&mut content);
    read.map_err(|error| Failure::Failed(format!("standard input cannot be read: {error}")))?;
    if content.len() as u64 > most {
        let text = format!("the file is larger than {} KiB; keep it elsewhere", most >> 10);
        return Err(Failure::Usage(text));
    }
    Ok(content)
}

fn table(files: &[LocalFileItem], page: &mut Page) {
    let rows = files.iter().map(|file| {
        let state = match file.kept {
            true => (Tone::Faint, String::new()),
            false => (Tone::Attention, "missing; give it again".to_owned()),
        };
        [
            (Tone::Strong, file.path.to_string()),
            (Tone::Plain, file.size.to_string()),
            (Tone::Plain, file.by.to_string()),
            (Tone::Faint, ago(file.at)),
            state,
        ]
    });
    if !files.is_empty() {
        page.table(["file", "bytes", "given by", "when", ""], rows);
    }
}
