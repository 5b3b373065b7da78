//! Workspaces in every state that an agent can leave them in: nothing of its work is lost.

use team6_testkit::repositories::Repository;

use super::scene::{BRANCH, Scene, changes, file, has_file, in_store, store_git, wanted};
use crate::Claim;

pub async fn a_merge_in_the_middle_is_kept_with_its_conflict(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("a.txt", "base\n").commit("second");
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "git branch other; echo mine > a.txt; git commit -qam mine
         git checkout -q other; echo theirs > a.txt; git commit -qam theirs
         git checkout -q -; git merge other || true",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert!(file(&imported, "a.txt").contains("<<<<<<<"));
    assert_eq!(
        in_store(
            &imported.store,
            &["log", "-1", "--format=%s", "refs/team6/aside/s1-a1/heads/other"]
        ),
        "theirs"
    );
}

pub async fn a_rebase_in_the_middle_keeps_the_branch_and_what_lies_around(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("a.txt", "base\n").commit("second");
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "git branch upstream; for n in 1 2 3; do echo $n > a.txt; git commit -qam $n; done
         git checkout -q upstream; echo upstream > a.txt; git commit -qam upstream
         git checkout -q -; git rebase upstream || true; echo untracked > new.txt",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        file(&imported, "a.txt"),
        "3",
        "the branch is as it was before the rebase"
    );
    let aside = |path: &str| {
        in_store(
            &imported.store,
            &["show", &format!("refs/team6/aside/s1-a1/HEAD:{path}")],
        )
    };
    assert_eq!(aside("new.txt"), "untracked");
    assert!(aside("a.txt").contains("<<<<<<<"));
    assert!(
        imported.notices.iter().any(|notice| notice.contains("aside")),
        "{imported:?}"
    );
}

pub async fn work_beside_the_branch_is_taken(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for (script, on) in [
        ("git checkout -q --detach", "no branch"),
        ("git checkout -q -b mine", "mine"),
        ("git checkout -q -b mine; git branch -D feature/task-1-parser", "mine"),
        ("git checkout -q -b mine; git pack-refs --all", "mine"),
    ] {
        let workspace = scene.workspace(&source).await;
        scene
            .agent(
                &workspace,
                &format!("{script}; echo x > x.txt; git add .; git commit -qm x; echo y > y.txt"),
            )
            .await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &source.head()), "A\tx.txt\nA\ty.txt", "{script}");
        let expected = format!("the agent worked on {on} instead of {BRANCH}");
        assert!(
            imported.notices.iter().any(|notice| notice.contains(&expected)),
            "{imported:?}"
        );
        discard_all(scene, workspace).await;
    }
}

pub async fn an_older_commit_that_is_looked_at_does_not_take_work_back(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "echo x > x.txt; git add .; git commit -qm x; git checkout -q HEAD~1",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "A\tx.txt");
    scene.agent(&workspace, "echo y > y.txt").await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "A\tx.txt");
    let aside = in_store(&imported.store, &["show", "refs/team6/aside/s1-a1/HEAD:y.txt"]);
    assert_eq!(aside, "y");
}

pub async fn a_stash_is_kept_aside(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    scene.agent(&workspace, "echo stashed > AGENTS.md; git stash -q").await;
    let imported = scene.imported(&workspace).await;
    assert!(!imported.changed);
    let stashed = in_store(&imported.store, &["show", "refs/team6/aside/s1-a1/stash:AGENTS.md"]);
    assert_eq!(stashed, "stashed");
}

