//! An origin that does not answer holds up the work on it and nothing else.

use std::time::Duration;

use team6_core::ids::TaskId;
use team6_core::policy::Policy;
use team6_core::sprint::{Sprint, Stage};

use crate::scene::{COMPLETE, Scene, policy};

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_workspace_is_is_told_to_people_while_it_is_made() {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do '\nsteps = [\n{{ edit = {{ path = \"a.txt\", content = \"a\" }} }},\n{COMPLETE},\n]\n"
    );
    let scene = Scene::planned(&["app"], &scripts, policy(), |_| true).await;
    scene.upstream_moves();
    scene.mirror_hangs("app");
    scene.is_approved(&["app"]).await;
    let told = |s: &Sprint| {
        let why = s.explain(TaskId(1))?.reason.to_string();
        let told = why.strip_prefix("its workspace is being made: ")?;
        ["fetching app", "app is being fetched already"]
            .contains(&told)
            .then_some(())
    };
    scene.until("the progress of its workspace", told).await;
    scene.hangs(None);
    scene.delivered(1).await;
}

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
