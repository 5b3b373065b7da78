use std::collections::BTreeSet;

use super::*;

#[test]
fn the_same_verbs_make_the_same_commits() {
    let heads: BTreeSet<String> = (0..2)
        .map(|_| {
            let repository = Repository::sample("two-crates");
            repository.branch("work").write("a.txt", "a").commit("second");
            repository.switch("main").write("b.txt", "b").commit("third");
            repository.merge("work")
        })
        .collect();
    assert_eq!(heads.len(), 1, "{heads:?}");
}

#[test]
fn a_commit_is_by_ada_and_a_minute_later_than_the_one_before() {
    let repository = Repository::empty();
    repository.commit("first");
    repository.write("a", "").commit("second");
    assert_eq!(
        repository.git(&["log", "--format=%an <%ae> %at %s"]),
        "Ada <ada@example.org> 1767225660 second\nAda <ada@example.org> 1767225600 first"
    );
    assert_eq!(repository.remove("a").commit("third"), repository.resolve("main"));
    assert!(repository.files("main").is_empty());
}

#[test]
fn every_sample_can_be_made() {
    for name in samples::names() {
        let repository = Repository::sample(name);
        assert!(repository.files("HEAD").len() > 5, "{name}");
        assert_eq!(repository.git(&["status", "--porcelain"]), "", "{name}");
    }
}

#[test]
#[should_panic(expected = "there is no sample \"three-crates\"; there are two-crates, web-and-api")]
fn a_sample_that_does_not_exist_is_named_with_those_that_do() {
    Repository::sample("three-crates");
}

#[test]
fn many_files_are_committed_and_checked_out() {
    let repository = Repository::with_files(1_234);
    assert_eq!(repository.files("main").len(), 1_234);
    assert_eq!(repository.read("folder-0012/file-001233.txt"), "content of file 1233\n");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let later = repository.commit("second");
    assert_eq!(
        repository.git(&["show", "--no-patch", "--format=%ct", &later]),
        "1767225660"
    );
}

#[test]
fn odd_names_are_kept_byte_for_byte() {
    let repository = Repository::empty();
    repository.with_odd_names().commit("odd");
    let kept: BTreeSet<PathBuf> = repository.files("HEAD").into_iter().collect();
    assert_eq!(kept, odd::names().into_iter().collect());
}

#[test]
fn a_submodule_and_a_pointer_are_what_git_expects() {
    let inner = Repository::sample("web-and-api");
    let outer = Repository::empty();
    outer
        .with_submodule("vendor/greetings", &inner)
        .with_lfs_pointer("video.mp4", 5_000_000)
        .with_code_owners("* @ada\n")
        .commit("first");
    let tree = outer.git(&["ls-tree", "HEAD", "vendor/"]);
    assert!(tree.starts_with(&format!("160000 commit {}", inner.head())), "{tree}");
    assert!(outer.read("video.mp4").ends_with("size 5000000\n"));
    assert_eq!(
        outer.git(&["check-attr", "filter", "video.mp4"]),
        "video.mp4: filter: lfs"
    );
}

#[test]
fn clones_push_to_what_they_were_cloned_from() {
    let remote = Repository::sample("two-crates").bare_clone();
    assert_eq!(remote.git(&["rev-parse", "--is-bare-repository"]), "true");
    let clone = remote.fresh_clone();
    let commit = clone.branch("work").write("a.txt", "a").commit("second");
    clone.git(&["push", "--quiet", "origin", "work"]);
    assert_eq!(remote.resolve("work"), commit);
}

#[test]
fn what_git_says_is_in_the_failure() {
    let failure = std::panic::catch_unwind(|| Repository::empty().switch("nowhere").head()).unwrap_err();
    let said = failure.downcast_ref::<String>().unwrap();
    assert!(said.contains("git switch --quiet nowhere in "), "{said}");
    assert!(said.contains("invalid reference: nowhere"), "{said}");
}

#[test]
fn a_repository_with_a_history_is_the_same_at_every_call() {
    let repository = Repository::with_history(250);
    assert_eq!(repository.files("HEAD").len(), 250);
    assert_eq!(repository.git(&["rev-list", "--count", "HEAD"]).trim(), "26");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert_eq!(repository.head(), Repository::with_history(250).head());
}