pub async fn a_damaged_git_folder_loses_no_file(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for damage in [
        "rm -rf .git",
        "rm -rf .git; git init -q",
        "rm -rf .git; echo 'gitdir: /nowhere' > .git",
        "rm -rf .git; ln -s /nowhere .git",
        "rm -rf .git/objects/??",
        "for f in .git/objects/??/*; do chmod u+w $f; echo bad > $f; done",
        "rm -rf .git/HEAD .git/refs .git/packed-refs",
        "echo bad > .git/index; touch .git/index.lock",
        "echo bad > .git/HEAD; git --version > .git/packed-refs",
        "rm .git/config; mkdir .git/config",
        "rm .git/HEAD .git/packed-refs; mkfifo .git/HEAD .git/packed-refs .git/objects/pack/pack-1.pack; rm .git/refs/heads/feature/*",
    ] {
        let workspace = scene.workspace(&source).await;
        scene
            .agent(
                &workspace,
                "echo x > x.txt; git add .; git commit -qm x; rm AGENTS.md; echo y > y.txt",
            )
            .await;
        scene.agent(&workspace, damage).await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(
            changes(&imported, &source.head()),
            "D\tAGENTS.md\nA\tx.txt\nA\ty.txt",
            "{damage}: {imported:?}"
        );
        discard_all(scene, workspace).await;
    }
}

pub async fn every_kind_of_file_is_saved(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source
        .with_odd_names()
        .write("was-file", "f")
        .write("was-folder/inner", "i")
        .write("was-plain", "p")
        .write("was-near/inner", "n")
        .commit("odd");
    let names = source.files("HEAD").len();
    let workspace = scene.workspace(&source).await;
    assert_eq!(scene.agent(&workspace, "git status --porcelain").await, "");
    scene
        .agent(
            &workspace,
            r#"for f in * über/*; do [ -d "$f" ] || { printf 'more\n' >> "./$f"; cp -- "./$f" "./$f-copy"; }; done
           rm was-file was-plain; mkdir was-file; echo x > was-file/x; ln -s gone was-plain
           mkdir -p $TMPDIR/far; echo secret > $TMPDIR/far/inner; rm -r was-near; ln -s $TMPDIR/far was-near
           rm -r was-folder; echo x > was-folder; chmod +x AGENTS.md; mkfifo pipe; touch 'secret'; chmod 0 secret
           printf '%s' "$(printf 'new\nline')" > "$(printf 'n\nl\377')"; mkdir -p .GIT; echo x > .GIT/x
           rm CODEOWNERS; mkfifo CODEOWNERS"#,
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert!(in_store(&imported.store, &["ls-tree", "-r", imported.head.as_str()]).contains("120000"));
    assert!(has_file(&imported, "was-file/x") && has_file(&imported, "secret"));
    assert!(!has_file(&imported, "was-near/inner"), "what a link leads to stays out");
    assert_eq!(file(&imported, "was-folder"), "x");
    assert_eq!(file(&imported, "with space.txt-copy"), "odd\nmore");
    let mode = in_store(&imported.store, &["ls-tree", imported.head.as_str(), "AGENTS.md"]);
    assert!(mode.starts_with("100755"), "{mode}");
    let listed = in_store(&imported.store, &["ls-tree", "-r", "-z", imported.head.as_str()]);
    assert!(listed.split('\0').count() > names, "{listed}");
    assert!(!has_file(&imported, ".GIT/x") && !has_file(&imported, "pipe"));
    let notices = imported.notices.join("\n");
    assert!(
        notices.contains("CODEOWNERS (not a file)"),
        "what no commit can hold is named: {notices}"
    );
    scene.agent(&workspace, "chmod 644 secret; rm -r .GIT CODEOWNERS").await;
    assert_eq!(
        scene.imported(&workspace).await.notices.len(),
        1,
        "nothing is left out any more"
    );
}

/// What agents do to files and commits, in any order.
const DEEDS: [&str; 22] = [
    "echo new > new.txt",
    "mkdir -p lib/new; echo new > lib/new/a.txt; echo new > lib/new/b.txt",
    "echo more >> docs/one.txt || true",
    "rm -f docs/two.txt",
    "[ ! -d docs ] || [ -e moved ] || mv docs moved",
    "[ ! -d moved ] || { rm -rf docs; mv moved docs; }",
    "rm -rf lib; mkdir lib; echo again > lib/again.txt",
    "rm -rf lib",
    "[ ! -d lib ] || chmod -R u+x lib",
    "[ -d top.txt ] || { rm -f top.txt; mkdir top.txt; echo in > top.txt/in.txt; }",
    "rm -rf top.txt; ln -s docs top.txt",
    "mkdir -p built; echo out > built/out.txt; echo out > lib.log",
    "echo '*.log' > .gitignore",
    "echo keep > lib.log; git add -f lib.log",
    "git add -A; git commit -q --allow-empty -m all",
    "git commit -q --allow-empty -am tracked",
    "git reset -q --soft HEAD~1 || true",
    "git reset -q HEAD~1 || true",
    "git reset -q --hard HEAD~1 || true",
    "git rm -rq --cached --ignore-unmatch docs; git commit -q --allow-empty -m removed",
    "git checkout -q HEAD -- . || true",
    "[ $(git rev-list --count HEAD) -lt 3 ] || git revert --no-edit HEAD >/dev/null 2>&1 || git revert --abort 2>/dev/null || true",
];

pub async fn what_is_brought_out_is_what_lies_there(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for (name, text) in [
        ("docs/one.txt", "1"),
        ("docs/two.txt", "2"),
        ("docs/deep/three.txt", "3"),
        ("lib/four.txt", "4"),
        ("top.txt", "5"),
        (".gitignore", "built\n"),
    ] {
        source.write(name, text);
    }
    source.commit("more files");
    let mut random: u64 = 6;
    for round in 0..12 {
        let mut script = String::new();
        for _ in 0..9 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let deed = usize::try_from((random >> 33) % DEEDS.len() as u64).unwrap();
            // Nothing goes below what the work builds on.
            let deed = match DEEDS[deed] {
                deed if deed.contains("HEAD~1") => {
                    format!("[ $(git rev-list --count $base..HEAD) = 0 ] || {{ {deed}; }}")
                }
                deed => deed.to_owned(),
            };
            script += &format!("{deed}\n");
        }
        let workspace = scene.workspace(&source).await;
        let told = "export GIT_INDEX_FILE=$TMPDIR/index; git read-tree HEAD; git add -A; git ls-tree -rt $(git write-tree); git write-tree";
        let expected = scene
            .agent(&workspace, &format!("base={}\n({script}) >&2\n{told}", source.head()))
            .await;
        let imported = scene.imported(&workspace).await;
        let tree = format!("{}^{{tree}}", imported.head);
        let listed = in_store(&imported.store, &["ls-tree", "-rt", &tree])
            + "\n"
            + &in_store(&imported.store, &["rev-parse", &tree]);
        assert_eq!(
            listed.lines().collect::<Vec<_>>(),
            expected.lines().collect::<Vec<_>>(),
            "round {round}:\n{script}\n{imported:?}"
        );
        discard_all(scene, workspace).await;
    }
}

