//! The least of an ACP client: it writes and reads the very lines, so that no library stands between test and agent.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use team6_testkit::processes::ProcessTree;
use team6_testkit::real_agents::{Agent, Launch};
use team6_testkit::wait::within;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::ChildStdout;

const LIMIT: Duration = Duration::from_secs(90);

/// A running agent with one session.
pub(crate) struct Client {
    pub(crate) tree: ProcessTree,
    lines: Lines<BufReader<ChildStdout>>,
    session: String,
    requests: u64,
    /// The updates of the session so far.
    pub(crate) updates: Vec<Value>,
}

impl Client {
    /// Starts the agent, says hello, and opens a session in `cwd` in which no tool needs a permission.
    pub(crate) async fn open(agent: Agent, launch: &Launch, cwd: &Path, servers: Value) -> Self {
        let mut command = launch.command();
        command
            .current_dir(cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut tree = ProcessTree::spawn(&mut command).unwrap();
        let lines = BufReader::new(tree.root.stdout.take().unwrap()).lines();
        let mut client = Self {
            tree,
            lines,
            session: String::new(),
            requests: 0,
            updates: Vec::new(),
        };
        let hello = json!({ "protocolVersion": 1, "clientCapabilities": {} });
        assert_eq!(client.request("initialize", hello).await["protocolVersion"], 1);
        let session = client
            .request("session/new", json!({ "cwd": cwd, "mcpServers": servers }))
            .await;
        client.session = session["sessionId"].as_str().unwrap().to_owned();
        if let Some(mode) = agent.mode() {
            let params = json!({ "sessionId": client.session, "modeId": mode });
            client.request("session/set_mode", params).await;
        }
        client
    }

    /// One turn of the agent: its stop reason.
    pub(crate) async fn prompt(&mut self, text: &str) -> String {
        let params = json!({ "sessionId": self.session, "prompt": [{ "type": "text", "text": text }] });
        let answer = self.request("session/prompt", params).await;
        answer["stopReason"].as_str().unwrap().to_owned()
    }

    async fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        loop {
            let line = within(format!("the answer to {method}"), LIMIT, self.lines.next_line()).await;
            let Some(line) = line.unwrap() else {
                panic!("the agent ended before it answered {method}: {:#?}", self.updates)
            };
            // Agents print banners between their messages.
            let Ok(message) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            match message["method"].as_str() {
                None if message["id"] == id => {
                    assert!(
                        message["error"].is_null(),
                        "{method}: {message} after {:#?}",
                        self.updates
                    );
                    return message["result"].clone();
                }
                None => {}
                Some("session/update") => self.updates.push(message["params"]["update"].clone()),
                Some(_) if message["id"].is_null() => {}
                Some(asked) => {
                    let error = json!({ "code": -32601, "message": format!("{asked} is not offered") });
                    self.write(&json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }))
                        .await;
                }
            }
        }
    }

    async fn write(&mut self, message: &Value) {
        let line = format!("{message}\n");
        let stdin = self.tree.root.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).await.unwrap();
    }
}
