//! What an attempt is told of its project's memory, what it adds to it, and what is learnt from how its task ended.

use std::collections::BTreeMap;

use team6_core::ids::{AttemptId, PersonId, ProjectId, RepositoryId, SprintId, TaskId};
use team6_core::memory::{Ended, Kind, Memory, MemoryCommand, Scope, ScopePath, Sought, Source, TEXT_MOST, section};
use team6_core::policy::MemoryLimits;
use team6_core::sprint::{self, Sprint, Stage, Task, Thread, WorkId};
use team6_store::Question;
use team6_worker::control::{Assignment, ControlError, Kept, Recall, Remember};

use super::{ControlParts, engine_failed};
use crate::engine::{ENGINE, Engine, EngineError};

/// How much a call of `recall` is answered with.
const RECALLED: MemoryLimits = MemoryLimits {
    tokens: 2_500,
    most: 15,
};

/// Adds to the briefing of an attempt what its project's memory holds of use, and records what that was. An attempt goes
/// on without it when the memory cannot be read.
pub(super) async fn tell(parts: &ControlParts, assignment: &mut Assignment) {
    if let Err(error) = told(&parts.engine, assignment).await {
        tracing::warn!(attempt = %assignment.attempt, %error, "an attempt begins without what the memory holds");
    }
}

async fn told(engine: &Engine, assignment: &mut Assignment) -> Result<(), EngineError> {
    let attempt = assignment.attempt;
    let asked = engine.read(attempt.sprint, |sprint, _| {
        question(sprint, assignment.work).map(|question| (question, sprint.policy.memory))
    });
    let Some((question, limits)) = asked.await? else {
        return Ok(());
    };
    let chosen = engine.recall(&question, limits).await?;
    if chosen.is_empty() {
        return Ok(());
    }
    let task = task_of(assignment.work);
    // A session that goes on was told these before.
    let before = match task {
        Some(task) => engine.given_to(&question.project, task).await?,
        None => Default::default(),
    };
    let give = MemoryCommand::Give {
        attempt,
        task,
        memories: chosen.iter().map(|one| one.memory.id).collect(),
    };
    engine.change_memory(&question.project, give, ENGINE, None).await?;
    let all = chosen.iter().map(|one| &one.memory);
    assignment.briefing.full.push_str(&section(all.clone()));
    let new = all.filter(|memory| !before.contains(&memory.id));
    assignment.briefing.news.push_str(&section(new));
    Ok(())
}

fn task_of(work: WorkId) -> Option<TaskId> {
    match work {
        WorkId::Planning => None,
        WorkId::Task(task) => Some(task),
    }
}

/// What a piece of work asks of the memory.
fn question(sprint: &Sprint, work: WorkId) -> Option<Question> {
    let project = sprint.project.clone();
    let Some(task) = task_of(work) else {
        return Some(Question {
            project,
            title: sprint.goal.clone(),
            text: String::new(),
            sought: Sought::default(),
        });
    };
    let planned = &sprint.tasks.get(&task)?.planned;
    let paths = planned
        .paths
        .iter()
        .filter_map(|path| in_repository(path, &planned.repositories));
    Some(Question {
        project,
        title: planned.title.clone(),
        text: [
            planned.what.as_str(),
            &planned.why,
            &planned.acceptance_criteria.join("\n"),
        ]
        .join("\n"),
        sought: Sought {
            repositories: planned.repositories.clone(),
            paths: paths.collect(),
        },
    })
}

/// A path of a task from the top of its repository: plans over several may begin with the repository's name.
fn in_repository(path: &str, repositories: &[RepositoryId]) -> Option<ScopePath> {
    let named = repositories
        .iter()
        .find_map(|id| path.strip_prefix(id.as_str())?.strip_prefix('/'));
    ScopePath::new(named.unwrap_or(path)).ok()
}

/// Who an attempt is, as far as its words go into the memory.
struct Speaker {
    project: ProjectId,
    source: Source,
    repositories: Vec<RepositoryId>,
}

async fn speaker(parts: &ControlParts, attempt: AttemptId) -> Result<Speaker, ControlError> {
    let speaker = |sprint: &Sprint, _| {
        let known = sprint.attempt(attempt.n)?;
        let task = task_of(known.work);
        let planned = task.and_then(|task| sprint.tasks.get(&task)).map(|task| &task.planned);
        Some(Speaker {
            project: sprint.project.clone(),
            source: Source::Agent {
                agent: known.agent.clone(),
                attempt,
                task,
            },
            repositories: planned.map(|planned| planned.repositories.clone()).unwrap_or_default(),
        })
    };
    let known = parts
        .engine
        .read(attempt.sprint, speaker)
        .await
        .map_err(engine_failed)?;
    known.ok_or_else(|| super::over(attempt))
}

/// Keeps what an agent says.
pub(super) async fn remember(parts: &ControlParts, attempt: AttemptId, wanted: Remember) -> Result<Kept, ControlError> {
    let Speaker {
        project,
        source,
        repositories,
    } = speaker(parts, attempt).await?;
    let repository = match (wanted.repository, repositories.as_slice()) {
        (None, [only]) if wanted.path.is_some() => Some(only.clone()),
        (given, _) => given,
    };
    let scope = scope(parts, &project, repository, wanted.path).await?;
    let command = MemoryCommand::Remember {
        kind: wanted.kind,
        text: wanted.text,
        scope,
        evidence: wanted.evidence,
        supersedes: wanted.supersedes,
        source,
    };
    let actor = format!("attempt {attempt}");
    let kept = parts.engine.change_memory(&project, command, &actor, None).await;
    let kept = kept.map_err(refused)?;
    let memory = kept
        .memory
        .ok_or_else(|| ControlError::Failed("nothing was kept".into()))?;
    // The words are the agent's own, so the memory is new if its first evidence is.
    let new = kept.events.iter().any(|event| event.kind() == "memory_remembered");
    Ok(Kept {
        memory: memory.id,
        known: (!new).then_some(memory.text),
    })
}

