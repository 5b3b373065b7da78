//! Thirty kills in a sprint in which a lead delegates to two specialists, one of which delegates further and one of which
//! fails, and in which a merge over two repositories fails between the two.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use team6_testkit::repositories::Repository;

use crate::harness::Place;
use crate::killing::{killed_again_and_again, place};

const CONFIG: &str = "subtask_levels = 2\nsubtasks = 2\n[agents]\nplanner = \"scripted\"\n[budgets.task]\ncost = 100.0\n\
                      [budgets.sprint]\ncost = 400.0\n[budgets.day]\ncost = 1000.0\n";

fn agent(field: &str) -> String {
    format!("+++\nextends = \"scripted\"\nspecialties = [\"{field}\"]\n+++\n")
}

/// The origin takes nothing to its main branch while the file `closed` is there.
fn close(origin: &Repository) {
    let hook = origin.path().join("hooks/pre-receive");
    let text =
        "#!/bin/sh\ntest -e closed || exit 0\n! grep -q ' refs/heads/main$' || { echo 'main is closed'; exit 1; }\n";
    std::fs::write(&hook, text).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(origin.path().join("closed"), "").unwrap();
}

#[test]
fn a_team_survives_a_server_that_is_killed_again_and_again() {
    let place = place(CONFIG);
    for (name, field) in [("painter", "frontend"), ("tester", "testing"), ("digger", "digging")] {
        place.file(&format!("agents/{name}.md"), &agent(field));
    }
    let (app, docs) = (
        Repository::sample("two-crates").bare_clone(),
        Repository::sample("two-crates").bare_clone(),
    );
    close(&docs);
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill/team.toml");
    let server = place.up(&["--scenario", scenario]);
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &app.url(), "--name", "app"]);
    place.ok(&["repo", "add", "shop", &docs.url(), "--name", "docs"]);
    place.ok(&["repo", "check", "add", "shop", "app", "there", "test -f README.md"]);
    place.ok(&["sprint", "plan", "shop", "Accounts"]);
    let opens = |place: &Place, entry: &Value| {
        assert_eq!(entry["kind"], "partly_merged", "{entry:#}");
        assert_eq!(app.git(&["show", "main:both.txt"]), "code", "the order is kept");
        let _ = std::fs::remove_file(docs.path().join("closed"));
        let (task, person) = (entry["task"].to_string(), entry["person"].as_str().unwrap());
        place.run(&["task", "merge", &task, "--as", person]);
    };
    let survived = killed_again_and_again(&place, server, scenario, 30, opens);

    survived.tells_all();
    survived.opened_once(7);
    let of = |kind: &str| survived.of(kind).len();
    assert_eq!((of("task_done"), of("sprint_finished")), (6, 1));
    assert_eq!(
        of("subtask_added"),
        3,
        "more was handed over than may be, or a part twice"
    );
    assert!(of("merge_failed") > 0, "nothing went wrong between the merges");
    let failed = survived.of("attempt_failed");
    assert!(!failed.is_empty(), "no specialist failed");

    // What depends on a task over two repositories began after the last of its merges.
    let position = |event: &Value| event["position"].as_u64().unwrap();
    let merged = survived.of("pull_request_merged");
    let both = merged
        .iter()
        .filter(|event| event["data"]["task"] == 2)
        .map(|event| position(event));
    let scheduled = survived.of("attempt_scheduled");
    let after = scheduled.iter().find(|event| event["data"]["work"]["task"] == 3);
    assert!(both.max().unwrap() < position(after.unwrap()), "{after:#?}");

    for file in ["api", "page", "check", "words", "after"] {
        assert_eq!(app.git(&["show", &format!("main:{file}.txt")]), file);
    }
    assert_eq!(docs.git(&["show", "main:both.txt"]), "words");
    assert!(place.ok(&["checks", "verify", "1"]).contains("verified"));
    let spent = place.json(&["sprint", "budget", "1"]);
    assert_eq!(spent["reserved"]["cost"].as_f64().unwrap_or_default(), 0.0, "{spent:#}");
    survived.leaves_nothing(&place, scenario);
}
