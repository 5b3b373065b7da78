//! The user's own repository: where it is, what it has, and what it says to a push.
//!
//! It is only read, fetched from and pushed to. What stands in its work trees is never touched by us; with
//! `receive.denyCurrentBranch=updateInstead`, git itself brings a clean one up to date.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::{BranchName, CommitId};

use crate::error::ForgeError;
use team6_git::{Git, GitError, ORIGIN, Ran, redact};

/// Where the user's repository is, and how it is reached.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    pub(super) git: &'a Git,
    pub(super) place: &'a str,
    pub(super) patience: Duration,
}

/// What the origin has.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// The branch that its HEAD stands for.
    pub(super) default: Option<String>,
    /// The commit of its HEAD.
    pub(super) head: Option<CommitId>,
    pub(super) branches: BTreeMap<String, CommitId>,
}

/// A work tree that has a branch checked out.
#[derive(Debug)]
pub(super) struct CheckedOut {
    pub(super) work_tree: PathBuf,
    /// Whether a push to the branch is taken and brings the work tree up to date.
    pub(super) updates: bool,
}

/// What the origin said to a push.
#[derive(Debug)]
pub(super) enum Pushed {
    Done,
    /// The branch was not where it was expected.
    Moved,
    Refused {
        why: String,
        next: String,
    },
}

/// The place as we keep it: a path made absolute, a URL of a kind that is safe as it is.
pub(super) fn check_place(given: &str) -> Result<String, ForgeError> {
    let refuse = |why: &str| Err(ForgeError::invalid(format!("origin {:?}", redact(given)), why));
    if given.is_empty() || given.starts_with('-') || given.chars().any(char::is_control) {
        return refuse("give a path, or a URL that begins with https://, ssh:// or file://");
    }
    if let Some((scheme, rest)) = given.split_once("://") {
        return match scheme {
            // A host that begins like an option is no host.
            "https" | "http" | "ssh" if rest.starts_with('-') || rest.contains("@-") => refuse("name its host"),
            "https" | "http" | "ssh" | "file" => Ok(given.to_owned()),
            _ => refuse("use https://, http://, ssh:// or file://"),
        };
    }
    if is_host_and_path(given) {
        return if given.contains("::") {
            refuse("use https:// or ssh://")
        } else {
            Ok(given.to_owned())
        };
    }
    let absolute = std::path::absolute(given).map_err(|source| ForgeError::Io {
        path: given.into(),
        source,
    })?;
    Ok(absolute.to_string_lossy().into_owned())
}

/// `host:path`, as ssh takes it: a colon before the first slash, and no file of that name.
fn is_host_and_path(place: &str) -> bool {
    let first = place.split('/').next().unwrap_or_default();
    first.contains(':') && !Path::new(place).exists()
}

