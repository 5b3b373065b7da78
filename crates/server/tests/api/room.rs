//! A machine without room for agents: people are told what it is short of, and work goes on once there is room.

use serde_json::json;

use crate::server::Server;

const SCENARIO: &str = include_str!("sprint.toml");

#[tokio::test(flavor = "multi_thread")]
async fn what_the_machine_is_short_of_is_told_and_forgotten_when_there_is_room() {
    let mut server = Server::configured(SCENARIO, |config| config.agents.spare_memory_mb = 100_000_000).await;
    server.run();
    let _origin = server.with_project().await;
    let sprint = format!("/sprints/{}", server.sprint().await);
    let short = |now: &serde_json::Value| {
        let why = &now["sprint"]["why"];
        (why["reason"]["reason"] == "no_room").then(|| why["text"].as_str().unwrap().to_owned())
    };
    let text = server.client.until("a word about room", &sprint, short).await;
    assert_eq!(
        text,
        "waits for room on the worker's machine: less than 100000000 MB of memory are free (agents.spare_memory_mb)"
    );

    let mut server = Server::reopened(server.ends().await).await;
    server.run();
    let asked = |now: &serde_json::Value| (now["questions"] != json!([])).then_some(());
    server.client.until("the planner's question", &sprint, asked).await;
}
