//! The whole life of a sprint by commands alone, against a real server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "../harness/mod.rs"]
mod harness;

mod browser;
mod lists;
mod machine;
mod records;

use std::cell::Cell;

use harness::Place;
use team6_testkit::repositories::Repository;

const SCENARIO: &str = include_str!("scenario.toml");

/// A server with a project and its repository, whose agents play the scenario.
fn shop() -> (Place, harness::Server, Repository) {
    let place = Place::new("[agents]\nplanner = \"scripted\"\n");
    let scenario = place.file("scenario.toml", SCENARIO);
    let server = place.up(&["--scenario", &scenario]);
    let repository = Repository::sample("two-crates").bare_clone();
    place.ok(&["project", "add", "shop", "--title", "The shop"]);
    let url = repository.url();
    place.ok(&["repo", "add", "shop", &url, "--name", "app"]);
    (place, server, repository)
}

/// Waits until the planning agent has ended this many attempts.
fn planned(place: &Place, attempts: u32) {
    let ended = Cell::new(0);
    place.event("attempt_replied", |_| {
        ended.set(ended.get() + 1);
        ended.get() == attempts
    });
}

#[test]
fn a_sprint_from_goal_to_merged_pull_requests() {
    let (place, server, repository) = shop();
    let opened = place.json(&["sprint", "plan", "shop", "Greet people."]);
    assert_eq!(opened["item"]["id"], 1);

    // The planning agent asks and drafts; the lead answers.
    let waits = place.ok(&["sprint", "watch", "1", "--until", "person"]);
    assert!(waits.contains("team6 sprint questions 1"), "{waits}");
    let questions = place.ok(&["sprint", "questions", "1"]);
    assert!(
        questions.contains("Which greeting?") && questions.contains("- Good day"),
        "{questions}"
    );
    place.ok(&["sprint", "answer", "1", "1", "Good day"]);
    let waits = place.ok(&["sprint", "watch", "1", "--until", "person"]);
    assert!(
        waits.contains("sprint owners 1") || waits.contains("sprint approve 1"),
        "{waits}"
    );

    // Approval names everything that is missing at once; owners are given; then it starts.
    let refused = place.fails(3, &["sprint", "approve", "1"]);
    assert!(
        refused.contains("A greeting") && refused.contains("A signature"),
        "{refused}"
    );
    let owners = "team6 sprint owners 1 --suggested";
    assert!(refused.contains(owners), "{refused}");
    let shown = place.ok(&["sprint", "show", "1"]);
    let steps = [owners, "team6 sprint approve 1"].map(|step| shown.find(step));
    assert!(steps.iter().all(Option::is_some) && steps.is_sorted(), "{shown}");
    let suggested = place.ok(&["sprint", "owners", "1"]);
    assert!(
        suggested.contains("nobody yet") && suggested.contains("lin"),
        "{suggested}"
    );
    place.ok(&["sprint", "owners", "1", "1=ada"]);
    place.ok(&["sprint", "owners", "1", "--suggested"]);
    place.ok(&["sprint", "owners", "1", "2=ada"]);
    place.ok(&["sprint", "approve", "1"]);

    // The first delivery is sent back with a comment, answered with the commit that mends it, and merged.
    let waits = place.ok(&["sprint", "watch", "1", "--until", "person"]);
    assert!(waits.contains("team6 task diff 1"), "{waits}");
    assert!(place.ok(&["task", "diff", "1"]).contains("+Hey"));
    let early = place.fails(3, &["task", "merge", "1"]);
    assert!(early.contains("approv"), "{early}");
    place.ok(&[
        "task",
        "review",
        "1",
        "--request-changes",
        "-m",
        "Nearly.",
        "--on",
        "greeting.txt:1=Too casual.",
    ]);
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    let shown = place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("greeting.txt:1 Too casual.") && shown.contains("Mended."),
        "{shown}"
    );
    assert!(
        shown.contains("changes requested") && shown.contains("delivered"),
        "{shown}"
    );
    place.ok(&["task", "review", "1", "--approve"]);
    let forecast = place.ok(&["task", "merge", "1", "--dry-run"]);
    assert!(forecast.contains("app#1"), "{forecast}");
    place.ok(&["task", "merge", "1", "--method", "squash"]);

    // That unblocks the second, whose agent's work can be read step by step.
    place.ok(&["sprint", "watch", "1", "--until", "person"]);
    let inbox = place.json(&["inbox"]);
    assert_eq!(
        (inbox[0]["kind"].as_str(), &inbox[0]["task"]),
        (Some("review"), &2.into()),
        "{inbox}"
    );
    assert_eq!(place.json(&["inbox", "--person", "lin"]), serde_json::json!([]));
    let log = place.ok(&["task", "log", "2", "--follow"]);
    assert!(log.contains("signature.txt") && log.contains("complete_task"), "{log}");
    place.ok(&["task", "review", "2", "--approve"]);
    place.ok(&["task", "merge", "2"]);
    place.ok(&["sprint", "watch", "1", "--until", "done"]);

    assert_eq!(repository.git(&["show", "main:greeting.txt"]), "Good day");
    assert_eq!(repository.git(&["show", "main:signature.txt"]), "Team6");
    let list = place.ok(&["sprint", "list", "--all"]);
    assert!(list.contains("finished") && list.contains("2 of 2 done"), "{list}");
    let over = place.ok(&["sprint", "show", "1"]);
    for next in [
        "team6 task diff 1   shows what was merged; the same for 2",
        "team6 sprint plan shop",
    ] {
        assert!(over.contains(next), "{over}");
    }
    assert!(place.ok(&["task", "diff", "1"]).contains("+Good day"));
    // What is done waits for nothing and holds nothing back.
    let neighbours = |task: &str| place.ok(&["task", "show", task]);
    let (first, second) = (neighbours("1"), neighbours("2"));
    assert!(
        first.contains("needed by") && second.contains("builds on"),
        "{first}{second}"
    );
    assert!(
        !first.contains("holds back") && !second.contains("waits for"),
        "{first}{second}"
    );
    assert!(place.ok(&["admin", "check"]).contains("sound"));
    assert!(server.stop());
}
