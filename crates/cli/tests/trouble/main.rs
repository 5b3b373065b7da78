//! Agents that do not do their work, on a real server: what people are told, what is kept, and what is left behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../harness/mod.rs"]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use harness::Place;
use serde_json::Value;
use team6_testkit::repositories::Repository;

const SCENARIO: &str = include_str!("scenario.toml");

/// Each task of the scenario: its state in the end, what its reason says, and a file of it that is kept.
const TASKS: [(u64, &str, &[&str], Option<&str>); 12] = [
    (
        1,
        "failed",
        &["ended its turn without completing", "Something else came up."],
        Some("half.txt"),
    ),
    (2, "failed", &["nothing to deliver", "commit the work"], None),
    (3, "failed", &["the agent ended (exit code 0)"], Some("kept.txt")),
    (
        4,
        "failed",
        &["history was rewritten", "are kept as refs/team6/attempts/"],
        None,
    ),
    (
        5,
        "failed",
        &["the workspace of app is lost", "all that was in it was deleted"],
        None,
    ),
    (6, "in review", &["waits for review"], Some("garbage.txt")),
    (
        7,
        "failed",
        &["does not keep to the protocol", "more than 64 MB"],
        Some("flood.txt"),
    ),
    (8, "failed", &["said nothing for 15 s"], Some("hang.txt")),
    (9, "in review", &["waits for review"], Some("daemon.txt")),
    (10, "held", &["Usage limit reached", "in 1 h"], None),
    (
        11,
        "failed",
        &["does not keep to the protocol", "team6 agent check mute"],
        None,
    ),
    (12, "failed", &["exit code 127", "team6 agent check gone"], None),
];

/// Follows the sprint until each task is in its owner's hands, or held.
fn until_all_rest(place: &Place) {
    let mut viewer = place.spawn(&["events", "--sprint", "1", "--follow", "--json"]);
    let mut tasks = BTreeMap::new();
    let mut resting = BTreeSet::new();
    for line in BufReader::new(viewer.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let data = &event["data"];
        match event["kind"].as_str().unwrap() {
            "attempt_scheduled" => {
                tasks.insert(data["attempt"].as_u64().unwrap(), data["work"]["task"].as_u64());
            }
            "attempt_failed" => {
                resting.extend(tasks.get(&data["attempt"].as_u64().unwrap()).copied().flatten());
            }
            "pull_request_opened" => {
                resting.extend(data["task"].as_u64());
            }
            _ => {}
        }
        if resting.len() == TASKS.len() {
            break;
        }
    }
    viewer.kill().unwrap();
    viewer.wait().unwrap();
    assert_eq!(resting.len(), TASKS.len(), "the sprint ended early: {}", place.log());
}

/// The files that the engine keeps of a task.
fn kept(place: &Place, task: u64) -> String {
    let store = place.path().join("team6-data/workspaces/repos/app/import.git");
    let listed = Command::new("git")
        .arg("-C")
        .arg(&store)
        .args(["ls-tree", "--name-only", &format!("refs/team6/work/task-{task}")])
        .output()
        .unwrap();
    String::from_utf8(listed.stdout).unwrap()
}

/// Whether a process was started in a folder that lies in this one.
fn works_below(folder: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut folders = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    folders.any(|cwd| cwd.starts_with(folder))
}

#[test]
fn whatever_agents_do_people_are_told_what_happened_and_what_to_do() {
    let place = Place::new("silence = \"15s\"\nattempts = 1\n[agents]\nplanner = \"scripted\"\nat_once = 4\n");
    let scenario = place.file("scenario.toml", SCENARIO);
    let agent = |name: &str, program: &str| {
        let text = format!("+++\n{program}\nspecialties = [\"{name}\"]\n+++\n");
        place.file(&format!("agents/{name}.md"), &text);
    };
    agent("mute", "command = \"cat\"");
    agent("gone", "command = \"sh\"\nargs = [\"-c\", \"exit 127\"]");
    let server = place.up(&["--scenario", &scenario]);
    let repository = Repository::sample("two-crates").bare_clone();
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &repository.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "Trouble"]);
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    let owners: Vec<String> = TASKS.iter().map(|(task, ..)| format!("{task}=ada")).collect();
    let mut own = vec!["sprint", "owners", "1"];
    own.extend(owners.iter().map(String::as_str));
    place.ok(&own);
    place.ok(&["sprint", "approve", "1"]);
    until_all_rest(&place);

    let sprint = place.ok(&["sprint", "show", "1"]);
    let next = "team6 task retry 1 --note TEXT   tries again";
    assert!(
        sprint.contains(next) && sprint.contains("team6 inbox --all --sprint 1"),
        "{sprint}"
    );

    for (task, state, reasons, _) in TASKS {
        let shown = place.ok(&["task", "show", &task.to_string()]);
        let line = |name: &str| {
            let found = shown.lines().find(|line| line.starts_with(name));
            found.unwrap_or_else(|| panic!("no {name}: {shown}")).to_owned()
        };
        assert!(line("state").contains(state), "{shown}");
        for reason in reasons {
            assert!(line("why").contains(reason), "\"{reason}\" is missing: {shown}");
        }
        let next = if state == "in review" {
            "task review"
        } else {
            "task log"
        };
        assert!(shown.contains(&format!("team6 {next} {task}")), "{shown}");
        assert!(
            state != "failed" || shown.contains(&format!("team6 task retry {task}")),
            "{shown}"
        );
    }
    // The server ends when every agent has, and every workspace is given back.
    assert!(server.stop());
    for (task, _, _, file) in TASKS {
        let kept = kept(&place, task);
        assert!(
            file.is_none_or(|file| kept.lines().any(|kept| kept == file)),
            "task {task}: {kept}"
        );
    }
    let slots = std::fs::read_dir(place.path().join("team6-data/workspaces/slots")).unwrap();
    assert_eq!(slots.count(), 0, "a workspace is left");
    assert!(!works_below(place.path()), "a process is left");
}
