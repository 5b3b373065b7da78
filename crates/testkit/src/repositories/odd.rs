//! Names that break careless programs, and reading them back.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::Command;

/// Names with everything that a file name on Linux may hold.
pub(super) fn names() -> Vec<PathBuf> {
    [
        &b"with space.txt"[..],
        b"with \"quotes\" and 'more'.txt",
        b"with\nnewline.txt",
        b"with\ttab.txt",
        b"--dash.txt",
        b"back\\slash.txt",
        b"not-utf8-\xff\xfe.txt",
        b"dollar $HOME `x`.txt",
        b"*glob?[a].txt",
        "über/straße.txt".as_bytes(),
    ]
    .into_iter()
    .map(|name| PathBuf::from(OsString::from_vec(name.to_vec())))
    .collect()
}

/// The paths of a revision, byte for byte.
#[track_caller]
pub(super) fn paths(mut git: Command, revision: &str) -> Vec<PathBuf> {
    let output = git
        .args(["ls-tree", "-r", "-z", "--name-only", revision, "--"])
        .output()
        .expect("git should be installed");
    assert!(
        output.status.success(),
        "git ls-tree {revision}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
        .stdout
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| PathBuf::from(OsString::from_vec(path.to_vec())))
        .collect()
}
