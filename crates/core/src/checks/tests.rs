//! Checks as they are found, and receipts as they are sealed and verified.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use super::*;

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files: BTreeMap<String, String> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let found = find(&files).into_iter();
    found
        .map(|one| format!("{}: {}", one.check.name, one.check.command))
        .collect()
}

#[test]
fn checks_are_found_in_the_files_of_each_language() {
    assert_eq!(found(&[("Cargo.toml", "[package]")]), ["test: cargo test"]);
    assert_eq!(found(&[("go.mod", "module shop")]), ["test: go test ./..."]);
    let python = [("pyproject.toml", "[tool.pytest.ini_options]")];
    assert_eq!(found(&python), ["test: python3 -m pytest"]);
    assert_eq!(found(&[("pyproject.toml", "[project]\nname = \"shop\"")]), [""; 0]);
    let package = r#"{"scripts": {"test": "vitest", "lint": "eslint ."}}"#;
    assert_eq!(
        found(&[("package.json", package)]),
        ["test: npm run test", "lint: npm run lint"]
    );
    let pnpm = [("package.json", package), ("pnpm-lock.yaml", "")];
    assert_eq!(found(&pnpm), ["test: pnpm run test", "lint: pnpm run lint"]);
    assert_eq!(found(&[("README.md", "cargo test")]), [""; 0]);
}

#[test]
fn what_npm_writes_into_a_new_package_is_no_check() {
    let package = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert_eq!(found(&[("package.json", package)]), [""; 0]);
    assert_eq!(found(&[("package.json", "{ not json")]), [""; 0]);
}

#[test]
fn the_targets_of_a_team_come_before_what_is_usual() {
    let makefile = "TEST := x\ntest: build\n\tcargo test\nlint:\n\tcargo clippy\ntests:\n";
    let files = [("Makefile", makefile), ("Cargo.toml", "")];
    assert_eq!(found(&files), ["test: make test", "lint: make lint"]);
    assert_eq!(
        found(&[("justfile", "test *args:\n  cargo test\n")]),
        ["test: just test"]
    );
    assert_eq!(found(&[("Makefile", "test := 1\ntest = 2\n.PHONY: test\n")]), [""; 0]);
}

#[test]
fn the_tests_of_two_languages_have_two_names() {
    let files = [("Cargo.toml", ""), ("go.mod", "")];
    assert_eq!(found(&files), ["test: cargo test", "go-test: go test ./..."]);
}
