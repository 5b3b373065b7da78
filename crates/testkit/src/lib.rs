//! What tests share: a scripted model, real agents that talk to it, sample repositories, and waiting on events.
//!
//! Only the tokens are made up: the agents, their processes and protocols, and every git repository are real ones.
//! Nothing here is part of the product; crates use it as a development dependency.

pub mod full_disk;
pub mod processes;
pub mod program;
pub mod real_agents;
pub mod receivers;
pub mod repositories;
pub mod scripted_model;
pub mod wait;
