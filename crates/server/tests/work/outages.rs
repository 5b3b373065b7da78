//! A control plane that does not answer for a while fails nobody's work.

use team6_core::sprint::Command;
use team6_core::trace::TraceBody;

use crate::scene::{COMPLETE, Scene, policy};
use crate::trouble::REPORT;

fn scripts() -> String {
    format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n\
         {{ wait_for = {{ path = \"../../../../../go\" }} }},\n{{ edit = {{ path = \"a.txt\", content = \"a\" }} }},\n\
         {COMPLETE},\n]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_goes_on_after_a_long_time_in_which_the_database_was_locked() {
    // Each call is worth the five seconds in which a locked database is waited for.
    let of_work = |command: &Command| matches!(command, Command::Deliver { .. } | Command::SessionOpened { .. });
    let scene = Scene::approved(&["app"], &scripts(), policy(), of_work).await;
    scene.traced(2, |body| matches!(body, TraceBody::Prompt { .. })).await;
    scene.control.tells.times(12);
    std::fs::write(scene.folder.path().join("go"), "").unwrap();
    scene.delivered(1).await;
    assert_eq!(scene.control.tells.left(), 0);
    let attempts = scene.read(|s| s.live_attempts().count()).await;
    assert_eq!(attempts, 0);
    let next = scene.read(|s| s.attempt(3).is_some()).await;
    assert!(!next, "the attempt that was running delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_stops_without_an_answer_does_so_within_seconds() {
    let mut scene = Scene::approved(&["app"], &scripts(), policy(), |_| true).await;
    scene.traced(2, |body| matches!(body, TraceBody::Prompt { .. })).await;
    scene.control.tells.times(u32::MAX);
    let took = scene.stops().await;
    assert!(took.as_secs() < 30, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_could_not_be_written_for_a_while_is_whole_in_the_end() {
    let scene = Scene::approved(&["app"], &scripts(), policy(), |_| true).await;
    scene.traced(2, |body| matches!(body, TraceBody::Prompt { .. })).await;
    scene.control.traces.times(6);
    std::fs::write(scene.folder.path().join("go"), "").unwrap();
    let ended = |body: &TraceBody| matches!(body, TraceBody::TurnEnded { .. });
    let trace = scene.traced(2, ended).await;
    assert_eq!(scene.control.traces.left(), 0);
    let numbers: Vec<u64> = trace.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let edits = trace
        .iter()
        .filter(|entry| matches!(&entry.body, TraceBody::ToolCall { title, status, .. } if title.contains("a.txt") && status == "completed"));
    assert_eq!(edits.count(), 1, "{trace:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_said_before_it_called_a_tool_stands_before_the_call_however_slow_the_heartbeat() {
    let report = format!("{{ tool = {{ name = \"report_progress\", arguments = {{ text = \"{REPORT}\" }} }} }}");
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{{ say = \"I begin with the corner stones.\" }},\n\
         {report},\n{{ say = \"They lie.\" }},\n{{ edit = {{ path = \"a.txt\", content = \"a\" }} }},\n{COMPLETE},\n]\n"
    );
    let scene = Scene::planned(&["app"], &scripts, policy(), |_| false).await;
    scene
        .until("a planner that is done", |s| {
            s.live_attempts().next().is_none().then_some(())
        })
        .await;
    scene.control.slow.send_replace(true);
    scene.is_approved(&["app"]).await;
    let ended = |body: &TraceBody| matches!(body, TraceBody::TurnEnded { .. });
    let trace = scene.traced(2, ended).await;
    let mut told = String::new();
    for entry in &trace {
        match &entry.body {
            TraceBody::Message { text } => told.push_str(text),
            TraceBody::Engine { tool, .. } => told.push_str(&format!("<{tool}>")),
            _ => {}
        }
    }
    assert_eq!(
        told, "I begin with the corner stones.<report_progress>They lie.<complete_task>",
        "{trace:#?}"
    );
}
