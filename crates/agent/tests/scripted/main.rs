//! The scripted agent as an engine meets it: over stdio, in a real repository, with a real session of tools.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod client;
mod faults;
mod scenarios;
mod sessions;
mod steps;
mod story;
