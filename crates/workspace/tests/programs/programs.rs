//! The supervisor and the packer as a program of their own, for the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        None => team6_sandbox::supervisor::main(),
        Some(order) => team6_workspace::pack::main(&order),
    }
}
