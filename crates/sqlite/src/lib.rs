//! SQLite files as Team6 uses them.
//!
//! SQLite takes one writer at a time, so each file has exactly one, which commits what waits together in one
//! transaction, and a few readers beside it. Errors are told apart by what a caller can do about them.

mod database;
mod error;
mod migrate;
mod writer;

pub use database::{Database, Durability, Settings};
pub use error::StorageError;
pub use writer::Abort;

/// A number as SQLite keeps it; beyond the largest signed number it saturates, which no count here reaches.
pub fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
