//! What does not fit is told by file, and changes nothing.

use team6_core::sprint::MergeMethod;
use team6_testkit::repositories::Repository;

use super::scene::{Scene, Stage};
use crate::{Conflict, ConflictKind, MergeOutcome, Mergeability, StateFilter};

#[track_caller]
fn conflicts(outcome: MergeOutcome) -> Vec<Conflict> {
    match outcome {
        MergeOutcome::Conflicts { files } => files,
        other => panic!("no conflict: {other:?}"),
    }
}

pub async fn a_conflict_is_told_by_file_and_changes_nothing(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.deliver("feature/one", "fits.txt", "1\n").await;
    scene.deliver("feature/one", "README.md", "# By the agent\n").await;
    scene.open("feature/one").await;
    scene.user_pushes("README.md", "# By hand\n");
    let before = (scene.base(), scene.pull_request(1).await);
    for method in [MergeMethod::Merge, MergeMethod::Squash] {
        let found = conflicts(scene.merge(1, method).await);
        let named: Vec<_> = found.iter().map(|c| (c.path.to_string(), &c.kind)).collect();
        assert_eq!(named, [("README.md".to_owned(), &ConflictKind::Content)]);
        assert!(found[0].message.contains("README.md"), "{found:?}");
    }
    assert_eq!((scene.base(), scene.pull_request(1).await), before);
    let foreseen = scene.forge.mergeability(&scene.id, 1).await.unwrap();
    assert!(
        matches!(&foreseen, Mergeability::Conflicts { files } if files.len() == 1),
        "{foreseen:?}"
    );
    let open = scene.forge.pull_requests(&scene.id, StateFilter::Open).await.unwrap();
    assert_eq!(open.len(), 1);
}

/// Two sides that change one base, each in its way.
async fn clash(
    stage: Stage,
    base: impl Fn(&Repository),
    mine: impl Fn(&Repository),
    theirs: impl Fn(&Repository),
) -> Vec<Conflict> {
    let project = Repository::sample("two-crates");
    base(&project);
    project.commit("base");
    let scene = Scene::of(stage, &project).await;
    let commit = scene.commit("feature/one", "mine", mine);
    scene.publish("feature/one", &commit).await;
    let number = scene.open("feature/one").await.number;
    theirs(&scene.user);
    scene.user.commit("theirs");
    scene.user.git(&["push", "--quiet", "origin", "HEAD:main"]);
    let before = scene.base();
    let found = conflicts(scene.merge(number, MergeMethod::Merge).await);
    assert_eq!(scene.base(), before);
    found
}

pub async fn a_dry_run_knows_what_others_have_pushed(stage: Stage) {
    let scene = Scene::small(stage).await;
    let opened = scene.offered("feature/one", "shared.txt", "ours\n").await;
    scene.user_pushes("shared.txt", "theirs\n");
    let head = opened.head().cloned().unwrap();
    let asked = crate::conformance::scene::merge(MergeMethod::Merge, &head);
    let foreseen = scene.forge.dry_run_merge(&scene.id, opened.number, &asked).await;
    assert_eq!(conflicts(foreseen.unwrap()).len(), 1);
}

pub async fn each_way_to_conflict_has_its_kind(stage: Stage) {
    let nothing = |_: &Repository| ();
    let write = |path: &'static str, content: &'static [u8]| {
        move |side: &Repository| {
            side.write(path, content);
        }
    };
    let kinds = |found: &[Conflict]| {
        found
            .iter()
            .map(|c| (c.path.to_string(), c.kind.clone()))
            .collect::<Vec<_>>()
    };

    let found = clash(
        stage.clone(),
        nothing,
        write("new.txt", b"mine\n"),
        write("new.txt", b"theirs\n"),
    )
    .await;
    assert_eq!(kinds(&found), [("new.txt".into(), ConflictKind::Content)]);

    let remove = |side: &Repository| {
        side.remove("README.md");
    };
    let found = clash(stage.clone(), nothing, remove, write("README.md", b"# By hand\n")).await;
    assert_eq!(kinds(&found), [("README.md".into(), ConflictKind::ModifyDelete)]);

    let bytes = |mark: u8| {
        move |side: &Repository| {
            side.write("image.png", [b'\x89', 0, mark, 0]);
        }
    };
    let found = clash(stage.clone(), bytes(1), bytes(2), bytes(3)).await;
    assert_eq!(kinds(&found), [("image.png".into(), ConflictKind::Binary)]);

    let found = clash(
        stage.clone(),
        nothing,
        write("docs", b"a file\n"),
        write("docs/index.md", b"in a folder\n"),
    )
    .await;
    assert!(found.iter().any(|c| c.kind == ConflictKind::FileDirectory), "{found:?}");

    let moved = |to: &'static str| move |side: &Repository| drop(side.git(&["mv", "README.md", to]));
    let found = clash(stage.clone(), nothing, moved("MINE.md"), moved("THEIRS.md")).await;
    assert!(found.iter().any(|c| c.kind == ConflictKind::RenameRename), "{found:?}");

    let odd = "odd\n\\name\u{fc}.txt";
    let found = clash(
        stage.clone(),
        nothing,
        |s| {
            s.write(odd, "1\n");
        },
        |s| {
            s.write(odd, "2\n");
        },
    )
    .await;
    assert_eq!(found[0].path.as_bytes(), odd.as_bytes());
}

pub async fn a_conflict_that_was_mended_merges(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "README.md", "# By the agent\n").await;
    let by_hand = scene.user_pushes("README.md", "# By hand\n");
    conflicts(scene.merge(1, MergeMethod::Merge).await);
    scene.store.git(&["fetch", "--quiet", "origin"]);
    scene.store.git(&[
        "merge",
        "--quiet",
        "--strategy-option=ours",
        "-m",
        "mend",
        "origin/main",
    ]);
    let mended = scene.commit("feature/one", "both", |store| {
        store.write("README.md", "# By both\n");
    });
    scene.publish("feature/one", &mended).await;
    let commit = scene.merged(1, MergeMethod::Merge).await;
    assert_eq!(
        scene.commit_of_origin(commit.as_str(), "%P"),
        format!("{by_hand} {mended}")
    );
    assert_eq!(scene.file("README.md"), "# By both");
}

pub async fn a_rebase_conflicts_by_file_too(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.deliver("feature/one", "fits.txt", "1\n").await;
    scene.deliver("feature/one", "README.md", "# By the agent\n").await;
    scene.open("feature/one").await;
    scene.user_pushes("README.md", "# By hand\n");
    let before = scene.base();
    let found = conflicts(scene.merge(1, MergeMethod::Rebase).await);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].path.to_string(), &found[0].kind),
        ("README.md".into(), &ConflictKind::Content)
    );
    assert_eq!(scene.base(), before);
}
