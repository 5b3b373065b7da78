//! A worker that claims thirty-two workspaces at once and has an agent commit in each, until it is killed.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId, SprintId};
use team6_sandbox::probe::Users;
use team6_sandbox::reach::Identity;
use team6_sandbox::{Launcher, TreeMark, identity};
use team6_workspace::guest::{Guest, command, prepare_home};
use team6_workspace::{Claim, ClaimRepository, LocalOptions, LocalProvisioner, Provisioner};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::JoinSet;

const AT_ONCE: u32 = 32;

/// Prints `committed <key>` whenever an agent has said that it committed.
pub(crate) fn main(place: &Path, source: &str, head: &str) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = options(place, &std::env::current_exe().unwrap());
        let launcher = options.launcher.clone();
        let provisioner = Arc::new(LocalProvisioner::open(options).unwrap());
        println!("opened");
        let mut all = JoinSet::new();
        for n in 0..AT_ONCE {
            let (provisioner, launcher) = (Arc::clone(&provisioner), launcher.clone());
            let (home, claim) = (place.join(format!("home-{n}")), claim(n, source, head));
            all.spawn(async move { work(&*provisioner, &launcher, &home, claim).await });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
    });
    ExitCode::SUCCESS
}

/// How workspaces are made; the same for a worker that comes after.
pub(crate) fn options(place: &Path, program: &Path) -> LocalOptions {
    LocalOptions {
        root: place.join("workspaces"),
        git: "git".into(),
        launcher: Launcher::new(program, [""; 0]),
        packer: (program.into(), Vec::new()),
        data_folder: data_folder(place),
        boxed: Some(match identity(0) {
            Identity::Range { .. } => Users::Own,
            Identity::Engine => Users::Engine,
        }),
        files: None,
    }
}

/// The name under which processes of the worker at this place are found.
pub(crate) fn data_folder(place: &Path) -> String {
    let name = place.file_name().unwrap().to_str().unwrap();
    format!("killed-{}", name.trim_start_matches('.'))
}

fn claim(n: u32, source: &str, head: &str) -> Claim {
    Claim {
        key: format!("task-{n}"),
        attempt: AttemptId {
            sprint: SprintId(1),
            n: n + 1,
        },
        branch: Some(BranchName::new(format!("feature/task-{n}")).unwrap()),
        repositories: vec![ClaimRepository {
            id: RepositoryId::new("app").unwrap(),
            source: source.to_owned(),
            origin: source.to_owned(),
            base_branch: BranchName::new("main").unwrap(),
            base: CommitId::new(head).unwrap(),
            start: None,
            others: Vec::new(),
            local_files: Vec::new(),
        }],
        author: ("coder".into(), "coder@team6.invalid".into()),
    }
}

async fn work(provisioner: &dyn Provisioner, launcher: &Launcher, home: &Path, claim: Claim) {
    let key = claim.key.clone();
    let workspace = provisioner.claim(claim, &|_| {}).await.unwrap();
    prepare_home(home).unwrap();
    let script = format!(
        "echo {key} > {key}.txt; git add .; git commit -qm {key}; echo left > left.txt; echo committed {key}
         (setsid sleep 1000 &) ; sleep 1000"
    );
    let mut guest = Guest::new("sh", home);
    guest.args = vec!["-euc".into(), script.into()];
    let mark = TreeMark::new(data_folder(home.parent().unwrap()), key).unwrap();
    let mut tree = launcher.spawn(command(&workspace, guest), &mark).await.unwrap();
    let mut lines = BufReader::new(tree.stdout.take().unwrap()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        println!("{line}");
    }
}
