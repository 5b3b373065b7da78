//! Taking a merge back without a work tree.
//!
//! A revert is a merge the other way round: from the commit that a merge made, the base of now on one side and the base of
//! before it on the other. It goes through the same three steps as a merge, and is found again the same way.

use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;

use super::merging::TRIES;
use super::origin::Pushed;
use super::record::{Document, Intent, Step, ref_of};
use super::repository::{Expect, RefUpdate, Repository};
use crate::error::ForgeError;
use crate::pull_request::{Reverted, State};
use crate::revert::{Revert, RevertOutcome};

/// The commit that a merge made, and the base right before it.
type Merged = Result<(CommitId, CommitId), RevertOutcome>;

impl Repository {
    pub(super) async fn dry_run_revert(&self, number: u64, revert: &Revert) -> Result<RevertOutcome, ForgeError> {
        let document = self.record(number).await?.document;
        let (merged, before) = match taken_from(&document) {
            Ok(found) => found,
            Err(settled) => return Ok(settled),
        };
        let base = self.base_of(&document).await?;
        self.undone(&base, &merged, &before, revert).await
    }

    pub(super) async fn revert(&self, number: u64, revert: &Revert) -> Result<RevertOutcome, ForgeError> {
        let _one = self.merging.lock().await;
        for _ in 0..TRIES {
            let document = self.record(number).await?.document;
            let (merged, before) = match taken_from(&document) {
                Ok(found) => found,
                Err(settled) => return Ok(settled),
            };
            let base = self.base_of(&document).await?;
            // An earlier try that broke off may have been pushed.
            for intent in &document.reverts {
                if self.contains(&base, &intent.commit).await? {
                    return self.finish_revert(number, revert, intent.commit.clone()).await;
                }
            }
            let commit = match self.undone(&base, &merged, &before, revert).await? {
                RevertOutcome::Reverted { commit } if commit == base => {
                    return self.finish_revert(number, revert, commit).await;
                }
                RevertOutcome::Reverted { commit } => commit,
                outcome => return Ok(outcome),
            };
            self.intend_revert(number, revert, &commit, &base, &merged).await?;
            let branch = &document.pull_request.base;
            let into_target = branch == self.target();
            if into_target {
                match self.origin().push(&self.git_dir, &commit, branch, Some(&base)).await? {
                    Pushed::Done => {}
                    Pushed::Moved => continue,
                    Pushed::Refused { why, next } => return Ok(RevertOutcome::Refused { why, next }),
                }
            }
            let here = [RefUpdate::new(branch.full(), Some(&commit), Expect::At(base))];
            // For the target the origin decides, and a later fetch brings what this misses.
            if self.transact(&here).await? || into_target {
                return self.finish_revert(number, revert, commit).await;
            }
        }
        let base = self.record(number).await?.document.pull_request.base;
        Ok(RevertOutcome::BaseMoved { base })
    }

    /// The base as it is where it comes from.
    async fn base_of(&self, document: &Document) -> Result<CommitId, ForgeError> {
        match document.pull_request.base == *self.target() {
            true => self.fetch_base().await,
            false => self.head_of(&document.pull_request.base).await,
        }
    }

    /// The commit that the base would get; the base itself if nothing of the merge is left in it.
    async fn undone(
        &self,
        base: &CommitId,
        merged: &CommitId,
        before: &CommitId,
        revert: &Revert,
    ) -> Result<RevertOutcome, ForgeError> {
        if !self.contains(base, merged).await? {
            return Ok(RevertOutcome::Refused {
                why: "the base does not hold its merge any more".into(),
                next: "look at who has moved the base".into(),
            });
        }
        let tree = match self.merge_trees(Some(merged), base, before).await? {
            Ok(tree) => tree,
            Err(files) => return Ok(RevertOutcome::Conflicts { files }),
        };
        let commit = match tree == self.tree(base).await? {
            true => base.clone(),
            false => {
                self.write_commit(&tree, &[base], &revert.by, revert.at, &revert.message)
                    .await?
            }
        };
        Ok(RevertOutcome::Reverted { commit })
    }

    async fn intend_revert(
        &self,
        number: u64,
        revert: &Revert,
        commit: &CommitId,
        base: &CommitId,
        merged: &CommitId,
    ) -> Result<(), ForgeError> {
        let intent = Intent {
            key: revert.key.clone(),
            commit: commit.clone(),
            base: base.clone(),
            head: merged.clone(),
            method: MergeMethod::Squash,
            by: revert.by.name.clone(),
            at: revert.at,
        };
        self.change_record(number, revert.at, |document| {
            if document.reverts.iter().any(|known| known.commit == intent.commit) {
                return Ok(Step::Done(()));
            }
            document.reverts.push(intent.clone());
            Ok(Step::Write {
                summary: format!("about to revert by {}", commit.short()),
                refs: vec![RefUpdate::new(
                    ref_of(number, "reverting"),
                    Some(commit),
                    Expect::Anywhere,
                )],
                answer: (),
            })
        })
        .await
    }

    async fn finish_revert(&self, number: u64, revert: &Revert, commit: CommitId) -> Result<RevertOutcome, ForgeError> {
        self.change_record(number, revert.at, |document| {
            let known = &mut document.pull_request.reverted;
            if let Some(known) = known {
                let commit = known.commit.clone();
                return Ok(Step::Done(RevertOutcome::Reverted { commit }));
            }
            *known = Some(Reverted {
                commit: commit.clone(),
                by: revert.by.name.clone(),
                at: revert.at,
            });
            Ok(Step::Write {
                summary: format!("reverted by {}", commit.short()),
                refs: vec![RefUpdate::new(
                    ref_of(number, "reverted"),
                    Some(&commit),
                    Expect::Anywhere,
                )],
                answer: RevertOutcome::Reverted { commit: commit.clone() },
            })
        })
        .await
    }
}

/// What is to be taken back, or how it ends without that.
fn taken_from(document: &Document) -> Merged {
    let known = &document.pull_request;
    if let Some(reverted) = &known.reverted {
        let commit = reverted.commit.clone();
        return Err(RevertOutcome::Reverted { commit });
    }
    let refused = |why: &str, next: &str| RevertOutcome::Refused {
        why: why.to_owned(),
        next: next.to_owned(),
    };
    let State::Merged { commit, .. } = &known.state else {
        return Err(refused("it is not merged", "close it instead"));
    };
    let made = document.intents.iter().find(|intent| intent.commit == *commit);
    match made {
        Some(made) => Ok((commit.clone(), made.base.clone())),
        // What it brought is not known by a commit.
        None => Err(refused(
            "it came into the base by other ways than a merge from here",
            "revert it by hand",
        )),
    }
}
