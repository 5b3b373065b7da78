//! The tests of the web app: types, logic, and a browser that drives the real server.

use std::path::Path;
use std::process::Command;

use crate::say;

/// What is run in the folder of the app, each with what must be there for it besides npm.
const STEPS: [(&str, Option<&str>); 3] = [("check", None), ("test", None), ("e2e", Some("chromium"))];

/// Runs them. Without Node or Chromium they are left out, but not in CI.
pub(crate) fn test(root: &Path) -> bool {
    let app = root.join("crates/web/app");
    if std::env::var_os("TEAM6_WEB").is_some_and(|wish| wish == "skip") {
        say("the tests of the web app are left out, since TEAM6_WEB is skip");
        return true;
    }
    if !app.join("package.json").is_file() {
        return true;
    }
    STEPS.iter().all(|(step, needed)| {
        let needed = ["npm"].into_iter().chain(*needed);
        let missing: Vec<&str> = needed.filter(|program| which::which(program).is_err()).collect();
        if missing.is_empty() {
            return npm(root, &app, &["run", "--silent", step]);
        }
        say(&format!(
            "`npm run {step}` of the web app is left out: {} is not installed",
            missing.join(", ")
        ));
        std::env::var_os("CI").is_none()
    })
}

fn npm(root: &Path, app: &Path, arguments: &[&str]) -> bool {
    say(&format!("\n> npm {}", arguments.join(" ")));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    let mut command = Command::new("npm");
    let command = command.args(arguments).current_dir(app);
    match command.env("TEAM6_BIN", target.join("debug/team6")).status() {
        Ok(status) => status.success(),
        Err(error) => {
            say(&format!("failed to start npm: {error}"));
            false
        }
    }
}
