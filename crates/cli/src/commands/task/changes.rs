//! `team6 task diff`, and what a merge would come to.

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::Update;
use team6_core::text::cleaned;
use team6_server::api::types::{ChangedFile, FileChange, MergeForecast, PullRequestDiff, RevertForecast, TaskDetail};

use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// Shows what the pull requests of a task change, or the one that is named: as git writes it, or only how much.
pub(super) async fn run(
    client: &Client,
    task: TaskId,
    repository: Option<RepositoryId>,
    from: Option<u32>,
    stat: bool,
    context: &Context,
) -> Result<(), Failure> {
    let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?.item;
    let asked = match repository {
        Some(repository) => vec![Some(repository)],
        None => all(&detail),
    };
    let query = |repository: &Option<RepositoryId>| {
        let mut query = Vec::new();
        query.extend(repository.as_ref().map(|name| ("repository", name.to_string())));
        query.extend(from.map(|from| ("from", from.to_string())));
        query
    };
    if stat || context.output.json {
        let path = format!("/tasks/{task}/diff");
        let mut parts = Parts::new(asked.len());
        for repository in &asked {
            let reply = client.find::<PullRequestDiff>(&path, &query(repository)).await;
            parts.add(repository, reply)?;
        }
        let parts = parts.some()?;
        if context.output.json {
            let raw: Vec<_> = parts
                .iter()
                .filter_map(|(_, part)| Some(&part.as_ref().ok()?.raw))
                .collect();
            // One is no list, so that what reads it need not know of tasks with several.
            return match asked.as_slice() {
                [_] => raw.iter().try_for_each(|one| context.output.line(one)),
                _ => context.output.line(&raw),
            };
        }
        return context.output.page(|page| {
            for (place, (repository, part)) in parts.iter().enumerate() {
                if place > 0 {
                    page.gap();
                }
                updates(&detail, repository, page);
                match part {
                    Ok(reply) => counted(&reply.item, page),
                    Err(why) => page.line(format!("{}: {why}", name(repository))),
                }
            }
        });
    }
    let path = format!("/tasks/{task}/patch");
    let mut parts = Parts::new(asked.len());
    for repository in &asked {
        let patch = client.text(&path, &query(repository)).await;
        parts.add(repository, patch)?;
    }
    let parts = parts.some()?;
    context.output.page(|page| {
        for (repository, part) in &parts {
            if asked.len() > 1 {
                page.heading(format!("In {}", name(repository)));
            }
            updates(&detail, repository, page);
            match part {
                Ok(patch) => changed(patch, page),
                Err(why) => page.line(why),
            }
        }
    })
}

/// The repositories of a task with several whose pull requests are open; otherwise the only one, which needs no name.
fn all(detail: &TaskDetail) -> Vec<Option<RepositoryId>> {
    let requests = &detail.pull_requests;
    let open = requests.iter().filter(|request| request.number.is_some());
    let open: Vec<_> = open.map(|request| Some(request.repository.clone())).collect();
    match (requests.as_slice(), open.is_empty()) {
        ([] | [_], _) => vec![None],
        // The server says why there is nothing to see.
        ([first, ..], true) => vec![Some(first.repository.clone())],
        (_, false) => open,
    }
}

/// What came in by bases, which is none of the task's own changes.
fn updates(detail: &TaskDetail, repository: &Option<RepositoryId>, page: &mut Page) {
    let of = |update: &&Update| repository.as_ref().is_none_or(|name| *name == update.repository);
    for update in detail.updates.iter().filter(of) {
        let text = format!("# {}", super::show::updated(update));
        let text = page.tinted(Tone::Faint, text);
        page.line(text);
    }
}

/// A repository, and what was got of it or why there is nothing.
type Part<'a, T> = (&'a Option<RepositoryId>, Result<T, String>);

/// What was got of each repository. Of several, one may have nothing since the delivery that is asked for.
struct Parts<'a, T> {
    several: bool,
    parts: Vec<Part<'a, T>>,
    missing: Option<Failure>,
}

impl<'a, T> Parts<'a, T> {
    fn new(asked: usize) -> Self {
        Self {
            several: asked > 1,
            parts: Vec::new(),
            missing: None,
        }
    }

    fn add(&mut self, repository: &'a Option<RepositoryId>, part: Result<T, Failure>) -> Result<(), Failure> {
        let part = match part {
            Ok(part) => Ok(part),
            Err(Failure::Problem(problem)) if self.several && problem.code == "no-such-patch-set" => {
                let why = problem.detail.clone();
                self.missing = Some(Failure::Problem(problem));
                Err(why)
            }
            Err(failure) => return Err(failure),
        };
        self.parts.push((repository, part));
        Ok(())
    }

    /// All of them, unless there is nothing in any.
    fn some(self) -> Result<Vec<Part<'a, T>>, Failure> {
        match self.missing {
            Some(failure) if self.parts.iter().all(|(_, part)| part.is_err()) => Err(failure),
            _ => Ok(self.parts),
        }
    }
}

fn name(repository: &Option<RepositoryId>) -> &str {
    repository.as_ref().map_or("", RepositoryId::as_str)
}

fn changed(patch: &str, page: &mut Page) {
    for line in cleaned(patch).lines() {
        let line = page.tinted(tone(line), line);
        page.line(line);
    }
    if patch.is_empty() {
        page.line("Nothing is changed.");
    }
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

/// What taking back what was merged would come to now.
pub(super) fn reverts(task: TaskId, forecasts: &[RevertForecast], page: &mut Page) {
    for forecast in forecasts {
        let tone = if forecast.reverts { Tone::Good } else { Tone::Bad };
        let text = page.tinted(tone, &forecast.text);
        page.line(format!("{}#{} {text}", forecast.repository, forecast.number));
        for file in &forecast.conflicts {
            page.line(format!("  conflict in {file}"));
        }
    }
    if forecasts.is_empty() {
        page.line("Nothing of it is merged, so there is nothing to revert.");
    } else if forecasts.iter().all(|forecast| forecast.reverts) {
        page.line("Then the task is closed; what was not merged of it is not merged.");
        page.next(format!("team6 task revert {task} --yes"), "does it");
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
