//! The last process before the program: it gives up every right and becomes the program.
//!
//! It is started before the program is known, and waits in a user namespace that has no users yet.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

use super::syscalls::Filters;
use super::{READY, Step, Trouble, Wanted, pipe, rights, write_maps};
use crate::handover::send_stdio;
use crate::reach::{AGENT_UID, ID_RANGE, Identity};
use crate::sys;

const START: &str = "start the program's process";

/// The process that becomes the program, as init sees it. Where this is dropped, it ends.
pub(super) struct Waiting {
    process: Pid,
    order: UnixStream,
}

impl Waiting {
    /// Starts it. Its user namespace is there on return: the kernel refuses one to a process whose root is being changed,
    /// which is what comes next.
    pub(super) fn begin(filters: &Filters, said: &OwnedFd) -> Result<Self, Trouble> {
        let (asked, ask) = pipe().step(START)?;
        let (order, wanted) = UnixStream::pair().step(START)?;
        let Some(process) = sys::fork_again().step(START)? else {
            drop((asked, order));
            match run(&wanted, filters, ask, said)? {}
        };
        drop(ask);
        if File::from(asked).read(&mut [0]).step(START)? == 0 {
            // It has ended, with trouble of its own.
            sys::exit_now(1);
        }
        Ok(Self { process, order })
    }

    /// Gives it its user, and lets it become the program.
    pub(super) fn start(self, wanted: &Wanted) -> Result<Pid, Trouble> {
        let map = match wanted.confinement.identity {
            Identity::Engine => format!("{AGENT_UID} 0 1"),
            Identity::Range { first } => format!("0 {first} {ID_RANGE}"),
        };
        let folder = format!("/proc/{}", self.process.as_raw_nonzero());
        write_maps(Path::new(&folder), &map).step("give the program its user")?;
        send_stdio(&self.order, &wanted.stdio)
            .and_then(|()| (&self.order).write_all(&wanted.told))
            .and_then(|()| self.order.shutdown(Shutdown::Write))
            .step(START)?;
        Ok(self.process)
    }
}

/// `ask` is for saying that the user namespace is there; whoever sends what is wanted has given it its users. `said` is where
/// trouble is told.
fn run(order: &UnixStream, filters: &Filters, ask: OwnedFd, said: &OwnedFd) -> Result<Infallible, Trouble> {
    sys::unshare(UnshareFlags::NEWUSER).step("make the program's user namespace")?;
    // If nobody listens any more, init has trouble of its own and tells it.
    let asked = File::from(ask).write_all(&[0]);
    let wanted = Wanted::receive(order).ok().flatten();
    let Some(wanted) = wanted.filter(|_| asked.is_ok()) else {
        sys::exit_now(0);
    };
    sys::heed_terminate();
    // Programs that signal their own group must not hit init.
    rustix::process::setsid().step("begin a session")?;
    rights::limit(&wanted.confinement.limits)?;
    rights::drop_all(Some(AGENT_UID))?;
    rights::restrict_files(&wanted.confinement.view)?;
    filters.apply()?;
    let program = wanted.program;
    let [stdin, stdout, stderr] = wanted.stdio;
    let mut command = Command::new(&program.program);
    command
        .args(&program.args)
        .current_dir(&program.cwd)
        .env_clear()
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    rustix::io::write(said, READY).step(START)?;
    let error = command.exec();
    Err(Trouble::new("", &error))
}
