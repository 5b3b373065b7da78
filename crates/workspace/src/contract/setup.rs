//! What setup commands make, where workspaces are layered; elsewhere none is run.

use team6_testkit::repositories::Repository;

use super::scene::{Scene, attempt, changes, wanted};
use crate::{Claim, LocalFile, RECIPE_FILE, Setup, Workspace};

const STATUS: &str = "git status --porcelain";

fn source(command: &str) -> Repository {
    let source = Repository::sample("two-crates");
    source
        .write(RECIPE_FILE, format!("setup = \"{command}\"\nlocks = [\"versions\"]\n"))
        .write(".gitignore", "built/\n")
        .write("versions", "1\n")
        .commit("setup");
    source
}

/// The setup command that is to be run. None where workspaces are copies.
async fn wanted_setup(scene: &Scene, source: &Repository) -> Option<Setup> {
    scene.provisioner.prepare(wanted("app", source), &|_| {}).await.unwrap()
}

/// The workspace that a setup command is run in.
async fn of_setup(scene: &Scene, source: &Repository, setup: &Setup) -> Workspace {
    let claim = Claim {
        key: format!("setup-{}", setup.key()),
        branch: None,
        ..scene.claim_of(source)
    };
    scene.claimed(claim).await
}

/// Runs it as the worker does.
async fn runs(scene: &Scene, source: &Repository, setup: &Setup) {
    let workspace = of_setup(scene, source, setup).await;
    scene.agent(&workspace, &setup.command).await;
    scene.provisioner.keep_setup(&workspace, setup, Ok(())).await.unwrap();
    scene.provisioner.release(workspace).await.unwrap();
}

async fn task(scene: &Scene, source: &Repository, n: u32) -> Workspace {
    let claim = Claim {
        key: format!("task-{n}"),
        attempt: attempt(n),
        ..scene.claim_of(source)
    };
    scene.claimed(claim).await
}

fn is_layered(scene: &Scene, workspace: &Workspace) -> bool {
    workspace.boxed.is_some() && scene.slot(workspace).join("layers").exists()
}

pub async fn what_a_setup_command_makes_is_there_for_all_and_nothing_else_is(scene: &Scene) {
    let source = source("mkdir -p built/deep; date +%N > built/deep/stamp; echo stray > stray; echo x >> README.md");
    let setup = wanted_setup(scene, &source).await;
    let first = task(scene, &source, 1).await;
    assert_eq!(setup.is_some(), is_layered(scene, &first));
    let Some(setup) = setup else { return };
    assert!(!scene.agent(&first, "ls").await.contains("built"), "it was not run yet");

    runs(scene, &source, &setup).await;
    assert_eq!(wanted_setup(scene, &source).await, None, "once is enough");
    let (second, third) = (task(scene, &source, 2).await, task(scene, &source, 3).await);
    let stamp = scene.agent(&second, "cat built/deep/stamp").await;
    assert!(!stamp.is_empty());
    for workspace in [&second, &third] {
        assert_eq!(scene.agent(workspace, STATUS).await, "");
        let here = "ls stray 2>/dev/null || true; tail -1 README.md; cat built/deep/stamp";
        let said = scene.agent(workspace, here).await;
        assert!(
            said.ends_with(&stamp) && !said.contains("stray") && !said.contains("\nx\n"),
            "{said}"
        );
    }
    // What an agent makes of it is its own.
    scene
        .agent(
            &second,
            "echo mine > built/deep/stamp; rm -rf built/deep/stamp; mkdir built/new",
        )
        .await;
    assert_eq!(
        scene.agent(&third, "ls built; cat built/deep/stamp").await,
        format!("deep\n{stamp}")
    );
    assert!(!scene.imported(&second).await.changed);
}

pub async fn a_setup_command_runs_again_when_versions_change(scene: &Scene) {
    let source = source("mkdir built; cp versions built/");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    source.write("README.md", "other\n").commit("nothing to do with it");
    assert_eq!(wanted_setup(scene, &source).await, None);
    let workspace = task(scene, &source, 1).await;
    assert_eq!(scene.agent(&workspace, "cat built/versions").await, "1");

    source.write("versions", "2\n").commit("versions");
    let again = wanted_setup(scene, &source).await.unwrap();
    assert_ne!(again.key(), setup.key());
    let workspace = task(scene, &source, 2).await;
    assert_eq!(
        scene.agent(&workspace, "ls built 2>/dev/null || echo none").await,
        "none"
    );
    runs(scene, &source, &again).await;
    let workspace = task(scene, &source, 3).await;
    assert_eq!(scene.agent(&workspace, "cat built/versions").await, "2");
}

