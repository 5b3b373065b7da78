//! What people do when an agent does not get it done.

use crate::shop::{DONE, Shop};

const WRITE: &str = r#"{ edit = { path = "note.txt", content = "note\n" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;

#[test]
fn a_person_tries_again_after_the_last_attempt_and_says_what_to_do() {
    let shop = Shop::at_work(
        "attempts = 2",
        &["A note"],
        &[
            (r"ada asks you to try again: Use port 7", &[WRITE, COMMIT, DONE]),
            (r"task \d+: A note", &["{ exit = 3 }"]),
        ],
    );
    let waits = shop.waits_for_a_person();
    assert!(waits.contains("team6 task show 1"), "{waits}");
    let detail = shop.task("1");
    assert_eq!(
        (&detail["task"]["state"], detail["attempts"].as_array().unwrap().len()),
        (&"failed".into(), 2),
        "{detail:#}"
    );
    shop.place.ok(&["task", "retry", "1", "--note", "Use port 7"]);
    shop.event("pull_request_opened", |_| true);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("ada retried") && shown.contains("exit code 3"),
        "{shown}"
    );
    let again = shop.place.fails(3, &["task", "retry", "1"]);
    assert!(again.contains("only what failed or is held can be retried"), "{again}");
}

#[test]
fn the_log_of_other_work_is_not_shown_for_that_of_a_task() {
    let scripts: &[(&str, &[&str])] = &[(r"task \d+: ", &[WRITE, COMMIT, DONE])];
    let shop = Shop::at_work("", &["First", "Second"], scripts);
    shop.event("pull_request_opened", |data| data["task"] == 2);
    let attempt = shop.task("2")["attempts"][0]["id"].as_str().unwrap().to_owned();
    shop.place.ok(&["task", "log", "2", "--attempt", &attempt]);
    let hint = format!("belongs to task 2; `team6 task log 2 --attempt {attempt}` shows its log");
    for command in ["task", "sprint"] {
        let said = shop.place.fails(2, &[command, "log", "1", "--attempt", &attempt]);
        assert!(said.contains(&hint), "{said}");
    }
    shop.place.ok(&["sprint", "log", "1", "--attempt", "s1-a1"]);
    let said = shop.place.fails(2, &["task", "log", "1", "--attempt", "s1-a1"]);
    assert!(said.contains("the plan of sprint 1; `team6 sprint log 1"), "{said}");
}

#[test]
fn a_task_whose_agent_does_not_start_is_offered_another_one() {
    let gone = "+++\ncommand = \"sh\"\nargs = [\"-c\", \"exit 127\"]\nspecialties = [\"docs\"]\n+++\n";
    let shop = Shop::with_agents("attempts = 1", &["A note"], &[], &[("gone", gone)]);
    let failed = shop.event("attempt_failed", |_| true);
    assert_eq!(failed["failure"]["kind"], "agent_exited", "{failed:#}");
    let next = "team6 task agent 1 NAME";
    for page in [["task", "show", "1"], ["sprint", "show", "1"]] {
        let page = shop.place.ok(&page);
        assert!(page.contains(next) && page.contains("team6 task retry 1"), "{page}");
    }
}

#[test]
fn a_planner_that_asks_and_plans_nothing_is_asked_for_a_plan() {
    let ask = r#"{ tool = { name = "ask_question", arguments = { question = "Which?", why = "There are two.", options = ["A", "B"], kind = "scope" } } }"#;
    let submit = crate::shop::submit(&["A note"]);
    let shop = Shop::open("", &[("Take A", &[&submit]), ("Plan a sprint for this goal", &[ask])]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.place.ok(&["sprint", "answer", "1", "1", "--skip"]);
    shop.waits_for_a_person();
    let shown = shop.place.ok(&["sprint", "show", "1"]);
    let retry = "team6 sprint retry 1 --note TEXT";
    assert!(
        shown.contains("the planning failed: the agent ended its turn") && shown.contains(retry),
        "{shown}"
    );
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("team6 sprint retry 1"), "{inbox}");
    shop.place.ok(&["sprint", "retry", "1", "--note", "Take A"]);
    shop.event("plan_saved", |_| true);
}

