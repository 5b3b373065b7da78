//! Workspaces of repositories with submodules: their files are there, and what is done in them is kept.

use std::fs;
use std::path::Path;

use team6_sandbox::reach::Mount;
use team6_testkit::repositories::Repository;

use super::scene::{Scene, attempt, changes, in_store};
use crate::{Claim, RECIPE_FILE};

/// A repository `app` whose submodule `libs/words` has one itself, `deep`; each lies beside the one that it is in.
struct Family {
    app: Repository,
    words: Repository,
    deep: Repository,
}

impl Family {
    fn new() -> Self {
        let (app, words, deep) = (
            Repository::sample("two-crates"),
            Repository::empty(),
            Repository::empty(),
        );
        deep.write("deep.txt", "deep\n").commit("deep");
        words.write("words.txt", "words\n").commit("words");
        let family = Self { app, words, deep };
        family.publish();
        family
            .words
            .git(&["submodule", "--quiet", "add", "--", &family.beside("deep"), "deep"]);
        family
            .words
            .git(&["config", "--file", ".gitmodules", "submodule.deep.url", "../deep.git"]);
        family.words.commit("with deep");
        family.publish();
        family.app.git(&[
            "submodule",
            "--quiet",
            "add",
            "--",
            &family.beside("words"),
            "libs/words",
        ]);
        family.address("../words.git").app.commit("with words");
        family
    }

    /// Puts the newest state of the submodules to where the repository finds them.
    fn publish(&self) {
        for (name, from) in [("words", &self.words), ("deep", &self.deep)] {
            let place = self.folder().join(format!("{name}.git"));
            let _ = fs::remove_dir_all(&place);
            from.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
        }
    }

    fn folder(&self) -> &std::path::Path {
        self.app.path().parent().unwrap()
    }

    fn beside(&self, name: &str) -> String {
        self.folder().join(format!("{name}.git")).display().to_string()
    }

    /// Says where the submodule comes from.
    fn address(&self, address: &str) -> &Self {
        self.app
            .git(&["config", "--file", ".gitmodules", "submodule.libs/words.url", address]);
        self
    }
}

const STATUS: &str = "git status --porcelain --ignore-submodules=none; git -C libs/words status --porcelain";

pub async fn the_files_of_submodules_are_there_at_their_commits(scene: &Scene) {
    let family = Family::new();
    let workspace = scene.workspace(&family.app).await;
    assert_eq!(
        scene
            .agent(&workspace, "cat libs/words/words.txt libs/words/deep/deep.txt")
            .await,
        "words\ndeep"
    );
    assert_eq!(scene.agent(&workspace, STATUS).await, "");
    let states = scene.agent(&workspace, "git submodule status --recursive").await;
    let states: Vec<&str> = states.lines().collect();
    assert!(
        states[0].starts_with(&format!(" {} libs/words", family.words.head())),
        "{states:?}"
    );
    assert!(
        states[1].starts_with(&format!(" {} libs/words/deep", family.deep.head())),
        "{states:?}"
    );
    let told = "the files of its submodules are there (libs/words, libs/words/deep)";
    assert!(
        workspace.notices.iter().any(|notice| notice.contains(told)),
        "{workspace:?}"
    );
    let nothing = scene.imported(&workspace).await;
    assert!(!nothing.changed && nothing.notices.is_empty(), "{nothing:?}");
}

pub async fn work_in_a_submodule_is_kept_aside_and_told(scene: &Scene) {
    let family = Family::new();
    for (script, kept) in [
        ("echo x > x.txt", "A\tx.txt"),
        (
            "echo x > x.txt; git add .; git commit -qm x; rm words.txt",
            "D\twords.txt\nA\tx.txt",
        ),
        (
            "git checkout -q -b mine; echo x >> words.txt; git commit -qam x",
            "M\twords.txt",
        ),
        ("echo x > x.txt; rm -rf .git", "A\tx.txt"),
        ("rm words.txt", "D\twords.txt"),
    ] {
        let workspace = scene.workspace(&family.app).await;
        scene
            .agent(&workspace, &format!("echo app > app.txt; cd libs/words; {script}"))
            .await;
        let imported = scene.imported(&workspace).await;
        assert_eq!(changes(&imported, &family.app.head()), "A\tapp.txt", "{script}");
        let notices = imported.notices.join("\n");
        let told = "the work in the submodule libs/words of app cannot be delivered with app";
        assert!(
            notices.contains(told) && notices.contains("as a repository of the task"),
            "{notices}"
        );
        let store = notices
            .split(" of ")
            .find_map(|part| part.split(". Add").next()?.strip_suffix("import.git"));
        let store = std::path::PathBuf::from(format!("{}import.git", store.unwrap()));
        let changed = ["diff", "--name-status", &family.words.head(), "refs/team6/work/task-1"];
        assert_eq!(in_store(&store, &changed), kept, "{script}");
        discard_all(scene, workspace).await;
    }
}

