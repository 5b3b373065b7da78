//! The server is killed at fifty moments of a running sprint, and started again each time, while people go on with
//! what waits for them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../harness/mod.rs"]
mod harness;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use harness::Place;
use serde_json::Value;
use team6_testkit::repositories::Repository;

/// How often the server is killed.
const KILLS: u32 = 50;
/// The longest time between an event and the kill that follows it, in milliseconds.
const LONGEST_PAUSE: u64 = 60;
/// How long the server may take for the next event, and for all of the rest in the end.
const LIMIT: Duration = Duration::from_secs(90);

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A port that is free now. The server comes back on it each time, so that whoever follows finds it again.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Does what waits for people until the sprint is closed, whether the server is there or not.
fn people(place: &Place) {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < LIMIT * 4, "the sprint does not end: {}", place.log());
        let waits = place.run(&["sprint", "watch", "1", "--until", "person", "--json"]);
        if waits.code == 0 && waits.stdout.trim().is_empty() {
            return;
        }
        let Some(last) = waits.stdout.lines().last().filter(|_| waits.code == 0) else {
            continue;
        };
        // The last line is the inbox; or an event, if that was how the sprint ended.
        let Ok(Value::Array(entries)) = serde_json::from_str(last) else {
            return;
        };
        for entry in &entries {
            let task = entry["task"].to_string();
            match entry["kind"].as_str().unwrap() {
                "no_owner" => place.run(&["sprint", "owners", "1", "--suggested"]),
                "awaits_approval" => place.run(&["sprint", "approve", "1"]),
                "review" => place.run(&[
                    "task",
                    "review",
                    &task,
                    "--approve",
                    "--as",
                    entry["person"].as_str().unwrap(),
                ]),
                "merge" => place.run(&["task", "merge", &task, "--as", entry["person"].as_str().unwrap()]),
                _ => panic!("{entry:#}"),
            };
        }
    }
}

/// Follows the sprint through all restarts with one command, and hands on each event.
fn viewer(place: &Place, events: &mpsc::Sender<Value>) {
    let mut child = place.spawn(&["sprint", "watch", "1", "--json"]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let _ = events.send(serde_json::from_str(&line).unwrap());
    }
    assert!(child.wait().unwrap().success(), "the viewer gave up");
}

/// Processes whose environment carries the mark of this data folder's trees.
fn processes_in(folder: &Path) -> Vec<String> {
    let needle = folder.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let marked = entries.filter_map(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let text = String::from_utf8_lossy(&environment).into_owned();
        let ours = text.contains("TEAM6_TREE=") && text.contains(&needle);
        ours.then(|| {
            format!(
                "{:?}: {:?}",
                entry.file_name(),
                std::fs::read_to_string(entry.path().join("cmdline"))
            )
        })
    });
    marked.collect()
}

#[test]
fn a_sprint_survives_a_server_that_is_killed_again_and_again() {
    let seed = std::env::var("TEAM6_KILL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(6_u64);
    println!("TEAM6_KILL_SEED={seed}");
    let mut state = seed;
    let port = port();
    let mut place = Place::listening(port, "[agents]\nplanner = \"scripted\"\n");
    place.folder.disable_cleanup(true);
    println!("the folder stays when the test fails: {}", place.path().display());
    let origin = Repository::sample("two-crates").bare_clone();
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill/scenario.toml");
    let mut server = place.up(&["--scenario", scenario]);
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &origin.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "Six files"]);

    let (send, receive) = mpsc::channel::<Value>();
    let mut followed = Vec::new();
    let (kills, server) = std::thread::scope(|scope| {
        let place = &place;
        let acting = scope.spawn(move || people(place));
        scope.spawn(move || viewer(place, &send));
        let mut kills = 0;
        while kills < KILLS {
            // Few events at a time, so that all of the kills fall into the sprint; the viewer is there from the first on.
            for _ in 0..next(&mut state) % 5 + u64::from(kills == 0) {
                match receive.recv_timeout(LIMIT) {
                    Ok(event) => followed.push(event),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return (kills, server),
                    Err(mpsc::RecvTimeoutError::Timeout) => panic!("no event came: {}", place.log()),
                }
            }
            // An event is what the engine has just stored: without a pause, all kills would fall on what it does right
            // after that, and none into the middle of a push, an import or a merge. The pause is the point of the test.
            std::thread::sleep(Duration::from_millis(next(&mut state) % LONGEST_PAUSE));
            server.kill();
            kills += 1;
            server = place.up(&["--scenario", scenario]);
        }
        acting.join().unwrap();
        followed.extend(receive.iter());
        (kills, server)
    });
    assert_eq!(kills, KILLS, "the sprint ended too early; it needs more work");

    let log = place.ok(&["events", "--sprint", "1", "--json"]);
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    check(&events, &followed, &place, &origin);
    let databases = place.ok(&["admin", "check"]);
    assert!(databases.contains("sound"), "{databases}");
    assert!(server.stop());
    // What one that ended had no time for is put right by the next.
    assert!(place.up(&["--scenario", scenario]).stop());
    let homes = std::fs::read_dir(place.path().join("team6-data/homes")).unwrap();
    let homes: Vec<_> = homes.map(|home| home.unwrap().file_name()).collect();
    assert_eq!(homes, [""; 0], "an agent's home is left");
    let slots = std::fs::read_dir(place.path().join("team6-data/workspaces/slots")).unwrap();
    assert_eq!(slots.count(), 0, "a workspace is left");
    assert_eq!(processes_in(place.path()), Vec::<String>::new());
    std::fs::remove_dir_all(place.path()).unwrap();
}

