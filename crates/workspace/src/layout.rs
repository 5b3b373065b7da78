//! How a generation is laid out: what its repository's recipe asks for, and what came of that.
//!
//! It is decided once from the commit, and kept beside the generation, so that a claim has it without a process of git.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use team6_core::ids::CommitId;
use team6_git::{Call, GitError};

use crate::checkout::is_sha256;
use crate::lfs;
use crate::mirror::Mirrors;
use crate::modules;
use crate::provisioner::{ClaimRepository, Submodule};
use crate::recipe::{self, Recipe};
use crate::setup::{LOCKS, Setup};
use crate::skeleton::{Head, Skeleton, write_common};

/// The name of its file in a generation's folder.
const FILE: &str = "layout.json";

/// The longest list of the files of a commit that is read, in bytes.
const TREE: usize = 256 << 20;

/// How a generation is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// What was asked for.
    pub(crate) recipe: Recipe,
    /// What people should know of it.
    pub(crate) notices: Vec<String>,
    /// The same of its submodules.
    pub(crate) of_modules: Vec<String>,
    /// The submodules that are there.
    pub(crate) modules: Vec<Submodule>,
    /// Whether more of them may be there later.
    pub(crate) incomplete: bool,
    /// Whether files of Git LFS are there.
    pub(crate) lfs: bool,
    /// What its setup command makes is known by this.
    #[serde(default)]
    pub(crate) setup: Option<Setup>,
}

