//! Reads a profile file, and says everything that is wrong with it at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use regex::Regex;
use team6_core::ids::{AgentId, Specialty};
use toml::de::{DeTable, DeValue};

use super::built_in::{BuiltIns, CommandLine};
use super::{AgentProfile, Decision, EnvValue, PermissionRule, Role, env, gateway};
use crate::acp::{CostMeaning, UsageMeaning};
use crate::toml_reader::{Fields, Node, Problem, Reader};

/// The line that stands before and after the front matter.
pub(super) const FENCE: &str = "+++";

/// The longest that an agent may take; clocks can be counted on with it.
const LONGEST: Duration = Duration::from_secs(720 * 60 * 60);

/// The profile in the text of a file.
pub(super) fn profile(id: &AgentId, text: &str, built_ins: &BuiltIns) -> Result<AgentProfile, Vec<Problem>> {
    let Some((front, instructions)) = split(text) else {
        return Err(vec![Problem {
            line: 1,
            text: "a profile begins with a line `+++`, fields in TOML, and another line `+++`".into(),
        }]);
    };
    // The fence counts as a line, so that lines are those of the file.
    let source = format!("\n{front}");
    let table = match DeTable::parse(&source) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + source.get(..at).unwrap_or_default().matches('\n').count();
            let text = error.message().to_owned();
            return Err(vec![Problem { line, text }]);
        }
    };
    let reader = Reader::new(&source);
    let mut fields = reader.table("profile", table.get_ref(), table.span());
    let base = base(&mut fields, id, built_ins);
    let made = fill(&mut fields, base, instructions);
    fields.finish();
    reader.finish()?;
    Ok(made)
}

fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text).strip_prefix(FENCE)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return Some((&rest[..at], rest[at + line.len()..].trim()));
        }
        at += line.len();
    }
    None
}

/// What the file extends, or a profile that only a command is missing from.
fn base(fields: &mut Fields<'_>, id: &AgentId, built_ins: &BuiltIns) -> AgentProfile {
    let plain = AgentProfile::of_command(
        id.clone(),
        CommandLine {
            program: String::new(),
            args: Vec::new(),
        },
    );
    let Some(node) = fields.get("extends") else {
        return plain;
    };
    let name = fields.reader.text("profile.extends", node);
    match built_ins.get(name) {
        Some(known) => AgentProfile {
            id: id.clone(),
            extends: Some(known.id.clone()),
            ..known.clone()
        },
        None => {
            let known: Vec<&str> = built_ins.all().iter().map(|profile| profile.id.as_str()).collect();
            // Of what is no text, that was said already.
            if matches!(node.get_ref(), DeValue::String(_)) {
                fields.reader.unknown(&node.span(), "built-in profile", name, &known);
            }
            // Its command is not missing: the name is wrong.
            AgentProfile {
                command: "?".into(),
                ..plain
            }
        }
    }
}

fn fill(fields: &mut Fields<'_>, base: AgentProfile, instructions: &str) -> AgentProfile {
    let mut made = base;
    let mut text = |name: &'static str| {
        let node = fields.get(name)?;
        Some(fields.reader.text(&fields.path(name), node).to_owned())
    };
    if let Some(title) = text("title") {
        made.title = title;
    }
    if let Some(command) = text("command") {
        made.command = command;
    }
    for (name, field) in [
        ("mode", &mut made.mode),
        ("model", &mut made.model),
        ("install", &mut made.install),
        ("credentials", &mut made.credentials),
    ] {
        if let Some(value) = text(name) {
            *field = Some(value).filter(|value| !value.is_empty());
        }
    }
    relative(fields, &made.command);
    if made.command.is_empty() {
        let hint = "profile needs \"command\", or \"extends\" with the name of a built-in profile";
        fields.reader.add(&fields.place.clone(), hint);
    }
    if let Some(role) = fields.choice("role", &["planner", "specialist"]) {
        made.role = if role == "planner" {
            Role::Planner
        } else {
            Role::Specialist
        };
    }
    if let Some(usage) = fields.choice("usage", &["turn", "last_call", "session"]) {
        made.usage = match usage {
            "last_call" => UsageMeaning::LastCall,
            "session" => UsageMeaning::Session,
            _ => UsageMeaning::Turn,
        };
    }
    if let Some(cost) = fields.choice("cost", &["session", "process"]) {
        made.cost = match cost {
            "process" => CostMeaning::Process,
            _ => CostMeaning::Session,
        };
    }
    for (name, item, field) in [
        ("args", "an argument", &mut made.args),
        ("sees", "a path", &mut made.sees),
        ("writes", "a path", &mut made.writes),
        ("network", "a host", &mut made.network),
    ] {
        if let Some(node) = fields.get(name) {
            let listed = fields.reader.list(&format!("profile.{name}"), node);
            *field = listed
                .into_iter()
                .map(|text| fields.reader.text(item, text).into())
                .collect();
        }
    }
    if let Some(node) = fields.get("reads") {
        let reader = fields.reader;
        let files = reader.list("profile.reads", node);
        made.reads = files
            .into_iter()
            .map(|file| reader.text("a file", file).into())
            .collect();
    }
    if let Some(node) = fields.get("specialties") {
        made.specialties = specialties(fields.reader, node);
    }
    if let Some(node) = fields.get("env") {
        made.env.append(&mut variables(fields.reader, node));
    }
    if let Some(node) = fields.get("gateways") {
        made.gateways = gateway::read(fields.reader, node);
    }
    if let Some(node) = fields.get("limits") {
        let mut limits = fields.reader.fields("limits", node, None);
        if let Some(turn) = duration(&mut limits, "turn") {
            made.limits.turn = turn;
        }
        if let Some(silence) = duration(&mut limits, "silence") {
            made.limits.silence = silence;
        }
        limits.finish();
    }
    if let Some(node) = fields.get("permissions") {
        let reader = fields.reader;
        made.permissions = reader
            .list("profile.permissions", node)
            .into_iter()
            .filter_map(|rule| permission(reader, rule))
            .collect();
    }
    if !instructions.is_empty() {
        made.instructions = instructions.to_owned();
    }
    made
}