pub async fn work_in_a_submodule_of_a_submodule_is_kept_as_well(scene: &Scene) {
    let family = Family::new();
    let workspace = scene.workspace(&family.app).await;
    scene.agent(&workspace, "echo x > libs/words/deep/x.txt").await;
    let imported = scene.imported(&workspace).await;
    assert!(!imported.changed, "{imported:?}");
    assert_eq!(imported.notices.len(), 1, "{imported:?}");
    assert!(
        imported.notices[0].contains("submodule libs/words/deep of app"),
        "{imported:?}"
    );
}

pub async fn a_submodule_can_be_removed_and_moved_to_what_others_have(scene: &Scene) {
    let family = Family::new();
    let workspace = scene.workspace(&family.app).await;
    scene
        .agent(
            &workspace,
            "git -C libs/words checkout -q HEAD~1; git add libs/words; git commit -qm older",
        )
        .await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &family.app.head()), "M\tlibs/words");
    assert!(imported.notices.is_empty(), "{imported:?}");
    let script = "cd libs/words; echo x > x; git add .; git commit -qm x; cd -; git add libs/words; git commit -qm own";
    scene.agent(&workspace, script).await;
    let told = scene.imported(&workspace).await.notices.join("\n");
    assert!(told.contains("now names commit") && told.contains("which "), "{told}");
    discard_all(scene, workspace).await;

    let workspace = scene.workspace(&family.app).await;
    scene.agent(&workspace, "rm -rf libs/words").await;
    let imported = scene.imported(&workspace).await;
    assert_eq!(changes(&imported, &family.app.head()), "D\tlibs/words");
}

pub async fn a_later_attempt_has_the_submodules_of_its_own_commit(scene: &Scene) {
    let family = Family::new();
    let first = scene.workspace(&family.app).await;
    scene
        .agent(
            &first,
            "git -C libs/words checkout -q HEAD~1; git add libs/words; git commit -qm older",
        )
        .await;
    let left = scene.imported(&first).await;
    scene.provisioner.release(first).await.unwrap();
    let mut claim = Claim {
        attempt: attempt(2),
        ..scene.claim_of(&family.app)
    };
    claim.repositories[0].start = Some(left.head);
    let second = scene.claimed(claim).await;
    assert_eq!(scene.agent(&second, STATUS).await, "");
    assert_eq!(
        scene.agent(&second, "cd libs/words; ls; git log -1 --format=%s").await,
        "words.txt\nwords"
    );
    scene.agent(&second, "echo y > y.txt; echo x > libs/words/x.txt").await;
    let imported = scene.imported(&second).await;
    assert_eq!(changes(&imported, &family.app.head()), "M\tlibs/words\nA\ty.txt");
    assert_eq!(imported.notices.len(), 2, "{imported:?}");
}

pub async fn submodules_move_with_the_base(scene: &Scene) {
    let family = Family::new();
    let listed = async |key: &str| {
        let claim = Claim {
            key: key.into(),
            ..scene.claim_of(&family.app)
        };
        let workspace = scene.claimed(claim).await;
        assert_eq!(scene.agent(&workspace, "git status --porcelain").await, "", "{key}");
        scene.agent(&workspace, "ls libs/words 2>/dev/null || true").await
    };
    assert_eq!(listed("task-1").await, "deep\nwords.txt");
    family.app.write("new.txt", "n").commit("beside");
    assert_eq!(listed("task-2").await, "deep\nwords.txt");
    family.words.write("more.txt", "m").commit("more");
    family.publish();
    family.app.git(&["-C", "libs/words", "fetch", "-q"]);
    family
        .app
        .git(&["-C", "libs/words", "checkout", "-q", &family.words.head()]);
    family.app.commit("newer words");
    assert_eq!(listed("task-3").await, "deep\nmore.txt\nwords.txt");
    family.app.git(&["rm", "-qf", "libs/words"]);
    family.app.commit("without");
    assert_eq!(listed("task-4").await, "");
}

