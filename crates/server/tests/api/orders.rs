//! Orders are carried out once however often they are sent, and never over what somebody else saved meanwhile.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use team6_testkit::repositories::Repository;

use crate::client::{Answer, Client};
use crate::server::{Server, plan};

/// Sends an order under an idempotency key.
async fn order(client: &Client, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = client.request(method, path).header("Idempotency-Key", key);
    Answer::to(request.json(body)).await
}

#[tokio::test]
async fn an_order_that_is_sent_again_is_answered_again_and_carried_out_once() {
    let server = Server::open().await;
    let client = &server.client;
    let origin = Repository::sample("two-crates").bare_clone();
    let orders = [
        (Method::POST, "/projects", json!({ "id": "shop", "title": "Shop" })),
        (Method::PATCH, "/projects/shop", json!({ "concurrency": 2 })),
        (
            Method::POST,
            "/projects/shop/repositories",
            json!({ "id": "app", "origin": origin.path() }),
        ),
        (
            Method::POST,
            "/sprints",
            json!({ "project": "shop", "goal": "A parser" }),
        ),
        (Method::POST, "/sprints/1/pause", json!({})),
        (Method::POST, "/sprints/1/resume", json!({})),
        (Method::POST, "/sprints/1/messages", json!({ "text": "Be brief" })),
    ];
    for (at, (method, path, body)) in orders.iter().enumerate() {
        let key = format!("key-{at}");
        let head = client.get("/health").await.done()["head"].clone();
        let first = order(client, &key, method.clone(), path, body).await;
        let after = client.get("/health").await.done()["head"].clone();
        assert_ne!(head, after, "{path}");
        let again = order(client, &key, method.clone(), path, body).await;
        assert_eq!(first.status, again.status, "{path}");
        let (mut first, again) = (first.done(), again.done());
        if let Some(events) = first.get_mut("events") {
            *events = json!([]);
        }
        assert_eq!(first, again, "{path}");
        assert_eq!(client.get("/health").await.done()["head"], after, "{path}");
    }
    // The first ones are still known after everything that came later.
    let (method, path, body) = &orders[0];
    assert_eq!(
        order(client, "key-0", method.clone(), path, body).await.done()["concurrency"],
        2
    );
}

