//! The server is killed again and again in a running sprint, and started again each time, while people go on with what
//! waits for them: nothing is lost and nothing happens twice.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod files;
#[path = "../harness/mod.rs"]
mod harness;
mod killing;
mod team;
