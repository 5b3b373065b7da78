//! Many workspaces, and what a crash leaves of them.

use std::fs;
use std::sync::{Arc, Mutex};

use team6_core::ids::{BranchName, CommitId};
use team6_testkit::repositories::Repository;
use tokio::task::JoinSet;

use super::scene::{Scene, attempt, changes, file, in_store, store_git, wanted};
use crate::{Claim, Workspace, WorkspaceError};

pub async fn many_are_made_worked_in_and_removed_at_once(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for round in 0..3 {
        let one = async |n: u32| {
            let claim = Claim {
                key: format!("task-{n}"),
                attempt: attempt(round * 32 + n),
                branch: Some(BranchName::new(format!("feature/task-{n}")).unwrap()),
                ..scene.claim_of(&source)
            };
            let workspace = scene.claimed(claim).await;
            scene.agent(&workspace, &format!("echo x > {round}-{n}.txt")).await;
            let imported = scene.imported(&workspace).await;
            scene.provisioner.release(workspace).await.unwrap();
            imported
        };
        let all = futures_util::future::join_all((0..32).map(one)).await;
        for (n, imported) in all.into_iter().enumerate() {
            let expected: Vec<String> = (0..=round).map(|round| format!("A\t{round}-{n}.txt")).collect();
            assert_eq!(changes(&imported, &source.head()), expected.join("\n"));
        }
    }
    scene.provisioner.settle().await;
    let slots = fs::read_dir(scene.root.join("slots")).unwrap().count();
    assert_eq!((slots, fs::read_dir(scene.root.join("trash")).unwrap().count()), (0, 0));
}

