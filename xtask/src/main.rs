//! Developer commands of Team6: `cargo xtask test` runs what must be green before anything lands.

mod mutations;
mod process;
mod tools;
mod web;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
Developer commands

  cargo xtask test                       format, lints and every test; what CI runs
  cargo xtask web                        the tests of the web app only
  cargo xtask fmt                        format the code
  cargo xtask deny                       licences, advisories and sources of what we depend on
  cargo xtask bench workspaces           how long workspaces take, beside work trees and clones of git
  cargo xtask mutations [name] [steps]   break the rules on purpose, and see the simulator notice
";

/// How many steps the simulator plays against each mutation: as many as it plays in the tests.
const STEPS: u64 = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => Ok(test()),
        ["fmt"] => Ok(cargo(&["fmt", "--all"])),
        ["web"] => Ok(cargo(&["build", "--bin", "team6"]) && web::test(&root())),
        ["deny"] => Ok(deny()),
        ["bench", "workspaces"] => Ok(cargo(&["bench", "-p", "team6-workspace", "--bench", "workspaces"])),
        ["mutations"] => mutations::run(&root(), None, STEPS),
        ["mutations", name] => mutations::run(&root(), Some(name), STEPS),
        ["mutations", name, steps] if steps.parse::<u64>().is_ok() => {
            mutations::run(&root(), Some(name), steps.parse().unwrap_or(STEPS))
        }
        _ => {
            say(USAGE);
            Ok(false)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn test() -> bool {
    tools::provide();
    cargo(&["fmt", "--all", "--check"])
        && cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ])
        && cargo(&["test", "--workspace", "--all-features"])
        && web::test(&root())
}

/// Looks at what we depend on. It is no part of `test`, which must not need an installed tool.
fn deny() -> bool {
    let there = Command::new("cargo-deny").arg("--version").output();
    if !there.is_ok_and(|ran| ran.status.success()) {
        say("cargo-deny is not installed; install it with `cargo install cargo-deny --locked`, then call this again");
        return false;
    }
    cargo(&["deny", "--workspace", "--all-features", "check"])
}

fn cargo(arguments: &[&str]) -> bool {
    say(&format!("\n> cargo {}", arguments.join(" ")));
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    if std::env::var_os("CI").is_some() {
        // Nobody builds there twice, nor looks into a program with a debugger.
        command.envs([("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "none")]);
    }
    match command.args(arguments).status() {
        Ok(status) => status.success(),
        Err(error) => {
            say(&format!("failed to start cargo: {error}"));
            false
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is a command line")]
fn say(text: &str) {
    eprintln!("{text}");
}
