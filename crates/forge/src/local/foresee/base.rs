//! What a branch has from the base is no conflict of its own: where another one does not fit onto the base, it does not fit
//! onto this one either, and is mended once.

use std::collections::BTreeSet;

use team6_core::ids::CommitId;

use super::super::repository::Repository;
use crate::error::ForgeError;
use crate::forecast::Clash;
use crate::merge::Conflict;
use crate::path::RepoPath;

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
        // One line asks for one file.
        let asked: Vec<At> = asked
            .into_iter()
            .filter(|(_, path)| !path.as_bytes().contains(&b'\n'))
            .collect();
        if asked.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut wanted = Vec::new();
        for (head, path) in &asked {
            for commit in [head, base] {
                wanted.extend_from_slice(commit.as_str().as_bytes());
                wanted.push(b':');
                wanted.extend_from_slice(path.as_bytes());
                wanted.push(b'\n');
            }
        }
        let args = ["cat-file", "--batch-check=%(objectname)"];
        let ran = self.call(args).stdin(wanted).run().await?.success()?;
        // What is not there is answered by its name and " missing".
        let found = ran.stdout.split(|byte| *byte == b'\n');
        let found: Vec<Option<&[u8]>> = found
            .map(|line| (!line.ends_with(b" missing")).then_some(line))
            .collect();
        let pairs = asked.into_iter().zip(found.chunks_exact(2));
        Ok(pairs.filter(|(_, two)| two[0] == two[1]).map(|(at, _)| at).collect())
    }
}
