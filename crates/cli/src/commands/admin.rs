//! `team6 admin`: care for what the server remembers.
//!
//! A running server does it itself. Without one the files are opened here, so that a server that does not start can be
//! looked into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;
use team6_git::{Fuse, Git};
use team6_server::api::types::{BackupReport, BackupRequest, CheckReport, RebuildReport};
use team6_server::engine::Engine;
use team6_server::records::{Records, check_at_rest};
use team6_store::{Admin, DataFolder, DataFolderError, SqliteStore, SqliteTraceStore, Store};

use super::Context;
use crate::configuration;
use crate::failure::Failure;
use crate::output::{Page, Tone};

const BACKUP: &str = "Example:
  team6 admin backup /backups/team6-monday

Not in it: mirrors of repositories, which are fetched again; the queue, which the log fills again; what agents have
not committed yet, and the memories of their sessions; team6.toml, the folder of agents, and the token; the
contents of local files, which `team6 repo file list` then shows as missing and `team6 repo file put` gives again.

To restore, give the server a new data folder:
  cp -a /backups/team6-monday team6-data
Into an old one, stop the server first and remove team6.db, traces.db and queue.db there, each with its -wal and -shm,
and the folders forge and workspaces: what is left of them does not fit to the copy.";

/// What to do with the records.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// See whether the databases are sound.
    #[command(after_help = "Examples:\n  team6 admin check\n  team6 admin check --json | jq .findings")]
    Check,
    /// Make all lists anew from the event log. Nothing is lost by it.
    #[command(after_help = "Example:\n  team6 admin rebuild")]
    Rebuild,
    /// Copy the log, the traces, the pull requests and what agents delivered into a new folder, while the server goes on.
    #[command(after_help = BACKUP)]
    Backup {
        /// A folder that does not exist yet.
        folder: PathBuf,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: AdminCommand, context: &Context) -> Result<(), Failure> {
    let config = configuration::load(context.connection.config.as_deref())
        .map_err(Failure::Usage)?
        .config;
    if !context.connection.names_a_server() {
        there_is(&config.data)?;
        match DataFolder::open(&config.data) {
            Ok(folder) => return at_rest(command, context, &folder).await,
            Err(DataFolderError::InUse { .. }) => {}
            Err(error) => return Err(Failure::Failed(error.to_string())),
        }
    }
    running(command, context).await
}

/// Refuses a data folder that is not there, since none is meant to be made.
fn there_is(data: &Path) -> Result<(), Failure> {
    if data.is_dir() {
        return Ok(());
    }
    let what = match data.exists() {
        true => format!("{} is no folder", data.display()),
        false => format!("there is no data folder at {}", data.display()),
    };
    Err(Failure::Failed(format!(
        "{what}; name the right one with TEAM6_DATA=FOLDER, or its configuration with --config FILE"
    )))
}

async fn running(command: AdminCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        AdminCommand::Check => {
            let reply = client.tell::<CheckReport>("/admin/check").await?;
            let found = reply.item.findings.iter();
            let found: Vec<_> = found
                .map(|finding| (finding.file.clone(), finding.what.clone()))
                .collect();
            context.output.show(&reply, |_, page| findings(&found, page))?;
            sound(&found)
        }
        AdminCommand::Rebuild => {
            let reply = client.tell::<RebuildReport>("/admin/rebuild").await?;
            context
                .output
                .show(&reply, |report, page| rebuilt(report.sprints, page))
        }
        AdminCommand::Backup { folder } => {
            let folder = absolute(&folder)?;
            let Some(folder) = folder.to_str() else {
                return Err(Failure::Usage(format!(
                    "{} is no UTF-8; choose another folder",
                    folder.display()
                )));
            };
            let body = BackupRequest {
                folder: folder.to_owned(),
            };
            let reply = client.post::<BackupReport>("/admin/backup", &body).await?;
            context.output.show(&reply, |report, page| copied(&report.folder, page))
        }
    }
}

async fn at_rest(command: AdminCommand, context: &Context, folder: &DataFolder) -> Result<(), Failure> {
    context.output.note(&format!(
        "no server runs on {}, so its files are opened here",
        folder.path().display()
    ));
    let failed = |error: &dyn std::error::Error| Failure::Failed(error.to_string());
    let log = async || {
        SqliteStore::open(folder)
            .await
            .map(Arc::new)
            .map_err(|error| failed(&error))
    };
    match command {
        AdminCommand::Check => {
            let found = check_at_rest(folder).await.map_err(|error| failed(&error))?;
            let found: Vec<_> = found
                .into_iter()
                .map(|f| (f.file.display().to_string(), f.what))
                .collect();
            let list: Vec<_> = found
                .iter()
                .map(|(file, what)| json!({ "file": file, "what": what }))
                .collect();
            context
                .output
                .value(&json!({ "findings": list }), |page| findings(&found, page))?;
            sound(&found)
        }
        AdminCommand::Rebuild => {
            let engine = Engine::start(log().await? as Arc<dyn Store>).await;
            let sprints = engine
                .map_err(|error| failed(&error))?
                .rebuild()
                .await
                .map_err(|error| failed(&error))?;
            context
                .output
                .value(&json!({ "sprints": sprints }), |page| rebuilt(sprints, page))
        }
        AdminCommand::Backup { folder: target } => {
            let log = log().await?;
            let traces = SqliteTraceStore::open(folder).await.map_err(|error| failed(&error))?;
            // git runs elsewhere, so that no path may depend on where this was started.
            let target = absolute(&target)?;
            let records = Records::new(absolute(folder.path())?, Git::new("git".into(), Fuse::default()));
            let databases: [&dyn Admin; 2] = [log.as_ref(), &traces];
            let copied_all = records.back_up(&databases, &target).await;
            copied_all.map_err(|error| failed(&error))?;
            let folder = target.display().to_string();
            context
                .output
                .value(&json!({ "folder": folder }), |page| copied(&folder, page))
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

fn findings(found: &[(String, String)], page: &mut Page) {
    for (file, what) in found {
        let bad = page.tinted(Tone::Bad, "broken");
        page.line(format!("{bad}  {file}: {what}"));
    }
    if found.is_empty() {
        let good = page.tinted(Tone::Good, "sound");
        page.line(format!("{good}  the log, its lists, the traces and the queue"));
    }
}

fn sound(found: &[(String, String)]) -> Result<(), Failure> {
    if found.is_empty() {
        return Ok(());
    }
    let text = "the records are broken; try `team6 admin rebuild` if only lists are, else restore a backup";
    Err(Failure::Failed(text.into()))
}

fn rebuilt(sprints: usize, page: &mut Page) {
    page.line(format!("The lists of {sprints} sprints were made anew."));
}

fn copied(folder: &str, page: &mut Page) {
    page.line(format!(
        "A copy of the log, the traces, the pull requests and what agents delivered is in {folder}."
    ));
    page.next(
        "team6 admin backup --help",
        "says how to restore it, and what is not in it",
    );
}
