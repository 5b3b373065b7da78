//! What a worker needs to know to make an attempt.

use std::collections::BTreeMap;

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{AttemptId, BranchName, CommitId, FencingToken, RepositoryId};
use team6_core::sprint::{AttemptReason, Sprint, Stage, WorkId};
use team6_forge::CloneSource;
use team6_worker::control::{AssignedRepository, Assignment};

use super::{ControlParts, engine_failed, repository_failed};

/// Where each repository's task branch was in the forge.
type Branches = BTreeMap<RepositoryId, Option<CommitId>>;

/// Everything about a started attempt; or why it fails before it begins.
pub(super) async fn prepare(
    parts: &ControlParts,
    attempt: AttemptId,
    token: FencingToken,
) -> Result<(Assignment, Branches), Failure> {
    let failed = |text: String| Failure {
        kind: FailureKind::Impossible,
        text,
        until: None,
    };
    let read = parts
        .engine
        .read(attempt.sprint, |sprint, _| draft(sprint, attempt, token))
        .await;
    let draft = read.map_err(|error| failed(engine_failed(error).to_string()))?;
    let Some((mut assignment, wanted, left)) = draft else {
        return Err(failed(format!("attempt {attempt} ended before it began")));
    };
    let project = parts.engine.project(&assignment.project).await;
    let project = project.map_err(|error| failed(error.to_string()))?;
    let wanted = wanted.unwrap_or_else(|| project.repositories.keys().cloned().collect());
    let mut branches = Branches::new();
    for id in wanted {
        let Some(repository) = project.repositories.get(&id) else {
            return Err(failed(format!(
                "repository {id} is not in project {} any more",
                project.id
            )));
        };
        let (prepared, published) =
            prepare_repository(parts, &id, &repository.branch, assignment.branch.as_ref(), &left)
                .await
                .map_err(|error| repository_failed(&error))?;
        branches.insert(id, published);
        assignment.repositories.push(prepared);
    }
    Ok((assignment, branches))
}

async fn prepare_repository(
    parts: &ControlParts,
    id: &RepositoryId,
    base_branch: &BranchName,
    branch: Option<&BranchName>,
    left: &BTreeMap<RepositoryId, CommitId>,
) -> Result<(AssignedRepository, Option<CommitId>), team6_forge::ForgeError> {
    let base = parts.forge.base(id).await?;
    let published = match branch {
        Some(branch) => parts.forge.branch(id, branch).await?,
        None => None,
    };
    let source = match parts.forge.clone_source(id).await? {
        CloneSource::Path(path) => path.to_string_lossy().into_owned(),
        CloneSource::Url(url) => url,
    };
    let prepared = AssignedRepository {
        id: id.clone(),
        source,
        base_branch: base_branch.clone(),
        base,
        // What a failed attempt left goes beyond what was published.
        start: left.get(id).cloned().or_else(|| published.clone()),
    };
    Ok((prepared, published))
}

type Draft = (Assignment, Option<Vec<RepositoryId>>, BTreeMap<RepositoryId, CommitId>);

/// The part that the sprint knows, with the repositories (none: all) and what the last attempt left.
fn draft(sprint: &Sprint, attempt: AttemptId, token: FencingToken) -> Option<Draft> {
    let known = sprint.attempt(attempt.n)?;
    let work = sprint.work(known.work)?;
    let Stage::Running { lease_until, .. } = &work.stage else {
        return None;
    };
    let task = match known.work {
        WorkId::Planning => None,
        WorkId::Task(id) => Some(sprint.tasks.get(&id)?),
    };
    let assignment = Assignment {
        attempt,
        token,
        project: sprint.project.clone(),
        work: known.work,
        title: task.map_or_else(|| sprint.title().to_owned(), |t| t.planned.title.clone()),
        agent: known.agent.clone(),
        branch: task.and_then(|t| t.branch.clone()),
        repositories: Vec::new(),
        briefing: sprint.briefing(attempt.n)?,
        told: work.unread.clone(),
        session: work.session.clone(),
        threads: task
            .map(|t| t.open_threads().map(|thread| thread.id).collect())
            .unwrap_or_default(),
        may_reply: task.is_none() || matches!(known.reason, AttemptReason::Message { .. }),
        heartbeat: sprint.policy.heartbeat,
        lease_until: *lease_until,
    };
    let left = work.left.as_ref().map(|(_, left)| left.clone()).unwrap_or_default();
    Some((assignment, task.map(|t| t.planned.repositories.clone()), left))
}
