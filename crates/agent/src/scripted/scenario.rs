//! What a scenario says: scripts, when each is played, and their steps.

use std::time::Duration;

use agent_client_protocol::v1::schema::{PlanEntryStatus, StopReason, ToolKind};
use regex::Regex;

use super::template::{Arguments, Template};

/// A scenario as it is played.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Tried in order; the first whose `when` matches the prompt is played.
    pub(super) scripts: Vec<Script>,
    /// Played when none matches.
    pub(super) otherwise: Vec<Step>,
}

/// What is done for prompts of one kind.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) when: Regex,
    /// Further pieces of the prompt by name: the first group of each pattern, or all that it matches.
    pub(super) captures: Vec<(String, Regex)>,
    pub(super) steps: Vec<Step>,
}

/// One step of a script.
#[derive(Debug)]
pub(super) struct Step {
    /// Where it stands in the file, from 1.
    pub(super) line: usize,
    /// Played once for each different match in the prompt, instead of once.
    pub(super) for_each: Option<Regex>,
    pub(super) name: &'static str,
    pub(super) action: Action,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Action {
    Say(Template),
    Think(Template),
    Steps(Vec<(Template, PlanEntryStatus)>),
    Read {
        path: Template,
    },
    Edit {
        path: Template,
        change: Change,
    },
    Delete {
        path: Template,
    },
    Run {
        command: Template,
        folder: Option<Template>,
        expect: Option<i32>,
        timeout: Duration,
    },
    Commit {
        message: Template,
        folder: Option<Template>,
    },
    Tool {
        name: String,
        arguments: Arguments,
        expect_refusal: bool,
    },
    Usage {
        input: u64,
        output: u64,
        cost: f64,
    },
    Permission {
        title: Template,
        kind: ToolKind,
    },
    Pause(Duration),
    WaitFor {
        path: Template,
        timeout: Duration,
    },
    Hang {
        deaf: bool,
    },
    Crash,
    Exit(u8),
    Fail {
        message: Template,
        code: i32,
    },
    Refuse,
    Flood {
        megabytes: u32,
    },
    Garbage {
        lines: u32,
    },
    Daemon {
        command: Template,
    },
    RewriteHistory {
        folder: Option<Template>,
    },
    DeleteWorkspace,
    End(StopReason),
    /// Takes steps again and again; `round` is captured, from 1.
    Repeat {
        times: u32,
        steps: Vec<Step>,
    },
}

/// How a file is edited.
#[derive(Debug)]
pub(super) enum Change {
    /// The file then has this text.
    Content(Template),
    /// The first occurrence of a text gives way to another.
    Replace { find: Template, replace: Template },
    /// A text is added at the end.
    Append(Template),
}
