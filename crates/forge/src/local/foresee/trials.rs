//! Many merges by few processes of git. The trees that they make go into a folder of their own, which is thrown away:
//! a forecast must not make a repository grow.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use team6_core::ids::CommitId;

use super::super::merging::next_conflicts;
use super::super::repository::Repository;
use super::Pair;
use crate::error::ForgeError;
use crate::merge::Conflict;
use crate::path::RepoPath;
use team6_git::{Call, GitError};

/// The most that one process may say, in bytes.
const MOST: usize = 64 << 20;
/// How long one process may take.
const LIMIT: Duration = Duration::from_secs(300);
/// A folder older than this was left behind by a process that was killed.
const STALE: Duration = Duration::from_secs(3_600);
/// What its name begins with: git throws those away too when it cleans up.
const NAME: &str = "tmp_objdir-forecast-";

/// A folder of objects that nobody needs afterwards.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn make(objects: &Path) -> Result<Self, ForgeError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        sweep(objects);
        let name = format!("{NAME}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = objects.join(name);
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(ForgeError::Io { path, source }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed once it is stale.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes what killed processes left.
fn sweep(objects: &Path) {
    let entries = std::fs::read_dir(objects).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(NAME)) {
        let modified = entry.metadata().and_then(|found| found.modified());
        let age = modified.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Repository {
    /// Merges each pair and gives what does not fit; nothing of it stays.
    pub(super) async fn trials(&self, mut pairs: Vec<Pair>) -> Result<Vec<(Pair, Vec<Conflict>)>, ForgeError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let objects = self.git_dir.join("objects");
        let scratch = Scratch::make(&objects)?;
        let processes = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        // Half for each is not the same time for each, so neighbours, which have a branch in common, are dealt out in turn.
        let share = pairs.len().div_ceil(processes);
        let mut shares: Vec<Vec<Pair>> = (0..processes).map(|_| Vec::with_capacity(share)).collect();
        for (at, pair) in pairs.drain(..).enumerate() {
            shares[at % processes].push(pair);
        }
        let call = |pairs: &[Pair]| {
            let mut asked = String::new();
            for (one, other) in pairs {
                let _ = writeln!(asked, "{one} {other}");
            }
            let args = [
                "merge-tree",
                "--write-tree",
                "-z",
                "--name-only",
                "--messages",
                "--allow-unrelated-histories",
            ];
            self.call(args)
                .arg("--stdin")
                .env("GIT_OBJECT_DIRECTORY", &scratch.0)
                .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &objects)
                .stdin(asked)
                .most(MOST)
                .limit(LIMIT)
        };
        let mut running = tokio::task::JoinSet::new();
        for pairs in shares.into_iter().filter(|pairs| !pairs.is_empty()) {
            running.spawn(merged(call(&pairs), pairs));
        }
        let mut found = Vec::new();
        while let Some(ended) = running.join_next().await {
            found.extend(ended.map_err(|error| GitError::Io {
                command: "merge-tree".to_owned(),
                source: std::io::Error::other(error),
            })??);
        }
        Ok(found)
    }
}

/// Reads, for each pair, `<status> NUL <tree> NUL`, then what does not fit, then `NUL`.
async fn merged(call: Call, pairs: Vec<Pair>) -> Result<Vec<(Pair, Vec<Conflict>)>, ForgeError> {
    let ran = call.run().await?.success()?;
    let mut found = Vec::with_capacity(pairs.len());
    let mut fields = ran.stdout.split(|byte| *byte == 0);
    for pair in pairs {
        let status = fields.next().unwrap_or_default();
        let is_tree = fields
            .next()
            .is_some_and(|tree| CommitId::new(String::from_utf8_lossy(tree)).is_ok());
        let conflicts = by_own_name(next_conflicts(&mut fields), &pair);
        match status {
            b"1" if is_tree => found.push((pair, Vec::new())),
            b"0" if is_tree && !conflicts.is_empty() => found.push((pair, conflicts)),
            _ => return Err(ran.unreadable().into()),
        }
    }
    Ok(found)
}

/// A file in the way of a folder is told of as `<file>~<commit>`, as it would lie in a work tree; people know it by its name.
fn by_own_name(mut conflicts: Vec<Conflict>, (one, other): &Pair) -> Vec<Conflict> {
    for conflict in &mut conflicts {
        let path = conflict.path.as_bytes();
        let moved = [one, other].map(|commit| format!("~{commit}"));
        let own = moved.iter().find_map(|moved| path.strip_suffix(moved.as_bytes()));
        if let Some(own) = own {
            conflict.path = RepoPath::from_bytes(own);
        }
    }
    conflicts.sort();
    conflicts.dedup_by(|one, other| (&one.path, &one.kind) == (&other.path, &other.kind));
    conflicts
}
