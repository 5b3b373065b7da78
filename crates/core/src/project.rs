//! A project: its repositories and how many agents may work on it at once.

mod checks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::checks::{Check, InvalidCheck, MOST_CHECKS};
use crate::ids::{BranchName, CheckName, PersonId, ProjectId, RepositoryId};
use crate::ledger::{BudgetSpan, ProjectBudgets};
use crate::local_path::LocalPath;
use crate::sprint::MergeMethod;
use crate::time::Timestamp;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// Its name.
    pub id: ProjectId,
    /// What people call it.
    pub title: String,
    /// How many agents may work at once.
    pub concurrency: u32,
    /// Its repositories.
    pub repositories: BTreeMap<RepositoryId, Repository>,
    /// Files that workspaces of a repository get and no repository holds: what is known of each, without its content.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub local_files: BTreeMap<RepositoryId, BTreeMap<LocalPath, LocalFile>>,
    /// What the engine runs on each delivery, by repository, in the order in which it is run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<RepositoryId, Vec<Check>>,
    /// What it runs over all repositories of a task together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Check>,
    /// The budgets that somebody set for it.
    #[serde(default, skip_serializing_if = "ProjectBudgets::is_empty")]
    pub budgets: ProjectBudgets,
    /// Whether work in review is brought up to date when its base moves.
    #[serde(default = "yes")]
    pub update_branches: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

fn yes() -> bool {
    true
}

/// A repository of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Repository {
    /// Its name, unique over the whole server.
    pub id: RepositoryId,
    /// Where it is: a path or a URL without credentials.
    pub origin: String,
    /// The branch that tasks build on and that they are merged to.
    pub branch: BranchName,
    /// How pull requests are merged unless the owner says otherwise.
    pub merge_method: MergeMethod,
}

/// The most local files of a repository.
pub const MOST_LOCAL_FILES: usize = 100;

/// What is known of a file that workspaces get and no repository holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocalFile {
    /// How large it is, in bytes.
    pub size: u64,
    /// Who gave it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A change of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum ProjectCommand {
    /// Make the project.
    Create {
        id: ProjectId,
        title: String,
        concurrency: u32,
        by: PersonId,
    },
    /// Give it a repository.
    AddRepository { repository: Repository, by: PersonId },
    /// Take a repository away. `in_use` are the open sprints that plan with it, as known outside.
    RemoveRepository {
        repository: RepositoryId,
        in_use: Vec<crate::ids::SprintId>,
        by: PersonId,
    },
    /// Give workspaces of a repository a file, or another content of it.
    PutLocalFile {
        repository: RepositoryId,
        path: LocalPath,
        size: u64,
        by: PersonId,
    },
    /// Give it no more.
    RemoveLocalFile {
        repository: RepositoryId,
        path: LocalPath,
        by: PersonId,
    },
    /// Have the engine run a command on each delivery to a repository.
    AddCheck {
        repository: RepositoryId,
        check: Check,
        by: PersonId,
    },
    /// Have it run no more.
    RemoveCheck {
        repository: RepositoryId,
        check: CheckName,
        by: PersonId,
    },
    /// Have the engine run a command over all repositories of a task that has these.
    AddCheckTogether { check: Check, by: PersonId },
    /// Have it run no more.
    RemoveCheckTogether { check: CheckName, by: PersonId },
    /// Set how many agents may work at once.
    SetConcurrency { concurrency: u32, by: PersonId },
    /// Say whether work in review is brought up to date when its base moves.
    SetUpdateBranches { on: bool, by: PersonId },
    /// Set what its sprints may spend together.
    SetBudget {
        of: BudgetSpan,
        budget: Budget,
        by: PersonId,
    },
}