/// What the memory holds of something that an agent asks for.
pub(super) async fn recall(
    parts: &ControlParts,
    attempt: AttemptId,
    wanted: Recall,
) -> Result<Vec<Memory>, ControlError> {
    let speaker = speaker(parts, attempt).await?;
    let repositories = match wanted.repository {
        Some(repository) => vec![repository],
        None => speaker.repositories,
    };
    let question = Question {
        project: speaker.project,
        title: wanted.question,
        text: String::new(),
        sought: Sought {
            repositories,
            paths: wanted.path.into_iter().collect(),
        },
    };
    let found = parts.engine.recall(&question, RECALLED).await.map_err(engine_failed)?;
    Ok(found.into_iter().map(|one| one.memory).collect())
}

async fn scope(
    parts: &ControlParts,
    project: &ProjectId,
    repository: Option<RepositoryId>,
    path: Option<ScopePath>,
) -> Result<Scope, ControlError> {
    if let Some(repository) = &repository {
        let known = parts.engine.project(project).await.map_err(engine_failed)?.repositories;
        if !known.contains_key(repository) {
            let names: Vec<&str> = known.keys().map(RepositoryId::as_str).collect();
            return Err(ControlError::Failed(format!(
                "repository: the project has no repository {repository}; use one of {}",
                names.join(", ")
            )));
        }
    }
    Scope::of(repository, path)
        .ok_or_else(|| ControlError::Failed("repository: say in which repository the path lies".into()))
}

/// What the rules of the memory refuse is told to the agent as it is.
fn refused(error: EngineError) -> ControlError {
    match error {
        EngineError::MemoryRefused(refusal) => ControlError::Failed(refusal.to_string()),
        error => engine_failed(error),
    }
}

/// Learns from a task that has ended: how it went for whom it was given memories, and what people said in its reviews. It
/// may be done twice.
pub(crate) async fn learn<P>(
    engine: &Engine,
    people: &BTreeMap<PersonId, P>,
    sprint: SprintId,
    task: TaskId,
) -> Result<(), EngineError> {
    let look = |sprint: &Sprint, _: team6_core::ids::StreamVersion| {
        let task = sprint.tasks.get(&task)?;
        Some((sprint.project.clone(), ended(sprint, task), comments(task)))
    };
    let Some((project, ended, comments)) = engine.read(sprint, look).await? else {
        return Ok(());
    };
    for (by, mut proposal) in comments {
        if let MemoryCommand::Propose { member, .. } = &mut proposal {
            *member = people.contains_key(&by);
        }
        match engine.change_memory(&project, proposal, ENGINE, None).await {
            Ok(_) => {}
            // Too short, too long, or not of the team: not every comment is worth keeping.
            Err(EngineError::MemoryRefused(refusal)) => {
                tracing::debug!(%task, %refusal, "a review comment does not become a memory");
            }
            Err(error) => return Err(error),
        }
    }
    let judge = MemoryCommand::Judge { task, ended };
    engine.change_memory(&project, judge, ENGINE, None).await.map(drop)
}

fn ended(sprint: &Sprint, task: &Task) -> Ended {
    if task.work.stage != Stage::Done {
        return Ended::Dropped;
    }
    let sent_back = |review: &&sprint::Review| review.verdict == sprint::Verdict::RequestChanges;
    let last = task.reviews.iter().rfind(sent_back);
    let mut attempts = task.work.attempts.iter().filter_map(|n| sprint.attempt(*n));
    // Whatever began it: somebody may also have written meanwhile, or paused the task.
    let mended_by = last.and_then(|review| attempts.find(|attempt| attempt.scheduled_at >= review.at));
    Ended::Merged {
        mended_by: mended_by.map(|attempt| attempt.id),
    }
}

/// The comments of a merged task that its agent answered, as they would be kept; who said each stands beside it.
fn comments(task: &Task) -> Vec<(PersonId, MemoryCommand)> {
    if task.work.stage != Stage::Done {
        return Vec::new();
    }
    task.threads
        .iter()
        .filter_map(|thread| proposed(task, thread))
        .collect()
}

fn proposed(task: &Task, thread: &Thread) -> Option<(PersonId, MemoryCommand)> {
    let answer = thread.answer.as_ref()?;
    let by = task
        .reviews
        .iter()
        .find(|review| review.id == thread.review)?
        .by
        .clone();
    let path = ScopePath::new(thread.comment.path.clone()).ok();
    let proposal = MemoryCommand::Propose {
        kind: Kind::Convention,
        text: thread.comment.text.clone(),
        scope: Scope::of(Some(thread.comment.repository.clone()), path)?,
        evidence: answer.text.chars().take(TEXT_MOST).collect(),
        source: Source::Review {
            by: by.clone(),
            task: task.id,
            thread: thread.id,
        },
        member: false,
    };
    Some((by, proposal))
}
