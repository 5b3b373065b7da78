//! Starting a program as the root of a supervised tree.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::process::Child;

use crate::confine::Trouble;
use crate::foresight::{Foresight, Machine};
use crate::handover::send_stdio;
use crate::mark::{MARK_VARIABLE, TreeMark};
use crate::reach::{Confinement, Reach};
use crate::tree::{Control, ProcessTree};
use crate::wire::{Order, PREPARE_VARIABLE, Program, Report};

/// A supervisor that says nothing for this long is broken.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The program of a tree, and all that it is given.
#[derive(Clone, PartialEq, Eq)]
pub struct ProcessSpec {
    /// A path, or a name that is looked up in the `PATH` of `env`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder that it starts in.
    pub cwd: PathBuf,
    /// Its whole environment; only the tree's mark is added.
    pub env: BTreeMap<OsString, OsString>,
    /// How far it can reach. In a sandbox, `program` and `cwd` are paths of the sandbox.
    pub reach: Reach,
}

/// Shows the names of the environment's variables, not their values.
impl fmt::Debug for ProcessSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessSpec")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("cwd", &self.cwd)
            .field("env", &self.env.keys())
            .field("reach", &self.reach)
            .finish()
    }
}

/// Why a program did not start. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The folder to start in is not there.
    #[error("start {} in {}: there is no such folder", program.display(), cwd.display())]
    NoFolder {
        /// The program.
        program: OsString,
        /// The folder.
        cwd: PathBuf,
    },
    /// The program is not there.
    #[error("start {}: there is no such program; install it or give its full path", program.display())]
    NotFound {
        /// The program.
        program: OsString,
    },
    /// The operating system refused to start the program.
    #[error("start {}: {source}", program.display())]
    Refused {
        /// The program.
        program: OsString,
        /// What it said.
        source: io::Error,
    },
    /// The sandbox could not be made, so the program was not started.
    #[error("start {} in a sandbox: failed to {step}: {source}; `team6 doctor` tells what this machine lacks", program.display())]
    Confinement {
        /// The program.
        program: OsString,
        /// What could not be done.
        step: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The supervisor could not be started or did not answer.
    #[error("start the supervisor {}: {source}; check that it is the engine's own program", supervisor.display())]
    Supervisor {
        /// The supervisor's program.
        supervisor: OsString,
        /// What went wrong.
        source: io::Error,
    },
}

/// Starts programs, each as the root of a tree with a supervisor of its own.
///
/// A supervisor with a sandbox is made ahead of the next program, which then waits for less.
#[derive(Debug, Clone)]
pub struct Launcher {
    supervisor: OsString,
    args: Vec<OsString>,
    ready: Arc<Mutex<Option<Supervisor>>>,
}

/// A supervisor that waits for what it is to start. It ends when it is dropped.
#[derive(Debug)]
struct Supervisor {
    process: Child,
    socket: UnixStream,
    /// Whose programs it is found by.
    data_folder: String,
    /// The sandbox that it has made ahead, and the machine as it was before.
    foresees: Option<(Foresight, Machine)>,
}

