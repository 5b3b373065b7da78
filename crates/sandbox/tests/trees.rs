//! Process trees that do what agents do, and worse, and are gone afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use team6_sandbox::{Ended, Exit, How, Launcher, ProcessSpec, ProcessTree, Reach, SpawnError, TreeMark, sweep};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);
/// For a wait that is expected to be of no use.
const SHORT: Duration = Duration::from_millis(50);

fn launcher() -> Launcher {
    Launcher::new(env!("CARGO_BIN_EXE_team6-supervisor"), [""; 0])
}

/// A mark that no other test and no other run has.
fn mark(test: &str) -> TreeMark {
    TreeMark::new(format!("{test}-{}", std::process::id()), "s1-a1").unwrap()
}

fn shell(script: &str) -> ProcessSpec {
    ProcessSpec {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: "/".into(),
        env: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        reach: Reach::Open,
    }
}

struct Tree {
    tree: ProcessTree,
    lines: Lines<BufReader<Receiver>>,
}

impl Tree {
    async fn start(test: &str, script: &str) -> Self {
        let mut tree = launcher().spawn(shell(script), &mark(test)).await.unwrap();
        let lines = BufReader::new(tree.stdout.take().unwrap()).lines();
        Self { tree, lines }
    }

    async fn line(&mut self) -> String {
        let line = timeout(DEADLINE, self.lines.next_line()).await;
        line.expect("a line in time").unwrap().expect("another line")
    }

    /// The process whose id the script prints next.
    async fn process(&mut self) -> Watched {
        Watched::of(self.line().await.trim().parse().unwrap())
    }

    async fn end(self, grace: Duration) -> Ended {
        timeout(DEADLINE, self.tree.end(grace)).await.expect("an end in time")
    }
}

/// A process that is watched, so that its id cannot come to mean another.
struct Watched {
    pid: i32,
    /// None if it had ended before it could be watched.
    descriptor: Option<OwnedFd>,
}

impl Watched {
    fn of(pid: i32) -> Self {
        let descriptor = match pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) {
            Ok(descriptor) => Some(descriptor),
            Err(Errno::SRCH) => None,
            Err(error) => panic!("process {pid} cannot be watched: {error}"),
        };
        Self { pid, descriptor }
    }

    fn ends_within(&self, limit: Duration) -> bool {
        let limit = Timespec::try_from(limit).unwrap();
        let Some(descriptor) = &self.descriptor else {
            return true;
        };
        poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&limit)).unwrap() > 0
    }

    fn is_gone(&self) -> bool {
        self.ends_within(Duration::ZERO)
    }
}

#[tokio::test]
async fn a_program_that_reads_to_the_end_of_its_stdin_ends_when_it_is_closed() {
    let mut tree = Tree::start("closed", "while read line; do echo \"heard $line\"; done; exit 3").await;
    tree.tree.stdin.as_mut().unwrap().write_all(b"hello\n").await.unwrap();
    assert_eq!(tree.line().await, "heard hello");
    let ended = tree.end(DEADLINE).await;
    assert_eq!(
        ended,
        Ended {
            exit: Exit::Code(3),
            survivors_killed: 0,
            left: 0,
            how: How::Closed,
            exceeded: None,
            crowded: None,
        }
    );
}

#[tokio::test]
async fn the_environment_is_the_one_that_was_given_and_the_mark() {
    let mut spec = shell("");
    spec.program = "env".into();
    spec.args.clear();
    spec.env.insert("SECRET".into(), "s3cret".into());
    assert!(!format!("{spec:?}").contains("s3cret"));
    let path = std::env::var("PATH").unwrap();
    let mark = mark("environment");
    let mut tree = launcher().spawn(spec, &mark).await.unwrap();
    let mut printed = String::new();
    let mut stdout = tree.stdout.take().unwrap();
    timeout(DEADLINE, stdout.read_to_string(&mut printed))
        .await
        .unwrap()
        .unwrap();
    let mut variables: Vec<&str> = printed.lines().collect();
    variables.sort_unstable();
    assert_eq!(
        variables,
        [
            format!("PATH={path}"),
            "SECRET=s3cret".into(),
            format!("TEAM6_TREE={mark}")
        ]
    );
    assert_eq!(tree.end(DEADLINE).await.exit, Exit::Code(0));
}

