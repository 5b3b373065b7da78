//! Lists as people read them: each row with its reason, who moves it next, and since when.

use crate::{planned, shop};

/// Without what takes another time on every machine.
fn timeless(text: &str) -> String {
    let words = text.split("(");
    let mut kept = String::new();
    for (place, part) in words.enumerate() {
        match part.split_once(')') {
            Some((time, rest)) if place > 0 && (time.ends_with("ago") || time == "just now") => {
                kept.push_str("(AGO)");
                kept.push_str(rest);
            }
            _ if place > 0 => {
                kept.push('(');
                kept.push_str(part);
            }
            _ => kept.push_str(part),
        }
    }
    kept
}

#[test]
fn a_list_of_what_does_not_exist_is_no_empty_list() {
    let (place, _server, _repository) = shop();
    for (args, said) in [
        (&["sprint", "list", "--project", "nope"][..], "nope"),
        (&["inbox", "--project", "nope"], "nope"),
        (
            &["inbox", "--person", "nobody"],
            "nobody is not one of the people: ada, lin",
        ),
        (&["inbox", "--sprint", "88"], "sprint 88"),
        (&["task", "list", "--sprint", "88"], "sprint 88"),
        (
            &["task", "list", "--owner", "nobody"],
            "nobody is not one of the people",
        ),
        (&["events", "--sprint", "88"], "sprint 88"),
        (&["events", "--sprint", "88", "--follow"], "sprint 88"),
    ] {
        let text = place.fails(4, args);
        assert!(text.contains(said), "{args:?}: {text}");
    }
    // What exists and has nothing is one.
    for args in [
        &["sprint", "list", "--project", "shop"][..],
        &["inbox", "--project", "shop"],
        &["inbox", "--person", "lin"],
    ] {
        place.ok(args);
    }
}

#[test]
fn each_row_of_a_list_says_why_and_who_is_next() {
    let (place, _server, _repository) = shop();
    insta::assert_snapshot!(place.ok(&["sprint", "list"]), @r#"
    No sprint is open.
      team6 sprint plan PROJECT "GOAL"   has one planned
    "#);
    insta::assert_snapshot!(place.ok(&["task", "list"]), @"
    No task.
      team6 sprint list   shows the sprints, whose plans make tasks
    ");
    insta::assert_snapshot!(place.ok(&["project", "list"]), @"
    project  title     # at once  repositories
    shop     The shop          3  app
    ");
    place.ok(&["sprint", "plan", "shop", "Greet people."]);
    planned(&place, 1);
    insta::assert_snapshot!(timeless(&place.ok(&["inbox"])), @"
    question open  sprint 1 Greeting
      question 1 waits for an answer: Which greeting? -> ada (AGO)
      team6 sprint questions 1   shows the questions
    ");
    place.ok(&["sprint", "answer", "1", "1", "Good day"]);
    planned(&place, 2);
    insta::assert_snapshot!(timeless(&place.ok(&["sprint", "list"])), @"
    # sprint  project  title     phase     tasks                   why
           1  shop     Greeting  planning  0 of 2 done, 2 waiting  tasks have no owner yet -> ada (AGO)
    ");
    insta::assert_snapshot!(timeless(&place.ok(&["task", "list", "--sprint", "1"])), @"
    # task  title        state    owner  agent  why
         1  A greeting   waiting  -      -      tasks have no owner yet -> ada (AGO)
         2  A signature  waiting  -      -      tasks have no owner yet -> ada (AGO)
    ");
    insta::assert_snapshot!(timeless(&place.ok(&["inbox"])), @"
    no owner  sprint 1 Greeting
      tasks have no owner yet -> ada (AGO)
      team6 sprint owners 1   shows who could own its tasks
    ");
    place.ok(&["sprint", "owners", "1", "1=ada", "2=lin"]);
    insta::assert_snapshot!(timeless(&place.ok(&["sprint", "list"])), @"
    # sprint  project  title     phase     tasks                   why
           1  shop     Greeting  planning  0 of 2 done, 2 waiting  version 1 of the plan waits for approval -> ada (AGO)
    ");
    assert!(place.ok(&["task", "list", "--mine"]).contains("A greeting"));
    assert!(!place.ok(&["task", "list", "--owner", "lin"]).contains("A greeting"));
    let wrong = place.fails(3, &["task", "list", "--state", "asleep"]);
    assert!(wrong.contains("in review"), "{wrong}");
}

#[test]
fn agents_are_listed_with_how_to_install_those_that_are_missing() {
    let (place, _server, _repository) = shop();
    let agents = place.json(&["agent", "list"]);
    let scripted = agents
        .as_array()
        .unwrap()
        .iter()
        .find(|agent| agent["id"] == "scripted")
        .unwrap();
    assert_eq!(
        (&scripted["installed"], &scripted["role"]),
        (&true.into(), &"specialist".into())
    );
    let listed = place.ok(&["agent", "list"]);
    assert!(
        listed.contains("claude-code") && listed.contains("team6 agent check NAME"),
        "{listed}"
    );
    let said = place.ok(&["agent", "check", "scripted"]);
    assert!(said.contains("scripted"), "{said}");
}
