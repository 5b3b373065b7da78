//! Work that cannot be brought out stays where it is until it can.

use team6_core::trace::TraceBody;

use crate::scene::{COMPLETE, Scene, policy};

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_full_disk_kept_in_its_workspace_is_delivered_by_the_next_attempt() {
    // The second attempt writes nothing: what it delivers is the work of the first.
    let scripts = format!(
        "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n\
         {{ run = {{ command = \"mkdir ../../../../../once && echo mine > work.txt || true\" }} }},\n{COMPLETE},\n]\n"
    );
    let scene = Scene::approved(&["app"], &scripts, policy(), |_| true).await;
    scene.provisioner.imports.times(1);
    scene.delivered(1).await;
    assert_eq!(scene.provisioner.imports.left(), 0, "an import failed");
    assert_eq!(scene.kept("app", 1, "work.txt"), "mine\n");
    let said = |body: &TraceBody| matches!(body, TraceBody::Note { text, .. } if text.contains("its workspace stays"));
    let trace = scene.traced(2, said).await;
    let note = trace.iter().find(|entry| said(&entry.body)).unwrap();
    assert!(
        format!("{:?}", note.body).contains("No space left on device"),
        "{note:?}"
    );
    let failed = scene.read(|s| format!("{:?}", s.attempt(2).unwrap())).await;
    assert!(failed.contains("OutOfRoom"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_could_not_be_brought_out_when_the_engine_stopped_is_kept_by_the_next_start() {
    let scripts = "[[script]]\nwhen = '(?i)task \\d+: Do app'\nsteps = [\n\
                   { run = { command = \"echo mine > work.txt\" } },\n{ hang = true },\n]\n";
    let mut scene = Scene::approved(&["app"], scripts, policy(), |_| true).await;
    let ran = |body: &TraceBody| matches!(body, TraceBody::ToolCall { status, .. } if status == "completed");
    scene.traced(2, ran).await;
    scene.provisioner.imports.times(1);
    scene.stops().await;
    assert!(scene.slot(1).join("files/work.txt").is_file(), "the workspace stays");
    let swept = scene.app.worker().provisioner.sweep(&["task-1".into()]).await.unwrap();
    assert_eq!(swept.workspaces, ["task-1"]);
    assert_eq!(scene.kept("app", 1, "work.txt"), "mine\n");
}
