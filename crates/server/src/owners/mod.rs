//! Who could own which task, from what the repositories themselves say: ownership files and the history of the last year.
//!
//! Everything is read by trusted git from the forge's own repositories, at the target branch as last fetched, within bounds;
//! never from a folder that an agent can write. What cannot be read is left out: a suggestion is no reason to fail.

mod code_owners;
mod facts;
mod history;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use team6_core::ids::{PersonId, ProjectId, RepositoryId};
use team6_core::owners::OwnerFacts;
use team6_core::project::Repository;
use team6_core::time::Timestamp;
use team6_forge::{CloneSource, Forge};
use team6_git::Git;

use crate::api::{OwnerFactsSource, TouchedPaths};
use crate::config::Person;
use crate::engine::Engine;
use facts::Known;

/// What repositories tell of who owns and who knows which paths.
pub struct RepositoryOwners {
    engine: Arc<Engine>,
    forge: Arc<dyn Forge>,
    git: Git,
    people: Arc<Team>,
}

/// The people, by the names that ownership files and commits know them by.
#[derive(Debug, Default)]
struct Team {
    handles: BTreeMap<String, PersonId>,
    addresses: BTreeMap<String, PersonId>,
}

impl RepositoryOwners {
    /// Reads the repositories of this forge for these people.
    pub fn new(engine: Arc<Engine>, forge: Arc<dyn Forge>, git: Git, people: &BTreeMap<PersonId, Person>) -> Self {
        let people = Arc::new(Team::new(people));
        Self {
            engine,
            forge,
            git,
            people,
        }
    }

    async fn known(&self, repository: &Repository, now: Timestamp) -> Option<Known> {
        let source = self.forge.clone_source(&repository.id).await;
        let head = self.forge.branch(&repository.id, &repository.branch).await;
        let (Ok(CloneSource::Path(git_dir)), Ok(Some(head))) = (source, head) else {
            return None;
        };
        let read = history::read(&self.git, &git_dir, &head, now, &self.people).await;
        let failed = |error| tracing::warn!(repository = %repository.id, %error, "owners are suggested without it");
        read.map_err(failed).ok()
    }
}

#[async_trait]
impl OwnerFactsSource for RepositoryOwners {
    async fn facts(&self, project: &ProjectId, places: &[TouchedPaths]) -> Vec<BTreeMap<PersonId, OwnerFacts>> {
        let mut known: BTreeMap<RepositoryId, Known> = BTreeMap::new();
        if let Ok(project) = self.engine.project(project).await {
            let touched = |id: &RepositoryId| places.iter().any(|place| place.repositories.contains(id));
            for repository in project
                .repositories
                .values()
                .filter(|repository| touched(&repository.id))
            {
                let read = self.known(repository, self.engine.now()).await;
                known.extend(read.map(|read| (repository.id.clone(), read)));
            }
        }
        let (people, asked) = (Arc::clone(&self.people), places.to_vec());
        let weighed = move || asked.iter().map(|place| facts::of(place, &known, &people)).collect();
        match tokio::task::spawn_blocking(weighed).await {
            Ok(facts) => facts,
            Err(error) => {
                tracing::error!(%error, "what repositories say of owners could not be weighed");
                vec![BTreeMap::new(); places.len()]
            }
        }
    }
}

impl Team {
    fn new(people: &BTreeMap<PersonId, Person>) -> Self {
        let mut team = Self::default();
        for (id, person) in people {
            let handles = person.handles.iter().map(String::as_str);
            for handle in handles.chain([id.as_str()]) {
                let handle = handle.trim_start_matches('@').to_lowercase();
                team.handles.entry(handle).or_insert_with(|| id.clone());
            }
            team.addresses.insert(person.email.to_lowercase(), id.clone());
        }
        team
    }

    /// Whom an ownership file means by `@handle`, `@group/team` or an address.
    fn owner(&self, name: &str) -> Option<&PersonId> {
        match name.strip_prefix('@') {
            Some(handle) => self.handles.get(&handle.to_lowercase()),
            None => self.author(name),
        }
    }

    /// Whose commits have this address; also one that a forge makes up of a handle, as in `1234+ada@users.noreply.…`.
    fn author(&self, address: &str) -> Option<&PersonId> {
        let address = address.to_lowercase();
        self.addresses.get(&address).or_else(|| {
            let (name, host) = address.split_once('@')?;
            let handle = name.split_once('+').map_or(name, |(_, handle)| handle);
            host.starts_with("users.noreply.").then(|| self.handles.get(handle))?
        })
    }
}

#[cfg(test)]
mod tests;