impl Layout {
    /// What the base of a repository, which is in its mirror, asks for. What it needs besides is fetched.
    pub(crate) async fn plan(
        mirrors: &Mirrors,
        of: &ClaimRepository,
        tell: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Self, GitError> {
        let (id, commit) = (&of.id, &of.base);
        let mirror = mirrors.mirror(id);
        let call = |args: &[&str]| mirrors.git().call(args).git_dir(&mirror);
        let spec = format!("{commit}:{}", recipe::FILE);
        let read = call(&["cat-file", "blob", &spec])
            .most(recipe::LARGEST + 1)
            .run()
            .await?;
        let text = String::from_utf8_lossy(&read.stdout);
        // Without a file there is nothing that could be wrong.
        let (mut recipe, mut notices) = match read.code == Some(0) || read.truncated {
            true => Recipe::parse(&text),
            false => Default::default(),
        };
        if !recipe.sparse.is_empty() {
            let list = ["ls-tree", "-d", "-z", "--name-only", commit.as_str(), "--"];
            let listed = recipe.sparse.iter().fold(call(&list), Call::arg);
            let listed = listed.bytes().await?;
            let there: Vec<&[u8]> = listed.split(|byte| *byte == 0).collect();
            recipe.sparse.retain(|folder| {
                let is_there = there.contains(&folder.as_bytes());
                if !is_there {
                    notices.push(format!(
                        "{} names the folder {folder}, which does not exist",
                        recipe::FILE
                    ));
                }
                is_there
            });
        }
        for notice in &mut notices {
            *notice = format!("{id}: {notice}");
        }
        if !recipe.sparse.is_empty() {
            notices.push(format!(
                "{id}: of its folders only {} are checked out, as {} says; `git sparse-checkout add FOLDER` brings more",
                recipe.sparse.join(", "),
                recipe::FILE
            ));
        }
        let used = lfs::is_used(mirrors, &mirror, commit).await?;
        let lfs = used && recipe.lfs;
        let lfs = match lfs {
            false => Err(format!("as {} says", recipe::FILE)),
            true => lfs::fetch(mirrors, of, tell).await,
        };
        match &lfs {
            _ if !used => {}
            Ok(()) => notices.push(format!(
                "{id}: files of Git LFS are there; what is added to them is kept on the server alone"
            )),
            Err(why) => notices.push(format!("{id}: files of Git LFS are left as pointers: {why}")),
        }
        let lfs = used && lfs.is_ok();
        let planned = match recipe.submodules {
            true => modules::plan(mirrors, of, &mirror, commit, &recipe, tell).await?,
            false => modules::Planned::default(),
        };
        let setup = match &recipe.setup {
            None => None,
            Some(command) => {
                let list = ["ls-tree", "-z", commit.as_str(), "--"];
                let locks = match recipe.locks.is_empty() {
                    true => LOCKS.iter().fold(call(&list), Call::arg),
                    false => recipe.locks.iter().fold(call(&list), Call::arg),
                };
                let all = call(&["ls-tree", "-r", "-z", commit.as_str()])
                    .most(TREE)
                    .bytes()
                    .await?;
                // They decide what of its outcome is kept.
                let ignoring = all
                    .split(|byte| *byte == 0)
                    .filter(|entry| entry.ends_with(b".gitignore"));
                let ignoring = ignoring.collect::<Vec<_>>().concat();
                let depends_on = [&locks.bytes().await?[..], &ignoring, of.origin.as_bytes()];
                Some(Setup::new(command, &depends_on))
            }
        };
        Ok(Self {
            setup,
            recipe,
            notices,
            of_modules: planned.notices,
            modules: planned.modules,
            incomplete: planned.incomplete,
            lfs,
        })
    }

    pub(crate) fn read(generation: &Path) -> Self {
        let bytes = fs::read(generation.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(crate) fn write(&self, generation: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        fs::write(generation.join(FILE), bytes)
    }

    /// Whether what lies in a generation that was laid out so can be a layer of this one, or be copied for it.
    pub(crate) fn builds_on(&self, other: &Self, layered: bool) -> bool {
        // What a layer changes is written where no file of Git LFS can be laid out.
        let lfs = self.lfs || other.lfs;
        self.recipe.sparse == other.recipe.sparse && (layered || self.modules == other.modules) && !lfs
    }

    /// Writes what git must know of it into the git folder that workspaces begin with, and a git folder for trusted git
    /// that writes no other files than these. None of it is needed where all files are there.
    pub(crate) fn prepare(&self, generation: &Path, objects: &Path, commit: &CommitId) -> io::Result<()> {
        if self.recipe.sparse.is_empty() {
            return Ok(());
        }
        let own = generation.join(GIT_DIR);
        write_common(&own)?;
        let nobody = (String::new(), String::new());
        let skeleton = Skeleton {
            head: Head::Unborn,
            origin: &[],
            borrowed: &[objects],
            author: &nobody,
            sha256: is_sha256(commit),
            sparse: true,
            sections: "",
        };
        skeleton.write(&own)?;
        let patterns = patterns(&self.recipe.sparse);
        for git in [&own, &generation.join("skeleton/.git")] {
            fs::write(git.join(PATTERNS), &patterns)?;
        }
        Ok(())
    }
}

/// Where a git folder has the folders that are checked out.
pub(crate) const PATTERNS: &str = "info/sparse-checkout";

/// The git folder of a generation that not all folders of are there.
const GIT_DIR: &str = "sparse.git";

/// The git folder that trusted git has to use for files of a generation, unless any will do.
pub(crate) fn git_dir(generation: &Path) -> Option<PathBuf> {
    Some(generation.join(GIT_DIR)).filter(|own| own.is_dir())
}

/// What git writes for these folders in its cone mode: the files above them, and all in them.
fn patterns(folders: &[String]) -> String {
    let mut above: Vec<&str> = folders
        .iter()
        .flat_map(|folder| folder.match_indices('/').map(|(at, _)| &folder[..at]))
        .collect();
    above.sort_unstable();
    above.dedup();
    let above = above.into_iter().map(|folder| format!("/{folder}/\n!/{folder}/*/\n"));
    let whole = folders.iter().map(|folder| format!("/{folder}/\n"));
    let top = "/*\n!/*/\n".to_owned();
    std::iter::once(top).chain(above).chain(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_written_as_git_does() {
        let folders = ["a/b/c".to_owned(), "a/d".to_owned(), "docs".to_owned()];
        let expected = "/*\n!/*/\n/a/\n!/a/*/\n/a/b/\n!/a/b/*/\n/a/b/c/\n/a/d/\n/docs/\n";
        assert_eq!(patterns(&folders), expected);
    }
}
