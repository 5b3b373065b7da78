//! The supervisor: a process of its own for every tree, which outlives the tree and nothing else.
//!
//! It is the child subreaper of its descendants, so that whatever they leave behind falls to it, and when it has no
//! child left, the tree is gone: the kernel's own word, not a guess from a list. Its stdin is the socket to the engine;
//! when that ends, for whatever reason, so does the tree. It holds one thread that waits for children, one that reads
//! orders, and decides in the thread they report to.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitOptions, WaitStatus};

use crate::Exit;
use crate::cgroup::{self, Group};
use crate::confine::{Confined, Prepared, Trouble};
use crate::foresight::Foresight;
use crate::handover::receive_stdio;
use crate::proc::{self, Process, ProcessId};
use crate::reach::{Limits, Reach};
use crate::tree::Exceeded;
use crate::usage::Watch;
use crate::wire::{Order, PREPARE_VARIABLE, Program, Report};

/// How long to try to end a tree; only processes stuck in the kernel take longer.
const END_LIMIT: Duration = Duration::from_secs(10);
/// The operating system allows less for a command line and an environment.
const MAX_ORDER: u64 = 64 * 1024 * 1024;
const NEXT_PASS: Duration = Duration::from_millis(10);
/// Each pass stops all that it sees, so even a fork storm is caught within a few.
const STOP_PASSES: usize = 20;

enum Event {
    Ordered(Order),
    /// The engine is gone, or says nothing that can be understood.
    Alone,
    /// A child, of birth or adopted, has ended.
    Died(i32, Exit),
    /// No child is left, hence no descendant.
    Empty,
}

/// Supervises the tree that is ordered on stdin until it is gone. Blocks.
///
/// The process must be used for nothing else. The exit code is 0 when the whole tree ended.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<bool> {
    // The terminal's signals are the engine's business. It fails when the process leads a session already.
    let _ = rustix::process::setsid();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut engine = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let prepared = prepare();
    let stdio = receive_stdio(&engine)?;
    let mut orders = BufReader::new(engine.try_clone()?);
    let Some(Order::Start(program)) = next_order(&mut orders) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let group = group(&program);
    let watched = Watch::of(&program.reach, group.is_none());
    let started = match start(program, stdio, prepared, group.as_ref()) {
        Ok(started) => started,
        Err(refused) => {
            report(&mut engine, &refused);
            return Ok(true);
        }
    };
    let pid = started.pid;
    report(&mut engine, &Report::Started { pid });

    let (events, received) = channel();
    let ordered = events.clone();
    // Both threads end with the process.
    thread::Builder::new().spawn(move || read_orders(orders, &ordered))?;
    thread::Builder::new().spawn(move || wait_for_children(&events))?;
    let mut tree = Tree {
        started,
        group,
        killed: BTreeSet::new(),
        left_behind: 0,
        told_crowded: false,
    };
    tree.watch(&received, &mut engine, watched);
    let left = tree.end(&received, &mut engine);
    let killed = tree.count();
    // Removed before anybody hears that nothing is left.
    tree.group = None;
    report(&mut engine, &Report::Ended { killed, left });
    Ok(left == 0)
}

/// What was started.
struct Started {
    /// The program, or the gate to its sandbox.
    pid: i32,
    confined: Option<Confined>,
}

/// A tree on its way to its end.
struct Tree {
    started: Started,
    group: Option<(Group, Limits)>,
    killed: BTreeSet<ProcessId>,
    /// What the kernel ended with the sandbox.
    left_behind: u32,
    told_crowded: bool,
}

