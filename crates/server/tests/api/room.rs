//! A machine without room for agents: people are told what it is short of, and work goes on once there is room.

use serde_json::{Value, json};
use team6_server::config::Config;

use crate::server::Server;

const SCENARIO: &str = include_str!("sprint.toml");

/// Opens a sprint on a machine that lacks something, and gives what people are told; then gives the machine what it lacks.
async fn told_and_forgotten(lacks: impl FnOnce(&mut Config)) -> String {
    let mut server = Server::configured(SCENARIO, lacks).await;
    server.run();
    let _origin = server.with_project().await;
    let sprint = format!("/sprints/{}", server.sprint().await);
    let short = |now: &Value| {
        let why = &now["sprint"]["why"];
        (why["reason"]["reason"] == "no_room").then(|| why["text"].as_str().unwrap().to_owned())
    };
    let text = server.client.until("a word about room", &sprint, short).await;

    let mut server = Server::reopened(server.ends().await).await;
    server.run();
    let asked = |now: &Value| (now["questions"] != json!([])).then_some(());
    server.client.until("the planner's question", &sprint, asked).await;
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_machine_is_short_of_is_told_and_forgotten_when_there_is_room() {
    let text = told_and_forgotten(|config| config.agents.spare_memory_mb = 100_000_000).await;
    assert_eq!(
        text,
        "waits for room on the worker's machine: less than 100000000 MB of memory are free (agents.spare_memory_mb)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_that_hold_more_than_they_may_let_no_further_agent_start() {
    let text = told_and_forgotten(|config| {
        let held = config.data.join("workspaces/held");
        std::fs::create_dir_all(held.parent().unwrap()).unwrap();
        std::fs::write(held, vec![1; 2_000_000]).unwrap();
        config.agents.workspaces_mb = Some(1);
    })
    .await;
    assert_eq!(
        text,
        "waits for room on the worker's machine: workspaces hold more than 1 MB of the disk (agents.workspaces_mb)"
    );
}
