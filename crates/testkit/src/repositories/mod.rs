//! Real git repositories in temporary folders, made by verbs.
//!
//! Everything in them is fixed, dates and identity included, so that the same verbs give the same commits on every
//! machine. Verbs panic when they fail, since then the test cannot go on; the message holds what git said.
#![expect(
    clippy::expect_used,
    reason = "a repository that cannot be made is the failure of the test"
)]

mod git;
mod odd;
mod samples;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// A git repository that is gone when it is dropped.
#[derive(Debug)]
pub struct Repository {
    /// Holds the repository in `repository`, so that its parent is private to the test as well.
    _folder: TempDir,
    path: PathBuf,
    minutes: AtomicU64,
}

impl Repository {
    /// A repository without commits, on the branch `main`.
    ///
    /// # Panics
    /// If git is not installed, or there is no temporary folder.
    #[track_caller]
    pub fn empty() -> Self {
        let repository = Self::in_new_folder();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// A small project with one commit: `two-crates` (a Rust workspace with CODEOWNERS and AGENTS.md) or `web-and-api`
    /// (a page and a Python service with different owners).
    ///
    /// # Panics
    /// If there is no such sample, naming those that there are.
    #[track_caller]
    #[expect(clippy::panic, reason = "a wrong name is a mistake in the test")]
    pub fn sample(name: &str) -> Self {
        let Some(files) = samples::find(name) else {
            panic!(
                "there is no sample \"{name}\"; there are {}",
                samples::names().join(", ")
            );
        };
        let repository = Self::empty();
        for (path, content) in files {
            repository.write(path, content);
        }
        repository.commit("first");
        repository
    }

    /// A repository with one commit of `count` small files in folders of a hundred, checked out.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn with_files(count: usize) -> Self {
        let repository = Self::empty();
        let mut stream =
            String::from("commit refs/heads/main\ncommitter Ada <ada@example.org> 1767225600 +0000\ndata 5\nfirst\n");
        for at in 0..count {
            let content = format!("content of file {at}\n");
            stream.push_str(&format!(
                "M 100644 inline folder-{:04}/file-{at:06}.txt\ndata {}\n{content}\n",
                at / 100,
                content.len()
            ));
        }
        repository.feed_git(
            &["fast-import", "--quiet", "--done"],
            format!("{stream}\ndone\n").as_bytes(),
        );
        repository.git(&["reset", "--quiet", "--hard"]);
        repository
    }