pub async fn a_setup_command_that_failed_is_told_and_not_run_again_until_a_restart(scene: &Scene) {
    let source = source("exit 7");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    let workspace = of_setup(scene, &source, &setup).await;
    let why = Err("exit code 7\nno such package".to_owned());
    scene.provisioner.keep_setup(&workspace, &setup, why).await.unwrap();
    scene.provisioner.release(workspace).await.unwrap();
    assert_eq!(wanted_setup(scene, &source).await, None);
    let workspace = task(scene, &source, 1).await;
    let told = "app: the setup command of .team6/workspace.toml failed, so what it makes is not there: exit code 7";
    assert!(
        workspace.notices.iter().any(|notice| notice.starts_with(told)),
        "{workspace:?}"
    );
    scene.provisioner.release(workspace).await.unwrap();
    scene.provisioner.sweep(&[]).await.unwrap();
    assert_eq!(wanted_setup(scene, &source).await, Some(setup));
}

pub async fn what_a_repository_holds_comes_before_what_its_setup_made(scene: &Scene) {
    let source = source("mkdir built; echo made > built/file");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    source.write("built/file", "held\n");
    source.git(&["add", "-f", "built/file"]);
    source.commit("hold it");
    assert_eq!(wanted_setup(scene, &source).await, None);
    let workspace = task(scene, &source, 1).await;
    assert_eq!(scene.agent(&workspace, "cat built/file").await, "held");
    assert_eq!(scene.agent(&workspace, STATUS).await, "");
    scene
        .agent(&workspace, "echo more >> built/file; git commit -qam more")
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "M\tbuilt/file");
}

pub async fn what_a_repository_held_before_does_not_hide_what_its_setup_makes(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("built/file", "held\n").commit("held");
    task(scene, &source, 1).await;
    source.remove("built/file");
    source
        .write(RECIPE_FILE, "setup = \"mkdir built; echo made > built/file\"\n")
        .write(".gitignore", "built/\n")
        .commit("made from now on");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    let workspace = task(scene, &source, 2).await;
    assert_eq!(scene.agent(&workspace, "cat built/file").await, "made");
}

pub async fn what_is_not_ignored_any_more_is_not_there(scene: &Scene) {
    let source = source("mkdir built; echo made > built/file");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    source
        .write(".gitignore", "other/\n")
        .commit("built is not ignored any more");
    let workspace = task(scene, &source, 1).await;
    assert_eq!(scene.agent(&workspace, STATUS).await, "");
    let again = wanted_setup(scene, &source).await.unwrap();
    runs(scene, &source, &again).await;
    let workspace = task(scene, &source, 2).await;
    assert_eq!(scene.agent(&workspace, STATUS).await, "");
}

pub async fn a_local_file_comes_before_what_a_setup_command_made(scene: &Scene) {
    let source = source("mkdir built; echo made > built/settings");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    let mut claim = scene.claim_of(&source);
    claim.repositories[0].local_files = vec![LocalFile {
        path: "built/settings".parse().unwrap(),
        content: b"theirs\n".to_vec(),
    }];
    let workspace = scene.claimed(claim).await;
    assert_eq!(scene.agent(&workspace, "cat built/settings").await, "theirs");
    let told = workspace.notices.join("\n");
    assert!(!told.contains("take one of the two away"), "{told}");
}

pub async fn what_a_workspace_was_made_with_stays_when_the_machines_programs_change(scene: &Scene) {
    let source = source("mkdir built; echo made > built/file");
    let Some(setup) = wanted_setup(scene, &source).await else {
        return;
    };
    runs(scene, &source, &setup).await;
    let workspace = task(scene, &source, 1).await;
    // As if another compiler had been installed: what was made is known by another name from now on.
    let layout = scene
        .root
        .join(format!("repos/app/generations/{}/layout.json", source.head()));
    let mut changed: serde_json::Value = serde_json::from_slice(&std::fs::read(&layout).unwrap()).unwrap();
    changed["setup"]["versions"] = "other".into();
    std::fs::write(&layout, changed.to_string()).unwrap();
    source.write("versions", "2\n").commit("a base with other versions");
    wanted_setup(scene, &source).await;
    scene.provisioner.settle().await;
    assert_eq!(scene.agent(&workspace, "cat built/file").await, "made");
    scene
        .agent(&workspace, "echo more >> README.md; git commit -qam more")
        .await;
    assert!(scene.imported(&workspace).await.changed, "its work comes out");
}