/// The path of a URL, with `%20` and its like as the bytes that they stand for.
fn unescaped(path: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

impl Origin<'_> {
    /// Without credentials.
    pub(super) fn shown(&self) -> String {
        redact(self.place)
    }

    /// Where it is on this machine, if it is.
    pub(super) fn path(&self) -> Option<PathBuf> {
        if let Some(path) = self.place.strip_prefix("file://") {
            return Some(PathBuf::from(OsString::from_vec(unescaped(path))));
        }
        (!self.place.contains("://") && !is_host_and_path(self.place)).then(|| self.place.into())
    }

    /// What it has now.
    pub(super) async fn refs(&self) -> Result<Refs, ForgeError> {
        let args = ["ls-remote", "--symref", ORIGIN, "HEAD", "refs/heads/*"];
        let call = self.git.call(args).origin(self.place, self.patience);
        let listed = call.text().await.map_err(|error| self.failure(error))?;
        let mut refs = Refs::default();
        for line in listed.lines() {
            let Some((value, name)) = line.split_once('\t') else {
                continue;
            };
            if let Some(target) = value.strip_prefix("ref: ") {
                refs.default = target.strip_prefix("refs/heads/").map(str::to_owned);
            } else if name == "HEAD" {
                refs.head = Some(CommitId::new(value)?);
            } else if let Some(branch) = name.strip_prefix("refs/heads/") {
                refs.branches.insert(branch.to_owned(), CommitId::new(value)?);
            }
        }
        Ok(refs)
    }

    /// Checks that a folder on this machine is a repository itself, and says which one if it only lies in one.
    pub(super) async fn check_folder(&self) -> Result<(), ForgeError> {
        let Some(path) = self.path() else { return Ok(()) };
        let refuse = |hint: String| {
            Err(ForgeError::NotARepository {
                origin: self.shown(),
                hint,
            })
        };
        let path = path.as_path();
        if !path.is_dir() {
            return refuse("there is no such folder; check the path".to_owned());
        }
        let args = ["rev-parse", "--is-inside-git-dir", "--show-prefix"];
        let ran = self.inside(path, &args).await?;
        let answer = String::from_utf8_lossy(&ran.stdout).into_owned();
        match ran.code {
            Some(0) => {}
            _ if ran.stderr.contains("dubious ownership") => {
                return Err(ForgeError::NoPermission {
                    origin: self.shown(),
                    why: "the folder belongs to another user; run the engine as that user or clone it".to_owned(),
                });
            }
            _ => return refuse("run `git init` there and make a first commit, or check the path".to_owned()),
        }
        match answer.lines().nth(1) {
            Some(prefix) if !prefix.is_empty() => {
                let mut root = path.to_path_buf();
                Path::new(prefix).components().for_each(|_| {
                    root.pop();
                });
                refuse(format!(
                    "it is a folder of the repository {}; connect that one",
                    root.display()
                ))
            }
            _ => Ok(()),
        }
    }

    /// The work tree that has the branch checked out, if there is one on this machine.
    pub(super) async fn work_tree_on(&self, branch: &BranchName) -> Result<Option<CheckedOut>, ForgeError> {
        let Some(path) = self.path() else { return Ok(None) };
        let listed = self.inside(&path, &["worktree", "list", "--porcelain"]).await?;
        let listed = listed.success().map_err(|error| self.failure(error))?;
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let wanted = format!("branch {}", branch.full());
        let found = text
            .split("\n\n")
            .find(|entry| entry.lines().any(|line| line == wanted));
        let Some(work_tree) = found.and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("worktree ")))
        else {
            return Ok(None);
        };
        let setting = self
            .inside(&path, &["config", "--get", "receive.denyCurrentBranch"])
            .await?;
        let setting = String::from_utf8_lossy(&setting.stdout).trim().to_lowercase();
        Ok(Some(CheckedOut {
            work_tree: work_tree.into(),
            updates: setting == "updateinstead",
        }))
    }

    /// Refuses a shallow clone, as far as that can be seen from here: git fetches nothing from one.
    pub(super) async fn check_depth(&self) -> Result<(), ForgeError> {
        let Some(path) = self.path() else { return Ok(()) };
        let ran = self.inside(&path, &["rev-parse", "--is-shallow-repository"]).await?;
        if ran.stdout.starts_with(b"true") {
            let fetch = format!("run `git -C {} fetch --unshallow`", path.display());
            let why = format!("it is a shallow clone, which lacks older history: {fetch}, then connect it again");
            return Err(ForgeError::invalid(self.shown(), why));
        }
        Ok(())
    }

    async fn inside(&self, path: &Path, args: &[&str]) -> Result<Ran, ForgeError> {
        let all = [OsStr::new("-C"), path.as_os_str()]
            .into_iter()
            .chain(args.iter().map(OsStr::new));
        Ok(self.git.call(all).run().await?)
    }

    /// Pushes a commit from a repository of ours to a branch that must be where it is expected (nowhere, if none).
    pub(super) async fn push(
        &self,
        from: &Path,
        commit: &CommitId,
        branch: &BranchName,
        expected: Option<&CommitId>,
    ) -> Result<Pushed, ForgeError> {
        let name = branch.full();
        let lease = format!("--force-with-lease={name}:{}", expected.map_or("", CommitId::as_str));
        let refspec = format!("{commit}:{name}");
        let args = [
            "push",
            "--porcelain",
            "--no-verify",
            "--no-recurse-submodules",
            &lease,
            ORIGIN,
            &refspec,
        ];
        let call = self.git.call(args).git_dir(from).origin(self.place, self.patience);
        let ran = call.run().await.map_err(|error| self.failure(error))?;
        if ran.is_out_of_room() {
            return Err(self.failure(ran.failure()));
        }
        if ran.code == Some(0) {
            return Ok(Pushed::Done);
        }
        let report = String::from_utf8_lossy(&ran.stdout).into_owned();
        match report.lines().find(|line| line.starts_with('!')) {
            Some(line) => Ok(self.refusal(line, &ran.stderr, branch)),
            None => Err(self.failure(ran.failure())),
        }
    }

    /// Reads `!<tab>from:to<tab>[remote rejected] (why)`.
    fn refusal(&self, line: &str, said: &str, branch: &BranchName) -> Pushed {
        let summary = line.rsplit('\t').next().unwrap_or(line);
        let moved = [
            "stale info",
            "fetch first",
            "non-fast-forward",
            "failed to update ref",
            "cannot lock ref",
        ];
        if moved.iter().any(|words| summary.contains(words)) || summary.contains("fetch first") {
            return Pushed::Moved;
        }
        let reason = summary
            .split_once('(')
            .map_or(summary, |(_, rest)| rest.trim_end_matches(')'));
        let (why, next) = if reason.contains("currently checked out") {
            (
                format!("branch {branch} is checked out in {}", self.shown()),
                "check out another branch there, or run `git config receive.denyCurrentBranch updateInstead` there, \
                 or choose another target branch"
                    .to_owned(),
            )
        } else if reason.contains("unstaged changes")
            || reason.contains("staged changes")
            || reason.contains("Up-to-date")
        {
            (
                format!(
                    "branch {branch} is checked out in {} with changes that are not committed",
                    self.shown()
                ),
                "commit or stash them there, then merge again".to_owned(),
            )
        } else if reason.contains("update working tree") {
            (
                format!("files that git does not know are in the way where branch {branch} is checked out"),
                format!("move them away there, then merge again. git says: {}", words(said)),
            )
        } else {
            (
                format!("{} refused the push: {reason}. {}", self.shown(), words(said))
                    .trim_end()
                    .to_owned(),
                "mend what the origin complains about, or ask whoever runs it, then merge again".to_owned(),
            )
        };
        Pushed::Refused { why, next }
    }

    /// What a failed call to the origin means for the caller.
    pub(super) fn failure(&self, error: GitError) -> ForgeError {
        let origin = self.shown();
        let permission = [
            "Permission denied",
            "permission denied",
            "dubious ownership",
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Host key verification failed",
            "error: 401",
            "error: 403",
            "insufficient permission",
        ];
        match &error {
            GitError::Failed { stderr, .. } if permission.iter().any(|words| stderr.contains(words)) => {
                ForgeError::NoPermission {
                    origin,
                    why: format!("{stderr} (check the credentials and rights of the user that runs the engine)"),
                }
            }
            GitError::Failed { stderr, .. } => ForgeError::Unreachable {
                origin,
                why: stderr.trim_end_matches(['.', '\n']).to_owned(),
                next: reaching(stderr),
            },
            GitError::TimedOut { limit, .. } => ForgeError::Unreachable {
                origin,
                why: format!("no answer within {} s", limit.as_secs()),
                next: reaching("timed out"),
            },
            _ => ForgeError::Git(error),
        }
    }
}