/// Nothing was lost and nothing happened twice: in the log, for the one who followed, and in the repository.
fn check(events: &[Value], followed: &[Value], place: &Place, origin: &Repository) {
    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
    assert_eq!((of("sprint_opened"), of("task_done"), of("sprint_finished")), (1, 8, 1));
    assert_eq!(of("subtask_added"), 2, "a part was handed over twice");
    assert_eq!(of("subtask_given_up"), 0);
    let versions: Vec<u64> = events.iter().filter_map(|event| event["version"].as_u64()).collect();
    assert_eq!(
        versions,
        (1..=versions.len() as u64).collect::<Vec<_>>(),
        "an event is lost"
    );
    let position = |event: &Value| event["position"].as_u64().unwrap();
    let from = position(&followed[0]);
    let logged: Vec<&Value> = events.iter().filter(|event| position(event) >= from).collect();
    for (seen, logged) in followed.iter().zip(&logged) {
        // A live stream leaves out what its reader knows; all that it tells is as it stands in the log.
        let told: serde_json::Map<String, Value> = seen.as_object().unwrap().clone();
        let same: serde_json::Map<String, Value> = told.keys().map(|key| (key.clone(), logged[key].clone())).collect();
        assert_eq!(told, same, "the viewer missed something, or saw it otherwise");
        assert!(
            ["position", "at", "actor", "kind", "data"]
                .iter()
                .all(|key| told.contains_key(*key))
        );
    }
    assert_eq!(followed.len(), logged.len(), "the viewer missed the end");
    let requests = events.iter().filter(|event| event["kind"] == "pull_request_opened");
    let requests: Vec<_> = requests
        .map(|event| {
            (
                event["data"]["task"].as_u64().unwrap(),
                event["data"]["number"].as_u64().unwrap(),
            )
        })
        .collect();
    let tasks: BTreeSet<u64> = requests.iter().map(|(task, _)| *task).collect();
    let numbers: BTreeSet<u64> = requests.iter().map(|(_, number)| *number).collect();
    assert_eq!(
        (tasks.len(), numbers.len()),
        (8, 8),
        "a pull request was opened twice: {requests:?}"
    );
    for part in ["left", "right"] {
        assert_eq!(origin.git(&["show", &format!("main:{part}.txt")]), part);
    }
    for name in ["one", "two", "three", "four", "five", "six"] {
        assert_eq!(origin.git(&["show", &format!("main:{name}.txt")]), name);
        let merges = origin.git(&[
            "log",
            "--merges",
            "--format=%s",
            "--grep",
            &format!("File {name}"),
            "main",
        ]);
        assert_eq!(merges.lines().count(), 1, "{name}: {merges}");
    }
    let changes = place.path().join("team6-data/forge/app/forge.git/refs/team6/changes");
    assert_eq!(std::fs::read_dir(changes).unwrap().count(), 8);
}
