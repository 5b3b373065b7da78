//! The socket and its limits.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::{Echo, Listening, Plan, SOON};
use team6_egress::{Egress, EgressError, Gateway, GatewayError, Options, Outcome, Refusal, Rules, Secret, records};
use team6_testkit::wait::within;

fn egress() -> Egress {
    let (sender, _) = records(&Options::default());
    Egress::new(Rules::default(), sender)
}

#[tokio::test]
async fn the_socket_is_open_to_all_in_a_folder_that_is_open_to_none() {
    let sandbox = Plan::default().open().await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sandbox.socket), 0o666);
    assert_eq!(mode(sandbox.socket.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_folder_that_others_can_enter_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let error = egress().serve(&folder.path().join("egress.sock")).await.unwrap_err();
    assert!(matches!(error, EgressError::FolderOpenToOthers { .. }), "{error}");
}

#[tokio::test]
async fn an_old_socket_is_replaced_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("way/egress.sock");
    let old = egress().serve(&socket).await.unwrap();
    let new = egress().serve(&socket).await.unwrap();
    old.shutdown().await;
    assert!(tokio::net::UnixStream::connect(&socket).await.is_ok());
    new.shutdown().await;
    fs::remove_file(&socket).unwrap();
    fs::write(&socket, "precious").unwrap();
    let error = egress().serve(&socket).await.unwrap_err();
    assert!(matches!(error, EgressError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "precious");
}

#[tokio::test]
async fn a_path_that_is_too_long_is_refused_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let error = egress().serve(&folder.path().join("a".repeat(120))).await.unwrap_err();
    assert!(matches!(error, EgressError::PathTooLong { .. }), "{error}");
}

#[tokio::test]
async fn two_gateways_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = || {
        Gateway::new(
            "models",
            "http://127.0.0.1",
            "x-api-key",
            Secret::new("secret").unwrap(),
        )
        .unwrap()
    };
    let socket = folder.path().join("way/egress.sock");
    let error = egress()
        .gateways([gateway(), gateway()])
        .serve(&socket)
        .await
        .unwrap_err();
    assert!(
        matches!(error, EgressError::Gateway(GatewayError::Twice { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_channel_that_cannot_hold_a_record_of_every_connection_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, _records) = tokio::sync::mpsc::channel(1);
    let egress = Egress::new(Rules::default(), sender);
    let error = egress.serve(&folder.path().join("way/egress.sock")).await.unwrap_err();
    assert!(
        matches!(error, EgressError::RoomForRecords { room: 1, least: 144 }),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_has_its_place_when_another_ends() {
    let server = Listening::start().await;
    let target = format!("127.0.0.1:{}", server.port());
    let mut sandbox = Plan::listing(&[&target])
        .options(|options| options.connections = 2)
        .open()
        .await;
    let first = sandbox.tunnel(&target).await;
    let first_upstream = server.accept().await;
    let _second = sandbox.tunnel(&target).await;
    let _second_upstream = server.accept().await;
    let answer = sandbox.ask(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("2 connections"), "{answer:?}");
    assert_eq!(
        sandbox.outcome().await,
        Outcome::Refused(Refusal::TooManyConnections { most: 2 })
    );
    drop((first, first_upstream));
    assert!(matches!(sandbox.outcome().await, Outcome::Done { .. }));
    // The place is given back just after the record.
    let third = async {
        loop {
            let mut client = sandbox.connect().await;
            client.say(&format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
            if client.head().await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    within("a place for a third connection", SOON, third).await;
}

#[tokio::test]
async fn nothing_passes_when_nobody_reads_the_records_any_more() {
    let echo = Echo::start().await;
    let mut sandbox = Plan::listing(&[&echo.address.to_string()]).open().await;
    sandbox.records.close();
    let answer = sandbox
        .ask(&format!("GET http://{}/ HTTP/1.1\r\n\r\n", echo.address))
        .await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("without a record"), "{answer:?}");
    assert_eq!(echo.connections(), 0);
}

#[tokio::test]
async fn requests_wait_for_their_records_to_be_read() {
    let mut sandbox = Plan::listing(&[])
        .options(|options| options.connections = 1)
        .open()
        .await;
    let mut client = sandbox.connect().await;
    let room = sandbox.records.max_capacity();
    let asked = "GET http://unlisted.test/ HTTP/1.1\r\n\r\n";
    for _ in 0..room {
        client.say(asked).await;
        assert_eq!(client.answer().await.status, 403);
        client = sandbox.connect().await;
    }
    client.say(asked).await;
    // The channel is full, so the answer cannot come before a record is read.
    assert_eq!(sandbox.records.len(), room);
    sandbox.record().await;
    assert_eq!(client.answer().await.status, 403);
    assert_eq!(sandbox.records.len(), room);
}