/// What happened to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum ProjectEvent {
    /// It was made.
    ProjectCreated {
        id: ProjectId,
        title: String,
        concurrency: u32,
        by: PersonId,
    },
    /// It has a new repository.
    RepositoryAdded { repository: Repository, by: PersonId },
    /// It has a repository less.
    RepositoryRemoved { repository: RepositoryId, by: PersonId },
    /// Workspaces of a repository get a file, or another content of it. `size` is in bytes.
    LocalFilePut {
        repository: RepositoryId,
        path: LocalPath,
        size: u64,
        by: PersonId,
    },
    /// They get it no more.
    LocalFileRemoved {
        repository: RepositoryId,
        path: LocalPath,
        by: PersonId,
    },
    /// The engine runs one more command on each delivery to a repository.
    CheckAdded {
        repository: RepositoryId,
        check: Check,
        by: PersonId,
    },
    /// It runs one less.
    CheckRemoved {
        repository: RepositoryId,
        check: CheckName,
        by: PersonId,
    },
    /// The engine runs one more command over all repositories of a task that has certain ones.
    CheckTogetherAdded { check: Check, by: PersonId },
    /// It runs one less.
    CheckTogetherRemoved { check: CheckName, by: PersonId },
    /// Another number of agents may work at once.
    ConcurrencySet { concurrency: u32, by: PersonId },
    /// Work in review is brought up to date when its base moves, or no longer.
    UpdateBranchesSet { on: bool, by: PersonId },
    /// Its sprints may spend so much together.
    ProjectBudgetSet {
        of: BudgetSpan,
        budget: Budget,
        by: PersonId,
    },
}

/// Why a change of a project was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum ProjectRefusal {
    #[error("project {id} exists already")]
    Exists { id: ProjectId },
    #[error("there is no such project; see the list of projects, or create it")]
    Missing,
    #[error("repository {repository} is in the project already; give this one another name")]
    RepositoryExists { repository: RepositoryId },
    #[error("the project has no repository {repository}")]
    RepositoryMissing { repository: RepositoryId },
    #[error(
        "repository {repository} is used by open sprints: {}; finish or cancel them first",
        numbers(sprints)
    )]
    RepositoryInUse {
        repository: RepositoryId,
        sprints: Vec<crate::ids::SprintId>,
    },
    #[error("repository {repository} has no local file {path}")]
    LocalFileMissing { repository: RepositoryId, path: LocalPath },
    #[error("repository {repository} has the local file {other}, so that {path} cannot be one; remove it first")]
    LocalFileInTheWay {
        repository: RepositoryId,
        path: LocalPath,
        other: LocalPath,
    },
    #[error("repository {repository} has {MOST_LOCAL_FILES} local files, which is the most; remove one first")]
    TooManyLocalFiles { repository: RepositoryId },
    #[error("repository {repository} has a check {check} already; remove it first, or give this one another name")]
    CheckExists { repository: RepositoryId, check: CheckName },
    #[error("repository {repository} has no check {check}; see the list of its checks")]
    CheckMissing { repository: RepositoryId, check: CheckName },
    #[error("the project has a check {check} over several repositories; give this one another name")]
    CheckTogetherExists { check: CheckName },
    #[error("the project has no check {check} over several repositories; see the list of them")]
    CheckTogetherMissing { check: CheckName },
    #[error("the project has {MOST_CHECKS} checks over several repositories, which is the most; remove one first")]
    TooManyChecksTogether,
    #[error("check {check} is of fewer than two repositories; name at least two, or add it to the one")]
    OneRepository { check: CheckName },
    #[error("repository {repository} has {MOST_CHECKS} checks, which is the most; remove one first")]
    TooManyChecks { repository: RepositoryId },
    #[error("check {check}: {problem}")]
    InvalidCheck { check: CheckName, problem: InvalidCheck },
    #[error("{concurrency} agents at once make no sense; give 1 to 100")]
    Concurrency { concurrency: u32 },
}

