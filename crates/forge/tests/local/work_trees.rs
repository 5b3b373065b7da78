//! A user's checkout as the origin: what stands in it is theirs, and follows only where they allowed it.

use std::path::Path;

use team6_core::sprint::MergeMethod;
use team6_forge::conformance::Scene;
use team6_forge::conformance::scene::name;
use team6_forge::{ForgeError, MergeOutcome, Notice, TargetBranch};
use team6_testkit::repositories::Repository;

use crate::{open, place};

/// A checkout of a small project, with work that its user has not committed.
struct Desk {
    _place: tempfile::TempDir,
    scene: Scene,
}

impl Desk {
    /// The origin is a checkout on `main`.
    fn new() -> Self {
        let place = place();
        let mut scene = Scene::unconnected(open(place.path()), &Repository::sample("two-crates"));
        scene.origin = scene.origin.fresh_clone();
        scene.store.git(&["remote", "set-url", "origin", &scene.origin.url()]);
        scene.settings.origin = scene.origin.path().display().to_string();
        Self { _place: place, scene }
    }

    /// git may bring the checkout up to date.
    async fn that_follows() -> Self {
        let desk = Self::new();
        desk.scene
            .origin
            .git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
        desk.scene.forge.connect(&desk.scene.settings).await.unwrap();
        desk
    }

    fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.scene.origin.path().join(path)).ok()
    }

    fn status(&self) -> String {
        self.scene.origin.git(&["status", "--porcelain"]).trim().to_owned()
    }
}

#[tokio::test]
async fn a_branch_that_is_checked_out_is_refused_with_two_ways_out() {
    let Desk { scene, .. } = &mut Desk::new();
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    assert!(matches!(refused, ForgeError::CheckedOut { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.contains("--create-branch") && text.contains("updateInstead"),
        "{text}"
    );
    // The first way out.
    scene.settings.branch = TargetBranch::Create(name("team6"));
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    assert_eq!((connected.branch, connected.notices), (name("team6"), Vec::new()));
}

#[tokio::test]
async fn another_branch_than_the_one_checked_out_is_merged_into_without_a_trace() {
    let mut desk = Desk::new();
    let scene = &mut desk.scene;
    scene.settings.branch = TargetBranch::Create(name("team6"));
    scene.forge.connect(&scene.settings).await.unwrap();
    scene.origin.write("README.md", "# Being edited\n");
    scene.offered("feature/one", "one.txt", "1\n").await;
    let before = scene.base();
    let commit = scene.merged(1, MergeMethod::Squash).await;
    assert_eq!(
        (scene.base(), scene.origin.resolve("team6").as_str()),
        (before, commit.as_str())
    );
    assert_eq!((desk.status().as_str(), desk.file("one.txt")), ("M README.md", None));
}

#[tokio::test]
async fn a_branch_that_a_second_work_tree_has_is_found() {
    let Desk { scene, .. } = &mut Desk::new();
    let second = scene.origin.path().with_file_name("second");
    scene.origin.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "release",
        &second.display().to_string(),
    ]);
    scene.settings.branch = TargetBranch::Existing(name("release"));
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    let ForgeError::CheckedOut { work_tree, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(same(&work_tree), same(&second));
}

#[tokio::test]
async fn a_clean_work_tree_follows_each_merge() {
    let desk = Desk::that_follows().await;
    let scene = &desk.scene;
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    let [Notice::UpdatesWorkTree { work_tree }] = connected.notices.as_slice() else {
        panic!("{connected:?}")
    };
    assert_eq!(same(work_tree), same(scene.origin.path()));
    for (number, method) in (1..).zip([MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase]) {
        let file = format!("{number}.txt");
        scene.offered(&format!("feature/{number}"), &file, "x\n").await;
        let commit = scene.merged(number, method).await;
        assert_eq!(scene.origin.head(), commit.as_str());
        assert_eq!(
            (desk.file(&file).as_deref(), desk.status().as_str()),
            (Some("x\n"), ""),
            "{method:?}"
        );
    }
}

#[tokio::test]
async fn a_dirty_work_tree_is_not_touched_and_the_merge_waits_for_its_user() {
    let desk = Desk::that_follows().await;
    let scene = &desk.scene;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let before = scene.base();
    scene.origin.write("README.md", "# Being edited\n");
    for staged in [false, true] {
        if staged {
            scene.origin.git(&["add", "README.md"]);
        }
        let status = desk.status();
        let outcome = scene.merge(1, MergeMethod::Merge).await;
        let MergeOutcome::Refused { why, next } = &outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            why.contains("not committed") && next.contains("commit or stash"),
            "{why}: {next}"
        );
        assert_eq!((scene.base(), desk.status()), (before.clone(), status));
        assert_eq!(desk.file("README.md").as_deref(), Some("# Being edited\n"));
    }
    scene.origin.commit("edited");
    scene.merged(1, MergeMethod::Merge).await;
    assert_eq!(desk.file("README.md").as_deref(), Some("# Being edited\n"));
    assert_eq!(
        (desk.file("one.txt").as_deref(), desk.status().as_str()),
        (Some("1\n"), "")
    );
}

#[tokio::test]
async fn a_file_that_git_does_not_know_is_not_overwritten() {
    let desk = Desk::that_follows().await;
    let scene = &desk.scene;
    scene.offered("feature/one", "one.txt", "by the agent\n").await;
    scene.origin.write("one.txt", "notes of the user\n");
    let before = scene.base();
    let outcome = scene.merge(1, MergeMethod::Merge).await;
    let MergeOutcome::Refused { why, next } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        why.contains("is checked out") && next.contains("one.txt"),
        "{why}: {next}"
    );
    assert_eq!(scene.base(), before);
    assert_eq!(desk.file("one.txt").as_deref(), Some("notes of the user\n"));
    std::fs::remove_file(scene.origin.path().join("one.txt")).unwrap();
    scene.merged(1, MergeMethod::Merge).await;
    assert_eq!(desk.file("one.txt").as_deref(), Some("by the agent\n"));
}

#[tokio::test]
async fn a_branch_that_is_checked_out_after_connecting_is_not_pushed_to() {
    let mut desk = Desk::new();
    let scene = &mut desk.scene;
    scene.settings.branch = TargetBranch::Create(name("team6"));
    scene.forge.connect(&scene.settings).await.unwrap();
    scene.offered("feature/one", "one.txt", "1\n").await;
    scene.origin.switch("team6");
    let outcome = scene.merge(1, MergeMethod::Merge).await;
    let MergeOutcome::Refused { why, next } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        why.contains("checked out") && next.contains("updateInstead"),
        "{why}: {next}"
    );
    assert_eq!((desk.file("one.txt"), desk.status().as_str()), (None, ""));
}

fn same(path: &Path) -> std::path::PathBuf {
    path.canonicalize().unwrap()
}
