//! What was found to differ in a work tree, and the tree that came of it.

use std::collections::BTreeSet;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) paths: BTreeSet<Vec<u8>>,
    pub(super) left_out: Vec<String>,
    pub(super) large: Vec<Vec<u8>>,
    /// Submodules that the commit links to: what lies in them is no part of it.
    pub(super) linked: Vec<Vec<u8>>,
}

/// The tree of the files.
pub(crate) struct Tree {
    /// Its name; none if it is known to be that of the commit.
    pub(crate) id: Option<String>,
    /// What is not in it, for people.
    pub(crate) left_out: Vec<String>,
    /// What is not in it for its size.
    pub(crate) large: Vec<Vec<u8>>,
}

impl Found {
    /// Whether something takes the place of a folder that a path lies in.
    pub(super) fn has_above(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        ends.map(|(end, _)| &path[..end])
            .any(|folder| self.paths.contains(folder))
    }

    pub(super) fn has_below(&self, folder: &[u8]) -> bool {
        let below = [folder, b"/"].concat();
        let next = self.paths.range(below.clone()..).next();
        next.is_some_and(|path| path.starts_with(&below))
    }
}
