//! What work will build on is laid ready before anybody needs it.

use std::collections::BTreeMap;

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{Command, MergeMethod, Sprint, Stage, Verdict};
use team6_testkit::wait::wait_until;

use crate::scene::{COMPLETE, LIMIT, Scene, ada, policy};

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_base_that_was_merged_into_are_laid_ready() {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n\
         {{ run = {{ command = \"echo mine > work.txt\" }} }},\n{COMPLETE},\n]\n"
    );
    let scene = Scene::approved(&["app"], &scripts, policy(), |_| false).await;
    let (by, task) = (ada(), TaskId(1));
    let in_review = |s: &Sprint| matches!(s.tasks[&task].work.stage, Stage::InReview).then_some(());
    scene.until("a delivery to review", in_review).await;
    scene
        .does(Command::SubmitReview {
            by: by.clone(),
            task,
            verdict: Verdict::Approve,
            body: String::new(),
            comments: Vec::new(),
            heads: BTreeMap::new(),
        })
        .await;
    let method = MergeMethod::Merge;
    scene.does(Command::Merge { by, task, method }).await;
    let app: RepositoryId = "app".parse().unwrap();
    let merged = |s: &Sprint| s.tasks[&task].pull_requests[&app].merged.clone();
    let base = scene.until("a merge", merged).await;
    // Nothing is left to do, so that nobody claims a workspace of it.
    let laid = scene
        .folder
        .path()
        .join(format!("data/workspaces/repos/app/generations/{base}/layers.json"));
    wait_until("its files", LIMIT, async || match laid.exists() {
        true => Ok(()),
        false => Err(laid.display().to_string()),
    })
    .await;
}
