//! The supervisor as a program of its own, for the tests of this and other crates.

use std::process::ExitCode;

fn main() -> ExitCode {
    team6_sandbox::supervisor::main()
}
