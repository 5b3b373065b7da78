//! The live stream: nothing is missed, nothing comes twice, whatever happens to the connection.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use team6_testkit::wait::within;

use crate::client::{Answer, Client, LIMIT};
use crate::server::{Server, plan};
use crate::stream::refused;

/// Lets something happen in the project `shop`, `count` times.
async fn something_happens(client: &Client, count: u64) {
    for n in 0..count {
        let request = client.request(Method::PATCH, "/projects/shop");
        Answer::to(request.json(&json!({ "concurrency": 1 + n % 2 })))
            .await
            .done();
    }
}

/// SplitMix64.
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Reads the log up to a position over connections that break off anywhere, also in the middle of an event.
async fn reads_over_a_bad_line(client: &Client, seed: u64, until: u64) -> (Vec<u64>, u32) {
    let (mut seen, mut last, mut connections) = (Vec::new(), "0".to_owned(), 0);
    let mut state = seed;
    while seen.last() != Some(&until) {
        let most = usize::try_from(next(&mut state) % 1_500).unwrap();
        let mut reader = client.reads_bytes("/events", Some(&last), most).await;
        connections += 1;
        let first = reader.next().await;
        assert!(first.is_none_or(|event| event.event == "ready" && event.id == last));
        while let Some(event) = reader.next().await {
            let live: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(live["position"].to_string(), event.id);
            seen.push(live["position"].as_u64().unwrap());
            last = event.id;
            if seen.last() == Some(&until) {
                break;
            }
        }
    }
    (seen, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_whose_connections_break_off_at_any_byte_miss_nothing_and_get_nothing_twice() {
    let seed = std::env::var("TEAM6_STREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(6);
    println!("TEAM6_STREAM_SEED={seed}");
    let server = Server::open().await;
    server.with_project().await;
    let head = server.client.get("/health").await.done()["head"].as_u64().unwrap();
    let until = head + 150;
    let readers = (seed..seed + 8).map(|seed| {
        let client = server.client.clone();
        tokio::spawn(async move { (seed, reads_over_a_bad_line(&client, seed, until).await) })
    });
    let readers: Vec<_> = readers.collect();
    something_happens(&server.client, 150).await;
    for reader in readers {
        let (seed, (seen, connections)) = within("a reader", LIMIT, reader).await.unwrap();
        assert_eq!(seen, (1..=until).collect::<Vec<_>>(), "seed {seed}");
        assert!(connections > 10, "seed {seed} broke off {connections} times only");
    }
}

#[tokio::test]
async fn a_new_reader_begins_now_and_is_told_where_that_is() {
    let server = Server::open().await;
    server.with_project().await;
    let mut reader = server.client.reads("/events", None).await;
    let head = server.client.get("/health").await.done()["head"].take();
    assert_eq!(
        reader.take(1).await,
        [("ready".to_owned(), json!({ "position": head }))]
    );
    something_happens(&server.client, 1).await;
    let (name, event) = reader.take(1).await.remove(0);
    assert_eq!(name, "concurrency_set");
    assert_eq!(event["position"].as_u64(), head.as_u64().map(|head| head + 1));
    assert_eq!(
        (&event["stream"], &event["actor"]),
        (&json!("project/shop"), &json!("ada"))
    );
    // A cursor may also stand in the query; the header goes before it.
    let mut reader = server
        .client
        .reads(format_args!("/events?after=0&topics=project:shop"), None)
        .await;
    assert_eq!(reader.take(2).await[1].0, "project_created");
    let mut reader = server.client.reads("/events?after=0", Some("1")).await;
    assert_eq!(reader.take(1).await[0].1["position"], 1);
    refused(&server.client, "/events", "yesterday")
        .await
        .problem(400, "bad-last-event-id");
}

#[tokio::test]
async fn readers_get_what_they_asked_for_and_nothing_else() {
    let server = Server::open().await;
    server.with_project().await;
    let client = &server.client;
    client.post("/projects", json!({ "id": "web" })).await.done();
    let first = server.sprint().await;
    let lin = client.acting_for("lin");
    let open = json!({ "project": "shop", "goal": "A lexer" });
    let second = lin.post("/sprints", open).await.done()["item"]["id"].as_u64().unwrap();
    client.saves(first, 0, &plan(&[("lexer", &[])])).await.done();
    client
        .acting_for("lin")
        .saves(second, 0, &plan(&[("lexer", &[])]))
        .await
        .done();
    client
        .post(format_args!("/sprints/{first}/cancel"), json!({}))
        .await
        .done();
    // What everybody hears of last.
    lin.post(format_args!("/sprints/{second}/cancel"), json!({}))
        .await
        .done();
    let log = client.get("/log?limit=1000").await.done()["items"].take();
    let log = log.as_array().unwrap();
    let of = |streams: &[String]| -> Vec<u64> {
        let wanted = log
            .iter()
            .filter(|event| streams.iter().any(|stream| event["stream"] == *stream));
        wanted.map(|event| event["position"].as_u64().unwrap()).collect()
    };
    let (one, two) = (format!("sprint/{first}"), format!("sprint/{second}"));
    let (shop, web) = ("project/shop".to_owned(), "project/web".to_owned());
    for (topics, streams) in [
        (format!("sprint:{second}"), vec![two.clone()]),
        (
            format!("sprint:{first},sprint:{second}"),
            vec![one.clone(), two.clone()],
        ),
        ("project:shop".to_owned(), vec![shop.clone(), one.clone(), two.clone()]),
        (format!("project:web, sprint:{second}"), vec![web, two.clone()]),
        ("inbox:lin".to_owned(), vec![two.clone()]),
    ] {
        let wanted = of(&streams);
        let mut reader = client
            .reads(format_args!("/events?after=0&topics={topics}"), None)
            .await;
        let got = reader.take(1 + wanted.len()).await;
        let got: Vec<u64> = got[1..]
            .iter()
            .map(|(_, event)| event["position"].as_u64().unwrap())
            .collect();
        assert_eq!(got, wanted, "{topics}");
    }
}

#[tokio::test]
async fn a_cursor_that_the_log_does_not_reach_begins_anew() {
    let server = Server::open().await;
    server.with_project().await;
    let head = server.client.get("/health").await.done()["head"].as_u64().unwrap();
    let reset = ("reset".to_owned(), json!({ "position": head }));
    let mut future = server.client.reads("/events", Some("1000000")).await;
    assert_eq!(future.take(1).await[0], reset);
    // The log before some position is not kept for ever.
    let options = SqliteConnectOptions::new()
        .filename(server.data().join("team6.db"))
        .foreign_keys(false);
    let mut other = options.connect().await.unwrap();
    sqlx::query("DELETE FROM events WHERE position = 1")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let mut old = server.client.reads("/events", Some("0")).await;
    assert_eq!(old.take(1).await[0], reset);
    let mut kept = server.client.reads("/events", Some("1")).await;
    assert_eq!(kept.take(1).await, [("ready".to_owned(), json!({ "position": 1 }))]);
    server.client.post("/projects", json!({ "id": "web" })).await.done();
    for reader in [&mut future, &mut old] {
        assert_eq!(reader.take(1).await[0].1["position"], head + 1);
    }
}

#[tokio::test]
async fn a_reader_that_hears_nothing_is_told_that_the_stream_is_alive() {
    let server = Server::open().await;
    let request = server.client.request(Method::GET, "/events");
    let mut response = request.send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: ready"), "{first:?}");
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(response.chunk().await.unwrap().unwrap(), ":\n\n");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_large_event_is_told_without_its_content() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let mut reader = server.client.reads("/events", None).await;
    let mut large = plan(&[("lexer", &[])]);
    large["prd"] = json!("x".repeat(90_000));
    server.client.saves(sprint, 0, &large).await.done();
    let told = reader.take(2).await.remove(1);
    assert_eq!((told.0.as_str(), &told.1["data"]), ("plan_saved", &Value::Null));
    let before = told.1["position"].as_u64().unwrap() - 1;
    let whole = server
        .client
        .get(format_args!("/log?after={before}&limit=1"))
        .await
        .done();
    assert_eq!(whole["items"][0]["data"]["plan"]["prd"], large["prd"]);
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_still_gets_everything() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let mut slow = server.client.reads("/events", None).await;
    let text = "x".repeat(50_000);
    let path = format!("/sprints/{sprint}/messages");
    for _ in 0..200 {
        server.client.post(&path, json!({ "text": text })).await.done();
    }
    let head = server.client.get("/health").await.done()["head"].as_u64().unwrap();
    let mut last = 0;
    while last < head {
        let at: u64 = slow.must().await.id.parse().unwrap();
        assert!(last == 0 || at == last + 1, "{at} came after {last}");
        last = at;
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let server = Server::open().await;
    let mut reader = server.client.reads("/events", None).await;
    reader.must().await;
    within("the end of the server", LIMIT, server.ends()).await;
    assert!(reader.next().await.is_none());
}
