//! The demo, as a newcomer runs it.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is the failure of the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A demo that keeps its temporary files in this folder.
fn demo_in(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_team6"))
        .arg("demo")
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_demo_quietly() {
    let temp = tempfile::tempdir().unwrap();
    let mut demo = demo_in(temp.path());
    // One line, as `| head -1` takes it; then nobody reads any more.
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let output = demo.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{:?}: {stderr}",
        output.status
    );
    let left: Vec<_> = std::fs::read_dir(temp.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let temp = tempfile::tempdir().unwrap();
        let mut demo = demo_in(temp.path());
        let mut said = BufReader::new(demo.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        let killed = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(demo.id().to_string())
            .status();
        assert!(killed.unwrap().success());
        std::io::copy(&mut said, &mut std::io::sink()).unwrap();
        let output = demo.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains("interrupted"),
            "{signal}: {stderr}"
        );
        let left: Vec<_> = std::fs::read_dir(temp.path()).unwrap().collect();
        assert!(left.is_empty(), "{signal}: {left:?}");
    }
}

/// The processes that were started for something in this folder.
fn at_work_in(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let commands = commands.map(|words| String::from_utf8_lossy(&words).replace('\0', " "));
    commands.filter(|command| command.contains(folder)).collect()
}

#[test]
fn a_demo_that_was_killed_says_that_it_goes_on_and_leaves_nothing_at_work() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("played");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_team6"));
    demo.args(["demo", "--in"]).arg(&folder);
    let mut killed = demo.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    let begun = lines.find(|line| line.as_ref().unwrap().contains("an agent takes task 1"));
    assert!(begun.is_some());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let mut played = || {
        let output = demo.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{stdout}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        stdout
    };
    let again = played();
    let (before, after) = again.split_once("Now it goes on:").unwrap();
    assert!(before.contains("was begun in this folder and broke off"), "{again}");
    assert!(
        before.contains("an agent takes task 1") && after.contains("the sprint is finished"),
        "{again}"
    );
    assert_eq!(at_work_in(&folder), [""; 0]);
    let left = std::fs::read_dir(folder.join("data/workspaces/slots")).unwrap().count();
    assert_eq!(left, 0, "no workspace is left");
    let over = played();
    assert!(
        over.contains("was played to its end in this folder") && !over.contains("goes on:"),
        "{over}"
    );
}

#[test]
fn a_sprint_goes_from_a_goal_to_merged_pull_requests() {
    let temp = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_team6"))
        .args(["demo", "--json", "--keep"])
        .env("TMPDIR", temp.path())
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let events: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &events {
        *count.entry(event["kind"].as_str().unwrap()).or_default() += 1;
    }
    let failures: Vec<&str> = events
        .iter()
        .filter_map(|event| event["data"]["failure"]["kind"].as_str())
        .collect();
    assert_eq!(count["task_done"], 6, "{stdout}");
    assert_eq!((count["subtask_added"], count["subtasks_settled"]), (1, 1), "{stdout}");
    assert_eq!(count["question_answered"], 1);
    assert_eq!(count["sprint_finished"], 1);
    assert!(
        failures.contains(&"agent_exited") && failures.contains(&"silent"),
        "{failures:?}"
    );
    let verdicts: Vec<&str> = events
        .iter()
        .filter_map(|event| event["data"]["verdict"].as_str())
        .collect();
    assert_eq!(
        verdicts.iter().filter(|verdict| **verdict == "request_changes").count(),
        1
    );
    let end = events.last().unwrap();
    assert_eq!(end["kind"], "demo_ended");
    assert!(end["seconds"].as_f64().unwrap() < 60.0, "{end}");
    // Two agents at tasks at the same time: the second began before any had delivered.
    let mut of_tasks = BTreeSet::new();
    let mut at_work = BTreeSet::new();
    for event in &events {
        let data = &event["data"];
        match event["kind"].as_str().unwrap() {
            "attempt_scheduled" if data["work"]["task"].is_u64() => {
                of_tasks.insert(data["attempt"].as_u64().unwrap());
            }
            "attempt_started" => at_work.extend(data["attempt"].as_u64().filter(|attempt| of_tasks.contains(attempt))),
            "attempt_delivered" => break,
            _ => {}
        }
    }
    assert!(at_work.len() >= 2, "{at_work:?}");
    // What it prints has the shape that `team6 events --json` prints.
    for event in &events[..events.len() - 1] {
        for field in [
            "position", "stream", "version", "project", "at", "actor", "kind", "data",
        ] {
            assert!(event.get(field).is_some(), "{field} is missing: {event}");
        }
    }

    let root = Path::new(end["folder"].as_str().unwrap());
    assert!(root.starts_with(temp.path()) && root.join("ledger").is_dir(), "{end}");
    let tests = Command::new("cargo")
        .args(["test", "--quiet", "--offline"])
        .current_dir(root.join("ledger"))
        .output();
    let tests = tests.unwrap();
    assert!(
        tests.status.success(),
        "what was merged passes its tests: {}",
        String::from_utf8_lossy(&tests.stderr)
    );
    assert!(root.join("ledger/CHANGELOG.md").is_file() && root.join("ledger/examples/travel.txt").is_file());
    let handbook = Command::new("git")
        .args(["show", "main:ledger.md"])
        .current_dir(root.join("handbook.git"))
        .output();
    assert!(handbook.unwrap().status.success());
    let left = std::fs::read_dir(root.join("data/workspaces/slots")).unwrap().count();
    assert_eq!(left, 0, "no workspace is left");
}
