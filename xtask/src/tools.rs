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

/// Sees to it that they are there, as far as that is ours to do. What is missing then is said by the tests themselves.
pub(crate) fn provide() {
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return;
    }
    if std::env::var_os("CI").is_none() {
        say(&format!(
            "some tests are left out, since these are not installed: {}",
            missing.join(", ")
        ));
        return;
    }
    let install = ["install", "--yes", "--no-install-recommends"];
    let steps = [vec!["update"], [&install[..], &missing].concat()];
    let installed = steps.iter().all(|arguments| {
        say(&format!("\n> apt-get {}", arguments.join(" ")));
        let mut command = Command::new("apt-get");
        let command = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command.status().is_ok_and(|status| status.success())
    });
    if !installed {
        say(&format!("failed to install {}", missing.join(", ")));
    }
}

fn is_there(program: &str) -> bool {
    which::which(program).is_ok()
}
