//! One stream for all that a browser follows: it tells everything once, in batches, wherever the connection breaks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use team6_core::ids::AttemptId;
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_testkit::wait::within;

use crate::client::{Client, LIMIT};
use crate::live::next;
use crate::server::Server;
use crate::stream::{Reader, refused};

/// A server with two planning attempts that wait for their worker, and traces as a worker writes them.
struct Scene {
    server: Server,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::open().await;
        server.with_project().await;
        server.sprint().await;
        server.sprint().await;
        Self { server }
    }

    async fn writes(&self, attempt: &str, entries: std::ops::RangeInclusive<u64>) {
        let attempt: AttemptId = attempt.parse().unwrap();
        let entry = |seq| TraceEntry {
            seq,
            at: Timestamp(1_000),
            body: TraceBody::Message {
                text: format!("step {seq}"),
            },
        };
        let entries: Vec<TraceEntry> = entries.map(entry).collect();
        self.server.app.control.traces.append(attempt, &entries).await.unwrap();
    }

    /// Something on the log of a sprint.
    async fn says(&self, sprint: u64, text: &str) {
        let path = format!("/sprints/{sprint}/messages");
        self.server.client.post(path, json!({ "text": text })).await.done();
    }

    async fn head(&self) -> u64 {
        self.server.client.get("/health").await.done()["head"].as_u64().unwrap()
    }
}

/// What a reader was told, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    positions: Vec<u64>,
    traces: BTreeMap<String, Vec<u64>>,
    ended: Vec<String>,
    cursor: String,
}

impl Heard {
    fn note(&mut self, event: &eventsource_stream::Event) {
        self.cursor.clone_from(&event.id);
        if event.event != "batch" {
            return;
        }
        let batch: Value = serde_json::from_str(&event.data).unwrap();
        let number = |of: &Value, field: &str| of[field].as_u64().unwrap();
        for told in batch["events"].as_array().unwrap() {
            self.positions.push(number(told, "position"));
        }
        for part in batch["traces"].as_array().unwrap() {
            let attempt = part["attempt"].as_str().unwrap().to_owned();
            let entries = part["entries"].as_array().unwrap().iter();
            self.traces
                .entry(attempt.clone())
                .or_default()
                .extend(entries.map(|entry| number(entry, "seq")));
            if part["ended"] == true {
                self.ended.push(attempt);
            }
        }
    }

    /// Listens until something is so.
    async fn until(&mut self, reader: &mut Reader, so: impl Fn(&Self) -> bool) {
        while !so(self) {
            let event = within("more of the stream", LIMIT, reader.next()).await;
            self.note(&event.unwrap_or_else(|| panic!("the stream ended: {self:?}")));
        }
    }

    fn last(&self, attempt: &str) -> u64 {
        self.traces
            .get(attempt)
            .and_then(|seen| seen.last())
            .copied()
            .unwrap_or_default()
    }
}

#[tokio::test]
async fn events_and_traces_come_together_with_one_place_for_all_of_them() {
    let scene = Scene::new().await;
    scene.writes("s1-a1", 1..=3).await;
    let begin = scene.head().await;
    let topics = "/stream?topics=sprint:1,trace:s1-a1@2,trace:s2-a1";
    let mut reader = scene.server.client.reads(topics, None).await;
    let ready = reader.must().await;
    assert_eq!(
        (ready.event.as_str(), ready.id),
        ("ready", format!("{begin};s1-a1@2;s2-a1@0"))
    );
    let mut heard = Heard::default();
    heard.until(&mut reader, |heard| heard.last("s1-a1") == 3).await;
    scene.says(2, "not for this reader").await;
    scene.says(1, "hello").await;
    scene.writes("s2-a1", 1..=2).await;
    heard
        .until(&mut reader, |heard| {
            heard.last("s2-a1") == 2 && !heard.positions.is_empty()
        })
        .await;
    let head = scene.head().await;
    assert_eq!((heard.positions, &heard.traces["s1-a1"]), (vec![head], &vec![3]));
    assert_eq!(heard.cursor, format!("{head};s1-a1@3;s2-a1@2"));
    // Somebody who comes again with other topics: a place that is known goes before what the topic says.
    scene.writes("s1-a1", 4..=4).await;
    let again = format!("/stream?topics=sprint:2,trace:s1-a1@1&cursor={}", heard.cursor);
    let mut reader = scene.server.client.reads(again, None).await;
    assert_eq!(reader.must().await.id, format!("{head};s1-a1@3"));
    let mut heard = Heard::default();
    heard.until(&mut reader, |heard| heard.last("s1-a1") == 4).await;
    assert_eq!((heard.positions, &heard.traces["s1-a1"]), (vec![], &vec![4]));
}

#[tokio::test]
async fn an_event_says_at_which_version_its_stream_is() {
    let scene = Scene::new().await;
    let mut reader = scene.server.client.reads("/stream?topics=sprint:1", None).await;
    reader.must().await;
    scene.says(1, "hello").await;
    let batch: Value = serde_json::from_str(&reader.must().await.data).unwrap();
    let told = &batch["events"][0];
    let sprint = scene.server.client.get("/sprints/1").await.done();
    assert_eq!(
        (&told["version"], &told["kind"]),
        (&sprint["version"], &json!("message_sent"))
    );
    assert_eq!(batch["position"], told["position"]);
}

