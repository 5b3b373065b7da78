//! Sessions: opened, gone on with, in the mode and with the model that the profile wants.

use serde_json::{Value, json};
use team6_agent::acp::{AgentError, How};
use team6_core::trace::{TraceBody, Usage};

use crate::desk::{Desk, LIMIT, said};

#[tokio::test]
async fn a_session_goes_on_in_another_process() {
    let desk = Desk::scripted("{ say = 'hello' }");
    let mut first = desk.start().await.unwrap();
    let opened = first.open(None).await.unwrap();
    assert_eq!(opened.how, How::New);
    first.turn("go").await;
    let ended = first.end(LIMIT).await;
    assert_eq!((ended.exit, ended.left), (team6_sandbox::Exit::Code(0), 0));
    let mut second = desk.start().await.unwrap();
    assert!(second.process.continues_sessions());
    let again = second.open(Some(&opened.id)).await.unwrap();
    assert_eq!((again.id, again.how), (opened.id, How::Resumed));
    assert_eq!(said(&second.turn("go").await.0), "hello");
    second.end(LIMIT).await;
}

#[tokio::test]
async fn what_is_replayed_while_a_session_is_loaded_is_not_told_again() {
    let mut agent = Desk::faulty(&["loads"]).start().await.unwrap();
    assert_eq!(agent.open(Some("old")).await.unwrap().how, How::Loaded);
    let (seen, end) = agent.turn("say now").await;
    assert_eq!(seen, [TraceBody::Message { text: "now".into() }]);
    let tokens = Usage {
        input_tokens: 10,
        output_tokens: 2,
        cost_micros: 0,
    };
    assert_eq!(end.usage, tokens, "what was spent before is not of this process");
    let cost = r#"update {"sessionUpdate":"usage_update","used":1,"size":2,"cost":{"amount":2.5,"currency":"USD"}}"#;
    let (seen, end) = agent.turn(cost).await;
    assert_eq!(end.usage.cost_micros, 500_000);
    let reported = Usage {
        cost_micros: 500_000,
        ..tokens
    };
    assert_eq!(seen, [TraceBody::Usage(reported)]);
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn a_session_that_is_forgotten_is_replaced_by_a_new_one() {
    for fault in ["forgets", "plain"] {
        let mut agent = Desk::faulty(&[fault]).start().await.unwrap();
        let opened = agent.open(Some("old")).await.unwrap();
        assert_eq!((opened.id.as_str(), opened.how), ("new", How::Lost), "{fault}");
        agent.end(LIMIT).await;
    }
}

#[tokio::test]
async fn mode_and_model_are_set_when_they_differ() {
    let mut desk = Desk::faulty(&["works"]);
    desk.profile.mode = Some("act".into());
    desk.profile.model = Some("large".into());
    let mut agent = desk.start().await.unwrap();
    let opened = agent.open(None).await.unwrap();
    assert_eq!(
        (opened.modes, opened.models),
        (vec!["ask".into(), "act".into()], vec!["small".into(), "large".into()])
    );
    let (seen, _) = agent.turn("say done").await;
    let set: Vec<&Value> = seen
        .iter()
        .filter_map(|body| match body {
            TraceBody::Raw { value } => Some(&value["params"]),
            _ => None,
        })
        .collect();
    let mode = json!({ "sessionId": "new", "modeId": "act" });
    let model = json!({ "sessionId": "new", "configId": "llm", "value": "large" });
    assert_eq!(set, [&mode, &model]);
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn what_the_agent_has_already_is_not_set_again() {
    let mut desk = Desk::faulty(&["works"]);
    desk.profile.mode = Some("ask".into());
    desk.profile.model = Some("small".into());
    let mut agent = desk.agent().await;
    let (seen, _) = agent.turn("say done").await;
    assert_eq!(seen, [TraceBody::Message { text: "done".into() }]);
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn a_mode_or_model_that_is_not_offered_is_named_with_those_that_are() {
    let mut desk = Desk::faulty(&["works"]);
    desk.profile.mode = Some("yolo".into());
    let mut agent = desk.start().await.unwrap();
    let error = agent.open(None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the agent has no mode \"yolo\"; set `mode` in its profile to one of: ask, act"
    );
    desk.profile.mode = None;
    desk.profile.model = Some("huge".into());
    let error = desk.start().await.unwrap().open(None).await.unwrap_err();
    assert!(
        matches!(&error, AgentError::NotOffered { what: "model", offered, .. } if offered == &["small", "large"]),
        "{error}"
    );
    let mut desk = Desk::scripted("{ say = 'x' }");
    desk.profile.mode = Some("act".into());
    let error = desk.start().await.unwrap().open(None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the agent has no mode \"act\"; set `mode` in its profile to nothing: it offers none"
    );
}
