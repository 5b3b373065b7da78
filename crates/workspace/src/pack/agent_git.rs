//! An agent's git folder, read as plain files.
//!
//! No git is run with it: its configuration, hooks and attributes could name programs, and its object store could borrow
//! from places that the agent may not read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use team6_core::ids::{BranchName, CommitId};

/// The most of a file that is read, in bytes.
const MOST: u64 = 1 << 20;
/// The most branches that are looked at beside the task's.
const BRANCHES: usize = 50;
/// How deep a branch's name may be nested.
const DEPTH: usize = 10;

/// What an agent's git folder says.
#[derive(Debug, Default)]
pub(crate) struct AgentGit {
    /// The commit that is checked out.
    pub(crate) head: Option<CommitId>,
    /// The ref that HEAD names.
    pub(crate) on: Option<String>,
    /// Where the task's branch stands.
    pub(crate) branch: Option<CommitId>,
    /// Whether it is in the middle of a rebase.
    pub(crate) rebasing: bool,
    /// Other branches and the stash, by their names in refs.
    pub(crate) others: Vec<(String, CommitId)>,
}

/// Looks at the git folder; says what is wrong if nothing of it can be used.
pub(crate) fn look(git_dir: &Path, branch: &BranchName, lent: &[PathBuf]) -> Result<AgentGit, &'static str> {
    if !is_folder(git_dir) || !is_folder(&git_dir.join("objects")) {
        return Err("its git folder is gone");
    }
    check_objects(&git_dir.join("objects"), lent)?;
    let packed = read(&git_dir.join("packed-refs")).unwrap_or_default();
    let refs = Refs {
        git_dir,
        packed: &packed,
    };
    let text = read(&git_dir.join("HEAD")).unwrap_or_default();
    let (head, on) = match text.trim().strip_prefix("ref: ") {
        Some(name) => (refs.resolve(name.trim()), Some(name.trim().to_owned())),
        None => (CommitId::new(text.trim()).ok(), None),
    };
    let full = branch.full();
    let mut others = refs.branches();
    others.retain(|(name, _)| *name != full);
    Ok(AgentGit {
        head,
        on,
        branch: refs.resolve(&full),
        rebasing: ["rebase-merge", "rebase-apply"]
            .iter()
            .any(|name| git_dir.join(name).exists()),
        others,
    })
}

/// Nothing but the objects that we lent may be borrowed, or those of others could be carried off.
fn check_objects(objects: &Path, lent: &[PathBuf]) -> Result<(), &'static str> {
    let alternates = objects.join("info/alternates");
    let lines = match fs::symlink_metadata(&alternates) {
        Err(_) => String::new(),
        Ok(_) => read(&alternates).ok_or("its object store borrows from where cannot be seen")?,
    };
    if lines
        .lines()
        .any(|line| !line.is_empty() && !lent.iter().any(|lent| Path::new(line) == lent))
    {
        return Err("its object store borrows from elsewhere");
    }
    let mut folders = vec![objects.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && folder == objects => folders.push(entry.path()),
                Ok(kind) if kind.is_dir() || kind.is_file() => {}
                _ => return Err("its object store holds links"),
            }
        }
    }
    Ok(())
}

struct Refs<'a> {
    git_dir: &'a Path,
    packed: &'a str,
}

impl Refs<'_> {
    fn resolve(&self, name: &str) -> Option<CommitId> {
        let proper = name.starts_with("refs/")
            && !name
                .split('/')
                .any(|part| part.is_empty() || part == ".." || part == ".");
        if !proper {
            return None;
        }
        let loose = read(&self.git_dir.join(name)).and_then(|text| CommitId::new(text.trim()).ok());
        loose.or_else(|| {
            let mut known = self.packed.lines().filter_map(|line| line.split_once(' '));
            known
                .find(|(_, known)| *known == name)
                .and_then(|(id, _)| CommitId::new(id).ok())
        })
    }

    fn branches(&self) -> Vec<(String, CommitId)> {
        let mut names: Vec<String> = vec!["refs/stash".into()];
        let mut folders = vec![(PathBuf::from("refs/heads"), 0)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in fs::read_dir(self.git_dir.join(&folder)).into_iter().flatten().flatten() {
                let path = folder.join(entry.file_name());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && depth < DEPTH => folders.push((path, depth + 1)),
                    Ok(kind) if kind.is_file() => names.push(path.to_string_lossy().into_owned()),
                    _ => {}
                }
            }
        }
        let packed = self.packed.lines().filter_map(|line| Some(line.split_once(' ')?.1));
        names.extend(packed.filter(|name| name.starts_with("refs/heads/")).map(str::to_owned));
        names.sort();
        names.dedup();
        names.truncate(BRANCHES);
        // A name that git would not take could be an option or a range of its.
        names.retain(|name| name == "refs/stash" || BranchName::new(name.trim_start_matches("refs/heads/")).is_ok());
        names
            .into_iter()
            .filter_map(|name| self.resolve(&name).map(|commit| (name, commit)))
            .collect()
    }
}

/// A folder, not a link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// The beginning of a plain file; a link or a pipe is not followed.
pub(crate) fn read(path: &Path) -> Option<String> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(MOST).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}
