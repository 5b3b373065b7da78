//! Agents that break the protocol in the middle of a turn. Whatever they do, it costs little and is said plainly.

use std::time::Duration;

use team6_core::failure::FailureKind;
use team6_core::trace::TraceBody;

use crate::desk::{Desk, LIMIT, said};

#[tokio::test]
async fn garbage_between_messages_is_overlooked() {
    let mut agent = Desk::scripted("{ garbage = 50 }, { say = 'and on' }").agent().await;
    let (seen, end) = agent.turn("go").await;
    assert_eq!((said(&seen).as_str(), end.failure), ("and on", None));
    agent.end(LIMIT).await;
    let mut agent = Desk::faulty(&["works"]).agent().await;
    for line in [
        "[]",
        "{}",
        "null",
        r#"{"id":77,"result":1}"#,
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","method":5}"#,
    ] {
        let (_, end) = agent.turn(&format!("print {line}")).await;
        assert_eq!(end.failure, None, "{line}");
    }
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn a_flood_breaks_off_the_turn_and_not_the_engine() {
    let mut agent = Desk::scripted("{ flood = 100 }").agent().await;
    agent.process.prompt("go");
    let (mut bytes, mut end) = (0, None);
    while end.is_none() {
        match agent.next().await {
            team6_agent::acp::Event::Update(TraceBody::Message { text }, _) => bytes += text.len(),
            team6_agent::acp::Event::Update(..) => {}
            team6_agent::acp::Event::Ended(ended) => end = Some(ended),
        }
    }
    let failure = end.unwrap().failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Protocol);
    assert!(
        failure.text.contains("it sent more than 64 MB in one turn"),
        "{}",
        failure.text
    );
    assert!(bytes < 65 << 20, "{bytes}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 200_000, "{kilobytes} kB");
    let ended = agent.end(Duration::from_millis(100)).await;
    assert_eq!(ended.left, 0);
}

#[tokio::test]
async fn a_huge_line_is_not_kept() {
    let mut agent = Desk::faulty(&["works"]).agent().await;
    // Longer than a message may be, but not worth a fuss.
    let (_, end) = agent.turn("line 8500000").await;
    assert_eq!(end.failure.map(|failure| failure.kind), Some(FailureKind::Protocol));
    agent.end(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn a_flood_of_requests_breaks_off_the_turn() {
    let mut agent = Desk::faulty(&["works"]).agent().await;
    let (_, end) = agent.turn("requests 30000").await;
    let failure = end.failure.unwrap();
    assert!(
        failure.text.contains("it made more than 20000 requests"),
        "{}",
        failure.text
    );
    agent.end(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn a_flood_of_errors_does_not_hold_the_agent_up() {
    let mut agent = Desk::faulty(&["works"]).agent().await;
    let (seen, end) = agent.turn("stderr-flood 20").await;
    assert_eq!(end.failure, None);
    let shown: usize = seen
        .iter()
        .map(|body| match body {
            TraceBody::Stderr { text } => text.len(),
            _ => 0,
        })
        .sum();
    assert!(shown < 400_000, "{shown}");
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn what_is_not_known_is_kept_as_it_came_and_unknown_requests_are_declined() {
    let mut agent = Desk::faulty(&["works"]).agent().await;
    let (seen, _) = agent.turn(r#"update {"sessionUpdate":"dream","about":"sheep"}"#).await;
    let dream = serde_json::json!({ "sessionUpdate": "dream", "about": "sheep" });
    assert_eq!(seen, [TraceBody::Raw { value: dream }]);
    let (seen, _) = agent.turn("tell something").await;
    assert!(
        matches!(&seen[..], [TraceBody::Raw { value }] if value["params"]["what"] == "something"),
        "{seen:?}"
    );
    for method in ["fs/write_text_file", "_vendor/ask", "terminal/create"] {
        let (seen, end) = agent.turn(&format!("request {method}")).await;
        assert_eq!((said(&seen).as_str(), end.failure), ("-32601", None), "{method}");
    }
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn odd_updates_make_no_harm() {
    let mut agent = Desk::faulty(&["works"]).agent().await;
    for odd in [
        r#"null"#,
        r#"{"sessionUpdate":"agent_message_chunk"}"#,
        r#"{"sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"","mimeType":"image/png"}}"#,
        r#"{"sessionUpdate":"tool_call"}"#,
        r#"{"sessionUpdate":"tool_call_update","toolCallId":5,"content":[{"type":"diff"},7],"locations":[{}]}"#,
        r#"{"sessionUpdate":"plan","entries":[{},"x"]}"#,
        r#"{"sessionUpdate":"usage_update","cost":{"amount":"much"}}"#,
    ] {
        let (_, end) = agent.turn(&format!("update {odd}")).await;
        assert_eq!(end.failure, None, "{odd}");
    }
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn daemons_end_with_their_agent() {
    let mut agent = Desk::scripted("{ daemon = 'exec sleep 1000' }, { say = 'left one' }")
        .agent()
        .await;
    agent.turn("go").await;
    let ended = agent.end(LIMIT).await;
    assert_eq!((ended.survivors_killed, ended.left), (1, 0), "{ended:?}");
}

#[tokio::test]
async fn an_agent_is_ended_in_the_middle_of_a_turn() {
    let mut agent = Desk::scripted("{ say = 'waiting' }, { run = 'sleep 1000' }")
        .agent()
        .await;
    agent.process.prompt("go");
    agent.says("waiting").await;
    let ended = agent.end(LIMIT).await;
    assert_eq!((ended.exit, ended.left), (team6_sandbox::Exit::Code(0), 0), "{ended:?}");
    let mut agent = Desk::scripted("{ say = 'waiting' }, { hang = { deaf = true } }")
        .agent()
        .await;
    agent.process.prompt("go");
    agent.says("waiting").await;
    let ended = agent.end(Duration::from_millis(300)).await;
    assert_eq!(ended.left, 0, "{ended:?}");
}
