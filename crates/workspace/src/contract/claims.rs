//! Workspaces from their claim to their release.

use team6_core::ids::CommitId;
use team6_testkit::repositories::Repository;

use super::scene::{BRANCH, Scene, attempt, changes, file, has_file, in_store, wanted};
use crate::Claim;

pub async fn a_branch_is_checked_out_at_the_base(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    assert_eq!(scene.agent(&workspace, "git status --porcelain").await, "");
    assert_eq!(scene.agent(&workspace, "git branch --show-current").await, BRANCH);
    assert_eq!(scene.agent(&workspace, "git rev-parse HEAD").await, source.head());
    assert_eq!(
        scene.agent(&workspace, "git rev-parse origin/main").await,
        source.head()
    );
    assert_eq!(
        scene.agent(&workspace, "git log -1 --format=%s origin/HEAD").await,
        "first",
        "the default branch is known"
    );
    assert_eq!(
        scene
            .agent(
                &workspace,
                "git commit -q --allow-empty -m x; git log -1 --format='%an <%ae>'"
            )
            .await,
        "coder (Team6) <coder@team6.invalid>"
    );
}

pub async fn what_was_laid_ready_is_claimed_without_its_origin(scene: &Scene) {
    let source = Repository::sample("two-crates");
    scene
        .provisioner
        .prepare(wanted("app", &source), &|_| {})
        .await
        .unwrap();
    let claim = scene.claim_of(&source);
    let path = source.path().to_owned();
    std::fs::rename(&path, path.with_extension("gone")).unwrap();
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |line| told.lock().unwrap().push(line);
    let workspace = scene.provisioner.claim(claim, &tell).await.unwrap();
    assert_eq!(told.into_inner().unwrap(), Vec::<String>::new(), "nothing takes long");
    assert_eq!(scene.agent(&workspace, "git status --porcelain").await, "");
    scene
        .agent(&workspace, "echo more >> README.md; git commit -qam more")
        .await;
    assert!(scene.imported(&workspace).await.changed);
    std::fs::rename(path.with_extension("gone"), path).unwrap();
}

pub async fn repositories_lie_side_by_side(scene: &Scene) {
    let (app, web) = (Repository::sample("two-crates"), Repository::sample("web-and-api"));
    let claim = Claim {
        repositories: vec![wanted("app", &app), wanted("web", &web)],
        ..scene.claim_of(&app)
    };
    let workspace = scene.claimed(claim).await;
    assert_eq!(scene.agent(&workspace, "ls").await, "app\nweb");
    scene
        .agent(&workspace, "cd web; echo x > new.txt; git add .; git commit -qm new")
        .await;
    scene.agent(&workspace, "echo x > notes.txt").await;
    let imported = scene.provisioner.import(&workspace).await.unwrap();
    let changed: Vec<_> = imported
        .iter()
        .map(|one| (one.repository.as_str(), one.changed))
        .collect();
    assert_eq!(changed, [("app", false), ("web", true)]);
    let notices: String = imported.into_iter().flat_map(|one| one.notices).collect();
    assert!(notices.contains("notes.txt"), "what lies outside is named: {notices}");
}

pub async fn commits_and_what_was_not_committed_are_brought_out(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source
        .write(".gitignore", "target/\n")
        .write("old.txt", "old")
        .commit("second");
    let base = source.head();
    let workspace = scene.workspace(&source).await;
    scene
        .agent(&workspace, "echo one > one.txt; git add .; git commit -qm one")
        .await;
    let clean = scene.imported(&workspace).await;
    assert_eq!(clean.notices, Vec::<String>::new());
    assert_eq!(clean.head.as_str(), scene.agent(&workspace, "git rev-parse HEAD").await);
    scene.agent(
        &workspace,
        "echo two > two.txt; echo more >> one.txt; git rm -q --cached one.txt; rm old.txt; mkdir target; echo x > target/x",
    ).await;
    let dirty = scene.imported(&workspace).await;
    assert_eq!(changes(&dirty, &base), "D\told.txt\nA\tone.txt\nA\ttwo.txt");
    assert_eq!(file(&dirty, "one.txt"), "one\nmore");
    assert!(!has_file(&dirty, "target/x"), "what is ignored stays out");
    assert!(
        dirty.notices.iter().any(|notice| notice.contains("not committed")),
        "{dirty:?}"
    );
    assert_eq!(
        in_store(
            &dirty.store,
            &["log", "--format=%s", &format!("{base}..{}", dirty.head)]
        ),
        "Uncommitted work of attempt s1-a1\none"
    );
    assert_eq!(
        in_store(&dirty.store, &["rev-parse", "refs/team6/attempts/s1-a1"]),
        dirty.head.as_str()
    );
}

