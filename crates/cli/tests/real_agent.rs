//! Claude Code, as it comes from npm, carries one task from goal to merged pull request on `team6 up`, in its sandbox; only
//! its model is scripted. Whoever plans has the key of the model, whoever does the task asks it through a gateway.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "harness/mod.rs"]
mod harness;

use std::collections::BTreeSet;

use harness::Place;
use serde_json::json;
use team6_testkit::real_agents::{Agent, ensure};
use team6_testkit::repositories::Repository;
use team6_testkit::scripted_model::{Scenario, Script, ScriptedModel};

/// The key of the agent that plans, which is in its environment.
const KEY: &str = "no-real-key";
/// The key of the agent that does the task, which is nowhere in its sandbox.
const KEPT: &str = "the-kept-key-of-ada";

/// Besides its work, the agent writes down where it is, what its processes are told of the model, and where the key lies.
fn scenario(place: &Place) -> Scenario {
    let plan = json!({
        "prd": "# A greeting\n\nThe project greets whoever reads it.",
        "tasks": [{
            "key": "greet", "title": "Greet the reader", "what": "Write GREETING.md", "why": "It is polite",
            "acceptance_criteria": ["GREETING.md says hello"], "estimate_minutes": 5, "specialty": "docs",
            "repositories": ["app"],
        }],
    });
    let command = format!(
        "echo hello > GREETING.md && {{ id -un; pwd; readlink /proc/self/ns/pid; ls -d {} 2>/dev/null || echo hidden; }} > WHERE \
         && {{ cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep '^ANTHROPIC' | sort -u > TOLD; \
         grep -rls 'the-kept[-]key' /proc/[0-9]*/environ /ws \"$HOME\" /tmp > FOUND; \
         git add GREETING.md WHERE TOLD FOUND; }} && git commit --quiet -m 'Greet the reader'",
        place.path().display(),
    );
    let work = json!({ "command": command, "description": "Write and commit the greeting" });
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

/// Makes Claude Code, pointed at the model, both agents of the place.
async fn add_agents(place: &Place, model: &ScriptedModel) {
    let installed = ensure(Agent::ClaudeCode)
        .await
        .unwrap_or_else(|error| panic!("failed to {error}"));
    let command = installed.command[0].to_string_lossy();
    let (url, key, kept) = (model.url(), place.file("key", KEY), place.file("kept", KEPT));
    let front = format!("+++\nextends = \"claude-code\"\ncommand = {command:?}\n");
    let env = "ENABLE_TOOL_SEARCH = \"false\"\nNO_PROXY = \"127.0.0.1\"\n+++\n";
    let plans = format!(
        "{front}role = \"planner\"\n[env]\nANTHROPIC_BASE_URL = {url:?}\nANTHROPIC_API_KEY = {{ file = {key:?} }}\n{env}"
    );
    place.file("agents/claude.md", &plans);
    let works = format!(
        "{front}specialties = [\"docs\"]\n[[gateways]]\nupstream = {url:?}\nsecret = {{ file = {kept:?} }}\n\
         header = \"x-api-key\"\nvariable = \"ANTHROPIC_BASE_URL\"\n[env]\nANTHROPIC_API_KEY = {{ file = {kept:?} }}\n{env}"
    );
    place.file("agents/gated.md", &works);
}

/// The keys with which the model was asked in conversations that begin like this.
fn keys(model: &ScriptedModel, beginning: &str) -> BTreeSet<String> {
    let requests = model.requests();
    let these = requests
        .iter()
        .filter(|request| request.said.iter().any(|said| said.contains(beginning)));
    these.filter_map(|request| request.key.clone()).collect()
}

/// The commands, which wait for the agent and so keep a thread.
fn by_commands(place: &Place, origin: &Repository) {
    let server = place.up(&[]);
    for (agent, account) in [("claude", "account      "), ("gated", "kept outside of the sandbox")] {
        let check = place.ok(&["agent", "check", agent]);
        assert!(
            check.contains("it can be given work") && check.contains(account),
            "{check}"
        );
    }
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
    assert!(log.contains("network: the gateway 127-0-0-1-"), "{log}");
    for log in [place.log(), log] {
        assert!(!log.contains(KEY), "{log}");
    }
    assert_eq!(place.files_with(KEPT), ["kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_carries_a_task_from_goal_to_merged_pull_request() {
    let place = Place::new("[agents]\nplanner = \"claude\"\n");
    let model = ScriptedModel::start(scenario(&place)).await.unwrap();
    let origin = Repository::sample("two-crates").bare_clone();
    add_agents(&place, &model).await;
    let origin = tokio::task::spawn_blocking(move || {
        by_commands(&place, &origin);
        origin
    });
    let origin = origin.await.unwrap();
    assert_eq!(origin.git(&["show", "main:GREETING.md"]), "hello");
    let pids = std::fs::read_link("/proc/self/ns/pid").unwrap();
    let place = origin.git(&["show", "main:WHERE"]);
    let [user, folder, namespace, data] = place.lines().collect::<Vec<_>>()[..] else {
        panic!("{place}");
    };
    assert_eq!((user, folder, data), ("agent", "/ws", "hidden"), "it is in a sandbox");
    assert!(
        namespace.starts_with("pid:") && Some(namespace) != pids.to_str(),
        "{namespace}"
    );
    let told = origin.git(&["show", "main:TOLD"]);
    let [key, url] = told.lines().collect::<Vec<_>>()[..] else {
        panic!("{told}");
    };
    assert_eq!(key, "ANTHROPIC_API_KEY=kept-outside-the-sandbox");
    assert!(url.starts_with("ANTHROPIC_BASE_URL=http://127.0.0.1:31"), "{url}");
    assert_eq!(origin.git(&["show", "main:FOUND"]), "");
    assert_eq!(keys(&model, "Plan a sprint for this goal"), [KEY.to_owned()].into());
    assert_eq!(keys(&model, "You work on task"), [KEPT.to_owned()].into());
    let subject = origin.git(&["log", "-1", "--format=%s", "main"]);
    assert!(subject.starts_with("Greet the reader"), "{subject}");
    model.stop().await;
}
