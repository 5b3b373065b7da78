//! The control plane: the engine that carries out commands, and what people and workers reach it by.

pub mod api;
pub mod app;
pub mod config;
pub mod control;
pub mod effects;
pub mod engine;
pub mod evidence;
pub mod local_files;
pub mod notify;
mod open_branches;
pub mod owners;
pub mod packets;
pub mod records;
