//! Agents without a sandbox: whoever looks is told.

use serde_json::Value;

use crate::shop::{DONE, Shop, submit};

const WARNING: &str = "agents run without a sandbox (sandbox = \"off\")";
const WRITE: &str = r#"{ edit = { path = "note.txt", content = "note\n" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;

/// A sprint with one task that is delivered.
fn delivered(sandbox: &str) -> Shop {
    let place = Shop::place("");
    let config = std::fs::read_to_string(place.path().join("team6.toml")).unwrap();
    place.file("team6.toml", &format!("sandbox = \"{sandbox}\"\n{config}"));
    let submit = submit(&["A note"]);
    let scripts: [(&str, &[&str]); 2] = [
        (r"task \d+: A note", &[WRITE, COMMIT, DONE]),
        ("Plan a sprint for this goal", &[&submit]),
    ];
    let shop = Shop::in_place(place, &scripts, &[]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop
}

/// What each command that people look at says beside its result.
fn said(shop: &Shop) -> Vec<(String, String)> {
    shop.place.ok(&["sprint", "owners", "1", "1=ada"]);
    let commands = [
        &["sprint", "approve", "1"][..],
        &["sprint", "watch", "1", "--until", "person"],
        &["sprint", "show", "1"],
        &["task", "show", "1"],
        &["task", "show", "1", "--json"],
        &["agent", "check", "scripted"],
    ];
    let each = commands.map(|command| {
        let ran = shop.place.run(command);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
        (
            command.join(" "),
            format!("{}{}", ran.stderr, if command[0] == "agent" { &ran.stdout } else { "" }),
        )
    });
    each.into()
}

/// The first entries of the traces of the plan and of the task.
fn beginnings(shop: &Shop) -> Vec<Value> {
    let logs = [["sprint", "log", "1", "--json"], ["task", "log", "1", "--json"]];
    let first = logs.map(|log| {
        let text = shop.place.ok(&log);
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        first["body"]["text"].clone()
    });
    first.into()
}

#[test]
fn whoever_looks_is_told_that_agents_run_without_a_sandbox() {
    let shop = delivered("off");
    let started = shop.place.log();
    assert!(started.contains(&format!("warning: {WARNING}")), "{started}");
    for (command, said) in said(&shop) {
        let expected = if command.starts_with("agent") {
            "sandbox      none"
        } else {
            WARNING
        };
        assert!(said.contains(expected), "{command}: {said}");
    }
    for text in beginnings(&shop) {
        assert!(text.as_str().unwrap().contains(WARNING), "{text}");
    }
}

#[test]
fn nobody_is_warned_of_agents_in_sandboxes() {
    let shop = delivered("on");
    assert!(!shop.place.log().contains("without a sandbox"), "{}", shop.place.log());
    for (command, said) in said(&shop) {
        assert!(
            !said.contains("warning") && !said.contains("sandbox      none"),
            "{command}: {said}"
        );
    }
    for text in beginnings(&shop) {
        assert!(!text.as_str().unwrap().contains("sandbox"), "{text}");
    }
}
