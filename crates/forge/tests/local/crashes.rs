//! The engine is ended before each call of git in turn; whoever asks again after the restart gets what was asked, once.
//!
//! Between two calls of git the forge changes nothing, so these are all the places where a crash can fall.

use std::path::PathBuf;
use std::sync::Arc;

use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;
use team6_forge::conformance::scene::{at, comment, merge, offer, review};
use team6_forge::conformance::{Scene, Stage};
use team6_forge::{ForgeError, MergeOutcome, PullRequest, State, StateFilter};
use team6_git::{Fuse, GitError};
use team6_testkit::repositories::Repository;

use crate::{forge, place};

/// No command here takes as many calls.
const MOST: u64 = 200;

/// A scene whose engine can be ended.
struct Fragile {
    _place: tempfile::TempDir,
    root: PathBuf,
    fuse: Fuse,
    scene: Scene,
}

impl Fragile {
    async fn new() -> Self {
        let (place, fuse) = (place(), Fuse::default());
        let root = place.path().join("forge");
        let stage = Stage {
            forge: Arc::new(forge(&root, &fuse)),
            address: |path| path.display().to_string(),
        };
        let scene = Scene::of(stage, &Repository::sample("two-crates")).await;
        Self {
            _place: place,
            root,
            fuse,
            scene,
        }
    }

    /// Ends the engine before call `k` of a command, starts it again and repeats the command. None if it needs no more than
    /// `k` calls, so that nothing was ended.
    async fn with_crash_at<T>(&mut self, k: u64, command: impl AsyncFn(&Scene) -> Result<T, ForgeError>) -> Option<T> {
        self.fuse.burn_after(k);
        let ended = command(&self.scene).await;
        self.fuse.replace();
        match ended {
            Ok(_) => return None,
            Err(ForgeError::Git(GitError::Interrupted { .. })) => {}
            Err(other) => panic!("a crash at call {k} looked like {other:?}"),
        }
        self.scene.forge = Arc::new(forge(&self.root, &self.fuse));
        Some(command(&self.scene).await.unwrap())
    }

    async fn all(&self) -> Vec<u64> {
        let all = self
            .scene
            .forge
            .pull_requests(&self.scene.id, StateFilter::All)
            .await
            .unwrap();
        all.into_iter().rev().map(|summary| summary.number).collect()
    }

    /// Nothing in the forge's repository is broken.
    fn is_sound(&self) {
        let git_dir = self.root.join(self.scene.id.as_str()).join("forge.git");
        let git_dir = format!("--git-dir={}", git_dir.display());
        self.scene.store.git(&[&git_dir, "fsck", "--strict", "--no-dangling"]);
        self.scene.origin.git(&["fsck", "--strict", "--no-dangling"]);
    }

    /// How long the origin's main branch is, by first parents.
    fn depth(&self) -> usize {
        let count = self
            .scene
            .origin
            .git(&["rev-list", "--count", "--first-parent", "main"]);
        count.parse().unwrap()
    }
}

#[tokio::test]
async fn connecting_is_done_once() {
    for k in 0..MOST {
        let mut fragile = Fragile::new().await;
        let settings = team6_forge::RepositorySettings {
            id: "second".parse().unwrap(),
            branch: team6_forge::TargetBranch::Create("team6".parse().unwrap()),
            ..fragile.scene.settings.clone()
        };
        let connected = fragile
            .with_crash_at(k, async |scene| scene.forge.connect(&settings).await)
            .await;
        assert_eq!(fragile.scene.origin.resolve("team6"), fragile.scene.base().as_str());
        let base = fragile.scene.forge.base(&settings.id).await.unwrap();
        assert_eq!(base, fragile.scene.base());
        let Some(connected) = connected else {
            return assert!(k > 5, "{k}");
        };
        assert_eq!((connected.branch.as_str(), connected.head), ("team6", base));
    }
    panic!("connecting never ended");
}

#[tokio::test]
async fn publishing_moves_a_branch_once() {
    let mut fragile = Fragile::new().await;
    for k in 0..MOST {
        let branch = format!("feature/{k}");
        let opened = fragile.scene.offered(&branch, "one.txt", "1\n").await;
        let before = opened.head().cloned();
        let second = fragile.scene.commit(&branch, "second", |store| {
            store.write("two.txt", "2\n");
        });
        let published = fragile
            .with_crash_at(k, async |scene| {
                scene.try_publish(&branch, &second, before.clone()).await
            })
            .await;
        let known = fragile
            .scene
            .forge
            .refresh(&fragile.scene.id, opened.number, at(5))
            .await
            .unwrap();
        assert_eq!(heads(&known), [before.as_ref().unwrap(), &second], "crash at {k}");
        match published {
            Some(published) => assert_eq!(published.pull_requests, [opened.number]),
            None => return fragile.is_sound(),
        }
    }
    panic!("publishing never ended");
}

#[tokio::test]
async fn one_pull_request_is_opened() {
    let mut fragile = Fragile::new().await;
    for k in 0..MOST {
        let branch = format!("feature/{k}");
        let head = fragile.scene.deliver(&branch, "one.txt", "1\n").await;
        let opened = fragile
            .with_crash_at(k, async |scene| {
                scene.forge.open_pull_request(&scene.id, &offer(&branch)).await
            })
            .await;
        assert_eq!(fragile.all().await, (1..=k + 1).collect::<Vec<_>>(), "crash at {k}");
        let Some(opened) = opened else {
            assert!(k > 5, "{k}");
            return fragile.is_sound();
        };
        assert_eq!((opened.number, heads(&opened)), (k + 1, vec![&head]));
        assert_eq!(fragile.scene.pull_request(k + 1).await, opened);
    }
    panic!("opening never ended");
}

