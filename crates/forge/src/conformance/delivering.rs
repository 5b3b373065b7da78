//! Branches published, and pull requests opened and brought up to date.

use std::sync::Arc;

use super::scene::{Scene, Stage, at, name, offer};
use crate::{ForgeError, Resolution, State, StateFilter};

pub async fn a_branch_is_published_once_however_often_it_is_asked(stage: Stage) {
    let scene = Scene::small(stage).await;
    let commit = scene.commit("feature/one", "one", |store| {
        store.write("one.txt", "1\n");
    });
    let published = scene.try_publish("feature/one", &commit, None).await.unwrap();
    assert!(published.moved);
    // The answer was lost, so it is asked again, with what was expected before.
    let again = scene.try_publish("feature/one", &commit, None).await.unwrap();
    assert!(!again.moved);
    let head = scene.forge.branch(&scene.id, &name("feature/one")).await.unwrap();
    assert_eq!(head, Some(commit));
}

pub async fn a_branch_that_somebody_else_moved_is_not_overwritten(stage: Stage) {
    let scene = Scene::small(stage).await;
    let first = scene.deliver("feature/one", "one.txt", "1\n").await;
    let second = scene.deliver("feature/one", "one.txt", "2\n").await;
    let mine = scene.commit("feature/mine", "mine", |store| {
        store.write("mine.txt", "1\n");
    });
    for expected in [None, Some(first)] {
        let refused = scene
            .try_publish("feature/one", &mine, expected.clone())
            .await
            .unwrap_err();
        match &refused {
            ForgeError::BranchMoved {
                expected: told, now, ..
            } => {
                assert_eq!((told, now.as_ref()), (&expected, Some(&second)));
            }
            other => panic!("{other:?}"),
        }
    }
    let head = scene.forge.branch(&scene.id, &name("feature/one")).await.unwrap();
    assert_eq!(head, Some(second));
}

