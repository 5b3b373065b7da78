//! Carries a [`Confinement`] out: the processes that stand between a supervisor and a program in a sandbox.
//!
//! ```text
//! supervisor ─fork─▶ gate ─fork─▶ init ─fork─▶ program
//!   as it was        new user     pid 1: all    an own user namespace; no rights at all,
//!                    and pid      other         Landlock and a filter of system calls
//!                    namespaces   namespaces,
//!                                 the view
//! ```
//!
//! The gate is where rights begin that the supervisor must not have, init lays out what is seen and reaps orphans, and
//! when it ends, for whatever reason, the kernel ends everything in its pid namespace. It ends when the program does or
//! when the supervisor is gone. Nothing of this executes a program before the last step, so it takes a few milliseconds.
//!
//! What does not depend on the program is done ahead where somebody foresees it, and what all programs see of the machine
//! is laid out, and there is a process for it: then init waits for the rest.

mod gate;
mod init;
mod place;
mod program;
mod relay;
mod rights;
mod syscalls;
mod view;

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::Exit;
use crate::foresight::Foresight;
use crate::handover::{receive_stdio, send_stdio};
use crate::reach::{Confinement, Reach};
use crate::sys;
use crate::wire::Program;

/// Steps that machines refuse for reasons of their own, see `words.rs`.
pub(crate) const MAKE_USERS: &str = "make a user namespace";
pub(crate) const SHOW_PROCESSES: &str = "show the processes of the sandbox";

/// What the process says that becomes the program, right before. Without it, the end of what is said is the end of the sandbox.
const READY: &[u8] = b"+";

/// A program in a sandbox, as its supervisor sees it.
#[derive(Debug)]
pub(crate) struct Confined {
    /// The gate, which ends when the sandbox has ended.
    pub(crate) gate: i32,
    /// Tells how the program ended.
    last_words: OwnedFd,
    /// As long as it is open the sandbox goes on.
    _alive: OwnedFd,
}

/// What could not be done. Nothing is left of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// The step, in words that read after "failed to"; empty when the program itself could not be started.
    pub(crate) step: String,
    /// The operating system's error number.
    pub(crate) errno: i32,
}

/// What init says last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LastWords {
    pub(crate) exit: Exit,
    /// Processes that the program left behind.
    pub(crate) survivors: u32,
}

/// What is handed from process to process.
struct Sandbox {
    /// What is known of it before the program is.
    foresight: Foresight,
    /// Brings what is to be started.
    order: UnixStream,
    trouble: OwnedFd,
    last_words: OwnedFd,
    alive: OwnedFd,
    /// The way into the tree's control group.
    group: Option<File>,
}

/// What is to be started.
struct Wanted {
    program: Program,
    confinement: Confinement,
    stdio: [OwnedFd; 3],
    /// The program as it was told.
    told: Vec<u8>,
}

impl Wanted {
    /// Waits for it; none if nothing will be started.
    fn receive(mut order: &UnixStream) -> Result<Option<Self>, Trouble> {
        let step = "hear what to start in the sandbox";
        let Ok(stdio) = receive_stdio(order) else {
            return Ok(None);
        };
        let mut told = Vec::new();
        order.read_to_end(&mut told).step(step)?;
        let mut program: Program = serde_json::from_slice(&told).step(step)?;
        let Reach::Confined(confinement) = mem::take(&mut program.reach) else {
            return Ok(None);
        };
        Ok(Some(Self {
            program,
            confinement: *confinement,
            stdio,
            told,
        }))
    }
}

impl Trouble {
    fn new(step: &str, error: &io::Error) -> Self {
        Self {
            step: step.to_owned(),
            errno: error.raw_os_error().unwrap_or(0),
        }
    }
}

/// Names the step that an error belongs to.
trait Step<T> {
    fn step(self, step: &str) -> Result<T, Trouble>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::new(step, &error.into()))
    }
}

/// A sandbox that waits for what is to be started in it. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Prepared {
    foresight: Foresight,
    gate: Pid,
    order: UnixStream,
    heard: OwnedFd,
    last_words: OwnedFd,
    alive: OwnedFd,
}

