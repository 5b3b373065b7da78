//! `team6 task review`: what an owner says of a delivery, at once.

use std::collections::BTreeMap;

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{ReviewComment, Verdict};
use team6_server::api::types::{Changed, ReviewRequest, TaskDetail, TaskItem};

use super::{packet, show};
use crate::client::Client;
use crate::commands::{Context, text};
use crate::failure::Failure;
use crate::output::Tone;

pub(super) const EXAMPLES: &str = "Examples:
  team6 task review 12    what was asked, what changed, where to look
  team6 task review 12 --approve
  team6 task review 12 --request-changes -m \"Nearly there.\" --on src/money.rs:42=\"Round half to even.\"
  team6 task review 12 --comment --on README.md=\"Nice.\"
  team6 task review 12 --request-changes -m @review.md --on api:src/lib.rs:7=\"Name the unit.\"";

/// The arguments of `team6 task review`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("verdict"))]
pub(crate) struct ReviewArguments {
    /// The number of the task.
    task: TaskId,
    /// It may be merged.
    #[arg(long, group = "verdict")]
    approve: bool,
    /// It goes back to its agent, which answers each comment.
    #[arg(long, group = "verdict")]
    request_changes: bool,
    /// Neither.
    #[arg(long, group = "verdict")]
    comment: bool,
    /// The text above all comments; `-` reads it from standard input, `@FILE` from a file.
    #[arg(long, short, value_name = "TEXT", requires = "verdict")]
    message: Option<String>,
    /// A comment on a file or lines of it: `FILE=TEXT`, `FILE:LINE=TEXT`, `FILE:FIRST-LAST=TEXT`, or
    /// `REPOSITORY:FILE:LINE=TEXT` if the task changed several repositories. `FILE:-LINE=TEXT` is a line that was deleted.
    /// Repeat it for more.
    #[arg(long = "on", value_name = "PLACE=TEXT", requires = "verdict")]
    comments: Vec<String>,
}

/// Gives the review.
pub(super) async fn run(client: &Client, arguments: ReviewArguments, context: &Context) -> Result<(), Failure> {
    let task = arguments.task;
    if !(arguments.approve || arguments.request_changes || arguments.comment) {
        let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?;
        if context.output.json {
            return context.output.line(&detail.raw["packet"]);
        }
        return context.output.page(|page| packet::page(&detail.item, page));
    }
    let body = arguments
        .message
        .as_deref()
        .map(text::given)
        .transpose()?
        .unwrap_or_default();
    let repositories: Vec<RepositoryId> = match arguments.comments.is_empty() {
        true => Vec::new(),
        false => {
            let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?.item;
            detail
                .pull_requests
                .into_iter()
                .map(|request| request.repository)
                .collect()
        }
    };
    let comments = arguments.comments.iter().map(|comment| placed(comment, &repositories));
    let request = ReviewRequest {
        verdict: match (arguments.approve, arguments.request_changes) {
            (true, _) => Verdict::Approve,
            (_, true) => Verdict::RequestChanges,
            _ => Verdict::Comment,
        },
        body,
        comments: comments.collect::<Result<_, _>>().map_err(Failure::Usage)?,
        heads: BTreeMap::new(),
    };
    let reply = client
        .post::<Changed<TaskItem>>(&format!("/tasks/{task}/reviews"), &request)
        .await?;
    // Whoever merges next should know; a review that was given is told of in any case.
    let detail = match context.output.json {
        true => None,
        false => client.get::<TaskDetail>(&format!("/tasks/{task}")).await.ok(),
    };
    context.output.show(&reply, |changed, page| {
        show::changed(&changed.item, page);
        for conflict in detail.iter().flat_map(|detail| show::conflicts(&detail.item)) {
            let conflict = page.tinted(Tone::Attention, format!("conflicts {conflict}"));
            page.line(format!("  {conflict}"));
        }
        if request.verdict == Verdict::Approve {
            page.next(format!("team6 task merge {task}"), "merges it");
        }
    })
}

