//! The process that is attacked, and what it holds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::programs::Programs;
use crate::setting::{SECRET, Way, key_name};

/// A process of the engine's user that is none of the tree's.
pub(crate) struct Victim {
    child: Child,
    pub(crate) address: String,
    pub(crate) descriptor: String,
    /// For what it left that outlives it.
    number: usize,
}

impl Victim {
    pub(crate) fn start(way: Way, place: &Path, number: usize, programs: &Programs) -> Self {
        let probe = programs.path("probe");
        let key = key_name(number);
        let mut child = as_user(way, &probe)
            .args(["victim", &place.join("secret").display().to_string(), &key])
            .env("SECRET", format!("{SECRET}{number}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (address, descriptor) = line.trim().split_once(' ').expect("where its secrets are");
        Self {
            child,
            address: address.into(),
            descriptor: descriptor.into(),
            number,
        }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Whether it ends within the time that a signal takes.
    pub(crate) fn is_gone(&self) -> bool {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        let descriptor = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let limit = Timespec::try_from(Duration::from_millis(30)).unwrap();
        let ended = || poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&limit));
        rustix::io::retry_on_intr(ended).unwrap() > 0
    }

    pub(crate) fn status(&self, what: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{what}", self.child.id())).unwrap_or_default()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let key = key_name(self.number);
        let _ = fs::remove_file(format!("/dev/shm/{key}"));
    }
}

/// A command of the user that the engine is.
pub(crate) fn as_user(way: Way, program: &Path) -> Command {
    let Some(user) = way.user() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args([
        format!("--reuid={user}"),
        format!("--regid={user}"),
        "--clear-groups".into(),
    ]);
    command.arg(program);
    command
}
