//! JSON schemas that guide a model, and everything that is wrong with a value by such a schema.
//!
//! A deserializer stops at its first complaint, and each complaint costs another turn of a model. So the arguments of
//! a call are first held against the schema that the model was shown, which collects all reasons with their paths.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use team6_core::ids::{CommitId, TaskKey};

/// How many reasons are collected; a model that got more than this wrong mends the first ones and asks again.
const MAX_REASONS: usize = 40;

/// The schema of a type: without references, which some agents do not follow, and without what a model need not read.
pub(super) fn of<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    match schema {
        Value::Object(mut schema) => {
            schema.remove("description");
            schema
        }
        _ => Map::new(),
    }
}

/// Removes type names and formats of numbers, and turns choices between constants into plain enumerations.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("title").is_some_and(Value::is_string) {
                fields.remove("title");
            }
            if matches!(fields.get("format").and_then(Value::as_str), Some(format) if format.starts_with("uint")) {
                fields.remove("format");
            }
            if let Some(constants) = fields.get("oneOf").and_then(constants) {
                fields.remove("oneOf");
                fields.insert("type".into(), json!("string"));
                fields.insert("enum".into(), constants);
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn constants(choices: &Value) -> Option<Value> {
    choices
        .as_array()?
        .iter()
        .map(|choice| choice.get("const").cloned())
        .collect()
}

/// Takes out entries that say null: models often send it for what they leave out.
pub(super) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Everything that is wrong with a value, each reason beginning with the path of what it speaks about.
pub(super) fn reasons(schema: &Map<String, Value>, value: &Value) -> Vec<String> {
    let mut findings = Findings::default();
    findings.check(schema, value, &Path::Root);
    findings.reasons
}

/// Where a value lies, written only when there is something to say about it.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => f.write_str("arguments"),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, place) => write!(f, "{parent}[{place}]"),
        }
    }
}

#[derive(Default)]
struct Findings {
    reasons: Vec<String>,
}

impl Findings {
    fn add(&mut self, path: &Path<'_>, what: impl std::fmt::Display) {
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(format!("{path}: {what}"));
        }
    }

    fn check(&mut self, schema: &Map<String, Value>, value: &Value, path: &Path<'_>) {
        let types = match schema.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(only)) => vec![only.as_str()],
            _ => Vec::new(),
        };
        if !types.is_empty() && !types.iter().any(|expected| is_a(expected, value)) {
            let expected = types
                .iter()
                .find(|expected| **expected != "null")
                .map_or("nothing", |name| named(name));
            let hint = if value
                .as_str()
                .is_some_and(|text| text.trim_start().starts_with(['[', '{']))
            {
                "; send it as JSON, not in quotes"
            } else {
                ""
            };
            return self.add(
                path,
                format_args!("expected {expected}, got {}{hint}", named(type_of(value))),
            );
        }
        match value {
            Value::String(text) => self.check_text(schema, text, path),
            Value::Number(number) => self.check_number(schema, number, path),
            Value::Array(items) => self.check_list(schema, items, path),
            Value::Object(fields) => self.check_object(schema, fields, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_text(&mut self, schema: &Map<String, Value>, text: &str, path: &Path<'_>) {
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
            if !choices.contains(&text) {
                self.add(
                    path,
                    format_args!("{} is not known; use one of {}", quoted(text), choices.join(", ")),
                );
            }
        }
        if bound(schema, "minLength").is_some_and(|least| least > 0) && text.trim().is_empty() {
            self.add(path, format_args!("is empty; give this: {}", describe(schema)));
        }
        let length = text.chars().count();
        if let Some(most) = bound(schema, "maxLength").filter(|most| length > *most) {
            self.add(
                path,
                format_args!("has {length} characters, {most} are allowed; say it shorter"),
            );
        }
        let name = match schema.get("format").and_then(Value::as_str) {
            Some("slug") => TaskKey::new(text).err(),
            Some("commit") => CommitId::new(text).err(),
            _ => None,
        };
        if let Some(invalid) = name {
            self.add(path, format_args!("{} is not valid: {}", quoted(text), invalid.rule));
        }
    }

    fn check_number(&mut self, schema: &Map<String, Value>, number: &serde_json::Number, path: &Path<'_>) {
        let limit = |name| schema.get(name).and_then(Value::as_f64);
        let value = number.as_f64().unwrap_or(f64::NAN);
        let (least, most) = (limit("minimum"), limit("maximum"));
        if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) {
            let allowed = match (least, most) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                (Some(least), None) => format!("{least} or more"),
                (None, most) => format!("{} or less", most.unwrap_or(value)),
            };
            self.add(path, format_args!("{number} is out of range; give {allowed}"));
        }
    }

    fn check_list(&mut self, schema: &Map<String, Value>, items: &[Value], path: &Path<'_>) {
        if bound(schema, "minItems").is_some_and(|least| items.len() < least) {
            self.add(path, format_args!("is empty; give this: {}", describe(schema)));
        }
        if let Some(most) = bound(schema, "maxItems").filter(|most| items.len() > *most) {
            // The items of an endless list are not looked at.
            return self.add(path, format_args!("has {} entries, {most} are allowed", items.len()));
        }
        if let Some(Value::Object(each)) = schema.get("items") {
            for (place, item) in items.iter().enumerate() {
                self.check(each, item, &Path::Item(path, place));
            }
        }
    }

    fn check_object(&mut self, schema: &Map<String, Value>, fields: &Map<String, Value>, path: &Path<'_>) {
        let Some(Value::Object(known)) = schema.get("properties") else {
            return;
        };
        for (name, schema) in known {
            if let (Some(value), Value::Object(schema)) = (fields.get(name), schema) {
                self.check(schema, value, &Path::Field(path, name));
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required
            .filter_map(Value::as_str)
            .filter(|name| !fields.contains_key(*name))
        {
            let purpose = known.get(name).and_then(Value::as_object).map_or("", describe);
            self.add(
                &Path::Field(path, name),
                format_args!("is missing; give this: {purpose}"),
            );
        }
        for name in fields.keys().filter(|name| !known.contains_key(*name)) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            self.add(
                path,
                format_args!("{} is not known here; use {}", quoted(name), names.join(", ")),
            );
        }
    }
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    schema
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|bound| usize::try_from(bound).ok())
}

