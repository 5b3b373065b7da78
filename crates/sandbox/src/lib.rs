//! What an agent's process tree may touch, and ending it whole.
//!
//! Agents start commands in sessions of their own and leave daemons behind, so ending a process group is not enough.
//! Each tree has a [`supervisor`] process, to which every orphan of the tree falls, and which ends all of them when it
//! is told to, when the program exits, or when the engine dies. What even that leaves behind is found by its
//! [`TreeMark`] and swept up. How far a tree can reach (files, network, memory) is its [`Reach`].

mod cgroup;
mod confine;
mod foresight;
mod handover;
mod held;
mod launch;
mod machine;
mod mark;
pub mod probe;
mod proc;
pub mod reach;
pub mod supervisor;
mod sweep;
mod sys;
mod tree;
mod usage;
mod wire;
mod words;

pub use held::held;
pub use launch::{Launcher, ProcessSpec, SpawnError};
pub use machine::{identity, system};
pub use mark::{InvalidMark, MARK_VARIABLE, TreeMark};
pub use proc::TreeUsage;
pub use reach::Reach;
pub use sweep::{Swept, sweep, sweep_tree};
pub use tree::{Ended, Exceeded, Exit, How, ProcessTree};
