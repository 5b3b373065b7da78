//! The HTTP API as its clients see it: a real server on a real port, with real databases, repositories and processes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod auth;
mod checks;
mod client;
mod disk;
mod lists;
mod live;
mod local_files;
mod log;
mod memories;
mod multiplexed;
mod openapi;
mod orders;
mod plans;
mod problems;
mod process;
mod repositories;
mod room;
mod server;
mod setup;
mod sign_in;
mod sprint;
mod start;
mod stream;
mod then_and_now;
mod traces;
