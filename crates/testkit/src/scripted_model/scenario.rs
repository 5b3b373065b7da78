//! What the model will say: scripts and their turns, made in Rust or read from a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ScenarioError;
use super::row::Row;

/// The most bytes that a scenario file may have.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// All that a scripted model knows.
///
/// For each request the first script is played whose `when` stands in the last message of the user, else the first whose
/// `when` stands in any of them. A script without `when` is played when no other matches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(default)]
    pub(super) scripts: Vec<Script>,
}

/// What is answered to one kind of prompt, turn by turn.
///
/// A turn is one answer of the model. Which one is due follows from the conversation alone, from how often tools have
/// answered since the user spoke, so that the model forgets nothing when it restarts; the last one is repeated. Only
/// failures are counted, since the agent repeats the same request after them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub(super) when: Option<String>,
    #[serde(default)]
    pub(super) captures: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) turns: Vec<Turn>,
}

/// One answer of the model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Row")]
pub struct Turn {
    pub(super) reply: Reply,
    /// Kept back until this gate is opened.
    pub(super) hold: Option<String>,
    pub(super) usage: Usage,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Say { text: Option<String>, calls: Vec<Call> },
    Fail(Failure),
}

/// A tool call of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tool's name as the scenario gives it; matched loosely with those that the agent offers.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub input: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) message: String,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    /// How often it happens; always, if nothing is said.
    pub(super) times: Option<u32>,
}

/// The tokens that an answer is said to have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 120, output: 30 }
    }
}

impl Scenario {
    /// A scenario without scripts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a script; earlier ones go first.
    #[must_use]
    pub fn script(mut self, script: Script) -> Self {
        self.scripts.push(script);
        self
    }

    /// Reads a scenario written in TOML.
    ///
    /// # Errors
    /// Where the text is not one, and why.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text).map_err(|error| ScenarioError::Unclear(error.to_string()))
    }

    /// Reads a scenario written in JSON.
    ///
    /// # Errors
    /// Where the text is not one, and why.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        serde_json::from_str(text).map_err(|error| ScenarioError::Unclear(error.to_string()))
    }

    /// Reads a scenario from a file: JSON if its name ends in `.json`, else TOML.
    ///
    /// # Errors
    /// If the file cannot be read, has more than 4 MiB, or is not a scenario.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let unreadable = |source| ScenarioError::Unreadable {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE {
            return Err(ScenarioError::TooLarge { path: path.to_owned() });
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        if path.extension().is_some_and(|end| end == "json") {
            Self::from_json(&text)
        } else {
            Self::from_toml(&text)
        }
    }
}

impl Script {
    /// A script for prompts in which `text` stands.
    pub fn when(text: impl Into<String>) -> Self {
        Self {
            when: Some(text.into()),
            ..Self::otherwise()
        }
    }

    /// A script for all prompts that have no script of their own.
    pub fn otherwise() -> Self {
        Self {
            when: None,
            captures: BTreeMap::new(),
            turns: Vec::new(),
        }
    }

    /// Names a piece of the prompt, for use as `{capture.name}` in texts and inputs: the first group of `pattern`, or
    /// all that it matches. Searched in what the user said, newest first, then in what tools answered, newest first,
    /// then in the system prompt. An input that is nothing but `{capture.name:number}` becomes a number.
    #[must_use]
    pub fn capture(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.captures.insert(name.into(), pattern.into());
        self
    }

    /// Adds a turn.
    #[must_use]
    pub fn turn(mut self, turn: Turn) -> Self {
        self.turns.push(turn);
        self
    }

    /// Adds a turn that only says something.
    #[must_use]
    pub fn says(self, text: impl Into<String>) -> Self {
        self.turn(Turn::says(text))
    }

    /// Adds a turn that calls a tool.
    #[must_use]
    pub fn calls(self, tool: impl Into<String>, input: Value) -> Self {
        self.turn(Turn::calls(tool, input))
    }

    /// Adds a failure that happens once.
    #[must_use]
    pub fn fails(self, status: u16) -> Self {
        self.turn(Turn::fails(status))
    }
}

impl Turn {
    /// Says something.
    pub fn says(text: impl Into<String>) -> Self {
        Self::from(Reply::Say {
            text: Some(text.into()),
            calls: Vec::new(),
        })
    }

    /// Calls a tool.
    pub fn calls(tool: impl Into<String>, input: Value) -> Self {
        Self::from(Reply::Say {
            text: None,
            calls: vec![Call {
                tool: tool.into(),
                input,
            }],
        })
    }

    /// Fails with an HTTP status from 400 to 599, once: 429 and 529 or 503 for limits and overload, 401 for a wrong key.
    pub fn fails(status: u16) -> Self {
        Self::from(Reply::Fail(Failure {
            status,
            message: format!("scripted failure {status}"),
            retry_after: None,
            times: Some(1),
        }))
    }

    /// Calls a further tool in the same answer, after what it says. A failure stays a failure.
    #[must_use]
    pub fn and_calls(mut self, tool: impl Into<String>, input: Value) -> Self {
        if let Reply::Say { calls, .. } = &mut self.reply {
            calls.push(Call {
                tool: tool.into(),
                input,
            });
        }
        self
    }

    /// Makes a failure happen every time; changes nothing else.
    #[must_use]
    pub fn always(mut self) -> Self {
        if let Reply::Fail(failure) = &mut self.reply {
            failure.times = None;
        }
        self
    }

    /// Makes a failure happen so many times in all; changes nothing else.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        if let Reply::Fail(failure) = &mut self.reply {
            failure.times = Some(times);
        }
        self
    }

    /// Sends the header `retry-after`, in seconds, with a failure; changes nothing else.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let Reply::Fail(failure) = &mut self.reply {
            failure.retry_after = Some(seconds);
        }
        self
    }

    /// Keeps the answer back until [`release`](super::ScriptedModel::release) opens the gate of this name.
    #[must_use]
    pub fn held_at(mut self, gate: impl Into<String>) -> Self {
        self.hold = Some(gate.into());
        self
    }

    /// Says what the answer cost.
    #[must_use]
    pub fn costs(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }
}

impl From<Reply> for Turn {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            hold: None,
            usage: Usage::default(),
        }
    }
}
