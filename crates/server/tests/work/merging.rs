//! An owner cancels a task while the forge merges it: one of both comes first, and the other is told so.

use std::time::Duration;

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::policy::Policy;
use team6_core::sprint::{Command, MergeMethod, Refusal, Sprint, Stage, Verdict};
use team6_forge::State;
use team6_server::engine::EngineError;
use team6_testkit::wait::wait_until;

use crate::scene::{COMPLETE, LIMIT, Scene, ada, policy};

const TASK: TaskId = TaskId(1);

fn cancel() -> Command {
    Command::CancelTask { by: ada(), task: TASK }
}

fn stage(sprint: &Sprint) -> &Stage {
    &sprint.tasks[&TASK].work.stage
}

/// A task that is approved and whose merge was asked for, of an origin that has begun not to answer the forge.
async fn being_merged(policy: Policy) -> Scene {
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{{ edit = {{ path = \"a.txt\", content = \"a\" }} }},\n\
         {{ commit = {{ message = \"A\" }} }},\n{COMPLETE},\n]\n"
    );
    let scene = Scene::approved(&["app"], &scripts, policy, |_| true).await;
    scene
        .until("a pull request", |s| (*stage(s) == Stage::InReview).then_some(()))
        .await;
    let review = Command::SubmitReview {
        by: ada(),
        task: TASK,
        verdict: Verdict::Approve,
        body: "Good.".into(),
        comments: vec![],
        heads: [].into(),
    };
    scene.does(review).await;
    // Nothing but the merge asks the origin from here on.
    wait_until("the review in the forge", LIMIT, async || {
        let shown = scene.app.control.forge.pull_request(&app(), 1).await.unwrap();
        match shown.reviews.is_empty() {
            true => Err("it is not there"),
            false => Ok(()),
        }
    })
    .await;
    scene.hangs(Some("app"));
    let merge = Command::Merge {
        by: ada(),
        task: TASK,
        method: MergeMethod::Merge,
    };
    scene.does(merge).await;
    scene.waits_for_its_origin().await;
    scene
}

fn app() -> RepositoryId {
    "app".parse().unwrap()
}

/// What the base has, and how the pull request ended.
async fn ended(scene: &Scene) -> (String, State) {
    let shown = scene.app.control.forge.pull_request(&app(), 1).await.unwrap();
    (
        scene.origin().git(&["ls-tree", "--name-only", "main", "a.txt"]),
        shown.state,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_is_under_way_comes_before_a_cancellation() {
    let scene = being_merged(policy()).await;
    let engine = &scene.app.control.engine;
    let refused = engine.execute(scene.sprint, cancel(), "test", None).await;
    let Err(EngineError::Refused(refusal)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(*refusal, Refusal::BeingMerged { tasks: vec![TASK] });

    scene.hangs(None);
    scene
        .until("the merge", |s| (*stage(s) == Stage::Done).then_some(()))
        .await;
    let late = engine.execute(scene.sprint, cancel(), "test", None).await;
    assert!(matches!(late, Err(EngineError::Refused(_))), "{late:?}");
    let (files, state) = ended(&scene).await;
    assert!(
        files == "a.txt" && matches!(state, State::Merged { .. }),
        "{files} {state:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_was_cancelled_while_the_forge_did_not_answer_is_done_once_its_merge_is_known() {
    let policy = Policy {
        forge_time: Duration::from_secs(5),
        ..policy()
    };
    let scene = being_merged(policy).await;
    let given_up = |s: &Sprint| {
        let trouble = s.tasks[&TASK].merge_trouble.as_deref()?;
        (*stage(s) == Stage::InReview && trouble.contains("did not answer in time")).then_some(())
    };
    scene.until("the end of its patience", given_up).await;
    // The forge still has the merge in its hands, and does not know of this.
    scene.does(cancel()).await;
    let cancelled = scene.read(|s| matches!(stage(s), Stage::Cancelled { .. })).await;
    assert!(cancelled);

    scene.hangs(None);
    scene
        .until("the merge", |s| (*stage(s) == Stage::Done).then_some(()))
        .await;
    let (files, state) = ended(&scene).await;
    assert!(
        files == "a.txt" && matches!(state, State::Merged { .. }),
        "{files} {state:?}"
    );
    let merged = scene.read(|s| s.tasks[&TASK].is_merged()).await;
    assert!(merged, "the page says what is so in the base");
}
