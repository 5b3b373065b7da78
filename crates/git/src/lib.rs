//! Trusted git: every call has a cleared environment, no configuration but ours, no prompt, and bounds on time and output.
//!
//! It runs in the engine's own repositories only, never in a git folder that an agent can write.

mod process;
mod redact;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use redact::{excerpt, redact};

/// Variables of the engine's own environment that git, ssh and curl may need.
const PASSED: [&str; 3] = ["PATH", "HOME", "TMPDIR"];

/// The same, only for calls that reach another machine.
const PASSED_TO_REMOTE: [&str; 9] = [
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
];

/// What a call knows the repository by that it talks to. Not `origin`, which a repository may have already: git would
/// push to both.
pub const ORIGIN: &str = "team6-origin";

/// Set for every call.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_ALLOW_PROTOCOL", "file:http:https:ssh"),
    ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=15"),
];

/// Set for every call, over whatever a repository's own configuration says.
const CONFIGURATION: [(&str, &str); 8] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("core.logAllRefUpdates", "false"),
    ("diff.suppressBlankEmpty", "false"),
];

/// What git says when a disk is full. Of its index and its configuration it does not say what the system said.
const FULL: [&str; 4] = [
    "No space left on device",
    "Disk quota exceeded",
    "Out of diskspace",
    "failed to write new configuration file",
];

/// Why a call of git failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program could not be started.
    #[error("git cannot be started: is it installed?")]
    NotStarted(#[source] std::io::Error),
    /// It took too long and was ended.
    #[error("git {command} took longer than {} s and was ended", limit.as_secs())]
    TimedOut {
        /// The subcommand.
        command: String,
        /// How long it may take.
        limit: Duration,
    },
    /// It said more than it may.
    #[error("git {command} gave more than {most} bytes")]
    TooMuch {
        /// The subcommand.
        command: String,
        /// How much it may say, in bytes.
        most: usize,
    },
    /// It ended with a failure.
    #[error("git {command} failed{}: {stderr}", code.map(|code| format!(" with {code}")).unwrap_or_default())]
    Failed {
        /// The subcommand.
        command: String,
        /// Its exit code; none if a signal ended it.
        code: Option<i32>,
        /// What it said, cut and without credentials.
        stderr: String,
    },
    /// The disk is full, here or where it pushed to.
    #[error("no room is left on the disk: git {command} said: {said}; free some, then retry")]
    OutOfRoom {
        /// The subcommand.
        command: String,
        /// What it said, cut and without credentials.
        said: String,
    },
    /// It gave an answer that cannot be read.
    #[error("git {command} gave an answer that cannot be read: {answer}")]
    Unreadable {
        /// The subcommand.
        command: String,
        /// What it said, cut.
        answer: String,
    },
    /// Talking to it failed.
    #[error("git {command} could not be talked to")]
    Io {
        /// The subcommand.
        command: String,
        /// The failure.
        source: std::io::Error,
    },
    /// The fuse of a test is burnt: to the caller, the engine died here.
    #[error("the engine was ended before git {command}")]
    Interrupted {
        /// The subcommand that was not run.
        command: String,
    },
}

impl GitError {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Io { .. } | Self::Interrupted { .. })
    }

    /// What git said, if it ran and failed.
    pub fn said(&self) -> &str {
        match self {
            Self::Failed { stderr: said, .. } | Self::OutOfRoom { said, .. } => said,
            _ => "",
        }
    }
}

/// Ends the forge after a number of calls of git, as a crash would: for tests of what a restart finds.
///
/// Between two calls of git a forge changes nothing, so the calls are all the places where a crash can fall.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<AtomicU64>);

impl Default for Fuse {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Fuse {
    /// Lets `calls` more calls of git run, and none after them.
    pub fn burn_after(&self, calls: u64) {
        self.0.store(calls, Ordering::SeqCst);
    }

    /// Lets everything run again, as after a restart.
    pub fn replace(&self) {
        self.0.store(u64::MAX, Ordering::SeqCst);
    }

    fn burns(&self) -> bool {
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                u64::MAX => Some(left),
                _ => left.checked_sub(1),
            });
        left.is_err()
    }
}

/// How git is called.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    fuse: Fuse,
}

/// What a call reads.
#[derive(Debug)]
enum Stdin {
    Bytes(Vec<u8>),
    File(File),
}

/// A call of git in the making.
#[derive(Debug)]
pub struct Call {
    git: Git,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    config: Vec<(String, OsString)>,
    stdin: Stdin,
    /// Where its output goes, if it is not read.
    stdout: Option<File>,
    limit: Duration,
    most: usize,
    remote: bool,
}

/// What a call of git gave.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its output, cut where it was asked to be.
    pub stdout: Vec<u8>,
    /// Whether there was more output than asked for.
    pub truncated: bool,
    /// Cut and without credentials.
    pub stderr: String,
    command: String,
}

