//! Plans that cannot be, and plans that are very large.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Answer;
use crate::server::{Server, plan};

/// A server with a sprint that plans, whose plan may have so many tasks.
async fn planning(most: usize) -> (Server, u64) {
    let server = Server::configured("", |config| config.limits.tasks = most).await;
    server.with_project().await;
    let sprint = server.sprint().await;
    (server, sprint)
}

/// What is said about a plan that is refused.
async fn refused(plan: &Value) -> Vec<String> {
    let (server, sprint) = planning(500).await;
    let problem = server.client.saves(sprint, 0, plan).await.problem(422, "bad-plan");
    let texts = problem["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["text"].as_str().unwrap().to_owned());
    let texts: Vec<String> = texts.collect();
    for text in &texts {
        assert!(problem["detail"].as_str().unwrap().contains(text), "{problem:#}");
    }
    let detail = server.client.get(format_args!("/sprints/{sprint}")).await.done();
    assert_eq!((&detail["plan"], &detail["tasks"]), (&Value::Null, &json!([])));
    texts
}

#[tokio::test]
async fn a_plan_without_tasks_is_refused() {
    assert_eq!(refused(&plan(&[])).await, ["the plan has no tasks; add at least one"]);
}

#[tokio::test]
async fn a_dependency_that_is_not_in_the_plan_is_named_with_its_task() {
    let texts = refused(&plan(&[("lexer", &["grammar"]), ("parser", &["lexer"])])).await;
    assert_eq!(
        texts,
        [r#"task "lexer" depends on "grammar", which is not in the plan; add it or remove the dependency"#]
    );
}

#[tokio::test]
async fn a_task_that_waits_for_itself_is_named() {
    let texts = refused(&plan(&[("lexer", &["lexer"])])).await;
    assert_eq!(
        texts,
        ["tasks wait for each other: lexer → lexer; remove one of these dependencies"]
    );
}

#[tokio::test]
async fn a_cycle_is_shown_as_a_path() {
    let texts = refused(&plan(&[
        ("a", &["d"]),
        ("b", &["a"]),
        ("c", &["b"]),
        ("d", &["c"]),
        ("e", &["d"]),
    ]))
    .await;
    assert_eq!(
        texts,
        ["tasks wait for each other: a → d → c → b → a; remove one of these dependencies"]
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_plan_is_said_at_once() {
    let mut plan = plan(&[("a", &["b"]), ("b", &["a"]), ("c", &["nowhere"])]);
    plan["title"] = json!("");
    plan["tasks"][2]["estimate_minutes"] = json!(0);
    plan["tasks"][1]["repositories"] = json!([]);
    plan["tasks"][2]["paths"] = json!(["../../etc/passwd"]);
    plan["tasks"][2]["repositories"] = json!(["app", "elsewhere"]);
    let texts = refused(&plan).await;
    assert_eq!(texts.len(), 7, "{texts:#?}");
    assert!(
        texts[6].contains(r#"task "c" needs repository "elsewhere", which the project does not have"#),
        "{texts:#?}"
    );
}

#[tokio::test]
async fn a_repository_that_the_project_does_not_have_is_named_when_the_plan_is_saved() {
    let mut plan = plan(&[("lexer", &[])]);
    plan["tasks"][0]["repositories"] = json!(["elsewhere"]);
    assert_eq!(
        refused(&plan).await,
        [
            r#"task "lexer" needs repository "elsewhere", which the project does not have; name one of its own, or connect it first"#
        ]
    );
}

#[tokio::test]
async fn a_plan_with_words_that_no_plan_has_names_their_place() {
    let (server, sprint) = planning(500).await;
    let mut plan = plan(&[("lexer", &[]), ("parser", &[])]);
    plan["tasks"][1]["blocked_by"] = json!(["lexer"]);
    let problem = server.client.saves(sprint, 0, &plan).await.problem(422, "bad-field");
    assert_eq!(problem["field"], "plan.tasks[1].blocked_by", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("depends_on"), "{problem}");
}

/// Many tasks, each but the first behind the one before.
fn chain(count: usize) -> Value {
    let keys: Vec<String> = (0..count).map(|n| format!("task-{n}")).collect();
    let before = |at: usize| {
        keys[at.saturating_sub(1)..at]
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
    };
    let on: Vec<Vec<&str>> = (0..count).map(before).collect();
    let tasks: Vec<(&str, &[&str])> = keys
        .iter()
        .zip(&on)
        .map(|(key, on)| (key.as_str(), on.as_slice()))
        .collect();
    plan(&tasks)
}

#[tokio::test]
async fn two_thousand_tasks_are_refused_by_the_limit_of_the_configuration() {
    let texts = refused(&chain(2_000)).await;
    assert_eq!(
        texts,
        ["the plan has 2000 tasks, more than 500; split the goal into several sprints"]
    );
}

#[tokio::test]
async fn two_thousand_tasks_in_one_chain_are_planned_and_approved_where_the_limit_allows_them() {
    let (server, sprint) = planning(2_000).await;
    let client = &server.client;
    let began = Instant::now();
    client.saves(sprint, 0, &chain(2_000)).await.done();
    let path = format!("/sprints/{sprint}");
    let detail = client.get(&path).await.done();
    let tasks = detail["tasks"].as_array().unwrap();
    assert_eq!((tasks.len(), &tasks[1_999]["level"]), (2_000, &json!(1_999)));
    assert_eq!(detail["critical_path"].as_array().unwrap().len(), 2_000);
    let owners: Value = tasks
        .iter()
        .map(|task| (task["task"]["id"].to_string(), json!("ada")))
        .collect();
    client.put(format_args!("{path}/owners"), owners).await.done();
    let approved = client
        .post(format_args!("{path}/approve"), json!({ "version": 1 }))
        .await;
    assert_eq!(approved.done()["item"]["phase"], "running");
    let last = client
        .get(format_args!("/tasks/{}", tasks[1_999]["task"]["id"]))
        .await
        .done();
    assert_eq!(last["task"]["why"]["reason"]["reason"], "dependency");
    let listed = client.get("/tasks?limit=1000").await.done();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1_000);
    println!("2,000 tasks took {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}

#[tokio::test]
async fn agents_that_are_not_installed_or_unknown_plan_nothing() {
    let server = Server::open().await;
    server.with_project().await;
    let open = |planner: &str| json!({ "project": "shop", "goal": "A parser", "planner": planner });
    let text = server
        .client
        .post("/sprints", open("claude-code"))
        .await
        .refused(422, "agent-not-installed");
    assert!(text.contains("claude-code") && text.contains("npm install"), "{text}");
    let problem = server
        .client
        .post("/sprints", open("nobody"))
        .await
        .problem(404, "no-such-agent");
    assert!(
        problem["known"].as_array().unwrap().contains(&json!("scripted")),
        "{problem}"
    );
}

#[tokio::test]
async fn the_check_of_an_agent_tells_whether_it_works_and_how_to_get_it() {
    let server = Server::open().await;
    let check = async |agent: &str| {
        Answer::done(
            &server
                .client
                .post(format_args!("/agents/{agent}/check"), json!({}))
                .await,
        )
    };
    let missing = check("claude-code").await;
    assert_eq!(missing["works"], false, "{missing:#}");
    let text = missing["text"].as_str().unwrap();
    assert!(
        text.contains("not-installed-here") && text.contains("npm install"),
        "{text}"
    );
    let works = check("scripted").await;
    assert_eq!(works["works"], true, "{works:#}");
    let left: Vec<_> = std::fs::read_dir(server.data().join("homes"))
        .unwrap()
        .flatten()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Says where it is instead of speaking ACP.
const LOOKS_AROUND: &str = r#"+++
command = "sh"
args = ["-c", '''
{ id -un; pwd; ls DATA; cat DATA/agents/seen
echo x > DATA/agents/written/mark; python3 -c "import urllib.request; urllib.request.urlopen('http://elsewhere.test/')" | true
} 2>/dev/null | tr '\n' ' ' >&2; exit 3''']
sees = ["DATA/agents/seen"]
writes = ["DATA/agents/written"]
+++
"#;

#[tokio::test]
async fn an_agent_is_checked_where_an_attempt_would_have_it() {
    let machine = tempfile::tempdir().unwrap();
    let folder = machine.path().join("agents");
    std::fs::create_dir_all(folder.join("written")).unwrap();
    std::fs::write(folder.join("seen"), "seen\n").unwrap();
    std::fs::write(machine.path().join("not-listed"), "").unwrap();
    let server = Server::configured("", |config| {
        let place = machine.path().display().to_string();
        std::fs::write(
            config.agents.folder.join("looks.md"),
            LOOKS_AROUND.replace("DATA", &place),
        )
        .unwrap();
    });
    let server = server.await;
    let report = Answer::done(&server.client.post("/agents/looks/check", json!({})).await);
    let text = report["text"].as_str().unwrap();
    assert_eq!(report["works"], false, "{text}");
    assert!(
        text.contains("agent ended (exit code 3): agent /ws agents seen"),
        "{text}"
    );
    assert!(text.contains("sandbox      its own, as in an attempt"), "{text}");
    assert!(
        text.contains("network      GET http://elsewhere.test:80/ refused"),
        "{text}"
    );
    assert_eq!(std::fs::read_to_string(folder.join("written/mark")).unwrap(), "x\n");
    for folder in ["homes", "workspaces/slots"] {
        let left = std::fs::read_dir(server.data().join(folder)).unwrap().count();
        assert_eq!(left, 0, "{folder}");
    }
}

#[tokio::test]
async fn no_sprint_begins_while_no_agent_is_installed() {
    let server = Server::configured("", |config| {
        let file = config.agents.folder.join("scripted.md");
        std::fs::write(
            file,
            "+++\nextends = \"scripted\"\ncommand = \"not-installed-here\"\n+++\n",
        )
        .unwrap();
    });
    let server = server.await;
    server.with_project().await;
    let open = json!({ "project": "shop", "goal": "A parser" });
    let text = server.client.post("/sprints", open).await.refused(422, "no-planner");
    assert!(text.contains("install"), "{text}");
}

#[tokio::test]
async fn whether_a_deputy_may_approve_is_recorded_as_the_configuration_has_it() {
    let (server, sprint) = planning(500).await;
    for (deputy, may_approve) in [("eve", false), ("lin", true)] {
        let away = json!({ "owner": "ada", "deputy": deputy });
        server
            .client
            .put(format_args!("/sprints/{sprint}/deputies"), away)
            .await
            .done();
        let set = server.client.get("/log?kind=deputy_set&newest=true").await.done();
        assert_eq!(set["items"][0]["data"]["may_approve"], may_approve, "{set:#}");
    }
}
