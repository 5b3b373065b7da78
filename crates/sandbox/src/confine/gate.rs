//! The gate: from here on there are rights, over new namespaces only, or root's own until the view is laid out.

use std::convert::Infallible;
use std::fs;
use std::io::Write;
use std::mem;
use std::os::unix::net::UnixStream;

use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal, waitpid};
use rustix::thread::UnshareFlags;

use super::{MAKE_USERS, Sandbox, Step, Trouble, init, let_go};
use crate::sys;

pub(super) fn run(sandbox: &mut Sandbox) -> Result<Infallible, Trouble> {
    // The supervisor asks the tree to end, and the program is to decide.
    sys::ignore_terminate();
    set_parent_process_death_signal(Some(Signal::KILL)).step("tie the sandbox to its supervisor")?;
    if let Some(mut group) = sandbox.group.take() {
        // Before there is anything else that would have to come along.
        group.write_all(b"0").step("enter the sandbox's control group")?;
    }
    let_go(sandbox).step("close the supervisor's files")?;
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    if !sandbox.foresight.own_user {
        let step = MAKE_USERS;
        sys::unshare(UnshareFlags::NEWUSER).step(step)?;
        fs::write("/proc/self/setgroups", "deny").step(step)?;
        fs::write("/proc/self/uid_map", format!("0 {user} 1")).step(step)?;
        fs::write("/proc/self/gid_map", format!("0 {group} 1")).step(step)?;
    }
    sys::unshare(UnshareFlags::NEWPID).step("make a pid namespace")?;
    let Some(init) = sys::fork_again().step("start the sandbox's first process")? else {
        return init::run(sandbox);
    };
    // Whoever waits for trouble hears of the end of init's copies.
    let nothing = fs::File::open("/dev/null").step("wait for the sandbox")?;
    for kept in [&mut sandbox.trouble, &mut sandbox.last_words, &mut sandbox.alive] {
        drop(mem::replace(
            kept,
            nothing.try_clone().step("wait for the sandbox")?.into(),
        ));
    }
    // Nobody but init listens.
    let (deaf, _) = UnixStream::pair().step("wait for the sandbox")?;
    drop(mem::replace(&mut sandbox.order, deaf));
    while let Err(rustix::io::Errno::INTR) = waitpid(Some(init), WaitOptions::empty()) {}
    sys::exit_now(0)
}
