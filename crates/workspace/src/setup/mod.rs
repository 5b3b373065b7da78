//! What a repository's setup command makes, such as `target` and `node_modules`: made once by a job of the engine's from a
//! base commit, and shown below every workspace as a layer that nobody can write.
//!
//! It is known by the command, by what lies in the files that pin versions, and by the programs of this machine. Nothing
//! that an agent made gets into it. Below a repository's folder: `setups/<key>/{tree,caches}`, or `setups/<key>.failed`.

mod ignored;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::generations::remove;
use crate::guest::CACHED;
use crate::slot::{Found, Place};

pub(crate) use ignored::ignored;

/// Files that pin versions, at the top of a repository, where its recipe names none.
pub(crate) const LOCKS: [&str; 17] = [
    ".nvmrc",
    ".python-version",
    ".tool-versions",
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "go.sum",
    "mix.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "requirements.txt",
    "rust-toolchain.toml",
    "uv.lock",
    "yarn.lock",
];

/// Where what is made is put together.
const DRAFT: &str = "draft";

/// How much of what a command that failed said is kept, in bytes.
const SAID: usize = 2_000;

/// A setup command, and what its outcome is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The command, for a shell at the top of the repository.
    pub command: String,
    /// What it depends on in the repository.
    versions: String,
    /// The same with the programs of this machine.
    #[serde(default)]
    key: String,
}

impl Setup {
    /// The name of its outcome: letters and digits.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `depends_on` is what in the repository decides what it makes.
    pub(crate) fn new(command: &str, depends_on: &[&[u8]]) -> Self {
        Self {
            command: command.to_owned(),
            versions: hash([command.as_bytes()].iter().chain(depends_on)),
            key: String::new(),
        }
    }

    /// The same with the programs that this machine has now.
    pub(crate) fn here(self, programs: &str) -> Self {
        let key = hash([self.versions.as_bytes(), programs.as_bytes()].iter());
        Self { key, ..self }
    }

    /// Whether the same in two bases makes them alike.
    pub(crate) fn is_alike(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| other.versions == self.versions)
    }
}

fn hash<'a>(parts: impl Iterator<Item = &'a &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

/// What the setup commands of one repository made.
pub(crate) struct Setups(PathBuf);

/// A folder with what a setup command made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made(PathBuf);

impl Made {
    /// A layer for below the tree: what the repository holds comes before it.
    pub(crate) fn layer(&self) -> PathBuf {
        self.0.join("tree")
    }

    /// A part of a cache of packages.
    pub(crate) fn cache(&self, name: &str, part: &str) -> PathBuf {
        self.0.join("caches").join(name).join(part)
    }
}

impl Setups {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// What was made, if it was.
    pub(crate) fn find(&self, setup: &Setup) -> Option<Made> {
        let made = self.0.join(&setup.key);
        made.is_dir().then_some(Made(made))
    }

    /// Why nothing could be made, if the command was run and failed.
    pub(crate) fn failed(&self, setup: &Setup) -> Option<String> {
        fs::read_to_string(self.failure(setup)).ok()
    }

    fn failure(&self, setup: &Setup) -> PathBuf {
        self.0.join(format!("{}.failed", setup.key))
    }

    /// Keeps in mind that the command failed: it is not run again for this.
    pub(crate) fn fail(&self, setup: &Setup, why: &str) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let from = why.floor_char_boundary(why.len().saturating_sub(SAID));
        fs::write(self.failure(setup), &why[from..])
    }

    /// Takes what a command made out of a workspace that nobody works in any more: of its files those at the paths that
    /// git ignores, and its caches of packages.
    pub(crate) fn keep(&self, setup: &Setup, place: &Place, ignored: &[PathBuf], caches: &Path) -> io::Result<()> {
        let draft = self.0.join(DRAFT);
        remove(&draft)?;
        let tree = draft.join("tree");
        fs::create_dir_all(&tree)?;
        for path in ignored.iter().filter(|path| is_proper(path)) {
            if let Found::Here(found) = place.find(path) {
                put(&found, &tree.join(path))?;
            }
        }
        let made = Made(draft.clone());
        let mut layers = 0;
        for (_, name, _, parts) in CACHED {
            for part in parts {
                // What lies over a cache of the machine's, or in one of the workspace's own.
                let over = caches.join(format!("layers/{layers}/upper"));
                let from = match over.is_dir() {
                    true => over,
                    false => caches.join(name).join(part),
                };
                layers += 1;
                if fs::symlink_metadata(&from).is_ok_and(|found| found.is_dir()) {
                    put(&from, &made.cache(name, part))?;
                }
            }
        }
        fs::rename(draft, self.0.join(&setup.key))
    }

    /// What there is besides these.
    pub(crate) fn others(&self, kept: &BTreeSet<&str>) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let other = |path: &PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            name != DRAFT && !kept.contains(&*name)
        };
        entries.map(|entry| entry.path()).filter(other).collect()
    }

    /// Lets commands that failed be tried again, and removes what one that broke off left. For a time when none is run.
    pub(crate) fn forgive(&self) {
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "failed") {
                let _ = fs::remove_file(entry.path());
            }
        }
        let draft = self.0.join(DRAFT);
        if let Err(error) = remove(&draft) {
            tracing::warn!(path = %draft.display(), %error, "what a setup command left stays");
        }
    }
}

/// Whether a path leads to something in the work tree.
fn is_proper(path: &Path) -> bool {
    let mut parts = path.components();
    let first = parts.clone().next();
    first.is_some_and(|first| !first.as_os_str().eq_ignore_ascii_case(".git"))
        && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn put(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_makes_is_known_by_all_that_it_depends_on() {
        let setup = |command: &str, locks: &str, programs: &str| {
            let setup = Setup::new(command, &[locks.as_bytes(), b"origin"]);
            setup.here(programs)
        };
        let one = setup("make", "locks", "cc 1");
        assert_eq!(one, setup("make", "locks", "cc 1"));
        for other in [
            setup("make all", "locks", "cc 1"),
            setup("make", "other", "cc 1"),
            setup("make", "locks", "cc 2"),
            setup("makelocks", "", "cc 1"),
        ] {
            assert_ne!(one.key, other.key, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_taken_from_outside_of_the_work_tree() {
        for path in ["target", "web/node_modules", "a/.git"] {
            assert!(is_proper(Path::new(path)), "{path}");
        }
        for path in ["", "/etc", "../other", "a/../../b", ".git", ".GIT/hooks", "."] {
            assert!(!is_proper(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_failure_is_kept_until_it_is_forgiven_and_its_end_is_what_counts() {
        let place = tempfile::tempdir().unwrap();
        let setups = Setups::new(place.path().join("setups"));
        let setup = Setup::new("make", &[]).here("");
        assert_eq!(setups.failed(&setup), None);
        let long = format!("{}ä the last word", "x".repeat(5_000));
        setups.fail(&setup, &long).unwrap();
        let kept = setups.failed(&setup).unwrap();
        assert!(kept.len() <= SAID && kept.ends_with("the last word"));
        setups.forgive();
        assert_eq!(setups.failed(&setup), None);
    }
}
