//! The branches of a sprint that are open to be merged, and what one of them conflicts with by the merge forecast.

use std::collections::BTreeMap;

use team6_core::ids::{CommitId, PersonId, RepositoryId, TaskId};
use team6_core::sprint::Sprint;
use team6_forge::{Conflict, ConflictForecast};

/// A pull request into a target branch.
pub(crate) struct OpenBranch {
    pub(crate) task: TaskId,
    pub(crate) title: String,
    pub(crate) owner: Option<PersonId>,
    pub(crate) number: u64,
    pub(crate) head: CommitId,
}

/// The pull requests that are open into target branches, by repository. What was delegated goes into its parent's.
pub(crate) fn open_branches(sprint: &Sprint) -> BTreeMap<RepositoryId, Vec<OpenBranch>> {
    let mut found: BTreeMap<RepositoryId, Vec<OpenBranch>> = BTreeMap::new();
    let tasks = sprint.tasks.values().filter(|task| task.parent().is_none());
    for task in tasks.filter(|task| !task.work.stage.is_ended() && sprint.is_open()) {
        for (repository, request) in &task.pull_requests {
            // What the forge does not show yet is not there to be merged.
            let (Some(number), None, Some(head)) = (request.number, &request.merged, &request.shown) else {
                continue;
            };
            found.entry(repository.clone()).or_default().push(OpenBranch {
                task: task.id,
                title: task.planned.title.clone(),
                owner: task.owner.clone(),
                number,
                head: head.clone(),
            });
        }
    }
    found
}

/// What the branch at a place of a forecast conflicts with: the place of the other one, or none for the target branch.
pub(crate) fn met(forecast: &ConflictForecast, place: usize) -> impl Iterator<Item = (Option<usize>, &[Conflict])> {
    let base = forecast.against_base.get(place).filter(|files| !files.is_empty());
    let base = base.map(|files| (None, files.as_slice()));
    let pairs = forecast.clashes.iter().filter_map(move |clash| {
        let other = match (clash.one, clash.other) {
            (one, other) if one == place => other,
            (one, other) if other == place => one,
            _ => return None,
        };
        Some((Some(other), clash.files.as_slice()))
    });
    base.into_iter().chain(pairs)
}
