//! Git folders written file by file, so that a claim waits for few processes.

use std::fs;
use std::io;
use std::path::Path;

use team6_core::ids::{BranchName, CommitId};

/// A git folder to be written.
#[derive(Debug)]
pub(crate) struct Skeleton<'a> {
    /// What HEAD says.
    pub(crate) head: Head<'a>,
    /// Branches of origin that it knows; the first is origin's default.
    pub(crate) origin: &'a [(&'a BranchName, &'a CommitId)],
    /// The object stores that it borrows from.
    pub(crate) borrowed: &'a [&'a Path],
    /// Name and address of the author of commits.
    pub(crate) author: &'a (String, String),
    /// Whether its objects are named by SHA-256.
    pub(crate) sha256: bool,
    /// Whether `info/sparse-checkout` says which folders are checked out.
    pub(crate) sparse: bool,
    /// What its configuration says besides.
    pub(crate) sections: &'a str,
}

/// What HEAD says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Head<'a> {
    /// A branch, at a commit.
    On(&'a BranchName, &'a CommitId),
    /// A commit.
    At(&'a CommitId),
    /// A branch that has no commit.
    Unborn,
}

/// Writes what all git folders begin with.
pub(crate) fn write_common(git_dir: &Path) -> io::Result<()> {
    for folder in [
        "objects/info",
        "objects/pack",
        "refs/heads",
        "refs/tags",
        "info",
        "hooks",
    ] {
        fs::create_dir_all(git_dir.join(folder))?;
    }
    fs::write(git_dir.join("info/exclude"), "")
}

impl Skeleton<'_> {
    /// Writes it where nothing is yet, but for what all begin with.
    pub(crate) fn write(&self, git_dir: &Path) -> io::Result<()> {
        fs::create_dir_all(git_dir.join("objects/info"))?;
        borrow(git_dir, self.borrowed)?;
        fs::write(git_dir.join("config"), self.config())?;
        for (branch, commit) in self.origin {
            write_ref(git_dir, &format!("refs/remotes/origin/{branch}"), commit.as_str())?;
        }
        if let Some((branch, _)) = self.origin.first() {
            let default = format!("ref: refs/remotes/origin/{branch}");
            write_ref(git_dir, "refs/remotes/origin/HEAD", &default)?;
        }
        match self.head {
            Head::On(branch, commit) => {
                write_ref(git_dir, &branch.full(), commit.as_str())?;
                write_ref(git_dir, "HEAD", &format!("ref: {}", branch.full()))
            }
            Head::At(commit) => write_ref(git_dir, "HEAD", commit.as_str()),
            Head::Unborn => write_ref(git_dir, "HEAD", "ref: refs/heads/unborn"),
        }
    }

    fn config(&self) -> String {
        let (version, format) = match self.sha256 {
            true => (1, "[extensions]\n\tobjectFormat = sha256\n"),
            false => (0, ""),
        };
        let sparse = match self.sparse {
            true => "\tsparseCheckout = true\n\tsparseCheckoutCone = true\n",
            false => "",
        };
        format!(
            "[core]\n\trepositoryformatversion = {version}\n\tfilemode = true\n\tbare = false\n\
             \tlogallrefupdates = true\n\tcheckStat = minimal\n\ttrustctime = false\n{sparse}{format}[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n\
             [user]\n\tname = {}\n\temail = {}\n{}",
            quoted(&self.author.0),
            quoted(&self.author.1),
            self.sections
        )
    }
}

/// Lets a git folder use the objects of others, and of no more.
pub(crate) fn borrow(git_dir: &Path, stores: &[&Path]) -> io::Result<()> {
    let lines: String = stores.iter().map(|path| format!("{}\n", path.display())).collect();
    fs::write(git_dir.join("objects/info/alternates"), lines)
}

fn write_ref(git_dir: &Path, name: &str, value: &str) -> io::Result<()> {
    let path = git_dir.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, format!("{value}\n"))
}

/// A value of git's configuration.
pub(crate) fn quoted(value: &str) -> String {
    let clean: String = value.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
