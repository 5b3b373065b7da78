//! Where attacks are tried: a task's workspace, a neighbour's, another repository, a secret, and somebody who trusts files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use team6_core::ids::BranchName;
use team6_testkit::repositories::Repository;
use team6_workspace::contract::scene::{BRANCH, attempt, has_file};
use team6_workspace::contract::{Scene, open_local};
use team6_workspace::{Claim, Files, Workspace};

use crate::attack::{Attack, Effect, Live};
use crate::engine::Review;

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

/// What stands in the secret, in the other repository and in the neighbour's work, and must not leave them.
const CONTENT: &str = "hunter2-and-nobody-else";
/// What must not be found where the engine keeps things: secrets, crafted commits, names that are options or commands.
const FORBIDDEN: [&str; 5] = [
    CONTENT,
    "crafted-commit",
    "--output=",
    "touch${IFS}",
    "refs/tags/origin/main",
];

/// What arms attacks with fewer words.
const ARMOURY: &str = r#"
trap_file() { mkdir -p "$(dirname $1)"; printf '#!/bin/sh\n%s\n' 'TRAP' > $1; chmod +x $1; }
nested() { git init -q $1; (cd $1; echo y > y.txt; git add .; git commit -qm nested); }
"#;

/// How somebody takes over what is in a workspace, into a repository of their own.
const TRUST: &str = r#"
carry() {
    git init -q --bare OUT
    git -C OUT fetch -q --upload-pack "env GIT_ALTERNATE_OBJECT_DIRECTORIES=$GIT_ALTERNATE_OBJECT_DIRECTORIES git upload-pack" \
        "$PWD" "+$1:refs/heads/carried"
}
pushed() {
    git push -q --receive-pack "env GIT_ALTERNATE_OBJECT_DIRECTORIES=$GIT_ALTERNATE_OBJECT_DIRECTORIES git receive-pack" \
        . HEAD:refs/heads/elsewhere
}
holds_secret() { git -C $1 cat-file --batch-all-objects --batch --buffer | grep -aq CONTENT; }
"#;

pub(crate) struct Ground {
    place: tempfile::TempDir,
    scene: Scene,
    source: Repository,
    origin: Repository,
    victim: Repository,
}

impl Ground {
    pub(crate) fn new(files: Option<Files>) -> Self {
        let place = tempfile::tempdir().unwrap();
        let scene = Scene::open(place.path(), |root| open_local(root, PROGRAMS, true, files));
        let source = Repository::sample("two-crates");
        let victim = Repository::empty();
        victim.write("password", CONTENT).commit("secret");
        std::fs::create_dir(place.path().join("machine")).unwrap();
        std::fs::write(place.path().join("machine/secret"), format!("{CONTENT}\n")).unwrap();
        Self {
            origin: source.bare_clone(),
            place,
            scene,
            source,
            victim,
        }
    }

    /// Whether the trap of an attack is sprung in a sandbox, when the agent itself runs git there.
    pub(crate) async fn springs_inside(&self, attack: &Attack) -> bool {
        let workspace = self.scene.workspace(&self.source).await;
        let words = self.words(&workspace, &workspace).await;
        let script = filled(
            &format!("{ARMOURY}{}; rm -f sprung; {}", attack.arm, attack.live[0].script),
            &words,
        );
        self.scene.agent(&workspace, &script).await;
        self.seen_of(&workspace, attack, "its agent").await.is_some()
    }

    /// Tries an attack on somebody who trusts the files, and on the engine; says what is not as it should be.
    pub(crate) async fn try_out(&self, attack: &Attack) -> Vec<String> {
        let (scene, name) = (&self.scene, &attack.name);
        let mut wrong = Vec::new();
        let neighbour = self.neighbour().await;
        let workspace = scene.workspace(&self.source).await;
        let words = self.words(&workspace, &neighbour).await;
        let arm = filled(
            &format!(
                "{ARMOURY} echo honest > honest.txt; git add .; git commit -qm honest
                 {}
                 rm -f sprung; cp -a . $HOME/copy",
                attack.arm
            ),
            &words,
        );
        scene.agent(&workspace, &arm).await;
        let (copy, _) = scene.exchange(&workspace);
        for live in &attack.live {
            if let Err(seen) = self.somebody_trusts(&copy.join("copy"), attack.effect, live, &words) {
                wrong.push(format!("{name} {} is no attack: {seen}", live.says));
            }
        }
        std::fs::remove_dir_all(copy.join("copy")).unwrap();

        let review = Review::of(self.place.path(), &self.origin).await;
        let imported = scene.try_import(&workspace).await;
        if let Ok(imported) = &imported {
            assert!(has_file(imported, "honest.txt"), "{name}: {imported:?}");
            review.carry_through(imported).await;
        }
        wrong.extend(self.seen_of(&workspace, attack, "the import").await);
        scene.provisioner.leave(workspace);
        let key = vec!["task-1".to_owned()];
        let swept = scene.provisioner.sweep(&key).await.unwrap();
        assert_eq!((swept.workspaces, swept.left_alone), (key, Vec::new()), "{name}");
        let next = Claim {
            attempt: attempt(3),
            ..scene.claim_of(&self.source)
        };
        let next = scene.claimed(next).await;
        let kept = scene.agent(&next, "cat honest.txt; git status --porcelain").await;
        assert_eq!(kept, "honest", "{name}: {imported:?}");
        wrong.extend(self.seen_of(&next, attack, "the next claim").await);
        scene.provisioner.release(next).await.unwrap();
        scene.provisioner.settle().await;
        wrong.extend(self.carried_off(&review, attack));
        wrong
    }

