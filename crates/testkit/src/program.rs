//! Programs that tests write for themselves.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program that can be run at once.
///
/// Another process does it: one that is open to be written cannot be run, and whatever another test starts meanwhile has
/// what this process opened for a moment.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut install = Command::new("install")
        .args(["-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = install.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    match install.wait()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{} cannot be written", path.display()))),
    }
}
