//! What is measured of one repository, and the table of all.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId, SprintId};
use team6_sandbox::probe::isolation;
use team6_sandbox::{Launcher, TreeMark};
use team6_testkit::repositories::Repository;
use team6_workspace::guest::{Guest, command, prepare_home};
use team6_workspace::{Claim, ClaimRepository, Files, LocalOptions, LocalProvisioner, Provisioner, Workspace};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::beside;

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");
/// Between two claims: longer than it takes to make the next sandbox and folder ahead.
const REST: Duration = Duration::from_millis(30);
/// How many files the commit has that is imported.
const COMMITTED: usize = 20;

/// A repository and a provisioner that has it.
pub(crate) struct Bench {
    files: usize,
    source: Repository,
    place: TempDir,
    provisioner: LocalProvisioner,
    launcher: Launcher,
}

/// What was measured of a repository.
pub(crate) struct Figures {
    files: usize,
    way: Files,
    first: Duration,
    ready: Vec<Duration>,
    claim: Vec<Duration>,
    release: Vec<Duration>,
    import: Vec<Duration>,
    status: Duration,
    bytes: u64,
    worktree: Duration,
    worktree_status: Duration,
    clone: Duration,
}

impl Bench {
    pub(crate) async fn open(files: usize) -> Self {
        let place = tempfile::tempdir().unwrap();
        let launcher = Launcher::new(PROGRAMS, [""; 0]);
        let found = isolation(&launcher, place.path()).await;
        let options = LocalOptions {
            root: place.path().join("workspaces"),
            git: "git".into(),
            launcher: launcher.clone(),
            packer: (PROGRAMS.into(), Vec::new()),
            data_folder: format!("bench-{}", std::process::id()),
            boxed: Some(found.users.expect("sandboxes; `team6 doctor` tells what is missing")),
            files: None,
        };
        prepare_home(&place.path().join("home")).unwrap();
        Self {
            files,
            source: Repository::with_history(files),
            provisioner: LocalProvisioner::open(options).unwrap(),
            launcher,
            place,
        }
    }

    fn claim(&self, n: usize) -> Claim {
        Claim {
            key: format!("task-{n}"),
            attempt: AttemptId {
                sprint: SprintId(1),
                n: u32::try_from(n).unwrap(),
            },
            branch: Some(BranchName::new(format!("feature/task-{n}")).unwrap()),
            repositories: vec![ClaimRepository {
                id: RepositoryId::new("app").unwrap(),
                source: self.source.url(),
                origin: self.source.url(),
                base_branch: BranchName::new("main").unwrap(),
                base: CommitId::new(self.source.head()).unwrap(),
                start: None,
                others: Vec::new(),
                local_files: Vec::new(),
            }],
            author: ("coder".into(), "coder@team6.invalid".into()),
        }
    }

    /// Runs a script as an agent would; the time is that to the first byte that it prints.
    async fn run(&self, workspace: &Workspace, script: &str) -> (Duration, String) {
        let home = self.place.path().join("home");
        let mut guest = Guest::new("sh", &home);
        guest.args = ["-euc", script].map(Into::into).to_vec();
        let mark = TreeMark::new(format!("bench-{}", std::process::id()), "agent").unwrap();
        let began = Instant::now();
        let mut tree = self.launcher.spawn(command(workspace, guest), &mark).await.unwrap();
        let mut stdout = tree.stdout.take().unwrap();
        let mut said = vec![0];
        let first = stdout.read(&mut said).await.unwrap();
        let took = began.elapsed();
        said.truncate(first);
        stdout.read_to_end(&mut said).await.unwrap();
        tree.end(Duration::from_secs(60)).await;
        (took, String::from_utf8(said).unwrap())
    }

    pub(crate) async fn measured(self, rounds: usize) -> Figures {
        let wanted = self.claim(0);
        let began = Instant::now();
        let first = self.provisioner.claim(wanted, &|_| {}).await.unwrap();
        let first_took = began.elapsed();
        let (status, _) = self.run(&first, "git status --porcelain; echo done").await;
        self.provisioner.release(first).await.unwrap();

        let (mut claim, mut ready, mut release, mut import) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0;
        for n in 1..=rounds {
            tokio::time::sleep(REST).await;
            let wanted = self.claim(n);
            let began = Instant::now();
            let workspace = self.provisioner.claim(wanted, &|_| {}).await.unwrap();
            claim.push(began.elapsed());
            bytes = held(&self.place.path().join("workspaces/slots").join(format!("task-{n}")));
            let claimed = *claim.last().unwrap();
            let (started, _) = self.run(&workspace, "echo runs").await;
            ready.push(claimed + started);
            if n <= 5 {
                let script = format!(
                    "for i in $(seq {COMMITTED}); do echo change > new-$i; done; git add new-*; git commit -qm new; echo done"
                );
                self.run(&workspace, &script).await;
                let began = Instant::now();
                let imported = self.provisioner.import(&workspace).await.unwrap();
                import.push(began.elapsed());
                assert!(imported[0].changed);
            }
            let began = Instant::now();
            self.provisioner.release(workspace).await.unwrap();
            release.push(began.elapsed());
        }
        self.provisioner.settle().await;

        let place = tempfile::tempdir().unwrap();
        let url = self.source.url();
        let clones = beside::clone(&url, place.path(), 2);
        let clone = place.path().join("clone-0");
        let mut worktrees = beside::worktree_add(&clone, place.path(), 3);
        let worktree_status = beside::git(&place.path().join("tree-0"), &["status", "--porcelain"]);
        Figures {
            files: self.files,
            way: self.provisioner.files(),
            first: first_took,
            ready,
            claim,
            release,
            import,
            status,
            bytes,
            worktree: percentile(&mut worktrees, 50),
            worktree_status,
            clone: clones.into_iter().min().unwrap(),
        }
    }

