//! Everyday git, with objects that are borrowed and, where layers are put together, folders that come from below.

use team6_testkit::repositories::Repository;
use team6_workspace::contract::Scene;
use team6_workspace::contract::scene::{changes, file, in_store};

use crate::place::work;

pub(crate) async fn a_folder_of_the_repository_is_moved_and_committed(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let script = "git mv crates packages; sed -i s/crates/packages/ Cargo.toml CODEOWNERS
                  git commit -qam 'Move the packages'
                  git mv packages/words packages/text; git commit -qm 'A better name'
                  git status --porcelain; ls packages; git log -3 --format=%s; git fsck --strict 2>&1";
    let said = work(scene, &workspace, script).await;
    assert_eq!(said, "cli\ntext\nA better name\nMove the packages\nfirst");
    let imported = scene.imported(&workspace).await;
    assert_eq!(imported.notices, Vec::<String>::new());
    assert_eq!(
        changes(&imported, &source.head()),
        "M\tCODEOWNERS\nM\tCargo.toml\nD\tcrates/cli/Cargo.toml\nD\tcrates/cli/src/main.rs\n\
         D\tcrates/words/Cargo.toml\nD\tcrates/words/src/lib.rs\nA\tpackages/cli/Cargo.toml\n\
         A\tpackages/cli/src/main.rs\nA\tpackages/text/Cargo.toml\nA\tpackages/text/src/lib.rs"
    );
    let moved = in_store(
        &imported.store,
        &[
            "log",
            "--follow",
            "--format=%s",
            imported.head.as_str(),
            "--",
            "packages/text/src/lib.rs",
        ],
    );
    assert_eq!(moved, "A better name\nMove the packages\nfirst");
}

pub(crate) async fn a_rebase_with_a_conflict_comes_to_its_end(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("a.txt", "base\n").commit("second");
    let workspace = scene.workspace(&source).await;
    let script = "git branch upstream
                  echo mine > a.txt; git commit -qam mine; echo more > b.txt; git add b.txt; git commit -qm more
                  git checkout -q upstream; echo theirs > a.txt; git commit -qam theirs; git checkout -q -
                  git rebase -q upstream >&2 && exit 1
                  git diff --name-only --diff-filter=U
                  printf 'theirs and mine\\n' > a.txt; git add a.txt; GIT_EDITOR=true git rebase --continue >&2
                  git status --porcelain; git log --format=%s";
    let said = work(scene, &workspace, script).await;
    assert_eq!(said, "a.txt\nmore\nmine\ntheirs\nsecond\nfirst");
    let imported = scene.imported(&workspace).await;
    assert_eq!(file(&imported, "a.txt"), "theirs and mine");
    assert_eq!(changes(&imported, &source.head()), "M\ta.txt\nA\tb.txt");
    assert_eq!(imported.notices, Vec::<String>::new());
}

pub(crate) async fn a_stash_comes_back_after_other_work(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let script = "echo begun >> README.md; echo new > new.txt; git stash -qu; git status --porcelain
                  echo urgent > urgent.txt; git add .; git commit -qm urgent
                  git stash pop -q; git stash list; git status --porcelain";
    let said = work(scene, &workspace, script).await;
    assert_eq!(said, " M README.md\n?? new.txt");
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "M\tREADME.md\nA\tnew.txt\nA\turgent.txt"
    );
}

pub(crate) async fn everything_is_there_after_garbage_was_collected(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let script = "for n in 1 2 3 4 5; do echo $n > $n.txt; git add .; git commit -qm $n; done
                  git reset -q --hard HEAD~1; git reflog expire --expire=now --all; git gc -q --prune=now --aggressive
                  git repack -qad; git fsck --full --strict 2>&1; git status --porcelain; git log --format=%s; git count-objects";
    let said = work(scene, &workspace, script).await;
    assert_eq!(said, "4\n3\n2\n1\nfirst\n0 objects, 0 kilobytes");
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\t1.txt\nA\t2.txt\nA\t3.txt\nA\t4.txt"
    );
    assert_eq!(imported.notices, Vec::<String>::new());
}

pub(crate) async fn a_second_work_tree_is_worked_in(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let script = "git worktree add -q $TMPDIR/beside -b beside 2>&1; cd $TMPDIR/beside
                  ls Cargo.toml; echo beside > beside.txt; git add .; git commit -qm beside; git status --porcelain; cd - >/dev/null
                  git merge -q beside; cat beside.txt; git worktree remove $TMPDIR/beside; git worktree list | wc -l";
    let said = work(scene, &workspace, script).await;
    assert_eq!(said, "Cargo.toml\nbeside\n1");
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &source.head()), "A\tbeside.txt");
}
