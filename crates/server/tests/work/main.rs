//! Attempts of the scripted agent on the real engine, while something around them does not work as it should.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ahead;
mod asking;
mod keeping;
mod late;
mod memory;
mod merging;
mod origins;
mod outages;
mod reviewing;
mod scene;
mod trouble;
