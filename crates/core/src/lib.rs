//! The rules of Team6, without IO, clock, randomness or async.
//!
//! State is data, a command is a request that may be refused, an event is a fact. Given the state of a sprint and
//! a command, this crate says which events follow, how they change the state, and which effects and deadlines they
//! call for. Everything that Team6 promises is decided here, and tested here.

pub mod briefing;
pub mod budget;
pub mod checks;
pub mod explain;
pub mod failure;
pub mod forecast;
pub mod graph;
pub mod ids;
pub mod ledger;
pub mod local_path;
pub mod memory;
pub mod owners;
pub mod packet;
pub mod pattern;
pub mod plan;
pub mod policy;
pub mod project;
pub mod sprint;
pub mod text;
pub mod time;
pub mod trace;