pub async fn a_file_too_large_for_a_commit_is_kept_beside(scene: &Scene) {
    let workspace = scene.workspace(&Repository::sample("two-crates")).await;
    let script = "mkdir big; truncate -s 513M big/model.bin; echo fine > small.txt";
    scene.agent(&workspace, script).await;
    let imported = scene.imported(&workspace).await;
    assert!(has_file(&imported, "small.txt") && !has_file(&imported, "big/model.bin"));
    let kept = scene.root.join("repos/app/aside/s1-a1/big/model.bin");
    let notices = imported.notices.join("\n");
    assert!(
        notices.contains("larger than 512 MiB") && notices.contains(kept.to_str().unwrap()),
        "{notices}"
    );
    scene.provisioner.release(workspace).await.unwrap();
    assert_eq!(std::fs::metadata(&kept).unwrap().len(), 513 << 20);
}

pub async fn repositories_that_lie_in_the_workspace_are_told_apart(scene: &Scene) {
    let (source, library) = (Repository::sample("two-crates"), Repository::sample("web-and-api"));
    source.with_submodule("library", &library).commit("submodule");
    scene.show(library.path());
    let workspace = scene.workspace(&source).await;
    assert!(
        workspace
            .notices
            .iter()
            .any(|notice| notice.contains("submodule library is left empty")),
        "{workspace:?}"
    );
    scene.agent(
        &workspace,
        &format!(
            "git init -q made; cd made; echo ignored > .gitignore; touch ignored; echo x > x.txt; mkdir -p a; git init -q a/b
             echo y > a/b/y.txt; git add .gitignore; git commit -qm made; cd ..
             git clone -q {} copied; git -c protocol.file.allow=always submodule -q update --init; echo x > library/x",
            library.url()
        ),
    ).await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\tmade/.gitignore\nA\tmade/a/b/y.txt\nA\tmade/x.txt"
    );
    let notices = imported.notices.join("\n");
    assert!(notices.contains("copied (a repository of its own)"), "{notices}");

    scene
        .agent(
            &workspace,
            "git add made copied 2>/dev/null; git commit -qm 'as links'; echo '[bad' > made/.git/config",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert!(
        has_file(&imported, "made/x.txt"),
        "what a link would lose is there: {imported:?}"
    );
}