/// A comment with its place.
fn placed(argument: &str, repositories: &[RepositoryId]) -> Result<ReviewComment, String> {
    let form = || {
        format!("--on {argument}: write FILE=TEXT, FILE:LINE=TEXT, FILE:FIRST-LAST=TEXT or REPOSITORY:FILE:LINE=TEXT")
    };
    let (place, text) = argument.split_once('=').ok_or_else(form)?;
    let (place, lines) = match place.rsplit_once(':').map(|(rest, written)| (rest, lines(written))) {
        Some((rest, Some(lines))) => (rest, Some(lines)),
        _ => (place, None),
    };
    let named = place.split_once(':').and_then(|(name, path)| {
        let known = repositories.iter().find(|repository| repository.as_str() == name)?;
        Some((known, path))
    });
    let (repository, path) = match (named, repositories) {
        (Some(named), _) => named,
        (None, [only]) => (only, place),
        (None, []) => return Err("the task has no pull request to comment on yet".into()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(team6_core::ids::RepositoryId::as_str).collect();
            return Err(format!(
                "--on {argument}: say in which repository, as in {}:{argument}",
                names.join(": or ")
            ));
        }
    };
    let (line, end_line, old_side) = lines.map_or((None, None, false), |(first, last, old)| (Some(first), last, old));
    let backwards = matches!((line, end_line), (Some(first), Some(last)) if last < first);
    if path.is_empty() || text.trim().is_empty() || line == Some(0) || backwards {
        return Err(form());
    }
    Ok(ReviewComment {
        repository: repository.clone(),
        path: path.to_owned(),
        line,
        end_line,
        old_side,
        text: text.to_owned(),
    })
}

/// `7`, `7-9`, or with a minus before it for lines that were deleted: the first, the last, and whether they are old.
fn lines(written: &str) -> Option<(u32, Option<u32>, bool)> {
    let (written, old_side) = written.strip_prefix('-').map_or((written, false), |rest| (rest, true));
    match written.split_once('-') {
        Some((first, last)) => Some((first.parse().ok()?, Some(last.parse().ok()?), old_side)),
        None => Some((written.parse().ok()?, None, old_side)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repositories(names: &[&str]) -> Vec<RepositoryId> {
        names.iter().map(|name| RepositoryId::new(*name).unwrap()).collect()
    }

    #[test]
    fn comments_find_their_place() {
        let one = repositories(&["app"]);
        let two = repositories(&["app", "api"]);
        let place = |text: &str, repositories: &[RepositoryId]| {
            placed(text, repositories).map(|c| (c.repository.to_string(), c.path, c.line, c.old_side, c.text))
        };
        let found = |repository: &str, path: &str, line, old, text: &str| {
            Ok((repository.to_owned(), path.to_owned(), line, old, text.to_owned()))
        };
        assert_eq!(
            place("a b.rs:7=x=y", &one),
            found("app", "a b.rs", Some(7), false, "x=y")
        );
        assert_eq!(place("a:b.rs=x", &one), found("app", "a:b.rs", None, false, "x"));
        assert_eq!(place("api:b.rs:-3=x", &two), found("api", "b.rs", Some(3), true, "x"));
        let ends = |text: &str| placed(text, &one).map(|comment| (comment.line, comment.end_line, comment.old_side));
        assert_eq!(ends("b.rs:3-5=x"), Ok((Some(3), Some(5), false)));
        assert_eq!(ends("b.rs:-3-5=x"), Ok((Some(3), Some(5), true)));
        for wrong in ["b.rs", "=x", "b.rs:0=x", "b.rs:3= ", "b.rs:5-3=x"] {
            assert!(place(wrong, &one).is_err(), "{wrong}");
        }
        assert!(place("b.rs:3=x", &two).unwrap_err().contains("which repository"));
        assert!(place("b.rs:3=x", &[]).unwrap_err().contains("no pull request"));
    }
}
