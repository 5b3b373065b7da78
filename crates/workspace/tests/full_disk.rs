//! A disk without space under workspaces: people are told, and no work is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use team6_sandbox::Launcher;
use team6_testkit::full_disk::FullDisk;
use team6_testkit::repositories::Repository;
use team6_workspace::contract::scene::{attempt, changes};
use team6_workspace::contract::{Scene, place};
use team6_workspace::{Claim, Files, LocalOptions, LocalProvisioner, WorkspaceError};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

#[track_caller]
fn says_what_to_do(error: &WorkspaceError) {
    let text = error.to_string();
    assert!(matches!(error, WorkspaceError::OutOfRoom { .. }), "{error:?}");
    assert!(
        text.contains("no room is left on the disk of") && text.contains("free some, then retry"),
        "{text}"
    );
    assert!(error.leaves_work_behind(), "{text}");
}

/// Without a sandbox, in which the disk that is filled up would not be seen.
fn scene(place: &std::path::Path, disk: &FullDisk) -> Scene {
    Scene::open(place, |root| {
        let launcher = Launcher::new(PROGRAMS, [""; 0]);
        let options = LocalOptions {
            root: root.to_owned(),
            git: disk.git(),
            launcher: launcher.clone(),
            packer: (PROGRAMS.into(), Vec::new()),
            data_folder: format!("full-{}", std::process::id()),
            boxed: None,
            files: Some(Files::Checkout),
        };
        (LocalProvisioner::open(options).unwrap(), launcher)
    })
}

#[tokio::test]
async fn a_clone_that_does_not_fit_is_made_once_there_is_room() {
    let (place, disk) = (place(), FullDisk::new());
    let scene = scene(place.path(), &disk);
    let source = Repository::sample("two-crates");
    disk.is_full();
    let error = scene
        .provisioner
        .claim(scene.claim_of(&source), &|_| {})
        .await
        .unwrap_err();
    says_what_to_do(&error);
    disk.has_space();
    let workspace = scene.workspace(&source).await;
    assert_eq!(scene.agent(&workspace, "git status --porcelain").await, "");
}

#[tokio::test]
async fn work_that_does_not_fit_stays_in_its_workspace_until_there_is_room() {
    let (place, disk) = (place(), FullDisk::new());
    let scene = scene(place.path(), &disk);
    let source = Repository::sample("two-crates");
    let first = scene.workspace(&source).await;
    scene
        .agent(&first, "echo x > x.txt; git add .; git commit -qm x; echo y > y.txt")
        .await;
    let root = first.root.clone();
    disk.is_full();
    for _ in 0..2 {
        says_what_to_do(&scene.try_import(&first).await.unwrap_err());
    }
    scene.provisioner.leave(first);
    let again = || Claim {
        attempt: attempt(2),
        ..scene.claim_of(&source)
    };
    says_what_to_do(&scene.provisioner.claim(again(), &|_| {}).await.unwrap_err());
    let swept = scene.provisioner.sweep(&["task-1".into()]).await.unwrap();
    assert_eq!((swept.workspaces.len(), swept.left_alone.len()), (0, 1), "{swept:?}");
    assert!(root.join("y.txt").is_file(), "it is left alone");
    disk.has_space();
    let second = scene.claimed(again()).await;
    assert_eq!(
        scene.agent(&second, "cat x.txt y.txt; git status --porcelain").await,
        "x\ny"
    );
    let imported = scene.imported(&second).await;
    assert_eq!(changes(&imported, &source.head()), "A\tx.txt\nA\ty.txt");
}
