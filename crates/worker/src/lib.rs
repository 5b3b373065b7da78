//! A job from lease to delivery: workspace, agent, conversation, import.

mod attempt;
mod check;
pub mod control;
mod room;
mod surroundings;
mod worker;

pub use check::{check, is_of_a_check};
pub use room::Room;
pub use surroundings::Surroundings;
pub use worker::{Parts, Turns, run};