fn numbers(sprints: &[crate::ids::SprintId]) -> String {
    sprints.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Which event follows from a command.
pub fn decide(project: Option<&Project>, command: ProjectCommand) -> Result<ProjectEvent, ProjectRefusal> {
    let sensible = |concurrency: u32| match concurrency {
        1..=100 => Ok(concurrency),
        _ => Err(ProjectRefusal::Concurrency { concurrency }),
    };
    match (project, command) {
        (Some(project), ProjectCommand::Create { .. }) => Err(ProjectRefusal::Exists { id: project.id.clone() }),
        (
            None,
            ProjectCommand::Create {
                id,
                title,
                concurrency,
                by,
            },
        ) => {
            let concurrency = sensible(concurrency)?;
            Ok(ProjectEvent::ProjectCreated {
                id,
                title,
                concurrency,
                by,
            })
        }
        (None, _) => Err(ProjectRefusal::Missing),
        (Some(project), ProjectCommand::AddRepository { repository, by }) => {
            if project.repositories.contains_key(&repository.id) {
                return Err(ProjectRefusal::RepositoryExists {
                    repository: repository.id,
                });
            }
            Ok(ProjectEvent::RepositoryAdded { repository, by })
        }
        (Some(project), ProjectCommand::RemoveRepository { repository, in_use, by }) => {
            if !project.repositories.contains_key(&repository) {
                return Err(ProjectRefusal::RepositoryMissing { repository });
            }
            if !in_use.is_empty() {
                return Err(ProjectRefusal::RepositoryInUse {
                    repository,
                    sprints: in_use,
                });
            }
            Ok(ProjectEvent::RepositoryRemoved { repository, by })
        }
        (
            Some(project),
            ProjectCommand::PutLocalFile {
                repository,
                path,
                size,
                by,
            },
        ) => put_local_file(project, repository, path, size, by),
        (Some(project), ProjectCommand::RemoveLocalFile { repository, path, by }) => {
            let known = project.local_files.get(&repository);
            match known.is_some_and(|files| files.contains_key(&path)) {
                true => Ok(ProjectEvent::LocalFileRemoved { repository, path, by }),
                false => Err(ProjectRefusal::LocalFileMissing { repository, path }),
            }
        }
        (Some(project), ProjectCommand::AddCheck { repository, check, by }) => {
            checks::add(project, repository, check, by)
        }
        (Some(project), ProjectCommand::RemoveCheck { repository, check, by }) => {
            match project.check(&repository, &check) {
                Some(_) => Ok(ProjectEvent::CheckRemoved { repository, check, by }),
                None => Err(ProjectRefusal::CheckMissing { repository, check }),
            }
        }
        (Some(project), ProjectCommand::AddCheckTogether { check, by }) => checks::add_together(project, check, by),
        (Some(project), ProjectCommand::RemoveCheckTogether { check, by }) => {
            match project.together.iter().any(|known| known.name == check) {
                true => Ok(ProjectEvent::CheckTogetherRemoved { check, by }),
                false => Err(ProjectRefusal::CheckTogetherMissing { check }),
            }
        }
        (Some(_), ProjectCommand::SetConcurrency { concurrency, by }) => Ok(ProjectEvent::ConcurrencySet {
            concurrency: sensible(concurrency)?,
            by,
        }),
        (Some(_), ProjectCommand::SetUpdateBranches { on, by }) => Ok(ProjectEvent::UpdateBranchesSet { on, by }),
        (Some(_), ProjectCommand::SetBudget { of, budget, by }) => {
            Ok(ProjectEvent::ProjectBudgetSet { of, budget, by })
        }
    }
}

fn put_local_file(
    project: &Project,
    repository: RepositoryId,
    path: LocalPath,
    size: u64,
    by: PersonId,
) -> Result<ProjectEvent, ProjectRefusal> {
    if !project.repositories.contains_key(&repository) {
        return Err(ProjectRefusal::RepositoryMissing { repository });
    }
    let none = BTreeMap::new();
    let files = project.local_files.get(&repository).unwrap_or(&none);
    if let Some(other) = files.keys().find(|other| other.is_above(&path) || path.is_above(other)) {
        let other = other.clone();
        return Err(ProjectRefusal::LocalFileInTheWay {
            repository,
            path,
            other,
        });
    }
    if files.len() >= MOST_LOCAL_FILES && !files.contains_key(&path) {
        return Err(ProjectRefusal::TooManyLocalFiles { repository });
    }
    Ok(ProjectEvent::LocalFilePut {
        repository,
        path,
        size,
        by,
    })
}

/// The project after an event; none before it was made.
pub fn apply(project: Option<Project>, event: &ProjectEvent, at: Timestamp) -> Option<Project> {
    let mut project = match (project, event) {
        (
            _,
            ProjectEvent::ProjectCreated {
                id, title, concurrency, ..
            },
        ) => {
            return Some(Project {
                id: id.clone(),
                title: title.clone(),
                concurrency: *concurrency,
                repositories: BTreeMap::new(),
                local_files: BTreeMap::new(),
                checks: BTreeMap::new(),
                together: Vec::new(),
                budgets: ProjectBudgets::default(),
                update_branches: true,
                created_at: at,
            });
        }
        (None, _) => return None,
        (Some(project), _) => project,
    };
    match event {
        ProjectEvent::ProjectCreated { .. } => {}
        ProjectEvent::RepositoryAdded { repository, .. } => {
            project.repositories.insert(repository.id.clone(), repository.clone());
        }
        ProjectEvent::RepositoryRemoved { repository, .. } => {
            project.repositories.remove(repository);
            project.local_files.remove(repository);
            project.checks.remove(repository);
            project.together.retain(|check| !check.together.contains(repository));
        }
        ProjectEvent::LocalFilePut {
            repository,
            path,
            size,
            by,
        } => {
            let file = LocalFile {
                size: *size,
                by: by.clone(),
                at,
            };
            let files = project.local_files.entry(repository.clone()).or_default();
            files.insert(path.clone(), file);
        }
        ProjectEvent::LocalFileRemoved { repository, path, .. } => {
            if let Some(files) = project.local_files.get_mut(repository) {
                files.remove(path);
            }
            project.local_files.retain(|_, files| !files.is_empty());
        }
        ProjectEvent::CheckAdded { repository, check, .. } => {
            let checks = project.checks.entry(repository.clone()).or_default();
            checks.push(check.clone());
        }
        ProjectEvent::CheckRemoved { repository, check, .. } => {
            if let Some(checks) = project.checks.get_mut(repository) {
                checks.retain(|known| known.name != *check);
            }
            project.checks.retain(|_, checks| !checks.is_empty());
        }
        ProjectEvent::CheckTogetherAdded { check, .. } => project.together.push(check.clone()),
        ProjectEvent::CheckTogetherRemoved { check, .. } => project.together.retain(|known| known.name != *check),
        ProjectEvent::ConcurrencySet { concurrency, .. } => project.concurrency = *concurrency,
        ProjectEvent::UpdateBranchesSet { on, .. } => project.update_branches = *on,
        ProjectEvent::ProjectBudgetSet { of, budget, .. } => project.budgets.set(*of, *budget),
    }
    Some(project)
}

impl ProjectEvent {
    /// The event's name as it stands in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ProjectCreated { .. } => "project_created",
            Self::RepositoryAdded { .. } => "repository_added",
            Self::RepositoryRemoved { .. } => "repository_removed",
            Self::LocalFilePut { .. } => "local_file_put",
            Self::LocalFileRemoved { .. } => "local_file_removed",
            Self::CheckAdded { .. } => "check_added",
            Self::CheckRemoved { .. } => "check_removed",
            Self::CheckTogetherAdded { .. } => "check_together_added",
            Self::CheckTogetherRemoved { .. } => "check_together_removed",
            Self::ConcurrencySet { .. } => "concurrency_set",
            Self::UpdateBranchesSet { .. } => "update_branches_set",
            Self::ProjectBudgetSet { .. } => "project_budget_set",
        }
    }
}
