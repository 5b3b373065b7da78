//! A job from lease to delivery: workspace, agent, conversation, import.

mod ahead;
mod attempt;
mod check;
pub mod control;
mod evidence;
mod kept_out;
mod prices;
mod quota;
mod room;
mod setup;
mod surroundings;
mod worker;

pub use check::{check, is_of_no_attempt};
pub use prices::{Price, Prices};
pub use quota::Quota;
pub use room::{Measured, Room};
pub use surroundings::{Surroundings, hidden, unreadable_network};
pub use worker::{Parts, Turns, run};
