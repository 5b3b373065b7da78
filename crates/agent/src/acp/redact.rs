//! Takes secrets out of what an agent says, before it is stored or shown.
//!
//! A secret is known by its value when the engine gave it to the agent, else by the shape that issuers give to their
//! tokens. Agents stream text in pieces that may cut a secret in two, so a [`TextStream`] holds back what could be
//! the beginning of one.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use team6_core::trace::TraceBody;

const REDACTED: &str = "[redacted]";
/// Shorter values are words rather than secrets, and taking them out would ruin the text.
const SHORTEST_SECRET: usize = 6;
/// No token that is known by its shape is expected to be longer, in bytes.
const LONGEST_TOKEN: usize = 2048;
/// A private key that has no end by then is taken out as far as it came, in bytes.
const LONGEST_KEY: usize = 16 * 1024;
/// A value is not followed deeper; what lies below is dropped.
const MAX_DEPTH: usize = 64;

/// What tokens look like, by issuer. A private key without an end reaches to the end of the text.
const TOKENS: &str = r"(?x)
      \bsk-[A-Za-z0-9_-]{16,}                                   # Anthropic, OpenAI and those that follow them
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                          # Slack
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                             # Amazon
    | \bAIza[A-Za-z0-9_-]{35} | \bya29\.[A-Za-z0-9_-]{20,}      # Google
    | \bnpm_[A-Za-z0-9]{36} | \bhf_[A-Za-z0-9]{30,}
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*      # JSON web tokens
    | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----(?s:.*?)(?:-----END\ [A-Z\ ]*PRIVATE\ KEY-----|\z)
";
/// What those tokens begin with, and what introduces others, in small letters.
const BEGINNINGS: [&str; 20] = [
    "sk-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "akia",
    "asia",
    "aiza",
    "ya29.",
    "npm_",
    "hf_",
    "eyj",
    "-----begin",
    "bearer",
    "authorization",
    "//",
];
/// What stands before a secret of any shape; it stays, and what follows it goes.
const INTRODUCED: &str = r"(?xi)
      (\bauthorization:\s*(?:bearer|basic|token)\s+|\bbearer\s+)[^\s@'\x22]{6,}
    | (//[^\s/:@]{1,100}:)[^\s/@]+(@)
";

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles them")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(TOKENS).expect("a valid pattern"));
#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles them")]
static AFTER: LazyLock<Regex> = LazyLock::new(|| Regex::new(INTRODUCED).expect("a valid pattern"));
/// An introduction at the end of a text, whose secret has yet to come.
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static INTRODUCTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:authorization:\s*(?:bearer|basic|token)?|bearer)\s*\S{0,6}\z|-----BEGIN [A-Z ]{0,40}-{0,5}\z")
        .expect("a valid pattern")
});

