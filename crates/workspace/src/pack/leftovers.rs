//! The tree of what lies in a workspace, made with the trusted index: what is ignored, and what no commit can hold, stays
//! out.
//!
//! Where it is known which paths may have changed, an index of these alone tells whether anything is left, however large
//! the repository is.
//!
//! Only such commands of git are used as do not look into repositories that lie in the workspace: `git add` and
//! `git status` would run programs that their configurations name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use team6_core::ids::CommitId;
use team6_core::local_path::LocalPath;
use team6_git::{Call, GitError};

use super::LARGEST_FILE;
use super::agent_git::{is_folder, read};
use super::found::{Found, Tree};
use super::skipped::Skipped;
use crate::skeleton::copy_index;

/// The most bytes of names that are read.
const NAMES: usize = 256 << 20;
/// The most paths and repositories that are left out one by one before the whole is given up.
const LEFT_OUT: usize = 500;

/// The most paths that are looked at one by one; beyond, looking at all is as quick.
pub(crate) const FEW: usize = 2_000;

/// How the line of a link to a submodule begins.
const LINK: &[u8] = b"160000 ";

/// Where the files are, and how to ask git about them.
pub(crate) struct Files<'a> {
    /// A call of trusted git with these arguments and this work tree.
    pub(crate) git: &'a (dyn Fn(&[&str], &Path) -> Call + Send + Sync),
    pub(crate) work: &'a Path,
    /// What the agent excludes in its clone alone.
    pub(crate) exclude: PathBuf,
    /// What nobody wanted to be there.
    pub(crate) skipped: Skipped,
    /// The files of the team's people, which no commit may hold.
    pub(crate) local: &'a [LocalPath],
    /// The names that git gives their contents.
    pub(crate) local_contents: &'a [String],
    /// The submodules that are there.
    pub(crate) modules: &'a [String],
    /// Our git folder.
    pub(crate) scratch: &'a Path,
    /// Git's index of the files as they were at the beginning, and the commit that they were.
    pub(crate) index: &'a Path,
    pub(crate) start: &'a CommitId,
    /// The paths that may differ from it; none if that is not known.
    pub(crate) changed: Option<Vec<Vec<u8>>>,
}

/// Where it is looked for files that differ.
struct Among<'a> {
    /// The index that they are compared with.
    index: PathBuf,
    /// The paths that are looked at; all if there are none.
    paths: &'a [Vec<u8>],
}

