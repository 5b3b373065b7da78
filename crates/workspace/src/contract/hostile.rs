//! Agents that turn their workspace against the engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use team6_testkit::repositories::Repository;

use crate::Workspace;

use super::scene::{Scene, changes, has_file, in_store, store_git};

/// Makes everything in git that can name a program name this one, which leaves a trace.
fn arm(scene: &Scene, workspace: &Workspace, folder: &str) -> (std::path::PathBuf, String) {
    let (here, seen) = scene.exchange(workspace);
    fs::write(
        here.join("trap.sh"),
        format!("#!/bin/sh\necho \"$0 $*\" >> {seen}/sprung\ncat\n"),
    )
    .unwrap();
    fs::set_permissions(here.join("trap.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let (trap, included, sprung) = (
        format!("{seen}/trap.sh"),
        format!("{seen}/trap.config"),
        here.join("sprung"),
    );
    fs::write(
        here.join("trap.config"),
        format!("[core]\npager = {trap}\n[diff]\nexternal = {trap}\n"),
    )
    .unwrap();
    let script = format!(
        r#"cd {folder}
        printf '[core]\nfsmonitor = {trap}\nhooksPath = .git/traps\nsshCommand = {trap}\npager = {trap}\neditor = {trap}\nalternateRefsCommand = {trap}
        [filter "t"]\nclean = {trap}\nsmudge = {trap}\nrequired = true\n[diff]\nexternal = {trap}\n[diff "t"]\ntextconv = {trap}
        [include]\npath = {included}\n[uploadpack]\npackObjectsHook = {trap}\n[gpg]\nprogram = {trap}\n[commit]\ngpgSign = true
        [credential]\nhelper = {trap}\n[alias]\nstatus = !{trap}\n[safe]\ndirectory = *\n' >> .git/config
        mkdir -p .git/traps .git/hooks
        for hook in post-checkout post-index-change pre-commit post-commit pre-push reference-transaction update pre-receive \
            post-receive post-update fsmonitor-watchman proc-receive; do cp {trap} .git/traps/$hook; cp {trap} .git/hooks/$hook; done
        echo '* filter=t diff=t' > .gitattributes; mkdir -p .git/info; echo '* filter=t diff=t' > .git/info/attributes"#
    );
    (sprung, script)
}

pub async fn no_program_that_a_git_folder_names_is_run(scene: &Scene) {
    let (source, library) = (Repository::sample("two-crates"), Repository::sample("web-and-api"));
    source.with_submodule("library", &library).commit("submodule");
    scene.show(library.path());
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "git init -q inner; cd inner; echo x > x.txt; git add .; git commit -qm x; cd ..; git add inner 2>/dev/null
         git commit -qm links; git -c protocol.file.allow=always submodule -q update --init library
         cp -r inner other; mkdir deep; cp -r inner deep/inner",
        )
        .await;
    for folder in ["inner", "other", "deep/inner", "library", "."] {
        let config = scene
            .agent(&workspace, &format!("cd {folder}; cat .git || git rev-parse --git-dir"))
            .await;
        let (_, script) = arm(scene, &workspace, folder);
        let script = match config.strip_prefix("gitdir: ") {
            Some(git_dir) => script.replace(".git/", &format!("{git_dir}/")),
            None => script,
        };
        scene.agent(&workspace, &script).await;
    }
    let (sprung, _) = arm(scene, &workspace, ".");
    scene
        .agent(
            &workspace,
            "for f in x.txt inner/x.txt other/x.txt library/README.md; do echo changed >> $f; done",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert!(has_file(&imported, "x.txt"), "{imported:?}");
    assert_eq!(
        fs::read_to_string(&sprung).unwrap_or_default(),
        "",
        "a program of the agent's was run"
    );
    scene.provisioner.release(workspace).await.unwrap();
    assert!(!sprung.exists());

    let workspace = scene.workspace(&source).await;
    scene.agent(&workspace, &arm(scene, &workspace, ".").1).await;
    scene.run(&workspace, "git", &["add", "--all"]).await;
    assert!(sprung.exists(), "the trap itself works");
}

pub async fn objects_of_other_places_are_not_carried_off(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let victim = Repository::empty();
    victim.write("password", "hunter2").commit("secret");
    let objects = victim.path().join(".git/objects");
    scene.show(victim.path());
    for borrow in [
        format!("echo {} >> .git/objects/info/alternates", objects.display()),
        format!("ln -sfn {} .git/objects/info/elsewhere", objects.display()),
        format!("rm -rf .git/objects; ln -s {} .git/objects", objects.display()),
        format!("rm -rf .git; echo 'gitdir: {}/.git' > .git", victim.path().display()),
        format!("rm -rf .git; ln -s {}/.git .git", victim.path().display()),
        format!(
            "rm .git/objects/info/alternates; echo {} > .git/a; ln -s ../../a .git/objects/info/alternates",
            objects.display()
        ),
        format!("for d in {}/??; do ln -sfn $d .git/objects/; done", objects.display()),
    ] {
        let workspace = scene.workspace(&source).await;
        scene.agent(&workspace, "echo x > x.txt").await;
        scene.agent(&workspace, &borrow).await;
        let point = format!("[ -h .git ] || [ -f .git ] || echo {} > .git/HEAD", victim.head());
        scene.agent(&workspace, &point).await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &source.head()), "A\tx.txt", "{borrow}");
        let stolen = store_git(&imported.store, &["cat-file", "-e", &victim.head()]);
        assert!(!stolen.status.success(), "{borrow}");
        assert_eq!(victim.git(&["status", "--porcelain"]), "", "{borrow}");
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

pub async fn crafted_trees_are_refused_and_the_files_kept(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for entry in [".GIT", "..", ".git", "git~1", "a/b", ".git\u{200c}"] {
        let workspace = scene.workspace(&source).await;
        scene.agent(
            &workspace,
            &format!(
                "echo x > x.txt; blob=$(git hash-object -w x.txt)
                 oct=$(printf $blob | sed 's/../\\\\x&/g')
                 python3 -c \"import sys; sys.stdout.buffer.write(b'100644 ' + '{entry}'.encode() + b'\\0' + bytes.fromhex('$blob'))\" > raw
                 tree=$(git hash-object -t tree --literally -w raw); rm raw
                 commit=$(git commit-tree $tree -p HEAD -m crafted); git update-ref HEAD $commit"
            ),
        ).await;
        let outcome = scene.try_import(&workspace).await;
        let head = in_store(
            &scene.root.join("repos/app/import.git"),
            &["rev-parse", "refs/team6/work/task-1"],
        );
        let store = scene.root.join("repos/app/import.git");
        let kept = in_store(&store, &["diff", "--name-status", &source.head(), &head]);
        assert_eq!(kept, "A\tx.txt", "{entry}: {outcome:?}");
        let listed = in_store(&store, &["log", "--all", "--format=%s"]);
        assert!(!listed.contains("crafted"), "{entry}: {listed}");
        if let Err(error) = outcome {
            assert!(
                error.to_string().contains("the files that lie there are kept as"),
                "{error}"
            );
        }
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

pub async fn objects_with_false_names_do_not_get_in(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "echo good > x.txt; echo evil > y.txt; git add .; git commit -qm x
         good=$(git rev-parse HEAD:x.txt); evil=$(git rev-parse HEAD:y.txt)
         path() { echo .git/objects/$(echo $1 | cut -c1-2)/$(echo $1 | cut -c3-); }
         chmod u+w $(path $good); cp $(path $evil) $(path $good)",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "A\tx.txt\nA\ty.txt");
    in_store(&imported.store, &["fsck", "--full", "--strict"]);
}

pub async fn an_agent_cannot_reach_the_mirror_by_its_git(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let (first, second) = (scene.workspace(&source).await, {
        let mut claim = scene.claim_of(&source);
        claim.key = "task-2".into();
        scene.claimed(claim).await
    });
    scene.agent(
        &first,
        "git update-ref refs/heads/main HEAD; git gc -q --prune=now; git repack -adq; git prune --expire=now
         git config core.fsmonitor /bin/false; git tag x; git remote add origin /nowhere; git update-ref -d refs/remotes/origin/main",
    ).await;
    assert_eq!(
        scene
            .agent(&second, "git status --porcelain; git tag; git fsck --strict 2>&1")
            .await,
        ""
    );
    assert_eq!(scene.agent(&second, "git rev-parse origin/main").await, source.head());
    assert!(!scene.imported(&second).await.changed);
    assert!(!scene.imported(&first).await.changed);
}
