//! After a merge: what else stands in review is brought up to date by the engine, or by its agent where it conflicts.

use crate::shop::{DONE, Shop};

const COMMIT: &str = r#"{ commit = { message = "Write it" } }"#;
/// As soon as a base has moved.
const AT_ONCE: &str = "update_wait = \"50ms\"";

fn write(path: &str, text: &str) -> String {
    format!(r#"{{ edit = {{ path = "{path}", content = "{text}\n" }} }}"#)
}

/// Two tasks in review, each with what its agent wrote, and a check that both pass.
fn in_review(one: (&str, &str), two: (&str, &str), more: &[(&str, &[&str])], settings: &str) -> Shop {
    let (first, second) = (write(one.0, one.1), write(two.0, two.1));
    let submit = crate::shop::submit(&["First", "Second"]);
    let (plan, first, second) = ([submit.as_str()], [&*first, COMMIT, DONE], [&*second, COMMIT, DONE]);
    let mut scripts = more.to_vec();
    scripts.push(("Plan a sprint for this goal", &plan));
    scripts.push((r"task \d+: First", &first));
    scripts.push((r"task \d+: Second", &second));
    let shop = Shop::open(settings, &scripts);
    shop.place
        .ok(&["repo", "check", "add", "shop", "app", "fine", "ls *.txt"]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(2);
    for task in [1, 2] {
        shop.event("pull_request_opened", |data| data["task"] == task);
    }
    shop
}

#[test]
fn after_a_merge_the_engine_brings_the_other_task_up_to_date_checks_it_again_and_it_is_merged() {
    let shop = in_review(("one.txt", "1"), ("two.txt", "2"), &[], AT_ONCE);
    shop.place.ok(&["task", "review", "2", "--approve"]);
    shop.merges("1");
    let settled = shop.event("update_settled", |data| data["task"] == 2);
    assert_eq!(settled["back"], false, "{settled:#}");
    let tried = shop.event("update_tried", |data| data["task"] == 2);
    let head = tried["outcome"]["commit"].as_str().unwrap().to_owned();
    shop.event("check_recorded", |data| data["receipt"]["run"]["commit"] == *head);
    shop.event("pull_request_opened", |data| data["head"] == *head);
    // Its own file is as it was approved, and so the approval stands.
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("approved, waits to be merged"), "{inbox}");
    let shown = shop.place.ok(&["task", "show", "2"]);
    let note = format!("{} is updated with main at ", &head[..10]);
    assert!(
        shown.contains(&note) && shown.contains("nothing else changed"),
        "{shown}"
    );
    // What came in is nobody's change: neither of the whole, nor since the delivery.
    for args in [&["task", "diff", "2"][..], &["task", "diff", "2", "--from", "1"]] {
        let diff = shop.place.ok(args);
        assert!(diff.contains(&note) && !diff.contains("one.txt"), "{diff}");
    }
    let log = shop.place.ok(&["checks", "log", "2", "3"]);
    assert!(
        log.contains("one.txt") && log.contains("two.txt"),
        "both together: {log}"
    );
    shop.place.ok(&["task", "merge", "2"]);
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(
        (shop.merged("one.txt"), shop.merged("two.txt")),
        ("1".into(), "2".into())
    );
}

#[test]
fn what_conflicts_goes_to_its_agent_which_resolves_it_before_anybody_is_asked() {
    let resolve = r#"{ run = { command = "git merge origin/HEAD || true; printf '1\n2\n' > note.txt; git add -A; git commit -m 'Keep both'" } }"#;
    let told = r#"(?s)The base of app has moved to main at \S+: merged were pull request #\d, task 1 "First".*conflicts with it in: note.txt"#;
    let shop = in_review(
        ("note.txt", "1"),
        ("note.txt", "2"),
        &[(told, &[resolve, DONE])],
        AT_ONCE,
    );
    shop.merges("1");
    let settled = shop.event("update_settled", |data| data["task"] == 2);
    assert_eq!(settled["back"], true, "{settled:#}");
    let again = shop.event("update_settled", |data| data["task"] == 2 && data["back"] == false);
    assert!(again.is_object());
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("waits for review, delivery 2"), "{inbox}");
    let shown = shop.place.ok(&["task", "show", "2"]);
    assert!(shown.contains("conflict with main of app"), "{shown}");
    shop.merges("2");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("note.txt"), "1\n2");
}

#[test]
fn a_project_that_does_not_want_it_leaves_branches_as_they_are() {
    let shop = in_review(("one.txt", "1"), ("two.txt", "2"), &[], AT_ONCE);
    let set = shop.place.ok(&["project", "set", "shop", "--update-branches", "false"]);
    assert!(set.contains("stays as it is when its base moves"), "{set}");
    shop.merges("1");
    shop.event("task_done", |data| data["task"] == 1);
    shop.merges("2");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    let events = shop.place.ok(&["events", "--sprint", "1", "--json"]);
    assert!(!events.contains("update_begun"), "{events}");
}