impl Files<'_> {
    /// The tree of the files, which belong to this commit.
    pub(crate) async fn tree(&self, tip: &CommitId) -> Result<Tree, GitError> {
        let Some(paths) = self.may_differ(tip).await? else {
            let index = self.scratch.join("index");
            copy_index(self.index, &index).map_err(|source| GitError::Io {
                command: "read-tree".into(),
                source,
            })?;
            let links = self.whole_index(tip).await?;
            self.skipped
                .unmark(self.work, &|args| (self.git)(args, self.work))
                .await?;
            let known = self.modules.iter().map(|path| path.as_bytes().to_vec());
            let mut found = Found {
                linked: known.filter(|path| links.contains_key(path)).collect(),
                ..Found::default()
            };
            self.find(&Among { index, paths: &[] }, &mut found).await?;
            return self.write(links, found).await;
        };
        let found = self.find_among(tip, &paths).await?;
        if found.paths.is_empty() {
            return Ok(Tree {
                id: None,
                left_out: found.left_out,
                large: found.large,
            });
        }
        // From an index that knows no times, which could make git take a changed file for the old one.
        let links = self.whole_index(tip).await?;
        self.write(links, found).await
    }

    /// The paths at which the files may differ from a commit, if they are known and few, and all that is not there was
    /// deleted.
    async fn may_differ(&self, tip: &CommitId) -> Result<Option<Vec<Vec<u8>>>, GitError> {
        let Some(mut paths) = self.changed.clone() else {
            return Ok(None);
        };
        if self.skipped.is_something() || !self.modules.is_empty() {
            return Ok(None);
        }
        if tip != self.start {
            // What was committed may have been undone in the files.
            let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames"];
            let call = (self.git)(&args, self.work).arg(self.start.as_str()).arg(tip.as_str());
            paths.extend(names(&call.most(NAMES).bytes().await?));
        }
        Ok((paths.len() <= FEW).then_some(paths))
    }

    /// Finds what differs from a commit at these paths, and looks at no other.
    async fn find_among(&self, tip: &CommitId, paths: &[Vec<u8>]) -> Result<Found, GitError> {
        if paths.is_empty() {
            return Ok(Found::default());
        }
        let index = self.scratch.join("few");
        let listed = (self.git)(&["ls-tree", "-r", "-z", "--full-tree", tip.as_str(), "--"], self.work);
        let listed = paths
            .iter()
            .fold(listed, |call, path| call.arg(OsStr::from_bytes(path)));
        let listed = listed.most(NAMES).bytes().await?;
        let entries = listed.split_inclusive(|byte| *byte == 0);
        let files: Vec<u8> = entries
            .filter(|line| !line.starts_with(LINK))
            .flatten()
            .copied()
            .collect();
        if !files.is_empty() {
            let update = (self.git)(&["update-index", "-z", "--index-info"], self.work);
            update.env("GIT_INDEX_FILE", &index).stdin(files).text().await?;
        }
        let mut found = Found::default();
        self.find(&Among { index, paths }, &mut found).await?;
        Ok(found)
    }

    /// Makes the index that of a commit, without its links to submodules, which it gives.
    async fn whole_index(&self, tip: &CommitId) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, GitError> {
        (self.git)(&["read-tree", "--reset", tip.as_str()], self.work)
            .text()
            .await?;
        self.take_out_links().await
    }

    /// Writes the tree of what was found, on top of the index.
    async fn write(&self, mut links: BTreeMap<Vec<u8>, Vec<u8>>, mut found: Found) -> Result<Tree, GitError> {
        links.retain(|path, _| self.keeps_link(path, &found));
        self.add(&mut found).await?;
        self.take_out_copies(&mut found).await?;
        let back: Vec<u8> = links.into_values().flatten().collect();
        if !back.is_empty() {
            let update = ["update-index", "-z", "--index-info"];
            (self.git)(&update, self.work).stdin(back).text().await?;
        }
        Ok(Tree {
            id: Some((self.git)(&["write-tree"], self.work).text().await?),
            left_out: found.left_out,
            large: found.large,
        })
    }

    /// Whether a link to a submodule is left: its folder is there, or nobody wanted it to be, and nothing else has come
    /// in its place.
    fn keeps_link(&self, path: &[u8], found: &Found) -> bool {
        let is_left = match fs::symlink_metadata(self.work.join(OsStr::from_bytes(path))) {
            Ok(there) => there.is_dir(),
            Err(_) => self.skipped.holds(path),
        };
        is_left && !found.has_above(path) && !found.has_below(path)
    }

    /// Takes the links to submodules out of the index, and gives their lines in it. Git would read the configurations
    /// of those that lie in the workspace.
    async fn take_out_links(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, GitError> {
        let staged = (self.git)(&["ls-files", "-z", "--stage"], self.work);
        let staged = staged.most(NAMES).bytes().await?;
        let mut links = BTreeMap::new();
        for line in staged.split_inclusive(|byte| *byte == 0) {
            let path = line.splitn(2, |byte| *byte == b'\t').nth(1);
            if let Some(path) = path.filter(|_| line.starts_with(LINK)) {
                links.insert(path.strip_suffix(&[0]).unwrap_or(path).to_vec(), line.to_vec());
            }
        }
        if !links.is_empty() {
            let paths: Vec<u8> = links.keys().flat_map(|path| [path, &[0][..]].concat()).collect();
            let update = ["update-index", "-z", "--force-remove", "--stdin"];
            (self.git)(&update, self.work).stdin(paths).text().await?;
        }
        Ok(links)
    }

    /// Takes copies of local files out of the index, whatever they are called.
    async fn take_out_copies(&self, found: &mut Found) -> Result<(), GitError> {
        if self.local_contents.is_empty() {
            return Ok(());
        }
        let staged = (self.git)(&["ls-files", "-z", "--stage"], self.work);
        let staged = staged.most(NAMES).bytes().await?;
        let mut paths = Vec::new();
        for line in staged.split(|byte| *byte == 0) {
            // `<mode> <name> <stage>`, a tab, and the path.
            let mut parts = line.splitn(2, |byte| *byte == b'\t');
            let (Some(about), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let name = about.split(|byte| *byte == b' ').nth(1);
            if self
                .local_contents
                .iter()
                .any(|content| Some(content.as_bytes()) == name)
            {
                found.left_out.push(format!("{} (a copy of a local file)", shown(path)));
                paths.extend([path, &[0]].concat());
            }
        }
        if paths.is_empty() {
            return Ok(());
        }
        let update = ["update-index", "-z", "--force-remove", "--stdin"];
        (self.git)(&update, self.work).stdin(paths).text().await.map(drop)
    }

    async fn find(&self, among: &Among<'_>, found: &mut Found) -> Result<(), GitError> {
        let mut nested = BTreeSet::new();
        let listed = [
            "ls-files",
            "-z",
            "--deleted",
            "--modified",
            "--others",
            "--exclude-standard",
        ];
        let mut call = (self.git)(&listed, self.work).env("GIT_INDEX_FILE", &among.index);
        if read(&self.exclude).is_some() {
            call = call.arg("--exclude-from").arg(&self.exclude);
        }
        call = call.env("GIT_LITERAL_PATHSPECS", "1").arg("--");
        call = among
            .paths
            .iter()
            .fold(call, |call, path| call.arg(OsStr::from_bytes(path)));
        for path in names(&call.most(NAMES).bytes().await?) {
            self.sort(path, found, &mut nested);
        }
        self.enter(nested, found).await
    }

    /// Repositories that began here hold work that is nowhere else: their files are taken as any others.
    async fn enter(&self, nested: BTreeSet<Vec<u8>>, found: &mut Found) -> Result<(), GitError> {
        let mut waiting: Vec<Vec<u8>> = nested.into_iter().collect();
        let mut seen = 0;
        while let Some(path) = waiting.pop() {
            let folder = self.work.join(OsStr::from_bytes(&path));
            let git_dir = folder.join(".git");
            if fs::symlink_metadata(&git_dir).is_err() {
                continue;
            }
            seen += 1;
            let is_copy =
                !is_folder(&git_dir) || read(&git_dir.join("config")).is_none_or(|text| text.contains("[remote"));
            if is_copy || seen > LEFT_OUT {
                found
                    .left_out
                    .push(format!("{} (a repository of its own)", shown(&path)));
                continue;
            }
            // With an index that is not there, everything is untracked.
            let listed = ["ls-files", "-z", "--others", "--exclude-standard"];
            let call = (self.git)(&listed, &folder).env("GIT_INDEX_FILE", self.scratch.join("no-index"));
            let mut below = BTreeSet::new();
            for inner in names(&call.most(NAMES).bytes().await?) {
                self.sort([&path[..], b"/", &inner].concat(), found, &mut below);
            }
            waiting.extend(below);
        }
        Ok(())
    }

    fn sort(&self, path: Vec<u8>, found: &mut Found, nested: &mut BTreeSet<Vec<u8>>) {
        let in_module = |module: &Vec<u8>| {
            let below = path.strip_prefix(&module[..]).and_then(<[u8]>::first);
            below == Some(&b'/') && is_folder(&self.work.join(OsStr::from_bytes(module)))
        };
        let is_local = |local: &LocalPath| path == local.as_str().as_bytes();
        if found.linked.iter().any(in_module) || self.local.iter().any(is_local) {
            return;
        }
        if let Some(folder) = path.strip_suffix(b"/") {
            nested.insert(folder.to_vec());
            return;
        }
        let full = self.work.join(OsString::from_vec(path.clone()));
        let mut above = full.ancestors().skip(1).take_while(|folder| *folder != self.work);
        if above.any(Path::is_symlink) {
            // The link comes in the place of all that was below it.
            return;
        }
        let why = match fs::symlink_metadata(&full) {
            Err(_) if self.skipped.holds(&path) => return,
            // What was deleted, or cannot be seen, which git will say.
            Err(_) => None,
            Ok(file) if file.is_dir() && fs::symlink_metadata(full.join(".git")).is_ok() => {
                nested.insert(path);
                return;
            }
            Ok(file) if file.is_dir() || file.is_symlink() => None,
            Ok(file) if !file.is_file() => Some("not a file".to_owned()),
            Ok(file) if file.len() > LARGEST_FILE => {
                found.large.push(path);
                return;
            }
            Ok(file) => {
                let mode = file.permissions().mode();
                if mode & 0o400 == 0 {
                    // If it is not ours to change, git will say that it cannot be read.
                    let _ = fs::set_permissions(&full, fs::Permissions::from_mode(mode | 0o400));
                }
                None
            }
        };
        match why {
            Some(why) => found.left_out.push(format!("{} ({why})", shown(&path))),
            None => _ = found.paths.insert(path),
        }
    }

    /// Puts everything into the index; what git does not take is found by halving.
    async fn add(&self, found: &mut Found) -> Result<(), GitError> {
        let all: Vec<Vec<u8>> = std::mem::take(&mut found.paths).into_iter().collect();
        let mut waiting = vec![&all[..]];
        while let Some(paths) = waiting.pop() {
            if paths.is_empty() {
                continue;
            }
            let mut stdin = paths.join(&0);
            stdin.push(0);
            let update = ["update-index", "-z", "--add", "--remove", "--replace", "--stdin"];
            let ran = (self.git)(&update, self.work).stdin(stdin).run().await?;
            match paths {
                _ if ran.code == Some(0) => {}
                _ if found.left_out.len() >= LEFT_OUT || ran.is_out_of_room() => {
                    return Err(ran.failure());
                }
                [path] => {
                    let why = ran.stderr.lines().next().unwrap_or_default();
                    found.left_out.push(format!("{} ({why})", shown(path)));
                }
                _ => {
                    let (left, right) = paths.split_at(paths.len() / 2);
                    waiting.extend([left, right]);
                }
            }
        }
        Ok(())
    }
}

/// Names that end with a zero byte each.
pub(crate) fn names(listed: &[u8]) -> Vec<Vec<u8>> {
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(<[u8]>::to_vec).collect()
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).escape_debug().to_string()
}
