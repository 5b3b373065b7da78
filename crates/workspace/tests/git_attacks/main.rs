//! What a hostile agent can do to git in its workspace: each attack does nothing to the engine, and works on anybody who
//! runs git of their own on the very same files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong here is the failure of the test"
)]

mod attack;
mod crafted;
mod elsewhere;
mod engine;
mod ground;
mod programs;
mod variants;

use std::sync::Arc;

use attack::Attack;
use ground::Ground;
use team6_workspace::Files;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Trials at once.
const AT_ONCE: usize = 3;

/// Attacks on how files lie in a workspace.
fn on_files() -> Vec<Attack> {
    let mut all = programs::attacks();
    all.extend(variants::attacks());
    all.extend(elsewhere::attacks());
    all
}

/// Tries each; `TEAM6_ATTACK` chooses some by a part of their names.
async fn try_all(files: Option<Files>, attacks: Vec<Attack>) {
    let ways: usize = attacks.iter().map(|attack| attack.live.len()).sum();
    assert!(ways >= 60, "{ways}");
    let only = std::env::var("TEAM6_ATTACK").unwrap_or_default();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut trials = JoinSet::new();
    let mut wrong = Vec::new();
    for attack in attacks.into_iter().filter(|attack| attack.name.contains(&only)) {
        let turns = Arc::clone(&turns);
        trials.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            Ground::new(files).try_out(&attack).await
        });
    }
    while let Some(tried) = trials.join_next().await {
        wrong.extend(tried.unwrap_or_else(|error| vec![error.to_string()]));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_an_agent_does_to_git_in_layers_reaches_the_engine() {
    let mut attacks = on_files();
    attacks.extend(crafted::attacks());
    try_all(None, attacks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_an_agent_does_to_git_in_a_checkout_reaches_the_engine() {
    try_all(Some(Files::Pool), on_files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trap_leaves_its_trace_in_a_sandbox_too() {
    for files in [None, Some(Files::Pool)] {
        let attacks = programs::attacks();
        let attack = attacks.iter().find(|attack| attack.name == "core.fsmonitor").unwrap();
        assert!(Ground::new(files).springs_inside(attack).await);
    }
}
