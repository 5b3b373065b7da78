//! A merge that fails between two repositories: it is shown, gone on with, or taken back by its owner.

use std::os::unix::fs::PermissionsExt;

use team6_testkit::repositories::Repository;

use crate::shop::Shop;

/// A task over two repositories of which `app` is merged; `docs` refuses pushes.
fn partly_merged() -> (Shop, Repository) {
    let (shop, docs) = Shop::over_two();
    docs.write("hooks/pre-receive", "#!/bin/sh\necho frozen for the release\nexit 1\n");
    let hook = docs.path().join("hooks/pre-receive");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let early = shop.place.ok(&["task", "revert", "1"]);
    assert!(early.contains("there is nothing to revert"), "{early}");
    shop.merges("1");
    shop.event("merge_failed", |data| data["task"] == 1);
    (shop, docs)
}

#[test]
fn a_merge_that_failed_in_the_middle_is_shown_with_both_ways_out_and_gone_on_with() {
    let (shop, docs) = partly_merged();
    let inbox = shop.place.ok(&["inbox"]);
    assert!(
        inbox.contains("merged in part: app is merged, docs is not") && inbox.contains("or revert what was merged"),
        "{inbox}"
    );
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("team6 task merge 1") && shown.contains("team6 task revert 1"),
        "{shown}"
    );
    shop.says("docs", "1. app#1, merged\n2. docs#1 (this one)\n");
    std::fs::remove_file(docs.path().join("hooks/pre-receive")).unwrap();
    shop.place.ok(&["task", "merge", "1"]);
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(docs.git(&["show", "main:note.txt"]), "words");
}

#[test]
fn what_was_merged_is_taken_back_when_its_owner_says_so_and_not_before() {
    let (shop, docs) = partly_merged();
    assert_eq!(shop.merged("note.txt"), "code");
    let before = shop.repository.git(&["rev-parse", "main"]);
    let foreseen = shop.place.ok(&["task", "revert", "1"]);
    assert!(
        foreseen.contains("app#1 one commit takes back ") && foreseen.contains("team6 task revert 1 --yes"),
        "{foreseen}"
    );
    assert_eq!(
        shop.repository.git(&["rev-parse", "main"]),
        before,
        "nothing is taken back by asking"
    );
    shop.place.ok(&["task", "revert", "1", "--yes"]);
    shop.event("pull_requests_reverted", |data| data["commits"]["app"].is_string());
    shop.event("task_cancelled", |data| data["task"] == 1 && data["by"] == "ada");
    let log = shop.repository.git(&["log", "-1", "--format=%an|%s", "main"]);
    assert_eq!(log, "Ada|Revert \"A note\" (#1)");
    let left = [&shop.repository, &docs].map(|repository| repository.git(&["ls-tree", "--name-only", "main"]));
    assert!(left.iter().all(|files| !files.contains("note.txt")), "{left:?}");
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains(", reverted by ") && shown.contains("docs#1 closed"),
        "{shown}"
    );
    let late = shop.place.run(&["task", "revert", "1", "--yes"]);
    assert_ne!(late.code, 0, "{late:?}");
}

#[test]
fn what_others_have_built_on_is_not_taken_back_and_named_by_file() {
    let (shop, _docs) = partly_merged();
    let user = shop.repository.fresh_clone();
    user.write("note.txt", "code and more\n");
    user.commit("Build on it");
    user.git(&["push", "--quiet", "origin", "HEAD:main"]);
    let foreseen = shop.place.ok(&["task", "revert", "1"]);
    assert!(
        foreseen.contains("conflict in note.txt") && !foreseen.contains("--yes"),
        "{foreseen}"
    );
    shop.place.ok(&["task", "revert", "1", "--yes"]);
    shop.event("revert_failed", |data| data["task"] == 1);
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(
        shown.contains("nothing was reverted: app: later work builds on it in note.txt"),
        "{shown}"
    );
    assert_eq!(shop.merged("note.txt"), "code and more");
}
