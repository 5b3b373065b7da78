//! What one would do otherwise.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs git to its end.
pub(crate) fn git(folder: &Path, args: &[&str]) -> Duration {
    let began = Instant::now();
    let output = Command::new("git").current_dir(folder).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {output:?}");
    began.elapsed()
}

/// The least that a work tree of a clone takes, of a few tries.
pub(crate) fn worktree_add(clone: &Path, place: &Path, tries: usize) -> Vec<Duration> {
    let add = |n: usize| {
        let tree = place.join(format!("tree-{n}"));
        git(
            clone,
            &["worktree", "add", "-q", "-b", &format!("b{n}"), tree.to_str().unwrap()],
        )
    };
    (0..tries).map(add).collect()
}

/// A whole clone by git's own protocol, its files checked out.
pub(crate) fn clone(source: &str, place: &Path, tries: usize) -> Vec<Duration> {
    let clone = |n: usize| {
        let to = place.join(format!("clone-{n}"));
        git(place, &["clone", "-q", source, to.to_str().unwrap()])
    };
    (0..tries).map(clone).collect()
}
