//! The sample project of the demo: a small workspace of two crates whose tests run.

use std::path::Path;
use std::process::Command;

const FILES: [(&str, &str); 7] = [
    (".gitignore", "target/\n"),
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"money\", \"report\"]\n",
    ),
    (
        "README.md",
        "# Ledger\n\nA small ledger: `money` reads amounts, `report` adds them up.\n",
    ),
    (
        "money/Cargo.toml",
        "[package]\nname = \"money\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    (
        "money/src/lib.rs",
        "//! Amounts of money.\n\n/// Reads an amount such as `12.50` as cents.\npub fn parse(text: &str) -> Option<i64> {\n    \
         let (whole, part) = text.trim().split_once('.')?;\n    Some(whole.parse::<i64>().ok()? * 100 + \
         part.parse::<i64>().ok()?)\n}\n\n#[test]\nfn an_amount_is_read_as_cents() {\n    assert_eq!(parse(\"12.50\"), \
         Some(1250));\n}\n",
    ),
    (
        "report/Cargo.toml",
        "[package]\nname = \"report\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmoney = { path = \
         \"../money\" }\n",
    ),
    (
        "report/src/lib.rs",
        "//! What a ledger adds up to.\n\n/// The sum of some amounts in cents.\npub fn total(cents: &[i64]) -> i64 {\n    \
         cents.iter().sum()\n}\n\n#[test]\nfn a_total_is_a_sum() {\n    assert_eq!(total(&[1, 2, 3]), 6);\n}\n",
    ),
];

/// Makes the project in a folder, as a clone of a bare repository that has its first commit.
pub(super) fn make(folder: &Path, origin: &Path) -> Result<(), String> {
    // Made by an earlier run in the same folder.
    if origin.is_dir() && git(folder, &["remote", "get-url", "origin"]).is_ok() {
        return Ok(());
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    // Its lock file belongs to it; without it every task would bring one of its own.
    let lock = Command::new("cargo")
        .args(["generate-lockfile", "--offline", "--quiet"])
        .current_dir(folder)
        .status();
    if !lock.is_ok_and(|status| status.success()) {
        return Err("cargo does not work here; the sample project of the demo needs it".into());
    }
    git(folder, &["init", "--quiet", "--initial-branch", "main"])?;
    git(folder, &["add", "."])?;
    git(folder, &["commit", "--quiet", "--message", "A small ledger"])?;
    // The team shares a bare repository, as teams do; the folder is a clone of it.
    git(folder, &["clone", "--quiet", "--bare", ".", &origin.to_string_lossy()])?;
    git(folder, &["remote", "add", "origin", &origin.to_string_lossy()])?;
    pull(folder)
}

/// Brings what was merged into the folder.
pub(super) fn pull(folder: &Path) -> Result<(), String> {
    git(folder, &["pull", "--quiet", "--ff-only", "origin", "main"]).map(drop)
}

/// Runs git in the sample project; gives what it printed.
pub(super) fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .map_err(|error| format!("git cannot be started: {error}; install it"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("git {} failed: {}", args.join(" "), text(&output.stderr))),
    }
}
