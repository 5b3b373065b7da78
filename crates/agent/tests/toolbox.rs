//! The toolbox as an agent meets it: an MCP client, the real bridge process, the session's socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService, ServiceExt};
use serde_json::{Value, json};
use team6_agent::toolbox::{
    Accepted, McpServerSpec, Refused, SessionToken, ToolCall, ToolHandler, ToolSet, Toolbox, ToolboxError,
    ToolboxSession,
};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

const LIMIT: Duration = Duration::from_secs(30);

/// Takes everything but plans that speak of a "forbidden" thing, and remembers what it took.
#[derive(Default)]
struct Memory {
    calls: Mutex<Vec<ToolCall>>,
}

#[async_trait]
impl ToolHandler for Memory {
    async fn call(&self, call: ToolCall) -> Result<Accepted, Refused> {
        if let ToolCall::SubmitPlan(plan) = &call
            && plan.prd.contains("forbidden")
        {
            return Err(Refused::because("the sprint is already approved; ask for a new one"));
        }
        self.calls.lock().unwrap().push(call);
        Ok(Accepted::new("taken"))
    }
}

struct Session {
    folder: TempDir,
    memory: Arc<Memory>,
    session: ToolboxSession,
}

fn toolbox() -> Toolbox {
    Toolbox::new(env!("CARGO_BIN_EXE_team6-toolbox-bridge"), [] as [&str; 0])
}

async fn session(tools: ToolSet) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(Memory::default());
    let token = SessionToken::random().unwrap();
    let handler = Arc::clone(&memory) as Arc<dyn ToolHandler>;
    let session = toolbox()
        .serve(&folder.path().join("s"), token, tools, handler)
        .await
        .unwrap();
    Session {
        folder,
        memory,
        session,
    }
}

fn bridge(spec: &McpServerSpec) -> Child {
    let mut command = Command::new(&spec.command);
    command.args(&spec.args).env_clear().envs(&spec.env).kill_on_drop(true);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// An MCP client over a bridge of its own.
struct Client {
    service: RunningService<RoleClient, ()>,
    bridge: Child,
}

impl Client {
    async fn connect(spec: &McpServerSpec) -> Client {
        let mut bridge = bridge(spec);
        let stdio = (bridge.stdout.take().unwrap(), bridge.stdin.take().unwrap());
        Client {
            service: ().serve(stdio).await.unwrap(),
            bridge,
        }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> (bool, String) {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let result = tokio::time::timeout(LIMIT, self.service.call_tool(request))
            .await
            .expect("an answer in time");
        told(&result.expect("a tool result, not a protocol error"))
    }

    /// Ends like an agent does: closes the bridge's stdin. Returns the bridge's exit code and stderr.
    async fn leave(mut self) -> (Option<i32>, String) {
        self.service.cancel().await.unwrap();
        ended(&mut self.bridge).await
    }
}

fn told(result: &CallToolResult) -> (bool, String) {
    let text: Vec<&str> = result
        .content
        .iter()
        .filter_map(|part| part.as_text())
        .map(|text| text.text.as_str())
        .collect();
    (!result.is_error.unwrap_or(false), text.join("\n"))
}

async fn ended(bridge: &mut Child) -> (Option<i32>, String) {
    let mut stderr = String::new();
    let mut pipe = bridge.stderr.take().unwrap();
    let end = async {
        pipe.read_to_string(&mut stderr).await.unwrap();
        bridge.wait().await.unwrap().code()
    };
    let code = tokio::time::timeout(LIMIT, end).await.expect("the bridge ends in time");
    (code, stderr)
}

fn plan() -> Value {
    json!({ "prd": "# Search", "tasks": [{
        "key": "index", "title": "Keep an index", "what": "w", "why": "y", "acceptance_criteria": ["a"],
        "estimate_minutes": 40, "specialty": "backend", "repositories": ["notes"],
    }]})
}

#[tokio::test]
async fn a_plan_has_tasks_and_how_many_is_for_the_engine_to_say() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let mut none = plan();
    none["tasks"] = json!([]);
    let (taken, said) = client.call("submit_plan", none).await;
    assert!(!taken && said.contains("tasks"), "{said}");
    let mut many = plan();
    let tasks = (0..2_000).map(|n| {
        let mut task = many["tasks"][0].clone();
        task["key"] = json!(format!("t{n}"));
        task
    });
    many["tasks"] = tasks.collect();
    assert_eq!(client.call("submit_plan", many).await, (true, "taken".into()));
    let calls = s.memory.calls.lock().unwrap().clone();
    let [ToolCall::SubmitPlan(plan)] = calls.as_slice() else {
        panic!("{} calls", calls.len());
    };
    assert_eq!(plan.tasks.len(), 2_000);
}

#[tokio::test]
async fn a_planner_sees_its_tools_and_its_calls_arrive_typed() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let tools = client.service.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(
        names,
        ["submit_plan", "ask_question", "report_progress", "remember", "recall"]
    );

    let question = json!({ "question": "q?", "why": "y", "kind": "scope", "options": null });
    for (tool, arguments) in [
        ("submit_plan", plan()),
        ("ask_question", question),
        ("report_progress", json!({ "text": "t" })),
        (
            "remember",
            json!({ "kind": "decision", "text": "Notes are kept in files.", "evidence": "ada said so" }),
        ),
        ("recall", json!({ "question": "where are notes kept" })),
    ] {
        assert_eq!(client.call(tool, arguments).await, (true, "taken".into()), "{tool}");
    }
    let calls = s.memory.calls.lock().unwrap().clone();
    let [
        ToolCall::SubmitPlan(plan),
        ToolCall::AskQuestion(_),
        ToolCall::ReportProgress(_),
        ToolCall::Remember(_),
        ToolCall::Recall(_),
    ] = calls.as_slice()
    else {
        panic!("{calls:?}");
    };
    assert_eq!(plan.tasks[0].key.as_str(), "index");
    assert_eq!(client.leave().await, (Some(0), String::new()));
}

