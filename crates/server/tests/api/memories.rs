//! A project's memory as people read and correct it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::server::Server;

const MEMORIES: &str = "/projects/shop/memories";

fn said(text: &str) -> Value {
    json!({ "kind": "convention", "text": text, "scope": { "in": "project" }, "evidence": "as agreed" })
}

/// The numbers of the memories of a list.
async fn numbers(client: &Client, query: &str) -> Vec<u64> {
    let listed = client.get(format_args!("{MEMORIES}{query}")).await.done();
    listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|memory| memory["id"].as_u64().unwrap())
        .collect()
}

async fn server() -> Server {
    let server = Server::open().await;
    server.with_project().await;
    server
}

#[tokio::test]
async fn people_keep_find_correct_and_forget() {
    let server = server().await;
    let client = &server.client;
    let first = client
        .post(MEMORIES, said("Prices are kept in cents, as whole numbers."))
        .await;
    assert_eq!(first.status, 201);
    assert_eq!(first.done()["source"], json!({ "from": "person", "by": "ada" }));
    let again = client
        .acting_for("lin")
        .post(MEMORIES, said("prices are kept in cents as whole numbers"))
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(again.done()["evidence"].as_array().unwrap().len(), 2);
    client
        .post(MEMORIES, said("The login of the admin page asks for a second factor."))
        .await
        .done();
    assert_eq!(numbers(client, "?q=amount+of+money").await, [1]);
    assert_eq!(numbers(client, "?q=authentication").await, [2]);
    assert_eq!(numbers(client, "?kind=pitfall").await, [] as [u64; 0]);
    assert_eq!(numbers(client, "?limit=1&after=1").await, [2]);

    let edit = client.request(Method::PATCH, format_args!("{MEMORIES}/2"));
    let edit = edit.json(&json!({ "text": "The login of the admin page asks for a key." }));
    let edited = Answer::to(edit).await.done();
    assert_eq!(
        (edited["edited_by"].as_str(), edited["kind"].as_str()),
        (Some("ada"), Some("convention"))
    );
    let pinned = client.post(format_args!("{MEMORIES}/2/pin"), json!({})).await.done();
    assert_eq!(pinned["pinned"], true);
    client.post(format_args!("{MEMORIES}/2/unpin"), json!({})).await.done();
    let gone = client
        .post(format_args!("{MEMORIES}/2/retire"), json!({ "why": "no longer so" }))
        .await
        .done();
    assert_eq!(
        gone["state"],
        json!({ "is": "retired", "by": "ada", "why": "no longer so" })
    );
    assert_eq!(numbers(client, "").await, [1]);
    assert_eq!(numbers(client, "?state=retired").await, [2]);
    client
        .post(format_args!("{MEMORIES}/2/restore"), json!({}))
        .await
        .done();
    let better = json!({ "kind": "decision", "text": "The admin page has no login of its own any more.",
        "scope": { "in": "project" }, "supersedes": 2 });
    assert_eq!(client.post(MEMORIES, better).await.done()["id"], 3);
    let old = client.get(format_args!("{MEMORIES}/2")).await.done();
    assert_eq!(old["state"], json!({ "is": "superseded", "by": 3 }));
    assert_eq!(numbers(client, "?state=any").await, [1, 2, 3]);
}

#[tokio::test]
async fn an_order_that_is_sent_twice_is_carried_out_once() {
    let server = server().await;
    let order = |path: &str, body: Value, key: &str| {
        let request = server.client.request(Method::POST, format_args!("{MEMORIES}{path}"));
        Answer::to(request.header("Idempotency-Key", key).json(&body))
    };
    for _ in 0..2 {
        let made = order("", said("Prices are kept in cents, as whole numbers."), "one").await;
        assert_eq!(
            (made.status, made.done()["evidence"].as_array().map(Vec::len)),
            (201, Some(1))
        );
    }
    let instead = json!({ "kind": "decision", "text": "Prices are kept in thousandths.", "scope": { "in": "project" },
        "supersedes": 1 });
    for _ in 0..2 {
        assert_eq!(order("", instead.clone(), "two").await.done()["id"], 2);
    }
    for _ in 0..2 {
        order("/1/restore", json!({}), "three").await.done();
    }
    assert_eq!(numbers(&server.client, "?state=any").await, [1, 2]);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let server = server().await;
    let client = &server.client;
    client
        .post(MEMORIES, said("Prices are kept in cents, as whole numbers."))
        .await
        .done();
    let texts = [
        client
            .get(format_args!("{MEMORIES}/9"))
            .await
            .refused(404, "no-such-memory"),
        client
            .get("/projects/nowhere/memories")
            .await
            .refused(404, "no-such-project"),
        client.post(MEMORIES, said("short")).await.refused(422, "too-short"),
        client
            .post(MEMORIES, said("The API_KEY=\"9f8a7b6c5d\" is for staging."))
            .await
            .refused(422, "seems-secret"),
        client
            .post(format_args!("{MEMORIES}/1/accept"), json!({}))
            .await
            .refused(409, "counts"),
        client
            .acting_for("mallory")
            .post(MEMORIES, said("Trust me."))
            .await
            .refused(403, "unknown-person"),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r#"
    there is no memory 9 in this project; search for it
    there is no project nowhere; see the list of projects, or create it
    a memory of fewer than 8 characters says nothing to who was not there; write a whole sentence
    it seems to hold the value of apikey, and everybody of the project reads what is kept; say where it is found instead
    memory 1 counts already
    "mallory" is not one of the people; choose one of: ada, eve, lin
    "#);
    let elsewhere = json!({ "kind": "pitfall", "text": "There is a trap in here.", "scope": { "in": "repository", "repository": "x" } });
    client
        .post(MEMORIES, elsewhere)
        .await
        .refused(422, "no-such-repository");
    let outside = json!({ "kind": "pitfall", "text": "There is a trap in here.",
        "scope": { "in": "path", "repository": "app", "path": "../etc" } });
    client.post(MEMORIES, outside).await.refused(422, "bad-field");
}
