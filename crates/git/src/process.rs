//! One git process from start to end: fed, read within bounds, and ended whole, also when nobody waits for it any more.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

use super::{Call, GitError, Ran, Stdin, excerpt};

/// The most of git's complaints that is read, in bytes.
const STDERR: usize = 64 << 10;
/// The most of one line of them, in bytes.
const LINE: usize = 4 << 10;

/// Ends git and the helpers it started unless they ended themselves.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may have ended in this moment, which is as good.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

pub(super) async fn run(call: Call, command: String, told: &(dyn Fn(&str) + Send + Sync)) -> Result<Ran, GitError> {
    let environment = call.environment();
    let (input, bytes) = match call.stdin {
        Stdin::Bytes(bytes) => (Stdio::piped(), bytes),
        Stdin::File(file) => (Stdio::from(file), Vec::new()),
    };
    let mut child = Command::new(&call.git.program)
        .args(&call.args)
        .env_clear()
        .envs(environment)
        .current_dir("/")
        .stdin(input)
        .stdout(call.stdout.map_or_else(Stdio::piped, Stdio::from))
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(GitError::NotStarted)?;
    let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group(leader);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async {
        let (fed, out, err) = tokio::join!(feed(stdin, &bytes), read(stdout, call.most), hear(stderr, told));
        fed?;
        Ok::<_, std::io::Error>((out?, err?, child.wait().await?))
    };
    let ended = timeout(call.limit, talk).await;
    let io = |source| GitError::Io {
        command: command.clone(),
        source,
    };
    let Ok(talked) = ended else {
        return Err(GitError::TimedOut {
            command,
            limit: call.limit,
        });
    };
    let ((stdout, truncated), stderr, status) = talked.map_err(io)?;
    group.0 = None;
    Ok(Ran {
        code: status.code(),
        stdout,
        truncated,
        stderr: excerpt(&stderr),
        command,
    })
}

/// Writes everything; a reader that has heard enough is no failure.
async fn feed(stdin: Option<ChildStdin>, bytes: &[u8]) -> std::io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    match stdin.write_all(bytes).await {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Reads up to `most` bytes and says whether there was more; dropping the pipe then ends the writer.
async fn read(from: Option<impl AsyncRead + Unpin>, most: usize) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(from) = from else { return Ok((bytes, false)) };
    from.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    let truncated = bytes.len() > most;
    bytes.truncate(most);
    Ok((bytes, truncated))
}

/// Tells of every line and keeps the first ones, but no progress, which writes over itself. Reads on to the end, so that a
/// talkative process is not held up.
async fn hear(from: Option<impl AsyncRead + Unpin>, told: &(dyn Fn(&str) + Send + Sync)) -> std::io::Result<Vec<u8>> {
    let (mut kept, mut line, mut chunk) = (Vec::new(), Vec::new(), [0; 4096]);
    let Some(mut from) = from else { return Ok(kept) };
    loop {
        let read = from.read(&mut chunk).await?;
        for byte in &chunk[..read] {
            match byte {
                b'\r' | b'\n' => {
                    told(&String::from_utf8_lossy(&line));
                    if *byte == b'\n' && kept.len() < STDERR {
                        kept.extend_from_slice(&line);
                        kept.push(b'\n');
                    }
                    line.clear();
                }
                _ if line.len() < LINE => line.push(*byte),
                _ => {}
            }
        }
        if read == 0 {
            kept.append(&mut line);
            return Ok(kept);
        }
    }
}
