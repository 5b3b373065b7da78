//! Tunnels: what may be reached by CONNECT, and what passes.

mod common;

use common::{Echo, Listening, Names, Plan, SOON};
use team6_egress::{Failure, Outcome, Refusal, What};
use team6_testkit::wait::within;

#[tokio::test]
async fn bytes_pass_both_ways_and_are_counted() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&target]).open().await;
    let mut client = sandbox.tunnel(&target).await;
    let mut upstream = server.accept().await;
    client.say("ping\n").await;
    assert_eq!(upstream.line().await, "ping");
    upstream.say("and pong\n").await;
    assert_eq!(client.line().await, "and pong");
    drop(upstream);
    assert_eq!(client.rest().await, "");
    drop(client);
    let record = sandbox.record().await;
    assert_eq!(record.outcome, Outcome::Done { sent: 5, received: 9 });
    assert_eq!(
        (record.host.as_str(), record.port, record.what),
        ("127.0.0.1", server.port(), What::Tunnel)
    );
    assert_eq!(record.address.map(|address| address.to_string()), Some(target));
}

#[tokio::test]
async fn the_side_that_falls_silent_first_still_hears_the_other() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&target]).open().await;
    let mut client = sandbox.tunnel(&target).await;
    let mut upstream = server.accept().await;
    client.say("all I have").await;
    client.fall_silent().await;
    assert_eq!(upstream.rest().await, "all I have");
    upstream.say("the answer").await;
    drop(upstream);
    assert_eq!(client.rest().await, "the answer");
    assert_eq!(sandbox.outcome().await, Outcome::Done { sent: 10, received: 10 });
}

#[tokio::test]
async fn what_a_client_says_before_it_is_answered_goes_through_the_tunnel_and_is_never_read_as_http() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let sandbox = Plan::listing(&[&target]).open().await;
    let mut client = sandbox.connect().await;
    let early = "GET http://elsewhere.test/ HTTP/1.1\r\nhost: elsewhere.test\r\n\r\n".repeat(300);
    client.say(&format!("CONNECT {target} HTTP/1.1\r\n\r\n{early}")).await;
    let mut upstream = server.accept().await;
    assert_eq!(upstream.bytes(early.len()).await, early);
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    assert!(sandbox.names.asked().is_empty());
}

#[tokio::test]
async fn what_follows_a_refused_tunnel_is_not_read_as_http() {
    let echo = Echo::start().await;
    let listed = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&listed]).open().await;
    let mut client = sandbox.connect().await;
    client
        .say(&format!(
            "CONNECT elsewhere.test:443 HTTP/1.1\r\n\r\nGET http://{listed}/ HTTP/1.1\r\n\r\n"
        ))
        .await;
    assert_eq!(client.answer().await.status, 403);
    assert_eq!(client.rest().await, "");
    assert_eq!(echo.connections(), 0);
}

#[tokio::test]
async fn a_host_that_is_not_listed_is_refused_without_looking_it_up() {
    let mut sandbox = Plan::listing(&["example.test"]).open().await;
    let answer = sandbox.ask("CONNECT secret-data.evil.test:443 HTTP/1.1\r\n\r\n").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body,
        "secret-data.evil.test:443 is not listed. To allow it, somebody who may can add \
         \"secret-data.evil.test:443\" to the egress rules.\n"
    );
    assert!(matches!(
        sandbox.outcome().await,
        Outcome::Refused(Refusal::NotListed { .. })
    ));
    assert!(sandbox.names.asked().is_empty());
}

