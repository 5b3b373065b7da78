//! Comments of a review are held against what people see before the rules take them, so that none ends up in the void.
//!
//! All that stand nowhere are named at once, and nothing of the review is kept: whoever sent it still has it.

use serde_json::{Value, json};
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::sprint::{ReviewComment, Sprint};
use team6_forge::{BadComment, DiffOptions, Forge, ForgeError, Misplaced, NewComment, Range, RepoPath, Side};

use super::ApiState;
use super::error::ApiError;
use super::request::Order;
use super::types::ReviewRequest;

/// How many are told in the text; the list beside it has all of them.
const TOLD: usize = 5;

/// A pull request that is offered for review.
struct Offered {
    repository: RepositoryId,
    number: u64,
    head: CommitId,
}

/// A comment that stands nowhere.
struct Bad {
    /// Its place among the review's comments, from 0.
    index: usize,
    repository: RepositoryId,
    path: String,
    line: Option<u32>,
    text: String,
    /// Lines or files that were probably meant.
    near: Value,
}

/// Refuses a review with comments that are not on what the task's pull requests change.
pub(super) async fn check(api: &ApiState, task: TaskId, order: &Order<ReviewRequest>) -> Result<(), ApiError> {
    let comments = &order.body.comments;
    if comments.is_empty() || api.was_carried_out(order.key.as_ref()).await?.is_some() {
        return Ok(());
    }
    let sprint = api.engine.sprint_of(task).await?;
    let offered = |sprint: &Sprint, _| {
        let task = sprint.tasks.get(&task);
        let all = task.into_iter().flat_map(|task| &task.pull_requests);
        let opened = all.filter_map(|(repository, known)| {
            Some(Offered {
                repository: repository.clone(),
                number: known.number?,
                head: known.head.clone(),
            })
        });
        opened.collect::<Vec<_>>()
    };
    let offered = api.engine.read(sprint, offered).await?;
    let mut bad = Vec::new();
    for pull_request in &offered {
        bad.extend(misplaced(api.forge.as_ref(), pull_request, comments).await?);
    }
    bad.sort_by_key(|bad| bad.index);
    if bad.is_empty() {
        Ok(())
    } else {
        Err(problem(&bad, comments.len()))
    }
}

/// The comments on a pull request's repository that are not on its diff. Those on others are not looked at.
async fn misplaced(forge: &dyn Forge, offered: &Offered, comments: &[ReviewComment]) -> Result<Vec<Bad>, ForgeError> {
    let (mut places, mut placed, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for (index, comment) in comments.iter().enumerate() {
        if comment.repository != offered.repository {
            continue;
        }
        match comment.path.parse::<RepoPath>() {
            Ok(path) => {
                places.push(index);
                placed.push(on(path, comment));
            }
            Err(error) => bad.push(told(index, comment, error.to_string(), Value::Null)),
        }
    }
    if placed.is_empty() {
        return Ok(bad);
    }
    let known = forge.pull_request(&offered.repository, offered.number).await?;
    let looked_at = known.patch_sets.iter().rev().find(|set| set.head == offered.head);
    let range = looked_at.map_or(Range::Whole, |set| Range::PatchSet(set.k));
    let options = DiffOptions::for_comments();
    let diff = forge.diff(&offered.repository, offered.number, range, &options).await?;
    for found in diff.misplaced(&placed) {
        let index = places[found.index];
        bad.push(told(index, &comments[index], found.to_string(), near(&found)));
    }
    Ok(bad)
}

fn on(path: RepoPath, comment: &ReviewComment) -> NewComment {
    NewComment {
        path,
        line: comment.line,
        end_line: comment.end_line,
        side: if comment.old_side { Side::Old } else { Side::New },
        text: String::new(),
    }
}

fn told(index: usize, comment: &ReviewComment, text: String, near: Value) -> Bad {
    Bad {
        index,
        repository: comment.repository.clone(),
        path: comment.path.clone(),
        line: comment.line,
        text,
        near,
    }
}

fn near(bad: &BadComment) -> Value {
    match &bad.why {
        Misplaced::File { near } => json!(near),
        Misplaced::Line { near } => json!(near),
        Misplaced::Backwards => Value::Null,
    }
}

fn problem(bad: &[Bad], of: usize) -> ApiError {
    let mut texts: Vec<&str> = bad.iter().take(TOLD).map(|bad| bad.text.as_str()).collect();
    if bad.len() > TOLD {
        texts.push("…");
    }
    let text = format!(
        "{} of {of} comments stand on nothing that the pull request changes: {}; move them and send the review again, \
         nothing of it was kept",
        bad.len(),
        texts.join(", ")
    );
    let each = |bad: &Bad| {
        json!({
            "comment": bad.index,
            "repository": bad.repository,
            "path": bad.path,
            "line": bad.line,
            "near": bad.near,
            "text": bad.text,
        })
    };
    let problems: Vec<Value> = bad.iter().map(each).collect();
    ApiError::unusable("bad-comments", text).with("problems", problems)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::response::IntoResponse;
    use team6_forge::conformance::{Scene, Stage};
    use team6_forge::{Identity, LocalForge, LocalForgeOptions};
    use team6_git::{Fuse, Git};

    use super::*;

    fn comment(repository: &str, path: &str, line: Option<u32>) -> ReviewComment {
        ReviewComment {
            repository: repository.parse().unwrap(),
            path: path.into(),
            line,
            end_line: None,
            old_side: false,
            text: "why?".into(),
        }
    }

    #[tokio::test]
    async fn each_comment_that_stands_nowhere_is_named_as_of_the_commit_that_was_looked_at() {
        let place = tempfile::tempdir().unwrap();
        let forge = LocalForge::new(LocalForgeOptions {
            root: place.path().to_owned(),
            git: Git::new("git".into(), Fuse::default()),
            engine: Identity {
                name: "Team6".into(),
                email: "team6@localhost".into(),
            },
            patience: Duration::from_secs(60),
        });
        let stage = Stage {
            forge: Arc::new(forge),
            address: |path| path.display().to_string(),
        };
        let scene = Scene::small(stage).await;
        let opened = scene.offered("feature/one", "list.txt", "1\n2\n3\n").await;
        let offered = Offered {
            repository: scene.id.clone(),
            number: opened.number,
            head: opened.head().unwrap().clone(),
        };
        // The agent goes on: what was looked at is what counts.
        scene.deliver("feature/one", "list.txt", "1\n").await;
        let here = scene.id.as_str();
        let comments = [
            comment(here, "list.txt", Some(3)),
            comment("elsewhere", "list.txt", Some(99)),
            comment(here, "lst.txt", Some(1)),
            comment(here, "/list.txt", None),
            comment(here, "list.txt", Some(4)),
        ];
        let mut bad = misplaced(scene.forge.as_ref(), &offered, &comments).await.unwrap();
        bad.sort_by_key(|bad| bad.index);
        let response = problem(&bad, comments.len()).into_response();
        assert_eq!(response.status(), 422);
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let named = |field: &str| {
            body["problems"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p[field].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(named("comment"), [json!(2), json!(3), json!(4)]);
        assert_eq!(named("near"), [json!(["list.txt"]), Value::Null, json!([3])]);
        let detail = body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("3 of 5 comments") && detail.contains("list.txt:4 (nearest lines: 3)"),
            "{detail}"
        );
        let none = misplaced(scene.forge.as_ref(), &offered, &comments[..1]).await.unwrap();
        assert!(none.is_empty());
    }
}
