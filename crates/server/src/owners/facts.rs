//! What is known of a repository, held against the paths of a task.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use team6_core::ids::{PersonId, RepositoryId};
use team6_core::owners::OwnerFacts;
use team6_core::pattern::Pattern;

use super::Team;
use super::code_owners::CodeOwners;
use crate::api::TouchedPaths;

/// How many files below a path are asked for their owners.
const FILES: usize = 500;

/// A repository at a commit.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) code_owners: CodeOwners,
    /// Files by path, also those that are gone but were changed in the last year.
    pub(super) files: BTreeMap<String, File>,
    /// The authors of commits, as far as they are of the team.
    pub(super) authors: Vec<PersonId>,
}

/// A file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Whether the repository has it now.
    pub(super) present: bool,
    /// The commits that changed it, as places in the list of their authors.
    pub(super) commits: Vec<usize>,
}

/// What the repositories of a task say of people, each concerning its paths. A task without paths may touch everything.
pub(super) fn of(
    place: &TouchedPaths,
    known: &BTreeMap<RepositoryId, Known>,
    team: &Team,
) -> BTreeMap<PersonId, OwnerFacts> {
    let mut facts: BTreeMap<PersonId, OwnerFacts> = BTreeMap::new();
    for (id, known) in place.repositories.iter().filter_map(|id| Some((id, known.get(id)?))) {
        let mut commits: BTreeSet<usize> = BTreeSet::new();
        for path in &place.paths {
            let pattern = known.meant(id, path);
            for owner in known
                .owners(&pattern, path)
                .into_iter()
                .filter_map(|name| team.owner(name))
            {
                let owned = &mut facts.entry(owner.clone()).or_default().owned_paths;
                if !owned.contains(path) {
                    owned.push(path.clone());
                }
            }
            commits.extend(known.below(&pattern).flat_map(|(_, file)| &file.commits));
        }
        if place.paths.is_empty() {
            for owner in known
                .code_owners
                .of_the_rest()
                .iter()
                .filter_map(|name| team.owner(name))
            {
                facts.entry(owner.clone()).or_default().owned_paths.push(id.to_string());
            }
            commits.extend(0..known.authors.len());
        }
        for author in commits.into_iter().filter_map(|commit| known.authors.get(commit)) {
            facts.entry(author.clone()).or_default().commits += 1;
        }
    }
    facts
}

impl Known {
    /// What a plan means by a path: in a workspace the repository is a folder, so its name may stand before.
    fn meant(&self, id: &RepositoryId, path: &str) -> Pattern {
        let pattern = Pattern::from_root(path);
        let inner = path
            .trim_start_matches("./")
            .strip_prefix(id.as_str())
            .and_then(|rest| rest.strip_prefix('/'));
        match inner {
            Some(inner) if self.below(&pattern).next().is_none() => Pattern::from_root(inner),
            _ => pattern,
        }
    }

    /// The names of those who own something of what is meant; of a file that is yet to be made, those who will.
    fn owners(&self, pattern: &Pattern, path: &str) -> BTreeSet<&str> {
        let present = self.below(pattern).filter(|(_, file)| file.present);
        let mut files: Vec<&str> = present.map(|(path, _)| path.as_str()).take(FILES).collect();
        let literal = pattern.literal().unwrap_or_else(|| path.to_owned());
        if files.is_empty() {
            files.push(&literal);
        }
        files
            .into_iter()
            .flat_map(|file| self.code_owners.of(file))
            .map(String::as_str)
            .collect()
    }

    /// The files that are meant.
    fn below<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = (&'a String, &'a File)> {
        let literal = pattern.literal();
        let (from, to) = match &literal {
            // Everything below a folder lies between `folder` and `folder0`, as `0` comes after `/`.
            Some(path) if !path.is_empty() => (Bound::Included(path.clone()), Bound::Excluded(format!("{path}0"))),
            _ => (Bound::Unbounded, Bound::Unbounded),
        };
        self.files.range((from, to)).filter(|(path, _)| pattern.matches(path))
    }
}
