//! The parts of the engine that run as processes of their own are hidden commands of this same program.

use std::path::{Path, PathBuf};

use team6_agent::profile::CommandLine;

/// This program.
pub(crate) fn own() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("the program does not find itself: {error}"))
}

/// One of its hidden commands.
pub(crate) fn hidden(own: &Path, command: &str) -> CommandLine {
    CommandLine {
        program: own.to_string_lossy().into_owned(),
        args: vec![command.to_owned()],
    }
}
