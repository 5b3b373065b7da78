//! What people and agents of a project learn from each other, from the command line.

use crate::shop::{DONE, Shop};

const WRITE: &str = r#"{ edit = { path = "note.txt", content = "one\n" } }"#;
const MEND: &str = r#"{ edit = { path = "note.txt", content = "one\ntwo\n" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;
const LEARN: &str = r#"{ tool = { name = "remember", arguments = { kind = "command", text = "Run `make notes` to see all notes at once.", evidence = "it printed three of them" } } }"#;
const ANSWERED: &str = r#"{ tool = { name = "complete_task", arguments = { summary_what = "It is there.", summary_why = "It was asked for.", answers = [{ thread = 1, text = "Written twice now." }] } } }"#;

#[test]
fn what_is_learnt_at_a_task_is_told_at_the_next_and_people_correct_it() {
    let shop = Shop::planned(
        "",
        &["A note"],
        &[
            ("(?is)requests changes", &[MEND, COMMIT, ANSWERED]),
            (r"task \d+: A note", &[WRITE, LEARN, COMMIT, DONE]),
        ],
    );
    let place = &shop.place;
    let empty = place.ok(&["memory", "list", "shop"]);
    assert!(
        empty.contains("Nothing is kept yet.") && empty.contains("team6 memory add shop"),
        "{empty}"
    );
    let added = place.ok(&[
        "memory",
        "add",
        "shop",
        "pitfall",
        "Every note ends with a line of its own.",
        "--repo",
        "app",
    ]);
    assert!(added.contains("Memory 1") && added.contains("ada"), "{added}");
    shop.approved(1);
    shop.waits_for_a_person();

    let told = place.ok(&["task", "show", "1"]);
    assert!(
        told.contains("Told of the project's memory") && told.contains("ends with a line of its own"),
        "{told}"
    );
    let kept = place.json(&["memory", "show", "shop", "2"]);
    assert_eq!(
        (kept["source"]["from"].as_str(), kept["source"]["task"].as_u64()),
        (Some("agent"), Some(1)),
        "{kept}"
    );
    let found = place.ok(&["memory", "search", "shop", "which commands show notes"]);
    assert!(found.contains("make notes"), "{found}");

    place.ok(&[
        "task",
        "review",
        "1",
        "--request-changes",
        "--on",
        "note.txt:1=Notes are written twice in this shop.",
    ]);
    shop.event("attempt_delivered", |data| {
        data["answers"].as_array().is_some_and(|answers| !answers.is_empty())
    });
    shop.waits_for_a_person();
    assert!(
        place
            .ok(&["memory", "list", "shop", "--candidates"])
            .contains("No candidate.")
    );
    shop.merges("1");
    place.any_event("memory_proposed");
    let candidates = place.ok(&["memory", "list", "shop", "--candidates"]);
    assert!(
        candidates.contains("Notes are written twice in this shop."),
        "{candidates}"
    );
    assert!(!place.ok(&["memory", "list", "shop"]).contains("written twice"));
    let accepted = place.ok(&["memory", "accept", "shop", "3"]);
    assert!(
        accepted.contains("ada in a review of task 1") && accepted.contains("Written twice now."),
        "{accepted}"
    );
    place.fails(3, &["memory", "accept", "shop", "3"]);

    place.any_event("outcome_noted");
    let judged = place.ok(&["memory", "show", "shop", "1"]);
    assert!(
        judged.contains("0 of their tasks passed review, 1 were sent back"),
        "{judged}"
    );
    place.ok(&["memory", "pin", "shop", "1"]);
    place.ok(&["memory", "unpin", "shop", "1"]);
    let moved = place.ok(&[
        "memory",
        "edit",
        "shop",
        "1",
        "--text",
        "Notes end with a line.",
        "--everywhere",
    ]);
    assert!(moved.contains("everywhere") && moved.contains("by ada"), "{moved}");
    let gone = place.ok(&["memory", "forget", "shop", "1", "--why", "Nobody cares."]);
    assert!(
        gone.contains("forgotten by ada") && gone.contains("Nobody cares."),
        "{gone}"
    );
    assert!(place.ok(&["memory", "restore", "shop", "1"]).contains("active"));
    place.fails(4, &["memory", "show", "shop", "99"]);
    let secret = place.fails(
        3,
        &[
            "memory",
            "add",
            "shop",
            "command",
            "psql postgres://app:hunter22@db/app",
        ],
    );
    assert!(secret.contains("a password in a URL"), "{secret}");
}
