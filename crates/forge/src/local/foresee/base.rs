//! What a branch has from the base is no conflict of its own: where another one does not fit onto the base, it does not fit
//! onto this one either, and is mended once.

use std::collections::BTreeSet;

use team6_core::ids::CommitId;

use super::super::repository::Repository;
use crate::error::ForgeError;
use crate::forecast::Clash;
use crate::merge::Conflict;
use crate::path::RepoPath;

/// The most that git may say of what a branch changes, in bytes.
const MOST: usize = 64 << 20;

/// A file in a commit.
type At = (CommitId, RepoPath);

impl Repository {
    /// The clashes without the files that one of the two has as the base does, and the other one has in conflict with it.
    pub(super) async fn without_those_of_the_base(
        &self,
        base: &CommitId,
        heads: &[CommitId],
        against_base: &[Vec<Conflict>],
        clashes: Vec<Clash>,
    ) -> Result<Vec<Clash>, ForgeError> {
        let is_behind =
            |place: usize, path: &RepoPath| against_base[place].iter().any(|conflict| conflict.path == *path);
        let sides = |clash: &Clash| [(clash.one, clash.other), (clash.other, clash.one)];
        let asked: BTreeSet<At> = clashes
            .iter()
            .flat_map(|clash| {
                clash
                    .files
                    .iter()
                    .flat_map(move |file| sides(clash).map(|sides| (sides, &file.path)))
            })
            .filter(|((behind, _), path)| is_behind(*behind, path))
            .map(|((_, current), path)| (heads[current].clone(), path.clone()))
            .collect();
        let same = self.same_as_in(base, asked).await?;
        let is_of_base = |clash: &Clash, path: &RepoPath| {
            sides(clash).into_iter().any(|(behind, current)| {
                is_behind(behind, path) && same.contains(&(heads[current].clone(), path.clone()))
            })
        };
        let own = clashes.into_iter().filter_map(|mut clash| {
            let files = std::mem::take(&mut clash.files);
            clash.files = files
                .into_iter()
                .filter(|file| !is_of_base(&clash, &file.path))
                .collect();
            (!clash.files.is_empty()).then_some(clash)
        });
        Ok(own.collect())
    }

    /// The files among them that are as the base has them, also if neither has any.
    async fn same_as_in(&self, base: &CommitId, asked: BTreeSet<At>) -> Result<BTreeSet<At>, ForgeError> {
        let heads: BTreeSet<CommitId> = asked.iter().map(|(head, _)| head.clone()).collect();
        let mut same = asked;
        for head in heads {
            // What it changes, modes and submodules too.
            let args = [
                "diff-tree",
                "-r",
                "-z",
                "--no-renames",
                "--name-only",
                base.as_str(),
                head.as_str(),
            ];
            let changed = self.call(args).most(MOST).bytes().await?;
            let changed: BTreeSet<&[u8]> = changed.split(|byte| *byte == 0).collect();
            same.retain(|(at, path)| *at != head || !changed.contains(path.as_bytes()));
        }
        Ok(same)
    }
}
