//! Reads from an agent's words why it failed, because what follows depends on it: a usage limit is waited out, a
//! missing login needs a person, an outage uses up no attempt.
//!
//! Agents say it in the text of an error, where a word is enough, or as a message in a turn that seems to have ended
//! well. A message may also be a model's honest thoughts on rate limits, so there only a text that begins as an
//! agent's own report counts, and only in a turn that did nothing else.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use team6_core::failure::{Failure, FailureKind};
use team6_core::time::Timestamp;

/// The protocol's code for an agent that has to be logged in first.
const AUTH_REQUIRED: i64 = -32000;
/// The protocol's codes for what does not keep to it.
const BROKEN: [i64; 4] = [-32700, -32600, -32601, -32602];
/// A report of an agent is not longer, in bytes.
const LONGEST_REPORT: usize = 4000;
/// What a failure's text is cut to, in bytes.
const LONGEST_TEXT: usize = 1000;
/// A limit that ends later is a misreading.
const LATEST_RESET: Duration = Duration::from_secs(32 * 24 * 3600);

/// What words mean in the text of an error. The first that matches counts.
const MEANINGS: [(FailureKind, &str); 4] = [
    (
        FailureKind::UsageLimit,
        r"usage limit|limit reached|hit your .{0,20}limit|out of (?:extra )?(?:usage|credits)|insufficient_quota|exceeded your current quota|quota exceeded|credit balance is too low|resource_exhausted|rate.?limit|too many requests|\b429\b",
    ),
    (
        FailureKind::LoginNeeded,
        r"authentication|unauthorized|unauthenticated|invalid (?:x-)?api.key|incorrect api key|api key (?:not|is not|missing)|not logged in|please (?:run /login|log ?in|sign in)|login (?:is )?required|token (?:has )?expired|\b401\b|oauth token",
    ),
    (
        FailureKind::ProviderOutage,
        r"overloaded|service unavailable|bad gateway|gateway time-?out|internal server error|temporarily unavailable|at capacity|\b5(?:0[0234]|2[0-9])\b|econnrefused|econnreset|enotfound|etimedout|connection (?:refused|reset|error)|error sending request|fetch failed|network error|stream (?:disconnected|error)|dns error|socket hang up",
    ),
    (
        FailureKind::Refused,
        r"content.?(?:policy|filter)|usage policy|safety (?:system|filter)|flagged as|\brefus(?:al|ed to)",
    ),
];

/// How agents begin a message that is a report of an error rather than words of a model.
const REPORTS: &str = r#"(?xi)\A\s*(?:
      (?:Failed\ to\ authenticate\.\ )?API\ Error\b                # Claude Code
    | Claude\ (?:AI\ )?usage\ limit\ reached
    | You(?:'|’)ve\ (?:hit|reached|exceeded)\ your\b              # Claude Code, Codex
    | (?:5-hour|Weekly|Session|Opus|Usage)\ limit\ reached
    | You(?:'|’)re\ out\ of\ extra\ usage
    | Credit\ balance\ is\ too\ low
    | Invalid\ API\ key | Please\ run\ /login | Not\ logged\ in
    | OAuth\ token\ has\ expired
    | (?:\*\*)?(?:Error:\s*)?unexpected\ status\ \d{3}\b          # Codex
    | (?:Error:\s*)?(?:stream\ (?:error|disconnected)|exceeded\ retry\ limit|error\ sending\ request)
    | \{\s*"(?:type"\s*:\s*"error|error"\s*:)                     # an answer of a provider, passed on
    | (?:AI_)?API(?:Call|Connection)Error | ProviderAuthError     # OpenCode
    | \[API\ Error | RESOURCE_EXHAUSTED                           # Gemini
    | Ran\ into\ this\ error | Request\ failed:                   # Goose
)"#;

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles them")]
static MEANING: LazyLock<Vec<(FailureKind, Regex)>> = LazyLock::new(|| {
    let compile = |(kind, pattern)| (kind, Regex::new(&format!("(?i){pattern}")).expect("a valid pattern"));
    MEANINGS.map(compile).into()
});
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static REPORT: LazyLock<Regex> = LazyLock::new(|| Regex::new(REPORTS).expect("a valid pattern"));
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static EPOCH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(1[6-9]\d{8}|2\d{9})\b").expect("a valid pattern"));
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static INSTANT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)").expect("a valid pattern")
});
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static WAIT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:again|retry|resets?|available)\s+(?:in|after)|retry[-_ ]?after\W{1,4})\s*((?:\d+(?:\.\d+)?\s*[a-z]*[\s,]*(?:and\s+)?){1,4})")
        .expect("a valid pattern")
});
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static SPAN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(\d+(?:\.\d+)?)\s*([a-z]*)").expect("a valid pattern"));

