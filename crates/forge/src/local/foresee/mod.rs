//! The merge forecast: all open branches merged against their base and each other, without a work tree.
//!
//! Two commits always merge to the same, so what was found of a pair is kept and never stale; a branch that moves costs
//! its own pairs alone. Pairs that cannot conflict by the paths that they change are not merged at all. The others are
//! merged by as many processes of git as there are processors, many merges in each, into objects that are thrown away.

mod base;
mod history;
mod paths;
mod trials;

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::CommitId;

use super::repository::Repository;
use crate::error::ForgeError;
use crate::forecast::{Clash, ConflictForecast};
use crate::merge::Conflict;
use history::History;

/// How many pairs are remembered before those that nobody asked for in the last forecast are forgotten.
const KEPT: usize = 50_000;

/// Two heads, the smaller name first: which side is which makes no difference to whether and where they conflict.
type Pair = (CommitId, CommitId);

/// What was found of pairs.
#[derive(Debug, Default)]
pub(super) struct Foreseen(BTreeMap<Pair, Vec<Conflict>>);

fn pair(one: &CommitId, other: &CommitId) -> Pair {
    let (one, other) = if one <= other { (one, other) } else { (other, one) };
    (one.clone(), other.clone())
}

impl Repository {
    /// What merging these heads into the target branch would come to, as it was last fetched.
    pub(super) async fn forecast_conflicts(&self, heads: &[CommitId]) -> Result<ConflictForecast, ForgeError> {
        let base = self.head_of(self.target()).await?;
        let mut all: Vec<CommitId> = heads.to_vec();
        all.push(base.clone());
        let asked: BTreeSet<Pair> = (0..all.len())
            .flat_map(|at| (0..at).map(move |before| (before, at)))
            .filter(|(one, other)| all[*one] != all[*other])
            .map(|(one, other)| pair(&all[one], &all[other]))
            .collect();
        // Held meanwhile, so that who asks at the same time finds what was found.
        let mut foreseen = self.foreseen.lock().await;
        let new: Vec<Pair> = asked
            .iter()
            .filter(|pair| !foreseen.0.contains_key(pair))
            .cloned()
            .collect();
        if !new.is_empty() {
            let found = self.merge_pairs(&all, new).await?;
            if foreseen.0.len() + found.len() > KEPT {
                foreseen.0.retain(|pair, _| asked.contains(pair));
            }
            foreseen.0.extend(found);
        }
        let of = |one: &CommitId, other: &CommitId| foreseen.0.get(&pair(one, other)).cloned().unwrap_or_default();
        let against_base: Vec<Vec<Conflict>> = heads.iter().map(|head| of(head, &base)).collect();
        let pairs = (0..heads.len()).flat_map(|one| (one + 1..heads.len()).map(move |other| (one, other)));
        let clashes = pairs.filter_map(|(one, other)| {
            let files = of(&heads[one], &heads[other]);
            (!files.is_empty()).then_some(Clash { one, other, files })
        });
        let clashes = clashes.collect();
        drop(foreseen);
        let clashes = self
            .without_those_of_the_base(&base, heads, &against_base, clashes)
            .await?;
        Ok(ConflictForecast::new(base, against_base, clashes))
    }

    /// What each of the pairs comes to.
    async fn merge_pairs(
        &self,
        heads: &[CommitId],
        pairs: Vec<Pair>,
    ) -> Result<Vec<(Pair, Vec<Conflict>)>, ForgeError> {
        let open = match self.history(heads).await? {
            Some(history) => self.not_clean_for_sure(&history, pairs.clone()).await?,
            None => pairs.clone(),
        };
        tracing::debug!(repository = %self.id(), pairs = pairs.len(), merged = open.len(), "a merge forecast");
        let found: BTreeMap<Pair, Vec<Conflict>> = self.trials(open).await?.into_iter().collect();
        Ok(pairs
            .into_iter()
            .map(|pair| (pair.clone(), found.get(&pair).cloned().unwrap_or_default()))
            .collect())
    }

    /// The pairs that may conflict: both sides changed something in common since they parted, or parted more than once.
    async fn not_clean_for_sure(&self, history: &History, pairs: Vec<Pair>) -> Result<Vec<Pair>, ForgeError> {
        let changes = self.changes(history).await?;
        let may = |(one, other): &Pair| {
            let parted = history.parted(one, other);
            parted.is_none_or(|sides| changes.may_conflict(&sides))
        };
        Ok(pairs.into_iter().filter(may).collect())
    }
}
