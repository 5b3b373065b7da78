//! Steps that misbehave, each in a way that real agents were seen to.

use std::io;
use std::path::Path;

use tokio::fs;

use super::super::play::{Stuck, Turn};

const PIECE: usize = 64 * 1024;

/// Ends the process like a crash, after what was said before has been written.
pub(super) async fn crash(turn: &Turn) -> ! {
    turn.wire.flush().await;
    std::process::abort()
}

/// Ends the process with an exit code, after what was said before has been written.
pub(super) async fn exit(turn: &Turn, code: u8) -> ! {
    turn.wire.flush().await;
    std::process::exit(i32::from(code))
}

/// Says far too much.
pub(super) async fn flood(turn: &Turn, megabytes: u32) -> Result<(), Stuck> {
    let piece = "flood ".repeat(PIECE / 6);
    for _ in 0..u64::from(megabytes) * 16 {
        turn.say(&piece).await?;
    }
    Ok(())
}

/// Writes lines to stdout that are no messages.
pub(super) async fn garbage(turn: &Turn, lines: u32) -> Result<(), Stuck> {
    for n in 0..lines {
        let line = match n % 3 {
            0 => format!("Warning: line {n} is not for you"),
            1 => format!("{{\"jsonrpc\": \"2.0\", \"method\": {n}"),
            _ => format!("[{n}]"),
        };
        turn.wire.line(line).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Deletes the workspace, its repository included.
pub(super) async fn delete_workspace(turn: &Turn) -> Result<(), Stuck> {
    let cwd = &turn.session.cwd;
    match fs::remove_dir_all(cwd).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound && !is_empty(cwd) => {
            Err(format!("{}: {error}", cwd.display()))
        }
        _ => Ok(()),
    }
}

/// In a sandbox the place of a workspace cannot be deleted, only all that is in it.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
