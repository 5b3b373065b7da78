//! Files in Git LFS: fetched and laid out once, when a generation is written, by trusted git in a folder that no agent has
//! had; and the objects that agents add, kept with the repository.
//!
//! Commits hold pointers, whoever makes them: workspaces have the filter that turns a file into one, and so has the
//! import.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use team6_core::ids::{CommitId, RepositoryId};
use team6_git::{Call, GitError, ORIGIN};

use crate::mirror::Mirrors;
use crate::pack::is_folder;
use crate::provisioner::ClaimRepository;

/// How long fetching may take.
const FETCHING: Duration = Duration::from_secs(3600);
/// The most that is kept of the objects in one workspace, in bytes and by number.
const MOST_BYTES: u64 = 4 << 30;
const MOST_OBJECTS: usize = 10_000;
/// How many objects are named to people.
const NAMED: usize = 5;

/// Files that are checked out later stay pointers: there is no network to fetch them by.
const POINTERS: &str = " --skip";
/// Files are laid out.
const FILES: &str = "";

/// What git must know to turn files into pointers, and back as `skip` says.
fn filter(skip: &str) -> [(&'static str, String); 4] {
    [
        ("clean", "git-lfs clean -- %f".to_owned()),
        ("smudge", format!("git-lfs smudge{skip} -- %f")),
        ("process", format!("git-lfs filter-process{skip}")),
        ("required", "true".to_owned()),
    ]
}

/// The same for the configuration of a workspace's git folder.
pub(crate) fn section() -> String {
    let lines = filter(POINTERS).map(|(key, value)| format!("\t{key} = {value}\n"));
    format!("[filter \"lfs\"]\n{}", lines.concat())
}

fn filtering(call: Call, skip: &str) -> Call {
    filter(skip).into_iter().fold(call, |call, (key, value)| {
        call.config(&format!("filter.lfs.{key}"), value)
    })
}

/// Lets git turn files into pointers.
pub(crate) fn cleaning(call: Call) -> Call {
    filtering(call, POINTERS)
}

/// Lets git turn pointers into the files whose objects are there.
pub(crate) fn smudging(call: Call, storage: &Path) -> Call {
    filtering(call, FILES)
        .config("lfs.storage", storage)
        .config("lfs.url", "file:///nonexistent")
        .config("lfs.skipdownloaderrors", "true")
}

/// Whether files of a commit go through the filter.
pub(crate) async fn is_used(mirrors: &Mirrors, git_dir: &Path, commit: &CommitId) -> Result<bool, GitError> {
    let args = [
        "grep",
        "--quiet",
        "--fixed-strings",
        "-e",
        "filter=lfs",
        commit.as_str(),
        "--",
        ":(glob)**/.gitattributes",
    ];
    let ran = mirrors.git().call(args).git_dir(git_dir).run().await?;
    match ran.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(ran.failure()),
    }
}

/// Fetches the objects that the files of a base need; or says why they stay pointers.
pub(crate) async fn fetch(
    mirrors: &Mirrors,
    of: &ClaimRepository,
    tell: &(dyn Fn(String) + Send + Sync),
) -> Result<(), String> {
    let there = mirrors.git().call(["lfs", "version"]).run().await;
    if !there.is_ok_and(|ran| ran.code == Some(0)) {
        return Err(
            "git-lfs is not installed where the workspaces are made; install it, and the next commit has them".into(),
        );
    }
    tell(format!("fetching files of Git LFS of {}", of.id));
    let origin = match of.origin.starts_with('/') {
        true => format!("file://{}", of.origin),
        false => of.origin.clone(),
    };
    let args = ["lfs", "fetch", ORIGIN, of.base.as_str()];
    let call = mirrors
        .git()
        .call(args)
        .git_dir(&mirrors.mirror(&of.id))
        .origin(&origin, FETCHING);
    // Where its objects lie is not set: git-lfs would look for those of an origin on this machine there as well.
    let fetched = call.text().await;
    fetched.map(drop).map_err(|error| {
        let said = error.said().lines().next_back().unwrap_or_default().to_owned();
        let why = if said.is_empty() { error.to_string() } else { said };
        format!("they cannot be fetched from {}: {why}", team6_git::redact(&origin))
    })
}

