//! Checks over the combination: all repositories of a task side by side, each at exactly one commit.
//!
//! Such a check stands with one of the repositories that a delivery changes, and its runs name the commits of all. So it is
//! asked for, recorded, chained and sent back as any other.

use std::collections::BTreeMap;

use super::{Check, Receipt, Run};
use crate::ids::{CheckName, CommitId, RepositoryId};
use crate::sprint::{Delivered, Task};

/// A check as people name it.
pub(crate) fn called(check: &CheckName, repository: &RepositoryId, together: bool) -> String {
    match together {
        true => format!("{check} over all repositories"),
        false => format!("{check} of {repository}"),
    }
}

impl Check {
    /// Whether it is run over all repositories of a task together.
    pub fn is_together(&self) -> bool {
        !self.together.is_empty()
    }

    /// It as people name it, run for this repository.
    pub fn of(&self, repository: &RepositoryId) -> String {
        called(&self.name, repository, self.is_together())
    }
}

impl Run {
    /// The commit at which a repository was checked out.
    fn commit_of(&self, first: &RepositoryId, repository: &RepositoryId) -> Option<&CommitId> {
        match repository == first {
            true => Some(&self.commit),
            false => self.beside.get(repository).map(|checkout| &checkout.commit),
        }
    }

    /// Whether it was of exactly these commits; of a check of one repository, only its own counts.
    pub(crate) fn is_at(
        &self,
        check: &Check,
        first: &RepositoryId,
        heads: &BTreeMap<&RepositoryId, &CommitId>,
    ) -> bool {
        let same = |repository: &RepositoryId| self.commit_of(first, repository) == heads.get(repository).copied();
        match check.is_together() {
            true => heads.keys().all(|repository| same(repository)),
            false => same(first),
        }
    }
}

impl Receipt {
    /// Whether it says something of a repository.
    pub fn covers(&self, repository: &RepositoryId) -> bool {
        self.run.commit_of(&self.repository, repository).is_some()
    }

    /// The commits that it is of, as people read them, with this repository's first.
    pub(crate) fn commits(&self, repository: &RepositoryId) -> String {
        let own = self.run.commit_of(&self.repository, repository);
        let others = self.run.beside.iter().map(|(other, at)| (other, &at.commit));
        let others = others.chain([(&self.repository, &self.run.commit)]);
        let others = others.filter(|(other, _)| *other != repository);
        let beside: Vec<String> = others
            .map(|(other, commit)| format!(" beside {other} at {}", commit.short()))
            .collect();
        format!("{}{}", own.unwrap_or(&self.run.commit).short(), beside.concat())
    }

    /// Whether both are of one check of one task: of two that are at the same commits, the later one counts.
    pub(crate) fn is_of_the_same_as(&self, other: &Self) -> bool {
        let together = self.check.is_together();
        let same = self.check.name == other.check.name && together == other.check.is_together();
        // What is over all repositories stands with one of them, and not always with the same.
        same && (together || self.repository == other.repository)
    }
}

impl Task {
    /// The commits that it offers and that are not merged yet.
    pub(crate) fn offered(&self) -> BTreeMap<&RepositoryId, &CommitId> {
        let open = self
            .pull_requests
            .iter()
            .filter(|(_, offered)| offered.merged.is_none());
        open.map(|(repository, offered)| (repository, &offered.head)).collect()
    }

    /// The commits that it will offer once these results are delivered.
    pub(crate) fn offers_with<'a>(
        &'a self,
        results: &'a BTreeMap<RepositoryId, Delivered>,
    ) -> BTreeMap<&'a RepositoryId, &'a CommitId> {
        let will = results
            .iter()
            .filter(|(repository, delivered)| match self.pull_requests.get(*repository) {
                Some(offered) => offered.merged.is_none(),
                None => delivered.changed,
            });
        let mut heads = self.offered();
        heads.extend(will.map(|(repository, delivered)| (repository, &delivered.head)));
        heads
    }
}
