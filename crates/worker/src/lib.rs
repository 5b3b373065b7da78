//! A job from lease to delivery: workspace, agent, conversation, import.

mod attempt;
pub mod control;
mod worker;

pub use worker::{Parts, Turns, run};
