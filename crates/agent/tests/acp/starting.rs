//! An agent that cannot be worked with says why, and nothing of it is left.

use std::time::Duration;

use team6_agent::acp::AgentError;
use team6_agent::profile::EnvValue;
use team6_core::failure::FailureKind;
use team6_sandbox::Exit;

use crate::desk::Desk;

async fn failed(desk: &Desk) -> AgentError {
    match desk.start().await {
        Ok(agent) => panic!("it started: {agent:?}", agent = agent.process),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_to_be_installed() {
    let mut desk = Desk::of("no-such-agent", &[]);
    desk.profile.install = Some("npm install --global no-such-agent".into());
    let error = failed(&desk).await;
    assert_eq!(
        error.to_string(),
        "the program `no-such-agent` is not installed; install it with: npm install --global no-such-agent"
    );
    assert_eq!(error.failure().kind, FailureKind::AgentUnavailable);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named() {
    let mut desk = Desk::faulty(&[]);
    let value = EnvValue::Variable {
        name: "TEAM6_TEST_NOT_SET".into(),
        optional: false,
    };
    desk.profile.env.insert("API_KEY".into(), value);
    let error = failed(&desk).await.to_string();
    assert!(error.contains("API_KEY is taken from $TEAM6_TEST_NOT_SET"), "{error}");
}

#[tokio::test]
async fn a_program_that_ends_at_once_tells_its_exit() {
    for code in [0, 1] {
        let error = failed(&Desk::faulty(&["exits", &code.to_string()])).await;
        assert!(
            matches!(&error, AgentError::Exited { exit: Exit::Code(exit), words } if *exit == code && words.is_empty()),
            "{error:?}"
        );
        assert_eq!(error.failure().kind, FailureKind::AgentExited);
    }
}

#[tokio::test]
async fn the_last_words_of_a_program_are_shown_and_understood() {
    let error = failed(&Desk::faulty(&["explains", "cannot find module x"])).await;
    assert_eq!(
        error.to_string(),
        "the agent ended (exit code 1): starting\ncannot find module x"
    );
    assert_eq!(error.failure().kind, FailureKind::AgentExited);
    let error = failed(&Desk::faulty(&["explains", "Invalid API key · Please run /login"])).await;
    assert_eq!(error.failure().kind, FailureKind::LoginNeeded);
}

#[tokio::test]
async fn a_program_that_speaks_no_protocol_ends_with_what_it_printed() {
    let error = failed(&Desk::of("echo", &["hello there"])).await;
    assert_eq!(error.to_string(), "the agent ended (exit code 0): hello there");
    // What reads and sends back whatever it is told seems to answer.
    let error = failed(&Desk::of("cat", &[])).await;
    assert_eq!(
        error.to_string(),
        "the agent does not keep to the protocol (ACP): it cannot answer `initialize`: Method not found: initialize"
    );
    let error = failed(&Desk::faulty(&["noise"])).await;
    assert_eq!(error.failure().kind, FailureKind::Protocol);
    let text = error.to_string();
    assert!(
        text.starts_with("the agent does not keep to the protocol (ACP): it printed more than 1 MB that are no protocol messages: yyy"),
        "{text}"
    );
    assert!(text.len() < 500, "{}", text.len());
}

#[tokio::test]
async fn of_many_lines_a_few_are_shown_and_the_others_counted() {
    let text = failed(&Desk::of("yes", &[])).await.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1..4], ["y", "y", "y"], "{text}");
    assert!(
        lines.len() == 5 && lines[4].starts_with("… and ") && lines[4].ends_with(" lines more"),
        "{text}"
    );
    // Of an error stream the end tells more.
    let trace = "seq 500 >&2; exit 3";
    let text = failed(&Desk::of("sh", &["-c", trace])).await.to_string();
    assert!(
        text.starts_with("the agent ended (exit code 3): (480 lines) …\n481\n"),
        "{text}"
    );
    assert!(text.ends_with("\n500"), "{text}");
}

#[tokio::test]
async fn a_program_that_closes_its_pipes_and_stays_is_ended() {
    let error = failed(&Desk::faulty(&["closes"])).await;
    assert_eq!(
        error.to_string(),
        "the agent does not keep to the protocol (ACP): it closed its pipes and stayed"
    );
}

#[tokio::test]
async fn a_program_that_never_answers_is_given_up() {
    for fault in ["silent", "banner"] {
        let mut desk = Desk::faulty(&[fault]);
        desk.patience.greeting = Duration::from_millis(300);
        let error = failed(&desk).await;
        assert!(
            matches!(
                error,
                AgentError::Silent {
                    request: "initialize",
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.failure().kind, FailureKind::Silent);
    }
}

#[tokio::test]
async fn another_version_of_the_protocol_is_named() {
    let error = failed(&Desk::faulty(&["version"])).await;
    assert!(
        error.to_string().contains("the agent speaks version 7 of ACP"),
        "{error}"
    );
    assert_eq!(error.failure().kind, FailureKind::AgentUnavailable);
}

#[tokio::test]
async fn an_agent_that_is_not_logged_in_needs_a_person() {
    let desk = Desk::faulty(&["login"]);
    let mut agent = desk.start().await.unwrap();
    let error = agent.open(None).await.unwrap_err();
    assert_eq!(error.failure().kind, FailureKind::LoginNeeded);
    assert_eq!(error.to_string(), "Authentication required");
    agent.end(Duration::ZERO).await;
}

#[tokio::test]
async fn a_session_that_never_opens_is_given_up() {
    let mut desk = Desk::faulty(&["slow"]);
    desk.patience.opening = Duration::from_millis(300);
    let mut agent = desk.start().await.unwrap();
    let error = agent.open(None).await.unwrap_err();
    assert_eq!(error.failure().kind, FailureKind::Silent, "{error}");
    agent.end(Duration::ZERO).await;
}
