//! The scripted agent as a program of its own, for the tests of this crate.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let scenario = std::env::args_os().nth(1).map(PathBuf::from).unwrap_or_default();
    team6_agent::scripted::main(&scenario)
}
