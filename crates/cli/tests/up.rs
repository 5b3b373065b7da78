//! Servers that cannot start, and what their operators are told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use harness::{Place, Watching};
use serde_json::Value;

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
fn a_port_that_becomes_free_in_a_moment_is_waited_for() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::listening(other.local_addr().unwrap().port(), "");
    let mut command = place.command(&["up", "--json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut server = Watching { child };
    let mut errors = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let said = errors.next().unwrap().unwrap();
    assert!(said.ends_with("is in use; waiting a moment for it"), "{said}");
    drop(other);
    let mut lines = BufReader::new(server.child.stdout.take().unwrap()).lines();
    let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(ready["recovered"]["attempts"], 0);
}

#[test]
fn a_program_that_starts_it_reads_one_line_when_it_is_ready() {
    let place = Place::new("");
    let mut server = place.spawn(&["up", "--json"]);
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = ready["url"].as_str().unwrap();
    place.ok(&["--server", url, "project", "add", "shop"]);
    assert!(ready["token_file"].as_str().unwrap().ends_with("/token"), "{ready}");
    assert_eq!(ready["recovered"]["attempts"], 0);
    let pid = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn a_second_server_on_the_same_folder_and_port_is_told_of_the_folder_which_is_the_cause() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let place = Place::listening(port, "");
    let first = place.up(&[]);
    let said = place.fails(1, &["up"]);
    assert!(said.contains(&format!("in use by process {}", first.pid())), "{said}");
    assert!(said.contains("team6-data") && !said.contains("server.listen"), "{said}");
    assert!(first.stop());
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
