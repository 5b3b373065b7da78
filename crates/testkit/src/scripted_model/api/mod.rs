//! The interfaces of real models, as far as agents use them: what a request says, and how an answer is written.
//!
//! Reading is lenient, since agents send far more than a scripted model needs; writing follows the providers' formats
//! to the letter, since agents check them.

pub(super) mod chat;
pub(super) mod messages;
pub(super) mod responses;

use serde_json::{Value, json};

use super::conversation::Conversation;
use super::play::ToolCall;
use super::record::Api;
use super::scenario::Usage;

/// One server-sent event: its name, if the interface names them, and its data.
pub(super) type Event = (Option<&'static str>, String);

/// What an answer says about itself besides its content.
pub(super) struct Frame<'a> {
    pub(super) model: &'a str,
    /// Part of every identifier in the answer; different for each request of a conversation.
    pub(super) id: &'a str,
    pub(super) usage: Usage,
}

/// What the model says.
pub(super) struct Speech<'a> {
    pub(super) text: Option<&'a str>,
    pub(super) calls: &'a [ToolCall],
}

/// Reads a request.
pub(super) fn read(api: Api, body: &Value) -> Conversation {
    match api {
        Api::Messages => messages::read(body),
        Api::ChatCompletions => chat::read(body),
        Api::Responses => responses::read(body),
        Api::Other => Conversation::default(),
    }
}

/// Writes an answer whole.
pub(super) fn write(api: Api, speech: &Speech<'_>, frame: &Frame<'_>) -> Value {
    match api {
        Api::Messages => messages::write(speech, frame),
        Api::ChatCompletions => chat::write(speech, frame),
        Api::Responses => responses::write(speech, frame),
        Api::Other => Value::Null,
    }
}

/// Writes an answer as a stream of events; `body` is the request.
pub(super) fn stream(api: Api, speech: &Speech<'_>, frame: &Frame<'_>, body: &Value) -> Vec<Event> {
    match api {
        Api::Messages => messages::stream(speech, frame),
        Api::ChatCompletions => chat::stream(speech, frame, body),
        Api::Responses => responses::stream(speech, frame),
        Api::Other => Vec::new(),
    }
}

/// Writes a failure.
pub(super) fn failure(api: Api, status: u16, message: &str) -> Value {
    if api == Api::Messages {
        return messages::failure(status, message);
    }
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    };
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

/// The text of a message's content, which is a text or a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts
                .iter()
                .filter_map(|part| part.as_str().or_else(|| part["text"].as_str()))
                .collect();
            texts.join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

/// The items of a list; none if it is something else.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text in a few pieces, as a stream brings it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const PIECES: usize = 4;
    let size = text.len().div_ceil(PIECES).max(8);
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, left) = rest.split_at(rest.ceil_char_boundary(size.min(rest.len())));
        rest = left;
        Some(piece)
    })
}

/// The arguments of a call as the text that models write.
fn arguments(call: &ToolCall) -> String {
    match &call.input {
        Value::Null => "{}".to_owned(),
        Value::String(text) if call.tool.free => text.clone(),
        input => input.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_text_and_never_split_a_character() {
        for text in ["", "short", "a longer text in a few pieces", "ääääääääääääääääääääää"] {
            assert_eq!(pieces(text).collect::<String>(), text);
            assert!(pieces(text).count() <= 5, "{text}");
        }
    }

    #[test]
    fn any_json_can_be_read() {
        for body in [
            json!(null),
            json!([]),
            json!({ "messages": 1, "input": 2, "tools": "x", "system": {} }),
            json!({ "messages": [1, {}, { "role": "user" }, { "role": "user", "content": [null, { "type": 1 }] }] }),
            json!({ "input": [[], { "type": "message" }, { "role": "user", "content": 1 }], "tools": [{}, 1] }),
        ] {
            for api in [Api::Messages, Api::ChatCompletions, Api::Responses, Api::Other] {
                let talk = read(api, &body);
                assert!(talk.results.is_empty(), "{body}");
            }
        }
    }
}
