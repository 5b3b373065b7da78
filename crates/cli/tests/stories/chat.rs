//! Writing to an agent while it works.

use crate::shop::{DONE, Shop, report};

const SIGN: &str = r#"{ edit = { path = "note.txt", content = "signed\n" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;

/// The prompts that the agent of task 1 got, and how many attempts it took.
fn prompts(shop: &Shop) -> (Vec<String>, usize) {
    let trace = shop.place.ok(&["task", "log", "1", "--json"]);
    let entries = trace
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let prompts = entries.filter(|entry| entry["body"]["kind"] == "prompt");
    let texts = prompts.map(|entry| entry["body"]["text"].as_str().unwrap().to_owned());
    let attempts = shop.task("1")["attempts"].as_array().unwrap().len();
    (texts.collect(), attempts)
}

#[test]
fn a_message_waits_for_the_end_of_the_turn() {
    let at_work = report("Writing");
    let first: &[&str] = &[
        &at_work,
        r#"{ wait_for = { path = "SIGNALS/go", timeout = 60 } }"#,
        r#"{ say = "The note is nearly there." }"#,
    ];
    let shop = Shop::at_work(
        "",
        &["A note"],
        &[("Sign it, please", &[SIGN, COMMIT, DONE]), (r"task \d+: A note", first)],
    );
    shop.progress("Writing");
    let running = shop.task("1")["running"].take();
    assert_eq!(
        (&running["progress"], &running["attempt"]),
        (&"Writing".into(), &"s1-a2".into())
    );
    let time = |field: &str| running[field].as_i64().unwrap();
    assert!(
        time("started_at") <= time("active_at") && time("active_at") < time("silent_until"),
        "{running}"
    );
    let told = shop.place.ok(&["task", "chat", "1", "Sign it, please."]);
    assert!(told.contains("task 1 A note is in progress"), "{told}");
    let conversation = shop.place.ok(&["task", "chat", "1"]);
    assert!(conversation.contains("not delivered yet"), "{conversation}");
    shop.signal("go");
    let waits = shop.waits_for_a_person();
    assert!(waits.contains("team6 task diff 1"), "{waits}");
    let (prompts, attempts) = prompts(&shop);
    assert_eq!((prompts.len(), attempts), (2, 1), "{prompts:#?}");
    assert!(
        prompts[1].contains("ada writes to you (message 1): Sign it, please."),
        "{prompts:#?}"
    );
    let conversation = shop.place.ok(&["task", "chat", "1"]);
    assert!(conversation.contains("delivered to attempt"), "{conversation}");
    assert!(shop.task("1")["running"].is_null());
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+signed"));
}

#[test]
fn an_urgent_message_interrupts_the_agent() {
    let at_work = report("Lost in thought");
    let shop = Shop::at_work(
        "",
        &["A note"],
        &[
            ("Stop: just sign it", &[SIGN, COMMIT, DONE]),
            (r"task \d+: A note", &[&at_work, "{ hang = { deaf = false } }"]),
        ],
    );
    shop.progress("Lost in thought");
    shop.place.ok(&["task", "chat", "1", "--now", "Stop: just sign it."]);
    shop.waits_for_a_person();
    let (prompts, attempts) = prompts(&shop);
    assert_eq!((prompts.len(), attempts), (2, 1), "{prompts:#?}");
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+signed"));
}

#[test]
fn only_the_owner_and_the_lead_may_write_to_an_agent_pause_or_cancel_it() {
    let at_work = report("Working");
    let shop = Shop::at_work(
        "",
        &["A note"],
        &[(r"task \d+: A note", &[&at_work, "{ hang = { deaf = false } }"])],
    );
    shop.progress("Working");
    for order in [
        &["task", "chat", "1", "Hello?", "--as", "lin"][..],
        &["task", "pause", "1", "--as", "lin"],
        &["task", "cancel", "1", "--yes", "--as", "lin"],
        &["task", "agent", "1", "scripted", "--as", "lin"],
        &["task", "retry", "1", "--as", "lin"],
    ] {
        let said = shop.place.fails(3, order);
        assert!(
            said.contains("only the owner of task 1 or the sprint's lead ada does this"),
            "{order:?}: {said}"
        );
    }
}
