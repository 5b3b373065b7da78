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

/// Copies git's index with its time: git tells by it which files may have changed in the second in which it was written.
pub(crate) fn copy_index(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let written = fs::metadata(from)?.modified()?;
    fs::File::options().write(true).open(to)?.set_modified(written)
}

impl Skeleton<'_> {
    /// Writes it where nothing is yet, but for what all begin with.
    pub(crate) fn write(&self, git_dir: &Path) -> io::Result<()> {
        self.write_over(git_dir, Path::new("/nonexistent"))
    }

    /// Writes what is not the same in the git folder that is seen below.
    pub(crate) fn write_over(&self, git_dir: &Path, below: &Path) -> io::Result<()> {
        fs::create_dir_all(git_dir)?;
        for (name, text) in self.files() {
            if fs::read_to_string(below.join(&name)).is_ok_and(|found| found == text) {
                continue;
            }
            let path = git_dir.join(name);
            if let Some(folder) = path.parent().filter(|folder| *folder != git_dir) {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }

    /// What makes it up, as names and texts.
    fn files(&self) -> Vec<(String, String)> {
        let mut refs: Vec<(String, &CommitId)> = Vec::new();
        refs.extend(
            self.origin
                .iter()
                .map(|(branch, commit)| (format!("refs/remotes/origin/{branch}"), *commit)),
        );
        let head = match self.head {
            Head::On(branch, commit) => {
                refs.push((branch.full(), commit));
                format!("ref: {}\n", branch.full())
            }
            Head::At(commit) => format!("{commit}\n"),
            Head::Unborn => "ref: refs/heads/unborn\n".to_owned(),
        };
        refs.sort();
        // One file for all, where each would need folders of its own.
        let packed = refs.iter().map(|(name, commit)| format!("{commit} {name}\n")).collect();
        let mut files = vec![
            ("objects/info/alternates".to_owned(), borrowing(self.borrowed)),
            ("config".to_owned(), self.config()),
            ("packed-refs".to_owned(), packed),
            ("HEAD".to_owned(), head),
        ];
        if let Some((branch, _)) = self.origin.first() {
            let default = format!("ref: refs/remotes/origin/{branch}\n");
            files.push(("refs/remotes/origin/HEAD".to_owned(), default));
        }
        files
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
    fs::write(git_dir.join("objects/info/alternates"), borrowing(stores))
}

fn borrowing(stores: &[&Path]) -> String {
    stores.iter().map(|path| format!("{}\n", path.display())).collect()
}

/// A value of git's configuration.
pub(crate) fn quoted(value: &str) -> String {
    let clean: String = value.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
