//! Running a program for a bounded time.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a program prints, and whether it succeeded; none if it was ended because it took longer than `limit`.
pub(crate) fn within(limit: Duration, command: &mut Command) -> io::Result<(String, Option<bool>)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // Once the program ends, nobody else holds the writing end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (done, ended) = mpsc::channel();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut said = Vec::new();
            let read = reader.read_to_end(&mut said);
            // Nobody listens any more if it took too long.
            let _ = done.send(());
            read.map(|_| String::from_utf8_lossy(&said).into_owned())
        });
        let in_time = ended.recv_timeout(limit).is_ok();
        if !in_time {
            child.kill()?;
        }
        let status = child.wait()?;
        let said = reading
            .join()
            .map_err(|_| io::Error::other("reading its output failed"))??;
        Ok((said, in_time.then(|| status.success())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_for_ever_is_ended() {
        let (said, success) = within(
            Duration::from_millis(100),
            Command::new("sh").args(["-c", "exec sleep 600"]),
        )
        .unwrap();
        assert_eq!((said.as_str(), success), ("", None));
    }

    #[test]
    fn what_ends_tells_how() {
        let (said, success) = within(
            Duration::from_secs(60),
            Command::new("sh").args(["-c", "echo hi; exit 3"]),
        )
        .unwrap();
        assert_eq!((said.as_str(), success), ("hi\n", Some(false)));
    }
}
