//! What each interface answers, whole and streamed.

use serde_json::{Value, json};
use team6_testkit::scripted_model::{Api, Outcome, Script, Turn, Usage};

use crate::client::{data, joined, model, streamed, whole};

const SAYING: &str = "I write the greeting now, and then I am done.";

fn script() -> Script {
    Script::when("greet")
        .capture("name", r"greet (\w+)")
        .turn(
            Turn::says(SAYING)
                .and_calls("write", json!({ "path": "{capture.name}.txt", "content": "häl\"lo\n" }))
                .costs(Usage { input: 7, output: 3 }),
        )
        .says("Done.")
}

fn input() -> Value {
    json!({ "path": "ada.txt", "content": "häl\"lo\n" })
}

#[tokio::test]
async fn messages_come_whole_and_streamed_with_the_same_content() {
    let model = model(script()).await;
    let ask = json!({
        "model": "claude-x", "max_tokens": 10, "tools": [{ "name": "Write", "input_schema": {} }],
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "greet ada" }] }],
    });
    let message = whole(&model, "/v1/messages?beta=true", &ask).await;
    assert_eq!(message["model"], "claude-x");
    assert_eq!(message["content"][0], json!({ "type": "text", "text": SAYING }));
    assert_eq!(message["content"][1]["name"], "Write");
    assert_eq!(message["content"][1]["input"], input());
    assert_eq!(message["stop_reason"], "tool_use");
    assert_eq!(message["usage"]["input_tokens"], 7);

    let events = streamed(&model, "/v1/messages", &ask).await;
    let mut names: Vec<&str> = events.iter().map(|event| event.0.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert_eq!(joined(&events, "/delta/text"), SAYING);
    assert_eq!(parsed(&joined(&events, "/delta/partial_json")), input());
    assert_eq!(data(&events[events.len() - 2])["usage"]["output_tokens"], 3);
    let ids: Vec<String> = model
        .requests()
        .iter()
        .map(|request| request.number.to_string())
        .collect();
    assert_eq!(ids, ["1", "2"]);
}

#[tokio::test]
async fn messages_go_on_after_the_answer_of_the_tool() {
    let model = model(script()).await;
    let ask = json!({
        "model": "m", "tools": [{ "name": "Write" }],
        "messages": [
            { "role": "user", "content": "greet ada" },
            { "role": "assistant", "content": [{ "type": "tool_use", "id": "t", "name": "Write", "input": {} }] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t", "content": [{ "type": "text", "text": "written" }] },
                { "type": "text", "text": "<system-reminder>keep going</system-reminder>" },
            ] },
        ],
    });
    let message = whole(&model, "/v1/messages", &ask).await;
    assert_eq!(message["content"], json!([{ "type": "text", "text": "Done." }]));
    assert_eq!(message["stop_reason"], "end_turn");
    let request = &model.requests()[0];
    assert_eq!((request.api, request.last_said()), (Api::Messages, "greet ada"));
    assert_eq!(request.results, ["written"]);
    assert_eq!(request.outcome, Outcome::Played { script: 1, turn: 2 });
}

#[tokio::test]
async fn chat_completions_come_whole_and_streamed_with_the_same_content() {
    let model = model(script()).await;
    let ask = json!({
        "model": "gpt-x", "tools": [{ "type": "function", "function": { "name": "write" } }],
        "messages": [{ "role": "system", "content": "be kind" }, { "role": "user", "content": "greet ada" }],
        "stream_options": { "include_usage": true },
    });
    let completion = whole(&model, "/v1/chat/completions", &ask).await;
    let message = &completion["choices"][0]["message"];
    assert_eq!(message["content"], SAYING);
    assert_eq!(
        parsed(message["tool_calls"][0]["function"]["arguments"].as_str().unwrap()),
        input()
    );
    assert_eq!(completion["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(completion["usage"]["total_tokens"], 10);

    let events = streamed(&model, "/v1/chat/completions", &ask).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), SAYING);
    assert_eq!(joined(&events, "/choices/0/delta/tool_calls/0/function/name"), "write");
    assert_eq!(
        parsed(&joined(&events, "/choices/0/delta/tool_calls/0/function/arguments")),
        input()
    );
    assert_eq!(joined(&events, "/choices/0/finish_reason"), "tool_calls");
    assert_eq!(data(&events[events.len() - 2])["usage"]["total_tokens"], 10);
    assert_eq!(events.last().unwrap().1, "[DONE]");
}