impl Launcher {
    /// `supervisor` with `args` must run [`supervisor::main`](crate::supervisor::main).
    pub fn new(supervisor: impl Into<OsString>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            supervisor: supervisor.into(),
            args: args.into_iter().map(Into::into).collect(),
            ready: Arc::default(),
        }
    }

    /// One that makes ahead what its own programs need: for programs that see other things of the machine.
    pub fn apart(&self) -> Self {
        Self {
            ready: Arc::default(),
            ..self.clone()
        }
    }

    /// Starts the program with pipes for its stdin, stdout and stderr.
    ///
    /// Must be called in a tokio runtime. Dropping the future ends what was started.
    pub async fn spawn(&self, spec: ProcessSpec, mark: &TreeMark) -> Result<ProcessTree, SpawnError> {
        if spec.reach == Reach::Open && !spec.cwd.is_dir() {
            return Err(SpawnError::NoFolder {
                program: spec.program,
                cwd: spec.cwd,
            });
        }
        let broken = |source| SpawnError::Supervisor {
            supervisor: self.supervisor.clone(),
            source,
        };
        let program = spec.program.clone();
        let started = tokio::time::timeout(START_LIMIT, self.start(spec, mark));
        let silent = || {
            let text = format!("it did not answer within {} s", START_LIMIT.as_secs());
            io::Error::new(io::ErrorKind::TimedOut, text)
        };
        match started.await.unwrap_or_else(|_| Err(silent())).map_err(broken)? {
            Ok(tree) => Ok(tree),
            Err(trouble) => {
                let source = io::Error::from_raw_os_error(trouble.errno);
                let (step, missing) = (trouble.step, source.kind() == io::ErrorKind::NotFound);
                Err(match (step.is_empty(), missing) {
                    (true, true) => SpawnError::NotFound { program },
                    (true, false) => SpawnError::Refused { program, source },
                    (false, _) => SpawnError::Confinement { program, step, source },
                })
            }
        }
    }

    /// The outer error is the supervisor's, the inner one the program's.
    async fn start(&self, spec: ProcessSpec, mark: &TreeMark) -> io::Result<Result<ProcessTree, Trouble>> {
        let (program_stdin, stdin) = io::pipe()?;
        let (stdout, program_stdout) = io::pipe()?;
        let (stderr, program_stderr) = io::pipe()?;
        let stdio = [program_stdin.into(), program_stdout.into(), program_stderr.into()];
        let foresight = spec.reach.confinement().map(Foresight::like);
        let ready = self.take_ready(mark, spec.reach.confinement());
        let supervisor = match ready.filter(|ready| send_stdio(&ready.socket, &stdio).is_ok()) {
            Some(ready) => ready,
            None => {
                let fresh = self.supervise(mark, None)?;
                send_stdio(&fresh.socket, &stdio)?;
                fresh
            }
        };
        // Our copies are closed at once, so that the pipes end with the tree.
        drop(stdio);
        let Supervisor { process, socket, .. } = supervisor;
        socket.set_nonblocking(true)?;
        let mut control = Control::new(tokio::net::UnixStream::from_std(socket)?);
        let mut env = spec.env;
        env.insert(MARK_VARIABLE.into(), mark.to_string().into());
        control
            .order(&Order::Start(Program {
                program: spec.program,
                args: spec.args,
                cwd: spec.cwd,
                env: env.into_iter().collect(),
                reach: spec.reach,
            }))
            .await?;
        let pid = match control.report().await? {
            Report::Started { pid } => pid,
            Report::NotStarted { errno } => {
                let step = String::new();
                return Ok(Err(Trouble { step, errno }));
            }
            Report::NotConfined(trouble) => return Ok(Err(trouble)),
            Report::Exceeded(_) | Report::Crowded { .. } | Report::Exited(_) | Report::Ended { .. } => {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        if let Some(foresight) = foresight {
            self.foresee(mark.clone(), foresight);
        }
        Ok(Ok(ProcessTree::new(
            control,
            process,
            mark.clone(),
            pid,
            pipe::Sender::from_owned_fd(stdin.into())?,
            pipe::Receiver::from_owned_fd(stdout.into())?,
            pipe::Receiver::from_owned_fd(stderr.into())?,
        )))
    }

    /// Starts a supervisor; one that foresees a sandbox makes it at once.
    fn supervise(&self, mark: &TreeMark, foresight: Option<Foresight>) -> io::Result<Supervisor> {
        let foresees = foresight.map(|foresight| {
            let machine = Machine::now(&foresight.ground);
            (foresight, machine)
        });
        let (socket, theirs) = UnixStream::pair()?;
        let mut command = tokio::process::Command::new(&self.supervisor);
        command
            .args(&self.args)
            .env_clear()
            .env(MARK_VARIABLE, mark.to_string());
        if let Some((foresight, _)) = &foresees {
            command.env(PREPARE_VARIABLE, serde_json::to_string(foresight)?);
        }
        let process = command
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Supervisor {
            process,
            socket,
            data_folder: mark.data_folder().to_owned(),
            foresees,
        })
    }

    fn ready(&self) -> MutexGuard<'_, Option<Supervisor>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The supervisor that was made ahead, if it foresaw this and lives.
    fn take_ready(&self, mark: &TreeMark, wanted: Option<&Confinement>) -> Option<Supervisor> {
        let wanted = wanted?;
        let mut ready = self.ready().take()?;
        let (foresight, machine) = ready.foresees.take()?;
        let foreseen = foresight.fits(wanted) && Machine::now(&foresight.ground) == machine;
        let fits = foreseen && ready.data_folder == mark.data_folder();
        (fits && matches!(ready.process.try_wait(), Ok(None))).then_some(ready)
    }

    /// Makes the next supervisor ahead, behind what goes on.
    fn foresee(&self, mark: TreeMark, foresight: Foresight) {
        let launcher = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut ready = launcher.ready();
            if ready.is_some() {
                return;
            }
            match launcher.supervise(&mark.of_no_tree(), Some(foresight)) {
                Ok(made) => *ready = Some(made),
                Err(error) => tracing::debug!(%error, "no supervisor was made ahead"),
            }
        });
    }
}
