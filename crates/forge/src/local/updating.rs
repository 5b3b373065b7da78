//! Merging the base into a pull request's branch, without a work tree.
//!
//! The branch, the new patch set and the record move in one transaction, so an update that broke off is not there at all,
//! and one that is asked for again is found by its patch set.

use std::collections::BTreeSet;

use team6_core::ids::CommitId;

use super::record::{Document, TRIES};
use super::repository::{Expect, RefUpdate, Repository};
use crate::error::ForgeError;
use crate::path::RepoPath;
use crate::pull_request::{FromBase, PatchSet, State};
use crate::update::{BranchUpdate, BranchUpdated};

impl Repository {
    pub(super) async fn update_branch(&self, number: u64, update: &BranchUpdate) -> Result<BranchUpdated, ForgeError> {
        // What is being merged is not moved on meanwhile.
        let _one = self.merging.lock().await;
        for _ in 0..TRIES {
            let mut record = self.record(number).await?;
            if let Some(done) = done_before(&record.document, &update.expected_head) {
                return self.told(done).await;
            }
            self.refresh(number, update.at).await?;
            record = self.record(number).await?;
            let known = &mut record.document.pull_request;
            let (State::Open, Some(last)) = (&known.state, known.latest().cloned()) else {
                return Ok(BranchUpdated::NotOpen);
            };
            if last.head != update.expected_head {
                return Ok(BranchUpdated::HeadMoved { now: last.head });
            }
            let base = match known.base == *self.target() {
                true => self.fetch_base().await?,
                false => self.head_of(&known.base).await?,
            };
            if self.contains(&last.head, &base).await? || self.contains(&base, &last.head).await? {
                return Ok(BranchUpdated::UpToDate);
            }
            let tree = match self.merge_trees(None, &last.head, &base).await? {
                Ok(tree) => tree,
                Err(files) => return Ok(BranchUpdated::Conflicts { base, files }),
            };
            let parents = [&last.head, &base];
            let commit = self
                .write_commit(&tree, &parents, &self.engine, update.at, &update.message)
                .await?;
            let set = PatchSet {
                k: last.k + 1,
                head: commit.clone(),
                base: base.clone(),
                merge_base: base.clone(),
                at: update.at,
                from_base: Some(FromBase {
                    before: last.head.clone(),
                }),
            };
            let branch = RefUpdate::new(known.branch.full(), Some(&commit), Expect::At(last.head.clone()));
            let mut refs = self.next_patch_set(known, &last, set.clone()).await?;
            refs.push(branch);
            let summary = format!("patch set {}: brought up to date", set.k);
            if self.replace_record(&record, update.at, &summary, refs).await? {
                return self.told(set).await;
            }
        }
        Err(self.busy(number))
    }

    async fn told(&self, set: PatchSet) -> Result<BranchUpdated, ForgeError> {
        let own = match &set.from_base {
            Some(from) => self.own_files_changed(&from.before, &set).await?,
            None => Vec::new(),
        };
        Ok(BranchUpdated::Updated {
            commit: set.head,
            base: set.base,
            own,
        })
    }

    /// The files that both sides changed since they parted: what was reviewed of them is not what is there now.
    async fn own_files_changed(&self, before: &CommitId, set: &PatchSet) -> Result<Vec<RepoPath>, ForgeError> {
        let Some(parted) = self.merge_base(before, &set.base).await? else {
            return Ok(Vec::new());
        };
        let own = self.files_between(&parted, before).await?;
        let changed = self.files_between(before, &set.head).await?;
        Ok(own.intersection(&changed).cloned().collect())
    }

    async fn files_between(&self, one: &CommitId, other: &CommitId) -> Result<BTreeSet<RepoPath>, ForgeError> {
        let args = [
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            one.as_str(),
            other.as_str(),
        ];
        let listed = self.call(args).most(LISTED).bytes().await?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(RepoPath::from_bytes).collect())
    }
}

/// How many bytes a list of files may have.
const LISTED: usize = 64 << 20;

/// The patch set that an update from this head made, if it is the newest.
fn done_before(document: &Document, head: &CommitId) -> Option<PatchSet> {
    let latest = document.pull_request.latest()?;
    let ours = latest.from_base.as_ref().is_some_and(|from| from.before == *head);
    (ours && document.pull_request.state == State::Open).then(|| latest.clone())
}
