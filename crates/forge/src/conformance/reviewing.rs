//! Reviews, their threads, and what becomes of those in later deliveries.

use super::scene::{Scene, Stage, at, comment, review};
use crate::{ForgeError, Misplaced, NewReply, NewReview, Resolution, Review, Side};

/// Twelve numbered lines in a file of a pull request.
async fn numbered(stage: Stage) -> Scene {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "list.txt", &list(1..=12)).await;
    scene
}

fn list(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|n| format!("line {n}\n")).collect()
}

async fn submitted(scene: &Scene, new: &NewReview) -> Review {
    scene.forge.submit_review(&scene.id, 1, new).await.unwrap()
}

pub async fn a_review_begins_a_thread_for_each_comment(stage: Stage) {
    let scene = numbered(stage).await;
    let mut range = comment("list.txt", Some(5), "sort these");
    range.end_line = Some(7);
    let new = review(
        "r-1",
        vec![
            comment("list.txt", Some(2), "why?"),
            range,
            comment("list.txt", None, "rename it"),
        ],
    );
    let posted = submitted(&scene, &new).await;
    assert_eq!((posted.id, posted.patch_set, &posted.threads), (1, 1, &vec![1, 2, 3]));
    assert_eq!(
        (posted.author.as_str(), posted.body.as_str(), posted.verdict),
        ("grace", "Almost.", new.verdict)
    );
    let known = scene.pull_request(1).await;
    let places: Vec<_> = known
        .threads
        .iter()
        .map(|t| (t.origin.line, t.origin.end_line))
        .collect();
    assert_eq!(places, [(Some(2), Some(2)), (Some(5), Some(7)), (None, None)]);
    assert_eq!(known.threads[0].comments[0].text, "why?");
    assert_eq!(known.reviews, [posted]);
}

pub async fn a_review_is_added_once_however_often_it_is_asked(stage: Stage) {
    let scene = numbered(stage).await;
    let new = review("r-1", vec![comment("list.txt", Some(2), "why?")]);
    let first = submitted(&scene, &new).await;
    assert_eq!(submitted(&scene, &new).await, first);
    assert_eq!(submitted(&scene, &review("r-2", Vec::new())).await.id, 2);
    let known = scene.pull_request(1).await;
    assert_eq!((known.reviews.len(), known.threads.len()), (2, 1));
}

pub async fn comments_that_are_not_on_the_diff_are_all_named_and_nothing_is_kept(stage: Stage) {
    let scene = numbered(stage).await;
    let mut backwards = comment("list.txt", Some(7), "x");
    backwards.end_line = Some(5);
    let new = review(
        "r-1",
        vec![
            comment("lst.txt", Some(2), "no such file"),
            comment("list.txt", Some(3), "this one is well placed"),
            comment("list.txt", Some(99), "no such line"),
            backwards,
        ],
    );
    let refused = scene.forge.submit_review(&scene.id, 1, &new).await.unwrap_err();
    let ForgeError::BadComments(bad) = &refused else {
        panic!("{refused:?}")
    };
    let named: Vec<_> = bad.iter().map(|bad| (bad.index, &bad.why)).collect();
    let near = vec!["list.txt".parse().unwrap()];
    assert_eq!(
        named,
        [
            (0, &Misplaced::File { near }),
            (2, &Misplaced::Line { near: vec![12] }),
            (3, &Misplaced::Backwards),
        ]
    );
    assert!(refused.to_string().contains("did you mean list.txt?"), "{refused}");
    let known = scene.pull_request(1).await;
    assert!(known.reviews.is_empty() && known.threads.is_empty());
    // The same key can be used for the review as it was mended.
    submitted(
        &scene,
        &review("r-1", vec![comment("list.txt", Some(3), "well placed")]),
    )
    .await;
}

pub async fn comments_may_stand_on_the_old_side_and_on_whole_files(stage: Stage) {
    let scene = Scene::small(stage).await;
    let commit = scene.commit("feature/one", "work", |store| {
        store.remove("AGENTS.md").write("image.png", b"\x89PNG\0");
    });
    scene.publish("feature/one", &commit).await;
    scene.open("feature/one").await;
    let mut old = comment("AGENTS.md", Some(1), "keep this");
    old.side = Side::Old;
    let posted = submitted(
        &scene,
        &review("r-1", vec![old, comment("image.png", None, "too large")]),
    )
    .await;
    assert_eq!(posted.threads.len(), 2);
    let wrong_side = comment("AGENTS.md", Some(1), "it has no new side");
    let refused = scene
        .forge
        .submit_review(&scene.id, 1, &review("r-2", vec![wrong_side]))
        .await;
    assert!(matches!(refused, Err(ForgeError::BadComments(_))), "{refused:?}");
}

pub async fn a_thread_is_answered_once_with_the_commit_that_mends_it(stage: Stage) {
    let scene = numbered(stage).await;
    submitted(&scene, &review("r-1", vec![comment("list.txt", Some(2), "why?")])).await;
    let mended = scene.deliver("feature/one", "list.txt", &list([1, 22, 3])).await;
    let reply = NewReply {
        key: "answer-1".into(),
        thread: 1,
        author: "coder".into(),
        text: "It is 22 now.".into(),
        commit: Some(mended.clone()),
        at: at(5),
    };
    let thread = scene.forge.reply(&scene.id, 1, &reply).await.unwrap();
    assert_eq!(scene.forge.reply(&scene.id, 1, &reply).await.unwrap(), thread);
    let said: Vec<_> = thread
        .comments
        .iter()
        .map(|c| (c.author.as_str(), c.text.as_str(), c.commit.as_ref()))
        .collect();
    assert_eq!(
        said,
        [("grace", "why?", None), ("coder", "It is 22 now.", Some(&mended))]
    );
    let nowhere = NewReply {
        thread: 7,
        key: "answer-2".into(),
        ..reply
    };
    let refused = scene.forge.reply(&scene.id, 1, &nowhere).await.unwrap_err();
    assert!(matches!(refused, ForgeError::Invalid { .. }), "{refused:?}");
}

