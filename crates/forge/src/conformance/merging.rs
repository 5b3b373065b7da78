//! Merging: by each method, once, and exactly what was approved.

use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;
use team6_testkit::repositories::Repository;

use super::scene::{MESSAGE, OWNER, Scene, Stage, at, merge, name, offer};
use crate::{MergeOutcome, Mergeability, State};

const METHODS: [MergeMethod; 3] = [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase];

/// Two commits by different authors on a branch, and one by the user on the base.
async fn two_commits(stage: Stage) -> (Scene, CommitId) {
    let scene = Scene::small(stage).await;
    scene.deliver("feature/one", "one.txt", "1\n").await;
    scene.store.write("two.txt", "2\n").git(&["add", "--all"]);
    let author = "--author=J\u{f6}rg <joerg@example.org>";
    let message = "second\n\nwith a body\n\n# and a heading";
    let date = "--date=2025-06-07T08:09:10+0530";
    scene
        .store
        .git(&["commit", "--quiet", "--cleanup=verbatim", author, date, "-m", message]);
    let head = CommitId::new(scene.store.head()).unwrap();
    scene.publish("feature/one", &head).await;
    scene.open("feature/one").await;
    scene.user_pushes("by-hand.txt", "1\n");
    (scene, head)
}

pub async fn a_merge_commit_has_both_parents(stage: Stage) {
    let (scene, head) = two_commits(stage).await;
    let before = scene.base();
    let commit = scene.merged(1, MergeMethod::Merge).await;
    assert_eq!(scene.base(), commit);
    let shown = scene.commit_of_origin("main", "%P|%an <%ae>|%cn|%at|%B");
    let seconds = at(9).0 / 1_000;
    let expected = format!(
        "{before} {head}|{} <{}>|{}|{seconds}|{MESSAGE}",
        OWNER.0, OWNER.1, OWNER.0
    );
    assert_eq!(shown.trim_end(), expected);
    let state = scene.pull_request(1).await.state;
    let method = Some(MergeMethod::Merge);
    assert_eq!(
        state,
        State::Merged {
            commit,
            method,
            by: OWNER.0.into(),
            at: at(9)
        }
    );
}

pub async fn a_squash_is_one_commit_by_the_one_who_merges(stage: Stage) {
    let (scene, _) = two_commits(stage).await;
    let before = scene.base();
    let commit = scene.merged(1, MergeMethod::Squash).await;
    assert_eq!(scene.base(), commit);
    let shown = scene.commit_of_origin("main", "%P|%an|%B");
    assert_eq!(shown.trim_end(), format!("{before}|{}|{MESSAGE}", OWNER.0));
}

pub async fn a_rebase_keeps_authors_dates_and_messages(stage: Stage) {
    let (scene, head) = two_commits(stage).await;
    let before = scene.base();
    scene.merged(1, MergeMethod::Rebase).await;
    let theirs = scene
        .store
        .git(&["log", "-1", "--date=raw", "--format=%an <%ae> %ad|%B", head.as_str()]);
    assert_eq!(scene.commit_of_origin("main", "%an <%ae> %ad|%B"), theirs);
    assert_eq!(
        scene.commit_of_origin("main", "%cn <%ce>"),
        format!("{} <{}>", OWNER.0, OWNER.1)
    );
    assert_eq!(scene.commit_of_origin("main~1", "%an|%s"), "Ada|write one.txt");
    assert_eq!(scene.origin.resolve("main~2"), before.as_str());
}

pub async fn every_method_brings_the_same_files(stage: Stage) {
    let scene = Scene::small(stage).await;
    let mut trees = Vec::new();
    let start = scene.base();
    for (number, method) in (1..).zip(METHODS) {
        let branch = format!("feature/{number}");
        scene.commit(&branch, "one", |store| {
            store.write("one.txt", "1\n").remove("AGENTS.md");
        });
        let commit = scene.commit(&branch, "two", |store| drop(store.git(&["mv", "README.md", "READ.md"])));
        scene.publish(&branch, &commit).await;
        scene.open(&branch).await;
        scene.merged(number, method).await;
        trees.push(scene.origin.git(&["rev-parse", "main^{tree}"]));
        scene.origin.git(&["update-ref", "refs/heads/main", start.as_str()]);
    }
    trees.dedup();
    assert_eq!(trees.len(), 1, "{trees:?}");
}