/// A program at a relative path is another one in each folder that it is started from, and none in a workspace.
fn relative(fields: &mut Fields<'_>, command: &str) {
    let by_path = command.contains('/') && !command.starts_with('/');
    if let Some(node) = fields.get("command").filter(|_| by_path) {
        let text = format!(
            "profile.command is \"{command}\", which is no full path: give the full path, or the name of a program in PATH"
        );
        fields.reader.add(&node.span(), text);
    }
}

fn specialties(reader: &Reader<'_>, node: &Node<'_>) -> Vec<Specialty> {
    let read = |item: &&Node<'_>| {
        let text = reader.text("a specialty", item);
        Specialty::new(text)
            .map_err(|error| reader.add(&item.span(), error.to_string()))
            .ok()
    };
    reader
        .list("profile.specialties", node)
        .iter()
        .filter_map(read)
        .collect()
}

fn variables(reader: &Reader<'_>, node: &Node<'_>) -> BTreeMap<String, EnvValue> {
    let DeValue::Table(table) = node.get_ref() else {
        reader.add(&node.span(), "profile.env must be a table of variables");
        return BTreeMap::new();
    };
    let mut made = BTreeMap::new();
    for (name, node) in table {
        let variable = name.get_ref().to_string();
        if !env::is_name(&variable) {
            reader.add(&name.span(), format!("\"{variable}\" is no name of a variable"));
        }
        if let DeValue::Table(_) = node.get_ref() {
            let mut file = reader.fields("the variable", node, None);
            if let Some(path) = file.require("file") {
                made.insert(variable, EnvValue::File(PathBuf::from(reader.text("file", path))));
            }
            file.finish();
            continue;
        }
        let text = reader.text(&format!("env.{variable}"), node);
        let value = env::parse(text);
        if let EnvValue::Variable { name, .. } = &value
            && !env::is_name(name)
        {
            let text = format!(
                "env.{variable} is \"{text}\", which refers to no variable: write \"$NAME\", \"$NAME?\" where it may be \
                 missing, or \"$${}\" for a text that begins with $",
                &text[1..]
            );
            reader.add(&node.span(), text);
        }
        if matches!(&value, EnvValue::Text(text) if env::names_a_secret(&variable) && !text.is_empty()) {
            let text = format!(
                "{variable} looks like a secret, which does not belong in a file that people share: write \"$NAME\" for a \
                 variable of the engine's environment, or {{ file = \"…\" }}"
            );
            reader.add(&node.span(), text);
        }
        made.insert(variable, value);
    }
    made
}

fn duration(fields: &mut Fields<'_>, name: &'static str) -> Option<Duration> {
    let node = fields.get(name)?;
    let text = fields.reader.text(&fields.path(name), node);
    let parsed = text
        .parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|span| Duration::try_from(span).ok());
    let sensible = parsed.filter(|span| !span.is_zero() && *span <= LONGEST);
    if sensible.is_none() {
        let what = fields.path(name);
        let text = format!("{what} must be a time of at most 720h, such as \"30s\", \"15m\" or \"1h 30m\"");
        fields.reader.add(&node.span(), text);
    }
    sensible
}

