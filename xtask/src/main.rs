//! Developer commands of Team6: `cargo xtask test` runs what must be green before anything lands.

use std::process::{Command, ExitCode};

const USAGE: &str = "\
Developer commands

  cargo xtask test    format, lints and every test; what CI runs
  cargo xtask fmt     format the code
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test(),
        ["fmt"] => cargo(&["fmt", "--all"]),
        _ => {
            eprint(USAGE);
            false
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn test() -> bool {
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
}

fn cargo(arguments: &[&str]) -> bool {
    eprint(&format!("\n> cargo {}\n", arguments.join(" ")));
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match Command::new(program).args(arguments).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprint(&format!("failed to start cargo: {error}\n"));
            false
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is a command line")]
fn eprint(text: &str) {
    eprint!("{text}");
}
