//! What a worker needs to know to make an attempt.

use std::collections::BTreeMap;

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{AttemptId, BranchName, CommitId, FencingToken, ProjectId, RepositoryId, TaskId};
use team6_core::project::{Project, Repository};
use team6_core::sprint::{AttemptReason, Sprint, Stage, Task, WorkId};
use team6_forge::CloneSource;
use team6_worker::control::{AssignedRepository, Assignment, ControlError};
use team6_workspace::LocalFile;

use super::{ControlParts, engine_failed, repository_failed};
use crate::engine::EngineError;

/// Where each repository's task branch was in the forge.
type Branches = BTreeMap<RepositoryId, Option<CommitId>>;

/// The assignment of a started attempt; none if it has ended meanwhile.
pub(super) async fn of(
    parts: &ControlParts,
    attempt: AttemptId,
    token: FencingToken,
) -> Result<Option<Assignment>, EngineError> {
    parts
        .engine
        .read(attempt.sprint, |sprint, _| draft(sprint, attempt, token))
        .await
}

/// The repositories of an attempt as their origins are now; or why it fails before it begins.
pub(super) async fn repositories(
    parts: &ControlParts,
    attempt: AttemptId,
) -> Result<(Vec<AssignedRepository>, Branches), Failure> {
    let read = parts
        .engine
        .read(attempt.sprint, |sprint, _| wanted(sprint, attempt))
        .await;
    let wanted = read.map_err(not_read)?;
    let Some(Wanted {
        project,
        repositories,
        branch,
        left,
        parent,
        mut below,
    }) = wanted
    else {
        return Err(impossible(format!("attempt {attempt} ended before it began")));
    };
    let project = parts.engine.project(&project).await.map_err(not_read)?;
    let all = repositories.unwrap_or_else(|| project.repositories.keys().cloned().collect());
    let (mut prepared, mut branches) = (Vec::new(), Branches::new());
    for id in all {
        let Some(repository) = project.repositories.get(&id) else {
            return Err(impossible(format!(
                "repository {id} is not in project {} any more",
                project.id
            )));
        };
        let (mut one, published) = prepare_repository(parts, repository, branch.as_ref(), &left)
            .await
            .map_err(|error| repository_failed(&error))?;
        if let Some((branch, built_on)) = &parent
            && let Some(commit) = built_on.get(&id)
        {
            one.base_branch = branch.clone();
            one.base = commit.clone();
        }
        one.others = below.remove(&id).unwrap_or_default();
        one.local_files = local_files(parts, &project, &id).await?;
        branches.insert(id, published);
        prepared.push(one);
    }
    Ok((prepared, branches))
}

/// A project's repositories as their origins are now, but for those that cannot be reached.
pub(super) async fn bases(parts: &ControlParts, project: &ProjectId) -> Result<Vec<AssignedRepository>, EngineError> {
    let project = parts.engine.project(project).await?;
    let mut reached = Vec::new();
    for repository in project.repositories.values() {
        match prepare_repository(parts, repository, None, &BTreeMap::new()).await {
            Ok((prepared, _)) => reached.push(prepared),
            Err(error) => tracing::debug!(repository = %repository.id, %error, "its base is not known"),
        }
    }
    Ok(reached)
}

/// What the team's people gave for a repository. What is not there, as after a restored backup, is left out.
pub(super) async fn local_files(
    parts: &ControlParts,
    project: &Project,
    id: &RepositoryId,
) -> Result<Vec<LocalFile>, Failure> {
    let Some(known) = project.local_files.get(id) else {
        return Ok(Vec::new());
    };
    let paths: Vec<_> = known.keys().cloned().collect();
    let (files, project, id) = (parts.local_files.clone(), project.id.clone(), id.clone());
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        for path in paths {
            match files.read(&project, &id, &path) {
                Ok(Some(content)) => all.push(LocalFile { path, content }),
                Ok(None) => tracing::warn!(%project, repository = %id, %path, "a local file has to be given again"),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(all)
    });
    let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
    read.map_err(|text| Failure {
        kind: FailureKind::Unreachable,
        text,
        until: None,
    })
}

fn impossible(text: String) -> Failure {
    Failure {
        kind: FailureKind::Impossible,
        text,
        until: None,
    }
}

/// A database that is locked or has no room is another day's; a sprint that is not there stays away.
fn not_read(error: EngineError) -> Failure {
    match engine_failed(error) {
        ControlError::Unavailable(why) => Failure {
            kind: FailureKind::Unreachable,
            text: why,
            until: None,
        },
        error => impossible(error.to_string()),
    }
}