/// What to look at when git could not reach an origin and said this.
fn reaching(said: &str) -> &'static str {
    let causes = [
        (
            &["resolve host"][..],
            "See that the host is spelled right and that the server's machine can look up its name",
        ),
        (
            &[
                "onnection refused",
                "ailed to connect",
                "ouldn't connect",
                "timed out",
                "unreachable",
                "No route",
            ],
            "See that the host and its port are right, and that it runs and can be reached from the server's machine",
        ),
        (
            &["ertificate", "SSL", "TLS"],
            "See that the server's machine trusts the certificate of that host",
        ),
        (
            &[
                "not found",
                "does not exist",
                "error: 404",
                "does not appear to be a git repository",
            ],
            "See that the address is right, and that the server may read it: many hosts say the same of repositories \
             that one may not see",
        ),
    ];
    let found = causes
        .iter()
        .find(|(words, _)| words.iter().any(|word| said.contains(word)));
    found.map_or(
        "See that the address is right and that the host answers",
        |(_, next)| next,
    )
}

/// What the other side said to a push, on one line: its hooks through git, its git directly.
fn words(said: &str) -> String {
    let own = "error: failed to push";
    let lines = said.lines().filter(|line| !line.starts_with(own));
    let lines = lines.filter_map(|line| line.strip_prefix("remote:").or_else(|| line.strip_prefix("error:")));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}
