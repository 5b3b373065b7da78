//! Anthropic's Messages, `POST /v1/messages`.

use serde_json::{Value, json};

use super::{Event, Frame, Speech, arguments, list, pieces, text_of};
use crate::scripted_model::conversation::{Conversation, Tool};

pub(super) fn read(body: &Value) -> Conversation {
    let mut talk = Conversation::default();
    talk.system_says(&text_of(&body["system"]));
    for message in list(&body["messages"]) {
        match message["role"].as_str() {
            Some("assistant") => talk.model_says(),
            Some("user") => user(message, &mut talk),
            _ => {}
        }
    }
    talk.tools = list(&body["tools"])
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .map(Tool::function)
        .collect();
    talk
}

/// Text beside answers of tools is a reminder of the agent, not something that the user said.
fn user(message: &Value, talk: &mut Conversation) {
    let answers: Vec<&Value> = list(&message["content"])
        .iter()
        .filter(|part| part["type"] == "tool_result")
        .collect();
    if answers.is_empty() {
        let text = text_of(&message["content"]);
        if !text.trim().is_empty() {
            talk.user_says(text);
        }
    }
    for answer in answers {
        talk.tool_answers(text_of(&answer["content"]));
    }
}

pub(super) fn write(speech: &Speech<'_>, frame: &Frame<'_>) -> Value {
    let blocks: Vec<Value> = blocks(speech, frame).into_iter().map(|(block, _)| block).collect();
    message(&json!(blocks), &json!(stop_reason(speech)), frame)
}

pub(super) fn stream(speech: &Speech<'_>, frame: &Frame<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut send = |name: &'static str, mut data: Value| {
        data["type"] = json!(name);
        events.push((Some(name), data.to_string()));
    };
    send(
        "message_start",
        json!({ "message": message(&json!([]), &Value::Null, frame) }),
    );
    for (index, (block, written)) in blocks(speech, frame).into_iter().enumerate() {
        let (field, delta) = match block["type"].as_str() {
            Some("tool_use") => ("input", "input_json_delta"),
            _ => ("text", "text_delta"),
        };
        let mut start = block;
        start[field] = if field == "input" { json!({}) } else { json!("") };
        send("content_block_start", json!({ "index": index, "content_block": start }));
        let content = if field == "input" { "partial_json" } else { "text" };
        for piece in pieces(&written) {
            send(
                "content_block_delta",
                json!({ "index": index, "delta": { "type": delta, content: piece } }),
            );
        }
        send("content_block_stop", json!({ "index": index }));
    }
    send(
        "message_delta",
        json!({ "delta": { "stop_reason": stop_reason(speech), "stop_sequence": null }, "usage": usage(frame) }),
    );
    send("message_stop", json!({}));
    events
}

pub(super) fn failure(status: u16, message: &str) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// Each block whole, with the text that a stream brings in pieces.
fn blocks(speech: &Speech<'_>, frame: &Frame<'_>) -> Vec<(Value, String)> {
    let text = speech
        .text
        .map(|text| (json!({ "type": "text", "text": text }), text.to_owned()));
    let calls = speech.calls.iter().enumerate().map(|(at, call)| {
        let input = if call.input.is_null() {
            json!({})
        } else {
            call.input.clone()
        };
        let id = format!("toolu_{}_{at}", frame.id);
        (
            json!({ "type": "tool_use", "id": id, "name": call.tool.name, "input": input }),
            arguments(call),
        )
    });
    text.into_iter().chain(calls).collect()
}

fn message(content: &Value, stop_reason: &Value, frame: &Frame<'_>) -> Value {
    json!({
        "id": format!("msg_{}", frame.id),
        "type": "message",
        "role": "assistant",
        "model": frame.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": usage(frame),
    })
}

fn usage(frame: &Frame<'_>) -> Value {
    json!({
        "input_tokens": frame.usage.input,
        "output_tokens": frame.usage.output,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    })
}

fn stop_reason(speech: &Speech<'_>) -> &'static str {
    if speech.calls.is_empty() {
        "end_turn"
    } else {
        "tool_use"
    }
}
