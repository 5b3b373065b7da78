//! Which paths the sides of a merge change, and whether they can get into each other's way at all.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::super::repository::Repository;
use super::history::{History, Parted, Tree};
use crate::error::ForgeError;

/// The most that git may say of changed paths, in bytes.
const MOST: usize = 256 << 20;

/// What each commit of a history changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The number of each path, of files and of folders.
    numbers: HashMap<Vec<u8>, u32>,
    /// By the commit's place.
    of: BTreeMap<usize, Changed>,
}

/// What is changed, by the numbers of paths.
#[derive(Debug, Default)]
struct Changed {
    /// Files that were changed, added or deleted.
    files: Vec<u32>,
    /// The folders that those lie in, at every level.
    folders: Vec<u32>,
    /// The folders that files were deleted from.
    left: Vec<u32>,
    /// The folders that files were added to.
    entered: Vec<u32>,
}

impl Changes {
    fn number(&mut self, path: &[u8]) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        match self.numbers.get(path) {
            Some(number) => *number,
            None => *self.numbers.entry(path.to_vec()).or_insert(next),
        }
    }

    fn add(&mut self, commit: usize, status: &[u8], path: &[u8]) {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let folders: Vec<u32> = ends.map(|(end, _)| self.number(&path[..end])).collect();
        let file = self.number(path);
        let changed = self.of.entry(commit).or_default();
        match status {
            b"D" => changed.left.extend(&folders),
            b"A" => changed.entered.extend(&folders),
            _ => {}
        }
        changed.folders.extend(folders);
        changed.files.push(file);
    }

    /// What a side changes, by its commits. It may be more than what is different in the end, never less: between where
    /// the sides parted and a head, what is different was changed by a commit on the way, against its parent there.
    fn by(&self, commits: &[usize]) -> Changed {
        let mut all = Changed::default();
        for changed in commits.iter().filter_map(|commit| self.of.get(commit)) {
            all.files.extend(&changed.files);
            all.folders.extend(&changed.folders);
            all.left.extend(&changed.left);
            all.entered.extend(&changed.entered);
        }
        for numbers in [&mut all.files, &mut all.folders, &mut all.left, &mut all.entered] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        all
    }

    /// Whether a merge of the two sides may conflict. If not, it is clean for sure:
    ///
    /// A merge looks at what both sides did to one path. A rename deletes one path and adds another, so that two sides
    /// that rename to or from the same name change that path both. A file in the place of a folder is the same name at
    /// another level. There is one way in which a change reaches paths that its side does not name: a folder that is
    /// renamed as a whole takes along what the other side adds to it. The root is never renamed.
    pub(super) fn may_conflict(&self, sides: &Parted) -> bool {
        let (one, other) = (self.by(&sides.one), self.by(&sides.other));
        meet(&one.files, &other.files)
            || meet(&one.files, &other.folders)
            || meet(&other.files, &one.folders)
            || meet(&one.left, &other.entered)
            || meet(&other.left, &one.entered)
    }
}

/// Whether two sorted lists have something in common.
fn meet(mut one: &[u32], mut other: &[u32]) -> bool {
    while let ([first, rest @ ..], [second, more @ ..]) = (one, other) {
        match first.cmp(second) {
            std::cmp::Ordering::Less => one = rest,
            std::cmp::Ordering::Greater => other = more,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

impl Repository {
    /// What each commit of a history changed, by one process of git.
    pub(super) async fn changes(&self, history: &History) -> Result<Changes, ForgeError> {
        let steps = history.steps();
        let mut asked = String::new();
        for (_, from, to) in &steps {
            let _ = writeln!(asked, "{from} {to}");
        }
        let args = ["diff-tree", "--stdin", "-r", "-z", "--no-renames", "--name-status"];
        let ran = self.call(args).stdin(asked).most(MOST).run().await?.success()?;
        read(&ran.stdout, &steps).ok_or_else(|| ran.unreadable().into())
    }
}

/// Reads, for each pair of trees, a line with both and then `<status> NUL <path> NUL` for each path.
fn read(bytes: &[u8], steps: &[(usize, Tree, Tree)]) -> Option<Changes> {
    let mut changes = Changes::default();
    let mut rest = bytes;
    for (commit, from, to) in steps {
        rest = rest.strip_prefix(format!("{from} {to}\n").as_bytes())?;
        // A status is one letter, which no line of two trees is.
        while let [status, 0, path_on @ ..] = rest {
            let end = path_on.iter().position(|byte| *byte == 0)?;
            changes.add(*commit, &[*status], &path_on[..end]);
            rest = &path_on[end + 1..];
        }
    }
    rest.is_empty().then_some(changes)
}
