//! Fifty kills in a sprint of eight small files, two of which were delegated.

use team6_testkit::repositories::Repository;

use crate::killing::{killed_again_and_again, place};

#[test]
fn a_sprint_survives_a_server_that_is_killed_again_and_again() {
    let place = place("[agents]\nplanner = \"scripted\"\n");
    let origin = Repository::sample("two-crates").bare_clone();
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill/files.toml");
    let server = place.up(&["--scenario", scenario]);
    place.ok(&["project", "add", "shop"]);
    place.ok(&["repo", "add", "shop", &origin.url(), "--name", "app"]);
    place.ok(&["sprint", "plan", "shop", "Six files"]);
    let survived = killed_again_and_again(&place, server, scenario, 50, |_, entry| panic!("{entry:#}"));

    survived.tells_all();
    survived.opened_once(8);
    let of = |kind: &str| survived.of(kind).len();
    assert_eq!((of("sprint_opened"), of("task_done"), of("sprint_finished")), (1, 8, 1));
    assert_eq!(of("subtask_added"), 2, "a part was handed over twice");
    assert_eq!(of("subtask_given_up"), 0);
    for part in ["left", "right"] {
        assert_eq!(origin.git(&["show", &format!("main:{part}.txt")]), part);
    }
    for name in ["one", "two", "three", "four", "five", "six"] {
        assert_eq!(origin.git(&["show", &format!("main:{name}.txt")]), name);
        let subject = format!("File {name}");
        let merges = origin.git(&["log", "--merges", "--format=%s", "--grep", &subject, "main"]);
        assert_eq!(merges.lines().count(), 1, "{name}: {merges}");
    }
    let changes = place.path().join("team6-data/forge/app/forge.git/refs/team6/changes");
    assert_eq!(std::fs::read_dir(changes).unwrap().count(), 8);
    survived.leaves_nothing(&place, scenario);
}
