//! Sprints as people would tell of them, on the rules alone: what happens, and what the one reason is while it does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod budgets;
mod capacity;
mod changes;
mod checks;
mod delegation;
mod failures;
mod gates;
mod packet;
mod revert;
mod review;
mod team;
mod together;
mod updating;