pub async fn nothing_done_is_nothing_changed(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let imported = scene.imported(&workspace).await;
    assert!(!imported.changed);
    assert_eq!(imported.head.as_str(), source.head());
    scene
        .agent(
            &workspace,
            "echo x > x; git add .; git commit -qm x; git revert --no-edit HEAD",
        )
        .await;
    assert!(
        !scene.imported(&workspace).await.changed,
        "what was taken back changes nothing"
    );
}

pub async fn the_next_attempt_goes_on_in_the_same_place(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let first = scene.workspace(&source).await;
    scene.agent(&first, "echo 1 > first.txt").await;
    let left = scene.imported(&first).await;
    let root = first.root.clone();
    scene.provisioner.release(first).await.unwrap();

    source.write("upstream.txt", "u").commit("upstream");
    let mut claim = scene.claim_of(&source);
    claim.attempt = attempt(2);
    claim.repositories[0].start = Some(left.head.clone());
    let second = scene.claimed(claim).await;
    assert_eq!(second.root, root, "an agent's session remembers its folder");
    assert_eq!(
        scene.agent(&second, "cat first.txt; git rev-parse HEAD").await,
        format!("1\n{}", left.head)
    );
    scene
        .agent(&second, "git merge -q --no-edit origin/main; echo 2 > second.txt")
        .await;
    let imported = scene.imported(&second).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\tfirst.txt\nA\tsecond.txt",
        "it has what is new upstream"
    );

    let elsewhere = Claim {
        key: "task-2".into(),
        ..scene.claim_of(&source)
    };
    let other = scene.claimed(elsewhere).await;
    let unseen = scene.run(&other, "git", &["cat-file", "-e", left.head.as_str()]).await;
    assert!(!unseen.success, "another task cannot read what was not published");
}

pub async fn a_workspace_to_read_brings_nothing_out(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let claim = Claim {
        branch: None,
        ..scene.claim_of(&source)
    };
    let workspace = scene.claimed(claim).await;
    assert_eq!(scene.agent(&workspace, "git rev-parse HEAD").await, source.head());
    scene.agent(&workspace, "echo x > x").await;
    assert_eq!(scene.provisioner.import(&workspace).await.unwrap(), []);
}

pub async fn a_program_gets_no_more_than_it_needs(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let allowed = [
        "CARGO_HOME",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "RUSTUP_HOME",
        "TMPDIR",
        "TZ",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "npm_config_cache",
    ];
    let home = scene.agent(&workspace, "echo $HOME").await;
    let tmp = scene.agent(&workspace, "echo $TMPDIR").await;
    assert!(!tmp.starts_with(&home), "{tmp}");
    let spec = scene.spec(&workspace, "cargo", &["test"]);
    assert_eq!((spec.program.to_str(), spec.args.len()), (Some("cargo"), 1));
    assert_eq!(spec.cwd, workspace.root);
    for (name, value) in spec.env {
        let name = name.into_string().unwrap();
        assert!(allowed.contains(&name.as_str()), "{name}");
        if name.starts_with("XDG_") || name == "TMPDIR" {
            let value = value.into_string().unwrap();
            assert!(value.starts_with(&home) || value == tmp, "{name}");
        }
    }
}

pub async fn a_released_workspace_is_gone(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let slot = scene.slot(&workspace);
    scene
        .agent(
            &workspace,
            "mkdir -p locked/inner; touch locked/inner/file; chmod 0 locked/inner locked",
        )
        .await;
    scene.provisioner.release(workspace.clone()).await.unwrap();
    assert!(!slot.exists());
    scene.provisioner.release(workspace).await.unwrap();
    let again = scene
        .claimed(Claim {
            attempt: attempt(2),
            ..scene.claim_of(&source)
        })
        .await;
    assert!(CommitId::new(scene.agent(&again, "git rev-parse HEAD").await).is_ok());
    assert_eq!(scene.agent(&again, "ls -d locked || echo gone").await, "gone");
}
