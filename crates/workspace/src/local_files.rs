//! Files of the team's people that workspaces get and no repository may hold, such as `.env`.
//!
//! They lie in what is the task's own, for its user alone, never in what tasks share. git does not look at them, the
//! import takes none of them up, and refuses commits that hold one.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};
use team6_core::ids::CommitId;
use team6_core::local_path::LocalPath;
use team6_git::GitError;

use crate::mirror::Mirrors;

/// What is shorter than this after its spaces were taken off could be the content of any file.
const TELLING: usize = 8;
/// How many bytes of names are read.
const NAMES: usize = 256 << 20;

/// A file that a workspace gets.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where.
    pub path: LocalPath,
    /// What is in it.
    pub content: Vec<u8>,
}

impl fmt::Debug for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.content.len())
    }
}

/// Where a workspace's files come from, to see what lies at a path already.
#[derive(Debug)]
pub(crate) struct Below<'a> {
    /// The layers, the topmost first; or the one folder that holds all.
    pub(crate) layers: &'a [PathBuf],
    /// Where files are written.
    pub(crate) to: &'a Path,
}

impl Below<'_> {
    /// What lies at a path.
    fn at(&self, path: &Path) -> Option<fs::FileType> {
        let found = self
            .layers
            .iter()
            .find_map(|layer| fs::symlink_metadata(layer.join(path)).ok())?;
        // What a layer removes it marks by a device.
        Some(found.file_type()).filter(|kind| !kind.is_char_device())
    }

    /// Writes the files that nothing is in the way of; gives these, and what people should know.
    pub(crate) fn lay(&self, repository: &str, files: &[LocalFile]) -> io::Result<(Vec<LocalPath>, Vec<String>)> {
        let (mut laid, mut notices) = (Vec::new(), Vec::new());
        for file in files {
            let path = Path::new(file.path.as_str());
            let mut above = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
            let blocked = above.any(|folder| self.at(folder).is_some_and(|kind| !kind.is_dir()));
            if blocked || self.at(path).is_some() {
                notices.push(format!(
                    "{repository}: the local file {} is left out, since the repository has something there; take one of \
                     the two away",
                    file.path
                ));
                continue;
            }
            write(&self.to.join(path), &file.content)?;
            laid.push(file.path.clone());
        }
        if !laid.is_empty() {
            let names: Vec<&str> = laid.iter().map(LocalPath::as_str).collect();
            notices.push(format!(
                "{repository}: local files that no commit may hold: {}",
                names.join(", ")
            ));
        }
        Ok((laid, notices))
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(content)
}

/// What `info/exclude` says, so that git does not look at them.
pub(crate) fn excluded(laid: &[LocalPath]) -> String {
    let line = |path: &LocalPath| {
        let mut line = String::from("/");
        for c in path.as_str().chars() {
            if "\\*?[]!#".contains(c) {
                line.push('\\');
            }
            line.push(c);
        }
        line + "\n"
    };
    laid.iter().map(line).collect()
}

/// The names that git gives the contents of files, as far as they tell one from others. `sha256` is how the repository names
/// its objects.
pub(crate) fn names_of(files: &[LocalFile], sha256: bool) -> Vec<String> {
    let telling = files.iter().filter(|file| file.content.trim_ascii().len() >= TELLING);
    telling.map(|file| name_of(&file.content, sha256)).collect()
}

/// The name of a blob, see gitformat-loose(5): the hash of a header and the content.
fn name_of(content: &[u8], sha256: bool) -> String {
    let header = format!("blob {}\0", content.len());
    match sha256 {
        true => hex::encode(Sha256::new().chain_update(header).chain_update(content).finalize()),
        false => hex::encode(Sha1::new().chain_update(header).chain_update(content).finalize()),
    }
}

/// A local file that new commits hold, by its path or its content. `git_dir` has them all.
pub(crate) async fn held_by(
    mirrors: &Mirrors,
    git_dir: &Path,
    new: &[&CommitId],
    known: &[&CommitId],
    laid: &[LocalPath],
    contents: &[String],
) -> Result<Option<String>, GitError> {
    let revisions: String = new
        .iter()
        .map(|commit| format!("{commit}\n"))
        .chain(known.iter().map(|commit| format!("^{commit}\n")))
        .collect();
    let list = ["rev-list", "--objects", "--stdin"];
    let listed = mirrors.git().call(list).git_dir(git_dir).stdin(revisions).most(NAMES);
    let listed = listed.limit(std::time::Duration::from_secs(900)).bytes().await?;
    let held = listed.split(|byte| *byte == b'\n').find_map(|line| {
        let line = String::from_utf8_lossy(line);
        let (name, path) = line.split_once(' ').unwrap_or((&line, ""));
        let is_path = !path.is_empty() && laid.iter().any(|laid| laid.as_str() == path);
        (is_path || contents.iter().any(|content| content == name)).then(|| path.to_owned())
    });
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_named_as_git_does() {
        // `git hash-object` says so.
        assert_eq!(name_of(b"hello\n", false), "ce013625030ba8dba906f756967f9e9ca394464a");
        let long = "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4";
        assert_eq!(name_of(b"hello\n", true), long);
    }

    #[test]
    fn what_a_file_holds_is_in_no_debug_text() {
        let file = LocalFile {
            path: LocalPath::new(".env").unwrap(),
            content: b"TOKEN=hunter2".to_vec(),
        };
        assert_eq!(format!("{file:?}"), ".env (13 bytes)");
    }

    #[test]
    fn names_with_signs_are_excluded_as_they_are() {
        let paths = ["a[1]*.txt", "config/x"].map(|path| LocalPath::new(path).unwrap());
        assert_eq!(excluded(&paths), "/a\\[1\\]\\*.txt\n/config/x\n");
    }
}
