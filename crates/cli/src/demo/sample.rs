//! The sample project of the demo: a small workspace of two crates whose tests run.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

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

/// The second repository: what the team says about its programs.
const HANDBOOK: [(&str, &str); 1] = [("README.md", "# Handbook\n\nWhat the team says about its programs.\n")];

/// Makes the team's second repository, unless an earlier run did.
pub(super) fn make_handbook(origin: &Path) -> Result<(), String> {
    if origin.is_dir() {
        return Ok(());
    }
    let making = origin.with_file_name(MAKING);
    let failed = |error: io::Error| format!("{} cannot be made: {error}", origin.display());
    remove(&making).map_err(failed)?;
    let (project, bare) = (making.join("project"), making.join("origin.git"));
    fs::create_dir_all(&project).map_err(failed)?;
    for (name, text) in HANDBOOK {
        fs::write(project.join(name), text).map_err(failed)?;
    }
    begin(&project, "A handbook")?;
    git(&project, &["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()])?;
    fs::rename(&bare, origin).map_err(failed)?;
    remove(&making).map_err(failed)
}

/// The first commit of a folder.
fn begin(folder: &Path, message: &str) -> Result<(), String> {
    git(folder, &["init", "--quiet", "--initial-branch", "main"])?;
    git(folder, &["add", "."])?;
    git(folder, &["commit", "--quiet", "--message", message]).map(drop)
}

/// Where both are made: a name that nobody else gives to a folder, as it is removed.
const MAKING: &str = ".team6-demo-in-the-making";

/// Makes the project in a folder, as a clone of a bare repository that has its first commit. Both are made aside and come
/// to their places whole, so that what a run left that broke off here is gone on with.
pub(super) fn make(folder: &Path, origin: &Path) -> Result<(), String> {
    let shared = origin.to_string_lossy();
    if origin.is_dir() {
        // Made by an earlier run in the same folder.
        if git(folder, &["remote", "get-url", "origin"]).is_ok() {
            return Ok(());
        }
        if !folder.exists() {
            let root = folder.parent().unwrap_or(folder);
            return git(root, &["clone", "--quiet", &shared, &folder.to_string_lossy()]).map(drop);
        }
    }
    if let Some(other) = [folder, origin].into_iter().find(|path| path.exists()) {
        return Err(format!(
            "{} is there already, and no demo has made it; name another folder with --in",
            other.display()
        ));
    }
    let making = folder.with_file_name(MAKING);
    let failed = |path: &Path, error: &io::Error| format!("{} cannot be made: {error}", path.display());
    remove(&making).map_err(|error| failed(&making, &error))?;
    let (project, bare) = (making.join("project"), making.join("origin.git"));
    for (name, text) in FILES {
        let path = project.join(name);
        let parent = path.parent().unwrap_or(&project);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text));
        written.map_err(|error| failed(&path, &error))?;
    }
    // Its lock file belongs to it; without it every task would bring one of its own.
    let lock = Command::new("cargo")
        .args(["generate-lockfile", "--offline", "--quiet"])
        .current_dir(&project)
        .status();
    if !lock.is_ok_and(|status| status.success()) {
        return Err("cargo does not work here; the sample project of the demo needs it".into());
    }
    begin(&project, "A small ledger")?;
    // The team shares a bare repository, as teams do; the folder is a clone of it.
    git(&project, &["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()])?;
    git(&project, &["remote", "add", "origin", &shared])?;
    for (made, place) in [(&bare, origin), (&project, folder)] {
        fs::rename(made, place).map_err(|error| failed(place, &error))?;
    }
    remove(&making).map_err(|error| failed(&making, &error))?;
    pull(folder)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn history(folder: &Path) -> String {
        git(folder, &["log", "--format=%s", "origin/main"]).unwrap()
    }

    #[test]
    fn what_a_run_left_that_was_ended_in_the_middle_is_gone_on_with() {
        let root = tempfile::tempdir().unwrap();
        let (folder, origin) = (root.path().join("ledger"), root.path().join("ledger.git"));
        fs::create_dir_all(root.path().join(MAKING).join("project/.git")).unwrap();
        fs::write(root.path().join(MAKING).join("project/half"), "").unwrap();
        make(&folder, &origin).unwrap();
        assert_eq!(history(&folder), "A small ledger");
        assert!(!folder.join("half").exists() && !root.path().join(MAKING).exists());
        // Ended between the one and the other.
        fs::remove_dir_all(&folder).unwrap();
        make(&folder, &origin).unwrap();
        assert_eq!(history(&folder), "A small ledger");
        make(&folder, &origin).unwrap();
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (folder, origin) = (root.path().join("ledger"), root.path().join("ledger.git"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine"), "mine").unwrap();
        let said = make(&folder, &origin).unwrap_err();
        assert!(
            said.contains("ledger is there already") && said.contains("--in"),
            "{said}"
        );
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(!origin.exists());
    }
}
