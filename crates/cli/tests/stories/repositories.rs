//! Tasks over several repositories, and tasks that get into each other's way.

use std::time::Duration;

use serde_json::json;
use team6_testkit::repositories::Repository;
use team6_testkit::wait::wait_until;

use crate::shop::{DONE, Shop};

#[test]
fn a_task_over_two_repositories_has_a_pull_request_in_each() {
    let (shop, docs) = Shop::over_two();
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("app#1 open") && shown.contains("docs#1 open"), "{shown}");
    // Both are shown, each under its name, unless one is asked for.
    let diff = |more: &[&str]| shop.place.ok(&[&["task", "diff", "1"], more].concat());
    let both = diff(&[]);
    let parts = ["In app", "+code", "In docs", "+words"].map(|part| both.find(part));
    assert!(parts.iter().all(Option::is_some) && parts.is_sorted(), "{both}");
    let counted = diff(&["--stat"]);
    assert!(
        counted.contains("app#1 at") && counted.contains("docs#1 at"),
        "{counted}"
    );
    let one = diff(&["--repository", "docs"]);
    assert!(
        one.contains("+words") && !one.contains("+code") && !one.contains("In docs"),
        "{one}"
    );
    let both = shop.place.json(&["task", "diff", "1"]);
    assert_eq!(
        (&both[0]["repository"], &both[1]["repository"]),
        (&"app".into(), &"docs".into())
    );
    let one = shop.place.json(&["task", "diff", "1", "--repository", "docs"]);
    assert_eq!(one["repository"], "docs");
    let later = shop.place.fails(4, &["task", "diff", "1", "--from", "2"]);
    assert!(later.contains("there is no patch set 2"), "{later}");
    // A comment says in which of them it is.
    let comment = [
        "task",
        "review",
        "1",
        "--comment",
        "--on",
        "docs:note.txt:1=Nice words.",
    ];
    shop.place.ok(&comment);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("docs:note.txt:1 Nice words."), "{shown}");
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("note.txt"), "code");
    assert_eq!(docs.git(&["show", "main:note.txt"]), "words");
}

#[test]
fn a_trace_tells_that_the_setup_command_of_its_repository_is_still_being_run() {
    let submit = crate::shop::submit(&["A note @ docs"]);
    let note = r#"{ edit = { path = "note.txt", content = "words\n" } }"#;
    let commit = r#"{ commit = { message = "Write the note" } }"#;
    let shop = Shop::open(
        "",
        &[
            ("Plan a sprint for this goal", &[&submit]),
            (r"task \d+: A note", &[note, commit, DONE]),
        ],
    );
    let go = shop.place.path().join("signals/go");
    let docs = Repository::sample("two-crates");
    let setup = format!("setup = \"until test -e {}; do sleep 0.1; done\"\n", go.display());
    docs.write(".team6/workspace.toml", &setup).commit("setup");
    let docs = docs.bare_clone();
    shop.place.ok(&["repo", "add", "shop", &docs.url(), "--name", "docs"]);
    let slots = shop.place.path().join("team6-data/workspaces/slots");
    let is_run = wait_until("the setup command", Duration::from_secs(60), async || {
        let names = std::fs::read_dir(&slots).into_iter().flatten().flatten();
        let names: Vec<String> = names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        match names.iter().any(|name| name.starts_with("setup-docs")) {
            true => Ok(()),
            false => Err(names.join(", ")),
        }
    });
    tokio::runtime::Runtime::new().unwrap().block_on(is_run);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let log = shop.place.ok(&["task", "log", "1"]);
    assert!(log.contains("the setup command of docs is being run"), "{log}");
    shop.signal("go");
}

#[test]
fn a_conflict_goes_back_to_the_agent_that_made_it() {
    let write = |text: &str| format!(r#"{{ edit = {{ path = "note.txt", content = "{text}\n" }} }}"#);
    let (one, two) = (write("one"), write("two"));
    let commit = r#"{ commit = { message = "Write the note" } }"#;
    let resolve = r#"{ run = { command = "git merge origin/HEAD || true; printf 'one\ntwo\n' > note.txt; git add -A; git commit -m 'Keep both'" } }"#;
    let shop = Shop::at_work(
        "",
        &["First", "Second"],
        &[
            ("Your branch conflicts with its base in app: note.txt", &[resolve, DONE]),
            (r"task \d+: First", &[&one, commit, DONE]),
            (r"task \d+: Second", &[&two, commit, DONE]),
        ],
    );
    for task in [1, 2] {
        shop.event("pull_request_opened", |data| data["task"] == task);
    }
    let forecast = shop.place.ok(&["sprint", "forecast", "1"]);
    assert!(
        forecast.contains("Sprint 1 is probably done") && forecast.contains("it is a guess"),
        "{forecast}"
    );
    let sprint = shop.place.ok(&["sprint", "show", "1"]);
    assert!(sprint.contains("forecast      done in"), "{sprint}");
    // Known before anybody reviews: both are open, and either may go first.
    let conflicts = shop.place.ok(&["sprint", "conflicts", "1"]);
    assert!(
        conflicts.contains("task 1 First\n  conflicts with task 2 Second in note.txt"),
        "{conflicts}"
    );
    let raw = shop.place.json(&["sprint", "conflicts", "1"]);
    assert_eq!((&raw[0]["order"], &raw[0]["to_mend"]), (&json!([1, 2]), &json!([2])));
    let shown = shop.place.ok(&["task", "show", "2"]);
    assert!(shown.contains("with task 1 First in note.txt"), "{shown}");
    let reviewed = shop.place.ok(&["task", "review", "1", "--approve"]);
    assert!(
        reviewed.contains("conflicts with task 2 Second in note.txt"),
        "{reviewed}"
    );
    shop.place.ok(&["task", "merge", "1"]);
    shop.event("task_done", |data| data["task"] == 1);
    let conflicts = shop.place.ok(&["sprint", "conflicts", "1"]);
    assert!(
        conflicts.contains("task 2 Second\n  conflicts with its target branch in note.txt"),
        "{conflicts}"
    );
    shop.place.ok(&["task", "review", "2", "--approve"]);
    let forecast = shop.place.ok(&["task", "merge", "2", "--dry-run"]);
    assert!(forecast.contains("note.txt"), "{forecast}");
    shop.place.ok(&["task", "merge", "2"]);
    shop.event("merge_conflicted", |data| data["task"] == 2);
    let delivered = |data: &serde_json::Value| data["task"] == 2 || data["attempt"].is_u64();
    shop.event("attempt_delivered", delivered);
    // What changed since the approval is looked at again.
    let waits = shop.waits_for_a_person();
    assert!(waits.contains("team6 task diff 2"), "{waits}");
    assert!(shop.place.ok(&["task", "show", "2"]).contains("conflict in app"));
    let conflicts = shop.place.ok(&["sprint", "conflicts", "1"]);
    assert!(conflicts.contains("Nothing conflicts"), "{conflicts}");
    shop.merges("2");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("note.txt"), "one\ntwo");
    let conflicts = shop.place.ok(&["sprint", "conflicts", "1"]);
    assert!(conflicts.contains("No branch of sprint 1 is open"), "{conflicts}");
    let ended = shop.place.ok(&["sprint", "forecast", "1"]);
    assert!(
        ended.contains("Sprint 1 was finished") && ended.contains("forecast then"),
        "{ended}"
    );
    let raw = shop.place.json(&["sprint", "forecast", "1"]);
    assert!(raw["now"].is_null() && raw["at_approval"]["open"] == 2, "{raw}");
}
