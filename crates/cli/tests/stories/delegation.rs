//! Agents that hand parts of their tasks to each other, and people who do.

use crate::shop::{DONE, Shop};

const PAINTER: &str = "+++\nextends = \"scripted\"\nspecialties = [\"frontend\"]\n+++\n";
const TESTER: &str = "+++\nextends = \"scripted\"\nspecialties = [\"testing\"]\n+++\n";
const AWAIT: &str = r#"{ tool = { name = "await_tasks" } }"#;

fn hand(title: &str, field: &str) -> String {
    format!(
        "{{ tool = {{ name = \"delegate_task\", arguments = {{ title = \"{title}\", brief = \"All of it.\", \
         acceptance_criteria = [\"It is there\"], specialty = \"{field}\", estimate_minutes = 5 }} }} }}"
    )
}

fn refused(title: &str, field: &str) -> String {
    hand(title, field).replace(
        "name = \"delegate_task\"",
        "name = \"delegate_task\", expect_refusal = true",
    )
}

fn write(file: &str) -> String {
    format!("{{ edit = {{ path = \"{file}\", content = \"{file}\\n\" }} }}")
}

const COMMIT: &str = r#"{ commit = { message = "Write it" } }"#;

/// Merges the branches of the subtasks with these titles, whatever their numbers are.
fn merge(titles: &str) -> String {
    let branch = "git for-each-ref --format='%(refname)' refs/remotes/origin/feature/task-*-$part";
    let command = format!("for part in {titles}; do git merge -q --no-edit $({branch}) || exit 1; done");
    format!("{{ run = {{ command = \"{command}\", expect = 0 }} }}")
}

#[test]
fn a_lead_delegates_to_two_one_of_which_delegates_further_and_one_of_which_fails_once() {
    let (show, describe, check) = (
        hand("Show it", "frontend"),
        hand("Describe it", "testing"),
        hand("Check it", "testing"),
    );
    let own = refused("Show it all", "frontend");
    let twice = refused("Show it", "frontend");
    let sees = r#"{ run = { command = "test -f api.txt && test ! -e later.txt", expect = 0 } }"#;
    let both = merge("show-it describe-it");
    let checked = merge("check-it");
    let (api, later, page, words, notes) = (
        write("api.txt"),
        write("later.txt"),
        write("page.txt"),
        write("words.txt"),
        write("check.txt"),
    );
    let shop = Shop::with_agents(
        "",
        &["Accounts"],
        &[
            ("(?s)ask 1: Accounts.*are settled", &[&both, DONE]),
            (r"(?s)ask \d+: Show it.*are settled", &[&checked, &page, COMMIT, DONE]),
            (
                "You work on task 1: Accounts",
                &[&api, COMMIT, &show, &twice, &describe, &later, COMMIT, AWAIT],
            ),
            (r"task \d+: Show it", &[sees, &own, &check, AWAIT]),
            (
                r"(?s)ask \d+: Describe it.*The one before failed",
                &[&words, COMMIT, DONE],
            ),
            (r"task \d+: Describe it", &["{ exit = 3 }"]),
            (r"task \d+: Check it", &[&notes, COMMIT, DONE]),
        ],
        &[("painter", PAINTER), ("tester", TESTER)],
    );
    shop.event("pull_request_opened", |data| data["task"] == 1);
    shop.waits_for_a_person();
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("2 Show it (delivered)"), "{shown}");
    assert!(
        shown.contains("waits for its subtasks") && shown.contains("its subtasks are settled"),
        "{shown}"
    );
    let part = shop.place.ok(&["task", "show", "2"]);
    assert!(
        part.contains("1 Accounts (in review)") && part.contains("Check it (delivered)"),
        "{part}"
    );
    assert!(
        part.contains("painter") && part.contains("delivered to task 1 \"Accounts\""),
        "{part}"
    );
    let changes = shop.place.ok(&["task", "diff", "2", "--stat"]);
    assert!(
        changes.contains("page.txt") && changes.contains("check.txt") && !changes.contains("api.txt"),
        "{changes}"
    );
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("Accounts") && !inbox.contains("Show it"), "{inbox}");
    let refusal = shop.place.fails(3, &["task", "merge", "2"]);
    assert!(refusal.contains("task 2 is delivered, not in review"), "{refusal}");

    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1"]);
    for file in ["api.txt", "later.txt", "page.txt", "words.txt", "check.txt"] {
        assert_eq!(shop.merged(file), file);
    }
    let list = shop.place.json(&["task", "list", "--sprint", "1"]);
    let states: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|task| task["state"].as_str())
        .collect();
    assert_eq!(states, ["done"; 4], "{list:#}");
    let settled = |data: &serde_json::Value| data["task"] == 1;
    shop.event("subtasks_settled", settled);
}

