//! Real agents do what the scripted model says: install, start, one turn with a file, one with a tool of an MCP server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod acp;

use std::fs;
use std::time::Instant;

use acp::Client;
use serde_json::{Value, json};
use team6_testkit::real_agents::{Agent, ensure};
use team6_testkit::scripted_model::{Outcome, Scenario, Script, ScriptedModel};

/// An MCP server on stdio with one tool, which writes down what it is told.
const NOTEBOOK: &str = r#"
const fs = require("fs");
const tool = { name: "take_note", description: "Takes a note.",
    inputSchema: { type: "object", properties: { note: { type: "string" } }, required: ["note"] } };
const answer = (request) => {
    switch (request.method) {
        case "initialize":
            return { protocolVersion: request.params.protocolVersion, capabilities: { tools: {} },
                serverInfo: { name: "notebook", version: "1" } };
        case "tools/list": return { tools: [tool] };
        case "tools/call":
            fs.writeFileSync(process.argv[2], request.params.arguments.note);
            return { content: [{ type: "text", text: "noted" }] };
        default: return {};
    }
};
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const request = JSON.parse(line);
    if (request.id !== undefined) {
        console.log(JSON.stringify({ jsonrpc: "2.0", id: request.id, result: answer(request) }));
    }
});
"#;

/// Plays two turns with an agent; `write` is its own way to write the file whose path is `{capture.path}`.
async fn obeys(agent: Agent, write: (&str, Value)) {
    let installed = ensure(agent).await.unwrap_or_else(|error| panic!("failed to {error}"));
    let desk = tempfile::tempdir().unwrap();
    let [home, cwd] = ["home", "work"].map(|name| desk.path().join(name));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&cwd).unwrap();
    let [server, note, greeting] = ["notebook.cjs", "note.txt", "work/greeting.txt"].map(|name| desk.path().join(name));
    fs::write(&server, NOTEBOOK).unwrap();
    let scenario = Scenario::new()
        .script(
            Script::when("Greet the world")
                .capture("path", r"greeting goes to (\S+)")
                .calls(write.0, write.1)
                .says("It is written."),
        )
        .script(
            Script::when("Take a note")
                .capture("note", r"note (N-\d+)")
                .calls("take_note", json!({ "note": "{capture.note}" }))
                .says("It is noted."),
        );
    let model = ScriptedModel::start(scenario).await.unwrap();
    let launch = installed.launch(&home, &model.url()).unwrap();
    let servers = json!([{ "name": "notebook", "command": "node", "args": [server, note], "env": [] }]);

    let started = Instant::now();
    let mut client = Client::open(agent, &launch, &cwd, servers).await;
    let opened = started.elapsed();
    let prompt = format!("Greet the world. The greeting goes to {}", greeting.display());
    assert_eq!(client.prompt(&prompt).await, "end_turn");
    let written = fs::read_to_string(&greeting);
    let prompted = started.elapsed();
    let requests = model.requests();
    assert!(
        matches!(&written, Ok(text) if text.trim_end() == "hello"),
        "{written:?}; the model was asked {:#?}; the agent said {:#?}",
        requests
            .iter()
            .map(|r| (&r.line, r.last_said(), &r.tools, &r.results, &r.outcome))
            .collect::<Vec<_>>(),
        client.updates
    );
    assert_eq!(client.prompt("Take a note N-12").await, "end_turn");
    let noted = fs::read_to_string(&note);
    assert!(
        matches!(&noted, Ok(text) if text == "N-12"),
        "{noted:?}; the agent said {:#?}; the model was offered {:?}",
        client.updates,
        model.requests().last().map(|request| request.body["tools"].clone())
    );
    let refused: Vec<_> = model
        .requests()
        .iter()
        .filter(|r| matches!(r.outcome, Outcome::Refused(_)))
        .cloned()
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let (members, memory) = (client.tree.members().len(), client.tree.memory() / 1_000_000);
    println!("{agent}: session after {opened:?}, first turn after {prompted:?}; {members} processes, {memory} MB");
    client.tree.end().await.unwrap();
    model.stop().await;
}

#[tokio::test]
async fn claude_code_does_what_the_model_says() {
    let input = json!({ "file_path": "{capture.path}", "content": "hello" });
    obeys(Agent::ClaudeCode, ("Write", input)).await;
}

#[tokio::test]
async fn opencode_does_what_the_model_says() {
    let input = json!({ "filePath": "{capture.path}", "content": "hello" });
    obeys(Agent::OpenCode, ("write", input)).await;
}

#[tokio::test]
async fn codex_does_what_the_model_says() {
    let input = json!({ "cmd": "echo hello > {capture.path}" });
    obeys(Agent::Codex, ("exec_command", input)).await;
}