#[tokio::test]
async fn a_specialist_sees_its_tools_and_its_calls_arrive_typed() {
    let s = session(ToolSet::specialist()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let done = json!({ "summary_what": "w", "summary_why": "y",
        "tests": [{ "command": "make test", "outcome": "not_run", "detail": "no make here" }],
        "answers": [{ "thread": 7, "commit": "a".repeat(40), "text": "done" }] });
    for (tool, arguments) in [("ask_owner", json!({ "question": "q?" })), ("complete_task", done)] {
        assert_eq!(client.call(tool, arguments).await, (true, "taken".into()), "{tool}");
    }
    let calls = s.memory.calls.lock().unwrap().clone();
    let [ToolCall::AskOwner(_), ToolCall::CompleteTask(done)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(done.answers[0].thread.0, 7);
}

#[tokio::test]
async fn a_call_of_the_wrong_shape_is_refused_with_all_reasons_and_does_not_arrive() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let mut wrong = plan();
    wrong["tasks"][0]["title"] = json!(" ");
    wrong["tasks"][0]["estimate_minutes"] = json!(-5);
    wrong["prd"] = json!(null);
    let (accepted, text) = client.call("submit_plan", wrong).await;
    assert!(!accepted);
    insta::assert_snapshot!(text, @r#"
    submit_plan was refused and nothing was changed. Mend this and call it again:
    - tasks[0].title: is empty; give this: One line that says what will be there, such as "Add a parser for queries".
    - tasks[0].estimate_minutes: -5 is out of range; give 1 to 10080
    - prd: is missing; give this: The product requirements in Markdown: a title, the goal, a summary, what is in and what is out of scope.
    "#);
    let mut circle = plan();
    circle["tasks"][0]["depends_on"] = json!(["index"]);
    for (tool, arguments) in [
        ("submit_plan", circle),
        ("submit_plan", json!({ "prd": "p", "tasks": [] })),
        (
            "ask_question",
            json!({ "question": "q?", "why": "y", "kind": "gossip" }),
        ),
        ("report_progress", json!({ "text": "t", "percent": 101 })),
        ("complete_task", json!({ "summary_what": "w", "summary_why": "y" })),
        ("no_such_tool", json!({})),
    ] {
        let (accepted, text) = client.call(tool, arguments).await;
        assert!(!accepted && text.contains("\n- "), "{tool}: {text}");
    }
    assert_eq!(*s.memory.calls.lock().unwrap(), []);
}

#[tokio::test]
async fn a_refusal_of_the_engine_reaches_the_agent_in_words() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let mut plan = plan();
    plan["prd"] = json!("# The forbidden thing");
    let (accepted, text) = client.call("submit_plan", plan).await;
    assert!(!accepted);
    assert!(
        text.ends_with("- the sprint is already approved; ask for a new one"),
        "{text}"
    );
}

#[tokio::test]
async fn a_call_over_one_mebibyte_is_refused_and_the_session_goes_on() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let (accepted, text) = client
        .call("report_progress", json!({ "text": "x".repeat(2 * 1024 * 1024) }))
        .await;
    assert!(!accepted && text.contains("1048576 are allowed"), "{text}");
    assert!(client.call("report_progress", json!({ "text": "shorter" })).await.0);
}

#[tokio::test]
async fn a_message_without_end_ends_the_connection_and_not_the_session() {
    let s = session(ToolSet::planner()).await;
    let client = Client::connect(s.session.mcp_server()).await;
    let mut endless = bridge(s.session.mcp_server());
    let mut stdin = endless.stdin.take().unwrap();
    let piece = vec![b'x'; 1024 * 1024];
    let flood = async { while stdin.write_all(&piece).await.is_ok() {} };
    tokio::time::timeout(LIMIT, flood)
        .await
        .expect("the bridge stops to listen");
    assert_eq!(ended(&mut endless).await.0, Some(1));
    assert!(client.call("report_progress", json!({ "text": "t" })).await.0);
}

