//! Agents as the engine runs them: those that behave, and those that do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod checking;
mod desk;
mod sessions;
mod starting;
mod turns;
mod wild;
