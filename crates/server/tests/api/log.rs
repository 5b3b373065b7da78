//! The log as people look through it: from its end back, by kind, person, task and time.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Server, plan};

/// A server with two sprints, one of which was planned by ada and paused by lin.
async fn with_a_past() -> Server {
    let server = Server::open().await;
    server.with_project().await;
    for _ in 0..2 {
        server.sprint().await;
    }
    let tasks = plan(&[("lexer", &[]), ("parser", &["lexer"])]);
    server.client.saves(1, 0, &tasks).await.done();
    let owners = json!({ "1": "ada", "2": "lin" });
    server.client.put("/sprints/1/owners", owners).await.done();
    let lin = server.client.acting_for("lin");
    lin.post("/sprints/1/pause", json!({})).await.done();
    server
}

async fn events(client: &Client, query: &str) -> Vec<Value> {
    let mut page = client.get(format_args!("/log?{query}")).await.done();
    page["items"].as_array_mut().unwrap().drain(..).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_log_is_read_from_its_end_back_without_gap_or_repeat() {
    let server = with_a_past().await;
    let client = &server.client;
    let mut whole = events(client, "limit=1000").await;
    whole.reverse();
    assert!(whole.len() > 5);
    assert_eq!(events(client, "newest=true&limit=1000").await, whole);
    for limit in [1, 2, 3, whole.len()] {
        let (mut items, mut before): (Vec<Value>, _) = (Vec::new(), String::new());
        loop {
            let path = format!("/log?newest=true&limit={limit}{before}");
            let mut part = client.get(path).await.done();
            items.append(part["items"].as_array_mut().unwrap());
            match part["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
            assert!(items.len() <= whole.len(), "by {limit}");
        }
        assert_eq!(items, whole, "by {limit}");
    }
}

#[tokio::test]
async fn the_log_tells_of_one_kind_one_person_one_task_one_time() {
    let server = with_a_past().await;
    let client = &server.client;
    assert_eq!(kinds(&events(client, "kind=sprint_paused").await), ["sprint_paused"]);
    let opened = events(client, "kind=sprint_opened,sprint_paused&newest=true").await;
    assert_eq!(kinds(&opened), ["sprint_paused", "sprint_opened", "sprint_opened"]);
    let by_lin = events(client, "actor=lin").await;
    assert!(by_lin.iter().all(|event| event["actor"] == "lin"), "{by_lin:#?}");
    assert_eq!(kinds(&by_lin)[0], "sprint_paused");
    assert_eq!(events(client, "actor=lin&kind=sprint_opened").await, [] as [Value; 0]);
    let of_task = events(client, "task=2").await;
    assert!(!of_task.is_empty());
    assert!(of_task.iter().all(|event| event["data"]["task"] == 2), "{of_task:#?}");
    let at = opened[0]["at"].as_i64().unwrap();
    assert!(kinds(&events(client, &format!("since={at}")).await).contains(&"sprint_paused"));
    assert!(!kinds(&events(client, &format!("until={at}")).await).contains(&"sprint_paused"));
    client.get("/log?task=99").await.problem(404, "no-such-task");
    client
        .get("/log?newest=true&project=none")
        .await
        .problem(404, "no-such-project");
}
