//! What was, and what is at work now: a sprint as of a version, attempts that have not ended, room, costs, settings.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Server, plan};

const SCENARIO: &str = include_str!("sprint.toml");

async fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.done()["items"]
        .as_array_mut()
        .unwrap()
        .drain(..)
        .collect()
}

#[tokio::test]
async fn a_sprint_is_shown_as_it_was_at_each_of_its_versions() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let path = format!("/sprints/{sprint}");
    let client = &server.client;
    let mut seen = vec![client.get(&path).await.done()];
    client.saves(sprint, 0, &plan(&[("lexer", &[])])).await.done();
    seen.push(client.get(&path).await.done());
    client
        .put(format_args!("{path}/owners"), json!({ "1": "ada" }))
        .await
        .done();
    seen.push(client.get(&path).await.done());
    client.post(format_args!("{path}/pause"), json!({})).await.done();
    seen.push(client.get(&path).await.done());
    for then in &seen {
        let version = then["version"].as_u64().unwrap();
        let answer = client.get(format_args!("{path}?at={version}")).await;
        assert_eq!(&answer.done(), then, "at {version}");
        assert_eq!(answer.headers["etag"], format!("\"{version}\""));
    }
    for none in [0, 999] {
        client
            .get(format_args!("{path}?at={none}"))
            .await
            .problem(404, "no-such-version");
    }
    client.get("/sprints/99?at=1").await.problem(404, "no-such-sprint");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_do_now_and_what_it_cost_is_told_by_everything_that_people_ask_for() {
    let mut server = Server::playing(SCENARIO).await;
    server.run();
    let _origin = server.with_project().await;
    let client = server.client.clone();
    let sprint = server.sprint().await;
    let path = format!("/sprints/{sprint}");
    let planning = |now: &Value| now["items"].as_array().unwrap().first().cloned();
    let planning = client.until("the planner at work", "/work", planning).await;
    assert_eq!(
        (&planning["project"], &planning["task"]),
        (&json!("shop"), &Value::Null)
    );
    assert_eq!(planning["agent"], "scripted");
    assert_eq!(items(&client, "/work?agent=codex").await, [] as [Value; 0]);

    let asked = |now: &Value| Some(now["questions"][0]["id"].clone()).filter(|id| !id.is_null());
    let question = client.until("the question", &path, asked).await;
    let answer = json!({ "text": "Few" });
    client
        .post(format_args!("{path}/questions/{question}/answer"), answer)
        .await
        .done();
    let planned =
        |now: &Value| (now["sprint"]["why"]["reason"]["reason"] == "no_owner").then(|| now["sprint"]["newest"].clone());
    let version = client.until("the plan", &path, planned).await;
    client
        .put(format_args!("{path}/owners"), json!({ "1": "ada", "2": "ada" }))
        .await
        .done();
    client
        .post(format_args!("{path}/approve"), json!({ "version": version }))
        .await
        .done();
    let delivered = |now: &Value| (now["task"]["state"] == "in review").then_some(());
    client.until("a delivery", "/tasks/1", delivered).await;

    let tasks = items(&client, "/costs?by=task").await;
    let lexer = tasks.iter().find(|item| item["task"] == 1).unwrap();
    assert_eq!(
        (&lexer["usage"]["cost_micros"], &lexer["attempts"]),
        (&json!(10_000), &json!(1))
    );
    assert_eq!(lexer["title"], "Write the lexer");
    assert!(lexer["time_ms"].as_u64().unwrap() > 0);
    let cost = |items: &[Value]| -> u64 {
        items
            .iter()
            .map(|item| item["usage"]["cost_micros"].as_u64().unwrap())
            .sum()
    };
    for by in ["sprint", "agent", "model", "day"] {
        let all = items(&client, &format!("/costs?by={by}")).await;
        assert_eq!((all.len(), cost(&all)), (1, cost(&tasks)), "by {by}: {all:#?}");
    }
    assert_eq!(items(&client, "/costs?by=agent&agent=codex").await, [] as [Value; 0]);
    assert_eq!(items(&client, "/costs?by=day&until=1").await, [] as [Value; 0]);
    client.get("/costs?by=colour").await.problem(400, "bad-query");
    // What is about a task is found by its attempts too.
    let about = items(&client, "/log?task=1&kind=attempt_started").await;
    assert_eq!(about.len(), 1, "{about:#?}");
}

#[tokio::test]
async fn the_room_of_the_machine_is_told_with_what_must_be_free() {
    let server = Server::configured("", |config| config.agents.spare_memory_mb = 100_000_000).await;
    let machine = server.client.get("/machine").await.done();
    let [memory, disk] = &machine["rooms"].as_array().unwrap()[..] else {
        panic!("{machine:#}")
    };
    assert_eq!((&memory["of"], &disk["of"]), (&json!("memory"), &json!("disk")));
    assert!(
        memory["free"].as_u64().unwrap() < memory["wanted"].as_u64().unwrap(),
        "{machine:#}"
    );
    assert!(machine["lacking"].as_str().unwrap().contains("agents.spare_memory_mb"));
}

#[tokio::test]
async fn every_setting_is_told_with_where_it_came_from() {
    let server = Server::open().await;
    let settings = items(&server.client, "/settings").await;
    let told: Vec<_> = settings
        .iter()
        .map(|item| [&item["key"], &item["value"], &item["origin"], &item["place"]])
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["agents.planner", "", "not_set", null],
            ["limits.lease", "30s", "built_in", null],
            ["me", "ada", "file", "/etc/team6.toml"],
            ["sandbox", "on", "environment", "TEAM6_SANDBOX"],
        ])
    );
    assert_eq!(settings[1]["variable"], "TEAM6_LIMITS__LEASE");
}
