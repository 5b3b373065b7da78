//! OpenAI's Responses, `POST /v1/responses`.

use serde_json::{Value, json};

use super::{Event, Frame, Speech, arguments, list, pieces, text_of};
use crate::scripted_model::conversation::{Conversation, Tool};

pub(super) fn read(body: &Value) -> Conversation {
    let mut talk = Conversation::default();
    talk.system_says(&text_of(&body["instructions"]));
    if let Some(text) = body["input"].as_str() {
        talk.user_says(text.to_owned());
    }
    for item in list(&body["input"]) {
        match (item["type"].as_str(), item["role"].as_str()) {
            (Some("function_call_output" | "custom_tool_call_output"), _) => {
                talk.tool_answers(text_of(&item["output"]));
            }
            (Some("function_call" | "custom_tool_call"), _) | (_, Some("assistant")) => talk.model_says(),
            (_, Some("system" | "developer")) => talk.system_says(&text_of(&item["content"])),
            (_, Some("user")) => talk.user_says(text_of(&item["content"])),
            _ => {}
        }
    }
    talk.tools = list(&body["tools"]).iter().flat_map(|tool| tools(tool, None)).collect();
    talk
}

/// A tool, or all tools of a group.
fn tools(tool: &Value, namespace: Option<&str>) -> Vec<Tool> {
    let Some(name) = tool["name"].as_str() else {
        return Vec::new();
    };
    if namespace.is_none() && tool["type"] == "namespace" {
        return list(&tool["tools"])
            .iter()
            .flat_map(|inner| tools(inner, Some(name)))
            .collect();
    }
    vec![Tool {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        free: tool["type"] == "custom",
    }]
}

pub(super) fn write(speech: &Speech<'_>, frame: &Frame<'_>) -> Value {
    response(frame, "completed", &items(speech, frame))
}

pub(super) fn stream(speech: &Speech<'_>, frame: &Frame<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut send = |name: &'static str, mut data: Value| {
        data["type"] = json!(name);
        data["sequence_number"] = json!(events.len());
        events.push((Some(name), data.to_string()));
    };
    let items = items(speech, frame);
    send(
        "response.created",
        json!({ "response": response(frame, "in_progress", &[]) }),
    );
    send(
        "response.in_progress",
        json!({ "response": response(frame, "in_progress", &[]) }),
    );
    for (at, item) in items.iter().enumerate() {
        if item["type"] == "message" {
            text(item, at, &mut send);
        } else {
            call(item, at, &mut send);
        }
        send("response.output_item.done", json!({ "output_index": at, "item": item }));
    }
    send(
        "response.completed",
        json!({ "response": response(frame, "completed", &items) }),
    );
    events
}

fn text(item: &Value, at: usize, send: &mut impl FnMut(&'static str, Value)) {
    let place = |mut data: Value| {
        data["item_id"] = item["id"].clone();
        data["output_index"] = json!(at);
        data["content_index"] = json!(0);
        data
    };
    let part = &item["content"][0];
    let mut start = item.clone();
    start["status"] = json!("in_progress");
    start["content"] = json!([]);
    send(
        "response.output_item.added",
        json!({ "output_index": at, "item": start }),
    );
    let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
    send("response.content_part.added", place(json!({ "part": empty })));
    for piece in pieces(part["text"].as_str().unwrap_or_default()) {
        send("response.output_text.delta", place(json!({ "delta": piece })));
    }
    send("response.output_text.done", place(json!({ "text": part["text"] })));
    send("response.content_part.done", place(json!({ "part": part })));
}

fn call(item: &Value, at: usize, send: &mut impl FnMut(&'static str, Value)) {
    let (field, delta, done) = if item["type"] == "custom_tool_call" {
        (
            "input",
            "response.custom_tool_call_input.delta",
            "response.custom_tool_call_input.done",
        )
    } else {
        (
            "arguments",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
        )
    };
    let place = |mut data: Value| {
        data["item_id"] = item["id"].clone();
        data["output_index"] = json!(at);
        data
    };
    let mut start = item.clone();
    start["status"] = json!("in_progress");
    start[field] = json!("");
    send(
        "response.output_item.added",
        json!({ "output_index": at, "item": start }),
    );
    for piece in pieces(item[field].as_str().unwrap_or_default()) {
        send(delta, place(json!({ "delta": piece })));
    }
    send(done, place(json!({ field: item[field] })));
}

fn items(speech: &Speech<'_>, frame: &Frame<'_>) -> Vec<Value> {
    let text = speech.text.map(|text| {
        json!({
            "type": "message",
            "id": format!("msg_{}", frame.id),
            "role": "assistant",
            "status": "completed",
            "content": [{ "type": "output_text", "text": text, "annotations": [] }],
        })
    });
    let calls = speech.calls.iter().enumerate().map(|(at, call)| {
        let (kind, prefix, field) = if call.tool.free {
            ("custom_tool_call", "ctc", "input")
        } else {
            ("function_call", "fc", "arguments")
        };
        let mut item = json!({
            "type": kind,
            "id": format!("{prefix}_{}_{at}", frame.id),
            "call_id": format!("call_{}_{at}", frame.id),
            "name": call.tool.name,
            "status": "completed",
            field: arguments(call),
        });
        if let Some(namespace) = &call.tool.namespace {
            item["namespace"] = json!(namespace);
        }
        item
    });
    text.into_iter().chain(calls).collect()
}

fn response(frame: &Frame<'_>, status: &str, output: &[Value]) -> Value {
    let usage = json!({
        "input_tokens": frame.usage.input,
        "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": frame.usage.output,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": frame.usage.input.saturating_add(frame.usage.output),
    });
    json!({
        "id": format!("resp_{}", frame.id),
        "object": "response",
        "created_at": 0,
        "status": status,
        "model": frame.model,
        "output": output,
        "usage": if status == "completed" { usage } else { Value::Null },
        "error": null,
        "incomplete_details": null,
    })
}
