//! Reads a scenario file: every name and text is checked before the first step is taken.

use std::ops::Range;
use std::time::Duration;

use agent_client_protocol::v1::schema::{PlanEntryStatus, StopReason, ToolKind};
use regex::Regex;
use toml::de::{DeTable, DeValue};

use super::Problem;
use super::scenario::{Action, Change, Scenario, Script, Step};
use super::template::{Arguments, Template};
use crate::toml_reader::{Fields, Node, Reader};

/// The names of all steps.
pub(super) const STEPS: [&str; 25] = [
    "say",
    "think",
    "steps",
    "read",
    "edit",
    "delete",
    "run",
    "commit",
    "tool",
    "usage",
    "permission",
    "pause",
    "wait_for",
    "hang",
    "crash",
    "exit",
    "fail",
    "refuse",
    "flood",
    "garbage",
    "daemon",
    "rewrite_history",
    "delete_workspace",
    "end",
    "repeat",
];
pub(super) const ROUND: &str = "round";
const INTERNAL_ERROR: i32 = -32603;
const DAY_MS: i64 = 86_400_000;
const DAY_S: i64 = 86_400;

/// Reads a scenario, or says everything that is wrong with it.
pub(super) fn read(source: &str) -> Result<Scenario, Vec<Problem>> {
    let reader = Reader::new(source);
    let (document, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        reader.add(
            &error.span().unwrap_or(0..0),
            format!("not valid TOML: {}", error.message()),
        );
    }
    let scenario = if errors.is_empty() {
        document_of(&reader, document.get_ref())
    } else {
        empty()
    };
    reader.finish()?;
    Ok(scenario)
}

fn empty() -> Scenario {
    Scenario {
        scripts: Vec::new(),
        otherwise: Vec::new(),
    }
}

fn document_of(reader: &Reader<'_>, document: &DeTable<'_>) -> Scenario {
    let mut fields = reader.table("scenario", document, 0..0);
    let mut scenario = empty();
    let scripts = fields.get("script").map(|node| reader.list("script", node));
    for node in scripts.into_iter().flatten() {
        scenario.scripts.extend(script(reader, node));
    }
    match fields.get("otherwise") {
        Some(node) => {
            let mut otherwise = reader.fields("otherwise", node, None);
            scenario.otherwise = steps(reader, &mut otherwise, &[]);
            otherwise.finish();
        }
        None => scenario.otherwise.push(Step {
            line: 1,
            for_each: None,
            name: "say",
            action: Action::Say(Template::new("The scenario has no script for this prompt.")),
        }),
    }
    if let Some(title) = fields.get("title") {
        reader.text("title", title);
    }
    fields.finish();
    scenario
}

fn script(reader: &Reader<'_>, node: &Node<'_>) -> Option<Script> {
    let mut fields = reader.fields("script", node, None);
    let when = fields
        .require("when")
        .and_then(|node| pattern(reader, "script.when", node));
    let mut captures = Vec::new();
    if let Some(node) = fields.get("capture") {
        for (name, _, node) in reader.fields("script.capture", node, None).entries() {
            let pattern = pattern(reader, "script.capture", node);
            captures.extend(pattern.map(|pattern| (name.to_owned(), pattern)));
        }
    }
    let mut names: Vec<String> = captures.iter().map(|(name, _)| name.clone()).collect();
    names.extend(when.iter().flat_map(Regex::capture_names).flatten().map(str::to_owned));
    let steps = steps(reader, &mut fields, &names);
    fields.finish();
    Some(Script {
        when: when?,
        captures,
        steps,
    })
}

fn pattern(reader: &Reader<'_>, what: &str, node: &Node<'_>) -> Option<Regex> {
    match Regex::new(reader.text(what, node)) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            reader.add(&node.span(), format!("{what} is no regular expression: {reason}"));
            None
        }
    }
}

fn steps(reader: &Reader<'_>, fields: &mut Fields<'_>, names: &[String]) -> Vec<Step> {
    let Some(node) = fields.require("steps") else {
        return Vec::new();
    };
    let steps = reader.list("steps", node).into_iter();
    steps.filter_map(|node| step(reader, node, names)).collect()
}