pub async fn a_pull_request_is_opened_once_however_often_it_is_asked(stage: Stage) {
    let scene = Scene::small(stage).await;
    let base = scene.base();
    let head = scene.deliver("feature/one", "one.txt", "1\n").await;
    let opened = scene.open("feature/one").await;
    assert_eq!((opened.number, opened.title.as_str()), (1, "Work on feature/one"));
    assert_eq!((opened.base.as_str(), &opened.state), ("main", &State::Open));
    assert_eq!((opened.author.as_str(), opened.opened), ("coder", at(2)));
    let set = opened.latest().unwrap();
    assert_eq!((set.k, &set.head, &set.base, &set.merge_base), (1, &head, &base, &base));
    assert_eq!(scene.open("feature/one").await, opened);
    let by = Resolution {
        by: "grace".into(),
        at: at(3),
    };
    let closed = scene.forge.close(&scene.id, 1, &by).await.unwrap();
    assert_eq!(
        scene.open("feature/one").await,
        closed,
        "the same one, also when it is closed"
    );
    assert_eq!(
        scene
            .forge
            .pull_requests(&scene.id, StateFilter::All)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn a_branch_has_one_open_pull_request(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let mut other = offer("feature/one");
    other.key = "another task".into();
    let refused = scene.forge.open_pull_request(&scene.id, &other).await.unwrap_err();
    assert!(
        matches!(refused, ForgeError::AlreadyOpen { number: 1, .. }),
        "{refused:?}"
    );
}

pub async fn an_open_pull_request_says_what_was_said_last(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let mut again = offer("feature/one");
    again.body = "What was checked.".into();
    for _ in 0..2 {
        let told = scene.forge.open_pull_request(&scene.id, &again).await.unwrap();
        assert_eq!((told.number, told.body.as_str()), (1, "What was checked."));
    }
    let kept = scene.forge.pull_request(&scene.id, 1).await.unwrap();
    assert_eq!(kept.body, "What was checked.");
}

pub async fn nothing_new_is_nothing_to_review(stage: Stage) {
    let scene = Scene::small(stage).await;
    let base = scene.base();
    scene.publish("feature/one", &base).await;
    let refused = scene
        .forge
        .open_pull_request(&scene.id, &offer("feature/one"))
        .await
        .unwrap_err();
    assert!(matches!(refused, ForgeError::NothingToReview { .. }), "{refused:?}");
    assert_eq!(
        scene.forge.pull_requests(&scene.id, StateFilter::All).await.unwrap(),
        []
    );
}

pub async fn a_branch_that_was_never_published_is_unknown(stage: Stage) {
    let scene = Scene::small(stage).await;
    assert_eq!(
        scene.forge.branch(&scene.id, &name("feature/none")).await.unwrap(),
        None
    );
    let refused = scene
        .forge
        .open_pull_request(&scene.id, &offer("feature/none"))
        .await
        .unwrap_err();
    assert!(matches!(refused, ForgeError::UnknownBranch { .. }), "{refused:?}");
    let refused = scene.forge.pull_request(&scene.id, 1).await.unwrap_err();
    assert!(
        matches!(refused, ForgeError::UnknownPullRequest { number: 1, .. }),
        "{refused:?}"
    );
}

pub async fn each_delivery_is_a_patch_set(stage: Stage) {
    let scene = Scene::small(stage).await;
    let first = scene.deliver("feature/one", "one.txt", "1\n").await;
    scene.open("feature/one").await;
    let second = scene.commit("feature/one", "more", |store| {
        store.write("one.txt", "2\n");
    });
    let published = scene.publish("feature/one", &second).await;
    assert_eq!((published.moved, published.pull_requests), (true, vec![1]));
    // History rewritten by the agent is one more patch set, and nothing of the earlier ones is lost.
    scene.store.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    let third = scene.commit("feature/one", "anew", |store| {
        store.write("one.txt", "3\n");
    });
    scene.publish("feature/one", &third).await;
    let known = scene.forge.refresh(&scene.id, 1, at(5)).await.unwrap();
    let heads: Vec<_> = known.patch_sets.iter().map(|set| (set.k, set.head.clone())).collect();
    assert_eq!(heads, [(1, first), (2, second), (3, third)]);
    assert_eq!(
        scene.forge.refresh(&scene.id, 1, at(6)).await.unwrap(),
        known,
        "no new head, no new patch set"
    );
    assert_eq!(scene.pull_request(1).await, known);
}

pub async fn pull_requests_are_listed_by_state_newest_first(stage: Stage) {
    let scene = Scene::small(stage).await;
    for n in 1..=4 {
        scene.offered(&format!("feature/{n}"), &format!("{n}.txt"), "x\n").await;
    }
    let by = Resolution {
        by: "grace".into(),
        at: at(3),
    };
    scene.forge.close(&scene.id, 2, &by).await.unwrap();
    scene.merged(3, team6_core::sprint::MergeMethod::Merge).await;
    for (filter, expected) in [
        (StateFilter::All, vec![4, 3, 2, 1]),
        (StateFilter::Open, vec![4, 1]),
        (StateFilter::Closed, vec![2]),
        (StateFilter::Merged, vec![3]),
    ] {
        let listed = scene.forge.pull_requests(&scene.id, filter).await.unwrap();
        let numbers: Vec<u64> = listed.iter().map(|summary| summary.number).collect();
        assert_eq!(numbers, expected, "{filter:?}");
    }
}

pub async fn several_are_opened_at_once_and_each_has_its_number(stage: Stage) {
    let scene = Arc::new(Scene::small(stage).await);
    let branches: Vec<String> = (0..6).map(|n| format!("feature/{n}")).collect();
    for branch in &branches {
        scene.deliver(branch, &format!("{}.txt", &branch[8..]), "x\n").await;
    }
    let mut opening = tokio::task::JoinSet::new();
    // Each of them twice, as after a restart that repeats what may not have been done.
    for branch in branches.iter().chain(&branches) {
        let (scene, branch) = (Arc::clone(&scene), branch.clone());
        opening.spawn(async move { (branch.clone(), scene.open(&branch).await.number) });
    }
    let mut opened = opening.join_all().await;
    opened.sort();
    opened.dedup();
    assert_eq!(opened.len(), 6, "{opened:?}");
    let mut numbers: Vec<u64> = opened.into_iter().map(|(_, number)| number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}
