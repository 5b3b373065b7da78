//! Gateways: the credential goes to the upstream and nowhere else, and events flow as they come.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Echo, Listening, Plan, Sandbox};
use team6_egress::{Gateway, Outcome, Record, Refusal, Secret, What};

const SECRET: &str = "sk-very-secret-credential";

fn models(upstream: &str, header: &str, value: &str) -> Gateway {
    Gateway::new("models", upstream, header, Secret::new(value).unwrap()).unwrap()
}

async fn open(port: u16, base: &str) -> Sandbox {
    let upstream = format!("http://127.0.0.1:{port}{base}");
    Plan::default()
        .gateway(models(&upstream, "x-api-key", SECRET))
        .open()
        .await
}

fn assert_hidden(record: &Record) {
    assert!(!format!("{record:?}").contains(SECRET), "{record:?}");
}

#[tokio::test]
async fn the_credential_replaces_whatever_the_client_sent() {
    let server = Listening::start().await;
    let mut sandbox = open(server.port(), "/base").await;
    let mut client = sandbox.connect().await;
    client
        .say(
            "POST http://models.gateway.team6.invalid/v1/messages?beta=true HTTP/1.1\r\nhost: models.gateway.team6.invalid\r\n\
             authorization: Bearer of-the-sandbox\r\nx-api-key: of-the-sandbox\r\nX-Api-Key: of-the-sandbox-too\r\n\
             cookie: of-the-sandbox\r\nconnection: x-api-key\r\nanthropic-version: 1\r\ncontent-length: 2\r\n\r\n{}",
        )
        .await;
    let mut upstream = server.accept().await;
    let head = upstream.head().await;
    assert_eq!(upstream.bytes(2).await, "{}");
    assert!(
        head.starts_with("post /base/v1/messages?beta=true HTTP/1.1\n"),
        "{head}"
    );
    assert!(head.contains(&format!("x-api-key: {SECRET}\n")), "{head}");
    assert!(head.contains(&format!("host: 127.0.0.1:{}\n", server.port())), "{head}");
    assert!(head.contains("anthropic-version: 1\n"), "{head}");
    assert!(
        !head.contains("of-the-sandbox") && !head.contains("authorization"),
        "{head}"
    );
    upstream.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone").await;
    assert_eq!(client.answer().await.body, "done");
    let record = sandbox.record().await;
    assert_hidden(&record);
    assert_eq!(record.what, What::Gateway { name: "models".into() });
    assert_eq!(record.host, "models.gateway.team6.invalid");
    assert_eq!(record.address.unwrap().port(), server.port());
    assert_eq!(record.outcome, Outcome::Done { sent: 2, received: 4 });
}

#[tokio::test]
async fn each_event_arrives_before_the_next_is_sent() {
    let server = Listening::start().await;
    let mut sandbox = open(server.port(), "").await;
    let mut client = sandbox.connect().await;
    client
        .say("GET http://models.gateway.team6.invalid/events HTTP/1.1\r\n\r\n")
        .await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    assert!(client.head().await.contains("content-type: text/event-stream"));
    for number in 0..20 {
        let event = format!("event: delta\ndata: {number}\n\n");
        upstream.say(&format!("{:x}\r\n{event}\r\n", event.len())).await;
        assert_eq!(client.chunk().await, event);
    }
    upstream.say("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, "");
    assert!(matches!(sandbox.outcome().await, Outcome::Done { .. }));
}

#[tokio::test]
async fn a_body_flows_to_the_upstream_as_it_comes() {
    let server = Listening::start().await;
    let sandbox = open(server.port(), "").await;
    let mut client = sandbox.connect().await;
    client
        .say("POST http://models.gateway.team6.invalid/ HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    for part in ["one", "two", "three"] {
        client.say(&format!("{:x}\r\n{part}\r\n", part.len())).await;
        assert_eq!(upstream.chunk().await, part);
    }
}

#[tokio::test]
async fn an_upstream_that_repeats_the_credential_does_not_show_it() {
    let echo = Echo::start().await;
    let upstream = format!("http://{}", echo.address);
    let gateway = models(&upstream, "authorization", &format!("Bearer {SECRET}"));
    let mut sandbox = Plan::default().gateway(gateway).open().await;
    let answer = sandbox
        .ask("GET http://models.gateway.team6.invalid/ HTTP/1.1\r\n\r\n")
        .await;
    let covered = format!("authorization: bearer {}", "*".repeat(SECRET.len()));
    assert!(
        answer.body.contains(&covered) && answer.head.contains(&covered),
        "{answer:?}"
    );
    assert!(
        !answer.body.contains(SECRET) && !answer.head.contains(SECRET),
        "{answer:?}"
    );
    assert_hidden(&sandbox.record().await);
}

#[tokio::test]
async fn a_redirect_is_the_clients_to_follow() {
    let (server, elsewhere) = (Listening::start().await, Echo::start().await);
    let sandbox = open(server.port(), "").await;
    let mut client = sandbox.connect().await;
    client
        .say("GET http://models.gateway.team6.invalid/ HTTP/1.1\r\n\r\n")
        .await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    let location = format!("location: http://{}/", elsewhere.address);
    upstream
        .say(&format!(
            "HTTP/1.1 307 Moved\r\n{location}\r\ncontent-length: 0\r\n\r\n"
        ))
        .await;
    let answer = client.answer().await;
    assert!(answer.status == 307 && answer.head.contains(&location), "{answer:?}");
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_gateway_is_reached_in_one_way_only() {
    let echo = Echo::start().await;
    let mut sandbox = open(echo.port(), "/base").await;
    for (asked, status, expected) in [
        (
            "CONNECT models.gateway.team6.invalid:443",
            400,
            "http://models.gateway.team6.invalid/path",
        ),
        ("GET http://models.gateway.team6.invalid:8080/", 400, "port 80"),
        ("GET https://models.gateway.team6.invalid/", 400, "use CONNECT"),
        ("GET http://other.gateway.team6.invalid/", 403, "no gateway other"),
        ("GET http://x.models.gateway.team6.invalid/", 403, "no gateway x.models"),
        ("GET http://models.gateway.team6.invalid/../admin", 403, "segment"),
        ("GET http://models.gateway.team6.invalid/%2e%2e/admin", 403, "segment"),
        ("TRACE http://models.gateway.team6.invalid/", 403, "TRACE"),
    ] {
        let answer = sandbox.ask(&format!("{asked} HTTP/1.1\r\n\r\n")).await;
        assert_eq!(answer.status, status, "{asked}: {answer:?}");
        assert!(answer.body.contains(expected), "{asked}: {answer:?}");
        assert!(matches!(sandbox.outcome().await, Outcome::Refused(_)), "{asked}");
    }
    // The upstream itself is not listed for anything else.
    let answer = sandbox
        .ask(&format!("GET http://{}/ HTTP/1.1\r\n\r\n", echo.address))
        .await;
    assert_eq!(answer.status, 403);
    assert!(matches!(
        sandbox.outcome().await,
        Outcome::Refused(Refusal::NotListed { .. })
    ));
    assert_eq!(echo.connections(), 0);
}

#[tokio::test]
async fn an_upstream_that_is_away_is_told_without_the_credential() {
    let port = Listening::start().await.port();
    let mut sandbox = open(port, "").await;
    let answer = sandbox
        .ask("GET http://models.gateway.team6.invalid/ HTTP/1.1\r\n\r\n")
        .await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.body.contains("connection refused") && !answer.body.contains(SECRET),
        "{answer:?}"
    );
    assert_hidden(&sandbox.record().await);
}
