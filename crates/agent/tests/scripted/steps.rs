//! Each step of a script, as it shows over the protocol and in the workspace.

use serde_json::json;

use crate::client::Desk;

fn scripted(steps: &str) -> Desk {
    Desk::with(&format!("[[script]]\nwhen = 'go'\nsteps = [\n{steps}\n]"))
}

#[tokio::test]
async fn an_agent_talks_thinks_lists_its_steps_and_tells_its_usage() {
    let desk = scripted(
        r#"
        { think = "hm" },
        { steps = ["look", { text = "build", status = "in_progress" }] },
        { say = "done in {cwd}" },
        { usage = { input = 1000, output = 20, cost = 0.5 } },
        { usage = { input = 10, output = 2, cost = 0.25 } },
        "#,
    );
    let mut agent = desk.agent().await;
    let end = agent.prompt("go").await.unwrap();
    assert_eq!(
        end,
        json!({ "stopReason": "end_turn",
        "usage": { "totalTokens": 1032, "inputTokens": 1010, "outputTokens": 22 } })
    );
    let kinds: Vec<_> = agent
        .updates
        .iter()
        .map(|update| update["sessionUpdate"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "agent_thought_chunk",
            "plan",
            "agent_message_chunk",
            "usage_update",
            "usage_update"
        ]
    );
    assert_eq!(agent.updates[1]["entries"][1]["content"], "build");
    assert_eq!(agent.updates[1]["entries"][1]["status"], "in_progress");
    assert_eq!(agent.said(), [format!("done in {}", desk.cwd().display())]);
    assert_eq!(agent.updates[4]["cost"], json!({ "amount": 0.75, "currency": "USD" }));
    assert_eq!(agent.leave().await, Some(0));
}

#[tokio::test]
async fn files_are_really_changed_and_shown_as_diffs_with_locations() {
    let desk = scripted(
        r#"
        { edit = { path = "src/a.txt", content = "one\ntwo\n" } },
        { edit = { path = "src/a.txt", find = "two", replace = "2" } },
        { edit = { path = "src/a.txt", append = "three\n" } },
        { read = "src/a.txt" },
        { edit = { path = "b.txt", content = "b" } },
        { delete = "b.txt" },
        "#,
    );
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(desk.read("src/a.txt"), "one\n2\nthree\n");
    assert!(!desk.cwd().join("b.txt").exists());
    let calls = agent.calls();
    let titles: Vec<_> = calls.iter().map(|call| call["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Edit src/a.txt",
            "Edit src/a.txt",
            "Edit src/a.txt",
            "Read src/a.txt",
            "Edit b.txt",
            "Delete b.txt"
        ]
    );
    assert!(calls.iter().all(|call| call["status"] == "completed"), "{calls:#?}");
    let path = desk.cwd().join("src/a.txt");
    assert_eq!(
        calls[0]["content"],
        json!([{ "type": "diff", "path": path, "newText": "one\ntwo\n" }])
    );
    assert_eq!(calls[1]["content"][0]["oldText"], "one\ntwo\n");
    assert_eq!(calls[1]["locations"], json!([{ "path": path }]));
    assert_eq!(calls[3]["content"][0]["content"]["text"], "one\n2\nthree\n");
}

#[tokio::test]
async fn a_step_that_fails_ends_the_turn_with_the_reason() {
    let desk = scripted(
        r#"
        { edit = { path = "a.txt", content = "a" } },
        { edit = { path = "a.txt", find = "missing", replace = "x" } },
        { say = "never" },
        "#,
    );
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    let path = desk.cwd().join("a.txt");
    assert_eq!(
        agent.said(),
        [format!(
            "I cannot go on with line 6 (edit): {} does not contain \"missing\"",
            path.display()
        )]
    );
    assert_eq!(agent.calls()[1]["status"], "failed");
    assert_eq!(desk.read("a.txt"), "a");
}

