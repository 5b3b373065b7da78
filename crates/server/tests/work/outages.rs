//! A control plane that does not answer for a while fails nobody's work.

use team6_core::sprint::Command;
use team6_core::trace::TraceBody;

use crate::scene::{COMPLETE, Scene, policy};

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
