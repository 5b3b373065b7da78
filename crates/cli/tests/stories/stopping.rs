//! Pausing, going on, giving up and trying again.

use std::path::Path;

use crate::shop::{DONE, Shop, report};

const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;
const HALF: &str = r#"{ edit = { path = "half.txt", content = "half\n" } }"#;
const HANG: &str = "{ hang = { deaf = false } }";

/// Whether a process was started in a folder that lies in this one.
fn works_below(folder: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut folders = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    folders.any(|cwd| cwd.starts_with(folder))
}

#[test]
fn a_paused_task_stops_and_goes_on_with_what_it_had() {
    let at_work = report("Half done");
    let shop = Shop::at_work(
        "",
        &["A note"],
        &[
            (
                "stopped in the middle of your work",
                &[
                    r#"{ run = { command = "test -f half.txt && mv half.txt note.txt" } }"#,
                    COMMIT,
                    DONE,
                ],
            ),
            (r"task \d+: A note", &[HALF, &at_work, HANG]),
        ],
    );
    shop.progress("Half done");
    shop.place.ok(&["task", "pause", "1"]);
    shop.event("attempt_interrupted", |_| true);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("paused        by ada"), "{shown}");
    assert!(shop.place.fails(3, &["task", "pause", "1"]).contains("already paused"));
    let resumed = shop.place.ok(&["task", "resume", "1"]);
    assert!(resumed.contains("task 1 A note is"), "{resumed}");
    shop.waits_for_a_person();
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("note.txt"));
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("note.txt"), "half");
}

#[test]
fn a_paused_sprint_stops_every_agent_until_it_is_resumed() {
    let at_work = report("Half done");
    let shop = Shop::at_work(
        "",
        &["A note"],
        &[
            ("stopped in the middle of your work", &[HALF, COMMIT, DONE]),
            (r"task \d+: A note", &[HALF, &at_work, HANG]),
        ],
    );
    shop.progress("Half done");
    let paused = shop.place.ok(&["sprint", "pause", "1"]);
    assert!(paused.contains("running, paused"), "{paused}");
    shop.event("attempt_interrupted", |_| true);
    assert!(
        shop.place
            .fails(3, &["sprint", "pause", "1"])
            .contains("already paused")
    );
    let resumed = shop.place.ok(&["sprint", "resume", "1"]);
    assert!(!resumed.contains("paused"), "{resumed}");
    shop.waits_for_a_person();
}

#[test]
fn a_sprint_is_given_up_only_by_somebody_who_means_it() {
    let shop = Shop::planned("", &["A note"], &[]);
    let refused = shop.place.fails(2, &["sprint", "cancel", "1"]);
    assert!(
        refused.contains("cancel sprint 1 cannot be undone; say --yes"),
        "{refused}"
    );
    let cancelled = shop.place.ok(&["sprint", "cancel", "1", "--yes"]);
    assert!(cancelled.contains("is cancelled"), "{cancelled}");
    assert!(shop.place.ok(&["sprint", "list"]).contains("No sprint is open."));
    let late = shop.place.fails(3, &["sprint", "approve", "1"]);
    assert!(late.contains("the sprint is cancelled; open a new one"), "{late}");
}

#[test]
fn cancelling_ends_the_agent_and_leaves_nothing() {
    let at_work = report("Half done");
    let shop = Shop::at_work("", &["A note", "A list"], &[(r"task \d+: A", &[HALF, &at_work, HANG])]);
    shop.progress("Half done");
    let refused = shop.place.fails(2, &["task", "cancel", "1"]);
    assert!(refused.contains("say --yes"), "{refused}");
    let cancelled = shop.place.ok(&["task", "cancel", "1", "--yes"]);
    assert!(cancelled.contains("task 1 A note is cancelled"), "{cancelled}");
    let late = shop.place.fails(3, &["task", "chat", "1", "Hello?"]);
    assert!(late.contains("cancelled"), "{late}");
    // The server ends when every agent has.
    let Shop { place, server, .. } = shop;
    assert!(server.stop(), "{}", place.log());
    let slots = std::fs::read_dir(place.path().join("team6-data/workspaces/slots")).unwrap();
    assert_eq!(slots.count(), 0, "a workspace is left");
    assert!(!works_below(place.path()), "a process is left");
}
