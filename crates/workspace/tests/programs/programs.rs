//! The supervisor and the packer as a program of their own, for the tests, and a worker that is to be killed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "for tests, which see what it panics with"
)]

use std::process::ExitCode;

mod worker;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => team6_sandbox::supervisor::main(),
        ["work", place, source, head] => worker::main(place.as_ref(), source, head),
        [order] => team6_workspace::pack::main(order),
        _ => ExitCode::FAILURE,
    }
}
