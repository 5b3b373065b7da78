//! A server that is asked to stop while its agent hangs: what the agent did is kept, and it goes on where it was.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../harness/mod.rs"]
mod harness;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Place, Server};
use serde_json::Value;
use team6_testkit::repositories::Repository;

const WRITES: &str = r#"{ edit = { path = "half.txt", content = "half" } }, { say = "It is written." }"#;
const DELIVERS: &str = r#"{ run = { command = "grep -q half half.txt" } },
    { tool = { name = "complete_task", arguments = { summary_what = "One.", summary_why = "Test." } } }"#;

/// One task, and the steps of whoever works on it.
fn scenario(steps: &str) -> String {
    format!(
        r##"title = "One file"
[[script]]
when = 'Plan a sprint'
steps = [{{ tool = {{ name = "submit_plan", arguments = {{ prd = "# One file", tasks = [
    {{ key = "one", title = "File one", what = "w", why = "w", acceptance_criteria = ["a"], estimate_minutes = 5, specialty = "any", repositories = ["app"] }},
] }} }} }}]
[[script]]
when = '(?i)task \d+: File one'
steps = [{steps}]
"##
    )
}

/// A server whose agent has written a file, committed nothing, and hangs.
fn hanging(hang: &str) -> (Place, Server, Repository) {
    let place = Place::new("[agents]\nplanner = \"scripted\"\n");
    let scenario = place.file("scenario.toml", &scenario(&format!("{WRITES}, {hang}")));
    let server = place.up(&["--scenario", &scenario]);
    let origin = Repository::sample("two-crates").bare_clone();
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &origin.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "One file"]);
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    place.ok(&["sprint", "owners", "1", "1=ada"]);
    place.ok(&["sprint", "approve", "1"]);
    // The trace begins with the attempt.
    while place.run(&["task", "log", "1"]).code != 0 {}
    let mut viewer = place.spawn(&["task", "log", "1", "--follow", "--json"]);
    let mut lines = BufReader::new(viewer.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains("written")),
        "the agent wrote nothing: {}",
        place.log()
    );
    viewer.kill().unwrap();
    viewer.wait().unwrap();
    (place, server, origin)
}

/// Starts the server again with an agent that delivers what it finds, and checks that it was the same session.
fn goes_on(place: &Place, interrupted: &str) {
    let scenario = place.file("scenario.toml", &scenario(DELIVERS));
    let server = place.up(&["--scenario", &scenario]);
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    assert!(place.ok(&["task", "show", "1"]).contains("in review"));
    let log = place.ok(&["events", "--sprint", "1", "--json"]);
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let sessions: Vec<&Value> = of("session_opened")
        .iter()
        .map(|event| &event["data"]["session"])
        .collect();
    let [_, first, second] = sessions[..] else {
        panic!("{sessions:?}")
    };
    assert_eq!(first, second, "the session was gone on with");
    let why = of("attempt_interrupted");
    assert!(
        why.len() == 1 && why[0]["data"]["why"].as_str().unwrap().contains(interrupted),
        "{why:?}"
    );
    assert!(server.stop());
}

/// A file of the first task as the engine keeps it.
fn kept(place: &Place) -> String {
    let store = place.path().join("team6-data/workspaces/repos/app/import.git");
    let shown = Command::new("git")
        .arg("-C")
        .arg(&store)
        .args(["show", "refs/team6/work/task-1:half.txt"])
        .output()
        .unwrap();
    String::from_utf8(shown.stdout).unwrap()
}

/// Whether a process works in a folder below this one.
fn works_below(folder: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut folders = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    folders.any(|cwd| cwd.starts_with(folder))
}

#[test]
fn a_server_that_is_asked_to_stop_keeps_what_a_hanging_agent_did_and_goes_on_in_its_session() {
    let (place, server, _origin) = hanging("{ hang = true }");
    let began = Instant::now();
    assert!(server.stop());
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(kept(&place), "half");
    goes_on(&place, "the engine stops");
}

#[test]
fn a_server_that_is_asked_twice_ends_at_once_and_the_next_one_keeps_and_goes_on() {
    // It is deaf to being cancelled, which it is given twenty seconds for.
    let (place, server, _origin) = hanging("{ hang = { deaf = true } }");
    server.ask_to_stop();
    while !place.log().contains("stopping: ") {
        std::thread::yield_now();
    }
    let began = Instant::now();
    server.ask_to_stop();
    assert!(!server.ended(), "it did not end in order");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(place.log().contains("ended at once"), "{}", place.log());
    goes_on(&place, "the engine was restarted");
    assert_eq!(kept(&place), "half");
    assert!(!works_below(place.path()), "a process is left");
}
