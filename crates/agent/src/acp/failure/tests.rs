//! What real agents were seen to say, and what it means.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_764_000_000_000);

fn in_seconds(seconds: u64) -> Option<Timestamp> {
    Some(NOW + Duration::from_secs(seconds))
}

#[test]
fn errors_are_understood_by_their_words() {
    use FailureKind::{LoginNeeded, ProviderOutage, Refused, UsageLimit};
    let corpus = [
        ("Claude AI usage limit reached", UsageLimit),
        (
            "API Error: 429 {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}",
            UsageLimit,
        ),
        (
            "You've hit your usage limit. Upgrade to Pro or try again in 3 hours 5 minutes.",
            UsageLimit,
        ),
        ("exceeded retry limit, last status: 429 Too Many Requests", UsageLimit),
        (
            "You exceeded your current quota, please check your plan and billing details.",
            UsageLimit,
        ),
        ("Your credit balance is too low to access the Anthropic API", UsageLimit),
        ("RESOURCE_EXHAUSTED: Quota exceeded for quota metric", UsageLimit),
        ("Invalid API key · Please run /login", LoginNeeded),
        (
            "API Error: 401 {\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key\"}}",
            LoginNeeded,
        ),
        ("OAuth token has expired", LoginNeeded),
        ("unexpected status 401 Unauthorized: Missing bearer", LoginNeeded),
        (
            "API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}",
            ProviderOutage,
        ),
        ("unexpected status 503 Service Unavailable", ProviderOutage),
        (
            "stream disconnected before completion: error sending request for url",
            ProviderOutage,
        ),
        ("Unable to connect to API (ECONNREFUSED)", ProviderOutage),
        ("AI_APICallError: Bad Gateway", ProviderOutage),
        ("fetch failed", ProviderOutage),
        (
            "Internal error: API Error: Request rejected (429) · slow down: {\"errorKind\":\"rate_limit\"}",
            UsageLimit,
        ),
        (
            "Internal error: API Error: 529 Overloaded. This is a server-side issue, usually temporary: {\"errorKind\":\"server_error\"}",
            ProviderOutage,
        ),
        (
            "unexpected status 529 <unknown status code>: busy, url: http://127.0.0.1:38983/v1/responses",
            ProviderOutage,
        ),
        (
            "Your prompt was flagged as potentially violating our usage policy",
            Refused,
        ),
    ];
    for (text, kind) in corpus {
        assert_eq!(of_error(-32603, text, None, NOW).kind, kind, "{text}");
    }
}

#[test]
fn the_details_of_an_error_count_too() {
    let data = json!({ "errorName": "APIError", "details": "overloaded" });
    assert_eq!(
        of_error(-32603, "Internal error", Some(&data), NOW).kind,
        FailureKind::ProviderOutage
    );
    assert_eq!(of_error(-32000, "Hello", None, NOW).kind, FailureKind::LoginNeeded);
    let unknown = of_error(-32602, "Invalid params", Some(&json!({ "field": "cwd" })), NOW);
    assert_eq!(
        (unknown.kind, unknown.text.as_str()),
        (FailureKind::Protocol, "Invalid params: {\"field\":\"cwd\"}")
    );
    let unknown = of_error(-32603, "Internal error: API Error: 400 no such model", None, NOW);
    assert_eq!(unknown.kind, FailureKind::NotCompleted);
}

#[test]
fn an_error_that_is_hidden_in_a_message_is_found() {
    let kind = |text: &str| of_message(text, NOW).map(|failure| failure.kind);
    assert_eq!(
        kind("unexpected status 400 Bad Request: {\"error\":{\"message\":\"no such model\"}}"),
        Some(FailureKind::NotCompleted)
    );
    assert_eq!(kind("API Error: 529 Overloaded"), Some(FailureKind::ProviderOutage));
    assert_eq!(
        kind("You’ve hit your limit · resets 3pm"),
        Some(FailureKind::UsageLimit)
    );
    assert_eq!(
        kind("Failed to authenticate. API Error: 401 no such key"),
        Some(FailureKind::LoginNeeded)
    );
    assert_eq!(
        kind("Not logged in · Please run /login"),
        Some(FailureKind::LoginNeeded)
    );
}

#[test]
fn a_warning_before_a_report_hides_nothing() {
    let kind = |text: &str| of_message(text, NOW).map(|failure| failure.kind);
    let warning = "Warning: Model metadata for `x` not found. Defaulting to fallback metadata.\n\n";
    let report = format!("{warning}exceeded retry limit, last status: 429 Too Many Requests\n\n");
    assert_eq!(kind(&report), Some(FailureKind::UsageLimit));
    let report = format!("{warning}{{\"error\":{{\"message\":\"no such model\",\"code\":null}}}}\n\n");
    assert_eq!(kind(&report), Some(FailureKind::NotCompleted));
    assert_eq!(kind(&format!("{warning}It is done.")), None);
    assert_eq!(kind(warning), None);
}

#[test]
fn what_a_model_says_about_errors_is_no_error() {
    for text in [
        "I added a rate limit of 429 responses per minute to the client.",
        "The API Error type now carries the status.",
        "Handle `unexpected status 503` in the client by retrying.",
        "Done. Authentication now uses OAuth tokens.",
        "",
    ] {
        assert_eq!(of_message(text, NOW), None, "{text}");
    }
    assert_eq!(
        of_message(&format!("API Error: 529 {}", "x".repeat(LONGEST_REPORT)), NOW),
        None
    );
}

#[test]
fn the_end_of_a_limit_is_read_where_it_is_plain() {
    let until = |text: &str| of_error(-32603, text, None, NOW).until;
    assert_eq!(until("Claude AI usage limit reached|1764003600"), in_seconds(3600));
    assert_eq!(
        until("usage limit, try again in 3 hours 5 minutes."),
        in_seconds(11_100)
    );
    assert_eq!(until("usage limit; resets in 2h5m"), in_seconds(7500));
    assert_eq!(until("429 Too Many Requests, retry-after: 30"), in_seconds(30));
    assert_eq!(
        until("rate limit reached, please try again in 1 day, 2 hours and 3 minutes"),
        in_seconds(93_780)
    );
    assert_eq!(until("usage limit until 2025-11-24T17:00:00Z"), in_seconds(3600));
    for unclear in [
        "usage limit, resets 3pm",
        "usage limit reached|1600000000",
        "usage limit, try again in 400 days",
        "usage limit, try again in a while",
    ] {
        assert_eq!(until(unclear), None, "{unclear}");
    }
}

#[test]
fn a_long_text_is_cut_between_letters() {
    let text = failure(FailureKind::Protocol, "ä".repeat(5000)).text;
    assert!(text.len() <= LONGEST_TEXT + 3 && text.ends_with('…'), "{}", text.len());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(usage limit|retry after|in |[0-9]{1,25}|[a-z.]{1,6}| |\\PC){0,20}") {
        let _ = of_error(0, &text, None, NOW);
        let _ = of_message(&text, NOW);
    }
}
