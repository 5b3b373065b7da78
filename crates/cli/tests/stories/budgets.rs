//! Budgets: an agent that has spent what was reserved for it is asked to conclude, then ended, and its owner decides.

use serde_json::Value;

use crate::shop::{DONE, Shop, report};

const BUDGETS: &str =
    "[budgets]\nallowance = \"3s\"\n[budgets.task]\ncost = 1.0\n[budgets.sprint]\ntokens = 1_000_000\n";
const PAINTER: &str = "+++\nextends = \"scripted\"\nspecialties = [\"frontend\"]\n+++\n";
const NOTE: &str = r#"{ edit = { path = "note.txt", content = "begun\n" } }"#;
const SIGN: &str = r#"{ edit = { path = "note.txt", content = "signed\n" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write the note" } }"#;
const SPEND: &str = "{ usage = { input = 900, output = 100, cost = 1.2 } }";
const THINK: &str = "{ hang = { deaf = false } }";

/// What the agent of task 1 was told.
fn told(shop: &Shop) -> String {
    shop.place.ok(&["task", "log", "1"])
}

#[test]
fn an_agent_that_does_not_conclude_is_ended_and_its_owner_raises_the_budget() {
    let dear = "{ tool = { name = \"delegate_task\", expect_refusal = true, arguments = { title = \"Draw it\", brief = \"All \
                of it.\", acceptance_criteria = [\"It is there\"], specialty = \"frontend\", estimate_minutes = 5, \
                budget_dollars = 5.0 } } }";
    let shop = Shop::with_agents(
        BUDGETS,
        &["A note"],
        &[
            ("Conclude now", &["{ hang = { deaf = true } }"]),
            ("There is more", &[SIGN, COMMIT, DONE]),
            (r"task \d+: A note", &[dear, NOTE, COMMIT, SPEND, THINK]),
        ],
        &[("painter", PAINTER)],
    );
    let failed = shop.event("attempt_failed", |data| data["failure"]["kind"] == "over_budget");
    assert!(failed["retry_at"].is_null(), "nobody spends more by himself: {failed}");
    let log = told(&shop);
    let refusal = "5.00 USD are asked for, and the budget of task 1 has 1.00 USD left for it";
    assert!(log.contains(refusal), "{log}");
    assert!(log.contains("Conclude now"), "{log}");

    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("it spent 1.20 USD of the 1.00 USD that were reserved for it"),
        "{shown}"
    );
    assert!(shown.contains("1.20 USD of 1.00 USD spent"), "{shown}");
    assert!(shown.contains("team6 task budget 1 --cost USD"), "{shown}");
    let inbox = shop.place.ok(&["inbox"]);
    assert!(inbox.contains("it spent 1.20 USD"), "{inbox}");
    let spent = shop.place.json(&["sprint", "budget", "1"]);
    assert_eq!(
        spent["spent"]["tokens"],
        Value::from(1_000),
        "told with the end of a turn that was broken off: {spent}"
    );

    shop.place.ok(&["task", "retry", "1", "--note", "There is more."]);
    let inbox = shop.place.ok(&["inbox"]);
    assert!(
        inbox.contains("the budget of task 1 is used up: 1.20 USD of 1.00 USD are spent"),
        "{inbox}"
    );
    let refused = shop
        .place
        .fails(3, &["sprint", "budget", "1", "--cost", "9", "--as", "lin"]);
    assert!(refused.contains("only the sprint's lead ada does this"), "{refused}");
    let raised = shop.place.ok(&["task", "budget", "1", "--cost", "3"]);
    assert!(!raised.contains("used up"), "{raised}");
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let page = shop.place.ok(&["task", "budget", "1"]);
    assert!(page.contains("3.00 USD") && page.contains("1.20 USD"), "{page}");
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+signed"));
    let events = shop.place.ok(&["events", "--sprint", "1"]);
    assert!(
        events.contains("ada sets the budget of task 1 \"A note\": 3.00 USD"),
        "{events}"
    );
}

#[test]
fn an_agent_whose_budget_is_raised_while_it_concludes_goes_on_in_the_same_attempt() {
    let patient = BUDGETS.replace("\"3s\"", "\"120s\"");
    let shop = Shop::at_work(
        &patient,
        &["A note"],
        &[
            ("Your budget was raised", &[SIGN, COMMIT, DONE]),
            ("Conclude now", &[&report("concluding"), THINK]),
            (r"task \d+: A note", &[NOTE, COMMIT, SPEND, THINK]),
        ],
    );
    shop.progress("concluding");
    shop.place.ok(&["task", "budget", "1", "--cost", "3"]);
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let detail = shop.task("1");
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 1, "{detail:#}");
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+signed"));
}

#[test]
fn an_agent_that_concludes_in_time_delivers() {
    let shop = Shop::at_work(
        BUDGETS,
        &["A note"],
        &[
            ("Conclude now", &[SIGN, COMMIT, DONE]),
            (r"task \d+: A note", &[NOTE, SPEND, THINK]),
        ],
    );
    shop.event("pull_request_opened", |data| data["task"] == 1);
    let detail = shop.task("1");
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 1, "{detail:#}");
    assert_eq!(
        detail["spending"]["spent"]["cost_micros"],
        Value::from(1_200_000),
        "{detail:#}"
    );
    assert!(shop.place.ok(&["task", "diff", "1"]).contains("+signed"));
}

#[test]
fn tokens_have_a_price_and_a_day_has_a_budget_for_all_sprints() {
    let prices = "[prices.scripted]\ninput = 1000.0\noutput = 2000.0\n[budgets]\nallowance = \"3s\"\n[budgets.day]\ncost = 2.0\n\
                  [budgets.attempt]\ncost = 1.5\n";
    let (first, go) = (
        report("here"),
        r#"{ wait_for = { path = "SIGNALS/go", timeout = 60 } }"#,
    );
    let spends = "{ usage = { input = 300, output = 50, cost = 0.0 } }";
    let shop = Shop::at_work(
        prices,
        &["A note", "A word"],
        &[
            (r"task \d+: A note", &[&first, go, NOTE, COMMIT, spends, DONE]),
            (r"task \d+: A word", &[&first, go, SIGN, COMMIT, DONE]),
        ],
    );
    let lacking = shop.event("funds_reported", |data| !data["lacking"].is_null());
    assert_eq!(lacking["lacking"]["limit"], Value::from(2_000_000), "{lacking}");
    let list = shop.place.ok(&["task", "list", "--sprint", "1"]);
    assert!(list.contains("the project's budget for today does not reach"), "{list}");
    let raised = shop.place.ok(&["project", "budget", "shop", "--day", "--cost", "20"]);
    assert!(
        raised.contains("20.00 USD") && raised.contains("today, by UTC"),
        "{raised}"
    );
    shop.event("funds_returned", |_| true);
    shop.signal("go");
    shop.event("pull_request_opened", |data| data["task"] == 1);
    shop.event("pull_request_opened", |data| data["task"] == 2);
    let spent = shop.task("1")["spending"]["spent"]["cost_micros"].clone();
    assert_eq!(spent, Value::from(400_000), "what its tokens cost by the list");
}
