//! How fast a running server is: from a merge to the next agent, and from an agent to whoever watches it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::harness::Place;
use serde_json::Value;
use team6_testkit::repositories::Repository;

use crate::row::Row;

/// Tasks in a chain.
const CHAIN: usize = 30;
/// What the first agent says while somebody watches.
const SAID: usize = 100;
const TARGET: Duration = Duration::from_millis(100);

fn scenario() -> String {
    let mut tasks = String::new();
    for n in 1..=CHAIN {
        let after = if n > 1 {
            format!("\"t{}\"", n - 1)
        } else {
            String::new()
        };
        let _ = write!(
            tasks,
            "{{ key = \"t{n}\", title = \"Link {n}\", what = \"w\", why = \"w\", acceptance_criteria = [\"a\"], estimate_minutes = 5, \
             specialty = \"docs\", repositories = [\"app\"], depends_on = [{after}] }}, "
        );
    }
    let mut said = String::new();
    for n in 0..SAID {
        let _ = writeln!(
            said,
            "    {{ say = \"I say sentence {n} of many.\" }},\n    {{ pause = {{ ms = 150 }} }},"
        );
    }
    let work = "{ edit = { path = \"{capture.n}.txt\", content = \"x\" } },\n    { commit = { message = \"Add\" } },";
    let done = "{ tool = { name = \"complete_task\", arguments = { summary_what = \"Done.\", summary_why = \"Asked.\", tests = [] } } }";
    format!(
        "title = \"A chain\"\n[[script]]\nwhen = 'Plan a sprint'\nsteps = [\n    {{ tool = {{ name = \"submit_plan\", arguments = {{ prd = \"# Chain\", \
         tasks = [{tasks}] }} }} }},\n]\n\
         [[script]]\nwhen = 'task (?P<n>\\d+): Link 1\\b'\nsteps = [\n    {{ run = {{ command = \"sleep 2\" }} }},\n{said}    {work}\n    {done},\n]\n\
         [[script]]\nwhen = 'task (?P<n>\\d+): Link'\nsteps = [\n    {work}\n    {done},\n]\n"
    )
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// How late each entry reaches somebody who follows the first agent.
fn watched(place: &Place) -> Vec<Duration> {
    while !place.run(&["task", "log", "1"]).stdout.contains("sleep 2") {}
    let mut child = place.spawn(&["task", "log", "1", "--follow", "--json"]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut late = Vec::new();
    for line in lines.map_while(Result::ok) {
        let entry: Value = serde_json::from_str(&line).unwrap();
        let came = now();
        if entry["body"]["kind"] == "message" {
            late.push(Duration::from_millis(
                came.saturating_sub(entry["at"].as_u64().unwrap()),
            ));
        }
    }
    assert!(child.wait().unwrap().success());
    late
}

/// The people, who approve and merge whatever comes.
fn merge_all(place: &Place) {
    loop {
        let waits = place.ok(&["sprint", "watch", "1", "--until", "person", "--json"]);
        let Some(Value::Array(entries)) = waits.lines().last().and_then(|line| serde_json::from_str(line).ok()) else {
            return;
        };
        for entry in entries {
            let task = entry["task"].to_string();
            match entry["kind"].as_str().unwrap() {
                "review" => drop(place.run(&["task", "review", &task, "--approve"])),
                "merge" => drop(place.run(&["task", "merge", &task])),
                other => panic!("{other}: {entry:#}\n{}", place.ok(&["task", "show", "1"])),
            }
        }
    }
}

/// From each merge to the next agent's session, without the time that the workspace took.
fn started(events: &[Value]) -> Vec<Duration> {
    let mut times = Vec::new();
    let (mut done, mut started, mut ready) = (None, None, None);
    for event in events {
        let at = event["at"].as_u64();
        match event["kind"].as_str().unwrap() {
            "task_done" => done = at,
            "attempt_started" => started = at,
            "workspace_ready" => ready = at,
            "session_opened" => {
                if let (Some(done), Some(started), Some(ready), Some(at)) = (done.take(), started, ready, at) {
                    times.push(Duration::from_millis((at - done).saturating_sub(ready - started)));
                }
            }
            _ => {}
        }
    }
    times
}

pub fn measure() -> Vec<Row> {
    let place = Place::new("[agents]\nplanner = \"scripted\"\n");
    let scenario = place.file("scenario.toml", &scenario());
    let server = place.up(&["--scenario", &scenario]);
    let origin = Repository::sample("two-crates").bare_clone();
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &origin.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "A chain"]);
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    place.ok(&["sprint", "owners", "1", "--suggested"]);
    let owners: Vec<String> = (1..=CHAIN).map(|n| format!("{n}=ada")).collect();
    let mut set = vec!["sprint", "owners", "1"];
    set.extend(owners.iter().map(String::as_str));
    place.ok(&set);
    place.ok(&["sprint", "approve", "1"]);
    let mut late = watched(&place);
    merge_all(&place);
    let log = place.ok(&["events", "--sprint", "1", "--json"]);
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut times = started(&events);
    assert!(
        times.len() + 1 >= CHAIN && late.len() > SAID / 2,
        "{} {}",
        times.len(),
        late.len()
    );
    assert!(server.stop());
    vec![
        Row::times(
            "from a merge to the session of the next agent, without its workspace",
            &mut times,
            TARGET,
        )
        .beside("the agent's own start and greeting included"),
        Row::times(
            "from the first piece of a message at the worker to who follows it by HTTP",
            &mut late,
            TARGET,
        )
        .beside("nothing follows a message: its last words are waited for included"),
    ]
}
