//! From a wish to an answered review: the agent plans, works and mends with the engine's own tools.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use team6_agent::toolbox::{Accepted, Refused, SessionToken, ToolCall, ToolHandler, ToolSet, Toolbox, ToolboxSession};

use crate::client::{Agent, Desk};

const SCENARIO: &str = r##"
title = "A greeting"

[[script]]
when = 'Plan this sprint: (?P<wish>.+)'
steps = [
    { say = "I plan: {capture.wish}" },
    { tool = { name = "ask_question", arguments = { question = "In which language?", why = "It is what people read.", kind = "scope", options = ["English", "German"] } } },
    { tool = { name = "submit_plan", expect_refusal = true, arguments = { prd = "# Greeting", tasks = [] } } },
    { tool = { name = "submit_plan", arguments = { prd = "# Greeting\n\n{capture.wish}", tasks = [
        { key = "greet", title = "Greet", what = "Write hello.txt", why = "To be polite", acceptance_criteria = ["hello.txt says hello"], estimate_minutes = 5, specialty = "backend", repositories = ["app"] },
        { key = "document", title = "Document", what = "Write README.md", why = "To be known", acceptance_criteria = ["README.md names hello.txt"], depends_on = ["greet"], estimate_minutes = 5, specialty = "docs", repositories = ["app"] },
    ] } } },
]

[[script]]
when = 'Implement (?P<key>\w+)'
steps = [
    { tool = { name = "report_progress", arguments = { text = "Starting {capture.key}", percent = 10 } } },
    { edit = { path = "hello.txt", content = "hello\n" } },
    { run = "grep -q hello hello.txt" },
    { commit = "Greet" },
    { tool = { name = "complete_task", arguments = { summary_what = "Adds hello.txt.", summary_why = "It was asked for.", tests = [{ command = "grep -q hello hello.txt", outcome = "passed" }] } } },
]

[[script]]
when = 'Answer this review'
steps = [
    { for_each = '\[thread (?P<thread>\d+)\] (?P<wish>.+)', edit = { path = "hello.txt", append = "{capture.wish}\n" } },
    { commit = "Mend what the review found" },
    { tool = { name = "complete_task", arguments = { summary_what = "Adds hello.txt.", summary_why = "As reviewed.", answers = { for_each = '\[thread (?P<thread>\d+)\] (?P<wish>.+)', item = { thread = "{capture.thread:number}", commit = "{head}", text = "Done: {capture.wish}" } } } } },
]

[[script]]
when = 'Ask for what is not there'
steps = [{ tool = { name = "delete_everything" } }]
"##;

#[derive(Default)]
struct Engine {
    calls: Mutex<Vec<ToolCall>>,
}

#[async_trait]
impl ToolHandler for Engine {
    async fn call(&self, call: ToolCall) -> Result<Accepted, Refused> {
        self.calls.lock().unwrap().push(call);
        Ok(Accepted::new("Noted."))
    }
}

impl Engine {
    async fn serve(self: &Arc<Self>, desk: &Desk, name: &str, tools: ToolSet) -> ToolboxSession {
        let toolbox = Toolbox::new(env!("CARGO_BIN_EXE_team6-toolbox-bridge"), [] as [&str; 0]);
        let token = SessionToken::random().unwrap();
        let handler = Arc::clone(self) as Arc<dyn ToolHandler>;
        toolbox
            .serve(&desk.folder().join(name), token, tools, handler)
            .await
            .unwrap()
    }