#[test]
fn another_agent_takes_over_where_one_failed() {
    let shop = {
        let scripts: &[(&str, &[&str])] = &[
            (r"ada asks you to try again", &[WRITE, COMMIT, DONE]),
            (r"task \d+: A note", &["{ exit = 3 }"]),
        ];
        Shop::with_agents(
            "attempts = 1",
            &["A note"],
            scripts,
            &[("writer", "+++\nextends = \"scripted\"\n+++\n")],
        )
    };
    let before = shop.place.fails(3, &["task", "agent", "1", "nobody"]);
    assert!(before.contains("agent nobody is not one of those approved"), "{before}");
    shop.event("attempt_failed", |_| true);
    let first = shop.task("1")["task"]["agent"].as_str().unwrap().to_owned();
    let other = if first == "writer" { "scripted" } else { "writer" };
    shop.place.ok(&["task", "agent", "1", other]);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains(&format!("{other} (chosen by ada)")), "{shown}");
    shop.place.ok(&["task", "retry", "1"]);
    shop.event("pull_request_opened", |_| true);
    let attempts = shop.task("1")["attempts"].clone();
    assert_eq!(attempts[0]["agent"], first.as_str(), "{attempts:#}");
    assert_eq!(attempts[1]["agent"], other, "{attempts:#}");
}

#[test]
fn a_plan_that_failed_is_tried_again_by_a_person() {
    let submit = crate::shop::submit(&["A note"]);
    let shop = Shop::open(
        "attempts = 1",
        &[
            ("ada asks you to try again: The goal is fine", &[&submit]),
            ("Plan a sprint for this goal", &["{ exit = 3 }"]),
        ],
    );
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    let waits = shop.waits_for_a_person();
    assert!(waits.contains("team6 sprint retry 1"), "{waits}");
    shop.place.ok(&["sprint", "retry", "1", "--note", "The goal is fine"]);
    shop.event("plan_saved", |_| true);
    let again = shop.place.fails(3, &["sprint", "retry", "1"]);
    assert!(again.contains("only what failed or is held can be retried"), "{again}");
}

#[test]
fn an_agent_is_told_what_its_profile_and_the_repository_say_to_agents() {
    let submit = crate::shop::submit(&["A note"]);
    let profile = "+++\nextends = \"scripted\"\nreads = [\"CLAUDE.md\"]\n+++\nGreet the owner first.\n";
    let scripts: &[(&str, &[&str])] = &[
        ("Plan a sprint for this goal", &[&submit]),
        (r"task \d+: A note", &[WRITE, COMMIT, DONE]),
    ];
    let shop = Shop::staffed("", scripts, &[("scripted", profile)]);
    let clone = shop.repository.fresh_clone();
    clone.write(
        "AGENTS.md",
        format!("Run `make check`.\n{}", "Mind the gap. ".repeat(2_000)),
    );
    clone.write("CLAUDE.md", "Never touch the vault.\n");
    clone.commit("Instruct agents");
    clone.git(&["push", "--quiet", &shop.repository.url(), "HEAD:main"]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.waits_for_a_person();
    for log in [&["sprint", "log", "1", "--json"], &["task", "log", "1", "--json"]] {
        let trace = shop.place.ok(log);
        let mut entries = trace
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let prompt = entries.find(|entry| entry["body"]["kind"] == "prompt").unwrap();
        let text = prompt["body"]["text"].as_str().unwrap();
        assert!(text.contains("Greet the owner first."), "{text}");
        assert!(
            text.contains("for agents, from AGENTS.md:\n\nRun `make check`."),
            "{text}"
        );
        assert!(
            text.contains("it goes on; read the file") && text.len() < 24_000,
            "{}",
            text.len()
        );
        // What its program reads by itself is named, not told twice.
        assert!(
            text.contains("instructions for agents in CLAUDE.md: keep to them"),
            "{text}"
        );
        assert!(!text.contains("Never touch the vault."), "{text}");
    }
}
