//! Staying behind, and writing when everything should have ended.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use team6_sandbox::{ProcessTree, TreeMark};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::scene::DEADLINE;
use crate::setting::{Setting, Way, is_let_go};

/// How something stays, and whether it keeps the program's pipes open. All leave the session and fork twice.
const HOWS: [(&str, &str); 4] = [("plain", ""), ("deaf", ""), ("stopped", ""), ("deaf", "pipes")];

fn ways() -> &'static [Way] {
    match rustix::process::geteuid().is_root() {
        true => &[Way::Root, Way::RootAsItself, Way::Ordinary],
        false => &[Way::Ordinary],
    }
}

/// Starts a program that leaves something behind, and returns when it has.
async fn start(setting: &Setting, how: &str, keep: &str) -> (ProcessTree, impl AsyncReadExt + Unpin) {
    let arguments = ["stay", how, &setting.own("home/lock"), keep].map(str::to_owned);
    let mark = TreeMark::new(format!("stay-{}-{}", std::process::id(), setting.number), "s1-a1").unwrap();
    let mut tree = setting
        .launcher()
        .spawn(setting.spec(&arguments, Default::default()), &mark)
        .await
        .unwrap();
    let mut stdout = BufReader::new(tree.stdout.take().unwrap());
    let mut line = String::new();
    let read = stdout.read_line(&mut line);
    tokio::time::timeout(DEADLINE, read)
        .await
        .expect("a word in time")
        .unwrap();
    assert!(line.starts_with("left "), "{line}");
    (tree, stdout)
}

fn lock(setting: &Setting) -> std::path::PathBuf {
    setting.place.path().join("home/lock")
}

/// What it is that is tried here, without any supervisor.
fn stays_when_nobody_looks_after_it(how: &str, keep: &str, setting: &Setting) {
    let lock = setting.place.path().join("live");
    let mut child = Command::new(setting.programs.path("probe"))
        .args(["stay", how, &lock.display().to_string(), keep])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    child.wait().unwrap();
    assert!(!is_let_go(&lock), "{how} stays");
    let pid: i32 = line.trim().strip_prefix("left ").unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_behind_and_nothing_writes_after_the_end() {
    for way in ways().iter().copied() {
        for (how, keep) in HOWS {
            let setting = Setting::new(way, false);
            stays_when_nobody_looks_after_it(how, keep, &setting);
            let (mut tree, mut stdout) = start(&setting, how, keep).await;
            tree.wait().await;
            let ended = tree.end(DEADLINE).await;
            assert_eq!(ended.left, 0, "{way:?} {how} {ended:?}");
            assert!(
                is_let_go(&lock(&setting)),
                "{way:?} {how}: somebody holds the lock, who could write"
            );
            let mut rest = Vec::new();
            let rest = stdout.read_to_end(&mut rest);
            tokio::time::timeout(DEADLINE, rest)
                .await
                .expect("the pipes end")
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_behind_when_the_supervisor_is_killed() {
    for way in ways().iter().copied() {
        for open in [true, false] {
            if open && way.user().is_some() {
                // An engine sweeps up after its own user only, which these tests are not.
                continue;
            }
            let setting = Setting::new(way, open);
            // Besides what stays, the program itself goes on.
            let (tree, mut stdout) = start(&setting, "beside", "pipes").await;
            let supervisor = tree.supervisor_pid().unwrap().cast_signed();
            kill_process(Pid::from_raw(supervisor).unwrap(), Signal::KILL).unwrap();
            let mut rest = Vec::new();
            let rest = stdout.read_to_end(&mut rest);
            if open {
                assert!(tokio::time::timeout(Duration::from_millis(100), rest).await.is_err());
                assert!(
                    !is_let_go(&lock(&setting)),
                    "{way:?}: without a sandbox it stays until it is swept up"
                );
                tree.end(Duration::ZERO).await;
                assert!(is_let_go(&lock(&setting)), "{way:?}: it was not swept up");
            } else {
                // Nobody has asked for it: the kernel ends it with its supervisor.
                tokio::time::timeout(DEADLINE, rest)
                    .await
                    .expect("the pipes end")
                    .unwrap();
                assert!(is_let_go(&lock(&setting)), "{way:?}: somebody holds the lock");
                assert_eq!(tree.end(Duration::ZERO).await.left, 0);
            }
        }
    }
}
