//! The engine's own checks: what breaks a test goes back to its agent, what stays broken is shown first, and a test that
//! was removed is told of.

use crate::shop::{DONE, Shop};

const COMMIT: &str = r#"{ commit = { message = "Change it" } }"#;
/// A check that looks at a file as it is committed, and says what it saw.
const CHECK: &str = "cat total.txt 2>/dev/null; test ! -e total.txt || grep -q '^3$' total.txt";

fn total(text: &str) -> String {
    format!(r#"{{ edit = {{ path = "total.txt", content = "{text}\n" }} }}"#)
}

fn at_work(scripts: &[(&str, &[&str])]) -> Shop {
    let submit = crate::shop::submit(&["Total"]);
    let steps = [submit.as_str()];
    let mut all = scripts.to_vec();
    all.push(("Plan a sprint for this goal", &steps));
    let shop = Shop::open("", &all);
    shop.place.ok(&["repo", "check", "add", "shop", "app", "total", CHECK]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop
}

#[test]
fn a_commit_that_breaks_a_check_goes_back_to_its_agent_and_is_mended_before_anybody_looks() {
    let (wrong, right) = (total("4"), total("3"));
    let shop = at_work(&[
        (
            r"(?s)Mend your work, not the checks.*```\s4\s```",
            &[&right, COMMIT, DONE],
        ),
        (r"task \d+: Total", &[&wrong, COMMIT, DONE]),
    ]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("delivery 1 broke checks"), "{shown}");
    assert!(
        shown.contains("passed") && shown.contains("stale: broken by it"),
        "{shown}"
    );
    assert!(!shown.contains("it breaks total of app"), "{shown}");
    let listed = shop.place.json(&["checks", "list", "1"]);
    let outcomes = |n: usize| {
        (
            listed["items"][n]["receipt"]["outcome"].clone(),
            listed["items"][n]["current"].clone(),
        )
    };
    assert_eq!(outcomes(0), ("broke".into(), false.into()), "{listed:#}");
    assert_eq!(outcomes(1), ("passed".into(), true.into()), "{listed:#}");
    assert!(listed["items"][0]["receipt"]["run"]["tree"].is_string(), "{listed:#}");
    // What it said is kept, there and at the base.
    assert_eq!(shop.place.ok(&["checks", "log", "1", "1"]).trim(), "4");
    assert_eq!(shop.place.ok(&["checks", "log", "1", "2"]).trim(), "3");
    let at_base = shop.place.ok(&["checks", "log", "1", "1", "--base"]);
    assert!(at_base.contains("It said nothing"), "{at_base}");
    let verified = shop.place.ok(&["checks", "verify", "1"]);
    assert!(verified.contains("verified 2 receipts and 3 logs"), "{verified}");
    let saved = shop.place.path().join("receipts.json");
    let saved = saved.to_str().unwrap();
    shop.place.ok(&["checks", "verify", "1", "--save", saved]);
    let export = std::fs::read_to_string(saved).unwrap();
    assert!(export.contains("\"outcome\":\"broke\""), "{export}");
    let body = shop.body("app");
    assert!(
        body.contains("## Checks") && body.contains("✓ **total**: passed") && body.contains("`team6 checks log 1 2`"),
        "{body}"
    );
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("total.txt"), "3");
}

#[test]
fn what_stays_broken_reaches_its_owner_with_the_failure_shown_first() {
    let wrong = total("4");
    let shop = at_work(&[
        // It says that it is done, and has changed nothing.
        ("(?s)Mend your work, not the checks", &[DONE]),
        (r"task \d+: Total", &[&wrong, COMMIT, DONE]),
    ]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("it breaks total of app; waits for review"), "{inbox}");
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("broken by it"), "{shown}");
    let body = shop.body("app");
    assert!(body.contains("✗ **total**: broken by it"), "{body}");
}

#[test]
fn a_test_that_was_removed_is_told_of_and_its_check_may_pass_all_the_same() {
    let lib = "crates/words/src/lib.rs";
    let content = r"//! Words of a text.\n\n/// The number of words.\npub fn count(text: &str) -> usize {\n    text.split_whitespace().count()\n}\n";
    let untest = format!(r#"{{ edit = {{ path = "{lib}", content = "{content}" }} }}"#);
    let submit = crate::shop::submit(&["Untest"]);
    let steps = [submit.as_str()];
    let shop = Shop::open(
        "",
        &[
            ("Plan a sprint for this goal", &steps),
            (r"task \d+: Untest", &[&untest, COMMIT, DONE]),
        ],
    );
    shop.place.ok(&["repo", "check", "add", "shop", "app", "fine", "true"]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("weakened tests in app: crates/words/src/lib.rs: test `an_empty_text_has_no_words` was removed"),
        "{shown}"
    );
    assert!(shown.contains("fine of app") && shown.contains("passed"), "{shown}");
    let body = shop.body("app");
    assert!(body.contains("**!** weakened tests in app: "), "{body}");
}

#[test]
fn a_server_that_is_killed_while_a_check_runs_runs_it_again_and_records_it_once() {
    let right = total("3");
    let submit = crate::shop::submit(&["Total"]);
    let steps = [submit.as_str()];
    let shop = Shop::open(
        "",
        &[
            ("Plan a sprint for this goal", &steps),
            (r"task \d+: Total", &[&right, COMMIT, DONE]),
        ],
    );
    let go = shop.place.path().join("signals/go");
    let waits = format!("until test -e {}; do sleep 0.1; done", go.display());
    shop.place.ok(&["repo", "check", "add", "shop", "app", "waits", &waits]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.event("attempt_delivered", |data| data["checks"]["app"].is_array());
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("its checks are being run: waits of app"), "{shown}");
    let shop = shop.restarted();
    shop.signal("go");
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let listed = shop.place.json(&["checks", "list", "1"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed:#}");
    assert_eq!(listed["items"][0]["receipt"]["outcome"], "passed", "{listed:#}");
}
