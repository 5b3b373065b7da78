//! Plain requests: what goes on of them, and what comes back.

mod common;

use std::time::Duration;

use common::{Echo, Listening, Names, Plan};
use team6_egress::{Failure, Outcome, Refusal, What};

#[tokio::test]
async fn a_request_goes_on_with_its_path_and_comes_back_with_its_answer() {
    let echo = Echo::start().await;
    let place = format!("docs.test:{}", echo.port());
    let names = Names::default().lead("docs.test", &[&["127.0.0.1"]]);
    let mut sandbox = Plan::listing(&[&format!("private:{place}")]).names(names).open().await;
    let answer = sandbox
        .ask(&format!(
            "POST http://{place}/a/b?key=hidden HTTP/1.1\r\nhost: {place}\r\ncontent-length: 5\r\n\r\nhello"
        ))
        .await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with("post /a/b?key=hidden HTTP/1.1"), "{answer:?}");
    assert!(answer.body.ends_with("\nhello"), "{answer:?}");
    let record = sandbox.record().await;
    let received = answer.body.len() as u64;
    assert_eq!(record.outcome, Outcome::Done { sent: 5, received });
    let (method, path) = ("POST".into(), "/a/b".into());
    assert_eq!(
        (record.host.as_str(), &record.what),
        ("docs.test", &What::Http { method, path })
    );
    assert_eq!((record.address, record.status), (Some(echo.address), Some(200)));
    assert!(!format!("{record:?}").contains("hidden"));
}

#[tokio::test]
async fn the_host_header_is_the_target_whatever_the_client_says() {
    let echo = Echo::start().await;
    let place = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&place]).open().await;
    let answer = sandbox
        .ask(&format!("GET http://{place}/ HTTP/1.1\r\nhost: other.test\r\n\r\n"))
        .await;
    assert!(
        answer.body.contains(&format!("host: {place}\n")) && !answer.body.contains("other.test"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn headers_of_the_connection_and_for_the_proxy_do_not_go_on() {
    let echo = Echo::start().await;
    let place = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&place]).open().await;
    let answer = sandbox
        .ask(&format!(
            "GET http://{place}/ HTTP/1.1\r\nconnection: x-mine, keep-alive\r\nx-mine: 1\r\nx-kept: 2\r\nte: trailers\r\n\
             proxy-authorization: Basic abc\r\nproxy-connection: keep-alive\r\nupgrade: websocket\r\n\r\n"
        ))
        .await;
    for gone in ["x-mine", "te:", "proxy-", "upgrade", "connection"] {
        assert!(!answer.body.contains(gone), "{gone}: {answer:?}");
    }
    assert!(answer.body.contains("x-kept: 2"), "{answer:?}");
    assert!(!answer.head.contains("keep-alive: timeout"), "{answer:?}");
}

#[tokio::test]
async fn connections_are_kept_on_both_sides() {
    let echo = Echo::start().await;
    let place = format!("docs.test:{}", echo.port());
    let names = Names::default().lead("docs.test", &[&["127.0.0.1"]]);
    let mut sandbox = Plan::listing(&[&format!("private:{place}")]).names(names).open().await;
    let mut client = sandbox.connect().await;
    for path in ["/one", "/two", "/three"] {
        client.say(&format!("GET http://{place}{path} HTTP/1.1\r\n\r\n")).await;
        assert!(client.answer().await.body.starts_with(&format!("get {path} ")));
        assert!(matches!(sandbox.outcome().await, Outcome::Done { .. }));
    }
    assert_eq!((echo.connections(), sandbox.names.asked().len()), (1, 1));
}

#[tokio::test]
async fn a_kept_connection_is_for_its_own_target_only() {
    let (one, other) = (Echo::start().await, Echo::start().await);
    let places = [&one, &other].map(|echo| format!("127.0.0.1:{}", echo.port()));
    let sandbox = Plan::listing(&[&places[0], &places[1]]).open().await;
    let mut client = sandbox.connect().await;
    for place in &places {
        client.say(&format!("GET http://{place}/ HTTP/1.1\r\n\r\n")).await;
        assert!(client.answer().await.body.contains(place));
    }
    client.say("GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 403);
    assert_eq!((one.connections(), other.connections()), (1, 1));
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_ended_is_replaced() {
    let echo = Echo::ending_after(1).await;
    let place = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&place]).open().await;
    let mut client = sandbox.connect().await;
    for _ in 0..3 {
        client.say(&format!("GET http://{place}/ HTTP/1.1\r\n\r\n")).await;
        assert_eq!(client.answer().await.status, 200);
    }
    assert_eq!(echo.connections(), 3);
}