#[test]
fn what_goes_too_deep_or_too_broad_is_refused_with_what_to_do_instead() {
    let (show, describe, check) = (
        hand("Show it", "frontend"),
        refused("Describe it", "testing"),
        refused("Check it", "testing"),
    );
    let (api, page, both) = (write("api.txt"), write("page.txt"), merge("show-it"));
    let shop = Shop::with_agents(
        "subtask_levels = 1\nsubtasks = 1\n",
        &["Accounts"],
        &[
            ("(?s)ask 1: Accounts.*are settled", &[&both, DONE]),
            ("You work on task 1: Accounts", &[&api, COMMIT, &show, &describe, AWAIT]),
            (r"task \d+: Show it", &[&check, &page, COMMIT, DONE]),
        ],
        &[("painter", PAINTER), ("tester", TESTER)],
    );
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let log = shop.place.ok(&["task", "log", "1", "--attempt", "s1-a2"]);
    assert!(
        log.contains("task 1 has had as many subtasks as a task may have (1); do this part yourself"),
        "{log}"
    );
    let log = shop.place.ok(&["task", "log", "2"]);
    assert!(
        log.contains("task 2 is on level 1 below the task that people approved, and subtasks may go no deeper"),
        "{log}"
    );
    let list = shop.place.json(&["task", "list", "--sprint", "1"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list:#}");
}

#[test]
fn a_person_hands_a_part_over_and_takes_it_back() {
    let (note, words) = (write("note.txt"), write("words.txt"));
    let go = r#"{ wait_for = { path = "SIGNALS/go", timeout = 60 } }"#;
    let shop = Shop::with_agents(
        "",
        &["A note"],
        &[
            ("(?s)ask 1: A note.*are settled", &[DONE]),
            (
                "task 1: A note",
                &[
                    &note,
                    COMMIT,
                    r#"{ tool = { name = "report_progress", arguments = { text = "here" } } }"#,
                    go,
                ],
            ),
            (
                "task 2: Describe it",
                &[
                    &words,
                    COMMIT,
                    r#"{ wait_for = { path = "SIGNALS/never", timeout = 60 } }"#,
                ],
            ),
        ],
        &[("tester", TESTER)],
    );
    shop.progress("here");
    let nobody = [
        "task", "delegate", "1", "Sing it", "--brief", "All.", "--agent", "nobody",
    ];
    let said = shop.place.fails(3, &nobody);
    assert!(said.contains("agent nobody is not one of this sprint's: "), "{said}");
    let made = shop.place.ok(&[
        "task",
        "delegate",
        "1",
        "Describe it",
        "--brief",
        "All.",
        "--specialty",
        "testing",
    ]);
    assert!(made.contains("task 2 Describe it"), "{made}");
    shop.signal("go");
    shop.event("subtasks_awaited", |_| true);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("waits for subtask 2 \"Describe it\""), "{shown}");
    shop.place.ok(&["task", "cancel", "2", "--yes"]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    shop.waits_for_a_person();
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1"]);
}
