//! Scenario files: what is wrong with one is said whole, with lines and suggestions.

use team6_agent::scripted::{ScenarioError, check};

use crate::client::Desk;

fn problems(scenario: &str) -> String {
    let desk = Desk::with(scenario);
    match check(&desk.scenario()) {
        Ok(checked) => format!("{checked:?}"),
        Err(ScenarioError::Invalid { problems, .. }) => {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn everything_that_is_wrong_is_said_with_its_line() {
    let text = problems(
        r#"titel = "x"
[[script]]
when = '(unclosed'
steps = [
    { sey = "hello" },
    { say = 3 },
    { say = "a", think = "b" },
    { edit = { path = "a" } },
    { run = { comand = "x" } },
    { commit = "thread {capture.id}" },
    { end = "over" },
    { hang = { deaf = "yes" } },
    { pause = -1 },
    { repeat = { times = 0, steps = [{ say = "{capture.rond}" }] } },
    { tool = { name = "t", arguments = { a = "{capture.idd}", list = { for_each = '(?P<id>x)', itme = 1 } } } },
]
[[script]]
steps = [{}]
"#,
    );
    insta::assert_snapshot!(text, @r#"
    line 1: scenario field "titel" is not known; did you mean "title"?
    line 3: script.when is no regular expression: unclosed group
    line 5: step "sey" is not known; did you mean "say"?
    line 6: say.text must be text in quotes
    line 7: a step does one thing, but this one has "say" and "think"; make two of it
    line 8: edit needs "content", or "append", or "find" and "replace", and only one of these
    line 9: run field "comand" is not known; did you mean "command"?
    line 9: run needs "command"
    line 10: capture "id" is not known; there are none
    line 11: end.reason "over" is not known; use end_turn, max_tokens, max_turn_requests, refusal, cancelled
    line 12: hang.deaf must be true or false
    line 13: pause.ms must be a whole number from 0 to 86399999
    line 14: capture "rond" is not known; did you mean "round"?
    line 14: repeat.times must be a whole number from 1 to 1000000
    line 15: capture "idd" is not known; there are none
    line 15: for_each field "itme" is not known; did you mean "item"?
    line 15: for_each needs "item"
    line 17: script needs "when"
    line 18: a step needs one of say, think, steps, read, edit, delete, run, commit, tool, usage, permission, pause, wait_for, hang, crash, exit, fail, refuse, flood, garbage, daemon, rewrite_history, delete_workspace, end, repeat
    "#);
}

#[test]
fn broken_toml_is_said_with_its_line() {
    insta::assert_snapshot!(problems("[[script]]\nwhen = 'x'\nsteps = [ { say = \"a\" }\n"), @"line 3: not valid TOML: unclosed array, expected `]`");
}

#[test]
fn a_scenario_that_can_be_played_is_counted() {
    let scenario = "title = 'demo'\n[[script]]\nwhen = 'a'\nsteps = [{ say = 'a' }, { crash = true }]";
    assert_eq!(problems(scenario), "Checked { scripts: 1, steps: 3 }");
    assert_eq!(problems(""), "Checked { scripts: 0, steps: 1 }");
}

#[tokio::test]
async fn an_agent_with_a_broken_scenario_says_so_and_ends() {
    let desk = Desk::with("[[script]]\n");
    let agent = tokio::process::Command::new(env!("CARGO_BIN_EXE_team6-scripted-agent"))
        .arg(desk.scenario())
        .output();
    let output = agent.await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("line 1: script needs \"when\""), "{stderr}");
    let missing = check(&desk.folder().join("none.toml")).unwrap_err();
    assert!(matches!(missing, ScenarioError::Unreadable { .. }), "{missing}");
}
