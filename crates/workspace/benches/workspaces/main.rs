//! How long it takes until an agent's program runs in a workspace, beside what one would do otherwise: `git worktree add`
//! and a clone, on the same generated repositories in the same run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

mod beside;
mod figures;

use std::process::ExitCode;

use figures::Bench;

/// How many files the generated repositories have, unless arguments tell.
const SIZES: [usize; 4] = [250, 3_000, 15_000, 57_000];
const ROUNDS: usize = 40;
/// How often there are thirty-two claims at once.
const CROWDS: usize = 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(run()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn run() -> bool {
    // `cargo test` builds benchmarks too; it asks them to do nothing.
    if std::env::args().any(|arg| arg == "--test") {
        return true;
    }
    let asked: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if asked.is_empty() { &SIZES[..] } else { &asked };
    let mut all = Vec::new();
    for &files in sizes {
        eprintln!("{files} files …");
        all.push(Bench::open(files).await.measured(ROUNDS).await);
    }
    println!("{}", figures::table(&all));
    if asked.is_empty() {
        println!("{}", Bench::open(SIZES[1]).await.crowd(CROWDS).await);
    }
    let missed = figures::missed(&all);
    for what in &missed {
        println!("missed: {what}");
    }
    missed.is_empty()
}