impl Prepared {
    /// Makes one, in a control group if there is a way into it. The process must have one thread.
    pub(crate) fn new(foresight: Foresight, group: Option<File>) -> io::Result<Self> {
        let (heard, trouble) = pipe()?;
        let (last_words_heard, last_words) = pipe()?;
        let (alive, keep_alive) = pipe()?;
        let (order, wanted) = UnixStream::pair()?;
        let sandbox = Sandbox {
            foresight: foresight.clone(),
            order: wanted,
            trouble,
            last_words,
            alive,
            group,
        };
        let Some(gate) = sys::fork()? else {
            in_child(sandbox, gate::run);
        };
        Ok(Self {
            foresight,
            gate,
            order,
            heard,
            last_words: last_words_heard,
            alive: keep_alive,
        })
    }

    /// Whether it can become this sandbox.
    pub(crate) fn fits(&self, confinement: &Confinement) -> bool {
        self.foresight.fits(confinement)
    }

    /// Starts a program in it, if it fits. The outer error is the supervisor's own.
    pub(crate) fn start(self, program: &Program, stdio: &[OwnedFd; 3]) -> io::Result<Result<Confined, Trouble>> {
        // If it ended with trouble it does not listen, and what it said is what counts.
        let told = send_stdio(&self.order, stdio).and_then(|()| {
            let told = serde_json::to_vec(program)?;
            (&self.order).write_all(&told)?;
            self.order.shutdown(Shutdown::Write)
        });
        let mut said = Vec::new();
        File::from(self.heard).read_to_end(&mut said)?;
        let (ready, trouble) = match said.strip_prefix(READY) {
            Some(trouble) => (true, trouble),
            None => (false, &said[..]),
        };
        if !trouble.is_empty() {
            let trouble = serde_json::from_slice(trouble)?;
            let _ = rustix::process::waitpid(Some(self.gate), rustix::process::WaitOptions::empty());
            return Ok(Err(trouble));
        }
        told?;
        if !ready {
            // It was ended by somebody else.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(Ok(Confined {
            gate: self.gate.as_raw_nonzero().get(),
            last_words: self.last_words,
            _alive: self.alive,
        }))
    }
}

impl Confined {
    /// How the program ended; for when the gate has.
    pub(crate) fn last_words(self) -> LastWords {
        let mut said = Vec::new();
        let read = File::from(self.last_words).read_to_end(&mut said);
        let unknown = LastWords {
            exit: Exit::Unknown,
            survivors: 0,
        };
        read.ok()
            .and_then(|_| serde_json::from_slice(&said).ok())
            .unwrap_or(unknown)
    }
}

/// Runs a step in a process of its own, which ends with it, and says what went wrong.
fn in_child(sandbox: Sandbox, step: fn(&mut Sandbox) -> Result<std::convert::Infallible, Trouble>) -> ! {
    let mut sandbox = sandbox;
    // A panic must not go on in the memory of the supervisor that this process began with.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| step(&mut sandbox)));
    let trouble = match done {
        Ok(Err(trouble)) => trouble,
        Ok(Ok(never)) => match never {},
        Err(_) => Trouble {
            step: "make the sandbox: it broke off".into(),
            errno: 0,
        },
    };
    if let Ok(said) = serde_json::to_vec(&trouble)
        && let Ok(pipe) = sandbox.trouble.try_clone()
    {
        let _ = File::from(pipe).write_all(&said);
    }
    sys::exit_now(1)
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// Writes which ids of the outside those of a user namespace are; `process` is the folder of one in it in `/proc`.
fn write_maps(process: &Path, map: &str) -> io::Result<()> {
    std::fs::write(process.join("uid_map"), map)?;
    std::fs::write(process.join("gid_map"), map)
}

/// Closes all that the supervisor has open and a sandbox needs not, above all its socket to the engine.
fn let_go(sandbox: &Sandbox) -> io::Result<()> {
    let kept = [
        sandbox.order.as_fd(),
        sandbox.trouble.as_fd(),
        sandbox.last_words.as_fd(),
        sandbox.alive.as_fd(),
    ];
    // The supervisor's stdin is its socket to the engine; the numbers 0 to 2 must not be taken by others.
    let nothing = File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    drop(nothing);
    sys::close_all_but(&kept, 3)
}
