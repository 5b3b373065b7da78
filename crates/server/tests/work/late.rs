//! An agent goes on after its attempt was given up: its worker hears nothing, the lease ran out, and the next attempt works
//! on another machine. Nothing of what it does then counts.

use std::process::Command as Program;
use std::sync::atomic::Ordering;
use std::time::Duration;

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::policy::Policy;
use team6_core::sprint::Command;
use team6_core::trace::{TraceBody, Usage};
use team6_sandbox::identity;
use team6_sandbox::probe::Users;
use team6_sandbox::reach::Identity;
use team6_server::config::Sandbox;
use team6_server::engine::EngineError;
use team6_testkit::wait::wait_until;

use crate::scene::{COMPLETE, LIMIT, Scene, policy};

const BRANCH: &str = "feature/task-1-do-app";

/// Works, says that it is done, waits until its lease has run out, and then does all that it can to be heard. `answered`
/// says how reports are answered then.
fn goes_on(answered: &str) -> String {
    let complete = COMPLETE.replace("\"Asked.\" }", &format!("\"Asked.\" }}{answered}"));
    format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{{ edit = {{ path = \"early.txt\", content = \"early\" }} }},\n\
         {{ commit = {{ message = \"Early\" }} }},\n{COMPLETE},\n{{ wait_for = {{ path = \"SIGNALS/expired\", timeout = 60 }} }},\n\
         {{ edit = {{ path = \"late.txt\", content = \"late\" }} }},\n{{ commit = {{ message = \"Late\" }} }},\n\
         {{ run = {{ command = \"git push SIGNALS/../data/forge/app/forge.git HEAD:refs/heads/pushed\", expect = \"any\" }} }},\n\
         {{ tool = {{ name = \"report_progress\", arguments = {{ text = \"Late\" }}{answered} }} }},\n{complete},\n]\n"
    )
}

/// The next attempt, which says what it found.
fn comes_after(signals: &str) -> String {
    format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{{ wait_for = {{ path = \"{signals}/late\", timeout = 60 }} }},\n\
         {{ run = {{ command = \"ls > found.txt\" }} }},\n{{ commit = {{ message = \"Found\" }} }},\n{COMPLETE},\n]\n"
    )
}

fn short_lease() -> Policy {
    Policy {
        lease: Duration::from_secs(5),
        ..policy()
    }
}

fn users() -> Users {
    match identity(0) {
        Identity::Range { .. } => Users::Own,
        Identity::Engine => Users::Engine,
    }
}

async fn begun(sandbox: Sandbox, answered: &str, policy: Policy) -> Scene {
    let scripts = goes_on(answered);
    let scene = Scene::planned_in(sandbox, &["app"], &scripts, policy, |_| false).await;
    scene.is_approved(&["app"]).await;
    scene.traced(2, |body| matches!(body, TraceBody::Prompt { .. })).await;
    scene
}

fn forge(scene: &Scene, args: &[&str]) -> String {
    let output = Program::new("git")
        .arg("--git-dir")
        .arg(scene.folder.path().join("data/forge/app/forge.git"))
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn published(scene: &Scene) -> Option<CommitId> {
    let (id, branch) = (RepositoryId::new("app").unwrap(), BranchName::new(BRANCH).unwrap());
    scene.app.control.forge.branch(&id, &branch).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_agent_does_after_its_lease_ran_out_counts() {
    let mut scene = begun(Sandbox::On, ", expect_refusal = true", short_lease()).await;
    scene.control.deaf.store(true, Ordering::SeqCst);
    let signals = scene.signals();
    scene.a_second_machine_works(&comes_after(&signals.display().to_string()), Some(users()));
    scene.traced(3, |body| matches!(body, TraceBody::Prompt { .. })).await;

    std::fs::write(signals.join("expired"), "").unwrap();
    wait_until("the end of the old attempt", LIMIT, async || {
        match scene.slot(1).exists() {
            true => Err("its workspace is there"),
            false => Ok(()),
        }
    })
    .await;
    let trace = scene
        .traced(2, |body| matches!(body, TraceBody::TurnEnded { .. }))
        .await;
    let answers = trace.iter().filter_map(|entry| match &entry.body {
        TraceBody::Engine { tool, accepted, .. } => Some((tool.as_str(), *accepted)),
        _ => None,
    });
    let expected = [
        ("complete_task", true),
        ("report_progress", false),
        ("complete_task", false),
    ];
    assert_eq!(answers.collect::<Vec<_>>(), expected, "{trace:#?}");
    assert_eq!(
        scene.kept("app", 1, "late.txt"),
        "late",
        "its work is kept, on its machine"
    );
    assert_eq!(published(&scene).await, None);
    let (deliveries, token) = scene
        .read(|s| {
            (
                s.tasks.values().map(|task| task.deliveries).sum::<u32>(),
                s.attempt(2).unwrap().started.clone(),
            )
        })
        .await;
    assert_eq!(deliveries, 0);
    let heartbeat = Command::Heartbeat {
        attempt: 2,
        token: token.unwrap().token,
        active_at: scene.app.control.engine.now(),
        usage: Usage::default(),
    };
    let engine = &scene.app.control.engine;
    let answer = engine.execute(scene.sprint, heartbeat, "test", None).await;
    assert!(matches!(answer, Err(EngineError::Refused(_))), "{answer:?}");

    std::fs::write(signals.join("late"), "").unwrap();
    scene.delivered(1).await;
    let head = published(&scene).await.unwrap();
    let files = forge(&scene, &["ls-tree", "-r", "--name-only", head.as_str()]);
    assert!(files.contains("found.txt") && !files.contains("late.txt"), "{files}");
    let found = forge(&scene, &["show", &format!("{head}:found.txt")]);
    assert!(found.contains("Cargo.toml") && !found.contains("late.txt"), "{found}");
    let refs = forge(&scene, &["for-each-ref"]);
    assert!(!refs.contains("pushed"), "{refs}");
    let events = scene.read(|s| format!("{:?}", s.attempt(3).unwrap())).await;
    assert!(events.contains("w2"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_counts_while_the_lease_holds_and_reaches_the_forge_without_a_sandbox() {
    let scene = begun(Sandbox::Off, "", policy()).await;
    std::fs::write(scene.signals().join("expired"), "").unwrap();
    scene.delivered(1).await;
    let head = published(&scene).await.unwrap();
    let files = forge(&scene, &["ls-tree", "-r", "--name-only", head.as_str()]);
    assert!(files.contains("late.txt"), "{files}");
    let refs = forge(&scene, &["for-each-ref"]);
    assert!(refs.contains("refs/heads/pushed"), "{refs}");
}
