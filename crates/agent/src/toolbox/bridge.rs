//! The stdio side of a session's tools: a process of its own that copies between its stdio and the session's socket.
//!
//! Agents start MCP servers as child processes; few can reach a unix socket by themselves. The bridge knows nothing
//! of MCP: it shows the session's token and copies bytes, so it never has to be taught anything new.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The environment variable that carries the session's token.
pub const TOKEN_VARIABLE: &str = "TEAM6_TOOLBOX_TOKEN";
/// What the session answers to the right token.
pub(super) const ACCEPTED: &[u8] = b"ok\n";
const MAX_ANSWER: u64 = 1024;

/// Why the bridge could not do its work.
#[derive(Debug, thiserror::Error)]
enum BridgeError {
    #[error(
        "use the tools: {TOKEN_VARIABLE} is not set; this command is started by an agent with what the engine gave it"
    )]
    NoToken,
    #[error(
        "reach the tools at {}: {source}; the session has ended or the engine has stopped, so end this turn", path.display()
    )]
    Unreachable { path: PathBuf, source: io::Error },
    #[error("use the tools at {}: {answer}", path.display())]
    Refused { path: PathBuf, answer: String },
    #[error("use the tools any longer: the engine has closed this session, so end this turn")]
    Closed,
    #[error("use the tools: no thread could be started: {0}")]
    Thread(io::Error),
}

/// Copies between stdio and the session's socket until either side ends. Blocks; the process should end after it.
///
/// The exit code is 0 when the agent ended first, 1 otherwise; why is said on stderr.
pub fn main(socket: &Path) -> ExitCode {
    match run(socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "failed to {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path) -> Result<(), BridgeError> {
    let token = std::env::var(TOKEN_VARIABLE).map_err(|_| BridgeError::NoToken)?;
    let unreachable = |source| BridgeError::Unreachable {
        path: path.to_owned(),
        source,
    };
    let mut socket = UnixStream::connect(path).map_err(unreachable)?;
    socket.write_all(format!("{token}\n").as_bytes()).map_err(unreachable)?;
    let mut from_engine = BufReader::new(socket.try_clone().map_err(unreachable)?);
    let mut answer = Vec::new();
    from_engine
        .by_ref()
        .take(MAX_ANSWER)
        .read_until(b'\n', &mut answer)
        .map_err(unreachable)?;
    if answer != ACCEPTED {
        return Err(BridgeError::Refused {
            path: path.to_owned(),
            answer: String::from_utf8_lossy(answer.trim_ascii()).into_owned(),
        });
    }

    let agent_ended = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&agent_ended);
    thread::Builder::new()
        .spawn(move || {
            // When the engine is gone, the other direction ends and says so.
            if copy(&mut io::stdin().lock(), &mut socket).is_ok() {
                ended.store(true, Ordering::SeqCst);
                let _ = socket.shutdown(Shutdown::Write);
            }
        })
        .map_err(BridgeError::Thread)?;
    let agent_listens = copy(&mut from_engine, &mut io::stdout().lock()).is_ok();
    if agent_listens && !agent_ended.load(Ordering::SeqCst) {
        return Err(BridgeError::Closed);
    }
    Ok(())
}

/// Copies until the end, passing on each piece at once.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let piece = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Ok(()),
        };
        to.write_all(piece)?;
        to.flush()?;
    }
}