    /// Whether the trap left a trace, in a workspace or outside.
    async fn seen_of(&self, workspace: &Workspace, attack: &Attack, after: &str) -> Option<String> {
        let inside = self.scene.run(workspace, "test", &["-e", "sprung"]).await.success;
        let seen = inside || self.sprung().exists();
        seen.then(|| format!("{} was sprung by {after}", attack.name))
    }

    /// What of it is found where it must not be.
    fn carried_off(&self, review: &Review, attack: &Attack) -> Vec<String> {
        let mut stores = vec![self.origin.path().to_owned()];
        find_stores(&review.root, &mut stores);
        find_stores(&self.scene.root.join("repos"), &mut stores);
        assert!(stores.len() >= 3, "{stores:?}");
        let mut wrong = Vec::new();
        for store in stores {
            let everything = [
                &["cat-file", "--batch-all-objects", "--batch", "--buffer"][..],
                &["for-each-ref"][..],
            ];
            let text = everything.map(|args| in_git(&store, args)).concat();
            let found = FORBIDDEN.iter().filter(|word| text.contains(**word));
            wrong.extend(found.map(|word| format!("{}: {word} is in {}", attack.name, store.display())));
        }
        if !self.victim.git(&["status", "--porcelain"]).is_empty() {
            wrong.push(format!("{} changed another repository", attack.name));
        }
        wrong
    }

    /// A workspace of another task, in which there is work that nobody brought out yet.
    async fn neighbour(&self) -> Workspace {
        let claim = Claim {
            key: "task-2".into(),
            attempt: attempt(2),
            branch: Some(BranchName::new("feature/task-2").unwrap()),
            ..self.scene.claim_of(&self.source)
        };
        let workspace = self.scene.claimed(claim).await;
        let script = format!("echo {CONTENT} > theirs.txt; git add .; git commit -qm theirs");
        self.scene.agent(&workspace, &script).await;
        workspace
    }

    /// The words of scripts, the longer ones first.
    async fn words(&self, workspace: &Workspace, neighbour: &Workspace) -> Vec<(&'static str, String)> {
        let place = self.place.path().display();
        let theirs = neighbour.lies_at(&neighbour.root.join(".git")).unwrap();
        let head = self.scene.agent(neighbour, "git rev-parse HEAD").await;
        let (_, home) = self.scene.exchange(workspace);
        assert!(!home.is_empty() && workspace.root.is_absolute());
        vec![
            ("NEIGHBOUR_HEAD", head),
            ("NEIGHBOUR", theirs.display().to_string()),
            ("SECRET_FOLDER", format!("{place}/machine")),
            ("SECRET_NAME", "secret".into()),
            ("SECRET", format!("{place}/machine/secret")),
            ("CONTENT", CONTENT.into()),
            ("VICTIM", self.victim.path().display().to_string()),
            ("STOLEN", self.victim.head()),
            ("BRANCH", BRANCH.into()),
            ("OUT", format!("{place}/out")),
            // For the engine and whoever else runs it outside, and for what runs in the sandbox.
            (
                "TRAP",
                format!(
                    "{{ echo $0 >> {}; echo $0 >> {}/sprung; }} 2>/dev/null; true",
                    self.sprung().display(),
                    workspace.root.display()
                ),
            ),
        ]
    }

    fn sprung(&self) -> PathBuf {
        self.place.path().join("sprung")
    }

    /// Runs git of somebody's own, without any care, on what the agent left.
    fn somebody_trusts(
        &self,
        left: &Path,
        effect: Effect,
        live: &Live,
        words: &[(&str, String)],
    ) -> Result<(), String> {
        let place = self.place.path();
        let (theirs, out) = (place.join("theirs"), place.join("out"));
        for folder in [&theirs, &out] {
            let _ = std::fs::remove_dir_all(folder);
        }
        let copied = Command::new("cp").arg("-a").args([left, &theirs]).status();
        assert!(copied.unwrap().success());
        std::fs::create_dir(&out).unwrap();
        let output = Command::new("sh")
            .args(["-euc", &filled(&format!("{TRUST}{}", live.script), words)])
            .current_dir(&theirs)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &out)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            // What the workspace was lent lies elsewhere outside of a sandbox.
            .env(
                "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                self.scene.root.join("repos/app/mirror.git/objects"),
            )
            .output()
            .unwrap();
        let trace = std::fs::read_to_string(self.sprung());
        let _ = std::fs::remove_file(self.sprung());
        let worked = match effect {
            Effect::Runs => trace.is_ok_and(|trace| trace.contains(live.says)),
            Effect::Shows => output.status.success(),
        };
        let seen = || format!("{output:?}").chars().take(2_000).collect();
        worked.then_some(()).ok_or_else(seen)
    }
}

fn filled(script: &str, words: &[(&str, String)]) -> String {
    let mut script = script.to_owned();
    for (word, value) in words {
        script = script.replace(word, value);
    }
    script
}

/// Every git folder below this one.
fn find_stores(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("HEAD").is_file() && folder.join("objects").is_dir() {
        found.push(folder.to_owned());
        return;
    }
    // What lies below workspaces is whole only together with what lies over it.
    if folder.file_name().is_some_and(|name| name == "generations") {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_stores(&entry.path(), found);
        }
    }
}

/// What git says of a store, as text.
fn in_git(store: &Path, args: &[&str]) -> String {
    let output = team6_workspace::contract::scene::store_git(store, args);
    assert!(output.status.success(), "{}: {output:?}", store.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
