//! A whole sprint, seen and steered over HTTP alone.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::Server;

const SCENARIO: &str = include_str!("sprint.toml");

/// What waits for somebody: who, and why.
async fn inbox(client: &Client) -> Vec<(String, String)> {
    let items = client.get("/inbox").await.done()["items"].take();
    let word = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let entry = |item: &Value| (word(item, "person"), word(item, "kind"));
    items.as_array().unwrap().iter().map(entry).collect()
}

fn waits(person: &str, kind: &str) -> (String, String) {
    (person.to_owned(), kind.to_owned())
}

/// Waits until a task is in a state, and gives the reason for it.
async fn task_is(client: &Client, task: u64, state: &str) -> Value {
    let path = format!("/tasks/{task}");
    let why = |now: &Value| (now["task"]["state"] == state).then(|| now["task"]["why"].clone());
    client.until(&format!("task {task} {state}"), path, why).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_carries_a_sprint_from_goal_to_done() {
    let mut server = Server::playing(SCENARIO).await;
    server.run();
    let origin = server.with_project().await;
    let client = server.client.clone();
    let lin = client.acting_for("lin");
    let sprint = server.sprint().await;
    let path = format!("/sprints/{sprint}");

    // The planning agent asks, and its lead answers.
    let asked = |now: &Value| {
        Some(now["questions"][0]["id"].clone()).filter(|_| now["sprint"]["why"]["reason"]["reason"] == "question_open")
    };
    let question = client.until("the question", &path, asked).await;
    assert_eq!(inbox(&client).await, [waits("ada", "question_open")]);
    let answer = json!({ "text": "Few" });
    client
        .post(format_args!("{path}/questions/{question}/answer"), answer)
        .await
        .done();

    // The plan stands, and wants owners before it can be approved.
    let planned = |now: &Value| (now["sprint"]["why"]["reason"]["reason"] == "no_owner").then(|| now.clone());
    let detail = client.until("the plan", &path, planned).await;
    assert_eq!(detail["sprint"]["phase"], "planning");
    let tasks: Vec<u64> = detail["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["task"]["id"].as_u64().unwrap())
        .collect();
    let [lexer, parser] = tasks[..] else {
        panic!("{detail:#}")
    };
    assert_eq!(detail["tasks"][1]["depends_on"], json!([lexer]));
    assert_eq!(detail["critical_path"], json!(tasks));
    let approve = json!({ "version": detail["sprint"]["newest"] });
    client
        .post(format_args!("{path}/approve"), approve.clone())
        .await
        .problem(409, "not-approvable");
    let suggested = client.get(format_args!("{path}/owner-suggestions")).await.done();
    assert_eq!(suggested["tasks"].as_array().unwrap().len(), 2);
    let owners = json!({ lexer.to_string(): "ada", parser.to_string(): "lin" });
    client.put(format_args!("{path}/owners"), owners).await.done();
    assert_eq!(inbox(&client).await, [waits("ada", "awaits_approval")]);
    let approved = client.post(format_args!("{path}/approve"), approve).await.done();
    assert_eq!(approved["item"]["phase"], "running");

    // The first task is reviewed; the second waits for it.
    let why = task_is(&client, lexer, "in review").await;
    assert_eq!(why["actor"], json!({ "actor": "person", "name": "ada" }), "{why}");
    let why = task_is(&client, parser, "waiting").await;
    assert_eq!(why["reason"]["reason"], "dependency", "{why}");
    assert!(why["text"].as_str().unwrap().contains("Write the lexer"), "{why}");
    let inbox_now = inbox(&client).await;
    assert_eq!(inbox_now.len(), 1);
    assert_eq!(inbox_now[0].0, "ada");
    let diff = client.get(format_args!("/tasks/{lexer}/diff")).await.done();
    assert_eq!(diff["files"][0]["new"], "lexer.txt");
    assert_eq!(diff["patch_sets"], 1);
    let review = json!({ "verdict": "request_changes", "body": "Nearly", "comments": [
        { "repository": "app", "path": "lexer.txt", "line": 1, "old_side": false, "text": "More words" }] });
    lin.post(format_args!("/tasks/{lexer}/reviews"), review.clone())
        .await
        .problem(403, "not-owner");
    let mut beyond = review.clone();
    beyond["comments"][0]["end_line"] = json!(9);
    client
        .post(format_args!("/tasks/{lexer}/reviews"), beyond)
        .await
        .problem(422, "bad-comments");
    client.post(format_args!("/tasks/{lexer}/reviews"), review).await.done();

    // The agent mends it in the same session, and answers the thread.
    let mended = |now: &Value| (now["deliveries"] == 2 && now["task"]["state"] == "in review").then(|| now.clone());
    let detail = client
        .until("the second delivery", format_args!("/tasks/{lexer}"), mended)
        .await;
    assert!(
        detail["threads"][0].to_string().contains("It knows more now."),
        "{:#}",
        detail["threads"]
    );
    let between = client.get(format_args!("/tasks/{lexer}/diff?from=1&to=2")).await.done();
    assert_eq!(
        (&between["patch_sets"], &between["files"][0]["deletions"]),
        (&json!(2), &json!(1))
    );
    // The same by the commit that the review says was looked at.
    let seen = detail["reviews"][0]["heads"]["app"].as_str().unwrap();
    let since = client
        .get(format_args!("/tasks/{lexer}/diff?since={seen}"))
        .await
        .done();
    assert_eq!(since, between);
    let never = "1".repeat(40);
    client
        .get(format_args!("/tasks/{lexer}/diff?since={never}"))
        .await
        .problem(404, "no-such-patch-set");
    client
        .post(format_args!("/tasks/{lexer}/merge"), json!({}))
        .await
        .problem(409, "not-reviewed");
    approves_and_merges(&client, lexer).await;

    // Then the second one can be worked on.
    task_is(&lin, parser, "in review").await;
    approves_and_merges(&lin, parser).await;
    let finished = |now: &Value| (now["sprint"]["phase"] == "finished").then(|| now.clone());
    let detail = client.until("the end", &path, finished).await;
    assert_eq!(detail["sprint"]["counts"]["done"], 2, "{:#}", detail["sprint"]);
    assert_eq!(inbox(&client).await, []);
    assert_eq!(origin.git(&["show", "main:lexer.txt"]), "many words");
    assert_eq!(origin.git(&["show", "main:parser.txt"]), "a parser");

    // All attempts of the sprint, the planning agent's before those of the tasks.
    let attempts = client.get(format_args!("{path}/attempts")).await.done()["items"].take();
    let works: Vec<&str> = attempts
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|each| each["work"]["work"].as_str())
        .collect();
    assert_eq!(
        (works.first(), works.last()),
        (Some(&"planning"), Some(&"task")),
        "{attempts:#}"
    );
    // What happened is on record, with who did it.
    let attempt = client.get(format_args!("/tasks/{parser}")).await.done()["attempts"][0]["id"].take();
    let attempt = attempt.as_str().unwrap().to_owned();
    assert_eq!(
        client.get(format_args!("/attempts/{attempt}")).await.done()["attempt"]["usage"]["output_tokens"],
        10
    );
    let trace = client
        .get(format_args!("/attempts/{attempt}/trace?limit=1000"))
        .await
        .done()["items"]
        .take();
    // What an agent says may come in pieces.
    let said = |entry: &Value| {
        (entry["body"]["kind"] == "message").then(|| entry["body"]["text"].as_str().unwrap().to_owned())
    };
    let said: String = trace.as_array().unwrap().iter().filter_map(said).collect();
    assert!(said.contains("I write the parser."), "{trace:#}");
    let log = client
        .get(format_args!("/log?stream=sprint/{sprint}&limit=1000"))
        .await
        .done();
    let by_lin = |event: &&Value| event["actor"] == "lin";
    let kinds: Vec<&Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(by_lin)
        .map(|event| &event["kind"])
        .collect();
    assert!(kinds.contains(&&json!("review_submitted")), "{kinds:?}");
    server.ends().await;
}

async fn approves_and_merges(owner: &Client, task: u64) {
    let approve = json!({ "verdict": "approve", "body": "Good" });
    owner.post(format_args!("/tasks/{task}/reviews"), approve).await.done();
    let forecast = owner.get(format_args!("/tasks/{task}/merge")).await.done();
    assert_eq!(forecast["items"][0]["merges"], true, "{forecast:#}");
    owner.post(format_args!("/tasks/{task}/merge"), json!({})).await.done();
    assert_eq!(task_is(owner, task, "done").await, Value::Null);
}
