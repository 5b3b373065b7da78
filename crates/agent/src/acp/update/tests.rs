//! What agents were seen to send, and what is shown of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::acp::usage::Account;

fn reader() -> Reader {
    let mut reader = Reader::new("/w".as_ref(), Redactor::new(["hunter2hunter2".to_owned()]));
    reader.begin_turn();
    reader
}

/// What is shown of these updates, to the end of the turn.
fn shown(reader: &mut Reader, updates: &[Value]) -> Vec<TraceBody> {
    let mut account = Account::default();
    let mut entries: Vec<TraceBody> = updates
        .iter()
        .flat_map(|update| reader.read(update, &mut account))
        .collect();
    entries.extend(reader.finish());
    entries
}

fn chunk(text: &str) -> Value {
    json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": text } })
}

#[test]
fn a_call_is_shown_whole_each_time_something_of_it_changed() {
    let told = [
        json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": "Edit", "kind": "edit", "rawInput": {} }),
        json!({ "sessionUpdate": "tool_call_update", "toolCallId": "1", "rawInput": { "path": "/w/a" }, "locations": [{ "path": "/w/a" }, { "path": "/w" }, { "path": "/wide" }] }),
        json!({ "sessionUpdate": "tool_call_update", "toolCallId": "1", "title": null, "_meta": { "x": 1 } }),
        json!({ "sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "completed", "content": [
            { "type": "diff", "path": "/w/a", "oldText": null, "newText": "x" },
            { "type": "content", "content": { "type": "text", "text": "done with hunter2hunter2" } },
        ] }),
    ];
    let entries = shown(&mut reader(), &told);
    let begun = TraceBody::ToolCall {
        id: "1".into(),
        title: "Edit".into(),
        tool: "edit".into(),
        status: "pending".into(),
        input: None,
        output: None,
        diffs: Vec::new(),
        locations: Vec::new(),
    };
    let with_input = TraceBody::ToolCall {
        id: "1".into(),
        title: "Edit".into(),
        tool: "edit".into(),
        status: "pending".into(),
        input: Some(json!({ "path": "/w/a" })),
        output: None,
        diffs: Vec::new(),
        locations: vec!["a".into(), ".".into(), "/wide".into()],
    };
    let completed = TraceBody::ToolCall {
        id: "1".into(),
        title: "Edit".into(),
        tool: "edit".into(),
        status: "completed".into(),
        input: Some(json!({ "path": "/w/a" })),
        output: Some("done with [redacted]".into()),
        diffs: vec![FileDiff {
            path: "a".into(),
            before: None,
            after: "x".into(),
        }],
        locations: vec!["a".into(), ".".into(), "/wide".into()],
    };
    assert_eq!(entries, [begun, with_input, completed]);
}

#[test]
fn what_was_left_open_in_one_turn_is_no_part_of_a_call_of_the_next() {
    let call = |title: &str| json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": title, "rawInput": { "command": title } });
    let mut reader = reader();
    shown(&mut reader, &[call("cargo test")]);
    reader.begin_turn();
    let again = [json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": "git commit" })];
    let entries = shown(&mut reader, &again);
    let [TraceBody::ToolCall { title, input, .. }] = &entries[..] else {
        panic!("{entries:?}");
    };
    assert_eq!((title.as_str(), input), ("git commit", &None));
}

#[test]
fn words_come_before_what_the_agent_did_after_them() {
    let call = json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": "Look" });
    let entries = shown(&mut reader(), &[chunk("I lo"), chunk("ok"), call, chunk("done")]);
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| match entry {
            TraceBody::Message { text } => text,
            _ => "call",
        })
        .collect();
    assert_eq!(kinds, ["I ", "look", "call", "done"]);
}

#[test]
fn a_secret_is_not_told_in_halves_when_a_call_or_a_thought_comes_in_the_middle_of_it() {
    let call = json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": "Look" });
    let thought = json!({ "sessionUpdate": "agent_thought_chunk", "content": { "type": "text", "text": "Hm. " } });
    for (text, clean) in [
        ("the key is hunter2hunter2, he said", "the key is [redacted], he said"),
        (concat!("use ghp_", "abcdefghijklmnopqrst now"), "use [redacted] now"),
        (
            "at https://ada:secret1@example.org now",
            "at https://ada:[redacted]@example.org now",
        ),
        (
            "Authorization: Basic YWRhOnNl now",
            "Authorization: Basic [redacted] now",
        ),
        ("a bearer abcdefghij now", "a bearer [redacted] now"),
    ] {
        for (cut, between) in (1..text.len()).flat_map(|cut| [(cut, &call), (cut, &thought)]) {
            let told = [chunk(&text[..cut]), between.clone(), chunk(&text[cut..])];
            let words = shown(&mut reader(), &told).into_iter().filter_map(|entry| match entry {
                TraceBody::Message { text } => Some(text),
                _ => None,
            });
            assert_eq!(words.collect::<String>(), clean, "cut at {cut}");
        }
    }
}

#[test]
fn no_field_is_kept_beyond_its_bound() {
    let long = "ä".repeat(LONGEST);
    let mut reader = reader();
    let mut updates = vec![
        json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": long, "kind": long, "status": long,
            "rawInput": { "x": long }, "rawOutput": long, "locations": [{ "path": long }] }),
        json!({ "sessionUpdate": "plan", "entries": vec![json!({ "content": "x", "status": long }); 2_000] }),
        json!({ "sessionUpdate": "new_kind", "text": long }),
    ];
    updates.extend(std::iter::repeat_n(chunk(&long), 3));
    for entry in shown(&mut reader, &updates) {
        let size = serde_json::to_string(&entry).unwrap().len();
        assert!(size <= 7 * LONGEST, "{size}");
    }
    assert!(reader.said.len() <= LONGEST);
}

#[test]
fn calls_that_never_end_are_forgotten_at_some_point() {
    let mut reader = reader();
    let call = |n: usize| json!({ "sessionUpdate": "tool_call", "toolCallId": n.to_string(), "title": "x" });
    let entries = shown(&mut reader, &(0..1_000).map(call).collect::<Vec<_>>());
    assert_eq!((entries.len(), reader.calls.len()), (1_000, OPEN_CALLS));
}

proptest! {
    #[test]
    fn no_update_makes_it_panic(
        kind in "(agent_message_chunk|agent_thought_chunk|tool_call|tool_call_update|plan|usage_update|x)",
        field in "(content|toolCallId|title|rawInput|rawOutput|locations|entries|cost|status)",
        value in prop_oneof![
            Just(json!(null)), Just(json!(5)), Just(json!("x")), Just(json!([])), Just(json!({})),
            Just(json!([null, 1, {}, { "type": "diff" }, { "path": 1 }, { "content": { "text": 2 } }])),
            Just(json!({ "type": "text", "text": "a b" })), Just(json!({ "amount": f64::MAX, "currency": "usd" })),
        ],
    ) {
        let mut update = json!({ "sessionUpdate": kind });
        update[&field] = value;
        shown(&mut reader(), &[update]);
    }
}