#[tokio::test]
async fn no_descriptor_of_the_engine_reaches_the_program_but_stdio() {
    let mut tree = Tree::start(
        "descriptors",
        "for fd in /proc/$$/fd/*; do readlink $fd; done; echo end",
    )
    .await;
    let mut seen = Vec::new();
    loop {
        match tree.line().await {
            line if line == "end" => break,
            line => seen.push(line),
        }
    }
    // Whatever started this test may have left files open in it, but neither pipes nor sockets of other trees are seen.
    assert!(seen.iter().all(|target| !target.starts_with("socket:")), "{seen:?}");
    tree.end(DEADLINE).await;
}

#[tokio::test]
async fn what_the_program_leaves_behind_ends_with_it() {
    let mut tree = Tree::start(
        "left-behind",
        "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; exit 0",
    )
    .await;
    let (background, session) = (tree.process().await, tree.process().await);
    let exit = timeout(DEADLINE, tree.tree.wait()).await.unwrap();
    assert_eq!(exit, Exit::Code(0));
    let ended = tree.end(DEADLINE).await;
    assert!(background.is_gone() && session.is_gone());
    assert_eq!((ended.how, ended.survivors_killed, ended.left), (How::Alone, 2, 0));
}

#[tokio::test]
async fn sessions_daemons_and_stopped_processes_end_with_the_tree() {
    // A daemon forks twice and leaves the session, so that its parent is gone before anybody asks.
    let script = "setsid sh -c 'sleep 1000 & echo $!' &
        sh -c '(setsid sh -c \"echo \\$\\$; exec sleep 1000\" &) &'
        sleep 1000 & kill -STOP $!; echo $!
        exec sleep 1000";
    let mut tree = Tree::start("escapes", script).await;
    let all = [tree.process().await, tree.process().await, tree.process().await];
    // Enough for a busy machine to carry a signal.
    let ended = tree.end(10 * SHORT).await;
    assert!(all.iter().all(Watched::is_gone));
    assert_eq!(
        (ended.exit, ended.how, ended.left),
        (Exit::Signal(15), How::Terminated, 0)
    );
}

#[tokio::test]
async fn a_program_that_ignores_every_request_is_killed() {
    let mut tree = Tree::start("deaf", "trap '' TERM HUP INT; echo $$; while :; do sleep 1000; done").await;
    let program = tree.process().await;
    assert_eq!(program.pid, tree.tree.pid());
    let ended = tree.end(SHORT).await;
    assert!(program.is_gone());
    assert_eq!((ended.exit, ended.how), (Exit::Signal(9), How::Killed));
}

#[tokio::test]
async fn a_program_that_signals_its_whole_group_does_not_reach_its_supervisor() {
    let mut tree = Tree::start(
        "group",
        "trap '' TERM; setsid sleep 1000 & echo $!; kill -TERM 0; exit 5",
    )
    .await;
    let left_behind = tree.process().await;
    let ended = tree.end(DEADLINE).await;
    assert_eq!(ended.exit, Exit::Code(5));
    assert!(left_behind.is_gone());
}

#[tokio::test]
async fn dropping_a_tree_ends_it() {
    let mut tree = Tree::start("dropped", "setsid sh -c 'echo $$; exec sleep 1000' & wait").await;
    let process = tree.process().await;
    drop(tree);
    assert!(process.ends_within(DEADLINE));
}

#[tokio::test]
async fn a_fork_storm_of_hundreds_is_ended() {
    // Twenty loops that never stop making processes, half of which leave the session.
    let script = "trap '' TERM; for i in $(seq 10); do
            (while :; do setsid sleep 3 & sleep 0.05; done) &
            (while :; do sleep 3 & sleep 0.05; done) &
        done; wait";
    let tree = Tree::start("storm", script).await;
    let raging = async {
        loop {
            let usage = tree.tree.usage().await;
            if usage.processes > 300 {
                return usage;
            }
        }
    };
    let usage = timeout(DEADLINE, raging).await.expect("300 processes");
    assert!(usage.memory > 10_000_000, "{usage:?}");
    let ended = tree.end(Duration::ZERO).await;
    assert_eq!(ended.left, 0);
    assert!(ended.survivors_killed > 200, "{ended:?}");
}

