//! What was asked of the model, and what came of it, for tests to look at.

use serde::Serialize;
use serde_json::Value;

use super::conversation::{Conversation, Tool};

/// One request that reached the model.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// Its number, from 1.
    pub number: u64,
    /// Which of the model's interfaces it used.
    pub api: Api,
    /// Method and path.
    pub line: String,
    /// The credential that was sent with it.
    pub key: Option<String>,
    /// Whether the answer was to be streamed.
    pub streamed: bool,
    /// The name of the model that was asked for.
    pub model: String,
    /// Each message of the user so far.
    pub said: Vec<String>,
    /// What tools have answered so far.
    pub results: Vec<String>,
    /// The names of the tools that were offered; grouped ones as `group__tool`.
    pub tools: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// The whole body, `null` if it was no JSON.
    pub body: Value,
}

/// An interface of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Chat Completions.
    ChatCompletions,
    /// OpenAI's Responses.
    Responses,
    /// Anything else: lists of models, counts of tokens, unknown paths.
    Other,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A turn of a script was played; both numbers count from 1.
    Played {
        /// The script.
        script: usize,
        /// Its turn.
        turn: usize,
    },
    /// It offered no tools, as for titles and summaries, and got plain text.
    WithoutTools,
    /// No script had anything for it; it got plain text.
    Unscripted,
    /// It was not understood, or a capture was not found: status 400 with this message.
    Refused(String),
    /// It was not a prompt, and was answered with this status.
    Answered(u16),
}

/// What a request says before its body.
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) key: Option<String>,
}

impl Request {
    /// The last message of the user.
    pub fn last_said(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }

    pub(super) fn of(api: Api, asked: Asked, body: Value, talk: &Conversation, outcome: Outcome) -> Self {
        Self {
            number: 0,
            api,
            line: asked.line,
            key: asked.key,
            streamed: body["stream"].as_bool().unwrap_or(false),
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            said: talk.said.clone(),
            results: talk.results.clone(),
            tools: talk.tools.iter().map(full_name).collect(),
            outcome,
            body,
        }
    }
}

fn full_name(tool: &Tool) -> String {
    match &tool.namespace {
        Some(namespace) => format!("{namespace}__{}", tool.name),
        None => tool.name.clone(),
    }
}
