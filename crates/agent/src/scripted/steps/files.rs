//! Steps that read and change files, shown as tool calls with diffs and locations.

use std::io;
use std::path::Path;
use std::time::Duration;

use agent_client_protocol::v1::schema::{Diff, ToolKind};
use serde_json::json;
use tokio::fs;

use super::super::play::{Call, Done, Stuck, Turn};
use super::super::scenario::Change;
use super::super::template::Template;

/// The most bytes of a file that are shown.
const SHOWN: usize = 64 * 1024;
/// How often a file that is waited for is looked for.
const LOOK: Duration = Duration::from_millis(20);

pub(super) async fn read(turn: &mut Turn, path: &Template) -> Result<(), Stuck> {
    let path = turn.path(path)?;
    announce(turn, "Read", ToolKind::Read, &path).await?;
    let bytes = fs::read(&path).await.map_err(|error| at(&path, &error))?;
    let shown = bytes.get(..SHOWN).unwrap_or(&bytes);
    let output = String::from_utf8_lossy(shown).into_owned();
    turn.complete(Done { output, diff: None }).await
}

pub(super) async fn edit(turn: &mut Turn, path: &Template, change: &Change) -> Result<(), Stuck> {
    let path = turn.path(path)?;
    announce(turn, "Edit", ToolKind::Edit, &path).await?;
    let before = match fs::read_to_string(&path).await {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(at(&path, &error)),
    };
    let after = match change {
        Change::Content(content) => turn.fill(content)?,
        Change::Append(more) => before.clone().unwrap_or_default() + &turn.fill(more)?,
        Change::Replace { find, replace } => {
            let (find, replace) = (turn.fill(find)?, turn.fill(replace)?);
            let text = before.as_deref().unwrap_or_default();
            if !text.contains(&find) {
                return Err(format!("{} does not contain \"{find}\"", path.display()));
            }
            text.replacen(&find, &replace, 1)
        }
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).await.map_err(|error| at(folder, &error))?;
    }
    fs::write(&path, &after).await.map_err(|error| at(&path, &error))?;
    let diff = Diff::new(path, after).old_text(before);
    turn.complete(Done {
        output: "edited".into(),
        diff: Some(diff),
    })
    .await
}

pub(super) async fn delete(turn: &mut Turn, path: &Template) -> Result<(), Stuck> {
    let path = turn.path(path)?;
    announce(turn, "Delete", ToolKind::Delete, &path).await?;
    let about = fs::symlink_metadata(&path).await.map_err(|error| at(&path, &error))?;
    let deleted = if about.is_dir() {
        fs::remove_dir_all(&path).await
    } else {
        fs::remove_file(&path).await
    };
    deleted.map_err(|error| at(&path, &error))?;
    let output = "deleted".into();
    turn.complete(Done { output, diff: None }).await
}

pub(super) async fn wait_for(turn: &mut Turn, path: &Template, limit: Duration) -> Result<(), Stuck> {
    let path = turn.path(path)?;
    let there = async {
        while !fs::try_exists(&path).await.unwrap_or(false) {
            tokio::time::sleep(LOOK).await;
        }
    };
    let waited = tokio::time::timeout(limit, there).await;
    waited.map_err(|_| format!("{} was not there after {} s", path.display(), limit.as_secs()))
}

async fn announce(turn: &mut Turn, verb: &str, kind: ToolKind, path: &Path) -> Result<(), Stuck> {
    let shown = path.strip_prefix(&turn.session.cwd).unwrap_or(path);
    let title = format!("{verb} {}", shown.display());
    let input = json!({ "path": path });
    turn.call(Call {
        title,
        kind,
        path: Some(path),
        input,
    })
    .await
}

fn at(path: &Path, error: &io::Error) -> Stuck {
    format!("{}: {error}", path.display())
}