pub async fn many_first_claims_share_one_clone(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut all = JoinSet::new();
    for n in 0..8 {
        let provisioner = Arc::clone(&scene.provisioner);
        let claim = Claim {
            key: format!("task-{n}"),
            ..scene.claim_of(&source)
        };
        let told = Arc::clone(&told);
        all.spawn(async move {
            let tell = move |line: String| told.lock().unwrap().push(line);
            provisioner.claim(claim, &tell).await.map(drop)
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
    let told = told.lock().unwrap();
    assert_eq!(told.iter().filter(|line| *line == "cloning app").count(), 1, "{told:?}");
    assert!(
        told.iter().any(|line| line.starts_with("cloning app: done in")),
        "{told:?}"
    );
}

pub async fn work_that_a_crash_left_is_kept_for_the_next_attempt(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let first = scene.workspace(&source).await;
    scene
        .agent(&first, "echo x > x.txt; git add .; git commit -qm x; echo y > y.txt")
        .await;
    // Nobody released it: the next attempt comes all the same.
    let second = scene
        .claimed(Claim {
            attempt: attempt(2),
            ..scene.claim_of(&source)
        })
        .await;
    assert_eq!(
        scene.agent(&second, "cat x.txt y.txt; git status --porcelain").await,
        "x\ny"
    );
    scene.agent(&second, "echo z > z.txt").await;
    let imported = scene.imported(&second).await;
    assert_eq!(changes(&imported, &source.head()), "A\tx.txt\nA\ty.txt\nA\tz.txt");
    in_store(&imported.store, &["rev-parse", "--verify", "refs/team6/attempts/s1-a1"]);
}

pub async fn a_workspace_that_was_left_is_brought_out_by_the_next_claim_or_sweep(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let first = scene.workspace(&source).await;
    let slot = scene.slot(&first);
    scene.agent(&first, "echo x > x.txt").await;
    scene.provisioner.leave(first);
    assert!(slot.exists(), "it stays as it is");
    let second = scene
        .claimed(Claim {
            attempt: attempt(2),
            ..scene.claim_of(&source)
        })
        .await;
    assert_eq!(scene.agent(&second, "cat x.txt; git status --porcelain").await, "x");

    scene.agent(&second, "echo y > y.txt").await;
    scene.provisioner.leave(second);
    let swept = scene.provisioner.sweep(&["task-1".into()]).await.unwrap();
    assert_eq!(swept.workspaces, ["task-1"]);
    let store = scene.root.join("repos/app/import.git");
    assert_eq!(in_store(&store, &["show", "refs/team6/work/task-1:y.txt"]), "y");
}

pub async fn a_restart_keeps_work_and_removes_workspaces(scene: &Scene, restarted: &Scene) {
    let source = Repository::sample("two-crates");
    let claim = |n: u32| Claim {
        key: format!("task-{n}"),
        attempt: attempt(n),
        ..scene.claim_of(&source)
    };
    let live = scene.claimed(claim(1)).await;
    let ended = scene.claimed(claim(2)).await;
    let read = scene
        .claimed(Claim {
            key: "sprint-1".into(),
            branch: None,
            ..claim(4)
        })
        .await;
    for workspace in [&live, &ended, &read] {
        scene.agent(workspace, "echo x > x.txt").await;
    }
    let broken = scene.claimed(claim(3)).await;
    scene.agent(&broken, "rm -rf .git").await;
    fs::create_dir_all(scene.root.join("slots/task-4/work")).unwrap();
    fs::create_dir_all(scene.root.join("trash/9/deep")).unwrap();
    fs::write(scene.root.join("repos/app/mirror.git/packed-refs.lock"), "").unwrap();
    fs::write(scene.root.join("repos/app/mirror.git/objects/pack/tmp_pack_x"), "").unwrap();

    let untouched = scene.provisioner.sweep(&["task-1".into()]).await.unwrap();
    assert!(
        !untouched.workspaces.contains(&"task-1".into()),
        "what is in use is left alone"
    );
    assert!(scene.slot(&live).exists());

    let mut swept = restarted.provisioner.sweep(&["task-1".into()]).await.unwrap();
    swept.workspaces.sort();
    assert_eq!(swept.workspaces, ["sprint-1", "task-1", "task-2", "task-3"]);
    assert_eq!(swept.left_alone, []);
    for folder in ["slots", "trash"] {
        assert_eq!(fs::read_dir(scene.root.join(folder)).unwrap().count(), 0, "{folder}");
    }
    source.write("later.txt", "l").commit("later");
    let again = restarted
        .claimed(Claim {
            attempt: attempt(9),
            ..claim(1)
        })
        .await;
    assert_eq!(restarted.agent(&again, "cat x.txt").await, "x");
    let anew = restarted.claimed(claim(2)).await;
    assert_eq!(
        restarted.agent(&anew, "ls x.txt || echo gone").await,
        "gone",
        "ended work is not gone on with"
    );
    let store = scene.root.join("repos/app/import.git");
    let tried = in_store(&store, &["show", "refs/team6/attempts/s1-a2:x.txt"]);
    assert_eq!(tried, "x", "but what an attempt left can be looked at");
}

pub async fn what_cannot_be_fetched_is_told_apart(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let fails = async |source_url: &str, base: &str| {
        let mut claim = scene.claim_of(&source);
        claim.repositories[0].source = source_url.into();
        claim.repositories[0].base = CommitId::new(base).unwrap();
        scene.provisioner.claim(claim, &|_| {}).await.unwrap_err()
    };
    let nothing = source.path().join("nothing").display().to_string();
    let absent = "0123456789012345678901234567890123456789";
    let error = fails(&nothing, absent).await;
    assert!(matches!(error, WorkspaceError::NotARepository { .. }), "{error}");
    let error = fails(&Repository::empty().url(), absent).await;
    assert!(matches!(error, WorkspaceError::NoCommit { .. }), "{error}");
    let error = fails(&source.url(), absent).await;
    assert!(
        error.to_string().contains("repository app has no commit 0123"),
        "{error}"
    );
    let error = fails("http://ada:hunter2@127.0.0.1:1/x.git", absent).await;
    assert!(matches!(error, WorkspaceError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let error = fails("ext::sh -c true", absent).await;
    assert!(error.to_string().contains("not allowed"), "{error}");
    let error = fails("--upload-pack=true", absent).await;
    assert!(matches!(error, WorkspaceError::NotARepository { .. }), "{error}");
    assert_eq!(fs::read_dir(scene.root.join("slots")).unwrap().count(), 0);
    assert_eq!(
        scene.agent(&scene.workspace(&source).await, "git rev-parse HEAD").await,
        source.head()
    );
}

pub async fn names_that_lead_elsewhere_are_refused(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for key in ["", "..", "a/b", "/etc", "a\0", "ä"] {
        let claim = Claim {
            key: key.into(),
            ..scene.claim_of(&source)
        };
        let error = scene.provisioner.claim(claim, &|_| {}).await.unwrap_err();
        assert!(matches!(error, WorkspaceError::BadKey(_)), "{key:?}: {error}");
    }
}

pub async fn a_branch_that_is_gone_upstream_stays_usable(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.branch("old").write("old.txt", "old").commit("old");
    let claim = Claim {
        repositories: vec![wanted("app", &source)],
        ..scene.claim_of(&source)
    };
    let workspace = scene.claimed(claim.clone()).await;
    source.switch("main").git(&["branch", "--delete", "--force", "old"]);
    source.write("new.txt", "new").commit("new");
    let other = scene
        .claimed(Claim {
            key: "task-2".into(),
            ..scene.claim_of(&source)
        })
        .await;
    assert_eq!(scene.agent(&other, "git log -1 --format=%s").await, "new");
    let objects = scene.root.join("repos/app/mirror.git");
    // It goes through, and removes nothing.
    store_git(&objects, &["gc", "--quiet", "--prune=now"]);
    for pruning in [&["prune"][..], &["repack", "-a", "-d"]] {
        assert!(!store_git(&objects, pruning).status.success(), "{pruning:?}");
    }
    scene
        .agent(
            &workspace,
            "echo x > x.txt; git add .; git commit -qm x; git fsck --strict",
        )
        .await;
    assert_eq!(file(&scene.imported(&workspace).await, "old.txt"), "old");
}

pub async fn fifty_thousand_files_work(scene: &Scene) {
    let source = Repository::with_files(50_000);
    scene.provisioner.release(scene.workspace(&source).await).await.unwrap();
    let workspace = scene.workspace(&source).await;
    scene
        .agent(&workspace, "echo x >> folder-0000/file-000001.txt; echo x > new.txt")
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "M\tfolder-0000/file-000001.txt\nA\tnew.txt"
    );
    release(scene, workspace).await;
}

async fn release(scene: &Scene, workspace: Workspace) {
    let slot = scene.slot(&workspace);
    scene.agent(&workspace, "chmod 500 .").await;
    scene.provisioner.release(workspace).await.unwrap();
    scene.provisioner.settle().await;
    assert!(!slot.exists());
}
