//! Which paths the sides of a merge change, and whether they can get into each other's way at all.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;

use team6_core::ids::CommitId;

use super::super::repository::Repository;
use crate::error::ForgeError;

/// The most that git may say of changed paths, in bytes.
const MOST: usize = 256 << 20;

/// What one side of a merge changes.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Files that it changed, added or deleted.
    files: HashSet<Vec<u8>>,
    /// The folders that those lie in, at every level.
    folders: HashSet<Vec<u8>>,
    /// The folders that it deleted files of.
    left: HashSet<Vec<u8>>,
    /// The folders that it added files to.
    entered: HashSet<Vec<u8>>,
    /// Whether it added any file, without which it renamed none.
    adds: bool,
}

impl Changed {
    fn add(&mut self, status: &[u8], path: &[u8]) {
        let folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (end, _) in folders {
            let folder = &path[..end];
            self.folders.insert(folder.to_vec());
            match status {
                b"D" => drop(self.left.insert(folder.to_vec())),
                b"A" => drop(self.entered.insert(folder.to_vec())),
                _ => {}
            }
        }
        self.adds |= status == b"A";
        self.files.insert(path.to_vec());
    }

    /// Whether a merge with the other side may conflict. If not, it is clean for sure:
    ///
    /// A merge looks at what both sides did to one path. A rename deletes one path and adds another, so that two sides
    /// that rename to or from the same name change that path both. A file in the place of a folder is the same name at
    /// another level. There is one way in which a change reaches paths that its side does not name: a folder that is
    /// renamed as a whole takes along what the other side adds to it. The root is never renamed.
    pub(super) fn may_conflict(&self, other: &Changed) -> bool {
        let moves = |one: &Changed, other: &Changed| one.adds && meet(&one.left, &other.entered);
        meet(&self.files, &other.files)
            || meet(&self.files, &other.folders)
            || meet(&other.files, &self.folders)
            || moves(self, other)
            || moves(other, self)
    }
}

fn meet(one: &HashSet<Vec<u8>>, other: &HashSet<Vec<u8>>) -> bool {
    let (small, large) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    small.iter().any(|path| large.contains(path))
}

impl Repository {
    /// What changed between these trees, by one process of git.
    pub(super) async fn changed_paths(
        &self,
        wanted: BTreeSet<(CommitId, CommitId)>,
    ) -> Result<BTreeMap<(CommitId, CommitId), Changed>, ForgeError> {
        let mut asked = String::new();
        for (from, to) in &wanted {
            let _ = writeln!(asked, "{from} {to}");
        }
        let args = ["diff-tree", "--stdin", "-r", "-z", "--no-renames", "--name-status"];
        let ran = self.call(args).stdin(asked).most(MOST).run().await?.success()?;
        read(&ran.stdout, wanted).ok_or_else(|| ran.unreadable().into())
    }
}

/// Reads, for each pair of trees, a line with both and then `<status> NUL <path> NUL` for each path.
fn read(bytes: &[u8], wanted: BTreeSet<(CommitId, CommitId)>) -> Option<BTreeMap<(CommitId, CommitId), Changed>> {
    let mut found = BTreeMap::new();
    let mut rest = bytes;
    for (from, to) in wanted {
        rest = rest.strip_prefix(format!("{from} {to}\n").as_bytes())?;
        let mut changed = Changed::default();
        // A status is one letter, which no line of two trees is.
        while let [status, 0, path_on @ ..] = rest {
            let end = path_on.iter().position(|byte| *byte == 0)?;
            changed.add(&[*status], &path_on[..end]);
            rest = &path_on[end + 1..];
        }
        found.insert((from, to), changed);
    }
    rest.is_empty().then_some(found)
}
