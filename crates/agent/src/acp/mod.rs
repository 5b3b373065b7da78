//! Runs an agent as a process and speaks the Agent Client Protocol with it.
//!
//! What an agent sends is never trusted to be well formed, small, timely or meant for people: every line, queue and
//! wait has a bound, whatever is not known is kept as it came, and secrets are taken out before anything leaves.

mod redact;

pub use redact::{Redactor, TextStream};
