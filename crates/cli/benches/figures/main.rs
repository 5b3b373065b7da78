//! The figures that the project promises, measured in one run and printed as one table.
//!
//! `cargo bench -p team6-cli --bench figures` runs all; a word after `--` runs those whose name holds it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, and fails by panicking"
)]

#[path = "../../tests/harness/mod.rs"]
mod harness;
mod life;
mod live;
mod log;
mod rest;
mod row;
mod scheduling;
mod traces;
mod viewers;

use row::{Row, table};

type Measure = fn() -> Vec<Row>;

const ALL: [(&str, Measure); 6] = [
    ("scheduling", scheduling::measure),
    ("log", log::measure),
    ("traces", traces::measure),
    ("live", live::measure),
    ("viewers", viewers::measure),
    ("rest", rest::measure),
];

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let mut rows = Vec::new();
    for (name, measure) in ALL {
        if wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str())) {
            eprintln!("measuring {name} ...");
            rows.extend(measure());
        }
    }
    println!("{}", table(&rows));
    if rows.iter().any(|row| row.missed) {
        eprintln!("a target is missed");
        std::process::exit(1);
    }
}
