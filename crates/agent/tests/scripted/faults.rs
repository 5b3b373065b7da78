//! Each way to misbehave.

use std::os::unix::process::ExitStatusExt;

use crate::client::{Agent, Desk};

async fn playing(step: &str) -> (Desk, Agent) {
    let desk = Desk::with(&format!(
        "[[script]]\nwhen = 'go'\nsteps = [{{ say = \"so long\" }}, {step}]"
    ));
    let agent = desk.agent().await;
    (desk, agent)
}

#[tokio::test]
async fn a_crash_and_an_exit_come_after_the_last_words() {
    for (step, code) in [
        ("{ crash = true }", None),
        ("{ exit = 7 }", Some(7)),
        ("{ exit = 0 }", Some(0)),
    ] {
        let (_desk, mut agent) = playing(step).await;
        agent.begin("go").await;
        agent.sees("so long").await;
        assert_eq!(agent.ended().await, code, "{step}");
    }
    assert_eq!(std::process::ExitStatus::from_raw(6).code(), None);
}

#[tokio::test]
async fn a_prompt_can_fail_with_the_words_of_a_provider() {
    let (_desk, mut agent) = playing("{ fail = \"usage limit reached, resets 3pm\" }").await;
    let error = agent.prompt("go").await.unwrap_err();
    assert_eq!(error["code"], -32603);
    assert_eq!(error["message"], "usage limit reached, resets 3pm");
    let (_desk, mut agent) = playing("{ fail = { message = \"log in first\", code = -32000 } }").await;
    assert_eq!(agent.prompt("go").await.unwrap_err()["code"], -32000);
}

#[tokio::test]
async fn a_turn_can_end_for_any_reason() {
    for (step, reason) in [
        ("{ refuse = true }", "refusal"),
        ("{ end = \"max_tokens\" }", "max_tokens"),
        ("{ end = { reason = \"max_turn_requests\" } }", "max_turn_requests"),
    ] {
        let (_desk, mut agent) = playing(step).await;
        assert_eq!(agent.stops("go").await, reason);
    }
}

#[tokio::test]
async fn a_flood_is_as_large_as_asked() {
    let (_desk, mut agent) = playing("{ flood = 3 }").await;
    assert_eq!(agent.stops("go").await, "end_turn");
    let said: usize = agent.said().iter().map(|piece| piece.len()).sum();
    assert!((2_900_000..3_200_000).contains(&said), "{said}");
}

#[tokio::test]
async fn garbage_comes_in_lines_between_the_messages() {
    let (_desk, mut agent) = playing("{ garbage = 6 }, { say = \"and on\" }").await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(agent.noise.len(), 6, "{:?}", agent.noise);
    assert_eq!(agent.said(), ["so long", "and on"]);
}

#[tokio::test]
async fn a_daemon_outlives_the_agent_in_a_session_of_its_own() {
    let (desk, mut agent) = playing("{ daemon = \"echo $$ > ../pipe; exec sleep 300\" }").await;
    let pipe = desk.pipe();
    let pid = tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe));
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(agent.leave().await, Some(0));
    let pid: i32 = pid.await.unwrap().unwrap().trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let own = rustix::process::getsid(Some(pid)).unwrap() == pid;
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert!(own);
}

#[tokio::test]
async fn the_history_can_be_rewritten() {
    let (desk, mut agent) = playing("{ rewrite_history = true }").await;
    let before = desk.git(&["rev-parse", "HEAD"]);
    assert_eq!(agent.stops("go").await, "end_turn");
    assert_eq!(desk.git(&["rev-list", "--count", "HEAD"]), "1");
    assert_ne!(desk.git(&["rev-parse", "HEAD"]), before);
}

#[tokio::test]
async fn the_workspace_can_be_deleted() {
    let (desk, mut agent) = playing("{ delete_workspace = true }, { say = \"gone\" }").await;
    assert_eq!(agent.stops("go").await, "end_turn");
    assert!(!desk.cwd().exists());
    assert_eq!(agent.said(), ["so long", "gone"]);
}