/// A failure of this kind; the text is cut to what a person reads.
pub(super) fn failure(kind: FailureKind, text: impl AsRef<str>) -> Failure {
    let text = text.as_ref().trim();
    let cut = text.floor_char_boundary(LONGEST_TEXT);
    Failure {
        kind,
        text: if cut < text.len() {
            format!("{}…", &text[..cut])
        } else {
            text.to_owned()
        },
        until: None,
    }
}

/// What an error says that answered a request. The prose and the details of the error count alike.
pub(super) fn of_error(code: i64, message: &str, data: Option<&Value>, now: Timestamp) -> Failure {
    let details = match data {
        Some(Value::String(details)) => details.clone(),
        Some(Value::Null) | None => String::new(),
        Some(details) => details.to_string(),
    };
    let text = if details.is_empty() {
        message.to_owned()
    } else {
        format!("{message}: {details}")
    };
    match meaning(&text, now) {
        Some(known) => known,
        None if code == AUTH_REQUIRED => failure(FailureKind::LoginNeeded, text),
        None if BROKEN.contains(&code) => failure(FailureKind::Protocol, text),
        None => failure(FailureKind::NotCompleted, text),
    }
}

/// What the only message of a turn says, if it is the report of an error. Warnings may stand before it.
pub(super) fn of_message(text: &str, now: Timestamp) -> Option<Failure> {
    let mut text = text.trim_start();
    while text.starts_with("Warning: ")
        && let Some((_, rest)) = text.split_once("\n\n")
    {
        text = rest.trim_start();
    }
    if text.len() > LONGEST_REPORT || !REPORT.is_match(text) {
        return None;
    }
    Some(meaning(text, now).unwrap_or_else(|| failure(FailureKind::NotCompleted, text)))
}

/// What the last words of a process say, if one of its lines is the report of an error that is known.
pub(super) fn of_last_words(text: &str, now: Timestamp) -> Option<Failure> {
    let reports = text.lines().rev().filter(|line| REPORT.is_match(line));
    reports.filter_map(|line| meaning(line, now)).next()
}

fn meaning(text: &str, now: Timestamp) -> Option<Failure> {
    let (kind, _) = MEANING.iter().find(|(_, pattern)| pattern.is_match(text))?;
    let mut known = failure(*kind, text);
    if *kind == FailureKind::UsageLimit {
        known.until = until(text, now);
    }
    Some(known)
}

/// When a limit ends, if the text says it in a way that needs no guess of a time zone or a day.
fn until(text: &str, now: Timestamp) -> Option<Timestamp> {
    let epoch = || {
        EPOCH
            .find(text)?
            .as_str()
            .parse()
            .ok()
            .map(|seconds: i64| Timestamp(seconds * 1000))
    };
    let instant = || {
        let instant: jiff::Timestamp = INSTANT.find(text)?.as_str().parse().ok()?;
        Some(Timestamp(instant.as_millisecond()))
    };
    let wait = || Some(now + span(&WAIT.captures(text)?[1])?);
    let at = epoch().or_else(instant).or_else(wait)?;
    (at > now && at.since(now) <= LATEST_RESET).then_some(at)
}

/// A span such as `1 hour 5 minutes` or `2h5m`; a number alone counts seconds.
fn span(text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    for part in SPAN.captures_iter(text) {
        let number: f64 = part[1].parse().ok()?;
        let unit = part[2].to_ascii_lowercase();
        seconds += number
            * match unit.as_str() {
                "ms" | "millisecond" | "milliseconds" => 0.001,
                "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
                "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
                "d" | "day" | "days" => 86_400.0,
                _ => break,
            };
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests;
