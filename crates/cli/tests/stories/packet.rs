//! The review packet: what whoever reviews is told on the pull request and by `team6 task review`.

use serde_json::Value;

use crate::shop::Shop;

const HANDED_IN: &str = r##"{ tool = { name = "complete_task", arguments = { summary_what = "Totals are `rounded`.\n# Checks\nCloses #7, asks @ada, see [here](https://example.org) <img src=x>", summary_why = "As asked.", left = ["Negative totals are untested."] } } }"##;

#[test]
fn a_review_begins_with_what_was_asked_what_changed_where_to_look_and_what_is_open() {
    let edit = r#"{ edit = { path = "Cargo.toml", content = "[workspace]\nmembers = []\n" } }"#;
    let ask = r#"{ tool = { name = "ask_owner", arguments = { question = "Which currency?" } } }"#;
    let commit = r#"{ commit = { message = "Round totals" } }"#;
    let shop = Shop::at_work(
        "",
        &["Total"],
        &[("Euro", &[edit, commit, HANDED_IN]), (r"task \d+: Total", &[ask])],
    );
    shop.event("owner_asked", |_| true);
    let early = shop.place.ok(&["task", "review", "1"]);
    assert!(early.contains("has delivered nothing to review yet"), "{early}");
    shop.place.ok(&["task", "chat", "1", "Euro, please."]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let shown = shop.place.ok(&["task", "review", "1"]);
    for part in [
        "  - It is there",
        "  app#1: 1 file, +",
        "  changes what is depended on in app: Cargo.toml",
        "  no check of app was run",
        "  the agent says: Negative totals are untested.",
        "  asked: Which currency? -> Euro, please.",
        "team6 task review 1 --approve",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let detail = shop.place.ok(&["task", "show", "1"]);
    assert!(
        detail.contains("Where to look") && detail.contains("Open questions"),
        "{detail}"
    );
    let packet: Value = shop.place.json(&["task", "review", "1"]);
    assert_eq!(packet["risks"][0]["risk"]["what"], "manifest", "{packet:#}");
    // The pull request says the same, and what the agent wrote is nothing but words there.
    let body = shop.body("app");
    for part in [
        "## What was asked\n\n**Total**",
        "Totals are `rounded`.\n\\# Checks\nCloses #\u{200b}7, asks @\u{200b}ada, see \\[here\\](https:\u{200b}//example.org) &lt;img src=x&gt;",
        "- app: 1 file, +",
        "  - `Cargo.toml` +",
        "- changes what is depended on in app: Cargo.toml",
        "- The agent says: Negative totals are untested.",
        "- The agent asked: Which currency? It was told: Euro, please.",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    let message = shop.repository.git(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("Closes #\u{200b}7"), "{message}");
}

#[test]
fn pull_requests_of_one_task_name_each_other_in_the_order_of_merging() {
    let (shop, _docs) = Shop::over_two();
    // Whichever was opened first did not know the number of the other.
    shop.says("app", "1. app#1 (this one)\n2. docs#1\n");
    shop.says("docs", "1. app#1\n2. docs#1 (this one)\n");
    assert!(
        shop.body("docs")
            .contains("- app: 1 file, +1 -0\n- docs (this one): 1 file, +1 -0")
    );
    // Said again after a crash, it is the same.
    let before = [shop.body("app"), shop.body("docs")];
    let shop = shop.restarted();
    shop.place.ok(&["task", "review", "1"]);
    assert_eq!(before, [shop.body("app"), shop.body("docs")]);
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
}
