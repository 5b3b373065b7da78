//! The engine is killed at fifty moments of a running sprint, and started again each time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// How often the engine is killed.
const KILLS: u32 = 50;
/// How long the engine may take for the next event, and for all of the rest in the end.
const LIMIT: Duration = Duration::from_secs(60);

/// An engine that plays the sprint, and the lines that it prints.
struct Engine {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Only a test that failed leaves it alive.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Engine {
    fn start(folder: &Path) -> Self {
        let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill/scenario.toml");
        let mut child = Command::new(env!("CARGO_BIN_EXE_team6"))
            .args(["demo", "--json", "--scenario", scenario, "--in"])
            .arg(folder)
            .env("TMPDIR", folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A line that was cut by the kill is no event.
                if let Ok(event) = serde_json::from_str(&line) {
                    let _ = send.send(event);
                }
            }
        });
        Self { child, lines }
    }

    /// Kills it after `count` events beyond `seen`. False if the sprint ended before.
    fn kill_after(mut self, seen: &mut u64, count: u64) -> bool {
        let until = *seen + count;
        let mut alive = true;
        while *seen < until {
            match self.lines.recv_timeout(LIMIT) {
                Ok(event) if event["kind"] == "demo_ended" => alive = false,
                Ok(event) => *seen = event["position"].as_u64().unwrap_or(*seen).max(*seen),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("no event came after {seen}"),
            }
        }
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert!(
            status.code().is_none_or(|code| code == 0),
            "the engine failed: {status}"
        );
        alive && status.code().is_none()
    }

    /// Lets it play to the end; gives every event of the log.
    fn finish(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(event) => events.push(event),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the sprint does not end: {:#?}", events.last()),
            }
        }
        assert!(self.child.wait().unwrap().success());
        events
    }
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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
fn a_sprint_survives_an_engine_that_is_killed_again_and_again() {
    let seed = std::env::var("TEAM6_KILL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(6_u64);
    println!("TEAM6_KILL_SEED={seed}");
    let mut state = seed;
    let folder = tempfile::Builder::new()
        .prefix("team6-kill-")
        .disable_cleanup(true)
        .tempdir()
        .unwrap();
    println!("the folder stays when the test fails: {}", folder.path().display());
    let mut seen = 0;
    let mut kills = 0;
    while kills < KILLS {
        // Few events at a time, so that all of the kills fall into the sprint.
        let count = next(&mut state) % 5 + u64::from(seen == 0);
        if !Engine::start(folder.path()).kill_after(&mut seen, count) {
            break;
        }
        kills += 1;
    }
    let events = Engine::start(folder.path()).finish();
    assert_eq!(kills, KILLS, "the sprint ended too early; it needs more work");

    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
    assert_eq!(of("sprint_finished"), 1);
    assert_eq!(of("task_done"), 6);
    assert_eq!(of("sprint_opened"), 1);
    let versions: Vec<u64> = events.iter().filter_map(|event| event["version"].as_u64()).collect();
    assert_eq!(
        versions,
        (1..=versions.len() as u64).collect::<Vec<_>>(),
        "an event is lost"
    );
    let requests: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| event["kind"] == "pull_request_opened")
        .map(|event| {
            (
                event["body"]["task"].as_u64().unwrap(),
                event["body"]["number"].as_u64().unwrap(),
            )
        })
        .collect();
    let tasks: BTreeSet<u64> = requests.iter().map(|(task, _)| *task).collect();
    let numbers: BTreeSet<u64> = requests.iter().map(|(_, number)| *number).collect();
    assert_eq!(
        (tasks.len(), numbers.len()),
        (6, 6),
        "a pull request was opened twice: {requests:?}"
    );
    for name in ["one", "two", "three", "four", "five", "six"] {
        let file = folder.path().join(format!("ledger/{name}.txt"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), format!("{name}\n"));
    }
    let changes = folder.path().join("data/forge/ledger/forge.git/refs/team6/changes");
    assert_eq!(std::fs::read_dir(changes).unwrap().count(), 6);
    let left = std::fs::read_dir(folder.path().join("data/workspaces/slots"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "a workspace is left");
    assert_eq!(processes_in(folder.path()), Vec::<String>::new());
    std::fs::remove_dir_all(folder.path()).unwrap();
}