#[tokio::test]
async fn commands_run_in_the_workspace_and_show_their_output() {
    let desk = scripted(
        r#"
        { run = "pwd; echo oops >&2" },
        { run = { command = "exit 3", expect = 3 } },
        { run = { command = "exit 4", expect = "any" } },
        { run = "echo before; exit 5" },
        "#,
    );
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    let calls = agent.calls();
    let output = calls[0]["rawOutput"].as_str().unwrap();
    assert!(
        output.contains(desk.cwd().to_str().unwrap()) && output.contains("oops"),
        "{output}"
    );
    assert_eq!(calls[0]["kind"], "execute");
    assert_eq!(
        calls
            .iter()
            .map(|call| call["status"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["completed", "completed", "completed", "failed"]
    );
    assert_eq!(
        agent.said(),
        ["I cannot go on with line 8 (run): before\n\nit ended with exit code 5"]
    );
}

#[tokio::test]
async fn output_is_shown_while_a_command_runs_and_its_group_ends_when_the_turn_is_cancelled() {
    let desk = scripted("{ run = \"exec 3>../pipe; echo started; sleep 0.3; echo on; sleep 300\" }");
    let pipe = desk.pipe();
    let mut agent = desk.agent().await;
    let turn = agent.begin("go").await;
    let ended = tokio::task::spawn_blocking(move || std::fs::read(pipe));
    agent.sees("started\\n").await;
    agent.cancel().await;
    assert_eq!(agent.answer(turn).await.unwrap()["stopReason"], "cancelled");
    assert_eq!(agent.calls()[0]["status"], "failed");
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), ended).await;
    assert_eq!(ended.expect("the command has ended").unwrap().unwrap(), b"");
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended() {
    let desk = scripted("{ run = { command = \"echo slow; sleep 300\", timeout = 1 } }");
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(
        agent.said(),
        ["I cannot go on with line 4 (run): slow\n\nit was ended after 1 s"]
    );
}

#[tokio::test]
async fn what_a_command_leaves_behind_does_not_hold_up_the_turn() {
    let desk = scripted("{ run = \"sleep 300 & echo $!\" }");
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    let calls = agent.calls();
    let left: i32 = calls[0]["rawOutput"].as_str().unwrap().trim().parse().unwrap();
    let left = rustix::process::Pid::from_raw(left).unwrap();
    rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn commits_are_made_with_the_identity_of_the_workspace_and_known_as_head() {
    let desk = scripted(
        r#"
        { edit = { path = "a.txt", content = "a" } },
        { commit = "Add a\n\nBecause." },
        { say = "{head}" },
        { commit = "Nothing" },
        "#,
    );
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(desk.git(&["log", "--format=%an: %s"]), "Agent: Add a\nAgent: first");
    assert_eq!(agent.said(), [desk.git(&["rev-parse", "HEAD"])]);
    assert_eq!(agent.calls()[2]["rawOutput"], "nothing to commit");
}

#[tokio::test]
async fn permission_is_asked_and_a_rejection_ends_the_turn() {
    let desk = scripted("{ permission = { title = \"deploy\", kind = \"execute\" } },\n{ say = \"deployed\" }");
    let mut agent = desk.agent().await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(agent.said(), ["deployed"]);
    agent.permission = json!({ "outcome": "selected", "optionId": "reject" });
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(
        agent.said(),
        ["I cannot go on with line 4 (permission): I was not allowed to: deploy"]
    );
    agent.permission = json!({ "outcome": "cancelled" });
    assert_eq!(agent.stops("go").await, "cancelled");
}

#[tokio::test]
async fn a_file_can_be_waited_for() {
    let desk = scripted("{ say = \"waiting\" }, { wait_for = \"../go\" }, { say = \"there\" }");
    let mut agent = desk.agent().await;
    let turn = agent.begin("go").await;
    agent.sees("waiting").await;
    std::fs::write(desk.folder().join("go"), "").unwrap();
    agent.answer(turn).await.unwrap();
    assert_eq!(agent.said(), ["waiting", "there"]);
}

#[tokio::test]
async fn steps_are_repeated_with_the_number_of_the_round_until_one_ends_the_turn() {
    let desk = scripted(
        r#"{ repeat = { times = 2, steps = [{ say = "{capture.round}" }, { think = "so?" }] } },
           { repeat = { times = 1000000, steps = [{ repeat = { times = 1, steps = [{ say = "once" }] } }, { refuse = true }] } },
           { say = "never" }"#,
    );
    let mut agent = desk.agent().await;
    let answer = agent.prompt("go").await.unwrap();
    assert_eq!(answer["stopReason"], "refusal");
    assert_eq!(agent.said(), ["1", "2", "once"]);
}

#[tokio::test]
async fn the_first_script_that_matches_is_played_with_what_it_captures() {
    let desk = Desk::with(
        r#"
        [[script]]
        when = 'task (?P<number>\d+)'
        capture = { title = 'title: (.+)', word = 'w\w+' }
        steps = [
            { say = "{capture.number} {capture.title} {capture.word}" },
            { for_each = '\[thread (?P<id>\d+)\]', say = "thread {capture.id} of {capture.number}" },
        ]
        [[script]]
        when = 'task'
        steps = [{ say = "second" }]
        [otherwise]
        steps = [{ say = "otherwise" }]
        "#,
    );
    let mut agent = desk.agent().await;
    agent
        .prompt("task 7\ntitle: a parser\n[thread 1] [thread 22] [thread 1] www")
        .await
        .unwrap();
    assert_eq!(agent.said(), ["7 a parser www", "thread 1 of 7", "thread 22 of 7"]);
    agent.prompt("task seven").await.unwrap();
    assert_eq!(agent.said(), ["second"]);
    agent.prompt("hello").await.unwrap();
    assert_eq!(agent.said(), ["otherwise"]);
}
