//! Workspaces that hold a part of their repository: nothing of the rest is lost.

use team6_testkit::repositories::Repository;

use super::scene::{Scene, attempt, changes, file, has_file, in_store};
use crate::{Claim, Imported, RECIPE_FILE};

const WORDS: &str = "sparse = [\"crates/words\"]\n";

fn source(recipe: &str) -> Repository {
    let source = Repository::sample("two-crates");
    source
        .write(RECIPE_FILE, recipe)
        .write("docs/a.md", "a\n")
        .write("docs/b.md", "b\n")
        .commit("recipe");
    source
}

const STATUS: &str = "git status --porcelain";

pub async fn chosen_folders_are_there_and_more_can_be_had(scene: &Scene) {
    let source = source(WORDS);
    let workspace = scene.workspace(&source).await;
    assert_eq!(
        scene.agent(&workspace, "ls; ls crates").await,
        "AGENTS.md\nCODEOWNERS\nCargo.toml\nREADME.md\ncrates\nwords"
    );
    assert_eq!(scene.agent(&workspace, STATUS).await, "");
    assert_eq!(
        scene.agent(&workspace, "git sparse-checkout list").await,
        "crates/words"
    );
    let told = "only crates/words are checked out, as .team6/workspace.toml says";
    assert!(
        workspace.notices.iter().any(|notice| notice.contains(told)),
        "{workspace:?}"
    );
    let nothing = scene.imported(&workspace).await;
    assert!(!nothing.changed && nothing.notices.is_empty(), "{nothing:?}");

    let script = "git sparse-checkout add docs; cat docs/a.md; git status --porcelain
                  echo more >> docs/a.md; rm docs/b.md; echo x > crates/words/x.txt";
    assert_eq!(scene.agent(&workspace, script).await, "a");
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\tcrates/words/x.txt\nM\tdocs/a.md\nD\tdocs/b.md"
    );
}

