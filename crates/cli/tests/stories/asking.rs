//! Questions of agents to people.

use crate::shop::{DONE, Shop};

#[test]
fn a_question_to_the_owner_holds_no_slot_and_its_answer_goes_on() {
    let ask =
        r#"{ tool = { name = "ask_owner", arguments = { question = "Which colour?", options = ["Red", "Blue"] } } }"#;
    let shop = Shop::planned(
        "",
        &["A door", "A window"],
        &[
            (
                r"ada writes to you \(message \d+\): Blue",
                &[
                    r#"{ edit = { path = "door.txt", content = "blue\n" } }"#,
                    r#"{ commit = { message = "Paint the door" } }"#,
                    DONE,
                ],
            ),
            (r"task \d+: A door", &[ask]),
            (
                r"task \d+: A window",
                &[
                    r#"{ edit = { path = "window.txt", content = "glass\n" } }"#,
                    r#"{ commit = { message = "Set the window" } }"#,
                    DONE,
                ],
            ),
        ],
    );
    // One agent works at once, and the first one waits: the second task has the slot.
    shop.place.ok(&["project", "set", "shop", "--at-once", "1"]);
    shop.approved(2);
    shop.event("pull_request_opened", |data| data["task"] == 2);
    shop.event("owner_asked", |_| true);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("Which colour?") && shown.contains("- Blue"), "{shown}");
    assert_eq!(shop.task("1")["task"]["state"], "asking its owner");
    let queues = shop.place.json(&["inbox"]);
    let kinds: Vec<&str> = queues
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"asked") && kinds.contains(&"review"), "{kinds:?}");
    shop.place.ok(&["task", "chat", "1", "Blue"]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+blue"));
    let attempts = shop.task("1")["attempts"].clone();
    assert_eq!(attempts[0]["outcome"]["outcome"], "asked", "{attempts:#}");
    assert_eq!(attempts[1]["reason"]["reason"], "message", "{attempts:#}");
}

#[test]
fn questions_of_the_planner_are_handed_on_and_skipped() {
    let ask = |question: &str| {
        format!(
            r#"{{ tool = {{ name = "ask_question", arguments = {{ question = "{question}", why = "It changes the plan.", kind = "scope" }} }} }}"#
        )
    };
    let (first, second) = (ask("Which currencies?"), ask("Which colours?"));
    let submit = |title: &str| {
        format!(
            r##"{{ tool = {{ name = "submit_plan", arguments = {{ prd = "# More", tasks = [{{ key = "a", title = "{title}", what = "Do it.", why = "So.", acceptance_criteria = ["Done"], estimate_minutes = 5, specialty = "docs", repositories = ["app"] }}] }} }} }}"##
        )
    };
    let (draft, knowing) = (submit("A guess"), submit("Knowing more"));
    let shop = Shop::open(
        "",
        &[
            (r"(?s)lin answers: Euros.*skipped: use your judgement", &[&knowing]),
            ("Plan a sprint for this goal", &[&first, &second, &draft]),
        ],
    );
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.event("question_asked", |data| data["text"] == "Which colours?");
    shop.place.ok(&["sprint", "answer", "1", "1", "--hand", "lin"]);
    let inbox = shop.place.ok(&["inbox", "--person", "lin"]);
    assert!(inbox.contains("team6 sprint questions 1"), "{inbox}");
    shop.place.ok(&["sprint", "answer", "1", "1", "Euros.", "--as", "lin"]);
    shop.place.ok(&["sprint", "answer", "1", "2", "--skip"]);
    let again = shop.place.fails(3, &["sprint", "answer", "1", "2", "Green."]);
    assert!(again.contains("already closed"), "{again}");
    let questions = shop.place.ok(&["sprint", "questions", "1"]);
    assert!(
        questions.contains("lin, ") && questions.contains("ada left it to the agent"),
        "{questions}"
    );
    shop.event("plan_saved", |data| data.to_string().contains("Knowing more"));
}