/// Takes the objects over that an agent added, found in these folders of git-lfs; gives their names.
pub(crate) fn keep(storage: &Path, folders: &[PathBuf]) -> io::Result<Vec<String>> {
    let (mut kept, mut bytes) = (Vec::new(), 0);
    for objects in folders.iter().map(|folder| folder.join("objects")) {
        // The agent's user wrote these: nothing but plain folders and files is looked at.
        for first in plain(&objects, Path::is_dir) {
            for second in plain(&first, Path::is_dir) {
                for object in plain(&second, Path::is_file) {
                    let Some(name) = object
                        .file_name()
                        .and_then(|name| name.to_str())
                        .filter(|name| is_name(name))
                    else {
                        continue;
                    };
                    let place = storage.join("objects").join(&name[..2]).join(&name[2..4]).join(name);
                    let size = fs::symlink_metadata(&object)?.len();
                    if place.exists() || kept.len() >= MOST_OBJECTS || bytes + size > MOST_BYTES {
                        continue;
                    }
                    if take(&object, &place, name, size)? {
                        bytes += size;
                        kept.push(name.to_owned());
                    }
                }
            }
        }
    }
    Ok(kept)
}

/// What lies in a folder that is one, without links.
fn plain(folder: &Path, kind: fn(&Path) -> bool) -> Vec<PathBuf> {
    if !is_folder(folder) {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| !path.is_symlink() && kind(path)).collect()
}

fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Copies an object, if it is what its name says.
fn take(from: &Path, to: &Path, name: &str, size: u64) -> io::Result<bool> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{name}.draft"));
    let (mut source, mut target) = (fs::File::open(from)?.take(size), fs::File::create(&draft)?);
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = source.read(&mut part)?;
        if read == 0 {
            break;
        }
        digest.update(&part[..read]);
        target.write_all(&part[..read])?;
    }
    match hex::encode(digest.finalize()) == name {
        true => fs::rename(draft, to).map(|()| true),
        false => fs::remove_file(draft).map(|()| false),
    }
}

/// What people are told of objects that were kept.
pub(crate) fn notice(mirrors: &Mirrors, id: &RepositoryId, origin: &str, kept: &[String]) -> Option<String> {
    if kept.is_empty() {
        return None;
    }
    let named: Vec<&str> = kept.iter().take(NAMED).map(String::as_str).collect();
    let more = match kept.len() > NAMED {
        true => " ...",
        false => "",
    };
    Some(format!(
        "{} new files of Git LFS in {id} are kept on the server, but not at the origin, which has to have them before {id} \
         is merged: git --git-dir {} lfs push --object-id {} {}{more}",
        kept.len(),
        mirrors.mirror(id).display(),
        team6_git::redact(origin),
        named.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_that_are_what_they_are_called_are_kept() {
        let place = tempfile::tempdir().unwrap();
        let (theirs, ours) = (place.path().join("theirs"), place.path().join("ours"));
        let name = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let put = |name: &str, content: &str| {
            let folder = theirs.join("objects").join(&name[..2]).join(&name[2..4]);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), content).unwrap();
            folder
        };
        put(name, "x");
        let false_name = "a".repeat(64);
        let folder = put(&false_name, "y");
        std::os::unix::fs::symlink("/etc/passwd", folder.join("b".repeat(64))).unwrap();
        let folders = [theirs, place.path().join("none")];
        assert_eq!(keep(&ours, &folders).unwrap(), [name]);
        assert_eq!(keep(&ours, &folders).unwrap(), [""; 0], "what is there is not new");
        assert_eq!(fs::read(ours.join("objects/2d/71").join(name)).unwrap(), b"x");
    }
}