pub async fn merged_twice_is_merged_once(stage: Stage) {
    for (method, other) in METHODS.into_iter().zip([METHODS[1], METHODS[2], METHODS[0]]) {
        let scene = Scene::small(stage.clone()).await;
        scene.offered("feature/one", "one.txt", "1\n").await;
        let commit = scene.merged(1, method).await;
        scene.user_pushes("after.txt", "1\n");
        let base = scene.base();
        assert_eq!(scene.merged(1, method).await, commit);
        assert_eq!(
            scene.merged(1, other).await,
            commit,
            "also when asked for in another way"
        );
        assert_eq!(scene.base(), base, "{method:?}");
    }
}

pub async fn a_base_that_moved_is_merged_with(stage: Stage) {
    let scene = Scene::small(stage).await;
    for n in 1..=3 {
        scene.offered(&format!("feature/{n}"), &format!("{n}.txt"), "x\n").await;
    }
    for (number, method) in (1..).zip(METHODS) {
        let by_hand = scene.user_pushes(&format!("by-hand-{number}.txt"), "1\n");
        scene.merged(number, method).await;
        let contained = scene.origin.git(&["merge-base", &by_hand, "main"]);
        assert_eq!(contained, by_hand);
    }
    for n in 1..=3 {
        assert_eq!(
            (scene.file(&format!("{n}.txt")), scene.file(&format!("by-hand-{n}.txt"))),
            ("x".into(), "1".into())
        );
    }
}

pub async fn a_head_that_was_not_approved_is_not_merged(stage: Stage) {
    let scene = Scene::small(stage).await;
    let approved = scene.deliver("feature/one", "one.txt", "1\n").await;
    scene.open("feature/one").await;
    let newer = scene.deliver("feature/one", "one.txt", "2\n").await;
    let before = scene.base();
    let asked = merge(MergeMethod::Merge, &approved);
    let outcome = scene.forge.merge(&scene.id, 1, &asked).await.unwrap();
    assert_eq!(outcome, MergeOutcome::HeadMoved { now: newer });
    assert_eq!(scene.base(), before);
}

pub async fn a_dry_run_changes_nothing(stage: Stage) {
    let (scene, head) = two_commits(stage).await;
    scene.forge.base(&scene.id).await.unwrap();
    let (before, known) = (scene.base(), scene.pull_request(1).await);
    for method in METHODS {
        let foreseen = scene
            .forge
            .dry_run_merge(&scene.id, 1, &merge(method, &head))
            .await
            .unwrap();
        assert!(matches!(foreseen, MergeOutcome::Merged { .. }), "{foreseen:?}");
    }
    assert_eq!(
        scene.forge.mergeability(&scene.id, 1).await.unwrap(),
        Mergeability::Clean
    );
    assert_eq!((scene.base(), scene.pull_request(1).await), (before, known));
}

pub async fn what_the_base_has_already_is_found_merged(stage: Stage) {
    let scene = Scene::small(stage).await;
    let head = scene.deliver("feature/one", "one.txt", "1\n").await;
    scene.open("feature/one").await;
    // The user merges it by hand and pushes.
    scene.store.git(&["push", "--quiet", "origin", "feature/one:main"]);
    let synced = scene.forge.sync(&scene.id, at(5)).await.unwrap();
    assert_eq!((synced.base, synced.changed), (head.clone(), vec![1]));
    let state = scene.pull_request(1).await.state;
    assert!(
        matches!(&state, State::Merged { commit, method: None, .. } if *commit == head),
        "{state:?}"
    );
    assert!(
        scene.forge.sync(&scene.id, at(6)).await.unwrap().changed.is_empty(),
        "once"
    );
    assert_eq!(scene.merged(1, MergeMethod::Merge).await, head);
    assert_eq!(scene.base(), head);
}

