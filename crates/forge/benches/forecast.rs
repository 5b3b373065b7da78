//! How long a merge forecast takes for fifty open branches on a repository of 15,000 files, beside what one would do
//! otherwise: a process of git for each pair.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking, and prints"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;
use team6_core::ids::{CommitId, RepositoryId};
use team6_core::sprint::MergeMethod;
use team6_forge::{Forge, Identity, LocalForge, LocalForgeOptions, RepositorySettings, TargetBranch};
use team6_git::{Fuse, Git};
use team6_testkit::repositories::Repository;

const FILES: usize = 15_000;
const BRANCHES: usize = 50;
const ROUNDS: usize = 9;
/// What a forecast of nothing that is known may take.
const TARGET: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // `cargo test` builds benchmarks too; it asks them to do nothing.
    if std::env::args().any(|arg| arg == "--test") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run())
}

async fn run() -> ExitCode {
    let project = Repository::with_history(FILES);
    let mut random = Rng::with_seed(1);
    let mut heads: Vec<CommitId> = (0..BRANCHES).map(|at| branch(&project, &mut random, at)).collect();
    project.switch("main");
    let place = tempfile::tempdir().unwrap();
    let git_dir = place.path().join("app/forge.git");
    let origin = project.bare_clone();
    let mut first = Vec::new();
    let mut found = None;
    for _ in 0..ROUNDS {
        // Another forge each time: it knows no pair.
        let forge = connected(place.path(), &origin).await;
        fetch(&git_dir, &project);
        let began = Instant::now();
        found = Some(forge.0.forecast_conflicts(&forge.1, &heads).await.unwrap());
        first.push(began.elapsed());
    }
    let found = found.unwrap();
    let (forge, id) = connected(place.path(), &origin).await;
    forge.forecast_conflicts(&id, &heads).await.unwrap();
    let mut moved = Vec::new();
    for _ in 0..ROUNDS {
        project.switch("branch-0");
        heads[0] = work(&project, &mut random, 0);
        fetch(&git_dir, &project);
        let began = Instant::now();
        forge.forecast_conflicts(&id, &heads).await.unwrap();
        moved.push(began.elapsed());
    }
    let mut again = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        forge.forecast_conflicts(&id, &heads).await.unwrap();
        again.push(began.elapsed());
    }
    let mut all = heads.clone();
    all.push(found.base.clone());
    let pairs: Vec<(CommitId, CommitId)> = (0..all.len())
        .flat_map(|one| (one + 1..all.len()).map(move |other| (one, other)))
        .map(|(one, other)| (all[one].clone(), all[other].clone()))
        .collect();
    let began = Instant::now();
    let one_by_one: usize = pairs.iter().filter(|pair| plain(&git_dir, pair)).count();
    let one_by_one = (began.elapsed(), one_by_one);
    let began = Instant::now();
    let halves = pairs.chunks(pairs.len().div_ceil(2));
    std::thread::scope(|scope| {
        for half in halves {
            scope.spawn(|| half.iter().filter(|pair| plain(&git_dir, pair)).count());
        }
    });
    let by_two = began.elapsed();
    let conflicts = found.clashes.len() + found.against_base.iter().filter(|files| !files.is_empty()).count();
    println!(
        "{} pairs of {BRANCHES} branches and the base, {FILES} files; {conflicts} conflict\n",
        pairs.len()
    );
    println!("| What | Measured | Target |\n|---|---|---|");
    println!(
        "| a forecast that knows nothing yet, median | {} | below 2 s |",
        shown(median(&mut first))
    );
    println!(
        "| after one branch moved, median | {} | none |",
        shown(median(&mut moved))
    );
    println!("| when nothing moved, median | {} | none |", shown(median(&mut again)));
    println!(
        "| `git merge-tree` for each pair, one after the other | {} | |",
        shown(one_by_one.0)
    );
    println!("| the same, two at once | {} | |", shown(by_two));
    let missed = median(&mut first) > TARGET;
    if missed {
        println!("missed: a forecast that knows nothing yet");
    }
    match missed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        millis @ 1..1_000 => format!("{millis} ms"),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// A branch from one of the newest commits of the base.
fn branch(project: &Repository, random: &mut Rng, at: usize) -> CommitId {
    let from = format!("main~{}", random.usize(..20));
    project.git(&["switch", "--quiet", "--create", &format!("branch-{at}"), &from]);
    work(project, random, at)
}

/// Work as tasks do it: files of one part of the repository, a few of what everybody touches, new ones, and a rename.
fn work(project: &Repository, random: &mut Rng, at: usize) -> CommitId {
    let folder = random.usize(..FILES / 100);
    for _ in 0..random.usize(5..30) {
        let file = folder * 100 + random.usize(..100);
        edit(project, random, &format!("folder-{folder:04}/file-{file:06}.txt"));
    }
    let shared = random.usize(..40);
    edit(project, random, &format!("folder-0000/file-{shared:06}.txt"));
    project.write(
        format!("folder-{folder:04}/new-{at}.txt"),
        format!("{}\n", random.u64(..)),
    );
    let moved = folder * 100 + random.usize(..100);
    let from = format!("folder-{folder:04}/file-{moved:06}.txt");
    if project.path().join(&from).is_file() {
        project.git(&["mv", &from, &format!("folder-{folder:04}/moved-{at}-{moved}.txt")]);
    }
    CommitId::new(project.commit("work")).unwrap()
}

fn edit(project: &Repository, random: &mut Rng, path: &str) {
    if !project.path().join(path).is_file() {
        return;
    }
    let mut lines: Vec<String> = project.read(path).lines().map(str::to_owned).collect();
    let at = random.usize(..lines.len());
    lines[at] = format!("changed {}", random.u64(..));
    project.write(path, lines.join("\n") + "\n");
}

async fn connected(root: &Path, origin: &Repository) -> (LocalForge, RepositoryId) {
    let forge = LocalForge::new(LocalForgeOptions {
        root: root.to_owned(),
        git: Git::new("git".into(), Fuse::default()),
        engine: Identity {
            name: "Team6".into(),
            email: "team6@localhost".into(),
        },
        patience: Duration::from_secs(60),
    });
    let id = RepositoryId::new("app").unwrap();
    let settings = RepositorySettings {
        id: id.clone(),
        origin: origin.path().display().to_string(),
        branch: TargetBranch::Default,
        method: MergeMethod::Merge,
    };
    forge.connect(&settings).await.unwrap();
    (forge, id)
}

fn fetch(git_dir: &PathBuf, project: &Repository) {
    let mut fetch = Command::new("git");
    fetch
        .arg("--git-dir")
        .arg(git_dir)
        .args(["fetch", "--quiet", "--no-tags"])
        .arg(project.path());
    assert!(fetch.arg("+refs/heads/*:refs/heads/test/*").status().unwrap().success());
}

/// Whether two commits conflict, as a process of git says that does nothing else.
fn plain(git_dir: &Path, (one, other): &(CommitId, CommitId)) -> bool {
    let mut merge = Command::new("git");
    merge
        .arg("--git-dir")
        .arg(git_dir)
        .args(["merge-tree", "--write-tree", "--name-only"]);
    let status = merge
        .args([one.as_str(), other.as_str()])
        .stdout(Stdio::null())
        .status();
    !status.unwrap().success()
}
