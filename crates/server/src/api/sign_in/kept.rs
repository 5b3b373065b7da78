//! The file of open sessions, so that a restart signs nobody out. It holds digests, which open nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use team6_core::time::Timestamp;

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// A digest of its secret, which holds with the token of the server only.
    pub(super) digest: String,
    /// When it ends.
    pub(super) until: Timestamp,
}

/// The sessions in a file; none if it is not there.
pub(super) fn read(file: &Path) -> io::Result<Vec<Session>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Written whole before it has its name, so that a crash leaves no half of it.
pub(super) fn write(file: &Path, sessions: &[Session]) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    written.write_all(&serde_json::to_vec(sessions)?)?;
    written.sync_all()?;
    fs::rename(&new, file)
}