impl Git {
    /// Calls this program.
    pub fn new(program: PathBuf, fuse: Fuse) -> Self {
        Self { program, fuse }
    }

    /// A call that belongs to no repository.
    pub fn call<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Call {
        Call {
            git: self.clone(),
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            env: Vec::new(),
            config: Vec::new(),
            stdin: Stdin::Bytes(Vec::new()),
            stdout: None,
            limit: Duration::from_secs(60),
            most: 64 << 20,
            remote: false,
        }
    }
}

impl Call {
    /// Runs in the repository with this git folder.
    pub fn git_dir(self, git_dir: &Path) -> Self {
        self.env("GIT_DIR", git_dir)
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a value over whatever a repository's own configuration says.
    pub fn config(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.config.push((name.to_owned(), value.into()));
        self
    }

    /// What it reads.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// The file that it reads.
    pub fn stdin_file(mut self, file: File) -> Self {
        self.stdin = Stdin::File(file);
        self
    }

    /// The call talks to another repository, which its arguments name as [`ORIGIN`], so that none holds its place: that
    /// may have a password in it.
    pub fn origin(mut self, place: &str, limit: Duration) -> Self {
        self.remote = true;
        self.limit = limit;
        self.config(&format!("remote.{ORIGIN}.url"), place)
    }

    /// It may take this long.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Output after so many bytes is cut off.
    pub fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Runs it, whatever its exit code.
    pub async fn run(self) -> Result<Ran, GitError> {
        self.watched(&|_| {}).await
    }

    /// The same, and tells of every line that it says on the way, such as its progress. Nothing is taken out of them.
    pub async fn watched(self, told: &(dyn Fn(&str) + Send + Sync)) -> Result<Ran, GitError> {
        let command = self.name();
        if self.git.fuse.burns() {
            return Err(GitError::Interrupted { command });
        }
        process::run(self, command, told).await
    }

    /// Runs it; anything but success is an error. Gives what it wrote.
    pub async fn bytes(self) -> Result<Vec<u8>, GitError> {
        let most = self.most;
        let ran = self.run().await?.success()?;
        if ran.truncated {
            return Err(GitError::TooMuch {
                command: ran.command,
                most,
            });
        }
        Ok(ran.stdout)
    }

    /// The same, as text without the last line's end.
    pub async fn text(self) -> Result<String, GitError> {
        let text = String::from_utf8_lossy(&self.bytes().await?).into_owned();
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// Runs it and writes its output to a file, which is made anew.
    pub async fn to_file(mut self, path: &Path) -> Result<(), GitError> {
        let file = File::create(path).map_err(|source| GitError::Io {
            command: self.name(),
            source,
        })?;
        self.stdout = Some(file);
        self.bytes().await.map(drop)
    }

    fn name(&self) -> String {
        let first = self.args.iter().find(|arg| !arg.as_encoded_bytes().starts_with(b"-"));
        first.map_or_else(String::new, |arg| arg.to_string_lossy().into_owned())
    }

    fn environment(&self) -> Vec<(String, OsString)> {
        let passed_to_remote = PASSED_TO_REMOTE.iter().filter(|_| self.remote);
        let passed = PASSED.iter().chain(passed_to_remote);
        let mut all: Vec<(String, OsString)> = passed
            .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)))
            .collect();
        all.extend(
            ENVIRONMENT
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into())),
        );
        let fixed = CONFIGURATION
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let config: Vec<(String, OsString)> = fixed.chain(self.config.iter().cloned()).collect();
        all.push(("GIT_CONFIG_COUNT".to_owned(), config.len().to_string().into()));
        for (i, (name, value)) in config.into_iter().enumerate() {
            all.push((format!("GIT_CONFIG_KEY_{i}"), name.into()));
            all.push((format!("GIT_CONFIG_VALUE_{i}"), value));
        }
        all.extend(self.env.iter().cloned());
        all
    }
}

impl Ran {
    /// An error unless it succeeded, or was cut off because it said enough.
    pub fn success(self) -> Result<Self, GitError> {
        if self.code == Some(0) || self.truncated {
            Ok(self)
        } else {
            Err(self.failure())
        }
    }

    /// Whether it failed because a disk is full.
    pub fn is_out_of_room(&self) -> bool {
        self.code != Some(0) && FULL.iter().any(|words| self.stderr.contains(words))
    }

    /// It as an error.
    pub fn failure(self) -> GitError {
        if self.is_out_of_room() {
            return GitError::OutOfRoom {
                command: self.command,
                said: self.stderr,
            };
        }
        GitError::Failed {
            command: self.command,
            code: self.code,
            stderr: self.stderr,
        }
    }

    /// Its answer as an error.
    pub fn unreadable(self) -> GitError {
        GitError::Unreadable {
            command: self.command,
            answer: excerpt(&self.stdout),
        }
    }
}
