//! Which files are not in a work tree because nobody wanted them there: they were not deleted.
//!
//! The agent's own index tells, since it may have chosen other folders than it was given. Where that cannot be read, it is
//! what the workspace began with.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use team6_git::{Call, GitError};

use crate::recipe::Recipe;

/// The largest index that is read, in bytes.
const LARGEST: u64 = 1 << 30;
/// The most bytes of names that are read.
const NAMES: usize = 256 << 20;
/// How git marks a file that is not checked out, and lists an index with its marks.
const MARK: &[u8] = b"S ";
const LIST: [&str; 3] = ["ls-files", "-z", "-t"];

/// Makes calls of trusted git with these arguments.
type CallGit<'a> = &'a (dyn Fn(&[&str]) -> Call + Send + Sync);

/// Files that nobody wanted to be there.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    /// What the agent's git does not check out.
    marked: BTreeSet<Vec<u8>>,
    /// What the workspace began with, if that is what counts.
    began: Option<Recipe>,
    /// Whether the workspace began with a part of the files.
    partial: bool,
}

impl Skipped {
    /// Whether anything may not have been wanted.
    pub(crate) fn is_something(&self) -> bool {
        self.partial || self.began.is_some() || !self.marked.is_empty()
    }

    /// Whether a file that is not there was not wanted.
    pub(crate) fn holds(&self, path: &[u8]) -> bool {
        let outside = |began: &Recipe| std::str::from_utf8(path).is_ok_and(|path| !began.holds_file(path));
        self.marked.contains(path) || self.began.as_ref().is_some_and(outside)
    }

    /// Looks at an agent's git folder. `whole` tells whether its index is what the agent worked with; it is copied to
    /// `copy` to be read.
    pub(crate) async fn look(
        git_dir: &Path,
        whole: bool,
        began: &Recipe,
        copy: &Path,
        git: CallGit<'_>,
    ) -> Result<Self, GitError> {
        let plain =
            |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        let mut skipped = Self {
            marked: BTreeSet::new(),
            began: Some(began.clone()).filter(|began| !began.sparse.is_empty()),
            partial: !began.sparse.is_empty(),
        };
        let index = git_dir.join("index");
        let chosen = skipped.partial || plain(&git_dir.join(crate::layout::PATTERNS));
        if !chosen || !plain(&index) || fs::copy(&index, copy).is_err() {
            return Ok(skipped);
        }
        let listed = git(&LIST).env("GIT_INDEX_FILE", copy).most(NAMES).run().await?;
        if listed.code == Some(0) && !listed.truncated {
            skipped.marked = marked(&listed.stdout).map(<[u8]>::to_vec).collect();
            skipped.began = skipped.began.filter(|_| !whole);
        }
        Ok(skipped)
    }

    /// Takes the mark from all files in the index of `git` that are there, or were wanted to be: git would not look at
    /// them.
    pub(crate) async fn unmark(&self, work: &Path, git: CallGit<'_>) -> Result<(), GitError> {
        if !self.partial {
            return Ok(());
        }
        let listed = git(&LIST).most(NAMES).bytes().await?;
        let there = |path: &[u8]| fs::symlink_metadata(work.join(OsStr::from_bytes(path))).is_ok();
        let looked_at = marked(&listed).filter(|path| !self.holds(path) || there(path));
        let paths: Vec<u8> = looked_at.flat_map(|path| [path, &[0]].concat()).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let update = ["update-index", "-z", "--no-skip-worktree", "--stdin"];
        git(&update).stdin(paths).text().await.map(drop)
    }
}

fn marked(listed: &[u8]) -> impl Iterator<Item = &[u8]> {
    listed
        .split(|byte| *byte == 0)
        .filter_map(|line| line.strip_prefix(MARK))
}
