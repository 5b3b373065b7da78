//! The scripted model as agents meet it: over HTTP, by a client that shares no code with it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod client;
mod failures;
mod formats;
mod program;
