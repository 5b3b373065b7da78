//! Repositories with files in Git LFS: agents have the files, commits have pointers.

use std::fs;
use std::process::Command;

use team6_testkit::repositories::Repository;

use super::scene::{Scene, changes, file};
use crate::RECIPE_FILE;

/// A repository with a file in Git LFS; none where that is not installed, which is said, and no excuse where all is tested.
fn source() -> Option<Repository> {
    let installed = Command::new("git-lfs").arg("version").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "git-lfs is not installed, so that files in Git LFS cannot be tested; install it"
        );
        #[allow(clippy::print_stderr, reason = "who runs the tests must know that one was left out")]
        {
            eprintln!("left out: git-lfs is not installed");
        }
        return None;
    }
    let source = Repository::sample("two-crates");
    source.git(&["lfs", "install", "--local"]);
    source
        .write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
        .write("video.bin", "moving pictures\n")
        .write("other.bin", "more\n")
        .commit("video");
    assert!(source.git(&["show", "HEAD:video.bin"]).starts_with(POINTER));
    Some(source)
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:";

pub async fn files_in_lfs_are_there_and_stay_pointers_in_commits(scene: &Scene) {
    let Some(source) = source() else { return };
    let workspace = scene.workspace(&source).await;
    let script = "cat video.bin; git status --porcelain; touch video.bin; git status --porcelain";
    assert_eq!(scene.agent(&workspace, script).await, "moving pictures");
    let told = workspace.notices.join("\n");
    assert!(told.contains("app: files of Git LFS are there"), "{told}");
    assert!(!scene.imported(&workspace).await.changed);

    let script = "echo changed > video.bin; git add .; git commit -qm video; echo new > new.bin; rm other.bin";
    scene.agent(&workspace, script).await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\tnew.bin\nD\tother.bin\nM\tvideo.bin"
    );
    for path in ["new.bin", "video.bin"] {
        assert!(file(&imported, path).starts_with(POINTER), "{path}");
    }
    let told = imported.notices.join("\n");
    assert!(
        told.contains("2 new files of Git LFS in app are kept on the server") && told.contains("lfs push --object-id"),
        "{told}"
    );
    let name = file(&imported, "new.bin");
    let name = name.lines().nth(1).unwrap().trim_start_matches("oid sha256:");
    let kept = scene
        .root
        .join("repos/app/mirror.git/lfs/objects")
        .join(&name[..2])
        .join(&name[2..4])
        .join(name);
    assert_eq!(fs::read_to_string(kept).unwrap(), "new\n");
}

pub async fn files_in_lfs_stay_pointers_whatever_becomes_of_the_git_folder(scene: &Scene) {
    let Some(source) = source() else { return };
    for damage in ["rm -rf .git", "rm .git/index", "rm .git/config"] {
        let workspace = scene.workspace(&source).await;
        scene.agent(&workspace, &format!("echo new > new.bin; {damage}")).await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &source.head()), "A\tnew.bin", "{damage}");
        assert!(file(&imported, "new.bin").starts_with(POINTER), "{damage}");
        scene.provisioner.release(workspace).await.unwrap();
        scene.provisioner.sweep(&[]).await.unwrap();
    }
}

pub async fn files_in_lfs_that_cannot_be_had_stay_pointers_and_are_told(scene: &Scene) {
    let Some(source) = source() else { return };
    let (there, away) = (source.path().join(".git/lfs"), source.path().join(".git/away"));
    fs::rename(&there, &away).unwrap();
    let first = scene.workspace(&source).await;
    let told = first.notices.join("\n");
    assert!(
        told.contains("app: files of Git LFS are left as pointers: they cannot be fetched"),
        "{told}"
    );
    assert!(
        scene
            .agent(&first, "cat video.bin; git status --porcelain")
            .await
            .starts_with(POINTER)
    );
    scene.provisioner.release(first).await.unwrap();

    // git-lfs makes the folder anew, without the objects.
    fs::remove_dir_all(&there).unwrap();
    fs::rename(away, &there).unwrap();
    source.write("x.txt", "x").commit("x");
    let second = scene.workspace(&source).await;
    assert_eq!(
        scene.agent(&second, "cat video.bin; git status --porcelain").await,
        "moving pictures"
    );
    scene.provisioner.release(second).await.unwrap();

    source.write(RECIPE_FILE, "lfs = false\n").commit("without");
    let third = scene.workspace(&source).await;
    assert!(
        scene
            .agent(&third, "cat video.bin; git status --porcelain")
            .await
            .starts_with(POINTER)
    );
    let told = third.notices.join("\n");
    assert!(
        told.contains("left as pointers: as .team6/workspace.toml says"),
        "{told}"
    );
}
