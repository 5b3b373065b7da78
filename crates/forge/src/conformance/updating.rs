//! Bringing branches up to date: once, only what fits, and told apart from what was delivered.

use super::scene::{Scene, Stage, at, comment, file_of, name, review};
use crate::{BranchUpdate, BranchUpdated, FileDiff, Range, State};
use team6_core::ids::CommitId;

/// Brings the newest head of a pull request up to date.
async fn update(scene: &Scene, number: u64, head: &CommitId) -> BranchUpdated {
    let update = BranchUpdate {
        expected_head: head.clone(),
        message: "Merge main".into(),
        at: at(7),
    };
    scene.forge.update_branch(&scene.id, number, &update).await.unwrap()
}

async fn branch(scene: &Scene, branch: &str) -> CommitId {
    scene.forge.branch(&scene.id, &name(branch)).await.unwrap().unwrap()
}

/// A pull request with one file, and its head.
async fn offered(stage: Stage) -> (Scene, CommitId) {
    let scene = Scene::small(stage).await;
    let known = scene.offered("feature/one", "one.txt", "1\n").await;
    let head = known.head().unwrap().clone();
    (scene, head)
}

pub async fn a_base_that_moved_is_merged_into_the_branch_as_a_patch_set_of_its_own(stage: Stage) {
    let (scene, head) = offered(stage).await;
    let base = scene.user_pushes("by-hand.txt", "1\n");
    let BranchUpdated::Updated { commit, base: on, own } = update(&scene, 1, &head).await else {
        panic!("it fits");
    };
    assert_eq!((on.as_str(), own), (base.as_str(), vec![]));
    assert_eq!(branch(&scene, "feature/one").await, commit);
    let known = scene.pull_request(1).await;
    assert_eq!((&known.state, known.patch_sets.len()), (&State::Open, 2));
    let latest = known.latest().unwrap();
    assert_eq!((&latest.head, &latest.merge_base), (&commit, &on));
    assert_eq!(latest.from_base.as_ref().map(|from| &from.before), Some(&head));
    assert_eq!(known.patch_sets[0].from_base, None);
    let files: Vec<_> = scene
        .diff(1, Range::Whole)
        .await
        .files
        .iter()
        .map(FileDiff::path)
        .map(|p| p.unwrap().to_string())
        .collect();
    assert_eq!(files, ["one.txt"], "what it changes itself");
    scene.merged(1, team6_core::sprint::MergeMethod::Merge).await;
    assert_eq!(
        (scene.file("one.txt"), scene.file("by-hand.txt")),
        ("1".into(), "1".into())
    );
}

pub async fn asked_again_it_answers_the_same(stage: Stage) {
    let (scene, head) = offered(stage).await;
    scene.user_pushes("by-hand.txt", "1\n");
    let first = update(&scene, 1, &head).await;
    scene.user_pushes("later.txt", "1\n");
    assert_eq!(update(&scene, 1, &head).await, first);
    assert_eq!(scene.pull_request(1).await.patch_sets.len(), 2);
}

pub async fn a_branch_that_has_the_base_stays_as_it_is(stage: Stage) {
    let (scene, head) = offered(stage).await;
    assert_eq!(update(&scene, 1, &head).await, BranchUpdated::UpToDate);
    assert_eq!(branch(&scene, "feature/one").await, head);
    assert_eq!(scene.pull_request(1).await.patch_sets.len(), 1);
}

pub async fn what_does_not_fit_is_told_by_file_and_changes_nothing(stage: Stage) {
    let (scene, head) = offered(stage).await;
    let base = scene.user_pushes("one.txt", "2\n");
    let BranchUpdated::Conflicts { base: on, files } = update(&scene, 1, &head).await else {
        panic!("it does not fit");
    };
    assert_eq!(on.as_str(), base);
    let files: Vec<_> = files.iter().map(|conflict| conflict.path.to_string()).collect();
    assert_eq!(files, ["one.txt"]);
    assert_eq!(branch(&scene, "feature/one").await, head);
    assert_eq!(scene.pull_request(1).await.patch_sets.len(), 1);
}

pub async fn a_branch_that_is_elsewhere_is_not_moved(stage: Stage) {
    let (scene, head) = offered(stage).await;
    let now = scene.deliver("feature/one", "two.txt", "2\n").await;
    scene.user_pushes("by-hand.txt", "1\n");
    assert_eq!(
        update(&scene, 1, &head).await,
        BranchUpdated::HeadMoved { now: now.clone() }
    );
    assert_eq!(branch(&scene, "feature/one").await, now);
    scene.merged(1, team6_core::sprint::MergeMethod::Merge).await;
    assert_eq!(update(&scene, 1, &now).await, BranchUpdated::NotOpen);
}

pub async fn files_that_both_sides_changed_are_named(stage: Stage) {
    let scene = Scene::small(stage).await;
    let lines = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\n7\n8\n{last}\n");
    scene.user_pushes("both.txt", &lines("1", "9"));
    let known = scene.offered("feature/one", "both.txt", &lines("one", "9")).await;
    scene.user_pushes("both.txt", &lines("1", "nine"));
    scene.user_pushes("theirs.txt", "1\n");
    let BranchUpdated::Updated { own, .. } = update(&scene, 1, known.head().unwrap()).await else {
        panic!("it fits");
    };
    let own: Vec<_> = own.iter().map(ToString::to_string).collect();
    assert_eq!(own, ["both.txt"]);
}

pub async fn threads_stay_and_follow_their_lines(stage: Stage) {
    let scene = Scene::small(stage).await;
    let lines = |first: &str, last: &str| format!("{first}2\n3\n4\n5\n6\n7\n8\n{last}\n");
    scene.user_pushes("both.txt", &lines("1\n", "9"));
    let known = scene.offered("feature/one", "both.txt", &lines("1\n", "nine")).await;
    let note = review("review-1", vec![comment("both.txt", Some(9), "Why?")]);
    scene.forge.submit_review(&scene.id, 1, &note).await.unwrap();
    scene.user_pushes("both.txt", &lines("0\n1\n", "9"));
    update(&scene, 1, known.head().unwrap()).await;
    let known = scene.pull_request(1).await;
    let (now, outdated) = (known.threads[0].current.as_ref().unwrap(), known.threads[0].outdated);
    assert_eq!((now.patch_set, now.line, outdated), (2, Some(10), false));
}

pub async fn what_came_in_by_the_base_is_nobodys_change_since_a_delivery(stage: Stage) {
    let (scene, head) = offered(stage).await;
    scene.user_pushes("by-hand.txt", "1\n");
    let BranchUpdated::Updated { commit, .. } = update(&scene, 1, &head).await else {
        panic!("it fits");
    };
    assert_eq!(scene.diff(1, Range::Between(1, 2)).await.files, []);
    // The agent goes on from there.
    let forge = scene.forge.clone_source(&scene.id).await.unwrap();
    let crate::CloneSource::Path(forge) = forge else {
        panic!("on this machine")
    };
    scene
        .store
        .git(&["fetch", "--quiet", forge.to_str().unwrap(), "feature/one"]);
    scene.store.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    scene.deliver("feature/one", "one.txt", "2\n").await;
    let since = scene.diff(1, Range::Between(1, 3)).await;
    assert_eq!(
        (since.files.len(), file_of(&since, "one.txt").additions),
        (1, 1),
        "after {commit}"
    );
}