pub async fn history_that_was_rewritten_below_the_base_is_refused_and_kept(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("second.txt", "2").commit("second");
    let workspace = scene.workspace(&source).await;
    scene
        .agent(
            &workspace,
            "echo x > x.txt; git add .; git commit -q --amend -m rewritten",
        )
        .await;
    let refused = scene.try_import(&workspace).await.unwrap_err().to_string();
    assert!(refused.contains("history was rewritten below"), "{refused}");
    let store = scene.root.join("repos/app/import.git");
    let kept = store_git(&store, &["log", "-1", "--format=%s", "refs/team6/attempts/s1-a1"]);
    assert_eq!(kept.stdout, b"rewritten\n");
}

pub async fn a_workspace_that_is_gone_is_said_to_be_lost(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for replaced in [false, true] {
        let workspace = scene.workspace(&source).await;
        scene
            .agent(
                &workspace,
                "rm -rf .git .gitignore *; rmdir \"$PWD\" 2>/dev/null || rm -rf \"$PWD\" 2>/dev/null || true",
            )
            .await;
        // In a sandbox its place cannot be taken.
        if replaced && workspace.boxed.is_none() {
            std::os::unix::fs::symlink("/", &workspace.root).unwrap();
        }
        let lost = scene.try_import(&workspace).await.unwrap_err();
        assert!(lost.to_string().contains("deleted"), "{lost}");
        discard_all(scene, workspace).await;
    }
}

pub async fn what_stands_in_the_way_in_one_repository_keeps_no_work_back_in_another(scene: &Scene) {
    let (app, web) = (Repository::sample("two-crates"), Repository::sample("web-and-api"));
    app.write("second.txt", "2").commit("second");
    let claim = Claim {
        repositories: vec![wanted("app", &app), wanted("web", &web)],
        ..scene.claim_of(&app)
    };
    let workspace = scene.claimed(claim).await;
    let script = "cd app; echo x > x.txt; git add .; git commit -q --amend -m rewritten; cd ../web; echo y > y.txt";
    scene.agent(&workspace, script).await;
    let refused = scene.provisioner.import(&workspace).await.unwrap_err();
    assert!(refused.to_string().contains("commits in app are refused"), "{refused}");
    assert!(!refused.leaves_work_behind(), "{refused}");
    let kept = |id: &str, file: &str| {
        let store = scene.root.join(format!("repos/{id}/import.git"));
        in_store(&store, &["show", &format!("refs/team6/attempts/s1-a1:{file}")])
    };
    assert_eq!((kept("app", "x.txt"), kept("web", "y.txt")), ("x".into(), "y".into()));
    let store = scene.root.join("repos/web/import.git");
    assert_eq!(in_store(&store, &["show", "refs/team6/work/task-1:y.txt"]), "y");
}

/// Forgets a workspace and its work, so that the next one begins anew.
async fn discard_all(scene: &Scene, workspace: crate::Workspace) {
    scene.provisioner.release(workspace).await.unwrap();
    scene.provisioner.sweep(&[]).await.unwrap();
}