#[tokio::test]
async fn an_order_that_is_sent_many_times_at_once_is_carried_out_once() {
    let server = Server::open().await;
    server.with_project().await;
    let client = &server.client;
    let create = json!({ "id": "other" });
    let open = json!({ "project": "shop", "goal": "A parser" });
    let creating = (0..8).map(|_| order(client, "create", Method::POST, "/projects", &create));
    let opening = (0..8).map(|_| order(client, "open", Method::POST, "/sprints", &open));
    let (created, opened) = tokio::join!(join_all(creating), join_all(opening));
    for answer in &created {
        assert_eq!((answer.status, &answer.done()["id"]), (201, &json!("other")));
    }
    for answer in &opened {
        assert_eq!((answer.status, &answer.done()["item"]["id"]), (201, &json!(1)));
        assert_eq!(answer.headers["location"], "/api/v1/sprints/1");
    }
    let told = opened
        .iter()
        .filter(|answer| answer.done()["events"] != json!([]))
        .count();
    assert_eq!(told, 1, "only the one that opened it tells its events");
    let sprints = client.get("/sprints").await.done();
    assert_eq!(sprints["items"].as_array().unwrap().len(), 1);

    let chat = json!({ "text": "Be brief" });
    let writing = (0..8).map(|_| order(client, "chat", Method::POST, "/sprints/1/messages", &chat));
    join_all(writing).await.iter().for_each(|answer| drop(answer.done()));
    let messages = &client.get("/sprints/1").await.done()["messages"];
    assert_eq!(messages.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_refused() {
    let server = Server::open().await;
    server.with_project().await;
    let client = &server.client;
    let open = |goal: &str| json!({ "project": "shop", "goal": goal });
    order(client, "k", Method::POST, "/sprints", &open("A parser"))
        .await
        .done();
    let other_body = order(client, "k", Method::POST, "/sprints", &open("A lexer")).await;
    let text = other_body.refused(422, "idempotency-key-reused");
    assert!(text.contains("new key"), "{text}");
    let other_path = order(client, "k", Method::POST, "/sprints/1/pause", &json!({})).await;
    other_path.problem(422, "idempotency-key-reused");
    let project = order(client, "k", Method::POST, "/projects", &json!({ "id": "more" })).await;
    project.problem(422, "idempotency-key-reused");
    // Everybody has keys of their own.
    let lin = client.acting_for("lin");
    order(&lin, "k", Method::POST, "/sprints", &open("A lexer"))
        .await
        .done();
    let sprints = client.get("/sprints").await.done();
    assert_eq!(sprints["items"].as_array().unwrap().len(), 2);
    for key in ["", &"k".repeat(201)] {
        let refused = order(client, key, Method::POST, "/sprints", &open("More")).await;
        refused.problem(400, "bad-idempotency-key");
    }
}

#[tokio::test]
async fn an_order_that_was_refused_may_be_sent_again_under_the_same_key() {
    let server = Server::open().await;
    let client = &server.client;
    let open = json!({ "project": "shop", "goal": "A parser" });
    let refused = order(client, "k", Method::POST, "/sprints", &open).await;
    refused.problem(404, "no-such-project");
    server.with_project().await;
    order(client, "k", Method::POST, "/sprints", &open).await.done();
}

#[tokio::test]
async fn a_connection_that_is_sent_again_does_not_bring_back_what_was_removed() {
    let server = Server::open().await;
    let client = &server.client;
    let origin = Repository::sample("two-crates").bare_clone();
    client.post("/projects", json!({ "id": "shop" })).await.done();
    let connect = json!({ "id": "app", "origin": origin.path() });
    let connects = || order(client, "k", Method::POST, "/projects/shop/repositories", &connect);
    connects().await.done();
    let (remove, nothing) = ("/projects/shop/repositories/app", json!({}));
    let removes = || order(client, "r", Method::DELETE, remove, &nothing);
    for _ in 0..2 {
        assert_eq!(removes().await.done()["repositories"], json!({}));
    }
    let text = connects().await.refused(409, "already-answered");
    assert!(text.contains("removed since"), "{text}");
    assert_eq!(client.get("/projects/shop").await.done()["repositories"], json!({}));
}

#[tokio::test]
async fn a_plan_that_others_saved_meanwhile_is_not_written_over() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let client = &server.client;
    let first = plan(&[("lexer", &[]), ("parser", &["lexer"])]);
    assert_eq!(client.saves(sprint, 0, &first).await.done()["item"]["newest"], 1);

    let mut theirs = first.clone();
    theirs["tasks"][0]["title"] = json!("Do the lexer by hand");
    let lin = client.acting_for("lin");
    assert_eq!(lin.saves(sprint, 1, &theirs).await.done()["item"]["newest"], 2);

    let mut ours = first;
    ours["title"] = json!("A quick parser");
    let refused = client.saves(sprint, 1, &ours).await;
    let problem = refused.problem(412, "plan-moved");
    assert_eq!((&problem["base"], &problem["newest"]), (&json!(1), &json!(2)));
    let told = problem["detail"].as_str().unwrap();
    assert!(
        told.contains("Do the lexer by hand") && told.contains("save again on version 2"),
        "{told}"
    );
    assert!(
        problem["diff"].to_string().contains("Do the lexer by hand"),
        "{problem}"
    );
    assert_eq!(
        client.get("/sprints/1").await.done()["plan"]["plan"]["title"],
        "A parser"
    );

    let merged = json!({ "title": ours["title"], "prd": ours["prd"], "tasks": theirs["tasks"] });
    assert_eq!(client.saves(sprint, 2, &merged).await.done()["item"]["newest"], 3);
}

#[tokio::test]
async fn a_plan_is_saved_only_with_the_version_that_it_was_edited_from() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let path = format!("/sprints/{sprint}/plan");
    let body = json!({ "plan": plan(&[("lexer", &[])]), "note": "" });
    let text = server
        .client
        .put(&path, body.clone())
        .await
        .refused(428, "if-match-missing");
    assert!(text.contains("If-Match"), "{text}");
    for version in ["1", "\"one\"", "*", "W/\"1\"", "\"-1\"", "\"99999999999\""] {
        let request = server.client.request(Method::PUT, &path).header("If-Match", version);
        Answer::to(request.json(&body)).await.problem(400, "bad-if-match");
    }
    // A version that the future has, and the same save twice under one key.
    server
        .client
        .saves(sprint, 4, &body["plan"])
        .await
        .problem(412, "plan-moved");
    let save = || {
        let request = server.client.request(Method::PUT, &path).header("If-Match", "\"0\"");
        Answer::to(request.header("Idempotency-Key", "k").json(&body))
    };
    assert_eq!(save().await.done()["version"], save().await.done()["version"]);
}
