//! Who gets in.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::client::Answer;
use crate::server::Server;

#[tokio::test]
async fn whoever_shows_no_token_or_a_wrong_one_is_refused_and_told_where_it_is() {
    let server = Server::open().await;
    let client = &server.client;
    let answer = Answer::to(client.bare(Method::GET, "/projects")).await;
    let text = answer.refused(401, "unauthorized");
    let file = server.data().join("token");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    assert!(text.starts_with("there is no token"), "{text}");
    assert!(text.contains(&file.display().to_string()), "{text}");

    let token = server.token();
    let wrong = [&token[1..], "", &format!("{token}0"), &token.to_uppercase()].map(|token| format!("Bearer {token}"));
    for shown in wrong.into_iter().chain([format!("Basic {token}"), token.to_owned()]) {
        let request = client.bare(Method::POST, "/projects").header("Authorization", shown);
        let text = Answer::to(request.json(&json!({ "id": "shop" }))).await.text;
        assert!(!text.contains(token), "{text}");
        assert!(text.contains("unauthorized"), "{text}");
    }
    assert_eq!(client.get("/projects").await.done()["items"], json!([]));
    let shown = client
        .bare(Method::GET, "/projects")
        .header("Authorization", format!("bearer {token}"));
    Answer::to(shown).await.done();
}

#[tokio::test]
async fn the_health_of_the_server_is_told_to_everybody_and_nothing_else() {
    let server = Server::open().await;
    let health = Answer::to(server.client.bare(Method::GET, "/health")).await;
    assert_eq!(health.done()["status"], "ok");
    assert_eq!(health.headers["cache-control"], "no-store");
    assert_eq!(health.headers["x-content-type-options"], "nosniff");
    for path in [
        "/me",
        "/sprints",
        "/sprints/1",
        "/events",
        "/log",
        "/queues",
        "/attempts/s1-a1/trace/stream",
    ] {
        let answer = Answer::to(server.client.bare(Method::GET, path)).await;
        answer.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_name_that_is_not_this_machines_is_refused() {
    let server = Server::open().await;
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "192.0.2.1",
        "0.0.0.0",
    ] {
        let request = server.client.request(Method::GET, "/projects").header("Host", host);
        let text = Answer::to(request).await.refused(403, "foreign-host");
        assert!(text.contains(host) && text.contains("server.hosts"), "{text}");
    }
    // Health, too, must not tell other pages that there is a server.
    let request = server
        .client
        .bare(Method::GET, "/health")
        .header("Host", "evil.example");
    Answer::to(request).await.problem(403, "foreign-host");
    for host in ["localhost", "LOCALHOST:1234", "[::1]:8080", "127.1.2.3"] {
        let request = server.client.request(Method::GET, "/projects").header("Host", host);
        Answer::to(request).await.done();
    }
}

#[tokio::test]
async fn a_name_that_was_configured_is_this_servers_own() {
    let server = Server::configured("", |config| config.server.hosts = vec!["team6.example".into()]).await;
    let under = |host: &str| server.client.request(Method::GET, "/me").header("Host", host);
    for host in ["team6.example", "Team6.Example:8443", "localhost"] {
        Answer::to(under(host)).await.done();
    }
    let page = under("team6.example:8443").header("Origin", "https://team6.example:8443");
    Answer::to(page).await.done();
    Answer::to(under("other.example")).await.problem(403, "foreign-host");
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_even_with_the_token() {
    let server = Server::open().await;
    let from = |origin: &str| {
        let request = server
            .client
            .request(Method::POST, "/projects")
            .header("Host", "localhost:6060");
        request.header("Origin", origin).json(&json!({ "id": "shop" }))
    };
    for origin in [
        "https://evil.example",
        "http://localhost:6061",
        "http://127.0.0.1:6060",
        "http://localhost:6060.evil.example",
        "null",
        "",
    ] {
        Answer::to(from(origin)).await.problem(403, "foreign-origin");
    }
    assert_eq!(server.client.get("/projects").await.done()["items"], json!([]));
    Answer::to(from("http://localhost:6060")).await.done();
}

#[tokio::test]
async fn a_person_whom_nobody_configured_acts_for_nobody() {
    let server = Server::open().await;
    let problem = server
        .client
        .acting_for("bob")
        .get("/me")
        .await
        .problem(403, "unknown-person");
    assert_eq!(problem["known"], json!(["ada", "eve", "lin"]));
    assert_eq!(
        server.client.acting_for("lin").get("/me").await.done()["person"]["id"],
        "lin"
    );
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_for_its_user_alone_and_in_no_line_of_the_log() {
    let kept = Kept::default();
    // The client is in this process too, and may log what it asks for.
    let filter = EnvFilter::new("debug,team6_server=trace,axum=trace,reqwest=off,hyper_util::client=off");
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    // For all tests of this process: a token that is in any of their lines is one too many.
    tracing::subscriber::set_global_default(subscriber.with_writer(kept.clone()).finish()).unwrap();
    let server = Server::open().await;
    let token = server.token();
    let mode = std::fs::metadata(server.data().join("token"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    server.with_project().await;
    server
        .client
        .get(format_args!("/tasks/7?token={token}"))
        .await
        .problem(404, "no-such-task");
    let wrong = format!("Bearer {token}x");
    let request = server.client.bare(Method::GET, "/me").header("Authorization", wrong);
    Answer::to(request).await.problem(401, "unauthorized");
    let logged = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let leaks: Vec<&str> = logged.lines().filter(|line| line.contains(token)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(
        logged.contains("answered") && logged.contains("/api/v1/tasks/7"),
        "{logged}"
    );
}
