//! What attempts are told of their project's memory, what they keep in it, and what is learnt from how their tasks end.

use team6_core::ids::{AttemptId, FencingToken, MemoryId, ProjectId, TaskId};
use team6_core::memory::{Kind, Memory, MemoryCommand, Scope, Source};
use team6_core::sprint::{Command, MergeMethod, ReviewComment, Stage, Verdict};
use team6_core::trace::TraceBody;
use team6_store::{MemoryFilter, MemoryRow};
use team6_worker::control::{ControlError, ControlPlane, Remember};

use crate::scene::{COMPLETE, Scene, ada, policy};

const TASK: TaskId = TaskId(1);
const EDIT: &str = "{ edit = { path = \"a.txt\", content = \"one\\n\" } },\n{ commit = { message = \"One\" } }";

fn shop() -> ProjectId {
    "shop".parse().unwrap()
}

impl Scene {
    /// Something that ada knows and tells.
    async fn knows(&self, text: &str) -> MemoryId {
        let command = MemoryCommand::Remember {
            kind: Kind::Pitfall,
            text: text.into(),
            scope: Scope::Project,
            evidence: String::new(),
            supersedes: None,
            source: Source::Person { by: ada() },
        };
        let engine = &self.app.control.engine;
        engine
            .change_memory(&shop(), command, "ada", None)
            .await
            .unwrap()
            .memory
            .unwrap()
            .id
    }

    async fn rows(&self) -> Vec<MemoryRow> {
        let store = self.app.control.engine.store();
        store.memories(&MemoryFilter::of(shop()), None, 100).await.unwrap()
    }

    async fn memory(&self, id: MemoryId) -> Memory {
        let row = self
            .app
            .control
            .engine
            .store()
            .memory(&shop(), id)
            .await
            .unwrap()
            .unwrap();
        serde_json::from_value(row.body).unwrap()
    }
}

