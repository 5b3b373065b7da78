//! What people are told when they ask whether an agent works.

use team6_agent::acp::{AgentError, CheckReport, SecretState, check};
use team6_agent::profile::{EnvValue, Gateway, SecretReference, Way};
use team6_core::failure::FailureKind;

use crate::desk::Desk;

/// The report as people read it, without what differs from run to run.
async fn checked(desk: &Desk) -> (CheckReport, String) {
    let mut report = match desk.added() {
        Ok(added) => check(desk.start_agent(added), Vec::new()).await,
        Err(problems) => CheckReport::unstarted(&desk.profile, &AgentError::Environment(problems)),
    };
    report.command = report.command.rsplit('/').next().unwrap().to_owned();
    if let Some(greeting) = &mut report.greeting {
        greeting.after_ms = 12;
    }
    if let Some(session) = &mut report.session {
        assert!(session.memory > 100_000 && session.processes > 0, "{session:?}");
        (session.after_ms, session.memory, session.processes) = (34, 5_600_000, 1);
    }
    let text = report.to_string();
    (report, text)
}

#[tokio::test]
async fn an_agent_that_works_shows_what_it_can_do() {
    let (report, text) = checked(&Desk::faulty(&["works"])).await;
    assert!(report.works());
    insta::assert_snapshot!(text, @"
    agent        tester
    command      team6-faulty-agent works
    program      faulty 0.1
    greeting     after 12 ms
    continues    resumes sessions
    tools over   stdio, http
    session      after 34 ms
    modes        ask, act
    models       small, large
    memory       5 MB
    processes    1
    result       it can be given work
    ");
}

#[tokio::test]
async fn an_agent_that_can_do_little_shows_that() {
    let (_, text) = checked(&Desk::faulty(&["plain"])).await;
    insta::assert_snapshot!(text, @"
    agent        tester
    command      team6-faulty-agent plain
    program      does not say
    greeting     after 12 ms
    continues    no; each attempt begins a new session
    tools over   stdio
    session      after 34 ms
    modes        ask, act
    models       small, large
    memory       5 MB
    processes    1
    result       it can be given work
    ");
}

#[tokio::test]
async fn an_agent_that_is_not_logged_in_shows_how_that_is_done() {
    let mut desk = Desk::faulty(&["login"]);
    desk.profile.credentials = Some("Set API_KEY where the engine runs.".into());
    let (report, text) = checked(&desk).await;
    assert_eq!(report.problem.unwrap().kind, FailureKind::LoginNeeded);
    insta::assert_snapshot!(text, @"
    agent        tester
    command      team6-faulty-agent login
    program      faulty 0.1
    greeting     after 12 ms
    continues    resumes sessions
    tools over   stdio, http
    result       failed: Authentication required
    what to do   Set API_KEY where the engine runs.
    ");
}

#[tokio::test]
async fn an_agent_whose_account_is_nowhere_to_be_seen_is_said_to_need_one() {
    let mut desk = Desk::faulty(&["plain"]);
    let value = EnvValue::Variable {
        name: "TEAM6_TEST_KEY".into(),
        optional: true,
    };
    desk.profile.env.insert("API_KEY".into(), value);
    desk.profile.credentials = Some("Set API_KEY where the engine runs.".into());
    let (report, text) = checked(&desk).await;
    assert!(report.works());
    let account = text.lines().find(|line| line.starts_with("account"));
    insta::assert_snapshot!(account.unwrap(), @"account      none is set, so it will probably ask for one when it is given work. Set API_KEY where the engine runs.");
}

#[tokio::test]
async fn gateways_are_shown_with_what_became_of_their_secrets() {
    let mut desk = Desk::faulty(&["plain"]);
    let file = desk.cwd().join("key");
    std::fs::write(&file, "sk-hunter2\n").unwrap();
    let gateway = |host: &str, secret: SecretReference| Gateway {
        upstream: format!("https://{host}.example.org"),
        secret,
        header: "x-api-key".into(),
        scheme: None,
        variable: format!("{}_URL", host.to_uppercase()),
        path: String::new(),
    };
    let missing = SecretReference::Variable {
        name: "TEAM6_TEST_NOT_SET".into(),
        optional: true,
    };
    desk.profile.gateways = vec![
        gateway("models", SecretReference::File(file.clone())),
        gateway("others", missing),
    ];
    desk.profile.credentials = Some("Set API_KEY where the engine runs.".into());
    let mut shown = String::new();
    for (way, state) in [
        (Way::Proxy, SecretState::KeptOutside),
        (Way::Open, SecretState::GivenToTheAgent),
    ] {
        desk.way = way;
        let (report, text) = checked(&desk).await;
        assert!(report.works(), "{text}");
        let states: Vec<SecretState> = report.gateways.iter().map(|gateway| gateway.state).collect();
        assert_eq!(states, [state, SecretState::NotSet]);
        assert!(!format!("{report:?} {text}").contains("hunter2"), "{text}");
        let lines = text.lines().skip_while(|line| !line.starts_with("account"));
        let account: Vec<&str> = lines.take_while(|line| !line.starts_with("result")).collect();
        shown += &account.join("\n").replace(file.to_str().unwrap(), "/run/key");
        shown += "\n";
    }
    insta::assert_snapshot!(shown, @"
    account      a gateway to https://models.example.org at MODELS_URL: its secret is set by the file /run/key, and kept outside of the sandbox
                 no gateway to https://others.example.org: $TEAM6_TEST_NOT_SET is not set
    account      https://models.example.org at MODELS_URL: its secret is set by the file /run/key, and the agent has it, since there is no sandbox
                 no gateway to https://others.example.org: $TEAM6_TEST_NOT_SET is not set
    ");
}

#[tokio::test]
async fn an_agent_that_does_not_start_shows_what_it_said_and_how_to_mend_it() {
    let mut desk = Desk::faulty(&["explains", "cannot find module x"]);
    desk.profile.install = Some("npm install --global faulty".into());
    let (report, text) = checked(&desk).await;
    assert_eq!((report.greeting.is_none(), report.session.is_none()), (true, true));
    insta::assert_snapshot!(text, @"
    agent        tester
    command      team6-faulty-agent explains cannot find module x
    result       failed: the agent ended (exit code 1): starting
                 cannot find module x
    what to do   Check its command line, or install it again with: npm install --global faulty
    ");
}

#[tokio::test]
async fn an_agent_that_is_not_there_shows_how_it_is_installed() {
    let mut desk = Desk::of("no-such-agent", &["acp"]);
    desk.profile.install = Some("npm install --global no-such-agent".into());
    insta::assert_snapshot!(checked(&desk).await.1, @"
    agent        tester
    command      no-such-agent acp
    result       failed: the program `no-such-agent` is not installed; install it with: npm install --global no-such-agent
    ");
}

#[tokio::test]
async fn a_variable_that_is_not_set_shows_where_the_account_comes_from() {
    let mut desk = Desk::faulty(&["works"]);
    let value = EnvValue::Variable {
        name: "TEAM6_TEST_NOT_SET".into(),
        optional: false,
    };
    desk.profile.env.insert("API_KEY".into(), value);
    desk.profile.credentials = Some("Set API_KEY where the engine runs.".into());
    insta::assert_snapshot!(checked(&desk).await.1, @"
    agent        tester
    command      team6-faulty-agent works
    result       failed: prepare the environment of agent tester:
                   API_KEY is taken from $TEAM6_TEST_NOT_SET, which is not set where the engine runs; set it there
    what to do   Set API_KEY where the engine runs.
    ");
}
