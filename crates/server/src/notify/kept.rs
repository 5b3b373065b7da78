//! What a channel told of, over restarts: a file that holds only what still waits, so it stays small.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use team6_notify::Told;

/// The folder of these files in the data folder.
const FOLDER: &str = "notified";

/// The file of one channel.
#[derive(Debug, Clone)]
pub(super) struct Kept(PathBuf);

impl Kept {
    pub(super) fn new(data: &Path, channel: &str) -> Self {
        Self(data.join(FOLDER).join(format!("{channel}.json")))
    }

    /// What was told before. If it cannot be read, what waits is told once more rather than not at all.
    pub(super) fn read(&self) -> Told {
        match fs::read(&self.0) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(file = %self.0.display(), %error, "what was told before is lost; what waits is told again");
                Told::default()
            }),
            Err(_) => Told::default(),
        }
    }

    /// Writes it as a whole: a stop in the middle leaves what was there.
    pub(super) fn write(&self, told: &Told) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder)?;
        }
        let next = self.0.with_extension("next");
        let mut file = fs::File::create(&next)?;
        file.write_all(&serde_json::to_vec(told)?)?;
        file.sync_all()?;
        fs::rename(&next, &self.0)
    }
}