pub async fn what_is_not_checked_out_is_not_deleted(scene: &Scene) {
    let source = source(WORDS);
    for damage in [
        "true",
        "git add x.txt; git commit -qm x",
        "git sparse-checkout add docs; git sparse-checkout set crates/cli",
        "git sparse-checkout disable; git sparse-checkout set docs",
        "rm .git/index",
        "rm .git/index; mkfifo .git/index",
        "echo bad > .git/index",
        "echo '[core]' > .git/config; rm .git/info/sparse-checkout",
        "rm -rf .git",
        "rm -rf .git; git init -q; git add .",
    ] {
        let workspace = scene.workspace(&source).await;
        scene
            .agent(&workspace, &format!("echo x > x.txt; rm README.md; {damage}"))
            .await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(
            changes(&imported, &source.head()),
            "D\tREADME.md\nA\tx.txt",
            "{damage}: {imported:?}"
        );
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

/// A repository with submodules at its top, in the folders that are checked out, and in others. Nobody can fetch them.
fn source_with_links(recipe: &str) -> Repository {
    let source = source(recipe);
    for path in LINKS {
        let link = format!("160000,{},{path}", source.head());
        source.git(&["update-index", "--add", "--cacheinfo", &link]);
        std::fs::create_dir_all(source.path().join(path)).unwrap();
    }
    source.commit("links");
    source
}

const LINKS: [&str; 4] = ["top", "crates/near", "crates/words/in", "vendor/out"];

pub async fn links_to_submodules_that_are_not_checked_out_are_not_deleted(scene: &Scene) {
    for recipe in [WORDS, "sparse = [\"crates/words\"]\nsubmodules = false\n"] {
        let source = source_with_links(recipe);
        for left in [
            "true",
            "git add x.txt; git commit -qm x",
            "git add -A; git commit -qm x",
            "git commit -qam x",
            "git sparse-checkout add docs; git sparse-checkout set crates/words",
            "git sparse-checkout add vendor; git sparse-checkout set crates/words",
            "git sparse-checkout add docs; git commit -qam x",
            "git sparse-checkout disable; git sparse-checkout set crates/words; git add x.txt; git commit -qm x",
            "rm .git/index",
            "echo bad > .git/index",
            "echo '[core]' > .git/config; rm .git/info/sparse-checkout",
            "rm -rf .git",
            "rm -rf .git; git init -q; git add .",
        ] {
            let workspace = scene.workspace(&source).await;
            assert_eq!(scene.agent(&workspace, STATUS).await, "", "{recipe}");
            let script = format!("echo x > x.txt; rm README.md; {left}");
            scene.agent(&workspace, &script).await;
            let imported = scene.imported(&workspace).await;
            assert_eq!(
                changes(&imported, &source.head()),
                "D\tREADME.md\nA\tx.txt",
                "{recipe}{left}: {imported:?}"
            );
            scene.provisioner.release(workspace).await.unwrap();
            scene.provisioner.sweep(&[]).await.unwrap();
        }
    }
}

pub async fn links_to_submodules_that_an_agent_removes_are_removed(scene: &Scene) {
    let source = source_with_links(WORDS);
    for (script, removed) in [
        ("git rm -q crates/words/in; git commit -qm x", "D\tcrates/words/in"),
        ("git rm -q crates/words/in", "D\tcrates/words/in"),
        ("rmdir crates/words/in top", "D\tcrates/words/in\nD\ttop"),
        ("rmdir top; rm -rf .git", "D\ttop"),
        (
            "git rm -q --sparse --cached vendor/out; git commit -qm x",
            "D\tvendor/out",
        ),
        ("echo x > vendor", "A\tvendor\nD\tvendor/out"),
        ("mkdir vendor; echo x > vendor/out", "T\tvendor/out"),
        (
            "mkdir -p vendor/out; echo x > vendor/out/x",
            "D\tvendor/out\nA\tvendor/out/x",
        ),
        ("ln -s crates vendor", "A\tvendor\nD\tvendor/out"),
    ] {
        let workspace = scene.workspace(&source).await;
        scene.agent(&workspace, script).await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &source.head()), removed, "{script}: {imported:?}");
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

pub async fn what_changed_upstream_where_nothing_is_checked_out_is_kept(scene: &Scene) {
    let source = source(WORDS);
    let first = scene.workspace(&source).await;
    scene.agent(&first, "echo x > crates/words/x.txt").await;
    let left = scene.imported(&first).await;
    scene.provisioner.release(first).await.unwrap();

    // A newer generation over the one before, and the task's own files over that.
    source
        .write("docs/a.md", "new\n")
        .write("crates/words/new.txt", "n\n")
        .commit("upstream");
    let mut claim = Claim {
        attempt: attempt(2),
        ..scene.claim_of(&source)
    };
    claim.repositories[0].start = Some(left.head);
    let second = scene.claimed(claim).await;
    assert_eq!(scene.agent(&second, STATUS).await, "");
    let merged = "git merge -q --no-edit origin/main; ls crates; cat crates/words/x.txt crates/words/new.txt";
    assert_eq!(scene.agent(&second, merged).await, "words\nx\nn");
    scene.agent(&second, "echo y > y.txt").await;
    let imported = scene.imported(&second).await;
    assert_eq!(changes(&imported, &source.head()), "A\tcrates/words/x.txt\nA\ty.txt");
    assert_eq!(file(&imported, "docs/a.md"), "new");
}

pub async fn another_choice_of_folders_is_another_tree(scene: &Scene) {
    let source = source(WORDS);
    let listed = async |key: &str| {
        let claim = Claim {
            key: key.into(),
            ..scene.claim_of(&source)
        };
        let workspace = scene.claimed(claim).await;
        assert_eq!(scene.agent(&workspace, STATUS).await, "", "{key}");
        scene.agent(&workspace, "ls -d crates/* docs 2>/dev/null || true").await
    };
    assert_eq!(listed("task-1").await, "crates/words");
    source.write(RECIPE_FILE, "sparse = [\"docs\"]\n").commit("docs");
    assert_eq!(listed("task-2").await, "docs");
    source.write(RECIPE_FILE, "").commit("all");
    assert_eq!(listed("task-3").await, "crates/cli\ncrates/words\ndocs");
    source.write("docs/c.md", "c\n").commit("more");
    assert_eq!(listed("task-4").await, "crates/cli\ncrates/words\ndocs");
}

pub async fn folders_that_an_agent_puts_away_are_not_deleted(scene: &Scene) {
    let source = source("");
    let workspace = scene.workspace(&source).await;
    let script = "git sparse-checkout set --cone docs; ls -d crates || true; echo x > docs/x.md; rm docs/b.md";
    scene.agent(&workspace, script).await;
    let imported: Imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "D\tdocs/b.md\nA\tdocs/x.md");
    assert!(has_file(&imported, "crates/words/src/lib.rs"));
    in_store(&imported.store, &["fsck", "--strict"]);
}

pub async fn mistakes_in_a_recipe_are_told_and_the_workspace_is_made(scene: &Scene) {
    let source = source("sprase = [\"docs\"]\nlfs = 7\nsparse = [\"nowhere\"]\n");
    let workspace = scene.workspace(&source).await;
    assert_eq!(
        scene.agent(&workspace, "ls docs; git status --porcelain").await,
        "a.md\nb.md"
    );
    let notices = workspace.notices.join("\n");
    for told in [
        "app: .team6/workspace.toml has the key \"sprase\", which does not exist; did you mean \"sparse\"?",
        "app: .team6/workspace.toml has a \"lfs\" that is not used: it is a number; write true or false",
        "app: .team6/workspace.toml names the folder nowhere, which does not exist",
    ] {
        assert!(notices.contains(told), "{notices}");
    }
}
