//! A copy of all that a server must not lose, and another server that goes on from it.

use std::process::Command;

use crate::harness::Place;
use crate::shop::{DONE, Shop};

#[test]
fn a_review_that_was_backed_up_is_approved_and_merged_elsewhere() {
    let shop = Shop::at_work(
        "",
        &["A note", "A list"],
        &[(
            r"(?i)task \d+: A (note|list)",
            &[
                r#"{ run = { command = "id=$(cat /proc/sys/kernel/random/uuid); echo $id > $id.txt" } }"#,
                r#"{ commit = { message = "Write it" } }"#,
                DONE,
            ],
        )],
    );
    shop.event("pull_request_opened", |data| data["task"] == 1);
    shop.event("pull_request_opened", |data| data["task"] == 2);
    shop.place
        .ok(&["task", "review", "1", "--request-changes", "-m", "Why this number?"]);
    shop.merges("2");
    shop.event("task_done", |data| data["task"] == 2);
    shop.event("attempt_delivered", |data| data["attempt"] == 4);
    let shows = std::cell::Cell::new(0);
    shop.event("pull_request_opened", |data| {
        shows.set(shows.get() + u32::from(data["task"] == 1));
        shows.get() == 2
    });
    let backup = shop.place.path().join("backup");
    let told = shop.place.ok(&["admin", "backup", "backup"]);
    assert!(
        told.contains("pull requests") && told.contains(backup.to_str().unwrap()),
        "{told}"
    );
    let again = shop.place.fails(3, &["admin", "backup", "backup"]);
    assert!(again.contains("exists already"), "{again}");
    let kept = shop.place.ok(&["task", "show", "1"]);

    // The machine is gone; another has the copy and a configuration.
    let Shop {
        server,
        repository,
        place,
        ..
    } = shop;
    server.kill();
    let other = Place::new("");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&backup)
        .arg(other.path().join("team6-data"))
        .status();
    assert!(copied.unwrap().success());
    drop(place);
    let server = other.up(&[]);
    assert!(other.ok(&["admin", "check"]).contains("sound"));
    let found = other.ok(&["task", "show", "1"]);
    for told in ["Why this number?", " open at "] {
        assert!(kept.contains(told) && found.contains(told), "{kept}\n{found}");
    }
    assert!(other.ok(&["task", "diff", "1"]).contains(".txt"));
    other.ok(&["task", "review", "1", "--approve"]);
    other.ok(&["task", "merge", "1"]);
    other.ok(&["sprint", "watch", "1", "--until", "done"]);
    let files = repository.git(&["ls-tree", "--name-only", "main"]);
    assert_eq!(
        files.lines().filter(|file| file.ends_with(".txt")).count(),
        3,
        "{files}"
    );
    assert!(server.stop());
}

#[test]
fn a_file_that_is_no_database_is_a_finding_with_what_to_do() {
    let place = Place::new("");
    place.up(&[]).stop();
    let (stdout, sound) = (
        place.ok(&["admin", "check"]),
        "the log, its lists, the traces and the queue",
    );
    assert!(stdout.contains(sound), "{stdout}");
    for (name, next) in [
        ("team6.db", "restore a backup"),
        ("traces.db", "restore a backup"),
        ("queue.db", "remove it"),
    ] {
        let file = place.path().join("team6-data").join(name);
        let good = std::fs::read(&file).unwrap();
        // A database that was closed has no log beside it, from which SQLite would mend it.
        assert!(!file.with_extension("db-wal").exists());
        std::fs::write(&file, "This is no database. ".repeat(400)).unwrap();
        let ran = place.run(&["admin", "check"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stdout.contains(&format!("{name}: it cannot be read")), "{ran:?}");
        assert!(
            ran.stdout.contains(next) && !ran.stderr.contains("admin check"),
            "{ran:?}"
        );
        std::fs::write(&file, good).unwrap();
    }
}
