//! Claude Code, as it comes from npm, carries one task from goal to merged pull request on `team6 up`; only its model is
//! scripted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "harness/mod.rs"]
mod harness;

use harness::Place;
use serde_json::json;
use team6_testkit::real_agents::{Agent, ensure};
use team6_testkit::repositories::Repository;
use team6_testkit::scripted_model::{Scenario, Script, ScriptedModel};

fn scenario() -> Scenario {
    let plan = json!({
        "prd": "# A greeting\n\nThe project greets whoever reads it.",
        "tasks": [{
            "key": "greet", "title": "Greet the reader", "what": "Write GREETING.md", "why": "It is polite",
            "acceptance_criteria": ["GREETING.md says hello"], "estimate_minutes": 5, "specialty": "docs",
            "repositories": ["app"],
        }],
    });
    let work = json!({
        "command": "echo hello > GREETING.md && git add GREETING.md && git commit --quiet -m 'Greet the reader'",
        "description": "Write and commit the greeting",
    });
    let done = json!({ "summary_what": "A greeting.", "summary_why": "It was asked for." });
    Scenario::new()
        .script(
            Script::when("Plan a sprint for this goal")
                .calls("submit_plan", plan)
                .says("The plan is ready."),
        )
        .script(
            Script::when("You work on task")
                .calls("Bash", work)
                .calls("complete_task", done)
                .says("It is done."),
        )
}

/// A place whose only agent is Claude Code, pointed at the model.
async fn place(model: &ScriptedModel) -> Place {
    let installed = ensure(Agent::ClaudeCode)
        .await
        .unwrap_or_else(|error| panic!("failed to {error}"));
    let place = Place::new("[agents]\nplanner = \"claude\"\n");
    let key = place.file("key", "no-real-key");
    let profile = format!(
        "+++\nextends = \"claude-code\"\ncommand = {:?}\n[env]\nANTHROPIC_BASE_URL = {:?}\nANTHROPIC_API_KEY = {{ file = {key:?} }}\n\
         ENABLE_TOOL_SEARCH = \"false\"\nNO_PROXY = \"127.0.0.1\"\n+++\n",
        installed.command[0].to_string_lossy(),
        model.url(),
    );
    place.file("agents/claude.md", &profile);
    place
}

/// The commands, which wait for the agent and so keep a thread.
fn by_commands(place: &Place, origin: &Repository) {
    let server = place.up(&[]);
    let check = place.ok(&["agent", "check", "claude"]);
    assert!(check.contains("it can be given work"), "{check}");
    place.ok(&["project", "add", "demo", "--at-once", "1"]);
    place.ok(&[
        "repo",
        "add",
        "demo",
        &origin.url(),
        "--name",
        "app",
        "--merge",
        "squash",
    ]);
    place.ok(&["sprint", "plan", "demo", "Greet readers"]);
    let until_person = || place.ok(&["sprint", "watch", "1", "--until", "person"]);
    let waits = until_person();
    assert!(
        waits.contains("sprint owners 1"),
        "{waits}{}",
        place.ok(&["sprint", "log", "1"])
    );
    place.ok(&["sprint", "owners", "1", "1=ada"]);
    place.ok(&["sprint", "approve", "1"]);
    let waits = until_person();
    assert!(
        waits.contains("team6 task diff 1"),
        "{waits}{}",
        place.ok(&["task", "log", "1"])
    );
    assert!(place.ok(&["task", "diff", "1"]).contains("+hello"));
    let log = place.ok(&["task", "log", "1"]);
    assert!(log.contains("Claude") && log.contains("GREETING.md"), "{log}");
    place.ok(&["task", "review", "1", "--approve", "-m", "Good"]);
    place.ok(&["task", "merge", "1"]);
    place.ok(&["sprint", "watch", "1", "--until", "done"]);
    let spent = place.json(&["task", "show", "1"]);
    assert!(spent["usage"]["output_tokens"].as_u64().unwrap() > 0, "{spent}");
    assert!(server.stop());
    for log in [place.log(), log] {
        assert!(!log.contains("no-real-key"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_carries_a_task_from_goal_to_merged_pull_request() {
    let model = ScriptedModel::start(scenario()).await.unwrap();
    let origin = Repository::sample("two-crates").bare_clone();
    let place = place(&model).await;
    let origin = tokio::task::spawn_blocking(move || {
        by_commands(&place, &origin);
        origin
    });
    let origin = origin.await.unwrap();
    assert_eq!(origin.git(&["show", "main:GREETING.md"]), "hello");
    let subject = origin.git(&["log", "-1", "--format=%s", "main"]);
    assert!(subject.starts_with("Greet the reader"), "{subject}");
    model.stop().await;
}
