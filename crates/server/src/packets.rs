//! What repositories say of a task that is reviewed: what it changes, what it weakens, what it conflicts with. The rules
//! make the review packet of it.

use team6_core::ids::{BranchName, CommitId, RepositoryId, SprintId, TaskId};
use team6_core::packet::{Facts, Foreseen, Packet, RepositoryFacts, packet};
use team6_core::sprint::Sprint;
use team6_forge::{Forge, ForgeError};

use crate::engine::{Engine, EngineError};
use crate::evidence::Evidence;
use crate::open_branches::{OpenBranch, met, open_branches};

/// What is looked at.
pub struct Places<'a> {
    /// The sprints.
    pub engine: &'a Engine,
    /// The pull requests.
    pub forge: &'a dyn Forge,
    /// The commits.
    pub evidence: &'a Evidence,
}

/// What a task offers in one repository.
struct Offer {
    repository: RepositoryId,
    number: Option<u64>,
    head: CommitId,
    /// The branch that it goes into; none for the target branch.
    into: Option<BranchName>,
    merged: bool,
    /// The open branches of other tasks, beside which it would be merged.
    beside: Vec<OpenBranch>,
}

impl Places<'_> {
    /// The packet of a task; none while it offers nothing. Never fails for a repository: what it does not say is told
    /// as not known.
    pub async fn packet(&self, sprint: SprintId, task: TaskId) -> Result<Option<Packet>, EngineError> {
        let offers = self.engine.read(sprint, |sprint, _| offers(sprint, task)).await?;
        if offers.is_empty() {
            return Ok(None);
        }
        let mut facts = Facts::new();
        for offer in offers {
            let known = self.facts(&offer).await;
            facts.insert(offer.repository, known);
        }
        let made = self.engine.read(sprint, |sprint, _| {
            sprint.tasks.get(&task).map(|task| packet(sprint, task, &facts))
        });
        made.await
    }

    async fn facts(&self, offer: &Offer) -> RepositoryFacts {
        let Offer {
            repository, head, into, ..
        } = offer;
        let mut facts = RepositoryFacts::default();
        let from = self.began(offer).await;
        match self
            .evidence
            .changes(repository, into.as_ref(), from.as_ref(), head)
            .await
        {
            Ok(files) => facts.files = files,
            Err(error) => tracing::warn!(%repository, %error, "it is not known what a delivery changes"),
        }
        if offer.merged {
            return facts;
        }
        match self.evidence.weakened(repository, into.as_ref(), head).await {
            Ok(weakened) => facts.weakened = weakened,
            Err(error) => tracing::warn!(%repository, %error, "it is not known whether tests were weakened"),
        }
        // What was delegated goes into its parent's branch, where its agent meets the conflicts.
        if into.is_none() {
            match self.conflicts(offer).await {
                Ok(conflicts) => facts.conflicts = conflicts,
                Err(error) => tracing::warn!(%repository, %error, "the merge forecast could not be made"),
            }
        }
        facts
    }

    /// Where the work parted from its base, as its pull request has it: that stays so when it is merged.
    async fn began(&self, offer: &Offer) -> Option<CommitId> {
        let known = self.forge.pull_request(&offer.repository, offer.number?).await.ok()?;
        let set = known.patch_sets.iter().rev().find(|set| set.head == offer.head)?;
        Some(set.merge_base.clone())
    }

    async fn conflicts(&self, offer: &Offer) -> Result<Vec<Foreseen>, ForgeError> {
        let others = offer.beside.iter().map(|branch| &branch.head);
        let heads: Vec<CommitId> = std::iter::once(&offer.head).chain(others).cloned().collect();
        let forecast = self.forge.forecast_conflicts(&offer.repository, &heads).await?;
        let found = met(&forecast, 0).map(|(with, conflicts)| {
            let with = with.and_then(|place| offer.beside.get(place.checked_sub(1)?));
            Foreseen {
                with: with.map(|branch| branch.task),
                title: with.map(|branch| branch.title.clone()),
                files: conflicts.iter().map(|conflict| conflict.path.shown()).collect(),
            }
        });
        Ok(found.collect())
    }
}

fn offers(sprint: &Sprint, id: TaskId) -> Vec<Offer> {
    let Some(task) = sprint.tasks.get(&id) else {
        return Vec::new();
    };
    let mut open = open_branches(sprint);
    let offer = |repository: &RepositoryId| {
        let mut beside = open.remove(repository).unwrap_or_default();
        beside.retain(|branch| branch.task != id);
        let offered = task.pull_requests.get(repository)?;
        Some(Offer {
            number: offered.number,
            head: offered.head.clone(),
            into: sprint.goes_into(task, repository).cloned(),
            merged: offered.merged.is_some() || task.work.stage.is_ended(),
            beside,
            repository: repository.clone(),
        })
    };
    task.pull_requests.keys().filter_map(offer).collect()
}
