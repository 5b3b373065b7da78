//! Files that only the team's people have: agents work with them, and they are nowhere in what the server remembers.

use std::fs;
use std::path::Path;

use crate::shop::{DONE, Shop};

const SECRET: &str = "TOKEN=correct-horse-battery";

#[test]
fn a_local_file_reaches_the_agent_and_no_record() {
    let submit = crate::shop::submit(&["A note"]);
    let run = r#"{ run = { command = "wc -c < .env > note.txt; stat -c %a .env >> note.txt; cp .env .env-copy; > .git/info/exclude; cat .env" } }"#;
    let shop = Shop::open(
        "",
        &[
            ("Plan a sprint for this goal", &[&submit]),
            (r"task \d+: A note", &[run, DONE]),
        ],
    );
    let put = |path: &str, content: &str| shop.place.fed(&["repo", "file", "put", "shop", "app", path], content);
    assert!(put(".env", SECRET).contains("Workspaces of app get .env (27 bytes)"));
    put("config/other.toml", "x");
    let listed = shop.place.ok(&["repo", "file", "list", "shop", "app"]);
    assert!(
        listed.contains(".env") && listed.contains("27") && listed.contains("ada"),
        "{listed}"
    );
    let removed = ["repo", "file", "remove", "shop", "app", "config/other.toml"];
    shop.place.ok(&removed);
    assert_ne!(shop.place.run(&removed).code, 0);

    shop.place
        .ok(&["repo", "check", "add", "shop", "app", "show", "echo it says; cat .env"]);
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.waits_for_a_person();
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(shop.merged("note.txt"), "27\n600");
    let log = shop.place.ok(&["task", "log", "1"]);
    assert!(log.contains("local files that no commit may hold: .env"), "{log}");
    assert!(log.contains(".env-copy (a copy of a local file)"), "{log}");

    assert!(log.contains("TOKEN=[redacted]"), "{log}");
    let checked = shop.place.ok(&["checks", "log", "1", "1"]);
    assert!(checked.contains("it says\nTOKEN=[redacted]"), "{checked}");

    let copy = shop.place.path().join("copy");
    shop.place.ok(&["admin", "backup", copy.to_str().unwrap()]);
    assert_eq!(holding(&copy), Vec::<String>::new());
    let data = shop.place.path().join("team6-data");
    let holders = holding(&data);
    assert!(
        !holders.is_empty() && holders.iter().all(|path| path.contains("/local-files/")),
        "{holders:?}"
    );
    assert!(!shop.place.log().contains("correct-horse"));
}

/// The files below a folder that hold the secret.
fn holding(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holding(&path));
        } else if kind.is_file() {
            let content = fs::read(&path).unwrap_or_default();
            if content.windows(13).any(|part| part == b"correct-horse") {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
