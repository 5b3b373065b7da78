//! A worker that is killed in the middle of thirty-two claims leaves nothing behind, and loses no work.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use team6_core::ids::RepositoryId;
use team6_testkit::repositories::Repository;
use team6_workspace::contract::place;
use team6_workspace::contract::scene::store_git;
use team6_workspace::{LocalProvisioner, Provisioner};

#[path = "programs/worker.rs"]
#[allow(
    dead_code,
    clippy::print_stdout,
    reason = "the worker, of which its settings are used here"
)]
mod worker;

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

/// Runs a worker until it has said so many lines, kills it, and gives which agents had committed by then.
fn killed_after(lines: usize, place: &Path, source: &Repository) -> Vec<String> {
    let mut worker = Command::new(PROGRAMS)
        .args(["work", place.to_str().unwrap(), &source.url(), &source.head()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(worker.stdout.take().unwrap()).lines();
    let mut heard: Vec<String> = said.by_ref().take(lines).map(Result::unwrap).collect();
    worker.kill().unwrap();
    worker.wait().unwrap();
    // What it managed to say before it died was true as well.
    heard.extend(said.map_while(Result::ok));
    heard.retain(|line| line != "opened");
    heard
}

/// Folders of this place that are mounted for any process of the machine.
fn mounted(place: &Path) -> Vec<String> {
    let tables = fs::read_dir("/proc").unwrap().flatten();
    let tables = tables.filter_map(|process| fs::read_to_string(process.path().join("mountinfo")).ok());
    let lines = tables.flat_map(|table| table.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.contains(place.to_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_and_no_work_is_lost() {
    for lines in [1, 2, 5, 12, 24, 33] {
        let (place, source) = (place(), Repository::sample("two-crates"));
        let committed = killed_after(lines, place.path(), &source);
        assert!(committed.len() + 1 >= lines, "{committed:?}");

        let data_folder = worker::data_folder(place.path());
        team6_sandbox::sweep(&data_folder);
        let again = team6_sandbox::sweep(&data_folder);
        assert_eq!((again.ended, again.left), (0, 0));
        let provisioner = LocalProvisioner::open(worker::options(place.path(), PROGRAMS.as_ref())).unwrap();
        let keys: Vec<String> = (0..32).map(|n| format!("task-{n}")).collect();
        let swept = provisioner.sweep(&keys).await.unwrap();
        assert!(swept.left_alone.is_empty(), "{swept:?}");

        assert_eq!(mounted(place.path()), [""; 0]);
        for folder in ["slots", "trash"] {
            let left = fs::read_dir(place.path().join("workspaces").join(folder))
                .unwrap()
                .count();
            assert_eq!(left, 0, "{folder}, killed after {lines} lines");
        }
        let store = place
            .path()
            .join("workspaces/repos")
            .join(RepositoryId::new("app").unwrap().as_str());
        for line in committed {
            let key = line.trim_start_matches("committed ");
            let file = store_git(
                &store.join("import.git"),
                &["show", &format!("refs/team6/work/{key}:{key}.txt")],
            );
            assert!(file.status.success(), "{key}, killed after {lines} lines: {file:?}");
        }
    }
}