fn step(reader: &Reader<'_>, node: &Node<'_>, names: &[String]) -> Option<Step> {
    let mut fields = reader.fields("step", node, None);
    let for_each = fields
        .get("for_each")
        .and_then(|node| pattern(reader, "for_each", node));
    let mut names = names.to_vec();
    names.extend(
        for_each
            .iter()
            .flat_map(Regex::capture_names)
            .flatten()
            .map(str::to_owned),
    );

    let mut kinds = fields.entries().filter(|(name, ..)| *name != "for_each");
    let Some((name, place, body)) = kinds.next() else {
        reader.add(&node.span(), format!("a step needs one of {}", STEPS.join(", ")));
        return None;
    };
    if let Some((second, place, _)) = kinds.next() {
        reader.add(
            &place,
            format!("a step does one thing, but this one has \"{name}\" and \"{second}\"; make two of it"),
        );
        return None;
    }
    let Some(name) = STEPS.into_iter().find(|known| *known == name) else {
        reader.unknown(&place, "step", name, &STEPS);
        return None;
    };
    let scope = Scope { reader, names: &names };
    Some(Step {
        line: reader.line(&place),
        for_each,
        name,
        action: scope.action(name, body)?,
    })
}

/// What the texts of a step may refer to.
struct Scope<'s> {
    reader: &'s Reader<'s>,
    names: &'s [String],
}

