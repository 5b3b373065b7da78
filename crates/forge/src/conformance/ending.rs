//! Pull requests closed and opened again, and branches deleted.

use team6_core::sprint::MergeMethod;

use super::scene::{Scene, Stage, at, comment, name, offer, review};
use crate::{ForgeError, Mergeability, Range, Resolution, State};

fn grace(second: i64) -> Resolution {
    Resolution {
        by: "grace".into(),
        at: at(second),
    }
}

pub async fn a_closed_pull_request_keeps_everything_and_opens_again(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let new = review("r-1", vec![comment("one.txt", Some(1), "why?")]);
    scene.forge.submit_review(&scene.id, 1, &new).await.unwrap();
    let closed = scene.forge.close(&scene.id, 1, &grace(4)).await.unwrap();
    assert_eq!(
        closed.state,
        State::Closed {
            by: "grace".into(),
            at: at(4)
        }
    );
    assert_eq!(
        scene.forge.close(&scene.id, 1, &grace(5)).await.unwrap(),
        closed,
        "closed twice is closed once"
    );
    assert_eq!(
        scene.forge.mergeability(&scene.id, 1).await.unwrap(),
        Mergeability::NotOpen
    );
    let head = closed.head().unwrap();
    let merge = super::scene::merge(MergeMethod::Merge, head);
    let refused = scene.forge.merge(&scene.id, 1, &merge).await.unwrap_err();
    assert!(
        matches!(refused, ForgeError::WrongState { state: "closed", .. }),
        "{refused:?}"
    );
    // What is delivered meanwhile is there when it is opened again.
    scene.deliver("feature/one", "one.txt", "2\n").await;
    let open = scene.forge.reopen(&scene.id, 1, &grace(6)).await.unwrap();
    assert_eq!(
        (&open.state, open.patch_sets.len(), open.threads.len()),
        (&State::Open, 2, 1)
    );
    scene.merged(1, MergeMethod::Merge).await;
}

pub async fn a_merged_pull_request_is_neither_closed_nor_opened_again(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let commit = scene.merged(1, MergeMethod::Squash).await;
    for refused in [
        scene.forge.close(&scene.id, 1, &grace(4)).await.unwrap_err(),
        scene.forge.reopen(&scene.id, 1, &grace(5)).await.unwrap_err(),
    ] {
        assert!(
            matches!(refused, ForgeError::WrongState { state: "merged", .. }),
            "{refused:?}"
        );
    }
    let state = scene.pull_request(1).await.state;
    assert!(
        matches!(&state, State::Merged { commit: known, .. } if *known == commit),
        "{state:?}"
    );
}

pub async fn a_branch_that_is_needed_is_not_deleted(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let mut onto = offer("feature/two");
    onto.base = Some(name("feature/one"));
    scene.store.git(&["branch", "feature/two", "feature/one"]);
    scene.deliver("feature/two", "two.txt", "2\n").await;
    scene.forge.open_pull_request(&scene.id, &onto).await.unwrap();
    let refused = scene
        .forge
        .delete_branch(&scene.id, &name("feature/one"))
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, ForgeError::BranchInUse { numbers, .. } if numbers == &[1, 2]),
        "{refused:?}"
    );
    let refused = scene.forge.delete_branch(&scene.id, &name("main")).await.unwrap_err();
    assert!(matches!(refused, ForgeError::BranchInUse { .. }), "{refused:?}");
    scene.forge.close(&scene.id, 1, &grace(4)).await.unwrap();
    scene.forge.close(&scene.id, 2, &grace(4)).await.unwrap();
    for _ in 0..2 {
        scene
            .forge
            .delete_branch(&scene.id, &name("feature/one"))
            .await
            .unwrap();
        assert_eq!(scene.forge.branch(&scene.id, &name("feature/one")).await.unwrap(), None);
    }
}

pub async fn what_was_reviewed_stays_when_its_branch_is_gone(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    scene.deliver("feature/one", "one.txt", "2\n").await;
    let before = scene.diff(1, Range::Between(1, 2)).await;
    scene.merged(1, MergeMethod::Squash).await;
    scene
        .forge
        .delete_branch(&scene.id, &name("feature/one"))
        .await
        .unwrap();
    assert_eq!(scene.diff(1, Range::Between(1, 2)).await, before);
    assert_eq!(scene.diff(1, Range::Whole).await.files.len(), 1);
    // A merged one answers as before, a closed one says that its branch is gone.
    scene.merged(1, MergeMethod::Squash).await;
    scene.offered("feature/two", "two.txt", "2\n").await;
    scene.forge.close(&scene.id, 2, &grace(4)).await.unwrap();
    scene
        .forge
        .delete_branch(&scene.id, &name("feature/two"))
        .await
        .unwrap();
    let refused = scene.forge.reopen(&scene.id, 2, &grace(5)).await.unwrap_err();
    assert!(matches!(refused, ForgeError::UnknownBranch { .. }), "{refused:?}");
}
