//! Git with nothing of this machine in it: no configuration, no prompts, a fixed identity and a clock of its own.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// 2026-01-01 00:00 UTC, in seconds since 1970.
const FIRST_COMMIT: u64 = 1_767_225_600;

/// A git command in `folder`; `minutes` is how late it is there, which dates its commits.
pub(super) fn command(folder: &Path, minutes: u64) -> Command {
    let date = format!("{} +0000", FIRST_COMMIT + minutes * 60);
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .stdin(Stdio::null());
    for (name, email) in [
        ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"),
        ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"),
    ] {
        command.env(name, "Ada").env(email, "ada@example.org");
    }
    let settings = [
        ("core.fsync", "none"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("advice.detachedHead", "false"),
        ("protocol.file.allow", "always"),
    ];
    command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (at, (key, value)) in settings.iter().enumerate() {
        command
            .env(format!("GIT_CONFIG_KEY_{at}"), key)
            .env(format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    command
}

/// What the command printed, without the last line's end.
#[track_caller]
pub(super) fn run<A: AsRef<OsStr>>(mut command: Command, args: &[A]) -> String {
    command.args(args);
    let output = command.output().expect("git should be installed");
    printed(&command, &output)
}

/// The same for a command that reads `input`.
#[track_caller]
pub(super) fn feed<A: AsRef<OsStr>>(mut command: Command, args: &[A], input: &[u8]) -> String {
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("git should be installed");
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // If git ends early its own message says more than the broken pipe.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        let output = child.wait_with_output().expect("git should end");
        printed(&command, &output)
    })
}

#[track_caller]
fn printed(command: &Command, output: &Output) -> String {
    let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    assert!(
        output.status.success(),
        "git {} in {} ended with {}: {}",
        args.join(" "),
        command.get_current_dir().unwrap_or(Path::new(".")).display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end_matches('\n')
        .to_owned()
}
