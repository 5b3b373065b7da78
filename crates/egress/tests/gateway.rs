//! Gateways: the credential goes to the upstream and nowhere else, and events flow as they come.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Echo, Listening, Plan, SOON, Sandbox};
use team6_egress::{Failure, Gateway, Outcome, Record, Refusal, Secret, What};
use team6_testkit::wait::within;

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
    assert_eq!(record.what, of_models("POST", "/v1/messages"));
    assert_eq!(record.status, Some(200));
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
async fn a_gateway_is_reached_by_plain_http_only() {
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
        ("CONNECT other.gateway.team6.invalid:80", 403, "no gateway other"),
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

fn of_models(method: &str, path: &str) -> What {
    What::Gateway {
        name: "models".into(),
        method: method.into(),
        path: path.into(),
    }
}

/// As the relay of a sandbox's loopback asks for it.
const TUNNEL: &str = "models.gateway.team6.invalid:80";

#[tokio::test]
async fn requests_in_a_tunnel_to_a_gateway_are_requests_to_that_gateway() {
    let echo = Echo::start().await;
    let mut sandbox = open(echo.port(), "/base").await;
    let mut client = sandbox.tunnel(TUNNEL).await;
    for number in 1..=3 {
        let body = "x".repeat(number);
        client
            .say(&format!(
                "POST /v1/messages?n={number} HTTP/1.1\r\nhost: 127.0.0.1:3129\r\nx-api-key: of-the-sandbox\r\n\
                 content-length: {number}\r\n\r\n{body}"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let expected = format!("post /base/v1/messages?n={number} HTTP/1.1\n");
        assert!(answer.body.starts_with(&expected), "{answer:?}");
        assert!(answer.body.contains(&format!("host: {}\n", echo.address)), "{answer:?}");
        let covered = format!("x-api-key: {}\n", "*".repeat(SECRET.len()));
        assert!(answer.body.contains(&covered), "{answer:?}");
        assert!(!answer.body.contains("of-the-sandbox"), "{answer:?}");
        assert!(
            !answer.body.contains(SECRET) && !answer.head.contains(SECRET),
            "{answer:?}"
        );
        let record = sandbox.record().await;
        assert_hidden(&record);
        assert_eq!(record.what, of_models("POST", "/v1/messages"));
        assert_eq!(record.status, Some(200));
        assert_eq!(
            (record.host.as_str(), record.port),
            ("models.gateway.team6.invalid", 80)
        );
        assert_eq!(record.address, Some(echo.address));
        assert!(
            matches!(record.outcome, Outcome::Done { sent, .. } if sent == number as u64),
            "{record:?}"
        );
    }
    assert_eq!(echo.connections(), 1);
    drop(client);
    sandbox.session.shutdown().await;
    // The tunnel itself leads nowhere, so only what was asked in it is recorded.
    assert!(sandbox.records.recv().await.is_none());
}

#[tokio::test]
async fn what_comes_with_the_wish_for_a_tunnel_to_a_gateway_is_read_as_requests_in_it() {
    let echo = Echo::start().await;
    let sandbox = open(echo.port(), "").await;
    let mut client = sandbox.connect().await;
    client
        .say(&format!(
            "CONNECT {TUNNEL} HTTP/1.1\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n"
        ))
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    assert!(client.answer().await.body.starts_with("get /v1/models"));
}

#[tokio::test]
async fn a_tunnel_to_a_gateway_leads_to_nothing_else() {
    let echo = Echo::start().await;
    let listed = echo.address.to_string();
    let upstream = format!("http://{listed}/base");
    let other = Gateway::new("other", &upstream, "x-api-key", Secret::new(SECRET).unwrap()).unwrap();
    let mut sandbox = Plan::listing(&[&listed])
        .gateway(models(&upstream, "x-api-key", SECRET))
        .gateway(other)
        .open()
        .await;
    for (asked, status, expected) in [
        (
            format!("CONNECT {listed}"),
            403,
            "to the gateway models and nowhere else",
        ),
        (format!("CONNECT {TUNNEL}"), 403, "nowhere else"),
        (format!("GET http://{listed}/"), 403, "nowhere else"),
        (
            "GET http://other.gateway.team6.invalid/".into(),
            403,
            "ask it for a path (GET /path)",
        ),
        (
            "GET http://models.gateway.team6.invalid:8080/".into(),
            403,
            "nowhere else",
        ),
        ("GET https://models.gateway.team6.invalid/".into(), 403, "nowhere else"),
        ("OPTIONS *".into(), 403, "nowhere else"),
        ("GET /../admin".into(), 403, "segment"),
        ("GET /v1/%2e%2e/admin".into(), 403, "segment"),
        ("TRACE /".into(), 403, "TRACE"),
    ] {
        let mut client = sandbox.tunnel(TUNNEL).await;
        client.say(&format!("{asked} HTTP/1.1\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{asked}: {answer:?}");
        assert!(answer.body.contains(expected), "{asked}: {answer:?}");
        assert_eq!(client.rest().await, "", "{asked}: a refusal ends the tunnel");
        assert!(matches!(sandbox.outcome().await, Outcome::Refused(_)), "{asked}");
    }
    assert_eq!(echo.connections(), 0);
    // Its own whole address is one that every server has to take.
    let mut client = sandbox.tunnel(TUNNEL).await;
    client
        .say("GET http://models.gateway.team6.invalid/v1 HTTP/1.1\r\n\r\n")
        .await;
    assert!(client.answer().await.body.starts_with("get /base/v1 "));
}

#[tokio::test]
async fn what_is_no_http_in_a_tunnel_to_a_gateway_is_told_so() {
    let mut sandbox = open(1, "").await;
    let mut client = sandbox.tunnel(TUNNEL).await;
    // As TLS begins, for a program that was given an https address.
    client.say("\u{16}\u{3}\u{1}").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body.contains("cannot be read as HTTP/1.1"), "{answer:?}");
    assert_eq!(sandbox.outcome().await, Outcome::Refused(Refusal::Unreadable));
}

#[tokio::test]
async fn the_bounds_of_a_session_hold_in_a_tunnel_to_a_gateway() {
    let echo = Echo::start().await;
    let upstream = format!("http://{}", echo.address);
    let limit = std::time::Duration::from_millis(300);
    let mut sandbox = Plan::default()
        .gateway(models(&upstream, "x-api-key", SECRET))
        .options(|options| {
            options.most_head = 8192;
            options.most_bytes = Some(4096);
            options.idle_limit = limit;
        })
        .open()
        .await;
    // Nothing is said, before the first request and after an answer.
    assert_eq!(sandbox.tunnel(TUNNEL).await.rest().await, "");
    let mut client = sandbox.tunnel(TUNNEL).await;
    client.say("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    assert!(matches!(sandbox.outcome().await, Outcome::Done { .. }));
    assert_eq!(client.rest().await, "");
    // A head is too long.
    let mut client = sandbox.tunnel(TUNNEL).await;
    let long = "x".repeat(9000);
    client.say(&format!("GET / HTTP/1.1\r\nx-long: {long}\r\n\r\n")).await;
    assert_eq!(client.answer().await.status, 431);
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Refused(Refusal::HeadTooLong { most: 8192 })
    );
    // All that may be moved has been.
    let mut client = sandbox.tunnel(TUNNEL).await;
    let body = "x".repeat(5000);
    client
        .say(&format!("POST / HTTP/1.1\r\ncontent-length: 5000\r\n\r\n{body}"))
        .await;
    let why = Failure::TooManyBytes;
    let outcome = sandbox.outcome().await;
    assert!(
        matches!(&outcome, Outcome::Failed { why: told, .. } if *told == why),
        "{outcome:?}"
    );
    let answer = sandbox.ask(&format!("CONNECT {TUNNEL} HTTP/1.1\r\n\r\n")).await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn shutting_down_ends_what_is_asked_in_a_tunnel_to_a_gateway() {
    let server = Listening::start().await;
    let mut sandbox = open(server.port(), "").await;
    let mut client = sandbox.tunnel(TUNNEL).await;
    client.say("GET / HTTP/1.1\r\n\r\n").await;
    server.accept().await.head().await;
    within("the shutdown", SOON, sandbox.session.shutdown()).await;
    assert_eq!(client.rest().await, "");
    let record = sandbox.records.try_recv().unwrap();
    assert_eq!(record.what, of_models("GET", "/"));
    assert_eq!(record.status, None);
    assert!(
        matches!(&record.outcome, Outcome::Failed { why, .. } if *why == Failure::SessionEnded),
        "{record:?}"
    );
}