pub(super) async fn prepare_repository(
    parts: &ControlParts,
    repository: &Repository,
    branch: Option<&BranchName>,
    left: &BTreeMap<RepositoryId, CommitId>,
) -> Result<(AssignedRepository, Option<CommitId>), team6_forge::ForgeError> {
    let id = &repository.id;
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
        origin: repository.origin.clone(),
        local_files: Vec::new(),
        others: Vec::new(),
        base_branch: repository.branch.clone(),
        base,
        // What a failed attempt left goes beyond what was published.
        start: left.get(id).cloned().or_else(|| published.clone()),
    };
    Ok((prepared, published))
}

/// What an attempt needs of repositories.
struct Wanted {
    project: ProjectId,
    /// None: all of the project.
    repositories: Option<Vec<RepositoryId>>,
    branch: Option<BranchName>,
    /// What the last attempt left.
    left: BTreeMap<RepositoryId, CommitId>,
    /// The branch of its parent and the commits of it that a subtask builds on.
    parent: Option<(BranchName, BTreeMap<RepositoryId, CommitId>)>,
    /// The branches of its subtasks.
    below: BTreeMap<RepositoryId, Vec<(BranchName, CommitId)>>,
}

fn wanted(sprint: &Sprint, attempt: AttemptId) -> Option<Wanted> {
    let id = sprint.attempt(attempt.n)?.work;
    let task = match id {
        WorkId::Planning => None,
        WorkId::Task(id) => Some(sprint.tasks.get(&id)?),
    };
    let parent = task.and_then(|task| {
        let subtask = task.subtask.as_ref()?;
        let branch = sprint.tasks.get(&subtask.parent)?.branch.clone()?;
        Some((branch, subtask.built_on.clone()))
    });
    let left = sprint.work(id)?.left.as_ref().map(|(_, left)| left.clone());
    Some(Wanted {
        project: sprint.project.clone(),
        repositories: task.map(|t| t.planned.repositories.clone()),
        branch: task.and_then(|t| t.branch.clone()),
        left: left.unwrap_or_default(),
        parent,
        below: task.map(|task| branches_below(sprint, task)).unwrap_or_default(),
    })
}

/// What the subtasks of a task delivered.
fn delivered(sprint: &Sprint, task: &Task) -> Vec<(TaskId, BTreeMap<RepositoryId, CommitId>)> {
    let delivered = sprint.subtasks(task).filter(|t| t.work.stage == Stage::Delivered);
    delivered.map(|t| (t.id, t.heads.clone())).collect()
}

/// The branches of a task's subtasks that are in the forge.
fn branches_below(sprint: &Sprint, task: &Task) -> BTreeMap<RepositoryId, Vec<(BranchName, CommitId)>> {
    let mut branches: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for subtask in sprint.subtasks(task) {
        let Some(branch) = &subtask.branch else { continue };
        for (repository, offered) in &subtask.pull_requests {
            let listed = branches.entry(repository.clone()).or_default();
            listed.push((branch.clone(), offered.head.clone()));
        }
    }
    branches
}

/// The part that the sprint knows.
fn draft(sprint: &Sprint, attempt: AttemptId, token: FencingToken) -> Option<Assignment> {
    let known = sprint.attempt(attempt.n)?;
    let work = sprint.work(known.work)?;
    let Stage::Running { lease_until, .. } = &work.stage else {
        return None;
    };
    let task = match known.work {
        WorkId::Planning => None,
        WorkId::Task(id) => Some(sprint.tasks.get(&id)?),
    };
    Some(Assignment {
        attempt,
        token,
        project: sprint.project.clone(),
        work: known.work,
        title: task.map_or_else(|| sprint.title().into_owned(), |t| t.planned.title.clone()),
        agent: known.agent.clone(),
        branch: task.and_then(|t| t.branch.clone()),
        briefing: sprint.briefing(attempt.n)?,
        told: work.unread.clone(),
        session: work.session.clone(),
        threads: task
            .map(|t| t.open_threads().map(|thread| thread.id).collect())
            .unwrap_or_default(),
        subtasks: task.map(|task| delivered(sprint, task)).unwrap_or_default(),
        may_reply: task.is_none() || matches!(known.reason, AttemptReason::Message { .. }),
        heartbeat: sprint.policy.heartbeat,
        lease_until: *lease_until,
        reserved: known.reserved,
        allowance: sprint.policy.budgets.allowance,
    })
}
