//! Text from agents and repositories, made safe for a terminal.

use serde_json::Value;
use team6_core::text::cleaned;

/// The value with every text in it as it may be shown.
pub(super) fn all(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cleaned(&text)),
        Value::Array(items) => items.into_iter().map(all).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (cleaned(&key), all(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        let hostile =
            json!({ "a\u{1b}[2J": ["x\u{1b}]0;title\u{7}\r\u{9b}31m", { "b": "\u{202e}gnp.exe\nnext\tcell" }] });
        let shown = all(hostile).to_string();
        for char in ['\u{1b}', '\u{7}', '\r', '\u{9b}', '\u{202e}'] {
            assert!(!shown.contains(char), "{char:?} in {shown:?}");
        }
        assert!(shown.contains(r"gnp.exe\nnext\tcell"), "{shown}");
    }
}
