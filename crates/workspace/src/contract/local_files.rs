//! Files of the team's people: they are in the workspaces, and nowhere else.

use std::fs;
use std::path::Path;

use team6_core::local_path::LocalPath;
use team6_testkit::repositories::Repository;

use super::scene::{Scene, attempt, changes, in_store, store_git};
use crate::{Claim, LocalFile, Workspace};

const SECRET: &str = "TOKEN=correct-horse-battery\n";

async fn with_files(scene: &Scene, source: &Repository, files: &[(&str, &str)]) -> Workspace {
    let mut claim = scene.claim_of(source);
    claim.repositories[0].local_files = files.iter().map(|(path, content)| local(path, content)).collect();
    scene.claimed(claim).await
}

fn local(path: &str, content: &str) -> LocalFile {
    LocalFile {
        path: LocalPath::new(path).unwrap(),
        content: content.into(),
    }
}

const BOTH: [(&str, &str); 2] = [(".env", SECRET), ("config/local/a[1].toml", "key = 'of one'\n")];

pub async fn local_files_lie_there_for_the_agent_alone(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = with_files(scene, &source, &BOTH).await;
    let script = "stat -c %a .env 'config/local/a[1].toml'; cat .env; git status --porcelain; ls crates";
    assert_eq!(
        scene.agent(&workspace, script).await,
        format!("600\n600\n{SECRET}cli\nwords")
    );
    let told = "app: local files that no commit may hold: .env, config/local/a[1].toml";
    assert!(workspace.notices.iter().any(|notice| notice == told), "{workspace:?}");
    assert!(!format!("{workspace:?}").contains("correct-horse"));
    let claimed = fs::read_to_string(scene.slot(&workspace).join("claim.json")).unwrap();
    assert!(!claimed.contains("correct-horse"), "{claimed}");
    assert!(!scene.imported(&workspace).await.changed);

    scene.agent(&workspace, "echo changed > .env; rm -r config").await;
    assert!(!scene.imported(&workspace).await.changed);
    let shared = holds(&scene.root.join("repos"), b"correct-horse");
    assert_eq!(shared, None, "what tasks share holds none of it");
    scene.provisioner.release(workspace).await.unwrap();
    let mut claim = Claim {
        attempt: attempt(2),
        ..scene.claim_of(&source)
    };
    claim.repositories[0].local_files = vec![local(".env", "TOKEN=another\n")];
    let second = scene.claimed(claim).await;
    assert_eq!(
        scene.agent(&second, "cat .env; ls -d config || true").await,
        "TOKEN=another"
    );
}

pub async fn no_local_file_is_committed_for_an_agent(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for script in [
        "> .git/info/exclude",
        "rm -rf .git",
        "rm .git/index .git/info/exclude",
        "git add -f .env",
        "cp .env other.txt; mkdir -p deep; cp .env deep/.env",
        "mv .env renamed",
    ] {
        let workspace = with_files(scene, &source, &BOTH).await;
        scene.agent(&workspace, &format!("echo x > x.txt; {script}")).await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &source.head()), "A\tx.txt", "{script}: {imported:?}");
        let copies = imported.notices.join("\n").contains("(a copy of a local file)");
        assert_eq!(
            copies,
            script.contains("cp") || script.contains("mv"),
            "{script}: {imported:?}"
        );
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
    assert_eq!(holds(&scene.root.join("repos"), b"correct-horse"), None);
}

pub async fn commits_with_a_local_file_are_refused_and_the_files_kept(scene: &Scene) {
    let source = Repository::sample("two-crates");
    for script in [
        "git add -f .env; git commit -qm leak",
        "cp .env copy.txt; git add copy.txt; git commit -qm leak; git rm -q copy.txt; git commit -qm hide",
        "echo more >> .env; git add -f .env; git commit -qm leak",
    ] {
        let workspace = with_files(scene, &source, &BOTH).await;
        scene
            .agent(
                &workspace,
                &format!("echo x > x.txt; git add x.txt; git commit -qm x; {script}"),
            )
            .await;
        let refused = scene.try_import(&workspace).await.unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("they hold a local file of the team"), "{said}");
        assert!(said.contains("the files that lie there are kept as"), "{said}");
        let store = scene.root.join("repos/app/import.git");
        let kept = ["diff", "--name-only", &source.head(), "refs/team6/work/task-1"];
        assert_eq!(in_store(&store, &kept), "x.txt", "{script}");
        let all = store_git(&store, &["log", "--all", "--format=%s"]);
        assert!(!String::from_utf8_lossy(&all.stdout).contains("leak"), "{all:?}");
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

pub async fn a_local_file_takes_no_place_of_the_repositorys(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("config/app.toml", "theirs\n");
    std::os::unix::fs::symlink("crates", source.path().join("linked")).unwrap();
    source.commit("config");
    let files = [
        ("config/app.toml", SECRET),
        ("README.md/x", SECRET),
        ("linked/.env", SECRET),
        ("config/own.toml", SECRET),
    ];
    let workspace = with_files(scene, &source, &files).await;
    assert_eq!(
        scene
            .agent(
                &workspace,
                "cat config/app.toml; ls config crates; git status --porcelain"
            )
            .await,
        "theirs\nconfig:\napp.toml\nown.toml\n\ncrates:\ncli\nwords"
    );
    let told = workspace.notices.join("\n");
    for path in ["config/app.toml", "README.md/x", "linked/.env"] {
        assert!(
            told.contains(&format!("app: the local file {path} is left out")),
            "{told}"
        );
    }
}

/// The first file below a folder that holds these bytes as they are.
fn holds(folder: &Path, bytes: &[u8]) -> Option<std::path::PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().find_map(|entry| {
        let path = entry.path();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => holds(&path, bytes),
            kind if kind.is_file() => {
                let content = fs::read(&path).unwrap_or_default();
                content.windows(bytes.len()).any(|part| part == bytes).then_some(path)
            }
            _ => None,
        }
    })
}