impl Scope<'_> {
    fn action(&self, name: &'static str, body: &Node<'_>) -> Option<Action> {
        let main = match name {
            "say" | "think" => "text",
            "steps" => "list",
            "read" | "delete" | "wait_for" => "path",
            "run" | "daemon" => "command",
            "commit" | "fail" => "message",
            "tool" => "name",
            "permission" => "title",
            "pause" => "ms",
            "exit" => "code",
            "flood" => "megabytes",
            "garbage" => "lines",
            "repeat" => "steps",
            "end" => "reason",
            _ => "on",
        };
        let mut fields = self.reader.fields(name, body, Some(main));
        let action = self.body(name, &mut fields);
        fields.finish();
        action
    }

    fn body(&self, name: &str, fields: &mut Fields<'_>) -> Option<Action> {
        Some(match name {
            "say" => Action::Say(self.text(fields, "text")?),
            "think" => Action::Think(self.text(fields, "text")?),
            "steps" => Action::Steps(self.list_of_steps(fields)),
            "read" => Action::Read {
                path: self.text(fields, "path")?,
            },
            "edit" => self.edit(fields)?,
            "delete" => Action::Delete {
                path: self.text(fields, "path")?,
            },
            "run" => self.run(fields)?,
            "commit" => Action::Commit {
                folder: self.optional_text(fields, "folder"),
                message: self.text(fields, "message")?,
            },
            "tool" => self.tool(fields)?,
            "usage" => Action::Usage {
                input: positive(fields.integer("input", 0..i64::MAX)),
                output: positive(fields.integer("output", 0..i64::MAX)),
                cost: fields.number("cost").unwrap_or(0.0),
            },
            "permission" => Action::Permission {
                kind: kind(fields.choice(
                    "kind",
                    &["read", "edit", "delete", "move", "search", "execute", "fetch", "other"],
                )),
                title: self.text(fields, "title")?,
            },
            "pause" => Action::Pause(Duration::from_millis(positive(fields.integer("ms", 0..DAY_MS)))),
            "wait_for" => Action::WaitFor {
                timeout: seconds(fields, 60),
                path: self.text(fields, "path")?,
            },
            "hang" => {
                switch(fields);
                Action::Hang {
                    deaf: fields.flag("deaf").unwrap_or(false),
                }
            }
            "fail" => Action::Fail {
                code: fields
                    .integer("code", -40_000..40_001)
                    .and_then(|code| i32::try_from(code).ok())
                    .unwrap_or(INTERNAL_ERROR),
                message: self.text(fields, "message")?,
            },
            "exit" => Action::Exit(u8::try_from(fields.integer("code", 0..256).unwrap_or(0)).unwrap_or(0)),
            "flood" => Action::Flood {
                megabytes: small(fields.integer("megabytes", 1..10_001)),
            },
            "garbage" => Action::Garbage {
                lines: small(fields.integer("lines", 1..1_000_001)),
            },
            "daemon" => Action::Daemon {
                command: self.text(fields, "command")?,
            },
            "rewrite_history" => {
                switch(fields);
                Action::RewriteHistory {
                    folder: self.optional_text(fields, "folder"),
                }
            }
            "end" => Action::End(self.reason(fields)?),
            "repeat" => self.repeat(fields)?,
            "crash" => switched(fields, Action::Crash),
            "refuse" => switched(fields, Action::Refuse),
            "delete_workspace" => switched(fields, Action::DeleteWorkspace),
            _ => return None,
        })
    }

    fn text(&self, fields: &mut Fields<'_>, name: &'static str) -> Option<Template> {
        let node = fields.require(name)?;
        Some(self.template(&fields.path(name), node))
    }

    fn optional_text(&self, fields: &mut Fields<'_>, name: &'static str) -> Option<Template> {
        fields.get(name).map(|node| self.template(&fields.path(name), node))
    }

    fn template(&self, what: &str, node: &Node<'_>) -> Template {
        let template = Template::new(self.reader.text(what, node));
        self.check_captures(&template, &node.span());
        template
    }

    fn check_captures(&self, template: &Template, place: &Range<usize>) {
        for name in template
            .captures()
            .filter(|name| !self.names.iter().any(|known| known == name))
        {
            let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
            self.reader.unknown(place, "capture", name, &known);
        }
    }

    fn list_of_steps(&self, fields: &mut Fields<'_>) -> Vec<(Template, PlanEntryStatus)> {
        let Some(node) = fields.require("list") else {
            return Vec::new();
        };
        let mut list = Vec::new();
        for node in self.reader.list("steps", node) {
            let mut fields = self.reader.fields("steps", node, Some("text"));
            let status = match fields.choice("status", &["pending", "in_progress", "completed"]) {
                Some("completed") => PlanEntryStatus::Completed,
                Some("in_progress") => PlanEntryStatus::InProgress,
                _ => PlanEntryStatus::Pending,
            };
            list.extend(self.text(&mut fields, "text").map(|text| (text, status)));
            fields.finish();
        }
        list
    }

    fn edit(&self, fields: &mut Fields<'_>) -> Option<Action> {
        let path = self.text(fields, "path");
        let content = self.optional_text(fields, "content");
        let append = self.optional_text(fields, "append");
        let find = self.optional_text(fields, "find");
        let replace = self.optional_text(fields, "replace");
        let change = match (content, append, find, replace) {
            (Some(content), None, None, None) => Change::Content(content),
            (None, Some(append), None, None) => Change::Append(append),
            (None, None, Some(find), Some(replace)) => Change::Replace { find, replace },
            _ => {
                let text = "edit needs \"content\", or \"append\", or \"find\" and \"replace\", and only one of these";
                self.reader.add(&fields.place, text);
                return None;
            }
        };
        Some(Action::Edit { path: path?, change })
    }

    fn run(&self, fields: &mut Fields<'_>) -> Option<Action> {
        let any = fields
            .get("expect")
            .is_some_and(|node| matches!(node.get_ref(), DeValue::String(text) if text == "any"));
        let expect = if any {
            None
        } else {
            Some(fields.integer("expect", 0..256).unwrap_or(0))
        };
        Some(Action::Run {
            folder: self.optional_text(fields, "folder"),
            expect: expect.and_then(|code| i32::try_from(code).ok()),
            timeout: seconds(fields, 600),
            command: self.text(fields, "command")?,
        })
    }

    fn tool(&self, fields: &mut Fields<'_>) -> Option<Action> {
        let arguments = match fields.get("arguments") {
            Some(node) if matches!(node.get_ref(), DeValue::Table(_)) => self.arguments(node),
            Some(node) => {
                self.reader.add(
                    &node.span(),
                    "tool.arguments must be a table, such as { text = \"half done\" }",
                );
                None
            }
            None => Some(Arguments::Table(Vec::new())),
        };
        let expect_refusal = fields.flag("expect_refusal").unwrap_or(false);
        let name = fields
            .require("name")
            .map(|node| self.reader.text("tool.name", node).to_owned());
        Some(Action::Tool {
            name: name?,
            arguments: arguments?,
            expect_refusal,
        })
    }

    fn arguments(&self, node: &Node<'_>) -> Option<Arguments> {
        Some(match node.get_ref() {
            DeValue::String(_) => Arguments::Text(self.template("an argument", node)),
            DeValue::Integer(digits) => {
                Arguments::Plain(i64::from_str_radix(digits.as_str(), digits.radix()).ok()?.into())
            }
            DeValue::Float(digits) => Arguments::Plain(digits.as_str().parse::<f64>().ok()?.into()),
            DeValue::Boolean(flag) => Arguments::Plain((*flag).into()),
            DeValue::Datetime(date) => Arguments::Plain(date.to_string().into()),
            DeValue::Array(items) => Arguments::List(items.iter().filter_map(|item| self.arguments(item)).collect()),
            DeValue::Table(table) if table.contains_key("for_each") => {
                let mut fields = self.reader.table("for_each", table, node.span());
                let pattern = fields
                    .get("for_each")
                    .and_then(|node| pattern(self.reader, "for_each", node));
                let mut names = self.names.to_vec();
                names.extend(
                    pattern
                        .iter()
                        .flat_map(Regex::capture_names)
                        .flatten()
                        .map(str::to_owned),
                );
                let scope = Scope {
                    reader: self.reader,
                    names: &names,
                };
                let item = fields.require("item").and_then(|node| scope.arguments(node));
                fields.finish();
                Arguments::ForEach {
                    pattern: pattern?,
                    item: Box::new(item?),
                }
            }
            DeValue::Table(table) => {
                let fields = table
                    .iter()
                    .filter_map(|(name, value)| Some((name.get_ref().to_string(), self.arguments(value)?)));
                Arguments::Table(fields.collect())
            }
        })
    }

    fn repeat(&self, fields: &mut Fields<'_>) -> Option<Action> {
        let times = fields.integer("times", 1..1_000_001);
        fields.require("times")?;
        let mut names = self.names.to_vec();
        names.push(ROUND.to_owned());
        let steps = steps(self.reader, fields, &names);
        Some(Action::Repeat {
            times: small(times),
            steps,
        })
    }

    fn reason(&self, fields: &mut Fields<'_>) -> Option<StopReason> {
        fields.require("reason")?;
        let known = ["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"];
        Some(match fields.choice("reason", &known)? {
            "max_tokens" => StopReason::MaxTokens,
            "max_turn_requests" => StopReason::MaxTurnRequests,
            "refusal" => StopReason::Refusal,
            "cancelled" => StopReason::Cancelled,
            _ => StopReason::EndTurn,
        })
    }
}

/// Takes the `true` of a step without details, as in `crash = true`.
fn switch(fields: &mut Fields<'_>) {
    if fields.flag("on") == Some(false) {
        fields
            .reader
            .add(&fields.place, "leave the step out instead of turning it off");
    }
}

fn switched(fields: &mut Fields<'_>, action: Action) -> Action {
    switch(fields);
    action
}

fn seconds(fields: &mut Fields<'_>, default: u64) -> Duration {
    let given = fields
        .integer("timeout", 1..DAY_S)
        .map(|seconds| positive(Some(seconds)));
    Duration::from_secs(given.unwrap_or(default))
}

fn positive(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

fn small(number: Option<i64>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1)
}

fn kind(name: Option<&str>) -> ToolKind {
    match name {
        Some("read") => ToolKind::Read,
        Some("edit") => ToolKind::Edit,
        Some("delete") => ToolKind::Delete,
        Some("move") => ToolKind::Move,
        Some("search") => ToolKind::Search,
        Some("execute") => ToolKind::Execute,
        Some("fetch") => ToolKind::Fetch,
        _ => ToolKind::Other,
    }
}
