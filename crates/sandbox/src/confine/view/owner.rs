//! A user namespace for mounts, in which the engine's user and the sandbox's have changed places.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::thread::UnshareFlags;

use crate::confine::{Step, Trouble, pipe, write_maps};
use crate::sys;

const STEP: &str = "show the workspace as the sandbox's own";

/// A process that holds the namespace, which has no users yet. It ends when this is dropped.
pub(super) struct Owner {
    child: Pid,
    asked: OwnedFd,
    _tell: OwnedFd,
}

impl Owner {
    pub(super) fn begin() -> Result<Self, Trouble> {
        let (asked, ask) = pipe().step(STEP)?;
        let (told, tell) = pipe().step(STEP)?;
        let Some(child) = sys::fork_again().step(STEP)? else {
            drop((asked, tell));
            match hold_namespace(ask, told) {
                Ok(never) => match never {},
                Err(_) => sys::exit_now(1),
            }
        };
        Ok(Self {
            child,
            asked,
            _tell: tell,
        })
    }

    /// The namespace in which `user` is the engine's user, for mounts to show things so. `processes` is the `/proc` that
    /// knows the new pid namespace.
    pub(super) fn of(self, user: u32, processes: &Path) -> Result<OwnedFd, Trouble> {
        let Self { child, asked, _tell } = self;
        let made = || -> io::Result<OwnedFd> {
            if File::from(asked).read(&mut [0])? == 0 {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            let engine = rustix::process::geteuid().as_raw();
            let folder = processes.join(child.as_raw_nonzero().to_string());
            // Both ways round: the overlay itself writes as the engine, whose id must be one as well.
            write_maps(&folder, &format!("{engine} {user} 1\n{user} {engine} 1"))?;
            Ok(File::open(folder.join("ns/user"))?.into())
        };
        let namespace = made().step(STEP);
        drop(_tell);
        wait_for(child);
        namespace
    }
}

/// Is there until the other end of a pipe is closed.
fn hold_namespace(ask: OwnedFd, told: OwnedFd) -> io::Result<Infallible> {
    sys::unshare(UnshareFlags::NEWUSER)?;
    io::Write::write_all(&mut File::from(ask), &[0])?;
    let _ = File::from(told).read(&mut [0]);
    sys::exit_now(0)
}

fn wait_for(child: Pid) {
    while let Err(rustix::io::Errno::INTR) = waitpid(Some(child), WaitOptions::empty()) {}
}
