//! What a pull request changes, as people see it.

use std::os::unix::fs::PermissionsExt;

use team6_testkit::repositories::Repository;

use super::scene::{Scene, Stage, file_of};
use crate::{Change, Content, Diff, DiffOptions, FileDiff, ForgeError, Hunk, LineKind, Mode, Range};

fn hunks(file: &FileDiff) -> &[Hunk] {
    match &file.content {
        Content::Text { hunks } => hunks,
        Content::Binary => panic!("binary: {file:?}"),
    }
}

/// The lines that were added (`+`) and taken away (`-`).
fn changed(file: &FileDiff) -> Vec<String> {
    let lines = hunks(file).iter().flat_map(|hunk| &hunk.lines);
    let signed = lines.filter_map(|line| match line.kind {
        LineKind::Added => Some(format!("+{}", line.text)),
        LineKind::Deleted => Some(format!("-{}", line.text)),
        LineKind::Context => None,
    });
    signed.collect()
}

async fn whole(scene: &Scene, work: impl FnOnce(&Repository)) -> Diff {
    let commit = scene.commit("feature/one", "work", work);
    scene.publish("feature/one", &commit).await;
    let number = scene.open("feature/one").await.number;
    scene.diff(number, Range::Whole).await
}

pub async fn changed_added_deleted_and_renamed_files_are_told_apart(stage: Stage) {
    let scene = Scene::small(stage).await;
    let diff = whole(&scene, |store| {
        store.write("README.md", "# Words\n\nCounts and sorts the words of a text.\n");
        store.write("new.txt", "one\ntwo\n").remove("AGENTS.md");
        store.git(&["mv", "crates/words/src/lib.rs", "crates/words/src/words.rs"]);
    })
    .await;
    assert_eq!((diff.files.len(), diff.truncated), (4, false));
    let readme = file_of(&diff, "README.md");
    assert_eq!(
        (readme.change, readme.additions, readme.deletions),
        (Change::Modified, 1, 1)
    );
    assert_eq!(
        changed(readme),
        ["-Counts the words of a text.", "+Counts and sorts the words of a text."]
    );
    let line = hunks(readme)[0].lines.last().unwrap();
    assert_eq!((line.old, line.new), (None, Some(3)));
    let new = file_of(&diff, "new.txt");
    assert_eq!((new.change, &new.old, new.additions), (Change::Added, &None, 2));
    let gone = file_of(&diff, "AGENTS.md");
    assert_eq!((gone.change, &gone.new, gone.deletions), (Change::Deleted, &None, 1));
    let renamed = file_of(&diff, "crates/words/src/words.rs");
    assert_eq!(renamed.change, Change::Renamed);
    assert_eq!(renamed.old.as_ref().unwrap().to_string(), "crates/words/src/lib.rs");
}

pub async fn modes_and_binary_files_are_shown_as_such(stage: Stage) {
    let scene = Scene::small(stage).await;
    let diff = whole(&scene, |store| {
        let script = store.path().join("README.md");
        std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", store.path().join("link")).unwrap();
        store
            .write("image.png", b"\x89PNG\r\n\x1a\n\0\0\0")
            .write("empty.txt", "");
    })
    .await;
    let mode = Mode {
        old: "100644".into(),
        new: "100755".into(),
    };
    assert_eq!(file_of(&diff, "README.md").mode, Some(mode));
    assert_eq!(file_of(&diff, "image.png").content, Content::Binary);
    assert_eq!(
        changed(file_of(&diff, "link")),
        ["+/etc/passwd"],
        "a link is its text, not what it leads to"
    );
    assert_eq!(
        (
            file_of(&diff, "empty.txt").change,
            file_of(&diff, "empty.txt").additions
        ),
        (Change::Added, 0)
    );
}

pub async fn odd_names_come_through_byte_for_byte(stage: Stage) {
    let scene = Scene::small(stage).await;
    let before = scene.store.files("HEAD");
    let diff = whole(&scene, |store| {
        store.with_odd_names().write("ends with \\", "odd\n");
    })
    .await;
    let mut expected: Vec<Vec<u8>> = scene
        .store
        .files("HEAD")
        .into_iter()
        .filter(|path| !before.contains(path))
        .map(|path| path.into_os_string().into_encoded_bytes())
        .collect();
    expected.sort();
    let mut shown: Vec<Vec<u8>> = diff
        .files
        .iter()
        .map(|file| file.path().unwrap().as_bytes().to_vec())
        .collect();
    shown.sort();
    assert_eq!(shown, expected);
    assert!(diff.files.iter().all(|file| changed(file) == ["+odd"]), "{diff:?}");
}

