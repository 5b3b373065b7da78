//! Choosing the answer: a pure function of the scenario, the conversation, and the failures that have happened.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;
use serde_json::Value;

use super::conversation::{Conversation, Tool};
use super::record::Outcome;
use super::scenario::{Failure, Reply, Scenario, Script, Turn, Usage};
use super::{ScenarioError, template, tools};

/// A scenario that was checked.
#[derive(Debug)]
pub(super) struct Play {
    scripts: Vec<(Script, Vec<(String, Regex)>)>,
}

/// How often each failure has happened, by script and turn.
pub(super) type Spent = HashMap<(usize, usize), u32>;

/// What is sent back.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) content: Content,
    pub(super) usage: Usage,
    pub(super) hold: Option<String>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, PartialEq)]
pub(super) enum Content {
    Say { text: Option<String>, calls: Vec<ToolCall> },
    Fail(Failure),
}

#[derive(Debug, PartialEq)]
pub(super) struct ToolCall {
    pub(super) tool: Tool,
    pub(super) input: Value,
}

impl Play {
    /// Checks a scenario and says everything that is wrong with it.
    pub(super) fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let mut problems = Vec::new();
        let scripts = scenario
            .scripts
            .into_iter()
            .enumerate()
            .map(|(at, script)| {
                let captures = check(&script, |problem| {
                    problems.push(format!("script {}: {problem}", at + 1));
                });
                (script, captures)
            })
            .collect();
        if problems.is_empty() {
            Ok(Self { scripts })
        } else {
            Err(ScenarioError::Wrong(problems))
        }
    }

    pub(super) fn answer(&self, talk: &Conversation, spent: &mut Spent) -> Answer {
        if talk.tools.is_empty() {
            return plain("ok", Outcome::WithoutTools);
        }
        let Some(at) = self.choose(talk) else {
            return plain("No script of the scenario is for this prompt.", Outcome::Unscripted);
        };
        let (script, patterns) = &self.scripts[at];
        let Some((index, turn)) = due(at, &script.turns, talk.rounds, spent) else {
            return plain("The script has nothing more to say.", Outcome::Unscripted);
        };
        let outcome = Outcome::Played {
            script: at + 1,
            turn: index + 1,
        };
        let content = match &turn.reply {
            Reply::Fail(failure) => {
                *spent.entry((at, index)).or_default() += 1;
                Content::Fail(failure.clone())
            }
            Reply::Say { text, calls } => {
                let pieces = pieces(patterns, talk);
                if let Some(name) = needed(turn).into_iter().find(|name| !pieces.contains_key(name)) {
                    return refuse(format!(
                        "the scripted model found no \"{name}\" in the prompt, for turn {} of script {}",
                        index + 1,
                        at + 1
                    ));
                }
                Content::Say {
                    text: text.as_ref().map(|text| template::fill(text, &pieces)),
                    calls: calls
                        .iter()
                        .map(|call| ToolCall {
                            tool: tools::pick(&call.tool, &talk.tools)
                                .cloned()
                                .unwrap_or_else(|| Tool::function(&call.tool)),
                            input: template::fill_in(&call.input, &pieces),
                        })
                        .collect(),
                }
            }
        };
        Answer {
            content,
            usage: turn.usage,
            hold: turn.hold.clone(),
            outcome,
        }
    }

    /// The script for the last message, else for any message, else for everything.
    fn choose(&self, talk: &Conversation) -> Option<usize> {
        let found = |in_text: &dyn Fn(&str) -> bool| {
            self.scripts
                .iter()
                .position(|(script, _)| script.when.as_deref().is_some_and(in_text))
        };
        found(&|when| talk.last_said().contains(when))
            .or_else(|| found(&|when| talk.said.iter().any(|said| said.contains(when))))
            .or_else(|| self.scripts.iter().position(|(script, _)| script.when.is_none()))
    }
}

/// An answer that says what is wrong with the request, as status 400.
pub(super) fn refuse(message: String) -> Answer {
    Answer {
        outcome: Outcome::Refused(message.clone()),
        content: Content::Fail(Failure {
            status: 400,
            message,
            retry_after: None,
            times: None,
        }),
        usage: Usage::default(),
        hold: None,
    }
}

fn plain(text: &str, outcome: Outcome) -> Answer {
    Answer {
        content: Content::Say {
            text: Some(text.to_owned()),
            calls: Vec::new(),
        },
        usage: Usage::default(),
        hold: None,
        outcome,
    }
}

/// The turn that is due after so many rounds: a failure with some left goes before the next thing that is said.
fn due<'a>(script: usize, turns: &'a [Turn], rounds: usize, spent: &Spent) -> Option<(usize, &'a Turn)> {
    let mut said = 0;
    let mut last = None;
    for (index, turn) in turns.iter().enumerate() {
        match &turn.reply {
            Reply::Say { .. } if said == rounds => return Some((index, turn)),
            Reply::Say { .. } => {
                said += 1;
                last = Some((index, turn));
            }
            Reply::Fail(failure) => {
                let happened = spent.get(&(script, index)).copied().unwrap_or(0);
                let over = failure.times.is_some_and(|times| happened >= times);
                let at_the_end = turns[index..].iter().all(|turn| matches!(turn.reply, Reply::Fail(_)));
                if !over && (said == rounds || at_the_end) {
                    return Some((index, turn));
                }
            }
        }
    }
    last
}

fn pieces<'a>(patterns: &'a [(String, Regex)], talk: &Conversation) -> BTreeMap<&'a str, String> {
    patterns
        .iter()
        .filter_map(|(name, pattern)| {
            let found = talk.texts().find_map(|text| pattern.captures(text))?;
            let piece = found.get(1).or_else(|| found.get(0))?;
            Some((name.as_str(), piece.as_str().to_owned()))
        })
        .collect()
}

/// The captures that a turn cannot do without.
fn needed(turn: &Turn) -> Vec<&str> {
    match &turn.reply {
        Reply::Fail(_) => Vec::new(),
        Reply::Say { text, calls } => text
            .iter()
            .flat_map(|text| template::names(text))
            .chain(calls.iter().flat_map(|call| template::names_in(&call.input)))
            .collect(),
    }
}

fn check(script: &Script, mut problem: impl FnMut(String)) -> Vec<(String, Regex)> {
    if script.turns.is_empty() {
        problem("it has no turns".into());
    }
    for (at, turn) in script.turns.iter().enumerate() {
        if let Reply::Fail(failure) = &turn.reply
            && !(400..=599).contains(&failure.status)
        {
            problem(format!(
                "turn {}: {} is not a status from 400 to 599",
                at + 1,
                failure.status
            ));
        }
        for name in needed(turn) {
            if !script.captures.contains_key(name) {
                problem(format!("turn {}: there is no capture \"{name}\"", at + 1));
            }
        }
    }
    let mut patterns = Vec::new();
    for (name, pattern) in &script.captures {
        match Regex::new(pattern) {
            Ok(pattern) => patterns.push((name.clone(), pattern)),
            Err(error) => problem(format!("capture \"{name}\": {error}")),
        }
    }
    patterns
}

#[cfg(test)]
mod tests;
