//! What git tells of a repository at a commit: its ownership file, its files, and who changed them in the last year.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use team6_core::ids::{CommitId, PersonId};
use team6_core::time::Timestamp;
use team6_git::{Call, Git, GitError, Ran};

use super::Team;
use super::code_owners::{CodeOwners, PLACES};
use super::facts::{File, Known};

/// How many commits are looked at, newest first.
const COMMITS: &str = "--max-count=3000";
/// How far back, in seconds.
const YEAR: i64 = 365 * 24 * 3_600;
/// How long one look may take.
const LIMIT: Duration = Duration::from_secs(15);
/// The most of the list of files and of the history that is read, in bytes.
const MOST: usize = 16 << 20;
/// The most that an ownership file may have, as on forges, in bytes.
const LARGEST: usize = 3 << 20;
/// What each commit begins with.
const MARK: u8 = 1;

pub(super) async fn read(
    git: &Git,
    git_dir: &Path,
    head: &CommitId,
    now: Timestamp,
    team: &Team,
) -> Result<Known, GitError> {
    let call = |args: &[&str]| git.call(args).git_dir(git_dir).limit(LIMIT).most(MOST);
    let code_owners = code_owners(&call, head).await?;
    let listed = call(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", head.as_str()]);
    let listed = listed.run().await?.success()?;
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for path in whole(&listed.stdout, listed.truncated) {
        files.entry(text(path)).or_default().present = true;
    }
    let since = format!("--since=@{}", now.0.div_euclid(1_000) - YEAR);
    let args = [
        "log",
        "-z",
        COMMITS,
        &since,
        "--no-merges",
        "--no-renames",
        "--name-only",
        "--format=%x01%aE",
        head.as_str(),
        "--",
    ];
    // Without a name, a bare repository looks for it in a HEAD that may stand elsewhere.
    let log = call(&args).config("mailmap.blob", format!("{head}:.mailmap"));
    let authors = match log.run().await.and_then(Ran::success) {
        Ok(log) => authors(whole(&log.stdout, log.truncated), &mut files, team),
        // A history that takes too long is no reason to forget whom the ownership file names.
        Err(error) => {
            tracing::warn!(%error, "owners are suggested without the history");
            Vec::new()
        }
    };
    Ok(Known {
        code_owners,
        files,
        authors,
    })
}

/// The authors of commits, as far as they are of the team; each commit is noted at the files that it changed.
fn authors<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    files: &mut BTreeMap<String, File>,
    team: &Team,
) -> Vec<PersonId> {
    let mut authors = Vec::new();
    // The commit that is being read, if its author is of the team.
    let mut commit = None;
    for field in fields {
        if let Some((&MARK, address)) = field.split_first() {
            let author = team.author(&text(address)).cloned();
            commit = author.is_some().then_some(authors.len());
            authors.extend(author);
        } else if let Some(commit) = commit {
            let path = field.strip_prefix(b"\n").unwrap_or(field);
            files.entry(text(path)).or_default().commits.push(commit);
        }
    }
    authors
}

async fn code_owners(call: &impl Fn(&[&str]) -> Call, head: &CommitId) -> Result<CodeOwners, GitError> {
    for place in PLACES {
        let spec = format!("{head}:{place}");
        let ran = call(&["cat-file", "blob", &spec]).most(LARGEST).run().await?;
        if ran.code == Some(0) && !ran.truncated {
            return Ok(CodeOwners::parse(&text(&ran.stdout)));
        }
    }
    Ok(CodeOwners::default())
}

/// The fields that end with a NUL; what a cut left half is left out.
fn whole(bytes: &[u8], truncated: bool) -> impl Iterator<Item = &[u8]> {
    let end = bytes.iter().rposition(|byte| *byte == 0).filter(|_| truncated);
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    bytes.split(|byte| *byte == 0).filter(|field| !field.is_empty())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