    /// Thirty-two claims at once, each with a program that runs; tells how many failed.
    pub(crate) async fn crowd(self, rounds: usize) -> String {
        let mut all = Vec::new();
        let mut failed = 0;
        for round in 0..rounds {
            let one = async |wanted: Claim| {
                let began = Instant::now();
                let claimed = self.provisioner.claim(wanted, &|_| {}).await;
                let Ok(workspace) = claimed else { return None };
                let (_, said) = self.run(&workspace, "git rev-parse --abbrev-ref HEAD").await;
                let took = began.elapsed();
                let right = said.starts_with("feature/task-");
                self.provisioner.release(workspace).await.ok()?;
                right.then_some(took)
            };
            let wanted: Vec<Claim> = (0..32).map(|n| self.claim(round * 32 + n)).collect();
            for done in futures_util::future::join_all(wanted.into_iter().map(one)).await {
                match done {
                    Some(took) => all.push(took),
                    None => failed += 1,
                }
            }
        }
        self.provisioner.settle().await;
        format!(
            "32 claims at once, {rounds} rounds: {failed} of {} failed; until `git rev-parse` answered, median {}, p99 {}",
            rounds * 32,
            shown(percentile(&mut all, 50)),
            shown(percentile(&mut all, 99)),
        )
    }
}

/// What a folder takes on the disk, in bytes.
fn held(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    let mut sum = 0;
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let found = entry.metadata().unwrap();
            sum += found.blocks() * 512;
            if found.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    sum
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        0.0..10.0 => format!("{millis:.2} ms"),
        10.0..1_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.2} s", millis / 1e3),
    }
}

fn times(slower: Duration, faster: Duration) -> f64 {
    slower.as_secs_f64() / faster.as_secs_f64()
}

impl Figures {
    fn at(&self, of: impl Fn(&Self) -> &Vec<Duration>, percent: usize) -> Duration {
        percentile(&mut of(self).clone(), percent)
    }

    fn ready(&self) -> Duration {
        self.at(|figures| &figures.ready, 50)
    }
}

/// All figures, a row for each and a column for each repository.
pub(crate) fn table(all: &[Figures]) -> String {
    let mut text = String::from("| |");
    for figures in all {
        let _ = write!(text, " {} files |", figures.files);
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(all.len()));
    let mut row = |what: &str, cell: &dyn Fn(&Figures) -> String| {
        let cells: Vec<String> = all.iter().map(cell).collect();
        let _ = write!(text, "\n| {what} | {} |", cells.join(" | "));
    };
    row("made from", &|f| f.way.to_string());
    row("first claim, which clones and lays the files ready", &|f| {
        shown(f.first)
    });
    row("claim, median", &|f| shown(f.at(|f| &f.claim, 50)));
    row("claim to the first byte of a program, median", &|f| shown(f.ready()));
    row("the same, p99", &|f| shown(f.at(|f| &f.ready, 99)));
    row("`git worktree add`", &|f| shown(f.worktree));
    row("against it, claim to program", &|f| {
        format!("{:.0} times faster", times(f.worktree, f.ready()))
    });
    row("against it, claim", &|f| {
        format!("{:.0} times faster", times(f.worktree, f.at(|f| &f.claim, 50)))
    });
    row("full clone", &|f| shown(f.clone));
    row("against it, claim to program", &|f| {
        format!("{:.0} times faster", times(f.clone, f.ready()))
    });
    row("against it, claim", &|f| {
        format!("{:.0} times faster", times(f.clone, f.at(|f| &f.claim, 50)))
    });
    row("release, median", &|f| shown(f.at(|f| &f.release, 50)));
    row("import of a commit of 20 files, median", &|f| {
        shown(f.at(|f| &f.import, 50))
    });
    row("bytes of a fresh workspace", &|f| format!("{} kB", f.bytes / 1_000));
    row("first `git status`, sandbox included", &|f| shown(f.status));
    row("first `git status` of a work tree", &|f| shown(f.worktree_status));
    text
}

/// What misses its target.
pub(crate) fn missed(all: &[Figures]) -> Vec<String> {
    const LIMIT: Duration = Duration::from_millis(10);
    const HIGH: Duration = Duration::from_millis(50);
    const RELEASE: Duration = Duration::from_millis(5);
    const IMPORT: Duration = Duration::from_millis(100);
    let mut missed = Vec::new();
    for figures in all {
        let files = figures.files;
        let mut below = |what: &str, took: Duration, limit: Duration| {
            if took > limit {
                missed.push(format!(
                    "{what} at {files} files: {} over {}",
                    shown(took),
                    shown(limit)
                ));
            }
        };
        below("claim to program, median", figures.ready(), LIMIT);
        below("claim to program, p99", figures.at(|f| &f.ready, 99), HIGH);
        below("release", figures.at(|f| &f.release, 50), RELEASE);
        below("import", figures.at(|f| &f.import, 50), IMPORT);
    }
    let (Some(small), Some(large)) = (all.first(), all.last()) else {
        return missed;
    };
    if times(large.ready(), small.ready()) > 3.0 {
        missed.push("the largest repository's claim is more than 3 times the smallest's".into());
    }
    missed
}
