//! What clients are told that ask for what cannot be.

use reqwest::Method;
use serde_json::{Value, json};
use team6_core::project::ProjectCommand;

use crate::client::Answer;
use crate::server::{Server, plan};

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_lead_to_the_description() {
    let server = Server::open().await;
    let client = &server.client;
    for path in [
        "/nothing",
        "/sprints/1/nothing",
        "",
        "/projects/shop/repositories/app/x",
    ] {
        let text = client.get(path).await.refused(404, "no-such-route");
        assert!(text.contains("/api/v1/openapi.json"), "{text}");
    }
    for (method, path) in [
        (Method::DELETE, "/projects"),
        (Method::GET, "/admin/check"),
        (Method::PUT, "/health"),
    ] {
        let answer = Answer::to(client.request(method, path)).await;
        answer.problem(405, "wrong-method");
        assert!(!answer.headers["allow"].is_empty());
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_say_where() {
    let server = Server::open().await;
    let client = &server.client;
    let send = |kind: &'static str, body: &'static str| {
        let request = client.request(Method::POST, "/projects").header("Content-Type", kind);
        Answer::to(request.body(body))
    };
    let json = "application/json";
    let text = send(json, "{ \"id\": ").await.refused(400, "broken-json");
    assert!(text.contains("line 1"), "{text}");
    send(json, "{ \"id\": \"shop\" } more")
        .await
        .problem(400, "broken-json");
    send(json, "\u{1}").await.problem(400, "broken-json");
    send("text/plain", "{ \"id\": \"shop\" }")
        .await
        .problem(415, "not-json");
    let unknown = send(json, "{ \"id\": \"shop\", \"name\": \"Shop\" }").await;
    let problem = unknown.problem(422, "bad-field");
    assert_eq!(problem["field"], "name");
    assert!(problem["detail"].as_str().unwrap().contains("`title`"), "{problem}");
    for (body, field) in [
        ("{ \"id\": \"No Name!\" }", "id"),
        ("{ \"id\": 7 }", "id"),
        ("{ \"id\": \"shop\", \"concurrency\": -1 }", "concurrency"),
    ] {
        let problem = send(json, body).await.problem(422, "bad-field");
        assert_eq!(problem["field"], field, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(field), "{problem}");
    }
    let text = send(json, "").await.refused(422, "bad-field");
    assert!(text.contains("missing field `id`"), "{text}");
    send(json, "[]").await.problem(422, "bad-field");
    // Deeper than anybody means it.
    let deep: &'static str = Box::leak("[".repeat(100_000).into_boxed_str());
    send(json, deep).await.problem(422, "bad-field");
    assert_eq!(client.get("/projects").await.done()["items"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() {
    let server = Server::open().await;
    let large = format!("{{ \"id\": \"shop\", \"title\": \"{}\" }}", "x".repeat(3 << 20));
    let request = || {
        server
            .client
            .request(Method::POST, "/projects")
            .header("Content-Type", "application/json")
    };
    let text = Answer::to(request().body(large.clone()))
        .await
        .refused(413, "body-too-large");
    assert!(text.contains("2097152 bytes"), "{text}");
    let pieces = large
        .into_bytes()
        .chunks(1 << 16)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect::<Vec<_>>();
    let streamed = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    Answer::to(request().body(streamed))
        .await
        .problem(413, "body-too-large");
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let client = &server.client;
    let missing = [
        ("/projects/web".to_owned(), "no-such-project"),
        ("/sprints/99".to_owned(), "no-such-sprint"),
        ("/sprints/99/plans".to_owned(), "no-such-sprint"),
        ("/sprints/99/owner-suggestions".to_owned(), "no-such-sprint"),
        (format!("/sprints/{sprint}/plans/1"), "no-such-version"),
        (format!("/sprints/{sprint}/diff?from=1"), "no-such-version"),
        ("/tasks/99".to_owned(), "no-such-task"),
        ("/tasks/99/diff".to_owned(), "no-such-task"),
        ("/tasks/99/patch".to_owned(), "no-such-task"),
        ("/tasks/99/merge".to_owned(), "no-such-task"),
        ("/attempts/s99-a1".to_owned(), "no-such-attempt"),
        (format!("/attempts/s{sprint}-a99/trace"), "no-such-attempt"),
        (format!("/attempts/s{sprint}-a99/trace/stream"), "no-such-attempt"),
    ];
    for (path, code) in missing {
        client.get(&path).await.problem(404, code);
    }
    let orders = [
        (
            "/sprints/99/approve".to_owned(),
            json!({ "version": 1 }),
            "no-such-sprint",
        ),
        ("/sprints/99/pause".to_owned(), json!({}), "no-such-sprint"),
        (
            format!("/sprints/{sprint}/approve"),
            json!({ "version": 1 }),
            "no-such-version",
        ),
        (
            format!("/sprints/{sprint}/restore"),
            json!({ "version": 1 }),
            "no-such-version",
        ),
        (
            format!("/sprints/{sprint}/questions/9/answer"),
            json!({ "text": "Yes" }),
            "no-such-question",
        ),
        ("/tasks/99/merge".to_owned(), json!({}), "no-such-task"),
        (
            "/tasks/99/reviews".to_owned(),
            json!({ "verdict": "approve" }),
            "no-such-task",
        ),
        ("/agents/nobody/check".to_owned(), json!({}), "no-such-agent"),
        (
            "/sprints".to_owned(),
            json!({ "project": "web", "goal": "More" }),
            "no-such-project",
        ),
    ];
    for (path, body, code) in orders {
        client.post(&path, body).await.problem(404, code);
    }
    for path in [
        "/projects/No%20Name",
        "/sprints/one",
        "/sprints/-1",
        "/tasks/1e3",
        "/attempts/1",
        "/attempts/s1-ax",
    ] {
        client.get(path).await.problem(400, "bad-path");
    }
    let remove = client.request(Method::DELETE, "/projects/shop/repositories/web");
    Answer::to(remove).await.problem(404, "no-such-repository");
}

#[tokio::test]
async fn an_approval_that_is_refused_gives_every_reason_at_once() {
    let none = Server::configured("", |config| scripted(config, "command = \"not-installed-here\"")).await;
    refuses_at_once(none, "no_agents").await;
    let writers = Server::configured("", |config| scripted(config, "specialties = [\"docs\"]")).await;
    refuses_at_once(writers, "no_agent").await;
}

/// Changes the scripted agent, which is the only one there is.
fn scripted(config: &mut team6_server::config::Config, line: &str) {
    let file = config.agents.folder.join("scripted.md");
    std::fs::write(file, format!("+++\nextends = \"scripted\"\n{line}\n+++\n")).unwrap();
    // Somebody plans all the same.
    let planner = config.agents.folder.join("planner.md");
    std::fs::write(planner, "+++\nextends = \"scripted\"\nrole = \"planner\"\n+++\n").unwrap();
}

async fn refuses_at_once(server: Server, lacking: &str) {
    let origin = server.with_project().await;
    let web = json!({ "id": "web", "origin": origin.path() });
    server.client.post("/projects/shop/repositories", web).await.done();
    let sprint = server.sprint().await;
    let client = &server.client;
    let mut plan = plan(&[("lexer", &[]), ("parser", &["lexer"])]);
    plan["tasks"][1]["repositories"] = json!(["web"]);
    plan["tasks"][1]["specialty"] = json!("magic");
    client.saves(sprint, 0, &plan).await.done();
    plan["title"] = json!("Another title");
    client.saves(sprint, 1, &plan).await.done();
    // Taken away in the moment in which the plan was saved: neither knows of the other.
    let remove = ProjectCommand::RemoveRepository {
        repository: "web".parse().unwrap(),
        in_use: vec![],
        by: "ada".parse().unwrap(),
    };
    let engine = &server.app.control.engine;
    let shop = "shop".parse().unwrap();
    engine.change_project(&shop, remove, "ada", None).await.unwrap();
    let approve = json!({ "version": 1 });
    let refused = client
        .acting_for("eve")
        .post(format_args!("/sprints/{sprint}/approve"), approve)
        .await;
    let problem = refused.problem(409, "not-approvable");
    let reasons: Vec<&Value> = problem["reasons"].as_array().unwrap().iter().collect();
    let blocks: Vec<&str> = reasons.iter().map(|reason| reason["block"].as_str().unwrap()).collect();
    for block in ["not_allowed", "not_newest", "no_owner", "no_repository", lacking] {
        assert!(blocks.contains(&block), "{problem:#}");
    }
    assert_eq!(
        blocks.iter().filter(|block| **block == "no_owner").count(),
        2,
        "{problem:#}"
    );
    for reason in reasons {
        let text = reason["text"].as_str().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(text), "{problem:#}");
    }
}

#[tokio::test]
async fn texts_are_neither_empty_nor_endless() {
    let server = Server::open().await;
    server.with_project().await;
    let client = &server.client;
    let long = "x".repeat(1 << 20);
    let open = |goal: &str| json!({ "project": "shop", "goal": goal });
    client.post("/sprints", open(" \n")).await.problem(422, "no-goal");
    client.post("/sprints", open(&long)).await.problem(422, "text-too-long");
    let sprint = server.sprint().await;
    let path = format!("/sprints/{sprint}/messages");
    client
        .post(&path, json!({ "text": "" }))
        .await
        .problem(422, "empty-text");
    client
        .post(&path, json!({ "text": long }))
        .await
        .problem(422, "text-too-long");
    let title = json!({ "id": "web", "title": long });
    client.post("/projects", title).await.problem(422, "bad-field");
    // Letters of all kinds are fine, as are those that end lines elsewhere.
    let goal = "Größe \u{2028} 汉字 \u{202e}\u{0} 🦀";
    let opened = client.post("/sprints", open(goal)).await.done();
    let shown = client
        .get(format_args!("/sprints/{}", opened["item"]["id"]))
        .await
        .done();
    assert_eq!(shown["goal"], goal);
}

#[tokio::test]
async fn queries_that_mean_nothing_are_refused_with_what_could_be_meant() {
    let server = Server::open().await;
    for (query, said) in [
        ("/sprints?phase=asleep", "planning"),
        ("/sprints?color=red", "phase"),
        ("/tasks?state=asleep", "in review"),
        ("/tasks?owner=No%20Name", "valid"),
        ("/events?topics=weather", "sprint:3"),
        ("/events?topics=sprint:x", "sprint:3"),
        ("/log?stream=Sprint%2F3", "sprint/3"),
        ("/log?after=-1", "invalid digit"),
        ("/inbox?after=yesterday", "part before"),
    ] {
        let text = server.client.get(query).await.refused(400, "bad-query");
        assert!(text.contains(said), "{query}: {text}");
    }
}