pub async fn a_branch_into_another_branch_is_merged_there(stage: Stage) {
    let scene = Scene::small(stage).await;
    let parent = scene.deliver("feature/parent", "parent.txt", "1\n").await;
    scene.open("feature/parent").await;
    scene.store.git(&["branch", "feature/child", "feature/parent"]);
    scene.deliver("feature/child", "child.txt", "1\n").await;
    let mut new = offer("feature/child");
    new.base = Some(name("feature/parent"));
    scene.forge.open_pull_request(&scene.id, &new).await.unwrap();
    assert_eq!(scene.diff(2, crate::Range::Whole).await.files.len(), 1);
    let before = scene.base();
    let commit = scene.merged(2, MergeMethod::Merge).await;
    assert_eq!(scene.base(), before, "the target branch has nothing of it");
    let head = scene.forge.branch(&scene.id, &name("feature/parent")).await.unwrap();
    assert_eq!(head.as_ref(), Some(&commit));
    let known = scene.forge.refresh(&scene.id, 1, at(10)).await.unwrap();
    let heads: Vec<_> = known.patch_sets.iter().map(|set| &set.head).collect();
    assert_eq!(heads, [&parent, &commit]);
    scene.merged(1, MergeMethod::Squash).await;
    assert_eq!(scene.file("child.txt"), "1");
}

pub async fn odd_names_survive_every_method(stage: Stage) {
    let project = Repository::sample("two-crates");
    let library = Repository::sample("web-and-api");
    let scene = Scene::of(stage, &project).await;
    let start = scene.base();
    for (number, method) in (1..).zip(METHODS) {
        let branch = format!("feature/{number}");
        let commit = scene.commit(&branch, "odd", |store| {
            store.with_odd_names().with_lfs_pointer("logo.psd", 9_000);
            store.with_submodule("vendor/library", &library);
            std::os::unix::fs::symlink("nowhere", store.path().join("link")).unwrap();
        });
        scene.publish(&branch, &commit).await;
        scene.open(&branch).await;
        scene.merged(number, method).await;
        let of = |repository: &Repository, commit: &str| repository.git(&["ls-tree", "-r", "-z", commit]);
        assert_eq!(
            of(&scene.origin, "main"),
            of(&scene.store, commit.as_str()),
            "{method:?}"
        );
        scene.origin.git(&["update-ref", "refs/heads/main", start.as_str()]);
        scene.store.git(&["submodule", "--quiet", "deinit", "--all", "--force"]);
        std::fs::remove_dir_all(scene.store.path().join(".git/modules")).unwrap();
    }
}

pub async fn a_rebase_never_leaves_out_how_a_conflict_was_mended(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "README.md", "# By the agent\n").await;
    scene.user_pushes("README.md", "# By hand\n");
    // The agent takes the base in and mends the conflict in the merge commit itself, which a rebase would leave out.
    scene.store.git(&["fetch", "--quiet", "origin"]);
    scene
        .store
        .git(&["merge", "--quiet", "--strategy=ours", "-m", "mend", "origin/main"]);
    scene.store.write("README.md", "# By both\n").git(&["add", "--all"]);
    scene.store.git(&["commit", "--quiet", "--amend", "-m", "mend"]);
    let mended = CommitId::new(scene.store.head()).unwrap();
    scene.publish("feature/one", &mended).await;
    let before = scene.base();
    let outcome = scene.merge(1, MergeMethod::Rebase).await;
    let MergeOutcome::Refused { next, .. } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(next.contains("squash"), "{next}");
    assert_eq!(scene.base(), before);
    scene.merged(1, MergeMethod::Squash).await;
    assert_eq!(scene.file("README.md"), "# By both");
}

pub async fn work_that_comes_to_nothing_on_the_new_base_is_merged_without_a_commit(stage: Stage) {
    let scene = Scene::small(stage).await;
    for (number, method) in (1..).zip([MergeMethod::Squash, MergeMethod::Rebase]) {
        let (branch, file) = (format!("feature/{number}"), format!("{number}.txt"));
        scene.offered(&branch, &file, "1\n").await;
        let by_hand = scene.user_pushes(&file, "1\n");
        assert_eq!(scene.merged(number, method).await.as_str(), by_hand, "{method:?}");
        assert_eq!(scene.base().as_str(), by_hand);
    }
}