#[tokio::test]
async fn what_happens_within_a_moment_comes_in_one_batch() {
    let scene = Scene::new().await;
    let mut reader = scene.server.client.reads("/stream?topics=trace:s1-a1", None).await;
    reader.must().await;
    let (mut heard, mut batches) = (Heard::default(), 0);
    let began = tokio::time::Instant::now();
    for seq in 1..=200 {
        scene.writes("s1-a1", seq..=seq).await;
    }
    while heard.last("s1-a1") < 200 {
        heard.note(&reader.must().await);
        batches += 1;
    }
    let most = began.elapsed().as_millis() / 80 + 2;
    assert!(batches <= most, "{batches} batches in {:?}", began.elapsed());
    assert_eq!(heard.traces["s1-a1"], (1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_end_of_a_trace_is_told_once_and_the_stream_goes_on() {
    let scene = Scene::new().await;
    scene.writes("s1-a1", 1..=2).await;
    let topics = "/stream?topics=project:shop,trace:s1-a1";
    let mut reader = scene.server.client.reads(topics, None).await;
    let mut heard = Heard::default();
    heard.until(&mut reader, |heard| heard.last("s1-a1") == 2).await;
    let cancel = scene.server.client.post("/sprints/1/cancel", json!({}));
    cancel.await.done();
    heard.until(&mut reader, |heard| !heard.ended.is_empty()).await;
    scene.says(2, "after the end").await;
    let head = scene.head().await;
    heard
        .until(&mut reader, |heard| heard.positions.last() == Some(&head))
        .await;
    assert_eq!(
        (heard.ended, &heard.traces["s1-a1"]),
        (vec!["s1-a1".to_owned()], &vec![1, 2])
    );
}

#[tokio::test]
async fn a_stream_that_cannot_be_is_refused_with_what_to_write() {
    let scene = Scene::new().await;
    let client = &scene.server.client;
    let text = client.get("/stream?topics=task:3").await.refused(400, "bad-query");
    assert!(text.contains("trace:s3-a7"), "{text}");
    let mut many = String::new();
    for n in 0..51 {
        let _ = write!(many, "trace:s1-a{n},");
    }
    client
        .get(format_args!("/stream?topics={many}"))
        .await
        .refused(400, "bad-query");
    client
        .get("/stream?topics=trace:s1-a9")
        .await
        .refused(404, "no-such-attempt");
    client.get("/stream?cursor=1;x").await.refused(400, "bad-query");
    refused(client, "/stream", "1;s1-a1")
        .await
        .problem(400, "bad-last-event-id");
    let mut future = client
        .reads("/stream?cursor=1000000;s1-a1@3&topics=trace:s1-a1", None)
        .await;
    assert_eq!(future.must().await.event, "reset");
}

/// Follows everything over connections that break off anywhere, until all is heard.
async fn hears_over_a_bad_line(client: &Client, mut seed: u64, head: u64, entries: u64) -> (Heard, u32) {
    let (mut heard, mut connections, mut holds) = (Heard::default(), 0, 1);
    heard.cursor = "0".to_owned();
    let is_whole = |heard: &Heard| {
        heard.positions.last() == Some(&head) && heard.last("s1-a1") == entries && heard.last("s2-a1") == entries
    };
    while !is_whole(&heard) {
        // A batch that is longer than the connection gets through one that holds longer.
        let most = usize::try_from(next(&mut seed) % 1_500).unwrap() * holds;
        let before = heard.cursor.clone();
        let path = "/stream?topics=project:shop,trace:s1-a1,trace:s2-a1";
        let mut reader = client.reads_bytes(path, Some(&heard.cursor), most).await;
        connections += 1;
        while let Some(event) = within("more of the stream", LIMIT, reader.next()).await {
            heard.note(&event);
            if is_whole(&heard) {
                break;
            }
        }
        holds = if heard.cursor == before { holds * 2 } else { 1 };
    }
    (heard, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_whose_connections_break_off_a_hundred_times_miss_nothing_and_get_nothing_twice() {
    let seed = std::env::var("TEAM6_STREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or(6);
    println!("TEAM6_STREAM_SEED={seed}");
    let scene = Scene::new().await;
    let head = scene.head().await + 300;
    let readers = (seed..seed + 4).map(|seed| {
        let client = scene.server.client.clone();
        tokio::spawn(async move { (seed, hears_over_a_bad_line(&client, seed, head, 600).await) })
    });
    let readers: Vec<_> = readers.collect();
    for n in 0..300 {
        scene.says(1 + n % 2, "a line of a conversation").await;
        scene.writes("s1-a1", 2 * n + 1..=2 * n + 2).await;
        scene.writes("s2-a1", 2 * n + 1..=2 * n + 2).await;
    }
    let mut all = 0;
    for reader in readers {
        let (seed, (heard, connections)) = within("a reader", LIMIT, reader).await.unwrap();
        assert_eq!(heard.positions, (1..=head).collect::<Vec<_>>(), "seed {seed}");
        for attempt in ["s1-a1", "s2-a1"] {
            assert_eq!(heard.traces[attempt], (1..=600).collect::<Vec<_>>(), "seed {seed}");
        }
        all += connections;
    }
    assert!(all > 100, "seed {seed} broke off {all} times only");
}
