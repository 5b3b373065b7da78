//! What an agent's raw updates say, as trace entries. Whatever is not understood is kept as it came.

use std::collections::HashMap;

use serde_json::Value;
use team6_core::trace::{FileDiff, Step, TraceBody};

use super::redact::{Redactor, TextStream};
use super::usage::Account;

/// The most text of one field that is kept, in bytes.
const LONGEST: usize = 256 << 10;
/// The most text that is kept of a title, a path or a word, in bytes.
const LONGEST_TITLE: usize = 4 << 10;
/// How many files or steps are kept of one update.
const MOST_ITEMS: usize = 200;
/// How many calls may be open at once; agents that never end theirs cost no more.
const OPEN_CALLS: usize = 256;

/// Turns the updates of one session into trace entries.
#[derive(Debug)]
pub(super) struct Reader {
    cwd: String,
    redactor: Redactor,
    message: TextStream,
    thought: TextStream,
    calls: HashMap<String, TraceBody>,
    /// What the agent said in this turn, from its beginning.
    pub(super) said: String,
    /// Whether it did anything else than talk.
    pub(super) acted: bool,
}

impl Reader {
    pub(super) fn new(cwd: &std::path::Path, redactor: Redactor) -> Self {
        Self {
            cwd: cwd.to_string_lossy().into_owned(),
            redactor,
            message: TextStream::default(),
            thought: TextStream::default(),
            calls: HashMap::new(),
            said: String::new(),
            acted: false,
        }
    }

    pub(super) fn begin_turn(&mut self) {
        // What was left open is over, and its id may mean another call from here on.
        self.calls.clear();
        self.said.clear();
        self.acted = false;
    }