#[tokio::test]
async fn a_body_in_chunks_passes_in_both_directions() {
    let echo = Echo::start().await;
    let place = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&place]).open().await;
    let asked = format!("PUT http://{place}/ HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n");
    let answer = sandbox
        .ask(&format!("{asked}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"))
        .await;
    assert!(answer.body.ends_with("\nhello world"), "{answer:?}");
    assert!(!answer.body.contains("content-length"), "{answer:?}");
}

#[tokio::test]
async fn requests_that_are_not_for_a_proxy_are_told_what_to_do() {
    let mut sandbox = Plan::listing(&["example.test"]).open().await;
    for (asked, expected) in [
        ("GET / HTTP/1.1\r\nhost: example.test\r\n\r\n", "this is a proxy"),
        ("GET https://example.test/ HTTP/1.1\r\n\r\n", "use CONNECT"),
        ("CONNECT example.test HTTP/1.1\r\n\r\n", "example.test:443"),
    ] {
        let answer = sandbox.ask(asked).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains(expected), "{answer:?}");
        assert!(matches!(sandbox.outcome().await, Outcome::Refused(_)));
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_so() {
    let mut sandbox = Plan::listing(&[]).open().await;
    let answer = sandbox.ask("\u{16}\u{3}\u{1}hello").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("cannot be read as HTTP/1.1"), "{answer:?}");
    let record = sandbox.record().await;
    assert_eq!(
        (record.what, record.outcome),
        (What::Unreadable, Outcome::Refused(Refusal::Unreadable))
    );
    assert_eq!(sandbox.ask("hello\r\n\r\n").await.status, 400);
    assert_eq!(sandbox.outcome().await, Outcome::Refused(Refusal::Unreadable));
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let mut sandbox = Plan::listing(&["example.test"])
        .options(|options| options.most_head = 8192)
        .open()
        .await;
    for header in [
        format!("x-long: {}\r\n", "a".repeat(20_000)),
        "x-many: 1\r\n".repeat(150),
    ] {
        let answer = sandbox
            .ask(&format!("GET http://example.test/ HTTP/1.1\r\n{header}\r\n"))
            .await;
        assert_eq!(answer.status, 431, "{answer:?}");
        assert_eq!(
            sandbox.outcome().await,
            Outcome::Refused(Refusal::HeadTooLong { most: 8192 })
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_waited_for_no_longer_than_the_limit() {
    let server = Listening::start().await;
    let place = format!("127.0.0.1:{}", server.port());
    let limit = Duration::from_millis(200);
    let mut sandbox = Plan::listing(&[&place])
        .options(|options| options.idle_limit = limit)
        .open()
        .await;
    let answer = sandbox.ask(&format!("GET http://{place}/ HTTP/1.1\r\n\r\n")).await;
    assert_eq!(answer.status, 504, "{answer:?}");
    let why = Failure::Idle { limit };
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Failed {
            why,
            sent: 0,
            received: 0
        }
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    let server = Listening::start().await;
    let place = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&place]).open().await;
    let mut client = sandbox.connect().await;
    client.say(&format!("GET http://{place}/ HTTP/1.1\r\n\r\n")).await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    upstream.say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    client.head().await;
    assert_eq!(client.bytes(4).await, "half");
    drop(upstream);
    assert_eq!(client.rest().await, "");
    let why = Failure::Server;
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Failed {
            why,
            sent: 0,
            received: 4
        }
    );
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_request_at_the_server() {
    let server = Listening::start().await;
    let place = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&place]).open().await;
    let mut client = sandbox.connect().await;
    client.say(&format!("GET http://{place}/ HTTP/1.1\r\n\r\n")).await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    drop(client);
    assert_eq!(upstream.rest().await, "");
    let why = Failure::Client;
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Failed {
            why,
            sent: 0,
            received: 0
        }
    );
}

#[tokio::test]
async fn no_server_can_switch_to_another_protocol() {
    let server = Listening::start().await;
    let place = format!("127.0.0.1:{}", server.port());
    let sandbox = Plan::listing(&[&place]).open().await;
    let mut client = sandbox.connect().await;
    client
        .say(&format!(
            "GET http://{place}/ HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
        ))
        .await;
    let mut upstream = server.accept().await;
    upstream.head().await;
    upstream
        .say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 502);
}
