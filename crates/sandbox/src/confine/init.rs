//! Pid 1 of a sandbox: lays out the view, starts the program, relays the network, reaps, and ends with the program.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use rustix::process::{DumpableBehavior, Pid, WaitOptions, set_dumpable_behavior};
use rustix::thread::UnshareFlags;

use super::{LastWords, Sandbox, Step, Trouble, Wanted, program, relay, rights, syscalls, view};
use crate::Exit;
use crate::reach::{AGENT_UID, Identity};
use crate::supervisor::exit_of;
use crate::sys;

/// What the rest of the kernel's state a sandbox has of its own.
const NAMESPACES: UnshareFlags = UnshareFlags::NEWNS
    .union(UnshareFlags::NEWIPC)
    .union(UnshareFlags::NEWUTS)
    .union(UnshareFlags::NEWNET)
    .union(UnshareFlags::NEWCGROUP);

enum Event {
    /// A process has ended.
    Died(i32, Exit),
    /// The supervisor is gone.
    Alone,
}

pub(super) fn run(sandbox: &mut Sandbox) -> Result<Infallible, Trouble> {
    sys::unshare(NAMESPACES).step("make the namespaces of the sandbox")?;
    rustix::system::sethostname(b"sandbox").step("name the sandbox")?;
    sys::loopback_up().step("set up the sandbox's loopback")?;
    let filters = syscalls::Filters::new()?;
    let waiting = program::Waiting::begin(&filters, &sandbox.trouble)?;
    let ground = view::Ground::lay(&sandbox.foresight)?;
    let Some(wanted) = Wanted::receive(&sandbox.order)? else {
        sys::exit_now(0);
    };
    ground.lay_out(&wanted.confinement)?;
    let step = "open the way to the proxy";
    // Before the program, which may connect at once.
    let relay = relay::listen(&wanted.confinement.network).step(step)?;
    let program = waiting.start(&wanted)?;
    let outside = match wanted.confinement.identity {
        Identity::Engine => None,
        Identity::Range { first } => Some(first + AGENT_UID),
    };
    // The program's own copies of its pipes are what its readers wait for.
    drop(wanted);
    rights::drop_all(outside)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).step("hide the sandbox's first process")?;
    relay.map_or(Ok(()), relay::Relay::serve).step(step)?;
    let nothing = File::open("/dev/null").step("wait for the program")?;
    drop(mem::replace(&mut sandbox.trouble, nothing.into()));
    let exit = wait(sandbox, program).step("wait for the program")?;
    let last_words = LastWords {
        exit,
        survivors: survivors(),
    };
    if let Ok(said) = serde_json::to_vec(&last_words)
        && let Ok(pipe) = sandbox.last_words.try_clone()
    {
        let _ = File::from(pipe).write_all(&said);
    }
    // The kernel ends whatever is left here.
    sys::exit_now(0)
}

fn wait(sandbox: &Sandbox, program: Pid) -> io::Result<Exit> {
    let (events, received) = channel();
    let alive = sandbox.alive.try_clone()?;
    let alone = events.clone();
    // Both threads end with the process.
    thread::Builder::new().spawn(move || watch_supervisor(alive, &alone))?;
    thread::Builder::new().spawn(move || reap(&events))?;
    loop {
        match received.recv() {
            Ok(Event::Died(pid, exit)) if pid == program.as_raw_nonzero().get() => return Ok(exit),
            Ok(Event::Died(..)) => {}
            Ok(Event::Alone) | Err(_) => return Ok(Exit::Unknown),
        }
    }
}

fn watch_supervisor(alive: OwnedFd, events: &Sender<Event>) {
    // Nothing is ever written; it returns when the other end is closed.
    let _ = File::from(alive).read(&mut [0]);
    let _ = events.send(Event::Alone);
}

fn reap(events: &Sender<Event>) {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                if let Some(exit) = exit_of(status)
                    && events.send(Event::Died(pid.as_raw_nonzero().get(), exit)).is_err()
                {
                    return;
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// The processes here besides this one.
fn survivors() -> u32 {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    u32::try_from(numbers.filter(|pid| *pid != 1).count()).unwrap_or(u32::MAX)
}
