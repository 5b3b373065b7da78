//! The least of an ACP client: it writes and reads the very lines, so that it shares no code with the agent.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const LIMIT: Duration = Duration::from_secs(30);

/// A workspace with a repository of one commit, and a scenario.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn with(scenario: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(desk.cwd()).unwrap();
        desk.set(scenario);
        for args in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["config", "user.name", "Agent"],
            &["config", "user.email", "agent@example.org"],
            &["commit", "--quiet", "--allow-empty", "-m", "first"],
        ] {
            desk.git(args);
        }
        desk
    }

    pub(crate) fn set(&self, scenario: &str) {
        std::fs::write(self.scenario(), scenario).unwrap();
    }

    pub(crate) fn cwd(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    pub(crate) fn scenario(&self) -> PathBuf {
        self.folder.path().join("scenario.toml")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.cwd().join(path)).unwrap()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = std::process::Command::new("git")
            .args(args)
            .current_dir(self.cwd())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A pipe by name: whoever reads it sees its end when its last writer has ended.
    pub(crate) fn pipe(&self) -> PathBuf {
        let path = self.folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        path
    }

    /// An agent with a session in this workspace.
    pub(crate) async fn agent(&self) -> Agent {
        let mut agent = self.start().await;
        agent
            .open("session/new", json!({ "cwd": self.cwd(), "mcpServers": [] }))
            .await;
        agent
    }

    /// An agent that has said hello and has no session.
    pub(crate) async fn start(&self) -> Agent {
        let mut child = Command::new(env!("CARGO_BIN_EXE_team6-scripted-agent"))
            .arg(self.scenario())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut agent = Agent {
            stdin: child.stdin.take(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            session: String::new(),
            requests: 0,
            permission: json!({ "outcome": "selected", "optionId": "allow" }),
            updates: Vec::new(),
            noise: Vec::new(),
        };
        let hello = agent
            .request("initialize", json!({ "protocolVersion": 1, "clientCapabilities": {} }))
            .await
            .unwrap();
        assert_eq!(hello["protocolVersion"], 1);
        assert_eq!(hello["agentCapabilities"]["loadSession"], true);
        assert!(
            hello["agentCapabilities"]["sessionCapabilities"]["resume"].is_object(),
            "{hello}"
        );
        agent
    }
}

/// A running agent.
pub(crate) struct Agent {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) session: String,
    requests: u64,
    /// What is answered to requests for permission.
    pub(crate) permission: Value,
    /// The updates since the last prompt.
    pub(crate) updates: Vec<Value>,
    /// Lines that were no messages.
    pub(crate) noise: Vec<String>,
}

impl Agent {
    pub(crate) async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.requests += 1;
        let id = self.requests;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        id
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send(method, params).await;
        self.answer(id).await
    }

    pub(crate) async fn open(&mut self, method: &str, params: Value) {
        let opened = self.request(method, params.clone()).await.unwrap();
        let id = opened["sessionId"].as_str().or(params["sessionId"].as_str());
        self.session = id.unwrap().to_owned();
    }

    pub(crate) async fn begin(&mut self, text: &str) -> u64 {
        self.updates.clear();
        let prompt = json!({ "sessionId": self.session, "prompt": [{ "type": "text", "text": text }] });
        self.send("session/prompt", prompt).await
    }

    /// Prompts and waits for the end of the turn.
    pub(crate) async fn prompt(&mut self, text: &str) -> Result<Value, Value> {
        let id = self.begin(text).await;
        self.answer(id).await
    }

    /// Prompts and waits for the stop reason.
    pub(crate) async fn stops(&mut self, text: &str) -> String {
        self.prompt(text).await.unwrap()["stopReason"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn cancel(&mut self) {
        let params = json!({ "sessionId": self.session });
        self.write(&json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params }))
            .await;
    }

    /// Waits for an update whose JSON contains a text.
    pub(crate) async fn sees(&mut self, text: &str) {
        while !self.updates.iter().any(|update| update.to_string().contains(text)) {
            let message = self.next().await;
            assert!(
                message.get("method").is_some(),
                "an answer before {text:?}: {message}; saw {:#?}",
                self.updates
            );
        }
    }

    pub(crate) async fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            let message = self.next().await;
            if message["id"] == id && message.get("method").is_none() {
                return message.get("result").cloned().ok_or_else(|| message["error"].clone());
            }
        }
    }

    /// The next message; updates are kept, requests for permission answered.
    async fn next(&mut self) -> Value {
        loop {
            let line = tokio::time::timeout(LIMIT, self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no message in time; saw {:#?}", self.updates));
            let line = line
                .unwrap()
                .unwrap_or_else(|| panic!("the agent has ended; saw {:#?}", self.updates));
            let message: Value = match serde_json::from_str(&line) {
                Ok(message @ Value::Object(_)) => message,
                _ => {
                    self.noise.push(line);
                    continue;
                }
            };
            if message["method"] == "session/update" {
                assert_eq!(message["params"]["sessionId"], self.session.as_str());
                self.updates.push(message["params"]["update"].clone());
            }
            if message["method"] == "session/request_permission" {
                let answer = json!({ "outcome": self.permission });
                self.write(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": answer }))
                    .await;
            }
            return message;
        }
    }

    async fn write(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    /// Closes stdin and waits for the exit code.
    pub(crate) async fn leave(mut self) -> Option<i32> {
        self.stdin.take();
        self.ended().await
    }

    /// Waits for the process to end by itself.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let wait = async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                self.noise.push(line);
            }
            self.child.wait().await.unwrap().code()
        };
        tokio::time::timeout(LIMIT, wait).await.expect("the agent ends in time")
    }

    /// What was said, piece by piece.
    pub(crate) fn said(&self) -> Vec<&str> {
        let chunks = self
            .updates
            .iter()
            .filter(|update| update["sessionUpdate"] == "agent_message_chunk");
        chunks.filter_map(|chunk| chunk["content"]["text"].as_str()).collect()
    }

    /// Tool calls, each with its updates merged into it.
    pub(crate) fn calls(&self) -> Vec<Value> {
        let mut calls: Vec<Value> = Vec::new();
        for update in &self.updates {
            match update["sessionUpdate"].as_str() {
                Some("tool_call") => calls.push(update.clone()),
                Some("tool_call_update") => {
                    let call = calls
                        .iter_mut()
                        .find(|call| call["toolCallId"] == update["toolCallId"])
                        .unwrap();
                    for (name, value) in update.as_object().unwrap() {
                        call[name] = value.clone();
                    }
                }
                _ => {}
            }
        }
        calls
    }
}
