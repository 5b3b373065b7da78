use serde_json::json;

use super::*;

fn play(toml: &str) -> Play {
    Play::new(Scenario::from_toml(toml).unwrap()).unwrap()
}

/// A conversation in which tools have answered `rounds` times.
fn talk(said: &[&str], rounds: usize) -> Conversation {
    let mut talk = Conversation::default();
    for text in said {
        talk.user_says((*text).to_owned());
    }
    for _ in 0..rounds {
        talk.model_says();
        talk.tool_answers("done, id 9".into());
    }
    talk.tools = vec![Tool::function("Write"), Tool::function("mcp__team6__ask_owner")];
    talk
}

fn text_of(answer: Answer) -> String {
    match answer.content {
        Content::Say { text, .. } => text.unwrap_or_default(),
        Content::Fail(failure) => format!("{} {}", failure.status, failure.message),
    }
}

const TURNS: &str = r#"
[[scripts]]
when = "parser"
captures = { task = 'task (T-\d+)', id = 'id (\d+)' }
turns = [
    { tool = "write", input = { file_path = "{capture.task}.md" } },
    { status = 429, retry_after = 2, times = 2 },
    { tool = "ask_owner", input = { id = "{capture.id:number}" } },
    { text = "{capture.task} is done" },
]

[[scripts]]
turns = [{ text = "What do you mean?" }]

[[scripts]]
when = "lexer"
turns = [{ text = "lexed" }, { status = 401, always = true }]
"#;

#[test]
fn turns_follow_the_answers_of_tools_and_the_last_one_is_repeated() {
    let play = play(TURNS);
    let mut spent = Spent::new();
    let mut said = |rounds| {
        let answer = play.answer(&talk(&["write a parser for task T-7"], rounds), &mut spent);
        match &answer.content {
            Content::Say { calls, .. } if !calls.is_empty() => format!("{} {}", calls[0].tool.name, calls[0].input),
            _ => text_of(answer),
        }
    };
    assert_eq!(said(0), r#"Write {"file_path":"T-7.md"}"#);
    assert_eq!(said(1), "429 scripted failure 429");
    assert_eq!(said(1), "429 scripted failure 429");
    assert_eq!(said(1), r#"mcp__team6__ask_owner {"id":9}"#);
    assert_eq!(said(2), "T-7 is done");
    assert_eq!(said(5), "T-7 is done");
    assert_eq!(said(0), r#"Write {"file_path":"T-7.md"}"#);
}

#[test]
fn the_last_message_chooses_before_earlier_ones_and_a_script_for_all_goes_last() {
    let play = play(TURNS);
    let mut spent = Spent::new();
    let mut said = |texts: &[&str]| text_of(play.answer(&talk(texts, 0), &mut spent));
    assert_eq!(said(&["a parser", "no, a lexer"]), "lexed");
    assert_eq!(said(&["a lexer", "go on"]), "lexed");
    assert_eq!(said(&["hello"]), "What do you mean?");
    assert_eq!(said(&[]), "What do you mean?");
}

#[test]
fn a_failure_at_the_end_can_go_on_for_ever() {
    let play = play(TURNS);
    let mut spent = Spent::new();
    for rounds in [1, 1, 4] {
        let answer = play.answer(&talk(&["a lexer"], rounds), &mut spent);
        assert_eq!(text_of(answer), "401 scripted failure 401");
    }
}

#[test]
fn a_piece_of_the_prompt_that_is_missing_is_said() {
    let answer = play(TURNS).answer(&talk(&["a parser"], 0), &mut Spent::new());
    assert!(matches!(&answer.outcome, Outcome::Refused(why) if why.contains("found no \"task\"")));
    assert!(text_of(answer).starts_with("400 "));
}

#[test]
fn a_request_without_tools_gets_plain_text_and_spends_no_failure() {
    let play = play("[[scripts]]\nturns = [{ status = 503 }, { text = \"up again\" }]");
    let mut spent = Spent::new();
    let title = Conversation::default();
    assert_eq!(play.answer(&title, &mut spent).outcome, Outcome::WithoutTools);
    assert_eq!(
        text_of(play.answer(&talk(&["x"], 0), &mut spent)),
        "503 scripted failure 503"
    );
    assert_eq!(text_of(play.answer(&talk(&["x"], 0), &mut spent)), "up again");
}

#[test]
fn nothing_to_play_is_plain_text_and_on_record() {
    let none = play("");
    assert_eq!(
        none.answer(&talk(&["x"], 0), &mut Spent::new()).outcome,
        Outcome::Unscripted
    );
    let over = play("[[scripts]]\nturns = [{ status = 503 }]");
    let mut spent = Spent::new();
    over.answer(&talk(&["x"], 0), &mut spent);
    assert_eq!(over.answer(&talk(&["x"], 0), &mut spent).outcome, Outcome::Unscripted);
}

#[test]
fn everything_wrong_with_a_scenario_is_said_at_once() {
    let scenario = Scenario::new()
        .script(Script::when("a").capture("task", "(").says("{capture.taks}"))
        .script(Script::otherwise())
        .script(
            Script::when("b")
                .fails(200)
                .calls("x", json!({ "deep": ["{capture.y}"] })),
        );
    let error = Play::new(scenario).unwrap_err().to_string();
    for part in [
        "script 1: turn 1: there is no capture \"taks\"",
        "script 1: capture \"task\": ",
        "script 2: it has no turns",
        "script 3: turn 1: 200 is not a status from 400 to 599",
        "script 3: turn 2: there is no capture \"y\"",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn a_file_says_what_the_builder_says() {
    let built = Turn::says("Both at once.")
        .and_calls("Write", json!({ "a": 1 }))
        .and_calls("Read", json!(null))
        .held_at("gate")
        .costs(Usage { input: 5, output: 6 });
    let row = r#"{ "scripts": [{ "turns": [
        { "text": "Both at once.", "calls": [{ "tool": "Write", "input": { "a": 1 } }, { "tool": "Read" }],
          "hold": "gate", "usage": { "input": 5, "output": 6 } },
        { "status": 529, "always": true, "retry_after": 1, "message": "scripted failure 529" }] }] }"#;
    let read = Scenario::from_json(row).unwrap();
    assert_eq!(read.scripts[0].turns, [built, Turn::fails(529).always().retry_after(1)]);
}

#[test]
fn keys_that_do_not_go_together_are_refused_with_the_reason() {
    for (turn, reason) in [
        ("{}", "a turn needs"),
        ("{ input = {} }", "\"input\" belongs to"),
        ("{ tool = 'a', calls = [] }", "either one \"tool\""),
        ("{ text = 'a', times = 2 }", "belong to a failure"),
        ("{ status = 500, text = 'a' }", "cannot have \"text\""),
        ("{ status = 500, times = 2, always = true }", "either \"always\""),
        ("{ txt = 'a' }", "unknown field `txt`"),
    ] {
        let error = Scenario::from_toml(&format!("[[scripts]]\nturns = [{turn}]")).unwrap_err();
        assert!(error.to_string().contains(reason), "{turn}: {error}");
    }
}
