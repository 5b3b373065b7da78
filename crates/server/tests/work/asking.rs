//! An agent that asks its owner ends its turn by itself, as it was told to.

use std::time::{Duration, Instant};

use team6_core::trace::TraceBody;

use crate::scene::{COMPLETE, Scene, policy};

const ASK: &str =
    "{ tool = { name = \"ask_owner\", arguments = { question = \"Tabs?\", options = [\"Yes\", \"No\"] } } }";

fn ended(body: &TraceBody) -> bool {
    matches!(body, TraceBody::TurnEnded { reason } if reason == "end_turn")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_commits_and_says_after_it_asked_is_kept() {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{ASK},\n{{ pause = {{ ms = 700 }} }},\n\
         {{ edit = {{ path = \"half.txt\", content = \"half\" }} }},\n{{ commit = {{ message = \"Half of it\" }} }},\n\
         {{ say = \"I wait for the answer.\" }},\n]\n"
    );
    let mut scene = Scene::approved(&["app"], &scripts, policy(), |_| true).await;
    let trace = scene.traced(2, ended).await;
    let words = trace.iter().filter_map(|entry| match &entry.body {
        TraceBody::Message { text } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(words.collect::<String>(), "I wait for the answer.", "{trace:#?}");
    scene.stops().await;
    assert_eq!(scene.kept("app", 1, "half.txt"), "half");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_not_complete_while_its_owner_is_asked_and_the_agent_is_told_so() {
    let complete = COMPLETE.replace("\"Asked.\" }", "\"Asked.\" }, expect_refusal = true");
    let scripts = format!("[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{ASK},\n{complete},\n]\n");
    let scene = Scene::approved(&["app"], &scripts, policy(), |_| true).await;
    let trace = scene.traced(2, ended).await;
    let answer = trace.iter().find_map(|entry| match &entry.body {
        TraceBody::Engine { tool, accepted, answer } if tool == "complete_task" => Some((*accepted, answer.clone())),
        _ => None,
    });
    let (accepted, text) = answer.unwrap();
    assert!(
        !accepted && text.contains("this attempt is over, so nothing was recorded"),
        "{text}"
    );
    assert!(text.contains("call complete_task in that one"), "{text}");
    let asking = scene.read(|s| format!("{:?}", s.tasks)).await;
    assert!(asking.contains("Asking"), "{asking}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_goes_on_although_it_asked_is_stopped_and_its_work_kept() {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{ASK},\n{{ edit = {{ path = \"half.txt\", content = \"half\" }} }},\n\
         {{ hang = true }},\n]\n"
    );
    let mut scene = Scene::approved(&["app"], &scripts, policy(), |_| true).await;
    scene
        .until("a question", |s| {
            format!("{:?}", s.tasks).contains("Asking").then_some(())
        })
        .await;
    let began = Instant::now();
    let over = |body: &TraceBody| matches!(body, TraceBody::Note { text, .. } if text.contains("did not end its turn"));
    scene.traced(2, over).await;
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    scene.stops().await;
    assert_eq!(scene.kept("app", 1, "half.txt"), "half");
}
