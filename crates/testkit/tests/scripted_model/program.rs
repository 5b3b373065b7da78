//! The program for use by hand.

use std::process::Stdio;

use serde_json::{Value, json};
use team6_testkit::wait::within;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::client::LIMIT;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scripted-model"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn it_says_where_it_listens_and_what_it_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, "[[scripts]]\nturns = [{ text = \"by hand\" }]").unwrap();
    let mut child = program().arg("--scenario").arg(&scenario).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = within("its address", LIMIT, lines.next_line()).await.unwrap().unwrap();
    let ask = json!({ "tools": [{ "name": "x" }], "input": "go" });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("{url}/v1/responses"))
        .json(&ask)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["output"][0]["content"][0]["text"], "by hand");
    let told = within("its report", LIMIT, lines.next_line()).await.unwrap().unwrap();
    assert_eq!(told, "1 POST /v1/responses Played { script: 1, turn: 1 }");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_wrong_scenario_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.json");
    std::fs::write(&scenario, r#"{ "scripts": [{ "turns": [] }] }"#).unwrap();
    let ended = within("its end", LIMIT, program().arg("--scenario").arg(&scenario).output()).await;
    let ended = ended.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(said, "failed to play the scenario: script 1: it has no turns\n");
}