#[tokio::test]
async fn one_review_is_added() {
    let mut fragile = Fragile::new().await;
    fragile.scene.offered("feature/one", "one.txt", "1\n").await;
    for k in 0..MOST {
        let new = review(&format!("r-{k}"), vec![comment("one.txt", Some(1), "why?")]);
        let posted = fragile
            .with_crash_at(k, async |scene| scene.forge.submit_review(&scene.id, 1, &new).await)
            .await;
        let known = fragile.scene.pull_request(1).await;
        let count = usize::try_from(k + 1).unwrap();
        assert_eq!(
            (known.reviews.len(), known.threads.len()),
            (count, count),
            "crash at {k}"
        );
        if posted.is_none() {
            return assert!(k > 5, "{k}");
        }
    }
    panic!("reviewing never ended");
}

#[tokio::test]
async fn one_merge_commit_is_made() {
    merged_once(MergeMethod::Merge, false).await;
}

#[tokio::test]
async fn one_squash_is_made() {
    merged_once(MergeMethod::Squash, false).await;
}

#[tokio::test]
async fn one_rebase_is_made() {
    merged_once(MergeMethod::Rebase, false).await;
}

#[tokio::test]
async fn one_merge_is_made_when_the_user_pushes_before_the_engine_is_back() {
    merged_once(MergeMethod::Squash, true).await;
}

#[tokio::test]
async fn a_merge_that_nobody_asks_for_again_is_found_by_looking() {
    let mut fragile = Fragile::new().await;
    let mut found = 0;
    for (k, method) in (0..MOST).zip(
        [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase]
            .into_iter()
            .cycle(),
    ) {
        let opened = fragile
            .scene
            .offered(&format!("feature/{k}"), &format!("{k}.txt"), "1\n")
            .await;
        let (number, head) = (opened.number, opened.head().unwrap().clone());
        let before = fragile.depth();
        let asked = std::sync::atomic::AtomicBool::new(false);
        let synced = fragile
            .with_crash_at(k, async |scene| {
                if asked.swap(true, std::sync::atomic::Ordering::Relaxed) {
                    return scene.forge.sync(&scene.id, at(20)).await.map(Some);
                }
                scene
                    .forge
                    .merge(&scene.id, number, &merge(method, &head))
                    .await
                    .map(|_| None)
            })
            .await;
        let Some(Some(synced)) = synced else {
            assert!(found > 0, "no crash fell between the push and the record of it");
            return fragile.is_sound();
        };
        let merged = fragile.depth() > before;
        let state = fragile.scene.pull_request(number).await.state;
        match state {
            State::Merged {
                method: by, at: when, ..
            } => {
                assert_eq!((merged, by, when), (true, Some(method), at(9)), "crash at {k}");
                found += usize::from(synced.changed == [number]);
            }
            other => assert_eq!((merged, other), (false, State::Open), "crash at {k}"),
        }
    }
    panic!("merging never ended");
}

/// A merge with a crash before each of its calls, and with a push of the user before it is asked again.
async fn merged_once(method: MergeMethod, pushes: bool) {
    let mut fragile = Fragile::new().await;
    for k in 0..MOST {
        let file = format!("{k}.txt");
        let opened = fragile.scene.offered(&format!("feature/{k}"), &file, "1\n").await;
        let (number, head) = (opened.number, opened.head().unwrap().clone());
        let before = fragile.depth();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let outcome = fragile
            .with_crash_at(k, async |scene| {
                if asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 && pushes {
                    scene.user_pushes(&format!("by-hand-{k}.txt"), "1\n");
                }
                scene.forge.merge(&scene.id, number, &merge(method, &head)).await
            })
            .await;
        let by_hand = usize::from(pushes && outcome.is_some());
        assert_eq!(
            fragile.depth(),
            before + 1 + by_hand,
            "crash at {k}: one merge, and what the user pushed"
        );
        assert_eq!(fragile.scene.file(&file), "1");
        let state = fragile.scene.pull_request(number).await.state;
        let State::Merged { commit, method: by, .. } = state else {
            panic!("crash at {k}: {state:?}")
        };
        assert_eq!(by, Some(method), "crash at {k}");
        let args = [
            "log",
            "--first-parent",
            "-m",
            "--diff-filter=A",
            "--format=%H",
            "main",
            "--",
            &file,
        ];
        assert_eq!(
            fragile.scene.origin.git(&args),
            commit.as_str(),
            "crash at {k}: what brought the file"
        );
        let again = fragile.scene.merged(number, method).await;
        assert_eq!((again, fragile.depth()), (commit.clone(), before + 1 + by_hand));
        match outcome {
            Some(outcome) => assert_eq!(outcome, MergeOutcome::Merged { commit }, "crash at {k}"),
            None => {
                assert!(k > 10, "{k}");
                return fragile.is_sound();
            }
        }
    }
    panic!("merging never ended");
}

fn heads(known: &PullRequest) -> Vec<&CommitId> {
    known.patch_sets.iter().map(|set| &set.head).collect()
}
