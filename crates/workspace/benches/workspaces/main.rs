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

/// How many files the generated repositories have.
const SIZES: [usize; 4] = [250, 3_000, 15_000, 57_000];
const ROUNDS: usize = 40;

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
    let mut all = Vec::new();
    for files in SIZES {
        eprintln!("{files} files …");
        all.push(Bench::open(files).await.measured(ROUNDS).await);
    }
    let crowd = Bench::open(SIZES[1]).await.crowd(20).await;
    println!("{}", figures::table(&all));
    println!("{crowd}");
    let missed = figures::missed(&all);
    for what in &missed {
        println!("missed: {what}");
    }
    missed.is_empty()
}
