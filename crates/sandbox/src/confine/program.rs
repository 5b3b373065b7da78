//! The last process before the program: it gives up every right and becomes the program.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::thread::UnshareFlags;

use super::syscalls::Filters;
use super::{Step, Trouble, Wanted, rights};
use crate::reach::AGENT_UID;
use crate::sys;

/// `ask` is for saying that the user namespace is there, `told` gives a byte when its ids are.
pub(super) fn run(wanted: &Wanted, filters: &Filters, ask: OwnedFd, told: OwnedFd) -> Result<Infallible, Trouble> {
    sys::unshare(UnshareFlags::NEWUSER).step("make the program's user namespace")?;
    let step = "get the program's user";
    File::from(ask).write_all(&[0]).step(step)?;
    File::from(told).read_exact(&mut [0]).step(step)?;
    sys::heed_terminate();
    // Programs that signal their own group must not hit init.
    rustix::process::setsid().step("begin a session")?;
    rights::limit(&wanted.confinement.limits)?;
    rights::drop_all(Some(AGENT_UID))?;
    rights::restrict_files(&wanted.confinement.view)?;
    filters.apply()?;
    let [stdin, stdout, stderr] = &wanted.stdio;
    let copy = |fd: &OwnedFd| fd.try_clone().map(Stdio::from).step("hand the program its pipes");
    let program = &wanted.program;
    let error = Command::new(&program.program)
        .args(&program.args)
        .current_dir(&program.cwd)
        .env_clear()
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .stdin(copy(stdin)?)
        .stdout(copy(stdout)?)
        .stderr(copy(stderr)?)
        .exec();
    Err(Trouble::new("", &error))
}
