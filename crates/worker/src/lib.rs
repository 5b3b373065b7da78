//! A job from lease to delivery: workspace, agent, conversation, import.

mod attempt;
pub mod control;
mod room;
mod surroundings;
mod worker;

pub use room::Room;
pub use surroundings::Surroundings;
pub use worker::{Parts, Turns, run};