fn permission(reader: &Reader<'_>, node: &Node<'_>) -> Option<PermissionRule> {
    let mut fields = reader.fields("permission", node, None);
    let text = |fields: &mut Fields<'_>, name: &'static str| {
        fields
            .get(name)
            .map(|node| (reader.text(&fields.path(name), node).to_owned(), node.span()))
    };
    let kind = text(&mut fields, "kind").map(|(kind, _)| kind);
    let title = text(&mut fields, "title").and_then(|(pattern, place)| {
        Regex::new(&pattern)
            .map_err(|error| reader.add(&place, format!("permission.title is no pattern: {error}")))
            .ok()
    });
    let allow = fields.flag("allow");
    let reject = text(&mut fields, "reject").map(|(reason, _)| reason);
    let place = fields.place.clone();
    fields.finish();
    let decision = match (allow, reject) {
        (Some(true), None) => Decision::Allow,
        (None, Some(reason)) => Decision::Reject { reason },
        _ => {
            reader.add(
                &place,
                "permission needs either allow = true or reject = \"the reason\"",
            );
            return None;
        }
    };
    Some(PermissionRule { kind, title, decision })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_ins() -> BuiltIns {
        BuiltIns::new(CommandLine {
            program: "/opt/team6".into(),
            args: vec!["scripted-agent".into()],
        })
    }

    fn read(text: &str) -> Result<AgentProfile, Vec<String>> {
        let id = AgentId::new("backend").unwrap();
        profile(&id, text, &built_ins()).map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_profile_extends_a_built_in_one() {
        let made = read(
            "+++\nextends = \"claude-code\"\ntitle = \"Backend\"\nspecialties = [\"backend\"]\nlimits = { silence = \"5m\" }\n\
             [env]\nANTHROPIC_BASE_URL = \"http://127.0.0.1:9\"\n+++\n\nMind the tests.\n",
        )
        .unwrap();
        assert_eq!(made.command, "claude-agent-acp");
        assert_eq!(made.family().as_str(), "claude-code");
        assert_eq!(made.instructions, "Mind the tests.");
        assert_eq!(made.limits.silence, Duration::from_secs(300));
        assert_eq!(
            made.env["ANTHROPIC_BASE_URL"],
            EnvValue::Text("http://127.0.0.1:9".into())
        );
        assert!(made.env.contains_key("DISABLE_TELEMETRY"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_with_its_line() {
        let problems = read(
            "+++\nextends = \"claude-cod\"\ntitel = \"x\"\nrole = \"boss\"\npermissions = [{ kind = \"edit\" }]\n\
             [env]\nMY_TOKEN = \"abcdefgh\"\n+++\n",
        )
        .unwrap_err();
        insta::assert_snapshot!(problems.join("\n"), @r#"
        line 2: built-in profile "claude-cod" is not known; did you mean "claude-code"?
        line 3: profile field "titel" is not known; did you mean "title"?
        line 4: profile.role "boss" is not known; use planner, specialist
        line 5: permission needs either allow = true or reject = "the reason"
        line 7: MY_TOKEN looks like a secret, which does not belong in a file that people share: write "$NAME" for a variable of the engine's environment, or { file = "…" }
        "#);
    }

    #[test]
    fn references_and_times_that_cannot_be_are_refused() {
        let problems = read(
            "+++\ncommand = \"x\"\nextends = 1\nlimits = { turn = \"721h\", silence = \"-1s\" }\n\
             [env]\nA = \"$HOME/bin\"\nB = \"$\"\n2C = \"x\"\n+++\n",
        )
        .unwrap_err();
        insta::assert_snapshot!(problems.join("\n"), @r#"
        line 3: profile.extends must be text in quotes
        line 4: limits.silence must be a time of at most 720h, such as "30s", "15m" or "1h 30m"
        line 4: limits.turn must be a time of at most 720h, such as "30s", "15m" or "1h 30m"
        line 6: env.A is "$HOME/bin", which refers to no variable: write "$NAME", "$NAME?" where it may be missing, or "$$HOME/bin" for a text that begins with $
        line 7: env.B is "$", which refers to no variable: write "$NAME", "$NAME?" where it may be missing, or "$$" for a text that begins with $
        line 8: "2C" is no name of a variable
        "#);
    }

    #[test]
    fn a_program_at_a_relative_path_is_refused() {
        for command in ["bin/dies", "./dies", "~/bin/dies"] {
            let problems = read(&format!("+++\ncommand = \"{command}\"\n+++\n")).unwrap_err();
            let text = format!(
                "line 2: profile.command is \"{command}\", which is no full path: give the full path, or the name of a \
                 program in PATH"
            );
            assert_eq!(problems, [text]);
        }
        for command in ["dies", "/opt/bin/dies"] {
            assert_eq!(
                read(&format!("+++\ncommand = \"{command}\"\n+++\n")).unwrap().command,
                command
            );
        }
    }

    #[test]
    fn a_file_without_front_matter_says_how_it_begins() {
        assert!(read("hello").unwrap_err()[0].starts_with("line 1: a profile begins with"));
        assert!(read("+++\ntitle = \"x\"\n").is_err());
        assert!(read("+++\ntitle = \n+++\n").unwrap_err()[0].starts_with("line 2:"));
    }
}