    /// A repository with `count` files as projects have them, of 256 B to 16 KiB of words in folders of a hundred, and a
    /// history: for every ten files a commit that changes ten. The same at every call.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn with_history(count: usize) -> Self {
        let repository = Self::empty();
        let mut words = Words::default();
        let mut stream = Vec::new();
        commit(&mut stream, "first");
        for at in 0..count {
            change(&mut stream, at, &words.text());
        }
        for _ in 0..count / 10 {
            commit(&mut stream, "more");
            for _ in 0..10 {
                let at = words.below(count);
                change(&mut stream, at, &words.text());
            }
        }
        stream.extend(b"done\n");
        repository.feed_git(&["fast-import", "--quiet", "--done"], &stream);
        repository.git(&["reset", "--quiet", "--hard"]);
        repository
    }

    /// Its folder; the repository itself, if it is bare.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its address for git on this machine, with the scheme `file`.
    pub fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }

    /// Writes a file, with the folders it needs.
    ///
    /// # Panics
    /// If it cannot.
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("the folder should be made");
        }
        fs::write(&path, content).expect("the file should be written");
        self
    }

    /// The text of a file.
    ///
    /// # Panics
    /// If it is not there, or is not UTF-8.
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path.join(path)).expect("the file should be there")
    }

    /// Deletes a file.
    ///
    /// # Panics
    /// If it is not there.
    #[track_caller]
    pub fn remove(&self, path: impl AsRef<Path>) -> &Self {
        fs::remove_file(self.path.join(path)).expect("the file should be deleted");
        self
    }

    /// Writes `CODEOWNERS`.
    ///
    /// # Panics
    /// If it cannot.
    #[track_caller]
    pub fn with_code_owners(&self, rules: &str) -> &Self {
        self.write("CODEOWNERS", rules)
    }

    /// Commits everything in the folder, a minute after the commit before, and tells the commit's name.
    /// Without changes it is an empty commit.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.minutes.fetch_add(1, Ordering::Relaxed);
        self.head()
    }

    /// Makes a branch here and goes on on it.
    ///
    /// # Panics
    /// If there is one of that name.
    #[track_caller]
    pub fn branch(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", "--create", name]);
        self
    }

    /// Goes on on another branch.
    ///
    /// # Panics
    /// If there is none of that name.
    #[track_caller]
    pub fn switch(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", name]);
        self
    }

    /// Merges a branch with a merge commit, and tells its name.
    ///
    /// # Panics
    /// If there is a conflict.
    #[track_caller]
    pub fn merge(&self, branch: &str) -> String {
        self.git(&["merge", "--quiet", "--no-ff", "--no-edit", branch]);
        self.minutes.fetch_add(1, Ordering::Relaxed);
        self.head()
    }

    /// The name of the current commit.
    ///
    /// # Panics
    /// If there is none yet.
    #[track_caller]
    pub fn head(&self) -> String {
        self.resolve("HEAD")
    }

    /// The name of the commit that a branch, tag or other revision stands for.
    ///
    /// # Panics
    /// If it stands for none.
    #[track_caller]
    pub fn resolve(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")])
    }

    /// The paths of a revision, one by one, as bytes.
    ///
    /// # Panics
    /// If there is no such revision.
    #[track_caller]
    pub fn files(&self, revision: &str) -> Vec<PathBuf> {
        odd::paths(self.git_command(), revision)
    }

    /// Includes another repository as a submodule; commit afterwards.
    ///
    /// # Panics
    /// If the other one has no commit.
    #[track_caller]
    pub fn with_submodule(&self, path: &str, other: &Repository) -> &Self {
        self.git(&["submodule", "--quiet", "add", "--", &other.url(), path]);
        self
    }

    /// Writes the pointer of a large file of `size` bytes as Git LFS does, and the attribute for its kind; needs no LFS.
    ///
    /// # Panics
    /// If it cannot be written.
    #[track_caller]
    pub fn with_lfs_pointer(&self, path: &str, size: u64) -> &Self {
        let kind = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or("*");
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{size:064x}\nsize {size}\n");
        self.write(
            ".gitattributes",
            format!("*.{kind} filter=lfs diff=lfs merge=lfs -text\n"),
        )
        .write(path, pointer)
    }

    /// Writes files whose names hold spaces, quotes, a newline, a leading dash, and bytes that are not UTF-8.
    ///
    /// # Panics
    /// If the file system takes no such names.
    #[track_caller]
    pub fn with_odd_names(&self) -> &Self {
        for name in odd::names() {
            self.write(&name, "odd\n");
        }
        self
    }

    /// A bare clone in a folder of its own, as a remote to push to.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn bare_clone(&self) -> Repository {
        self.clone_with(&["--bare"])
    }

    /// A clone with files in a folder of its own, whose `origin` is this one.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn fresh_clone(&self) -> Repository {
        self.clone_with(&[])
    }

    /// Runs git in the repository and tells what it printed.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> String {
        git::run(self.git_command(), args)
    }

    /// A command of git in the repository with the same cleared environment, to be given arguments.
    pub fn git_command(&self) -> std::process::Command {
        git::command(&self.path, self.minutes.load(Ordering::Relaxed))
    }

    #[track_caller]
    fn feed_git(&self, args: &[&str], input: &[u8]) {
        git::feed(self.git_command(), args, input);
        self.minutes.fetch_add(1, Ordering::Relaxed);
    }

    #[track_caller]
    fn clone_with(&self, flags: &[&str]) -> Repository {
        let mut clone = Self::in_new_folder();
        let mut args = vec![OsStr::new("clone"), OsStr::new("--quiet")];
        args.extend(flags.iter().map(OsStr::new));
        args.extend([OsStr::new("--"), self.path.as_os_str(), OsStr::new(".")]);
        clone.git(&args);
        *clone.minutes.get_mut() = self.minutes.load(Ordering::Relaxed);
        clone
    }

    #[track_caller]
    fn in_new_folder() -> Self {
        let folder = tempfile::tempdir().expect("there should be a temporary folder");
        let path = folder.path().join("repository");
        fs::create_dir(&path).expect("the folder should be made");
        Self {
            _folder: folder,
            path,
            minutes: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
mod tests;

/// Begins a commit of a stream for `git fast-import`.
fn commit(stream: &mut Vec<u8>, message: &str) {
    let length = message.len();
    let head = format!("commit refs/heads/main\ncommitter Ada <ada@example.org> 1767225600 +0000\ndata {length}\n");
    stream.extend(format!("{head}{message}\n").into_bytes());
}

/// Changes a file in it.
fn change(stream: &mut Vec<u8>, at: usize, text: &str) {
    let (folder, length) = (at / 100, text.len());
    let head = format!("M 100644 inline folder-{folder:04}/file-{at:06}.txt\ndata {length}\n");
    stream.extend(format!("{head}{text}\n").into_bytes());
}

/// Words by chance, the same at every run (xorshift64).
struct Words(u64);

impl Default for Words {
    fn default() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }
}

impl Words {
    fn below(&mut self, most: usize) -> usize {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << by } else { self.0 >> by };
        }
        usize::try_from(self.0 >> 33).unwrap_or(0) % most.max(1)
    }

    /// A text whose length is drawn so that there are as many of each power of two.
    fn text(&mut self) -> String {
        let length = 256 << self.below(7);
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            let end = if self.below(8) == 0 { '\n' } else { ' ' };
            text.push_str(&format!("word{:x}{end}", self.below(4_096)));
        }
        text
    }
}
