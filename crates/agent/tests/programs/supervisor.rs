//! The supervisor of process trees as a program of its own, for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    team6_sandbox::supervisor::main()
}
