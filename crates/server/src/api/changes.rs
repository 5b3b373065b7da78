//! What the pull requests of a task change, and whether they would merge.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::sprint::Sprint;
use team6_forge::{
    Change, Content, DiffOptions, FileDiff, Hunk, LineKind, Merge, MergeOutcome, PullRequest, Range, RepoPath,
};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Caller, Path, PersonHeader, Query};
use super::tasks::default_method;
use super::types::{
    ChangedContent, ChangedFile, ChangedHunk, ChangedLine, ChangedMode, FileChange, LineChange, MergeForecast, Page,
    PullRequestDiff,
};
use crate::effects::identity;
use crate::engine::EngineError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(show_diff))
        .routes(routes!(show_patch))
        .routes(routes!(forecast_merge))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    /// The repository; needed only if the task has pull requests in several.
    repository: Option<RepositoryId>,
    /// The patch set to compare with: 1 is the first delivery. None shows all that the other one changes.
    from: Option<u32>,
    /// The commit to compare with, in place of its patch set: what a review says that was looked at.
    since: Option<CommitId>,
    /// The patch set that is shown; the newest unless given.
    to: Option<u32>,
    /// Only this file.
    path: Option<String>,
    /// Lines around each change; 3 unless given, at most 100.
    #[param(maximum = 100)]
    context: Option<u32>,
}

/// A pull request that the forge shows.
struct Shown {
    repository: RepositoryId,
    number: u64,
}

/// Shows what a pull request of a task changes.
#[utoipa::path(get, path = "/tasks/{task}/diff", tag = "tasks", params(("task" = TaskId, Path), ChangesQuery),
    responses((status = OK, body = PullRequestDiff)))]
async fn show_diff(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    Query(query): Query<ChangesQuery>,
) -> Answer<PullRequestDiff> {
    let options = options(&query)?;
    let Shown { repository, number } = shown(&api, task, query.repository.as_ref()).await?;
    let pull_request = api.forge.pull_request(&repository, number).await?;
    let Some(latest) = pull_request.latest() else {
        return Err(not_open(task));
    };
    let range = range(&query, &pull_request, latest.k)?;
    let diff = api.forge.diff(&repository, number, range, &options).await?;
    Ok(Json(PullRequestDiff {
        number,
        patch_sets: latest.k,
        head: latest.head.clone(),
        files: diff.files.into_iter().map(file).collect(),
        truncated: diff.truncated,
        repository,
    }))
}

/// Shows what a pull request of a task changes, as git writes it.
#[utoipa::path(get, path = "/tasks/{task}/patch", tag = "tasks", params(("task" = TaskId, Path), ChangesQuery),
    responses((status = OK, body = String, content_type = "text/plain; charset=utf-8",
        headers(("team6-truncated" = bool, description = "Whether the end is cut off")))))]