fn next_order(orders: &mut impl BufRead) -> Option<Order> {
    let mut line = Vec::new();
    orders.take(MAX_ORDER).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

/// A sandbox made ahead of the order, if the engine foresees one. In a control group it is not, since whose it will be is
/// not known yet.
fn prepare() -> Option<Prepared> {
    let foresight = serde_json::from_str(&std::env::var(PREPARE_VARIABLE).ok()?).ok()?;
    if cgroup::delegated().is_ok() {
        return None;
    }
    // What goes wrong is said by the one that is made then.
    Prepared::new(foresight, None).ok()
}

/// A control group for a tree that is confined, where there can be one.
fn group(program: &Program) -> Option<(Group, Limits)> {
    let Reach::Confined(confinement) = &program.reach else {
        return None;
    };
    let limits = confinement.limits;
    Some((Group::of(&program.mark()?, &limits)?, limits))
}

fn start(
    program: Program,
    stdio: [OwnedFd; 3],
    prepared: Option<Prepared>,
    group: Option<&(Group, Limits)>,
) -> Result<Started, Report> {
    let not_started = |error: &io::Error| Report::NotStarted {
        errno: error.raw_os_error().unwrap_or(0),
    };
    match &program.reach {
        Reach::Open => {
            let pid = start_open(program, stdio).map_err(|error| not_started(&error))?;
            Ok(Started { pid, confined: None })
        }
        Reach::Confined(confinement) => {
            let fresh = || -> io::Result<_> {
                let door = group.map(|(group, _)| group.door()).transpose()?;
                Prepared::new(Foresight::blank(confinement), door)?.start(&program, &stdio)
            };
            let ready = prepared.filter(|prepared| prepared.fits(confinement) && group.is_none());
            let made = match ready.map(|ready| ready.start(&program, &stdio)) {
                Some(Ok(Ok(confined))) => Ok(Ok(confined)),
                // The program itself could not be started.
                Some(Ok(Err(trouble))) if trouble.step.is_empty() => Ok(Err(trouble)),
                // What was made ahead may have broken meanwhile.
                None | Some(_) => fresh(),
            };
            let made = made.map_err(|error| {
                let errno = error.raw_os_error().unwrap_or(0);
                let step = "make the sandbox".into();
                Report::NotConfined(Trouble { step, errno })
            })?;
            let confined = made.map_err(Report::NotConfined)?;
            Ok(Started {
                pid: confined.gate,
                confined: Some(confined),
            })
        }
    }
}

fn start_open(program: Program, [stdin, stdout, stderr]: [OwnedFd; 3]) -> io::Result<i32> {
    let child = Command::new(program.program)
        .args(program.args)
        .current_dir(program.cwd)
        .env_clear()
        .envs(program.env)
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr))
        // A program that signals its own group must not hit the supervisor.
        .process_group(0)
        .spawn()?;
    // It is waited for with all others, by `wait_for_children`.
    i32::try_from(child.id()).map_err(io::Error::other)
}

fn read_orders(mut orders: impl BufRead, events: &Sender<Event>) {
    while let Some(order) = next_order(&mut orders) {
        if events.send(Event::Ordered(order)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::Alone);
}

fn wait_for_children(events: &Sender<Event>) {
    loop {
        let event = match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => match exit_of(status) {
                Some(exit) => Event::Died(pid.as_raw_nonzero().get(), exit),
                None => continue,
            },
            Ok(None) | Err(rustix::io::Errno::INTR) => continue,
            Err(_) => Event::Empty,
        };
        let last = matches!(event, Event::Empty);
        if events.send(event).is_err() || last {
            return;
        }
    }
}

pub(crate) fn exit_of(status: WaitStatus) -> Option<Exit> {
    let code = status.exit_status().map(Exit::Code);
    code.or_else(|| status.terminating_signal().map(Exit::Signal))
}