/// The first task's agent plays these steps and delivers; what ada says in a review, it answers.
fn scripts(steps: &str) -> String {
    let answers = "[{ thread = 1, text = \"It says so now.\" }]";
    let mended = COMPLETE.replace("\"Asked.\" }", &format!("\"Asked.\", answers = {answers} }}"));
    format!(
        "[[script]]\nwhen = '(?is)requests changes'\nsteps = [\n{{ edit = {{ path = \"a.txt\", content = \"two\\n\" }} }},\n\
         {{ commit = {{ message = \"Two\" }} }},\n{mended},\n]\n\
         [[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n{steps}{EDIT},\n{COMPLETE},\n]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_told_what_may_help_and_what_it_learns_is_kept() {
    let learns = "{ tool = { name = \"remember\", arguments = { kind = \"command\", text = \"Run make lexer before the tests \
                  of the app.\", path = \"src\", evidence = \"the tests passed after it\" } } },\n\
                  { tool = { name = \"remember\", arguments = { kind = \"pitfall\", text = \"The password: hunter22! opens \
                  it.\", evidence = \"tried\" }, expect_refusal = true } },\n\
                  { tool = { name = \"remember\", arguments = { kind = \"pitfall\", text = \"There is a trap in here.\", \
                  repository = \"other\", evidence = \"seen\" }, expect_refusal = true } },\n\
                  { tool = { name = \"recall\", arguments = { question = \"how to do the app\" } } },\n";
    let scene = Scene::planned(&["app"], &scripts(learns), policy(), |_| true).await;
    let known = scene
        .knows("Whoever wants to do the app has to start its server first.")
        .await;
    scene.knows("Colours of charts come from the palette.").await;
    scene.is_approved(&["app"]).await;
    scene.delivered(TASK.0).await;
    let trace = scene
        .traced(2, |body| matches!(body, TraceBody::TurnEnded { .. }))
        .await;
    let prompt = trace.iter().find_map(|entry| match &entry.body {
        TraceBody::Prompt { text } => Some(text.clone()),
        _ => None,
    });
    let prompt = prompt.unwrap();
    let told =
        "What this project's memory holds that may help:\n\n- [memory 1, pitfall] Whoever wants to do the app has to";
    assert!(prompt.contains(told) && !prompt.contains("palette"), "{prompt}");
    let given = scene.app.control.engine.store().given_to(TASK).await.unwrap();
    assert_eq!(given.len(), 1);
    assert_eq!((given[0].attempt.n, given[0].memories.as_slice()), (2, &[known][..]));

    let answers = trace.iter().filter_map(|entry| match &entry.body {
        TraceBody::Engine { tool, answer, .. } if tool == "remember" || tool == "recall" => Some(answer.as_str()),
        _ => None,
    });
    insta::assert_snapshot!(answers.collect::<Vec<_>>().join("\n"), @r"
    Kept as memory 3.
    it seems to hold the value of password, and everybody of the project reads what is kept; say where it is found instead
    repository: the project has no repository other; use one of app
    - [memory 3, command, in app at src] Run make lexer before the tests of the app.
    - [memory 1, pitfall] Whoever wants to do the app has to start its server first.
    ");
    let kept = scene.memory(MemoryId(3)).await;
    assert_eq!(kept.scope.to_string(), "app at src");
    assert_eq!(kept.source.task(), Some(TASK));
    assert_eq!(kept.evidence[0].text, "the tests passed after it");

    let before = scene.rows().await;
    scene.app.control.engine.rebuild().await.unwrap();
    assert_eq!(scene.rows().await, before, "the log makes the same again");
    assert_eq!(scene.app.control.engine.store().given_to(TASK).await.unwrap(), given);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_ends_says_how_useful_its_memories_were_and_strangers_teach_nothing() {
    let scene = Scene::planned(&["app"], &scripts(""), policy(), |_| true).await;
    let known = scene
        .knows("Whoever wants to do the app has to start its server first.")
        .await;
    scene.is_approved(&["app"]).await;
    let in_review = |deliveries: u32| {
        move |s: &team6_core::sprint::Sprint| {
            let task = &s.tasks[&TASK];
            (task.work.stage == Stage::InReview && task.deliveries == deliveries).then_some(())
        }
    };
    scene.until("a pull request", in_review(1)).await;
    let comment = ReviewComment {
        repository: "app".parse().unwrap(),
        path: "a.txt".into(),
        line: Some(1),
        end_line: None,
        old_side: false,
        text: "Files of text end with a line of their own.".into(),
    };
    let review = |verdict, comments| Command::SubmitReview {
        by: ada(),
        task: TASK,
        verdict,
        body: "Look again.".into(),
        comments,
        heads: [].into(),
    };
    scene.does(review(Verdict::RequestChanges, vec![comment])).await;
    scene.until("its answers", in_review(2)).await;
    scene.does(review(Verdict::Approve, Vec::new())).await;
    let merge = Command::Merge {
        by: ada(),
        task: TASK,
        method: MergeMethod::Merge,
    };
    scene.does(merge).await;
    let committed = &mut scene.app.control.engine.store().committed();
    let uses = loop {
        committed.mark_unchanged();
        let uses = scene.memory(known).await.uses;
        if uses.passed + uses.sent_back > 0 {
            break uses;
        }
        let changed = tokio::time::timeout(crate::scene::LIMIT, committed.changed()).await;
        changed.expect("an outcome of the task").unwrap();
    };
    assert_eq!((uses.passed, uses.sent_back), (0, 1), "it was sent back once");
    // The people of this server are none, so that ada is a stranger to it.
    assert_eq!(scene.rows().await.len(), 1, "{:?}", scene.rows().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_no_longer_keeps_nothing() {
    let scene = Scene::approved(&["app"], &scripts(""), policy(), |_| true).await;
    scene.delivered(TASK.0).await;
    let attempt = AttemptId {
        sprint: scene.sprint,
        n: 2,
    };
    let late = Remember {
        kind: Kind::Pitfall,
        text: "Said after all was over.".into(),
        repository: None,
        path: None,
        evidence: String::new(),
        supersedes: None,
    };
    let refused = scene
        .control
        .remember(attempt, FencingToken(2), late)
        .await
        .unwrap_err();
    assert!(matches!(refused, ControlError::Refused(_)), "{refused}");
    assert_eq!(scene.rows().await, []);
}