async fn show_patch(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    Query(query): Query<ChangesQuery>,
) -> Result<Response, ApiError> {
    let options = options(&query)?;
    let Shown { repository, number } = shown(&api, task, query.repository.as_ref()).await?;
    let pull_request = api.forge.pull_request(&repository, number).await?;
    let newest = pull_request.latest().ok_or_else(|| not_open(task))?.k;
    let range = range(&query, &pull_request, newest)?;
    let patch = api.forge.patch(&repository, number, range, &options).await?;
    let truncated = if patch.truncated { "true" } else { "false" };
    let mut response = patch.text.into_response();
    response
        .headers_mut()
        .insert("team6-truncated", HeaderValue::from_static(truncated));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

fn options(query: &ChangesQuery) -> Result<DiffOptions, ApiError> {
    let path = query.path.as_deref().map(str::parse::<RepoPath>).transpose();
    let path = path.map_err(|error| ApiError::bad("bad-query", format!("path: {error}")))?;
    let defaults = DiffOptions::default();
    Ok(DiffOptions {
        context: query.context.unwrap_or(defaults.context).min(100),
        path,
        ..defaults
    })
}

fn range(query: &ChangesQuery, pull_request: &PullRequest, newest: u32) -> Result<Range, ApiError> {
    let from = match (query.from, &query.since) {
        (Some(_), Some(_)) => {
            return Err(ApiError::bad(
                "bad-query",
                "from and since both say what to compare with; give one",
            ));
        }
        (from, None) => from,
        (None, Some(commit)) => Some(offering(pull_request, commit)?),
    };
    if let Some(unknown) = [from, query.to]
        .into_iter()
        .flatten()
        .find(|k| !(1..=newest).contains(k))
    {
        let text = format!("there is no patch set {unknown}; the newest is {newest}, the first is 1");
        return Err(ApiError::missing("no-such-patch-set", text).with("newest", newest));
    }
    Ok(match (from, query.to) {
        (None, None) => Range::Whole,
        (None, Some(to)) => Range::PatchSet(to),
        (Some(from), to) => Range::Between(from, to.unwrap_or(newest)),
    })
}

/// The newest patch set that offers a commit.
fn offering(pull_request: &PullRequest, commit: &CommitId) -> Result<u32, ApiError> {
    let mut sets = pull_request.patch_sets.iter().rev();
    let set = sets.find(|set| set.head == *commit).map(|set| set.k);
    set.ok_or_else(|| {
        let text = format!("no patch set offered {}; leave `since` out to see all", commit.short());
        ApiError::missing("no-such-patch-set", text).with("newest", pull_request.patch_sets.len())
    })
}

/// The pull request that is asked for; the only one, if the task has one.
async fn shown(api: &ApiState, task: TaskId, wanted: Option<&RepositoryId>) -> Result<Shown, ApiError> {
    let sprint = api.engine.sprint_of(task).await?;
    let all = |sprint: &Sprint, _| {
        let task = sprint.tasks.get(&task)?;
        let all = task
            .pull_requests
            .iter()
            .map(|(id, pull_request)| (id.clone(), pull_request.number));
        Some(all.collect::<Vec<_>>())
    };
    let all = api
        .engine
        .read(sprint, all)
        .await?
        .ok_or(EngineError::NoSuchTask(task))?;
    let names: Vec<&str> = all.iter().map(|(repository, _)| repository.as_str()).collect();
    let chosen = match (wanted, all.as_slice()) {
        (Some(wanted), all) => all.iter().find(|(repository, _)| repository == wanted),
        (None, [only]) => Some(only),
        (None, []) => None,
        (None, _) => {
            let text = format!(
                "task {task} has pull requests in several repositories; name one: {}",
                names.join(", ")
            );
            return Err(ApiError::bad("repository-missing", text).with("repositories", names));
        }
    };
    match chosen {
        Some((repository, Some(number))) => Ok(Shown {
            repository: repository.clone(),
            number: *number,
        }),
        Some((_, None)) => Err(not_open(task)),
        None if names.is_empty() => Err(not_open(task)),
        None => {
            let text = format!(
                "task {task} has no pull request there; it has some in: {}",
                names.join(", ")
            );
            Err(ApiError::missing("no-pull-request", text).with("repositories", names))
        }
    }
}

fn not_open(task: TaskId) -> ApiError {
    let text = format!("task {task} has no open pull request yet; wait until it is delivered");
    ApiError::missing("no-pull-request", text)
}

fn file(file: FileDiff) -> ChangedFile {
    ChangedFile {
        old: file.old.map(|path| path.to_string()),
        new: file.new.map(|path| path.to_string()),
        change: match file.change {
            Change::Added => FileChange::Added,
            Change::Modified => FileChange::Modified,
            Change::Deleted => FileChange::Deleted,
            Change::Renamed => FileChange::Renamed,
            Change::Copied => FileChange::Copied,
        },
        mode: file.mode.map(|mode| ChangedMode {
            old: mode.old,
            new: mode.new,
        }),
        additions: file.additions,
        deletions: file.deletions,
        content: match file.content {
            Content::Text { hunks } => ChangedContent::Text {
                hunks: hunks.into_iter().map(hunk).collect(),
            },
            Content::Binary => ChangedContent::Binary,
        },
    }
}

fn hunk(hunk: Hunk) -> ChangedHunk {
    let lines = hunk.lines.into_iter().map(|line| ChangedLine {
        kind: match line.kind {
            LineKind::Context => LineChange::Context,
            LineKind::Added => LineChange::Added,
            LineKind::Deleted => LineChange::Deleted,
        },
        text: line.text,
        old: line.old,
        new: line.new,
    });
    ChangedHunk {
        old_start: hunk.old_start,
        new_start: hunk.new_start,
        heading: hunk.heading,
        lines: lines.collect(),
    }
}

/// Tells what a merge of each pull request would come to now. Nothing is merged.
#[utoipa::path(get, path = "/tasks/{task}/merge", tag = "tasks", params(("task" = TaskId, Path), PersonHeader),
    responses((status = OK, body = Page<MergeForecast>)))]
async fn forecast_merge(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    Caller(by): Caller,
) -> Answer<Page<MergeForecast>> {
    let sprint = api.engine.sprint_of(task).await?;
    let known = |sprint: &Sprint, _| sprint.tasks.get(&task).map(|task| task.pull_requests.clone());
    let pull_requests = api
        .engine
        .read(sprint, known)
        .await?
        .ok_or(EngineError::NoSuchTask(task))?;
    let method = default_method(&api, task).await?;
    let mut forecasts = Vec::new();
    for (repository, pull_request) in pull_requests {
        let forecast = |merges, text: String, conflicts| MergeForecast {
            repository: repository.clone(),
            number: pull_request.number,
            merges,
            text,
            conflicts,
        };
        forecasts.push(match (pull_request.number, &pull_request.merged) {
            (_, Some(commit)) => forecast(true, format!("is merged by {}", commit.short()), Vec::new()),
            (None, None) => forecast(false, "is not open yet".to_owned(), Vec::new()),
            (Some(number), None) => {
                let wanted = Merge {
                    key: format!("forecast-{task}/{repository}"),
                    method,
                    expected_head: pull_request.head.clone(),
                    by: identity(&api.people, &by),
                    message: "forecast".to_owned(),
                    at: api.engine.now(),
                };
                match api.forge.dry_run_merge(&repository, number, &wanted).await {
                    Ok(outcome) => {
                        let (merges, text, conflicts) = told(outcome);
                        forecast(merges, text, conflicts)
                    }
                    // Such as an origin that cannot be reached: then nothing would be merged there.
                    Err(error) => forecast(false, error.to_string(), Vec::new()),
                }
            }
        });
    }
    Ok(Json(whole(forecasts)))
}

fn told(outcome: MergeOutcome) -> (bool, String, Vec<String>) {
    match outcome {
        MergeOutcome::Merged { .. } => (true, "merges".to_owned(), Vec::new()),
        MergeOutcome::Conflicts { files } => {
            let conflicts = files.iter().map(|conflict| conflict.path.to_string()).collect();
            (
                false,
                "conflicts with its base; its agent mends that when it is merged".to_owned(),
                conflicts,
            )
        }
        MergeOutcome::HeadMoved { now } => (false, newer(&now), Vec::new()),
        MergeOutcome::BaseMoved { base } => (false, format!("others keep pushing to {base}; try again"), Vec::new()),
        MergeOutcome::Refused { why, next } => (false, format!("{why}; {next}"), Vec::new()),
    }
}

fn newer(commit: &CommitId) -> String {
    format!("has a newer commit, {}; look at it first", commit.short())
}