    fn calls(&self) -> Vec<ToolCall> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

/// A session with the engine's tools, as it is written in `session/new`.
fn opening(desk: &Desk, tools: &ToolboxSession) -> Value {
    let spec = tools.mcp_server();
    let env: Vec<Value> = spec
        .env
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let server = json!({ "name": spec.name, "command": spec.command, "args": spec.args, "env": env });
    json!({ "cwd": desk.cwd(), "mcpServers": [server] })
}

async fn agent(desk: &Desk, tools: &ToolboxSession) -> Agent {
    let mut agent = desk.start().await;
    agent.open("session/new", opening(desk, tools)).await;
    agent
}

#[tokio::test]
async fn a_wish_becomes_a_plan_a_commit_and_an_answered_review() {
    let desk = Desk::with(SCENARIO);
    let engine = Arc::new(Engine::default());

    let tools = engine.serve(&desk, "planner", ToolSet::planner()).await;
    let mut planner = agent(&desk, &tools).await;
    assert_eq!(planner.stops("Plan this sprint: say hello").await, "end_turn");
    let calls = engine.calls();
    let [ToolCall::AskQuestion(question), ToolCall::SubmitPlan(plan)] = calls.as_slice() else {
        panic!("{calls:#?}")
    };
    assert_eq!(question.options, ["English", "German"]);
    assert_eq!(plan.prd, "# Greeting\n\nsay hello");
    assert_eq!(plan.tasks[1].depends_on, [plan.tasks[0].key.clone()]);
    let shown = planner.calls();
    assert_eq!(shown[0]["title"], "mcp__team6__ask_question");
    assert_eq!(shown[0]["rawOutput"], "Noted.");
    assert!(
        shown[1]["rawOutput"].as_str().unwrap().contains("- tasks: is empty"),
        "{}",
        shown[1]
    );
    assert_eq!(planner.leave().await, Some(0));
    tools.shutdown().await;

    let tools = engine.serve(&desk, "specialist", ToolSet::specialist()).await;
    let mut specialist = agent(&desk, &tools).await;
    assert_eq!(specialist.stops("Implement greet").await, "end_turn");
    let calls = engine.calls();
    let [ToolCall::ReportProgress(progress), ToolCall::CompleteTask(done)] = calls.as_slice() else {
        panic!("{calls:#?}")
    };
    assert_eq!(progress.text, "Starting greet");
    assert_eq!(done.tests.len(), 1);
    assert_eq!(desk.git(&["show", "HEAD:hello.txt"]), "hello");
    let session = specialist.session.clone();
    assert_eq!(specialist.leave().await, Some(0));

    // The review comes later, to the same session in a new process.
    let mut specialist = desk.start().await;
    let mut opening = opening(&desk, &tools);
    opening["sessionId"] = json!(session);
    specialist.open("session/load", opening).await;
    let review = "Answer this review:\n[thread 4] be louder\n[thread 11] be polite";
    assert_eq!(specialist.stops(review).await, "end_turn");
    let calls = engine.calls();
    let [ToolCall::CompleteTask(done)] = calls.as_slice() else {
        panic!("{calls:#?}")
    };
    let head = desk.git(&["rev-parse", "HEAD"]);
    let answers: Vec<_> = done
        .answers
        .iter()
        .map(|a| (a.thread.0, a.commit.as_ref().unwrap().as_str(), a.text.as_str()))
        .collect();
    assert_eq!(
        answers,
        [
            (4, head.as_str(), "Done: be louder"),
            (11, head.as_str(), "Done: be polite")
        ]
    );
    assert_eq!(desk.read("hello.txt"), "hello\nbe louder\nbe polite\n");
    tools.shutdown().await;
}

#[tokio::test]
async fn tools_that_are_not_there_are_said_to_be_missing() {
    let desk = Desk::with(SCENARIO);
    let engine = Arc::new(Engine::default());
    let tools = engine.serve(&desk, "specialist", ToolSet::specialist()).await;
    let mut agent = agent(&desk, &tools).await;
    assert_eq!(agent.stops("Ask for what is not there").await, "end_turn");
    let said = agent.said().join("\n");
    assert!(
        said.contains("has the tool delete_everything; there are: ask_owner, report_progress,"),
        "{said}"
    );
    tools.shutdown().await;
    assert_eq!(agent.stops("Implement greet").await, "end_turn");
    let said = agent.said().join("\n");
    assert!(said.starts_with("I cannot go on with line 19 (tool)"), "{said}");
}
