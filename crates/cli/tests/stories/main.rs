//! What people and agents can do to each other, one story for each, on a real server with a worker and the scripted
//! agent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "../harness/mod.rs"]
mod harness;

mod agents;
mod asking;
mod backup;
mod budgets;
mod chat;
mod checks;
mod delegation;
mod gateways;
mod local_files;
mod memory;
mod packet;
mod repositories;
mod reverting;
mod revising;
mod shop;
mod stopping;
mod telling;
mod together;
mod unboxed;
mod updating;