#[tokio::test]
async fn a_listed_name_that_leads_to_this_machine_is_refused() {
    let echo = Echo::start().await;
    let target = format!("inside.test:{}", echo.port());
    let names = Names::default().lead("inside.test", &[&["127.0.0.1", "::1", "::ffff:127.0.0.1"]]);
    let mut sandbox = Plan::listing(&[&target]).names(names).open().await;
    let answer = sandbox.ask(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.body.contains("not public") && answer.body.contains(&format!("private:{target}")),
        "{answer:?}"
    );
    assert!(!answer.body.contains("127.0.0.1"), "{answer:?}");
    assert!(matches!(
        sandbox.outcome().await,
        Outcome::Refused(Refusal::NotPublic { .. })
    ));
    assert_eq!(echo.connections(), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_connected_to_where_that_led() {
    let echo = Listening::start().await;
    let target = format!("turning.test:{}", echo.port());
    // A second lookup would lead to an address where nobody listens.
    let names = Names::default().lead("turning.test", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let mut sandbox = Plan::listing(&[&format!("private:{target}")]).names(names).open().await;
    let client = sandbox.tunnel(&target).await;
    drop((client, echo.accept().await));
    assert_eq!(sandbox.names.asked(), ["turning.test"]);
    let record = sandbox.record().await;
    assert_eq!(record.address.unwrap().ip().to_string(), "127.0.0.1");
}

#[tokio::test]
async fn a_name_that_turns_to_this_machine_after_a_public_answer_is_refused() {
    let echo = Echo::start().await;
    let target = format!("turning.test:{}", echo.port());
    // Nobody answers at a public address of a test; what counts is that the next lookup is decided on anew.
    let names = Names::default().lead("turning.test", &[&["255.255.255.255"], &["127.0.0.1"]]);
    let sandbox = Plan::listing(&[&target]).names(names).open().await;
    for _ in 0..2 {
        let answer = sandbox.ask(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!((sandbox.names.asked().len(), echo.connections()), (2, 0));
}

#[tokio::test]
async fn no_odd_spelling_leads_to_this_machine() {
    let echo = Echo::start().await;
    let port = echo.port();
    // Even with everything listed that is public, and a way to this machine by one spelling at another port.
    let sandbox = Plan::listing(&[&format!("0.0.0.0/0:{port}"), &format!("[::/0]:{port}"), "127.0.0.1:1"])
        .open()
        .await;
    for host in [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[::1%lo]",
        "[::1%25lo]",
        "[0:0:0:0:0:0:0:1]",
        "user@127.0.0.1",
        "127.0.0.1%00.example.com",
        "localhost",
        "LOCALHOST.",
    ] {
        for asked in [
            format!("CONNECT {host}:{port} HTTP/1.1\r\n\r\n"),
            format!("GET http://{host}:{port}/ HTTP/1.1\r\nhost: public.test\r\n\r\n"),
        ] {
            let answer = sandbox.ask(&asked).await;
            assert!(matches!(answer.status, 400 | 403), "{asked:?}: {answer:?}");
        }
    }
    assert_eq!(echo.connections(), 0);
    assert!(sandbox.names.asked().is_empty());
}

#[tokio::test]
async fn an_international_name_is_refused_with_what_to_write() {
    let mut sandbox = Plan::listing(&["*.test"]).open().await;
    for asked in [
        "CONNECT bücher.test:443 HTTP/1.1\r\n\r\n",
        "GET http://bücher.test/ HTTP/1.1\r\n\r\n",
    ] {
        let answer = sandbox.ask(asked).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("xn--"), "{answer:?}");
        assert!(matches!(sandbox.outcome().await, Outcome::Refused(Refusal::Host(_))));
    }
}

#[tokio::test]
async fn a_tunnel_takes_no_body() {
    let echo = Echo::start().await;
    let target = format!("127.0.0.1:{}", echo.port());
    let sandbox = Plan::listing(&[&target]).open().await;
    for header in ["content-length: 5", "transfer-encoding: chunked"] {
        let answer = sandbox
            .ask(&format!("CONNECT {target} HTTP/1.1\r\n{header}\r\n\r\nhello"))
            .await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(echo.connections(), 0);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_apart() {
    let refused = Listening::start().await.port();
    let names = Names::default().lead("nowhere.test", &[&[]]).lead("silent.test", &[]);
    let mut sandbox = Plan::listing(&["*.test", &format!("127.0.0.1:{refused}")])
        .names(names)
        .options(|options| options.connect_limit = std::time::Duration::from_millis(300))
        .open()
        .await;
    for (target, status) in [
        (format!("127.0.0.1:{refused}"), 502),
        ("nowhere.test:443".to_owned(), 502),
        ("unknown.test:443".to_owned(), 502),
        ("silent.test:443".to_owned(), 504),
    ] {
        let answer = sandbox.ask(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        let outcome = sandbox.outcome().await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{target}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_tunnel_in_which_nothing_moves_is_ended() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let limit = std::time::Duration::from_millis(200);
    let mut sandbox = Plan::listing(&[&target])
        .options(|options| options.idle_limit = limit)
        .open()
        .await;
    let mut client = sandbox.tunnel(&target).await;
    let _upstream = server.accept().await;
    assert_eq!(client.rest().await, "");
    let outcome = sandbox.outcome().await;
    let why = Failure::Idle { limit };
    assert_eq!(
        outcome,
        Outcome::Failed {
            why,
            sent: 0,
            received: 0
        }
    );
}

#[tokio::test]
async fn a_session_that_has_moved_all_it_may_is_cut_off() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&target])
        .options(|options| options.most_bytes = Some(8))
        .open()
        .await;
    let mut client = sandbox.tunnel(&target).await;
    let mut upstream = server.accept().await;
    client.say("12345\n").await;
    assert_eq!(upstream.line().await, "12345");
    client.say("67890\n").await;
    assert_eq!(upstream.rest().await, "");
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Failed {
            why: Failure::TooManyBytes,
            sent: 6,
            received: 0
        }
    );
    let answer = sandbox.ask(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn shutting_down_ends_open_tunnels_and_records_them() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&target]).open().await;
    let mut client = sandbox.tunnel(&target).await;
    let mut upstream = server.accept().await;
    client.say("hello\n").await;
    assert_eq!(upstream.line().await, "hello");
    within("the shutdown", SOON, sandbox.session.shutdown()).await;
    assert_eq!(
        (client.rest().await, upstream.rest().await),
        (String::new(), String::new())
    );
    let record = sandbox.records.try_recv().unwrap();
    let why = Failure::SessionEnded;
    assert_eq!(
        record.outcome,
        Outcome::Failed {
            why,
            sent: 6,
            received: 0
        }
    );
    assert!(tokio::net::UnixStream::connect(&sandbox.socket).await.is_err());
}

#[tokio::test]
async fn dropping_a_session_ends_its_tunnels() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let sandbox = Plan::listing(&[&target]).open().await;
    let mut client = sandbox.tunnel(&target).await;
    let mut upstream = server.accept().await;
    drop(sandbox);
    assert_eq!(
        (client.rest().await, upstream.rest().await),
        (String::new(), String::new())
    );
}