#[tokio::test]
async fn when_the_supervisor_was_killed_the_tree_is_found_by_its_mark() {
    let mut tree = Tree::start("lost", "setsid sh -c 'echo $$; exec sleep 1000' & wait").await;
    let process = tree.process().await;
    let supervisor = tree.tree.supervisor_pid().unwrap();
    kill_process(Pid::from_raw(supervisor.cast_signed()).unwrap(), Signal::KILL).unwrap();
    let ended = tree.end(DEADLINE).await;
    assert!(process.is_gone());
    assert_eq!(
        (ended.exit, ended.how, ended.survivors_killed, ended.left),
        (Exit::Unknown, How::Swept, 2, 0)
    );
}

#[tokio::test]
async fn a_sweep_ends_the_trees_of_its_own_data_folder_only() {
    let script = "setsid sh -c 'echo $$; exec sleep 1000' & wait";
    let (mut own, mut other) = (
        Tree::start("swept", script).await,
        Tree::start("swept-not", script).await,
    );
    let (swept, spared) = (own.process().await, other.process().await);
    let supervisor = own.tree.supervisor_pid().unwrap();
    kill_process(Pid::from_raw(supervisor.cast_signed()).unwrap(), Signal::KILL).unwrap();
    let folder = mark("swept").data_folder().to_owned();
    let report = tokio::task::spawn_blocking(move || sweep(&folder)).await.unwrap();
    assert_eq!((report.ended, report.left), (2, 0));
    assert!(swept.is_gone());
    assert!(!spared.is_gone());
    other.end(Duration::ZERO).await;
}

const ENGINE: &str = "TEAM6_TEST_ENGINE";

/// Runs in two processes: the test, and an engine that is killed.
#[tokio::test]
async fn a_tree_ends_when_its_engine_is_killed() {
    let name = "a_tree_ends_when_its_engine_is_killed";
    if std::env::var_os(ENGINE).is_some() {
        let mut tree = Tree::start("killed-engine", "setsid sh -c 'echo $$; exec sleep 1000' & wait").await;
        println!("\nprocess {}", tree.line().await);
        tree.tree.wait().await;
        return;
    }
    let mut engine = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ENGINE, "1")
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    let pid = loop {
        let line = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap();
        let line = line.expect("the engine says which process it started");
        if let Some(pid) = line.strip_prefix("process ") {
            break pid.parse().unwrap();
        }
    };
    let process = Watched::of(pid);
    engine.kill().await.unwrap();
    assert!(process.ends_within(DEADLINE));
}

#[tokio::test]
async fn what_cannot_be_started_is_explained_and_leaves_nothing() {
    let spawn = async |change: &dyn Fn(&mut ProcessSpec)| {
        let mut spec = shell("");
        change(&mut spec);
        launcher().spawn(spec, &mark("not-started")).await.unwrap_err()
    };
    let error = spawn(&|spec| spec.program = "no-such-agent".into()).await;
    assert!(matches!(error, SpawnError::NotFound { .. }));
    assert_eq!(
        error.to_string(),
        "start no-such-agent: there is no such program; install it or give its full path"
    );
    let error = spawn(&|spec| spec.cwd = "/no/such/folder".into()).await;
    assert!(matches!(error, SpawnError::NoFolder { .. }), "{error}");
    let error = spawn(&|spec| spec.program = "/etc/passwd".into()).await;
    assert!(matches!(error, SpawnError::Refused { .. }), "{error}");

    let broken = Launcher::new("true", [""; 0]);
    let error = broken.spawn(shell(""), &mark("not-started")).await.unwrap_err();
    assert!(matches!(error, SpawnError::Supervisor { .. }), "{error}");
}
