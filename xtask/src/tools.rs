//! Programs that some tests need beside git. In CI they are installed, elsewhere people are told.

use std::process::Command;

use crate::say;

/// Each program and the package of Debian that has it.
const NEEDED: [(&str, &str); 6] = [
    ("node", "nodejs"),
    ("npm", "npm"),
    ("chromium", "chromium"),
    ("git-lfs", "git-lfs"),
    ("mkfs.btrfs", "btrfs-progs"),
    ("mkfs.xfs", "xfsprogs"),
];

/// What the tests of the web app take instead of Chromium with its windows, for a third less; they go without it too.
const LIGHTER: &str = "chromium-headless-shell";

/// Sees to it that they are there, as far as that is ours to do. What is missing then is said by the tests themselves.
pub(crate) fn provide() {
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if std::env::var_os("CI").is_none() {
        if !missing.is_empty() {
            say(&format!(
                "some tests are left out, since these are not installed: {}",
                missing.join(", ")
            ));
        }
        return;
    }
    let lighter: Vec<&str> = [LIGHTER].into_iter().filter(|program| !is_there(program)).collect();
    let sets: Vec<_> = [missing, lighter].into_iter().filter(|set| !set.is_empty()).collect();
    if !sets.is_empty() {
        apt_get(&["update"]);
    }
    for set in sets {
        if !apt_get(&[&["install", "--yes", "--no-install-recommends"], &set[..]].concat()) {
            say(&format!("failed to install {}", set.join(", ")));
        }
    }
}

fn apt_get(arguments: &[&str]) -> bool {
    say(&format!("\n> apt-get {}", arguments.join(" ")));
    let mut command = Command::new("apt-get");
    let command = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command.status().is_ok_and(|status| status.success())
}

fn is_there(program: &str) -> bool {
    which::which(program).is_ok()
}