fn describe(schema: &Map<String, Value>) -> &str {
    schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or("give a value")
}

/// What an agent wrote, cut so that an answer stays short.
fn quoted(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    if start.len() < text.len() {
        format!("\"{start}…\"")
    } else {
        format!("\"{start}\"")
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_a(expected: &str, value: &Value) -> bool {
    match expected {
        "integer" => value.is_i64() || value.is_u64(),
        other => type_of(value) == other,
    }
}

fn named(json_type: &str) -> &'static str {
    match json_type {
        "null" => "nothing",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        _ => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolbox::{CompleteTask, SubmitPlan};

    fn said(schema: &Map<String, Value>, mut value: Value) -> String {
        without_nulls(&mut value);
        reasons(schema, &value).join("\n")
    }

    #[test]
    fn every_reason_is_given_at_once_and_says_where_and_what_would_be_right() {
        let plan = json!({
            "prd": "  ",
            "tasks": [
                { "key": "Add Parser", "what": "w", "why": "y", "acceptance_criteria": [], "estimate_minutes": 0,
                  "priority": "asap", "specialty": "backend", "repositories": ["app"], "dependsOn": [] },
                "second task",
            ],
        });
        insta::assert_snapshot!(said(&of::<SubmitPlan>(), plan), @r#"
        prd: is empty; give this: The product requirements in Markdown: a title, the goal, a summary, what is in and what is out of scope.
        tasks[0].key: "Add Parser" is not valid: use 1 to 40 of a-z, 0-9 and -, beginning and ending with a letter or digit
        tasks[0].acceptance_criteria: is empty; give this: What a reviewer will check, each as one sentence that is true or false.
        tasks[0].estimate_minutes: 0 is out of range; give 1 to 10080
        tasks[0].priority: "asap" is not known; use one of low, normal, high, urgent
        tasks[0].title: is missing; give this: One line that says what will be there, such as "Add a parser for queries".
        tasks[0]: "dependsOn" is not known here; use key, title, what, why, acceptance_criteria, depends_on, estimate_minutes, priority, specialty, repositories, paths
        tasks[1]: expected an object, got text
        "#);
    }

    #[test]
    fn a_list_in_quotes_is_recognised() {
        let text = said(&of::<SubmitPlan>(), json!({ "prd": "# P", "tasks": "[{}]" }));
        assert_eq!(text, "tasks: expected a list, got text; send it as JSON, not in quotes");
    }

    #[test]
    fn what_is_left_out_may_be_null() {
        let done = json!({ "summary_what": "w", "summary_why": "y", "tests": null,
            "answers": [{ "thread": 3, "commit": null, "text": "done" }] });
        assert_eq!(said(&of::<CompleteTask>(), done), "");
    }

    #[test]
    fn reasons_are_bounded() {
        let tasks = vec![json!({}); 500];
        assert_eq!(
            reasons(&of::<SubmitPlan>(), &json!({ "prd": "p", "tasks": tasks })).len(),
            MAX_REASONS
        );
    }

    #[test]
    fn schemas_have_no_references_and_no_choices_of_constants() {
        let schema = serde_json::to_string(&of::<SubmitPlan>()).unwrap();
        for unwanted in ["$ref", "$defs", "oneOf", "anyOf", "\"title\":\"SubmitPlan\"", "uint"] {
            assert!(!schema.contains(unwanted), "{unwanted} in {schema}");
        }
    }
}