impl Tree {
    /// Returns when the tree is to end.
    fn watch(&mut self, events: &Receiver<Event>, engine: &mut UnixStream, mut watched: Watch) {
        loop {
            let event = match watched.next() {
                Some(wait) => events.recv_timeout(wait),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::Ordered(Order::Terminate)) => {
                    for process in living() {
                        process.signal(Signal::TERM);
                        // A stopped one would not hear it.
                        process.signal(Signal::CONT);
                    }
                }
                Ok(Event::Died(pid, exit)) if pid == self.started.pid => {
                    self.report_exit(exit, engine);
                    return;
                }
                Ok(Event::Died(..)) => {}
                Ok(Event::Ordered(Order::Kill | Order::Start(_)) | Event::Alone | Event::Empty) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let exceeded = watched.exceeded();
                    self.tell_crowded(watched.crowded(), engine);
                    if let Some(exceeded) = exceeded {
                        report(engine, &Report::Exceeded(exceeded));
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Says how the program ended, which a sandbox knows better than its gate.
    fn report_exit(&mut self, exit: Exit, engine: &mut UnixStream) {
        let exit = match self.started.confined.take() {
            None => exit,
            Some(confined) => {
                let last_words = confined.last_words();
                self.left_behind += last_words.survivors;
                last_words.exit
            }
        };
        if let Some((group, Limits { memory: Some(most), .. })) = &self.group
            && group.was_out_of_memory()
        {
            let (used, most) = (*most, *most);
            report(engine, &Report::Exceeded(Exceeded::Memory { used, most }));
        }
        if let Some((group, Limits { processes, .. })) = &self.group {
            let crowded = processes.filter(|_| group.was_crowded());
            self.tell_crowded(crowded, engine);
        }
        report(engine, &Report::Exited(exit));
    }

    /// Says once that there were as many processes as there may be.
    fn tell_crowded(&mut self, most: Option<u32>, engine: &mut UnixStream) {
        if let Some(most) = most.filter(|_| !self.told_crowded) {
            self.told_crowded = true;
            report(engine, &Report::Crowded { most });
        }
    }

    /// Ends every descendant. Returns how many are left.
    fn end(&mut self, events: &Receiver<Event>, engine: &mut UnixStream) -> u32 {
        let deadline = Instant::now() + END_LIMIT;
        loop {
            if let Some((group, _)) = &self.group {
                group.kill();
            }
            self.killed.extend(kill_pass());
            let pass_ends = Instant::now() + NEXT_PASS;
            loop {
                let rest = pass_ends.saturating_duration_since(Instant::now());
                match events.recv_timeout(rest) {
                    Ok(Event::Died(pid, exit)) if pid == self.started.pid => self.report_exit(exit, engine),
                    Ok(Event::Empty) => return 0,
                    Ok(_) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    // Nobody waits for children any more; what is to be seen must do.
                    Err(RecvTimeoutError::Disconnected) => {
                        thread::sleep(rest);
                        break;
                    }
                }
            }
            let left = living();
            if Instant::now() > deadline {
                return u32::try_from(left.len()).unwrap_or(u32::MAX);
            }
        }
    }

    /// How many were killed besides the program, its gate and its init.
    fn count(&self) -> u32 {
        let others = self.killed.iter().filter(|process| process.pid != self.started.pid);
        let others = u32::try_from(others.count()).unwrap_or(u32::MAX);
        others.saturating_add(self.left_behind)
    }
}

/// Stops all descendants first, so that none can make another meanwhile, then kills them.
fn kill_pass() -> BTreeSet<ProcessId> {
    let mut stopped = BTreeSet::new();
    for _ in 0..STOP_PASSES {
        let before = stopped.len();
        for process in living() {
            if !stopped.contains(&process.id) && process.signal(Signal::STOP) {
                stopped.insert(process.id);
            }
        }
        if stopped.len() == before {
            break;
        }
    }
    living()
        .into_iter()
        .filter(|process| process.signal(Signal::KILL))
        .map(|process| process.id)
        .collect()
}

fn living() -> Vec<Process> {
    let me = rustix::process::getpid().as_raw_nonzero().get();
    let mut found = proc::descendants(&proc::all(), [me]);
    found.retain(|process| !process.is_dead());
    found
}

/// The engine may be gone; then nobody needs to know.
fn report(engine: &mut UnixStream, report: &Report) {
    if let Ok(mut line) = serde_json::to_vec(report) {
        line.push(b'\n');
        let _ = engine.write_all(&line);
    }
}
