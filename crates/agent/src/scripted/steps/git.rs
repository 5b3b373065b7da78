//! Steps that use git, as agents do: in the workspace, with whatever identity it is configured with.

use std::path::Path;

use agent_client_protocol::v1::schema::ToolKind;
use serde_json::json;
use tokio::process::Command;

use super::super::play::{Call, Done, Stuck, Turn};
use super::super::template::Template;

/// Commits everything. That there is nothing to commit is no failure: an earlier attempt may have done it.
pub(super) async fn commit(turn: &mut Turn, message: &Template, folder: Option<&Template>) -> Result<(), Stuck> {
    let message = turn.fill(message)?;
    let folder = turn.folder(folder)?;
    announce(
        turn,
        format!("Commit \"{}\"", message.lines().next().unwrap_or_default()),
        &folder,
    )
    .await?;
    git(&folder, &["add", "--all"]).await?;
    let output = if git(&folder, &["status", "--porcelain"]).await?.is_empty() {
        "nothing to commit".to_owned()
    } else {
        let mut args = identity(&folder).await;
        args.extend(["commit", "--quiet", "--message", &message]);
        git(&folder, &args).await?;
        git(&folder, &["log", "-1", "--format=%H %s"]).await?
    };
    turn.complete(Done { output, diff: None }).await
}

/// Replaces the current branch by a single commit without a past.
pub(super) async fn rewrite_history(turn: &mut Turn, folder: Option<&Template>) -> Result<(), Stuck> {
    let folder = turn.folder(folder)?;
    announce(turn, "Rewrite the history".into(), &folder).await?;
    let mut args = identity(&folder).await;
    args.extend(["commit-tree", "HEAD^{tree}", "-m", "A new beginning"]);
    let orphan = git(&folder, &args).await?;
    git(&folder, &["update-ref", "HEAD", &orphan]).await?;
    turn.complete(Done {
        output: orphan,
        diff: None,
    })
    .await
}

async fn announce(turn: &mut Turn, title: String, folder: &Path) -> Result<(), Stuck> {
    turn.call(Call {
        title,
        kind: ToolKind::Execute,
        path: None,
        input: json!({ "folder": folder }),
    })
    .await
}

/// Settings that say who commits, where nothing else does.
async fn identity(folder: &Path) -> Vec<&'static str> {
    match git(folder, &["config", "user.email"]).await {
        Ok(_) => Vec::new(),
        Err(_) => vec![
            "-c",
            "user.name=Scripted agent",
            "-c",
            "user.email=scripted-agent@localhost",
        ],
    }
}

/// What git printed, or what it complained about.
async fn git(folder: &Path, args: &[&str]) -> Result<String, Stuck> {
    let run = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .kill_on_drop(true)
        .output();
    let output = run
        .await
        .map_err(|error| format!("git in {}: {error}", folder.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("git {}: {}", args.join(" "), text(&output.stderr)))
    }
}