pub async fn a_file_is_picked_out_by_an_odd_name(stage: Stage) {
    let scene = Scene::small(stage).await;
    let diff = whole(&scene, |store| {
        store.with_odd_names();
    })
    .await;
    for file in &diff.files {
        let options = DiffOptions {
            path: file.path().cloned(),
            ..DiffOptions::default()
        };
        let only = scene.forge.diff(&scene.id, 1, Range::Whole, &options).await.unwrap();
        assert_eq!(only.files, std::slice::from_ref(file));
    }
}

pub async fn submodules_and_large_files_show_their_pointers(stage: Stage) {
    let scene = Scene::small(stage).await;
    let library = Repository::sample("web-and-api");
    let diff = whole(&scene, |store| {
        store
            .with_submodule("vendor/library", &library)
            .with_lfs_pointer("logo.psd", 9_000);
    })
    .await;
    let pointer = format!("+Subproject commit {}", library.head());
    assert_eq!(changed(file_of(&diff, "vendor/library")), [pointer]);
    let lines = changed(file_of(&diff, "logo.psd"));
    assert_eq!(
        (lines[0].as_str(), lines[2].as_str()),
        ("+version https://git-lfs.github.com/spec/v1", "+size 9000")
    );
}

pub async fn a_change_is_compared_with_where_it_parted_from_its_base(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    scene.user_pushes("by-hand.txt", "1\n");
    scene.forge.sync(&scene.id, super::scene::at(4)).await.unwrap();
    let diff = scene.diff(1, Range::Whole).await;
    assert_eq!(diff.files.len(), 1, "what others did is not shown as undone: {diff:?}");
    let patch = scene
        .forge
        .patch(&scene.id, 1, Range::Whole, &DiffOptions::default())
        .await
        .unwrap();
    assert!(
        patch.text.contains("+++ b/one.txt\n@@ -0,0 +1 @@\n+1\n"),
        "{}",
        patch.text
    );
}

pub async fn two_deliveries_are_compared_with_each_other(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    scene.deliver("feature/one", "one.txt", "2\n").await;
    scene.deliver("feature/one", "two.txt", "2\n").await;
    let between = scene.diff(1, Range::Between(1, 2)).await;
    assert_eq!(between.files.len(), 1);
    assert_eq!(changed(file_of(&between, "one.txt")), ["-1", "+2"]);
    assert_eq!(scene.diff(1, Range::PatchSet(1)).await.files.len(), 1);
    assert_eq!(scene.diff(1, Range::Whole).await.files.len(), 2);
    let told = scene.forge.interdiff(&scene.id, 1, 1, 3).await.unwrap();
    assert!(told.text.contains("write two.txt"), "{}", told.text);
}

pub async fn a_diff_that_is_too_long_is_cut_at_a_whole_line(stage: Stage) {
    let scene = Scene::small(stage).await;
    whole(&scene, |store| {
        for n in 0..9 {
            store.write(format!("file-{n}.txt"), "a line of text\n".repeat(200));
        }
    })
    .await;
    let most = 10_000;
    let options = DiffOptions {
        most,
        ..DiffOptions::default()
    };
    let diff = scene.forge.diff(&scene.id, 1, Range::Whole, &options).await.unwrap();
    assert!(diff.truncated);
    assert!((1..9).contains(&diff.files.len()), "{}", diff.files.len());
    for file in &diff.files {
        assert!(changed(file).iter().all(|line| line == "+a line of text"), "{file:?}");
    }
    // Wherever the cut falls, no half of a name or a line is taken for a whole one.
    for most in 1..600 {
        let options = DiffOptions {
            most,
            ..DiffOptions::default()
        };
        if most % 37 == 0 {
            let diff = scene.forge.diff(&scene.id, 1, Range::Whole, &options).await.unwrap();
            let sound = |file: &FileDiff| file.path().is_some_and(|path| path.to_string() == "file-0.txt");
            assert!(diff.truncated && diff.files.iter().all(sound), "{most}: {diff:?}");
        }
    }
    let patch = scene.forge.patch(&scene.id, 1, Range::Whole, &options).await.unwrap();
    assert!(patch.truncated && patch.text.len() <= most, "{}", patch.text.len());
}

pub async fn patch_sets_that_are_not_there_are_refused(stage: Stage) {
    let scene = Scene::small(stage).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    for range in [Range::PatchSet(2), Range::PatchSet(0), Range::Between(1, 2)] {
        let refused = scene
            .forge
            .diff(&scene.id, 1, range, &DiffOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(refused, ForgeError::Invalid { .. }), "{range:?}: {refused:?}");
    }
}

pub async fn a_commit_without_changes_is_an_empty_diff(stage: Stage) {
    let scene = Scene::small(stage).await;
    assert_eq!(whole(&scene, |_| ()).await, Diff::default());
}