    /// What is to be shown after this update.
    pub(super) fn read(&mut self, update: &Value, account: &mut Account) -> Vec<TraceBody> {
        let kind = update.get("sessionUpdate").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "agent_message_chunk" => self.chunk(update, false),
            "agent_thought_chunk" => self.chunk(update, true),
            // What we said ourselves.
            "user_message_chunk" => Vec::new(),
            // For pickers of commands and titles, which we do not have.
            "available_commands_update" | "current_mode_update" | "config_option_update" | "session_info_update" => {
                Vec::new()
            }
            "usage_update" => account.update(update).map(TraceBody::Usage).into_iter().collect(),
            "plan" => self.after_text(steps(update)),
            "tool_call" | "tool_call_update" => {
                self.acted = true;
                match self.call(update) {
                    Some(call) => self.after_text(call),
                    None => Vec::new(),
                }
            }
            _ => self.after_text(TraceBody::Raw { value: bounded(update) }),
        }
    }

    /// The rest of the texts, because the turn is over.
    pub(super) fn finish(&mut self) -> Vec<TraceBody> {
        let thought = self
            .thought
            .finish(&self.redactor)
            .map(|text| TraceBody::Thought { text });
        let message = self
            .message
            .finish(&self.redactor)
            .map(|text| TraceBody::Message { text });
        thought.into_iter().chain(message).collect()
    }

    /// The words that were held back, but for those in which a secret may have begun: because nothing has followed them for
    /// a while, or because something else comes after them. What comes in the middle of a secret does not end it: tools
    /// and error streams have pipes of their own, and calls of several tools overlap. Its words stay held until the text
    /// goes on or the turn ends, even though they then stand after what came between: either half would tell too much.
    pub(super) fn harmless(&mut self) -> Vec<TraceBody> {
        let thought = self
            .thought
            .harmless(&self.redactor)
            .map(|text| TraceBody::Thought { text });
        let message = self
            .message
            .harmless(&self.redactor)
            .map(|text| TraceBody::Message { text });
        thought.into_iter().chain(message).collect()
    }

    /// Whether words are held back.
    pub(super) fn holds(&self) -> bool {
        self.thought.holds() || self.message.holds()
    }

    fn after_text(&mut self, mut body: TraceBody) -> Vec<TraceBody> {
        self.redactor.entry(&mut body);
        let mut entries = self.harmless();
        entries.push(body);
        entries
    }

    fn chunk(&mut self, update: &Value, thought: bool) -> Vec<TraceBody> {
        let content = update.get("content").unwrap_or(&Value::Null);
        let Some(piece) = content.get("text").and_then(Value::as_str) else {
            let kind = content.get("type").and_then(Value::as_str).unwrap_or("something");
            let text = format!("the agent shows {kind} content, which is not kept");
            return self.after_text(TraceBody::Note { text, failed: false });
        };
        if !thought {
            let room = LONGEST.saturating_sub(self.said.len());
            self.said.push_str(&piece[..piece.floor_char_boundary(room)]);
        }
        let redactor = &self.redactor;
        let thinks = |text| TraceBody::Thought { text };
        let says = |text| TraceBody::Message { text };
        // The other kind of text has paused: what is harmless of it stands before this one.
        let (before, shown) = match thought {
            true => (
                self.message.harmless(redactor).map(says),
                self.thought.push(piece, redactor).map(thinks),
            ),
            false => (
                self.thought.harmless(redactor).map(thinks),
                self.message.push(piece, redactor).map(says),
            ),
        };
        before.into_iter().chain(shown).collect()
    }

    /// A call, whole as far as known: updates tell only what changed. None if that is nothing.
    fn call(&mut self, update: &Value) -> Option<TraceBody> {
        let text = |name: &str| update.get(name).and_then(Value::as_str).map(title);
        let id = text("toolCallId").unwrap_or_default();
        let before = self.calls.remove(&id);
        let known = before.clone().unwrap_or_else(|| TraceBody::ToolCall {
            id: id.clone(),
            title: String::new(),
            tool: "other".into(),
            status: "pending".into(),
            input: None,
            output: None,
            diffs: Vec::new(),
            locations: Vec::new(),
        });
        let mut call = known;
        if let TraceBody::ToolCall {
            title,
            tool,
            status,
            input,
            output,
            diffs,
            locations,
            ..
        } = &mut call
        {
            *title = text("title").unwrap_or_else(|| std::mem::take(title));
            *tool = text("kind").unwrap_or_else(|| std::mem::take(tool));
            *status = text("status").unwrap_or_else(|| std::mem::take(status));
            if let Some(raw) = update.get("rawInput").filter(|raw| !is_empty(raw)) {
                *input = Some(bounded(raw));
            }
            if let Some(content) = update.get("content").and_then(Value::as_array) {
                *diffs = content
                    .iter()
                    .filter_map(|item| self.diff(item))
                    .take(MOST_ITEMS)
                    .collect();
                *output = joined(content).or_else(|| output.take());
            }
            if output.is_none() {
                *output = update.get("rawOutput").filter(|raw| !is_empty(raw)).map(plain);
            }
            if let Some(places) = update.get("locations").and_then(Value::as_array) {
                let paths = places.iter().filter_map(|place| place.get("path")?.as_str());
                *locations = paths.map(|path| self.relative(path)).take(MOST_ITEMS).collect();
            }
            let open = !matches!(status.as_str(), "completed" | "failed");
            if open && self.calls.len() < OPEN_CALLS {
                self.calls.insert(id, call.clone());
            }
        }
        (before.as_ref() != Some(&call)).then_some(call)
    }

    fn diff(&self, item: &Value) -> Option<FileDiff> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(cut);
        (item.get("type")?.as_str()? == "diff").then(|| FileDiff {
            path: self.relative(&text("path").unwrap_or_default()),
            before: text("oldText"),
            after: text("newText").unwrap_or_default(),
        })
    }

    fn relative(&self, path: &str) -> String {
        let below = match path.strip_prefix(&self.cwd) {
            Some("" | "/") => Some("."),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        title(below.unwrap_or(path))
    }
}

fn steps(update: &Value) -> TraceBody {
    let entries = update.get("entries").and_then(Value::as_array);
    let step = |entry: &Value| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        Step {
            text: title(text("content")),
            status: title(text("status")),
        }
    };
    TraceBody::Steps {
        steps: entries
            .map(|all| all.iter().take(MOST_ITEMS).map(step).collect())
            .unwrap_or_default(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// A title, a path or a word, which people read on one line.
pub(super) fn title(text: &str) -> String {
    cut_to(text, LONGEST_TITLE)
}

fn cut(text: &str) -> String {
    cut_to(text, LONGEST)
}

fn cut_to(text: &str, longest: usize) -> String {
    let end = text.floor_char_boundary(longest);
    match end < text.len() {
        true => format!("{}…", &text[..end]),
        false => text.to_owned(),
    }
}

/// The value, or the beginning of its text if it is too large.
pub(super) fn bounded(value: &Value) -> Value {
    let text = value.to_string();
    match text.len() <= LONGEST {
        true => value.clone(),
        false => Value::String(cut(&text)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

/// The text of a call's output.
fn joined(content: &[Value]) -> Option<String> {
    let texts = content
        .iter()
        .filter_map(|item| item.pointer("/content/text").and_then(Value::as_str));
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| cut(&texts.join("\n")))
}

#[cfg(test)]
mod tests;
