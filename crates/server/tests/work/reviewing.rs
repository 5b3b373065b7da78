//! What an agent answers to a review, held against what it delivered.

use team6_core::ids::TaskId;
use team6_core::sprint::{Command, ReviewComment, Stage, Verdict};
use team6_core::trace::TraceBody;

use crate::scene::{COMPLETE, Scene, ada, policy};

const TASK: TaskId = TaskId(1);

fn comment(line: u32, text: &str) -> ReviewComment {
    ReviewComment {
        repository: "app".parse().unwrap(),
        path: "a.txt".into(),
        line: Some(line),
        end_line: None,
        old_side: false,
        text: text.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_not_on_the_branch_is_taken_out_of_an_answer_and_the_answer_says_so() {
    let answers = "[{ thread = 1, commit = \"1111111111111111111111111111111111111111\", text = \"Renamed.\" }, \
                   { thread = 2, commit = \"{head}\", text = \"Tested.\" }]";
    let mended = COMPLETE.replace("\"Asked.\" }", &format!("\"Asked.\", answers = {answers} }}"));
    let edits = |text: &str| {
        format!(
            "{{ edit = {{ path = \"a.txt\", content = \"{text}\\n\" }} }},\n{{ commit = {{ message = \"{text}\" }} }},\n"
        )
    };
    let scripts = format!(
        "[[script]]\nwhen = '(?is)requests changes'\nsteps = [\n{}{mended},\n]\n\
         [[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{}{COMPLETE},\n]\n",
        edits("two"),
        edits("one")
    );
    let scene = Scene::approved(&["app"], &scripts, policy(), |_| true).await;
    let in_review = |deliveries: u32| {
        move |s: &team6_core::sprint::Sprint| {
            let task = &s.tasks[&TASK];
            (task.work.stage == Stage::InReview && task.deliveries == deliveries).then_some(())
        }
    };
    scene.until("a pull request", in_review(1)).await;
    scene
        .does(Command::SubmitReview {
            by: ada(),
            task: TASK,
            verdict: Verdict::RequestChanges,
            body: String::new(),
            comments: vec![comment(1, "Name it."), comment(1, "Test it.")],
            heads: [].into(),
        })
        .await;
    scene.until("its answers", in_review(2)).await;
    let (threads, head) = scene
        .read(|s| {
            let task = &s.tasks[&TASK];
            (task.threads.clone(), task.heads.values().next().cloned())
        })
        .await;
    let answers: Vec<_> = threads.into_iter().filter_map(|thread| thread.answer).collect();
    assert_eq!(
        (answers[0].commit.clone(), answers[0].text.as_str()),
        (
            None,
            "Renamed. (it named commit 1111111111, which is not on the branch)"
        )
    );
    assert_eq!((answers[1].commit.clone(), answers[1].text.as_str()), (head, "Tested."));
    let told = |body: &TraceBody| matches!(body, TraceBody::Note { text, .. } if text.contains("the answer to thread 1: it named"));
    scene.traced(3, told).await;
}