#[tokio::test]
async fn lines_that_are_no_messages_are_survived() {
    let s = session(ToolSet::planner()).await;
    let mut bridge = bridge(s.session.mcp_server());
    let mut stdin = bridge.stdin.take().unwrap();
    let mut lines = BufReader::new(bridge.stdout.take().unwrap()).lines();
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } } });
    stdin.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
    assert!(lines.next_line().await.unwrap().unwrap().contains("\"team6\""));
    let initialized = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
    let ping = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n";
    stdin
        .write_all(format!("{initialized}not json\n\n\u{1}\n{ping}").as_bytes())
        .await
        .unwrap();
    let answer = tokio::time::timeout(LIMIT, lines.next_line())
        .await
        .expect("an answer in time")
        .unwrap()
        .unwrap();
    assert!(answer.contains("\"id\":2"), "{answer}");
}

#[tokio::test]
async fn another_token_is_turned_away() {
    let s = session(ToolSet::planner()).await;
    let mut spec = s.session.mcp_server().clone();
    spec.env
        .values_mut()
        .for_each(|token| *token = SessionToken::random().unwrap().reveal().into());
    let (code, stderr) = ended(&mut bridge(&spec)).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("the token is not that of this session"), "{stderr}");
    spec.env.clear();
    let (code, stderr) = ended(&mut bridge(&spec)).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("TEAM6_TOOLBOX_TOKEN is not set"), "{stderr}");
}

#[tokio::test]
async fn an_agent_that_comes_back_finds_its_tools_again() {
    let s = session(ToolSet::specialist()).await;
    for round in ["first", "second"] {
        let client = Client::connect(s.session.mcp_server()).await;
        assert!(client.call("report_progress", json!({ "text": round })).await.0);
        assert_eq!(client.leave().await.0, Some(0));
    }
    assert_eq!(s.memory.calls.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn after_the_session_the_bridge_ends_and_says_why() {
    let s = session(ToolSet::planner()).await;
    let spec = s.session.mcp_server().clone();
    let mut client = Client::connect(&spec).await;
    s.session.shutdown().await;
    let (code, stderr) = ended(&mut client.bridge).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("the engine has closed this session"), "{stderr}");
    let (code, stderr) = ended(&mut bridge(&spec)).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("the session has ended or the engine has stopped"),
        "{stderr}"
    );
}

#[tokio::test]
async fn only_the_engines_user_reaches_the_socket_and_the_token_is_not_shown() {
    let s = session(ToolSet::planner()).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&s.folder.path().join("s")), 0o700);
    assert_eq!(mode(&s.folder.path().join("s/toolbox.sock")), 0o600);
    let spec = s.session.mcp_server();
    let token = spec.env.values().next().unwrap();
    assert!(!format!("{spec:?} {:?}", s.session).contains(token.as_str()));
    assert!(!spec.args.iter().any(|arg| arg.contains(token.as_str())));
}

#[tokio::test]
async fn a_folder_that_cannot_serve_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let serve = async |path: &std::path::Path| {
        let handler = Arc::new(Memory::default());
        toolbox()
            .serve(path, SessionToken::random().unwrap(), ToolSet::planner(), handler)
            .await
    };
    let long = serve(&folder.path().join("x".repeat(120))).await.unwrap_err();
    assert!(matches!(long, ToolboxError::PathTooLong { .. }), "{long}");
    let open = folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
    let open = serve(&open).await.unwrap_err();
    assert!(matches!(open, ToolboxError::FolderOpenToOthers { .. }), "{open}");
}

/// Says when a call has come in, and answers it when it is told to.
#[derive(Default)]
struct Slow {
    came: tokio::sync::Notify,
    go: tokio::sync::Notify,
    done: Mutex<bool>,
}

#[async_trait]
impl ToolHandler for Slow {
    async fn call(&self, _: ToolCall) -> Result<Accepted, Refused> {
        self.came.notify_one();
        self.go.notified().await;
        *self.done.lock().unwrap() = true;
        Ok(Accepted::new("done"))
    }
}

#[tokio::test]
async fn a_call_under_way_is_not_cut_in_two_by_the_end_of_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Arc::new(Slow::default());
    let (token, handler) = (
        SessionToken::random().unwrap(),
        Arc::clone(&slow) as Arc<dyn ToolHandler>,
    );
    let tools = toolbox()
        .serve(&folder.path().join("s"), token, ToolSet::planner(), handler)
        .await
        .unwrap();
    let client = Client::connect(tools.mcp_server()).await;
    let request = CallToolRequestParams::new("report_progress");
    let Value::Object(arguments) = json!({ "text": "t" }) else {
        unreachable!()
    };
    let call = tokio::spawn(async move {
        let answer = client.service.call_tool(request.with_arguments(arguments)).await;
        (answer, client)
    });
    tokio::time::timeout(LIMIT, slow.came.notified())
        .await
        .expect("the call comes in");
    let mut shutdown = std::pin::pin!(tools.shutdown());
    tokio::select! {
        biased;
        () = &mut shutdown => panic!("the session has ended before its call"),
        // The agent sees the end of the connection, while the call is still under way.
        answer = call => assert!(answer.unwrap().0.is_err()),
    }
    assert!(!*slow.done.lock().unwrap());
    slow.go.notify_one();
    tokio::time::timeout(LIMIT, shutdown)
        .await
        .expect("the session ends after its call");
    assert!(*slow.done.lock().unwrap());
}
