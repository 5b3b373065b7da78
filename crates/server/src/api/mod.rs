//! The HTTP API: how people, the command line and the web app reach the engine.
//!
//! A handler reads its request, carries out one command or one look at a sprint, and answers with a view of what is
//! there now. The rules are the core's.

pub mod types;
