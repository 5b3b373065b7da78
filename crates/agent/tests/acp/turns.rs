//! Turns of an agent that behaves, and those that end otherwise than in success.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use team6_agent::profile::{Decision, EnvValue, PermissionRule};
use team6_agent::toolbox::McpServerSpec;
use team6_core::failure::FailureKind;
use team6_core::trace::TraceBody;

use crate::desk::{Desk, LIMIT, said};

#[tokio::test]
async fn a_turn_is_told_as_it_happens() {
    let desk = Desk::scripted(
        "{ say = 'I begin.' }, { think = 'hm' }, { steps = ['Look', 'Build'] }, \
         { edit = { path = 'a.txt', content = \"one\\n\" } }, { run = 'echo built' }, \
         { usage = { input = 12000, output = 800, cost = 0.04 } }, { say = 'I am done.' }",
    );
    let mut agent = desk.agent().await;
    assert!(agent.process.name().is_some());
    let (seen, end) = agent.turn("go").await;
    let mut kinds: Vec<&str> = seen
        .iter()
        .map(|body| match body {
            TraceBody::Message { .. } => "message",
            TraceBody::Thought { .. } => "thought",
            TraceBody::Steps { .. } => "steps",
            TraceBody::ToolCall { status, .. } => match status.as_str() {
                "completed" => "completed",
                _ => "call",
            },
            TraceBody::Usage(_) => "usage",
            other => panic!("{other:?}"),
        })
        .collect();
    // A message may come in pieces.
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "message",
            "thought",
            "steps",
            "call",
            "completed",
            "call",
            "completed",
            "usage",
            "message"
        ],
        "{seen:#?}"
    );
    let completed: Vec<&TraceBody> = seen
        .iter()
        .filter(|body| matches!(body, TraceBody::ToolCall { status, .. } if status == "completed"))
        .collect();
    let [
        TraceBody::ToolCall { diffs, .. },
        TraceBody::ToolCall { output, title, .. },
    ] = completed[..]
    else {
        panic!("{seen:#?}");
    };
    assert_eq!((diffs[0].path.as_str(), diffs[0].after.as_str()), ("a.txt", "one\n"));
    assert!(
        output.as_ref().unwrap().contains("built") && title.contains("echo built"),
        "{title}: {output:?}"
    );
    assert_eq!((end.reason.as_str(), end.failure.clone()), ("end_turn", None));
    assert_eq!(
        (end.usage.input_tokens, end.usage.output_tokens, end.usage.cost_micros),
        (12000, 800, 40_000)
    );
    assert_eq!(end.said, "I begin.I am done.");
    assert!(agent.process.usage_of_machine().await.memory > 100_000);
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn permissions_are_answered_by_the_rules_and_shown() {
    let mut desk = Desk::scripted(
        "{ permission = { title = 'Install a package', kind = 'execute' } }, \
         { permission = { title = 'Push', kind = 'execute' } }, { say = 'after' }",
    );
    desk.profile.permissions = vec![PermissionRule {
        kind: None,
        title: Some(Regex::new("Push").unwrap()),
        decision: Decision::Reject {
            reason: "the engine pushes".into(),
        },
    }];
    let mut agent = desk.agent().await;
    let (seen, end) = agent.turn("go").await;
    let rules: Vec<(&str, &str)> = seen
        .iter()
        .filter_map(|body| match body {
            TraceBody::Permission { title, rule, .. } => Some((title.as_str(), rule.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        rules,
        [
            ("Install a package", "no rule is against it"),
            ("Push", "rule 1: the engine pushes")
        ]
    );
    assert_eq!(end.denied, ["Push: the engine pushes"]);
    assert_eq!(agent.turn("go").await.1.denied.len(), 1, "each turn counts its own");
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn an_agent_that_gives_up_when_it_is_denied_says_so() {
    let mut desk = Desk::faulty(&["works"]);
    desk.profile.permissions = vec![PermissionRule {
        kind: None,
        title: Some(Regex::new("Push").unwrap()),
        decision: Decision::Reject {
            reason: "look only".into(),
        },
    }];
    let mut agent = desk.agent().await;
    let (_, end) = agent.turn("gives-up").await;
    assert_eq!(end.failure.unwrap().text, "the agent cancelled its turn by itself");
    let (_, end) = agent.turn("asks Push").await;
    let failure = end.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::PermissionDenied);
    assert_eq!(failure.text, "the agent gave up when it was denied: Push: look only");
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn a_turn_can_be_cancelled_and_the_session_goes_on() {
    let mut agent = Desk::scripted("{ say = 'waiting' }, { hang = true }").agent().await;
    for _ in 0..2 {
        agent.process.prompt("go");
        agent.says("waiting").await;
        agent.process.cancel(LIMIT);
        let (_, end) = agent.rest().await;
        assert_eq!((end.reason.as_str(), end.failure), ("cancelled", None));
    }
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn an_agent_that_does_not_stop_is_given_up() {
    let mut agent = Desk::scripted("{ say = 'deaf' }, { hang = { deaf = true } }")
        .agent()
        .await;
    agent.process.prompt("go");
    agent.says("deaf").await;
    agent.process.cancel(Duration::from_millis(200));
    let (_, end) = agent.rest().await;
    let failure = end.failure.unwrap();
    assert_eq!(
        (failure.kind, failure.text.as_str()),
        (FailureKind::Silent, "the agent did not stop within 0 s")
    );
    assert!(!agent.process.in_turn());
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn a_turn_that_takes_too_long_or_says_nothing_is_stopped() {
    let mut desk = Desk::scripted("{ say = 'waiting' }, { hang = true }");
    desk.profile.limits.silence = Duration::from_millis(200);
    let (_, end) = desk.agent().await.turn("go").await;
    assert_eq!(end.reason, "cancelled");
    assert_eq!(end.failure.unwrap().kind, FailureKind::Silent);
    desk.profile.limits.turn = Duration::from_millis(100);
    let (_, end) = desk.agent().await.turn("go").await;
    assert_eq!(end.failure.unwrap().kind, FailureKind::TimedOut);
}

#[tokio::test]
async fn the_words_of_a_provider_are_understood() {
    let cases = [
        (
            "{ fail = 'Usage limit reached, try again in 5 minutes' }",
            FailureKind::UsageLimit,
        ),
        (
            "{ fail = { message = 'log in first', code = -32000 } }",
            FailureKind::LoginNeeded,
        ),
        (
            "{ say = 'unexpected status 503 Service Unavailable' }",
            FailureKind::ProviderOutage,
        ),
        (
            "{ say = 'unexpected status 400 Bad Request' }",
            FailureKind::NotCompleted,
        ),
        ("{ refuse = true }", FailureKind::Refused),
        ("{ exit = 3 }", FailureKind::AgentExited),
        ("{ crash = true }", FailureKind::AgentExited),
    ];
    for (step, kind) in cases {
        let mut agent = Desk::scripted(step).agent().await;
        let (_, end) = agent.turn("go").await;
        let failure = end.failure.unwrap();
        assert_eq!(failure.kind, kind, "{step}: {failure:?}");
        assert_eq!(failure.until.is_some(), kind == FailureKind::UsageLimit, "{failure:?}");
        agent.end(LIMIT).await;
    }
    let mut agent = Desk::scripted("{ run = 'true' }, { say = 'API Error: 529 is handled now.' }")
        .agent()
        .await;
    assert_eq!(agent.turn("go").await.1.failure, None);
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn an_agent_that_ended_between_turns_is_noticed_by_the_next() {
    let mut agent = Desk::scripted("{ exit = 3 }").agent().await;
    agent.turn("go").await;
    for _ in 0..2 {
        let (_, end) = agent.turn("go").await;
        let failure = end.failure.unwrap();
        assert_eq!(failure.text, "the agent ended (exit code 3)");
    }
    let ended = agent.end(LIMIT).await;
    assert_eq!(ended.how, team6_sandbox::How::Alone);
}

#[tokio::test]
async fn no_secret_leaves_an_agent() {
    let mut desk = Desk::faulty(&["works"]);
    let secrets = ["profile-5f2a9c", "caller-77aa01"];
    let file = desk.cwd().join("key");
    std::fs::write(&file, secrets[0]).unwrap();
    desk.profile.env.insert("KEY_OF_PROFILE".into(), EnvValue::File(file));
    desk.env.insert("KEY_OF_CALLER".into(), secrets[1].into());
    desk.secrets.push(secrets[1].to_owned());
    let mut agent = desk.agent().await;
    for name in ["KEY_OF_PROFILE", "KEY_OF_CALLER"] {
        let (seen, end) = agent.turn(&format!("environment {name}")).await;
        let all = format!(
            "{seen:?} {end:?} {:?} {:?}",
            agent.process,
            desk.start_agent(desk.added().unwrap())
        );
        assert!(secrets.iter().all(|secret| !all.contains(secret)), "{all}");
        assert_eq!(said(&seen), "it is [redacted].");
        assert_eq!(end.said, "it is [redacted].");
        assert_eq!(end.failure.unwrap().text, "failed with [redacted]");
    }
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn what_tools_are_trusted_with_is_secret_too() {
    let mut agent = Desk::faulty(&["works"]).start().await.unwrap();
    let tools = McpServerSpec {
        name: "team6".into(),
        command: "/bin/true".into(),
        args: Vec::new(),
        env: BTreeMap::from([("TOKEN".into(), "token-of-session-7".into())]),
    };
    agent.process.open_session(None, vec![tools]).await.unwrap();
    let (seen, _) = agent.turn("say it is token-of-session-7").await;
    assert_eq!(said(&seen), "it is [redacted]");
    let (seen, _) = agent.turn("stderr it is token-of-session-7").await;
    let shown = format!("{seen:?}");
    assert!(!shown.contains("token-of-session-7"), "{shown}");
    agent.end(LIMIT).await;
}

#[tokio::test]
async fn what_the_engine_adds_comes_after_what_was_said_before_and_is_not_lost_when_no_turn_follows() {
    let steps = "{ say = 'I begin with the corner stones.' }, { hang = true }";
    let mut agent = Desk::scripted(steps).agent().await;
    let record = agent.process.record();
    let call = |answer: &str| TraceBody::Engine {
        tool: "report_progress".into(),
        accepted: true,
        answer: answer.into(),
    };
    agent.process.prompt("go");
    agent.says("corner").await;
    record.add(call("in the turn")).await.unwrap();
    agent.process.cancel(LIMIT);
    let (seen, _) = agent.rest().await;
    let at = seen.iter().position(|body| *body == call("in the turn")).unwrap();
    assert_eq!(said(&seen[..at]), "stones.", "{seen:#?}");

    record.add(call("after it")).await.unwrap();
    assert_eq!(agent.process.close_record(), [call("after it")]);
    assert_eq!(record.add(call("too late")).await, Err(call("too late")));
    agent.end(LIMIT).await;
}
