//! `team6 task diff`, and what a merge would come to.

use team6_core::ids::{RepositoryId, TaskId};
use team6_server::api::types::{ChangedFile, FileChange, MergeForecast, PullRequestDiff};

use crate::client::{Client, cleaned};
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// Shows what a pull request changes: as git writes it, or only how much.
pub(super) async fn run(
    client: &Client,
    task: TaskId,
    repository: Option<RepositoryId>,
    from: Option<u32>,
    stat: bool,
    context: &Context,
) -> Result<(), Failure> {
    let mut query = Vec::new();
    query.extend(repository.map(|repository| ("repository", repository.to_string())));
    query.extend(from.map(|from| ("from", from.to_string())));
    if stat || context.output.json {
        let reply = client
            .find::<PullRequestDiff>(&format!("/tasks/{task}/diff"), &query)
            .await?;
        return context.output.show(&reply, counted);
    }
    let patch = client.text(&format!("/tasks/{task}/patch"), &query).await?;
    context.output.page(|page| {
        for line in cleaned(&patch).lines() {
            let line = page.tinted(tone(line), line);
            page.line(line);
        }
        if patch.is_empty() {
            page.line("Nothing is changed.");
        }
    })
}

fn tone(line: &str) -> Tone {
    match line.as_bytes() {
        [b'd', b'i', b'f', b'f', b' ', ..] | [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Tone::Strong,
        [b'+', ..] => Tone::Good,
        [b'-', ..] => Tone::Bad,
        [b'@', b'@', ..] => Tone::Attention,
        _ => Tone::Plain,
    }
}

fn counted(diff: &PullRequestDiff, page: &mut Page) {
    page.line(format!(
        "{}#{} at {}, delivery {}",
        diff.repository,
        diff.number,
        diff.head.short(),
        diff.patch_sets
    ));
    let rows = diff.files.iter().map(|file| {
        [
            (Tone::Plain, path(file)),
            (Tone::Good, format!("+{}", file.additions)),
            (Tone::Bad, format!("-{}", file.deletions)),
            (Tone::Faint, kind(file.change).into()),
        ]
    });
    page.table(["file", "# added", "# deleted", "change"], rows);
    if diff.truncated {
        page.line("There is more than is shown here.");
    }
}

fn path(file: &ChangedFile) -> String {
    match (&file.old, &file.new) {
        (Some(old), Some(new)) if old != new => format!("{old} -> {new}"),
        (_, Some(path)) | (Some(path), None) => path.clone(),
        (None, None) => String::new(),
    }
}

fn kind(change: FileChange) -> &'static str {
    match change {
        FileChange::Added => "added",
        FileChange::Modified => "modified",
        FileChange::Deleted => "deleted",
        FileChange::Renamed => "renamed",
        FileChange::Copied => "copied",
    }
}

/// What a merge would come to now.
pub(super) fn forecast(forecasts: &[MergeForecast], page: &mut Page) {
    for forecast in forecasts {
        let tone = if forecast.merges { Tone::Good } else { Tone::Bad };
        let number = forecast.number.map(|n| format!("#{n}")).unwrap_or_default();
        let text = page.tinted(tone, &forecast.text);
        page.line(format!("{}{number} {text}", forecast.repository));
        for file in &forecast.conflicts {
            page.line(format!("  conflict in {file}"));
        }
    }
    if forecasts.is_empty() {
        page.line("There is nothing to merge yet.");
    }
}