#[tokio::test]
async fn responses_come_whole_and_streamed_with_the_same_content() {
    let model = model(script()).await;
    let ask = json!({
        "model": "gpt-x", "instructions": "be kind",
        "tools": [{ "type": "namespace", "name": "mcp__files", "tools": [{ "type": "function", "name": "write" }] }],
        "input": [{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "greet ada" }] }],
    });
    let response = whole(&model, "/v1/responses", &ask).await;
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"][0]["content"][0]["text"], SAYING);
    let call = &response["output"][1];
    assert_eq!(
        (&call["name"], &call["namespace"]),
        (&json!("write"), &json!("mcp__files"))
    );
    assert_eq!(parsed(call["arguments"].as_str().unwrap()), input());

    let events = streamed(&model, "/v1/responses", &ask).await;
    assert_eq!(events[0].0, "response.created");
    for (at, event) in events.iter().enumerate() {
        let data = data(event);
        assert_eq!((&data["type"], &data["sequence_number"]), (&json!(event.0), &json!(at)));
    }
    let of = |name: &str| -> Vec<_> { events.iter().filter(|event| event.0 == name).cloned().collect() };
    assert_eq!(joined(&of("response.output_text.delta"), "/delta"), SAYING);
    assert_eq!(
        parsed(&joined(&of("response.function_call_arguments.delta"), "/delta")),
        input()
    );
    let completed = data(events.last().unwrap());
    assert_eq!(completed["type"], "response.completed");
    assert_eq!(completed["response"]["output"].as_array().unwrap().len(), 2);
    assert_eq!(completed["response"]["usage"]["total_tokens"], 10);
}

#[tokio::test]
async fn a_tool_for_free_text_is_called_with_free_text() {
    let model = model(Script::otherwise().calls("apply_patch", json!("*** Begin Patch"))).await;
    let ask = json!({ "tools": [{ "type": "custom", "name": "apply_patch" }], "input": "go" });
    let response = whole(&model, "/responses", &ask).await;
    assert_eq!(response["output"][0]["type"], "custom_tool_call");
    assert_eq!(response["output"][0]["input"], "*** Begin Patch");
    let events = streamed(&model, "/responses", &ask).await;
    let deltas: Vec<_> = events
        .into_iter()
        .filter(|event| event.0 == "response.custom_tool_call_input.delta")
        .collect();
    assert_eq!(joined(&deltas, "/delta"), "*** Begin Patch");
}

#[tokio::test]
async fn a_request_without_tools_gets_plain_text() {
    let model = model(script()).await;
    let ask = json!({ "messages": [{ "role": "user", "content": "greet ada" }] });
    let completion = whole(&model, "/v1/chat/completions", &ask).await;
    assert_eq!(
        completion["choices"][0]["message"],
        json!({ "role": "assistant", "content": "ok" })
    );
    assert_eq!(model.requests()[0].outcome, Outcome::WithoutTools);
}

#[tokio::test]
async fn models_are_listed_and_tokens_counted() {
    let model = model(script()).await;
    let listed = reqwest::get(format!("{}/models", model.url_v1())).await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["data"][0]["id"], "scripted");
    let counted = whole(&model, "/v1/messages/count_tokens", &json!({ "messages": [] })).await;
    assert_eq!(counted, json!({ "input_tokens": 4 }));
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
