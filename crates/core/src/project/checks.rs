//! The checks of a project: of one repository each, and over several together.

use std::collections::BTreeMap;

use super::{Project, ProjectEvent, ProjectRefusal};
use crate::checks::{Check, MOST_CHECKS};
use crate::ids::{CheckName, PersonId, RepositoryId};

pub(super) fn add(
    project: &Project,
    repository: RepositoryId,
    check: Check,
    by: PersonId,
) -> Result<ProjectEvent, ProjectRefusal> {
    if !project.repositories.contains_key(&repository) {
        return Err(ProjectRefusal::RepositoryMissing { repository });
    }
    if project.check(&repository, &check.name).is_some() {
        let check = check.name;
        return Err(ProjectRefusal::CheckExists { repository, check });
    }
    // By its name it is known what a receipt is of.
    if project.together.iter().any(|known| known.name == check.name) {
        return Err(ProjectRefusal::CheckTogetherExists { check: check.name });
    }
    if project.checks.get(&repository).map_or(0, Vec::len) >= MOST_CHECKS {
        return Err(ProjectRefusal::TooManyChecks { repository });
    }
    let check = valid(check)?;
    Ok(ProjectEvent::CheckAdded { repository, check, by })
}

pub(super) fn add_together(project: &Project, check: Check, by: PersonId) -> Result<ProjectEvent, ProjectRefusal> {
    if check.together.len() < 2 {
        return Err(ProjectRefusal::OneRepository { check: check.name });
    }
    let unknown = |repository: &&RepositoryId| !project.repositories.contains_key(*repository);
    if let Some(repository) = check.together.iter().find(unknown) {
        let repository = repository.clone();
        return Err(ProjectRefusal::RepositoryMissing { repository });
    }
    if project.together.iter().any(|known| known.name == check.name) {
        return Err(ProjectRefusal::CheckTogetherExists { check: check.name });
    }
    let taken = |repository: &&RepositoryId| project.check(repository, &check.name).is_some();
    if let Some(repository) = project.repositories.keys().find(taken) {
        let (repository, check) = (repository.clone(), check.name);
        return Err(ProjectRefusal::CheckExists { repository, check });
    }
    if project.together.len() >= MOST_CHECKS {
        return Err(ProjectRefusal::TooManyChecksTogether);
    }
    let check = valid(check)?;
    Ok(ProjectEvent::CheckTogetherAdded { check, by })
}

fn valid(check: Check) -> Result<Check, ProjectRefusal> {
    match check.valid() {
        Ok(()) => Ok(check),
        Err(problem) => Err(ProjectRefusal::InvalidCheck {
            check: check.name,
            problem,
        }),
    }
}

impl Project {
    /// All that may be run on a delivery, by repository; what is over several stands with the first of them.
    pub fn checks_to_run(&self) -> BTreeMap<RepositoryId, Vec<Check>> {
        let mut all = self.checks.clone();
        for check in &self.together {
            if let Some(first) = check.together.first() {
                all.entry(first.clone()).or_default().push(check.clone());
            }
        }
        all
    }

    /// A check of a repository.
    pub fn check(&self, repository: &RepositoryId, check: &CheckName) -> Option<&Check> {
        self.checks.get(repository)?.iter().find(|known| known.name == *check)
    }
}
