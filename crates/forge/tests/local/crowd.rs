//! Many merges at once, and a user who pushes in between: one after the other, and none is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use team6_core::sprint::MergeMethod;
use team6_forge::conformance::scene::merge;
use team6_forge::conformance::{Scene, Stage};
use team6_forge::{Forge, MergeOutcome, State, StateFilter};
use team6_git::Fuse;
use team6_testkit::repositories::Repository;
use tokio::task::JoinSet;

use crate::{forge, place};

const MERGES: u64 = 16;
const PUSHES: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_merges_and_a_pushing_user_make_one_line() {
    for seed in [1, 2] {
        crowd(seed).await;
    }
}

async fn crowd(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let place = place();
    let root = place.path().join("forge");
    // Two forges on one folder share no lock, as when an engine is started before the old one has ended.
    let forges: [Arc<dyn Forge>; 2] = [1, 2].map(|_| Arc::new(forge(&root, &Fuse::default())) as Arc<dyn Forge>);
    let stage = Stage {
        forge: Arc::clone(&forges[0]),
        address: |path| path.display().to_string(),
    };
    let scene = Arc::new(Scene::of(stage, &Repository::sample("two-crates")).await);
    let start = scene.base();
    let mut crowd = JoinSet::new();
    let mut numbers: Vec<u64> = Vec::new();
    for n in 1..=MERGES {
        scene.offered(&format!("feature/{n}"), &format!("{n}.txt"), "x\n").await;
        numbers.push(n);
    }
    random.shuffle(&mut numbers);
    for number in numbers {
        let method = *random
            .choice(&[MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase])
            .unwrap();
        let forge = Arc::clone(random.choice(&forges).unwrap());
        let scene = Arc::clone(&scene);
        crowd.spawn(async move { merged(forge.as_ref(), &scene, number, method).await });
    }
    let user = Arc::clone(&scene);
    let pushing = tokio::task::spawn_blocking(move || pushes(&user.user));
    let all = async {
        let merged: BTreeSet<String> = crowd.join_all().await.into_iter().collect();
        (merged, pushing.await.unwrap())
    };
    let (merged, pushed) = tokio::time::timeout(Duration::from_secs(300), all).await.unwrap();
    assert_eq!(
        merged.len(),
        usize::try_from(MERGES).unwrap(),
        "seed {seed}: {merged:?}"
    );

    // One line of first parents from the start to the head holds each merge and each push once, and nothing else.
    let line = scene
        .origin
        .git(&["rev-list", "--first-parent", &format!("{start}..main")]);
    let line: Vec<String> = line.lines().map(str::to_owned).collect();
    let expected: BTreeSet<String> = merged.into_iter().chain(pushed).collect();
    assert_eq!(line.iter().cloned().collect::<BTreeSet<_>>(), expected, "seed {seed}");
    assert_eq!(line.len(), expected.len(), "seed {seed}");
    for n in 1..=MERGES {
        assert_eq!(scene.file(&format!("{n}.txt")), "x", "seed {seed}");
    }
    let all = scene.forge.pull_requests(&scene.id, StateFilter::All).await.unwrap();
    assert!(
        all.iter().all(|known| matches!(known.state, State::Merged { .. })),
        "seed {seed}: {all:?}"
    );
}

/// Merges, again if others were quicker; tells the commit.
async fn merged(forge: &dyn Forge, scene: &Scene, number: u64, method: MergeMethod) -> String {
    let head = scene.pull_request(number).await.head().unwrap().clone();
    loop {
        match forge.merge(&scene.id, number, &merge(method, &head)).await {
            Ok(MergeOutcome::Merged { commit }) => return commit.to_string(),
            Ok(MergeOutcome::BaseMoved { .. }) => {}
            Err(error) if error.is_retryable() => {}
            other => panic!("{number}: {other:?}"),
        }
    }
}

/// The user's commits, each pushed as soon as the origin takes it.
fn pushes(user: &Repository) -> Vec<String> {
    let mut pushed = Vec::new();
    for n in 1..=PUSHES {
        user.write(format!("by-hand-{n}.txt"), "x\n")
            .commit(&format!("by hand {n}"));
        loop {
            user.git(&["pull", "--quiet", "--rebase", "origin", "main"]);
            let mut push = user.git_command();
            if push
                .args(["push", "--quiet", "origin", "HEAD:main"])
                .output()
                .unwrap()
                .status
                .success()
            {
                break pushed.push(user.head());
            }
        }
    }
    pushed
}