pub async fn what_cannot_be_had_of_submodules_is_told_and_had_later(scene: &Scene) {
    let family = Family::new();
    let away = family.folder().join("away.git");
    fs::rename(family.beside("words"), &away).unwrap();
    let first = scene.workspace(&family.app).await;
    let told = first.notices.join("\n");
    assert!(
        told.contains("app: the submodule libs/words is left empty: cannot be fetched"),
        "{told}"
    );
    assert_eq!(scene.agent(&first, "ls libs/words; git status --porcelain").await, "");
    scene.provisioner.release(first).await.unwrap();
    fs::rename(away, family.beside("words")).unwrap();
    let second = scene.workspace(&family.app).await;
    assert_eq!(scene.agent(&second, "cat libs/words/words.txt").await, "words");
    assert_eq!(scene.agent(&second, STATUS).await, "");
}

pub async fn addresses_that_lead_into_the_machine_are_not_followed(scene: &Scene) {
    let family = Family::new();
    let elsewhere = Repository::sample("web-and-api");
    for address in [
        elsewhere.url(),
        "ext::sh -c touch% /tmp/pwned".into(),
        "../../etc".into(),
    ] {
        family.address(&address).app.commit("elsewhere");
        let workspace = scene.workspace(&family.app).await;
        let told = workspace.notices.join("\n");
        assert!(
            told.contains("app: the submodule libs/words is left empty: its address"),
            "{told}"
        );
        assert_eq!(scene.agent(&workspace, "ls libs/words").await, "");
        discard_all(scene, workspace).await;
    }
    family
        .address("../words.git")
        .app
        .write(RECIPE_FILE, "submodules = false\n")
        .commit("without");
    let workspace = scene.workspace(&family.app).await;
    assert_eq!(
        scene.agent(&workspace, "ls libs/words; git status --porcelain").await,
        ""
    );
    let told = workspace.notices.join("\n");
    assert!(
        told.contains("folders are left empty, as .team6/workspace.toml says"),
        "{told}"
    );
}

async fn discard_all(scene: &Scene, workspace: crate::Workspace) {
    scene.provisioner.release(workspace).await.unwrap();
    scene.provisioner.sweep(&[]).await.unwrap();
}

pub async fn a_link_above_a_submodule_leads_to_nothing_of_the_machine(scene: &Scene) {
    let family = Family::new();
    let workspace = scene.workspace(&family.app).await;
    if workspace.boxed.is_none() {
        // An agent there can do by itself whatever the engine's user can.
        #[allow(
            clippy::print_stderr,
            reason = "who runs the tests must know that one shows nothing here"
        )]
        {
            eprintln!("not shown here: without a sandbox nothing is the machine's alone");
        }
        return;
    }
    // Seen from the folder that the engine knows, the link leads to another's; in the sandbox, to what is the agent's own.
    let (others, link) = match workspace.boxed.iter().flat_map(|boxed| &boxed.view).any(is_overlay) {
        true => (scene.root.join("slots/caches/npm"), "../../../../caches/npm"),
        false => (scene.root.join("slots/caches/npm"), "../../caches/npm"),
    };
    fs::create_dir_all(others.join("words")).unwrap();
    fs::write(others.join("words/big"), "another's").unwrap();
    let script = format!(
        "mv libs/words /caches/npm/words; rm -rf libs; ln -s {link} libs; truncate -s 513M /caches/npm/words/big"
    );
    scene.agent(&workspace, &script).await;
    let imported = scene.imported(&workspace).await;
    let kept = fs::read_to_string(others.join("words/big")).unwrap();
    assert_eq!(kept, "another's", "{imported:?}");
}

/// Whether it shows layers at the workspace.
fn is_overlay(mount: &Mount) -> bool {
    matches!(mount, Mount::Overlay { at, .. } if at == Path::new("/ws"))
}
