//! How many people can watch one server at once: how late each hears of what happens, and whether all hear everything.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use serde_json::{Value, json};
use team6_testkit::repositories::Repository;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::harness::Place;
use crate::row::Row;

const VIEWERS: usize = 500;
/// What happens while they watch, and how long after the one before.
const EVENTS: u64 = 100;
const BETWEEN: Duration = Duration::from_millis(50);
/// What the agent says meanwhile.
const SAID: usize = 100;
const TARGET: Duration = Duration::from_millis(200);

fn scenario() -> String {
    let said: String = (0..SAID)
        .map(|n| format!("    {{ say = \"Sentence {n} of many.\" }},\n    {{ pause = {{ ms = 60 }} }},\n"))
        .collect();
    format!(
        "title = \"A long thought\"\n[[script]]\nwhen = 'Plan a sprint'\nsteps = [\n    {{ wait_for = {{ path = \"SIGNALS/go\", \
         timeout = 120 }} }},\n{said}]\n"
    )
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn late(at: &Value) -> Duration {
    Duration::from_millis(u64::try_from(now() - at.as_i64().unwrap()).unwrap_or_default())
}

/// How late a viewer heard of each event and each entry; that nothing was left out is looked at.
struct Heard {
    events: Vec<Duration>,
    entries: Vec<Duration>,
}

/// Watches until an event; says once it is told of what happens.
async fn watches(client: reqwest::Client, url: String, token: String, until: u64, ready: mpsc::Sender<()>) -> Heard {
    let path = "/api/v1/stream?topics=project:shop,inbox:ada,trace:s1-a1";
    let request = client.get(format!("{url}{path}")).bearer_auth(token);
    let mut stream = request.send().await.unwrap().bytes_stream().eventsource();
    let (mut heard, mut position, mut seq) = (
        Heard {
            events: Vec::new(),
            entries: Vec::new(),
        },
        0,
        0,
    );
    while position < until {
        let message = stream.next().await.unwrap().unwrap();
        let data: Value = serde_json::from_str(&message.data).unwrap();
        if message.event == "ready" {
            position = data["position"].as_u64().unwrap();
            ready.send(()).await.unwrap();
            continue;
        }
        for event in data["events"].as_array().unwrap() {
            let at = event["position"].as_u64().unwrap();
            assert_eq!(at, position + 1, "an event was left out or came twice");
            position = at;
            heard.events.push(late(&event["at"]));
        }
        for entry in data["traces"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|part| part["entries"].as_array().unwrap())
        {
            assert_eq!(
                entry["seq"].as_u64().unwrap(),
                seq + 1,
                "an entry was left out or came twice"
            );
            seq += 1;
            if entry["body"]["kind"] == "message" {
                heard.entries.push(late(&entry["at"]));
            }
        }
    }
    heard
}

pub fn measure() -> Vec<Row> {
    let place = Place::new("[agents]\nplanner = \"scripted\"\nsees = [\"PLACE/signals\"]\n");
    let signals = place.path().join("signals");
    std::fs::create_dir(&signals).unwrap();
    // The agent sees it from its sandbox.
    for folder in [place.path(), &signals] {
        std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    let scenario = scenario().replace("SIGNALS", signals.to_str().unwrap());
    let scenario = place.file("scenario.toml", &scenario);
    let server = place.up(&["--scenario", &scenario]);
    let origin = Repository::sample("two-crates").bare_clone();
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &origin.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "A long thought"]);
    place.event("session_opened", |_| true);
    let url = std::fs::read_to_string(place.path().join("team6-data/address"))
        .unwrap()
        .trim()
        .to_owned();
    let token = std::fs::read_to_string(place.path().join("team6-data/token"))
        .unwrap()
        .trim()
        .to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut events, mut entries) = runtime.block_on(watched(&url, &token, || {
        std::fs::write(signals.join("go"), "").unwrap();
    }));
    assert!(server.stop());
    let heard = format!(
        "{} events and {} entries heard, none left out",
        events.len(),
        entries.len()
    );
    vec![
        Row::times(
            &format!("from an event to each of {VIEWERS} viewers"),
            &mut events,
            TARGET,
        )
        .beside(heard),
        Row::times(
            &format!("from a message of an agent to each of {VIEWERS} viewers"),
            &mut entries,
            TARGET,
        )
        .beside("nothing follows a message: its last words are waited for included"),
    ]
}

async fn watched(url: &str, token: &str, go: impl FnOnce()) -> (Vec<Duration>, Vec<Duration>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let head = client.get(format!("{url}/api/v1/health")).send().await.unwrap();
    let head: Value = serde_json::from_str(&head.text().await.unwrap()).unwrap();
    // The heartbeats of the agent are events too, so there are at least so many.
    let until = head["head"].as_u64().unwrap() + EVENTS;
    let mut viewers = JoinSet::new();
    let (ready, mut told) = mpsc::channel(VIEWERS);
    for _ in 0..VIEWERS {
        viewers.spawn(watches(
            client.clone(),
            url.to_owned(),
            token.to_owned(),
            until,
            ready.clone(),
        ));
    }
    // What was said before somebody watched does not come late.
    for _ in 0..VIEWERS {
        told.recv().await.unwrap();
    }
    go();
    for n in 0..EVENTS {
        let order = client.patch(format!("{url}/api/v1/projects/shop")).bearer_auth(token);
        let done = order.json(&json!({ "concurrency": 1 + n % 2 })).send().await.unwrap();
        assert!(done.status().is_success());
        tokio::time::sleep(BETWEEN).await;
    }
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    while let Some(heard) = viewers.join_next().await {
        let heard = heard.unwrap();
        events.extend(heard.events);
        entries.extend(heard.entries);
    }
    (events, entries)
}
