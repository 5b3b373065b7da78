//! Servers that cannot start, and what their operators are told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::net::TcpListener;

use harness::Place;

#[test]
fn a_port_that_is_taken_is_named_with_the_setting_and_nothing_is_touched() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let place = Place::listening(address.port(), "");
    let said = place.fails(1, &["up"]);
    assert!(said.contains(&format!("server.listen is {address}")), "{said}");
    assert!(
        said.contains("in use") && said.contains("TEAM6_SERVER__LISTEN"),
        "{said}"
    );
    assert!(!place.path().join("team6-data").exists(), "{said}");
}

#[test]
fn a_second_server_on_the_same_folder_is_told_who_holds_it() {
    let place = Place::new("");
    let first = place.up(&[]);
    let said = place.fails(1, &["up"]);
    assert!(said.contains(&format!("in use by process {}", first.pid())), "{said}");
    assert!(said.contains("team6-data"), "{said}");
    place.ok(&["project", "add", "shop"]);
    assert!(first.stop());
}
