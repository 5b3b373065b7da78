//! Steps that run commands: their output is shown while they run, and their process group ends with them.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use agent_client_protocol::v1::schema::ToolKind;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::super::play::{Call, Done, Stuck, Turn};
use super::super::template::Template;

/// The most bytes of a command's output that are shown; the last ones count.
const SHOWN: usize = 32 * 1024;
/// How often output is shown while a command runs.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// How long output is waited for after the command's end: what it left behind may hold its pipes open.
const DRAIN: Duration = Duration::from_millis(200);

/// Runs a shell command. `expect` is its exit code; none takes any.
pub(super) async fn run(
    turn: &mut Turn,
    command: &Template,
    folder: Option<&Template>,
    expect: Option<i32>,
    limit: Duration,
) -> Result<(), Stuck> {
    let command = turn.fill(command)?;
    let folder = turn.folder(folder)?;
    turn.call(Call {
        title: format!("`{command}`"),
        kind: ToolKind::Execute,
        path: None,
        input: json!({ "command": command, "folder": folder }),
    })
    .await?;
    let mut group = Group::start(&command, &folder)?;
    let mut output = Tail::default();
    let ran = timeout(limit, watch(turn, &mut group.leader, &mut output)).await;
    let code = match ran {
        Ok(code) => code?,
        Err(_) => return Err(format!("{}\nit was ended after {} s", output.text(), limit.as_secs())),
    };
    group.ended();
    if expect.is_some_and(|expected| code != Some(expected)) {
        let code = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(format!("{}\nit ended with {code}", output.text()));
    }
    let output = output.text();
    turn.complete(Done { output, diff: None }).await
}

/// Starts a process in a session of its own and leaves it behind.
pub(super) async fn daemon(turn: &mut Turn, command: &Template) -> Result<(), Stuck> {
    let command = turn.fill(command)?;
    let started = Command::new("setsid")
        .args(["--fork", "sh", "-c", &command])
        .current_dir(&turn.session.cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    match started {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("setsid ended with {status}")),
        Err(error) => Err(format!("setsid: {error}")),
    }
}

/// Waits for the end of a command and shows its output meanwhile. Returns its exit code, none for a signal.
async fn watch(turn: &Turn, leader: &mut Child, output: &mut Tail) -> Result<Option<i32>, Stuck> {
    let (mut stdout, mut stderr) = (leader.stdout.take(), leader.stderr.take());
    let mut pieces = ([0; 8192], [0; 8192]);
    let mut shown = Instant::now();
    let mut ended = None;
    let mut deadline = None;
    while ended.is_none() || stdout.is_some() || stderr.is_some() {
        tokio::select! {
            length = read(&mut stdout, &mut pieces.0), if stdout.is_some() => {
                output.add(pieces.0.get(..length).unwrap_or_default());
            }
            length = read(&mut stderr, &mut pieces.1), if stderr.is_some() => {
                output.add(pieces.1.get(..length).unwrap_or_default());
            }
            status = leader.wait(), if ended.is_none() => {
                ended = Some(status.map_err(|error| error.to_string())?.code());
                deadline = Some(Instant::now() + DRAIN);
            }
            () = sleep(deadline.map_or(DRAIN, |deadline| deadline - Instant::now())), if deadline.is_some() => break,
        }
        if shown.elapsed() >= SHOW_EVERY && output.is_new() {
            turn.output(&output.text()).await?;
            shown = Instant::now();
        }
    }
    Ok(ended.flatten())
}

/// Reads a piece; at the end of the pipe, drops it.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, piece: &mut [u8]) -> usize {
    let length = match pipe {
        Some(pipe) => pipe.read(piece).await.unwrap_or(0),
        None => 0,
    };
    if length == 0 {
        *pipe = None;
    }
    length
}

/// A command and its process group, which is ended when it is dropped before the command has ended.
struct Group {
    leader: Child,
    id: Option<Pid>,
}

impl Group {
    fn start(command: &str, folder: &Path) -> Result<Self, Stuck> {
        let leader = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("sh in {}: {error}", folder.display()))?;
        let id = leader
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self { leader, id })
    }

    /// The command has ended by itself; what it left running stays, as with other agents.
    fn ended(&mut self) {
        self.id = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // It may have ended by now.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// The last bytes of a command's output.
#[derive(Default)]
struct Tail {
    bytes: VecDeque<u8>,
    cut: bool,
    new: bool,
}

impl Tail {
    fn add(&mut self, piece: &[u8]) {
        self.new |= !piece.is_empty();
        self.bytes.extend(piece);
        let over = self.bytes.len().saturating_sub(SHOWN);
        self.cut |= over > 0;
        self.bytes.drain(..over);
    }

    fn is_new(&self) -> bool {
        self.new
    }

    fn text(&mut self) -> String {
        self.new = false;
        let text = String::from_utf8_lossy(self.bytes.make_contiguous());
        if self.cut {
            format!("…{text}")
        } else {
            text.into_owned()
        }
    }
}
