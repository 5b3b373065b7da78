//! Texts and inputs with places for pieces of the prompt.
//!
//! Only `{capture.name}` is known; any other text in braces stays as it is, since scripts write code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

#[expect(clippy::unwrap_used, reason = "a constant pattern, which the tests compile")]
static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{capture\.(\w+)(?P<number>:number)?\}").unwrap());

/// The names that a text asks for.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    PLACE
        .captures_iter(text)
        .filter_map(|found| Some(found.get(1)?.as_str()))
}

/// The names that an input asks for, at any depth.
pub(super) fn names_in(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => names(text).collect(),
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Object(fields) => fields.values().flat_map(names_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The text with its places filled; a name that has no piece stays as it is.
pub(super) fn fill(text: &str, pieces: &BTreeMap<&str, String>) -> String {
    let piece = |found: &Captures<'_>| pieces.get(&found[1]).map_or(&found[0], String::as_str).to_owned();
    PLACE.replace_all(text, piece).into_owned()
}

/// The input with all its texts filled.
pub(super) fn fill_in(value: &Value, pieces: &BTreeMap<&str, String>) -> Value {
    match value {
        Value::String(text) => number(text, pieces).unwrap_or_else(|| Value::String(fill(text, pieces))),
        Value::Array(items) => items.iter().map(|item| fill_in(item, pieces)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), fill_in(value, pieces)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The number that a text stands for, if it is nothing but the place of one.
fn number(text: &str, pieces: &BTreeMap<&str, String>) -> Option<Value> {
    let found = PLACE.captures(text)?;
    if found.name("number").is_none() || found[0].len() != text.len() {
        return None;
    }
    pieces
        .get(&found[1])?
        .parse::<serde_json::Number>()
        .ok()
        .map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_at_any_depth_and_code_stays_as_it_is() {
        let pieces = BTreeMap::from([("task", "T-7".to_owned()), ("n", "3".to_owned())]);
        let input = json!({ "id": "{capture.task}", "count": "{capture.n:number}", "all": ["{capture.n} of {x}", 1] });
        let mut names = names_in(&input);
        names.sort_unstable();
        assert_eq!(names, ["n", "n", "task"]);
        assert_eq!(
            fill_in(&input, &pieces),
            json!({ "id": "T-7", "count": 3, "all": ["3 of {x}", 1] })
        );
        assert_eq!(
            fill("fn main() { {capture.other} }", &pieces),
            "fn main() { {capture.other} }"
        );
    }

    #[test]
    fn a_number_that_is_none_stays_a_text() {
        let pieces = BTreeMap::from([("n", "three".to_owned())]);
        assert_eq!(fill_in(&json!("{capture.n:number}"), &pieces), json!("three"));
    }
}
