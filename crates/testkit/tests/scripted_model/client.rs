//! The least of an HTTP client for the model's three interfaces.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use team6_testkit::scripted_model::{Scenario, Script, ScriptedModel};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// One server-sent event: its name and its data.
pub(crate) type Event = (String, String);

pub(crate) async fn model(script: Script) -> ScriptedModel {
    ScriptedModel::start(Scenario::new().script(script)).await.unwrap()
}

pub(crate) async fn post(model: &ScriptedModel, path: &str, body: &Value) -> Response {
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
    client
        .post(format!("{}{path}", model.url()))
        .json(body)
        .send()
        .await
        .unwrap()
}

pub(crate) async fn whole(model: &ScriptedModel, path: &str, body: &Value) -> Value {
    let response = post(model, path, body).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The events of a streamed answer.
pub(crate) async fn streamed(model: &ScriptedModel, path: &str, body: &Value) -> Vec<Event> {
    let mut body = body.clone();
    body["stream"] = json!(true);
    let response = post(model, path, &body).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    text.split_terminator("\n\n")
        .map(|event| {
            let field = |name: &str| {
                let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                lines.map(str::trim_start).collect::<String>()
            };
            (field("event:"), field("data:"))
        })
        .collect()
}

pub(crate) fn data(event: &Event) -> Value {
    serde_json::from_str(&event.1).unwrap()
}

/// All that the events carry at a place, put together.
pub(crate) fn joined(events: &[Event], pointer: &str) -> String {
    let parsed = events.iter().filter(|event| event.1 != "[DONE]").map(data);
    parsed
        .filter_map(|event| event.pointer(pointer)?.as_str().map(str::to_owned))
        .collect()
}
