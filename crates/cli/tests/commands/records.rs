//! Care for the records, beside a running server and without one.

use crate::{planned, shop};

#[test]
fn lists_are_made_anew_beside_a_server_and_without_one() {
    let (place, server, _repository) = shop();
    place.ok(&["sprint", "plan", "shop", "Greet people."]);
    planned(&place, 1);
    let before = place.json(&["sprint", "list"]);
    assert_eq!(
        place.ok(&["admin", "rebuild"]),
        "The lists of 1 sprints were made anew.\n"
    );
    assert_eq!(place.json(&["admin", "rebuild"])["sprints"], 1);
    assert_eq!(place.json(&["sprint", "list"]), before);
    assert!(place.ok(&["admin", "check"]).contains("sound"));
    assert!(server.stop());
    let ran = place.run(&["admin", "rebuild"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "The lists of 1 sprints were made anew.\n"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("no server runs on"), "{ran:?}");
    let _server = place.up(&[]);
    assert_eq!(place.json(&["sprint", "list"])[0]["title"], before[0]["title"]);
}

#[test]
fn a_backup_without_a_server_holds_the_same() {
    let (place, server, _repository) = shop();
    place.ok(&["admin", "backup", "beside"]);
    assert!(server.stop());
    let told = place.json(&["admin", "backup", "at-rest"]);
    assert_eq!(told["folder"], place.path().join("at-rest").to_str().unwrap());
    for backup in ["beside", "at-rest"] {
        let held = |name: &str| place.path().join(backup).join(name).exists();
        assert!(
            held("team6.db") && held("traces.db") && held("forge/app/forge.git/team6.json"),
            "{backup}"
        );
        // What can be fetched again, and what lets people in, is left out.
        assert!(
            !held("workspaces/repos/app/mirror.git") && !held("token") && !held("queue.db"),
            "{backup}"
        );
    }
    let said = place.fails(1, &["admin", "backup", "at-rest"]);
    assert!(said.contains("at-rest exists already"), "{said}");
    let said = place.fails(1, &["admin", "backup", "no/such/folder"]);
    assert!(said.contains("no/such/folder could not be made"), "{said}");
}
