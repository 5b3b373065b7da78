//! What an agent does, as its owner reads it afterwards and watches it meanwhile.

use serde_json::{Value, json};
use team6_core::ids::AttemptId;
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_testkit::wait::within;

use crate::client::LIMIT;
use crate::server::Server;
use crate::stream::refused;

const TRACE: &str = "/attempts/s1-a1/trace";

fn entry(seq: u64) -> TraceEntry {
    TraceEntry {
        seq,
        at: Timestamp(1_000 + i64::try_from(seq).unwrap()),
        body: TraceBody::Message {
            text: format!("step {seq}\nof <many>"),
        },
    }
}

/// A server with a planning attempt that waits for its worker, and its trace as a worker writes it.
struct Scene {
    server: Server,
    attempt: AttemptId,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::open().await;
        server.with_project().await;
        server.sprint().await;
        let attempt = "s1-a1".parse().unwrap();
        Self { server, attempt }
    }

    async fn writes(&self, entries: std::ops::RangeInclusive<u64>) {
        let entries: Vec<TraceEntry> = entries.map(entry).collect();
        self.server
            .app
            .control
            .traces
            .append(self.attempt, &entries)
            .await
            .unwrap();
    }
}

fn numbers(entries: &Value) -> Vec<u64> {
    entries["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["seq"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_trace_is_read_in_parts() {
    let scene = Scene::new().await;
    let client = &scene.server.client;
    assert_eq!(client.get(TRACE).await.done(), json!({ "items": [], "next": null }));
    scene.writes(1..=250).await;
    let first = client.get(TRACE).await.done();
    assert_eq!(numbers(&first), (1..=100).collect::<Vec<_>>());
    assert_eq!(first["next"], "100");
    assert_eq!(first["items"][0], serde_json::to_value(entry(1)).unwrap());
    let rest = client.get(format_args!("{TRACE}?after=100&limit=150")).await.done();
    assert_eq!(numbers(&rest), (101..=250).collect::<Vec<_>>());
    assert_eq!(rest["next"], Value::Null);
    assert_eq!(client.get("/attempts/s1-a1").await.done()["trace"], 250);
}

#[tokio::test]
async fn a_trace_is_read_back_from_its_end() {
    let scene = Scene::new().await;
    let client = &scene.server.client;
    let beyond = u64::MAX;
    let none = client.get(format_args!("{TRACE}?before={beyond}")).await;
    assert_eq!(none.done(), json!({ "items": [], "next": null }));
    scene.writes(1..=130).await;
    let tail = client
        .get(format_args!("{TRACE}?before={beyond}&limit=60"))
        .await
        .done();
    assert_eq!((numbers(&tail), &tail["next"]), ((71..=130).collect(), &json!("71")));
    let middle = client.get(format_args!("{TRACE}?before=71&limit=60")).await.done();
    assert_eq!((numbers(&middle), &middle["next"]), ((11..=70).collect(), &json!("11")));
    let first = client.get(format_args!("{TRACE}?before=11&limit=60")).await.done();
    assert_eq!((numbers(&first), &first["next"]), ((1..=10).collect(), &Value::Null));
    let both = client.get(format_args!("{TRACE}?before=11&after=3")).await;
    both.refused(400, "bad-query");
}

#[tokio::test]
async fn a_part_of_a_trace_is_never_larger_than_can_be_carried() {
    let scene = Scene::new().await;
    let traces = &scene.server.app.control.traces;
    for seq in 1..=60 {
        let body = TraceBody::Stderr {
            text: "x".repeat(250_000),
        };
        traces
            .append(scene.attempt, &[TraceEntry { body, ..entry(seq) }])
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), String::from("0"));
    while seen.len() < 60 {
        let part = scene
            .server
            .client
            .get(format_args!("{TRACE}?limit=1000&after={after}"))
            .await;
        assert!(part.text.len() < 10 << 20, "{} bytes", part.text.len());
        let part = part.done();
        seen.extend(numbers(&part));
        after = part["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_viewer_sees_what_was_before_and_what_comes() {
    let scene = Scene::new().await;
    scene.writes(1..=120).await;
    let stream = format!("{TRACE}/stream");
    let mut viewer = scene.server.client.reads(&stream, None).await;
    for seq in 1..=120 {
        let event = viewer.must().await;
        assert_eq!((event.event.as_str(), event.id), ("entry", seq.to_string()));
        assert_eq!(serde_json::from_str::<TraceEntry>(&event.data).unwrap(), entry(seq));
    }
    for seq in 121..=125 {
        scene.writes(seq..=seq).await;
        assert_eq!(viewer.must().await.id, seq.to_string());
    }
    // Somebody who comes again goes on, also behind the end.
    let mut again = scene.server.client.reads(&stream, Some("124")).await;
    assert_eq!(again.must().await.id, "125");
    let mut later = scene
        .server
        .client
        .reads(format_args!("{stream}?after=126"), None)
        .await;
    scene.writes(126..=127).await;
    assert_eq!(later.must().await.id, "127");
    refused(&scene.server.client, &stream, "last")
        .await
        .problem(400, "bad-last-event-id");
}

#[tokio::test]
async fn viewers_that_come_at_any_time_all_see_the_same() {
    let scene = Scene::new().await;
    let stream = format!("{TRACE}/stream");
    let mut viewers = Vec::new();
    for start in (1..400).step_by(20) {
        let client = scene.server.client.clone();
        let path = stream.clone();
        viewers.push(tokio::spawn(async move {
            let mut viewer = client.reads(path, None).await;
            let mut seen = Vec::new();
            while seen.last() != Some(&400) {
                seen.push(viewer.must().await.id.parse::<u64>().unwrap());
            }
            seen
        }));
        scene.writes(start..=start + 19).await;
    }
    for viewer in viewers {
        let seen = within("a viewer", LIMIT, viewer).await.unwrap();
        assert_eq!(seen, (1..=400).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_stream_of_an_attempt_that_has_ended_ends_after_its_last_entry() {
    let scene = Scene::new().await;
    scene.writes(1..=3).await;
    let stream = format!("{TRACE}/stream");
    let mut watching = scene.server.client.reads(&stream, None).await;
    for seq in 1..=3 {
        assert_eq!(watching.must().await.id, seq.to_string());
    }
    scene.server.client.post("/sprints/1/cancel", json!({})).await.done();
    let mut late = scene.server.client.reads(&stream, Some("2")).await;
    assert_eq!(late.must().await.id, "3");
    for viewer in [&mut watching, &mut late] {
        assert_eq!(viewer.must().await.event, "end");
        assert!(within("the end of the stream", LIMIT, viewer.next()).await.is_none());
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_the_streams_of_traces_without_an_end() {
    let scene = Scene::new().await;
    scene.writes(1..=1).await;
    let mut viewer = scene.server.client.reads(format_args!("{TRACE}/stream"), None).await;
    assert_eq!(viewer.must().await.id, "1");
    within("the end of the server", LIMIT, scene.server.ends()).await;
    assert!(viewer.next().await.is_none());
}
