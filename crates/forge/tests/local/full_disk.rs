//! A disk without space under the forge: nothing is half merged, and it works again once there is room.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use team6_core::sprint::MergeMethod;
use team6_forge::conformance::scene::merge;
use team6_forge::conformance::{Scene, Stage};
use team6_forge::{ForgeError, Identity, LocalForge, LocalForgeOptions, MergeOutcome, State};
use team6_git::{Fuse, Git};
use team6_testkit::full_disk::FullDisk;

use crate::place;

fn forge(root: &Path, disk: &FullDisk) -> LocalForge {
    LocalForge::new(LocalForgeOptions {
        root: root.to_owned(),
        git: Git::new(disk.git(), Fuse::default()),
        engine: Identity {
            name: "Team6".into(),
            email: "team6@localhost".into(),
        },
        patience: Duration::from_secs(60),
    })
}

#[track_caller]
fn says_what_to_do(error: &ForgeError) {
    let text = error.to_string();
    assert!(error.is_out_of_room(), "{error:?}");
    assert!(
        text.contains("no room is left on the disk") && text.contains("free some, then retry"),
        "{text}"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_published_and_merged_once_there_is_room() {
    let (place, disk) = (place(), FullDisk::new());
    let stage = Stage {
        forge: Arc::new(forge(&place.path().join("forge"), &disk)),
        address: |path| path.display().to_string(),
    };
    let scene = Scene::small(stage).await;
    let start = scene.base();
    let commit = scene.commit("feature/a", "write a.txt", |store| {
        store.write("a.txt", "a");
    });
    disk.is_full();
    says_what_to_do(&scene.try_publish("feature/a", &commit, None).await.unwrap_err());
    disk.has_space();
    scene.publish("feature/a", &commit).await;
    let offered = scene.open("feature/a").await;
    let head = offered.head().unwrap().clone();
    // The base moves, so that the merge is a commit of its own.
    scene.user.write("b.txt", "b").commit("by hand");
    scene.user.git(&["push", "--quiet", "origin", "HEAD:main"]);
    disk.is_full();
    let asked = merge(MergeMethod::Merge, &head);
    says_what_to_do(&scene.forge.merge(&scene.id, offered.number, &asked).await.unwrap_err());
    disk.has_space();
    let known = scene.pull_request(offered.number).await;
    assert!(matches!(known.state, State::Open), "{known:?}");
    let merged = scene.forge.merge(&scene.id, offered.number, &asked).await.unwrap();
    assert!(matches!(merged, MergeOutcome::Merged { .. }), "{merged:?}");
    assert_eq!((scene.file("a.txt"), scene.file("b.txt")), ("a".into(), "b".into()));
    let merges = scene
        .origin
        .git(&["rev-list", "--merges", "--count", &format!("{start}..main")]);
    assert_eq!(merges, "1");
}
