//! The description of the API for programs: whole, sound, and the one that is committed.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::client::Answer;
use crate::server::Server;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

async fn description(server: &Server) -> Value {
    Answer::to(server.client.bare(Method::GET, "/openapi.json"))
        .await
        .done()
}

/// The operations with their paths and methods.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let item = item.as_object().unwrap();
        all.extend(
            item.iter()
                .map(|(method, operation)| (path.as_str(), method.as_str(), operation)),
        );
    }
    all
}

#[tokio::test]
async fn every_operation_says_what_it_does_takes_and_answers() {
    let server = Server::open().await;
    let document = description(&server).await;
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    let mut names = BTreeSet::new();
    let all = operations(&document);
    assert!(all.len() > 40, "{} operations", all.len());
    for (path, method, operation) in all {
        let shown = format!("{method} {path}: {operation:#}");
        assert!(METHODS.contains(&method), "{shown}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{shown}");
        assert!(
            operation["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{shown}"
        );
        assert!(operation["tags"][0].is_string(), "{shown}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{shown}");
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{status} of {shown}"
            );
            let content = response["content"]
                .as_object()
                .unwrap_or_else(|| panic!("{status} of {shown}"));
            assert!(
                content.values().all(|kind| kind["schema"].is_object()),
                "{status} of {shown}"
            );
        }
        assert!(
            responses.contains_key("4XX") && responses.contains_key("5XX"),
            "{shown}"
        );
        let declared = operation["parameters"].as_array().into_iter().flatten();
        let declared: BTreeSet<&str> = declared
            .filter(|p| p["in"] == "path")
            .filter_map(|p| p["name"].as_str())
            .collect();
        let used = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(declared, used.collect(), "{shown}");
    }
}

#[tokio::test]
async fn what_the_description_refers_to_is_in_it() {
    let server = Server::open().await;
    let document = description(&server).await;
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect<'a>(value: &'a Value, references: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn what_is_described_is_served_and_nothing_else_under_the_same_paths() {
    let server = Server::open().await;
    let document = description(&server).await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .strip_prefix("/api/v1")
            .unwrap_or_else(|| panic!("{path} is not of this version"));
        let path: Vec<&str> = path.split('/').map(example).collect();
        let answer = Answer::to(server.client.request(Method::TRACE, path.join("/"))).await;
        answer.problem(405, "wrong-method");
        let allowed = answer.headers["allow"].to_str().unwrap().to_lowercase();
        let allowed: BTreeSet<&str> = allowed
            .split(',')
            .map(str::trim)
            .filter(|method| *method != "head")
            .collect();
        let described: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(allowed, described, "{path:?}");
    }
}

/// A part of a path with something in place of its parameter.
fn example(part: &str) -> &str {
    match part {
        "{project}" | "{repository}" | "{agent}" => "shop",
        "{attempt}" => "s1-a1",
        number if number.starts_with('{') => "1",
        part => part,
    }
}

#[test]
fn routes_are_made_together_with_their_description() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains(".route("),
                "{} serves what is not described; use routes!",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn the_committed_description_is_the_one_that_is_served() {
    let server = Server::open().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let served = description(&server).await;
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, format!("{served:#}\n")).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let committed = serde_json::from_str(&committed).unwrap_or(Value::Null);
    if let Some(at) = difference(&committed, &served) {
        panic!(
            "docs/openapi.json is not what the server describes, from {at:?} on; renew it with \
             `UPDATE_OPENAPI=1 cargo test -p team6-server --test api openapi`, and see whether clients can live with that"
        );
    }
}

/// Where two documents begin to differ; the order of fields does not count.
fn difference(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names.into_iter().find_map(|name| {
                let none = &Value::Null;
                let within = difference(one.get(name).unwrap_or(none), other.get(name).unwrap_or(none));
                within.map(|rest| format!("/{name}{rest}"))
            })
        }
        _ if one == other => None,
        _ => Some(String::new()),
    }
}
