//! OpenAI's Chat Completions, `POST /v1/chat/completions`.

use serde_json::{Value, json};

use super::{Event, Frame, Speech, arguments, list, pieces, text_of};
use crate::scripted_model::conversation::{Conversation, Tool};

pub(super) fn read(body: &Value) -> Conversation {
    let mut talk = Conversation::default();
    for message in list(&body["messages"]) {
        let text = text_of(&message["content"]);
        match message["role"].as_str() {
            Some("system" | "developer") => talk.system_says(&text),
            Some("assistant") => talk.model_says(),
            Some("tool" | "function") => talk.tool_answers(text),
            Some("user") => talk.user_says(text),
            _ => {}
        }
    }
    talk.tools = list(&body["tools"])
        .iter()
        .filter_map(|tool| tool["function"]["name"].as_str())
        .map(Tool::function)
        .collect();
    talk
}

pub(super) fn write(speech: &Speech<'_>, frame: &Frame<'_>) -> Value {
    let mut message = json!({ "role": "assistant", "content": speech.text });
    if !speech.calls.is_empty() {
        message["tool_calls"] = (0..speech.calls.len()).map(|at| call(speech, frame, at)).collect();
    }
    json!({
        "id": format!("chatcmpl-{}", frame.id),
        "object": "chat.completion",
        "created": 0,
        "model": frame.model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(speech) }],
        "usage": usage(frame),
    })
}

pub(super) fn stream(speech: &Speech<'_>, frame: &Frame<'_>, body: &Value) -> Vec<Event> {
    let mut events = Vec::new();
    let mut send = |choices: Value, usage: Option<Value>| {
        let mut chunk = json!({
            "id": format!("chatcmpl-{}", frame.id),
            "object": "chat.completion.chunk",
            "created": 0,
            "model": frame.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        events.push((None, chunk.to_string()));
    };
    let choice = |delta: Value, finish: Option<&str>| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    send(choice(json!({ "role": "assistant", "content": "" }), None), None);
    for piece in pieces(speech.text.unwrap_or_default()) {
        send(choice(json!({ "content": piece }), None), None);
    }
    for (at, whole) in speech.calls.iter().enumerate() {
        let mut start = call(speech, frame, at);
        start["index"] = json!(at);
        start["function"]["arguments"] = json!("");
        send(choice(json!({ "tool_calls": [start] }), None), None);
        for piece in pieces(&arguments(whole)) {
            let more = json!({ "tool_calls": [{ "index": at, "function": { "arguments": piece } }] });
            send(choice(more, None), None);
        }
    }
    send(choice(json!({}), Some(finish_reason(speech))), None);
    if body["stream_options"]["include_usage"] == true {
        send(json!([]), Some(usage(frame)));
    }
    events.push((None, "[DONE]".to_owned()));
    events
}

fn call(speech: &Speech<'_>, frame: &Frame<'_>, at: usize) -> Value {
    let call = &speech.calls[at];
    json!({
        "id": format!("call_{}_{at}", frame.id),
        "type": "function",
        "function": { "name": call.tool.name, "arguments": arguments(call) },
    })
}

fn usage(frame: &Frame<'_>) -> Value {
    json!({
        "prompt_tokens": frame.usage.input,
        "completion_tokens": frame.usage.output,
        "total_tokens": frame.usage.input.saturating_add(frame.usage.output),
    })
}

fn finish_reason(speech: &Speech<'_>) -> &'static str {
    if speech.calls.is_empty() { "stop" } else { "tool_calls" }
}