pub async fn threads_are_resolved_and_opened_again(stage: Stage) {
    let scene = numbered(stage).await;
    submitted(&scene, &review("r-1", vec![comment("list.txt", Some(2), "why?")])).await;
    let by = Resolution {
        by: "grace".into(),
        at: at(6),
    };
    for _ in 0..2 {
        let thread = scene.forge.resolve(&scene.id, 1, 1, Some(&by)).await.unwrap();
        assert_eq!(thread.resolved, Some(by.clone()));
    }
    let listed = scene
        .forge
        .pull_requests(&scene.id, crate::StateFilter::Open)
        .await
        .unwrap();
    assert_eq!(listed[0].open_threads, 0);
    let thread = scene.forge.resolve(&scene.id, 1, 1, None).await.unwrap();
    assert_eq!((thread.resolved, thread.comments.len()), (None, 1));
}

pub async fn threads_follow_their_lines_into_the_next_patch_set(stage: Stage) {
    let scene = numbered(stage).await;
    let mut range = comment("list.txt", Some(5), "sort these");
    range.end_line = Some(8);
    let comments = vec![
        comment("list.txt", Some(2), "why?"),
        range,
        comment("list.txt", Some(12), "last"),
    ];
    submitted(&scene, &review("r-1", comments)).await;
    // Two lines more at the beginning, one more amid the range, one less near the end.
    let text = list([100, 101, 1, 2, 3, 4, 5, 6, 102, 7, 8, 9, 11, 12]);
    scene.deliver("feature/one", "list.txt", &text).await;
    scene.commit("feature/one", "rename", |store| {
        drop(store.git(&["mv", "list.txt", "lines.txt"]));
    });
    let head = scene.store.head();
    scene
        .publish("feature/one", &team6_core::ids::CommitId::new(head).unwrap())
        .await;
    let known = scene.pull_request(1).await;
    let places = known.threads.iter().map(|thread| {
        let now = thread.current.as_ref().unwrap();
        (
            now.patch_set,
            now.path.to_string(),
            now.line,
            now.end_line,
            thread.outdated,
        )
    });
    let place = |first, last| (3, "lines.txt".to_owned(), Some(first), Some(last), false);
    assert_eq!(places.collect::<Vec<_>>(), [place(4, 4), place(7, 11), place(14, 14)]);
    let origin = &known.threads[0].origin;
    assert_eq!(
        (origin.patch_set, origin.path.to_string(), origin.line),
        (1, "list.txt".into(), Some(2))
    );
}

pub async fn threads_on_the_old_side_follow_a_base_that_was_taken_in(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.user_pushes("list.txt", &list(1..=12));
    scene.forge.base(&scene.id).await.unwrap();
    scene.offered("feature/one", "list.txt", &list(1..=11)).await;
    let mut old = comment("list.txt", Some(12), "keep this");
    old.side = Side::Old;
    submitted(&scene, &review("r-1", vec![old])).await;
    scene.user_pushes("list.txt", &list(0..=12));
    scene.store.git(&["fetch", "--quiet", "origin"]);
    scene
        .store
        .git(&["merge", "--quiet", "-m", "take the base in", "origin/main"]);
    scene.forge.base(&scene.id).await.unwrap();
    let merged = team6_core::ids::CommitId::new(scene.store.head()).unwrap();
    scene.publish("feature/one", &merged).await;
    let thread = scene.pull_request(1).await.threads.remove(0);
    let now = thread.current.unwrap();
    assert_eq!((now.patch_set, now.line, thread.outdated), (2, Some(13), false));
}

pub async fn threads_whose_lines_changed_are_outdated(stage: Stage) {
    let scene = numbered(stage).await;
    let comments = vec![
        comment("list.txt", Some(2), "why?"),
        comment("list.txt", Some(9), "fine"),
    ];
    submitted(&scene, &review("r-1", comments)).await;
    scene
        .deliver(
            "feature/one",
            "list.txt",
            &list([1, 22, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        )
        .await;
    let known = scene.pull_request(1).await;
    assert_eq!((&known.threads[0].current, known.threads[0].outdated), (&None, true));
    assert_eq!(known.threads[1].current.as_ref().unwrap().line, Some(9));
    assert!(!known.threads[1].outdated && known.threads[0].origin.line == Some(2));
}

pub async fn closed_pull_requests_take_no_review(stage: Stage) {
    let scene = numbered(stage).await;
    let by = Resolution {
        by: "grace".into(),
        at: at(6),
    };
    scene.forge.close(&scene.id, 1, &by).await.unwrap();
    let refused = scene
        .forge
        .submit_review(&scene.id, 1, &review("r-1", Vec::new()))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, ForgeError::WrongState { state: "closed", .. }),
        "{refused:?}"
    );
}