/// Knows the secrets that one agent was given. Its `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that none hides inside another.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// A redactor for these values. Values of less than six bytes are no secrets and stay in the text.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets = secrets.into_iter().map(|secret| secret.trim().to_owned());
        let mut secrets: Vec<String> = secrets.filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// A redactor that knows these values as well.
    pub fn and(&self, more: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.secrets.iter().cloned().chain(more))
    }

    /// The text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        if let Cow::Owned(redacted) = TOKEN.replace_all(&text, REDACTED) {
            text = Cow::Owned(redacted);
        }
        if let Cow::Owned(redacted) = AFTER.replace_all(&text, format!("${{1}}${{2}}{REDACTED}${{3}}")) {
            text = Cow::Owned(redacted);
        }
        text
    }

    /// Takes the secrets out of every text in a value, also out of the names of its fields.
    pub fn value(&self, value: &mut Value) {
        self.value_at(value, MAX_DEPTH);
    }

    fn value_at(&self, value: &mut Value, depth: usize) {
        match value {
            Value::Array(_) | Value::Object(_) if depth == 0 => *value = Value::Null,
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value_at(item, depth - 1)),
            Value::Object(fields) => {
                for (mut name, mut field) in std::mem::take(fields) {
                    self.string(&mut name);
                    self.value_at(&mut field, depth - 1);
                    fields.insert(name, field);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn string(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.text(text) {
            *text = redacted;
        }
    }

    /// Takes the secrets out of a trace entry.
    pub fn entry(&self, body: &mut TraceBody) {
        match body {
            TraceBody::Prompt { text }
            | TraceBody::Message { text }
            | TraceBody::Thought { text }
            | TraceBody::Chat { text, .. }
            | TraceBody::Stderr { text }
            | TraceBody::Note { text, .. }
            | TraceBody::TurnEnded { reason: text } => self.string(text),
            TraceBody::Steps { steps } => steps.iter_mut().for_each(|step| self.string(&mut step.text)),
            TraceBody::ToolCall {
                title,
                input,
                output,
                diffs,
                locations,
                ..
            } => {
                self.string(title);
                input.iter_mut().for_each(|input| self.value(input));
                output.iter_mut().for_each(|output| self.string(output));
                for diff in diffs {
                    self.string(&mut diff.path);
                    diff.before.iter_mut().for_each(|text| self.string(text));
                    self.string(&mut diff.after);
                }
                locations.iter_mut().for_each(|path| self.string(path));
            }
            TraceBody::Permission { title, answer, rule } => {
                [title, answer, rule].into_iter().for_each(|text| self.string(text));
            }
            TraceBody::Engine { answer, .. } => self.string(answer),
            TraceBody::Usage(_) => {}
            TraceBody::Raw { value } => self.value(value),
        }
    }

    /// How much of a text can be shown before it is known what follows, in bytes.
    fn settled(&self, text: &str) -> usize {
        let word = text
            .rfind(char::is_whitespace)
            .map_or(0, |at| text.ceil_char_boundary(at + 1));
        let longest = self.secrets.first().map_or(0, String::len).max(LONGEST_TOKEN);
        let word = if text.len() - word > longest { text.len() } else { word };
        let begun = self.secrets.iter().map(|secret| overlap(text, secret)).max();
        let introduced = INTRODUCTION.find(text).map_or(text.len(), |found| found.start());
        let mut settled = word.min(text.len() - begun.unwrap_or(0)).min(introduced);
        // A secret is shown as a whole or not yet; taking one back may cut another.
        while let Some(start) = self.cut_by(text, settled) {
            settled = start;
        }
        if text.len() - settled > LONGEST_KEY.max(longest) {
            text.len()
        } else {
            settled
        }
    }

    /// Whether a secret may have begun in a text that ends in the middle of a word.
    fn begins(&self, text: &str) -> bool {
        let word = text
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let of_a_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut before = None;
        let token = word.char_indices().any(|(at, letter)| {
            let inside = before.replace(letter).is_some_and(of_a_word) && of_a_word(letter);
            let rest = &word[at..];
            !inside
                && BEGINNINGS
                    .iter()
                    .any(|begin| rest.starts_with(begin) || begin.starts_with(rest))
        });
        token
            || INTRODUCTION.is_match(text)
            || self.cut_by(text, text.len()).is_some()
            || self.secrets.iter().any(|secret| overlap(text, secret) > 0)
    }

    /// Where the secret begins that a cut at this place would cut in two.
    fn cut_by(&self, text: &str, cut: usize) -> Option<usize> {
        let values = self
            .secrets
            .iter()
            .flat_map(|secret| text.match_indices(secret.as_str()));
        let values = values.filter(|(start, secret)| cut < start + secret.len());
        // A token that reaches to the end of the text may go on.
        let tokens = TOKEN.find_iter(text).chain(AFTER.find_iter(text));
        let tokens = tokens.filter(|token| cut < token.end() || token.end() == text.len());
        let starts = values.map(|(start, _)| start).chain(tokens.map(|token| token.start()));
        starts.filter(|start| *start < cut).min()
    }
}

/// The length of the longest end of `text` that is a beginning of `secret` but not all of it.
fn overlap(text: &str, secret: &str) -> usize {
    // A cut at a letter's boundary of the secret is one of the text as well.
    let ends = secret.char_indices().map(|(at, _)| at).rev();
    ends.filter(|length| *length > 0)
        .find(|length| text.ends_with(&secret[..*length]))
        .unwrap_or(0)
}

/// Text that comes in pieces, such as a message of the agent.
#[derive(Debug, Default)]
pub struct TextStream {
    held: String,
}

impl TextStream {
    /// Takes a piece and gives what can be shown by now: all but a last word that may go on.
    pub fn push(&mut self, piece: &str, redactor: &Redactor) -> Option<String> {
        self.held.push_str(piece);
        let settled = redactor.settled(&self.held);
        let rest = self.held.split_off(settled);
        let settled = std::mem::replace(&mut self.held, rest);
        (!settled.is_empty()).then(|| redactor.text(&settled).into_owned())
    }

    /// Gives the word that was held back unless a secret may have begun in it.
    pub fn harmless(&mut self, redactor: &Redactor) -> Option<String> {
        let harmless = redactor.settled(&format!("{} ", self.held)) > self.held.len();
        let begins = redactor.begins(&self.held);
        if harmless && !begins {
            self.finish(redactor)
        } else {
            None
        }
    }

    /// Whether anything is held back.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Gives what was held back, because nothing follows.
    pub fn finish(&mut self, redactor: &Redactor) -> Option<String> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty()).then(|| redactor.text(&held).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn redactor() -> Redactor {
        Redactor::new([
            "hunter2hunter2".to_owned(),
            "two words secret".to_owned(),
            "ab".to_owned(),
        ])
    }

    fn streamed<'p>(redactor: &Redactor, pieces: impl IntoIterator<Item = &'p str>) -> String {
        let mut stream = TextStream::default();
        let mut shown: String = pieces
            .into_iter()
            .filter_map(|piece| stream.push(piece, redactor))
            .collect();
        shown.extend(stream.finish(redactor));
        shown
    }

    #[test]
    fn secrets_are_known_by_value_and_by_shape() {
        let clean = |text: &str| redactor().text(text).into_owned();
        assert_eq!(clean("the key is hunter2hunter2, ab"), "the key is [redacted], ab");
        for token in [
            concat!("sk-", "ant-REDACTED0123456789"),
            concat!("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"),
            concat!("github_pat_", "11ABCDEFG0123456789_abcdef"),
            concat!("AKIA", "ABCDEFGHIJKLMNOP"),
            concat!("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"),
            concat!(
                "-----BEGIN RSA ",
                "PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
            ),
            concat!("-----BEGIN ", "PRIVATE KEY-----\nwithout an end"),
        ] {
            assert_eq!(clean(&format!("<{token}")), "<[redacted]", "{token}");
        }
        assert_eq!(
            clean("Authorization: Bearer abcdefgh"),
            "Authorization: Bearer [redacted]"
        );
        assert_eq!(
            clean("https://ada:secret1@example.org/x"),
            "https://ada:[redacted]@example.org/x"
        );
        for plain in [
            "sk-learn",
            "the bearer of news",
            "http://localhost:8080/x",
            "task-1-foundation",
        ] {
            assert_eq!(clean(plain), plain);
        }
    }

    #[test]
    fn values_are_cleaned_through_and_through() {
        let mut value = json!({ "a": ["hunter2hunter2", 1], "hunter2hunter2": { "b": "x hunter2hunter2" } });
        redactor().value(&mut value);
        assert_eq!(
            value,
            json!({ "a": ["[redacted]", 1], "[redacted]": { "b": "x [redacted]" } })
        );
    }

    #[test]
    fn its_debug_output_shows_no_secret() {
        assert_eq!(format!("{:?}", redactor()), "Redactor(2 secrets)");
    }

    #[test]
    fn words_are_shown_as_soon_as_they_are_whole() {
        let redactor = redactor();
        let mut stream = TextStream::default();
        assert_eq!(stream.push("Hello wor", &redactor).as_deref(), Some("Hello "));
        assert_eq!(stream.push("ld\n", &redactor).as_deref(), Some("world\n"));
        assert_eq!(stream.push("see two wor", &redactor).as_deref(), Some("see "));
        assert_eq!(stream.push("ms", &redactor).as_deref(), Some("two "));
        assert_eq!(stream.finish(&redactor).as_deref(), Some("worms"));
    }

    #[test]
    fn a_last_word_is_harmless_unless_a_secret_may_have_begun_in_it() {
        let redactor = redactor();
        let paused = |text: &str| {
            let mut stream = TextStream::default();
            stream.push(text, &redactor);
            stream.harmless(&redactor)
        };
        for harmless in ["waiting", "done.", "look:", "tests", "5", "hunters"] {
            assert_eq!(paused(harmless).as_deref(), Some(harmless));
        }
        for suspect in [
            "hunt",
            "x=hunter2h",
            "s",
            "a:sk",
            "sk-abc",
            "gh",
            "(ghp_1",
            "-",
            "http:/",
            "http://a:b",
            "Bear",
            "Authorization: Bearer x",
        ] {
            assert_eq!(paused(suspect), None, "{suspect}");
        }
        assert!(!TextStream::default().holds());
    }

    #[test]
    fn text_without_a_break_is_not_held_for_ever() {
        let redactor = Redactor::default();
        let mut stream = TextStream::default();
        let mut shown = 0;
        for _ in 0..100 {
            shown += stream.push(&"x".repeat(100), &redactor).map_or(0, |text| text.len());
            assert!(stream.held.len() <= LONGEST_TOKEN);
        }
        assert!(shown >= 10_000 - LONGEST_TOKEN);
    }

    proptest! {
        #[test]
        fn no_way_of_cutting_a_text_lets_a_secret_through(
            text in "(hunter2hunter2|two words secret| Bearer x1y2z3w4v5| |\n|ä|[a-z]{1,5}|-----BEGIN PRIVATE KEY-----\nxyz\n-----END PRIVATE KEY-----){0,8}",
            cuts in proptest::collection::vec(1_usize..7, 0..60),
        ) {
            let redactor = redactor();
            let letters: Vec<char> = text.chars().collect();
            let (mut pieces, mut rest) = (Vec::new(), letters.as_slice());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece.iter().collect::<String>());
                rest = after;
            }
            pieces.push(rest.iter().collect());
            let shown = streamed(&redactor, pieces.iter().map(String::as_str));
            prop_assert!(!shown.contains("hunter2hunter2"), "{shown}");
            prop_assert!(!shown.contains("two words secret"), "{shown}");
            prop_assert!(!shown.contains("x1y2z3w4v5"), "{shown}");
            prop_assert!(!shown.contains("xyz\n-----END"), "{shown}");
        }
    }
}
