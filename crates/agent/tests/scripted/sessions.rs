//! Sessions, turns and their cancellation.

use serde_json::json;

use crate::client::Desk;

const HELLO_AND_HANG: &str = r#"
[[script]]
when = 'hang'
steps = [{ say = "hanging" }, { hang = true }]
[[script]]
when = 'pause'
steps = [{ say = "pausing" }, { pause = 600_000 }]
[[script]]
when = 'deaf'
steps = [{ say = "deaf" }, { hang = { deaf = true } }]
[otherwise]
steps = [{ say = "hello" }]
"#;

#[tokio::test]
async fn a_session_is_found_again_by_a_new_process() {
    let desk = Desk::with(HELLO_AND_HANG);
    let first = desk.agent().await;
    let session = first.session.clone();
    assert_eq!(first.leave().await, Some(0));
    for method in ["session/load", "session/resume"] {
        let mut agent = desk.start().await;
        agent
            .open(
                method,
                json!({ "sessionId": session, "cwd": desk.cwd(), "mcpServers": [] }),
            )
            .await;
        assert_eq!(agent.stops("hello").await, "end_turn", "{method}");
        assert_eq!(agent.said(), ["hello"], "{method}");
    }
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_known() {
    let desk = Desk::with(HELLO_AND_HANG);
    let mut agent = desk.start().await;
    let params = json!({ "sessionId": "other-1", "cwd": desk.cwd(), "mcpServers": [] });
    assert_eq!(agent.request("session/load", params).await.unwrap_err()["code"], -32002);
    let prompt = json!({ "sessionId": "other-1", "prompt": [] });
    assert_eq!(
        agent.request("session/prompt", prompt).await.unwrap_err()["code"],
        -32002
    );
    assert_eq!(agent.request("no/such", json!({})).await.unwrap_err()["code"], -32601);
}

#[tokio::test]
async fn a_turn_can_be_cancelled_and_the_session_goes_on() {
    let desk = Desk::with(HELLO_AND_HANG);
    let mut agent = desk.agent().await;
    for (prompt, said) in [("hang", "hanging"), ("pause", "pausing")] {
        let turn = agent.begin(prompt).await;
        agent.sees(said).await;
        agent.cancel().await;
        assert_eq!(agent.answer(turn).await.unwrap()["stopReason"], "cancelled");
    }
    agent.cancel().await;
    assert_eq!(agent.stops("hello").await, "end_turn");
}

#[tokio::test]
async fn no_two_calls_of_a_session_have_one_id() {
    let desk = Desk::with("[otherwise]\nsteps = [{ run = 'true' }]\n");
    let mut agent = desk.agent().await;
    let mut ids = Vec::new();
    for turn in ["first", "second"] {
        agent.stops(turn).await;
        ids.extend(agent.calls().into_iter().map(|call| call["toolCallId"].to_string()));
    }
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_deaf_agent_ignores_a_cancellation_and_ends_with_its_stdin() {
    let desk = Desk::with(HELLO_AND_HANG);
    let mut agent = desk.agent().await;
    agent.begin("deaf").await;
    agent.sees("deaf").await;
    agent.cancel().await;
    // The agent has seen the cancellation when it answers what was sent after it.
    let second = json!({ "sessionId": agent.session, "prompt": [] });
    let busy = agent.request("session/prompt", second).await.unwrap_err();
    assert_eq!(busy["data"], "a turn is under way; wait for its end or cancel it");
    assert_eq!(agent.leave().await, Some(0));
}
