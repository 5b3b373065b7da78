//! The configuration as an operator writes it, and what is said about mistakes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use team6_server::config::{Origin, load};

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("team6.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn said(text: &str) -> String {
    let (_folder, path) = file(text);
    load(Some(&path))
        .unwrap_err()
        .to_string()
        .replace(&path.display().to_string(), "team6.toml")
}

#[test]
fn a_file_is_laid_over_the_built_in_values_and_every_value_tells_its_origin() {
    let (_folder, path) =
        file("me = \"ada\"\n[limits]\nsilence = \"20m\"\n[people.ada]\nname = \"Ada\"\nemail = \"ada@example.org\"\n");
    let loaded = load(Some(&path)).unwrap();
    let policy = loaded.config.limits.policy().unwrap();
    assert_eq!(policy.silence.as_secs(), 20 * 60);
    assert_eq!(policy.heartbeat.as_secs(), 30);
    let origin = |key: &str| loaded.values.iter().find(|v| v.key == key).map(|v| v.origin.clone());
    assert_eq!(origin("limits.silence"), Some(Origin::File(path.clone())));
    assert_eq!(origin("limits.heartbeat"), Some(Origin::Default));
    assert_eq!(origin("people.ada.name"), Some(Origin::File(path)));
}

#[test]
fn mistakes_are_named_with_what_was_probably_meant() {
    insta::assert_snapshot!(said("[servr]\nlisten = \"127.0.0.1:1\"\n"), @r#"team6.toml has the key "servr", which does not exist; did you mean "server"?"#);
    insta::assert_snapshot!(said("[limits]\nheartbeats = \"3s\"\n"), @r#"team6.toml has the key "limits.heartbeats", which does not exist; did you mean "limits.heartbeat"?"#);
    assert!(said("[limits]\nheartbeat = \"soon\"\n").starts_with("limits.heartbeat: failed to parse"));
    insta::assert_snapshot!(said("[limits]\nlease = \"10s\"\n"), @"limits.lease is shorter than two heartbeats; a single late one would end an attempt");
    insta::assert_snapshot!(said("me = \"bob\"\n"), @r#"me is "bob", who is not one of the people; add [people.bob] with name and email"#);
    assert!(said("[people.\"Bob B\"]\nname = \"B\"\nemail = \"b\"\n").contains("person \"Bob B\" is not valid"));
    assert!(said("data = [1\n").contains("line 1, column 11"));
}
