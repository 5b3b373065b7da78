//! An origin that does not answer holds up the work on it and nothing else.

use std::time::Duration;

use team6_core::policy::Policy;
use team6_core::sprint::{Sprint, Stage};

use crate::scene::{COMPLETE, Scene, policy};

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_waits_for_its_origin_with_heartbeats_while_others_work() {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do '\nsteps = [\n{{ edit = {{ path = \"a.txt\", content = \"a\" }} }},\n{COMPLETE},\n]\n"
    );
    let policy = Policy {
        lease: Duration::from_secs(2),
        ..policy()
    };
    let scene = Scene::planned(&["slow", "app"], &scripts, policy, |_| true).await;
    scene.hangs(Some("slow"));
    scene.is_approved(&["slow", "app"]).await;
    scene.delivered(2).await;
    // Its lease was renewed again and again, beyond where it ended at first.
    let renewed = |s: &Sprint| {
        let work = s.live_attempts().next()?.1;
        let n = s.live_attempts().next()?.0;
        let started = s.attempt(n)?.started.as_ref()?.at;
        match &s.work(work)?.stage {
            Stage::Running { lease_until, .. } => (lease_until.since(started) > Duration::from_secs(5)).then_some(n),
            _ => None,
        }
    };
    let attempt = scene.until("heartbeats", renewed).await;
    scene.hangs(None);
    scene.delivered(1).await;
    let ended = scene.read(|s| format!("{:?}", s.attempt(attempt).unwrap())).await;
    assert!(ended.contains("Delivered"), "{ended}");
}
