//! Where the user's repository is, what it says to a push, and what the forge keeps of it.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use team6_core::sprint::MergeMethod;
use team6_forge::conformance::Scene;
use team6_forge::{ForgeError, MergeOutcome, State};
use team6_git::Fuse;
use team6_testkit::repositories::Repository;

use crate::{forge, open, place};

#[tokio::test]
async fn a_folder_of_a_repository_is_refused_with_the_repository_that_is_meant() {
    let place = place();
    let project = Repository::sample("two-crates");
    let mut scene = Scene::unconnected(open(place.path()), &project);
    let inner = project.path().join("crates/words");
    scene.settings.origin = inner.display().to_string();
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    assert!(matches!(refused, ForgeError::NotARepository { .. }), "{refused:?}");
    let root = format!("repository {};", project.path().display());
    assert!(refused.to_string().contains(&root), "{refused}");
    scene.settings.origin = place.path().display().to_string();
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    assert!(matches!(refused, ForgeError::NotARepository { .. }), "{refused:?}");
    assert!(refused.to_string().contains("git init"), "{refused}");
}

#[tokio::test]
async fn odd_places_are_taken_as_they_are() {
    let place = place();
    let origin = Repository::sample("two-crates").bare_clone();
    for (at, folder) in ["with space", "with:colon", "größe", "it's 100%"].iter().enumerate() {
        let path = place.path().join(folder);
        std::os::unix::fs::symlink(origin.path(), &path).unwrap();
        let escaped = path.display().to_string().replace('%', "%25").replace(' ', "%20");
        for (n, origin) in [path.display().to_string(), format!("file://{escaped}")]
            .into_iter()
            .enumerate()
        {
            let mut scene = Scene::unconnected(open(&place.path().join(format!("{at}-{n}"))), &Repository::empty());
            scene.settings.origin = origin;
            let connected = scene.forge.connect(&scene.settings).await;
            assert!(connected.is_ok(), "{}: {connected:?}", scene.settings.origin);
        }
    }
}

#[tokio::test]
async fn a_shallow_origin_is_refused_until_it_has_its_history() {
    let place = place();
    let project = Repository::sample("two-crates");
    project.commit("second");
    let shallow = place.path().join("shallow.git").display().to_string();
    project.git(&["clone", "--quiet", "--bare", "--depth=1", &project.url(), &shallow]);
    let mut scene = Scene::unconnected(open(place.path()), &project);
    scene.settings.origin = shallow.clone();
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    let next = format!("git -C {shallow} fetch --unshallow");
    assert!(refused.to_string().contains(&next), "{refused}");
    project.git(&["-C", &shallow, "fetch", "--quiet", "--unshallow"]);
    scene.forge.connect(&scene.settings).await.unwrap();
}

#[tokio::test]
async fn an_origin_that_refuses_a_push_is_quoted_and_the_pull_request_stays_open() {
    let place = place();
    let scene = Scene::small(open(place.path())).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let hook = scene.origin.path().join("hooks/pre-receive");
    scene.origin.write(
        "hooks/pre-receive",
        "#!/bin/sh\necho 'no merges on a Friday' >&2\nexit 1\n",
    );
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = scene.base();
    let outcome = scene.merge(1, MergeMethod::Merge).await;
    let MergeOutcome::Refused { why, .. } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.contains("no merges on a Friday"), "{why}");
    assert_eq!((scene.base(), scene.pull_request(1).await.state), (before, State::Open));
    std::fs::remove_file(hook).unwrap();
    scene.merged(1, MergeMethod::Merge).await;
}

#[tokio::test]
async fn an_origin_that_is_away_for_a_while_loses_nothing() {
    let place = place();
    let scene = Scene::small(open(place.path())).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let away = scene.origin.path().with_file_name("away");
    std::fs::rename(scene.origin.path(), &away).unwrap();
    let head = scene.pull_request(1).await.head().unwrap().clone();
    let merge = team6_forge::conformance::scene::merge(MergeMethod::Merge, &head);
    let refused = scene.forge.merge(&scene.id, 1, &merge).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused:?}");
    // What needs no origin goes on: deliveries, diffs, reviews.
    scene.deliver("feature/one", "one.txt", "2\n").await;
    assert_eq!(scene.pull_request(1).await.patch_sets.len(), 2);
    std::fs::rename(&away, scene.origin.path()).unwrap();
    scene.merged(1, MergeMethod::Merge).await;
}

#[tokio::test]
async fn a_restart_finds_everything_and_settings_are_private() {
    let place = place();
    let mut scene = Scene::small(open(place.path())).await;
    let before = scene.offered("feature/one", "one.txt", "1\n").await;
    scene.forge = open(place.path()).forge;
    assert_eq!(scene.pull_request(1).await, before);
    let settings = place
        .path()
        .join("forge")
        .join(scene.id.as_str())
        .join("forge.git/team6.json");
    let mode = std::fs::metadata(&settings).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "the address may hold a password");
    scene.merged(1, MergeMethod::Merge).await;
}

#[tokio::test]
async fn locks_that_a_killed_process_left_are_broken_when_they_are_old() {
    let place = place();
    let scene = Scene::small(open(place.path())).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let refs = place
        .path()
        .join("forge")
        .join(scene.id.as_str())
        .join("forge.git/refs");
    let old = SystemTime::now() - Duration::from_secs(3_600);
    for name in ["team6/changes/1/meta.lock", "heads/main.lock"] {
        let lock = std::fs::File::create(refs.join(name)).unwrap();
        lock.set_modified(old).unwrap();
    }
    scene.user_pushes("by-hand.txt", "1\n");
    // Whoever meets an old lock removes it; what came of the first try depends on where it was met.
    if scene.forge.base(&scene.id).await.is_err() {
        scene.forge.base(&scene.id).await.unwrap();
    }
    scene.merged(1, MergeMethod::Merge).await;
}

#[tokio::test]
async fn records_that_cannot_be_read_are_said_to_be_damaged() {
    let place = place();
    let scene = Scene::small(open(place.path())).await;
    scene.offered("feature/one", "one.txt", "1\n").await;
    let forge = forge(&place.path().join("forge"), &Fuse::default());
    let git_dir = place.path().join("forge").join(scene.id.as_str()).join("forge.git");
    let git_dir = format!("--git-dir={}", git_dir.display());
    // A branch's commit in the place of the record.
    let head = scene.pull_request(1).await.head().unwrap().to_string();
    scene
        .store
        .git(&[&git_dir, "update-ref", "refs/team6/changes/1/meta", &head]);
    let refused = team6_forge::Forge::pull_request(&forge, &scene.id, 1)
        .await
        .unwrap_err();
    assert!(!refused.is_retryable(), "{refused:?}");
    let refused = team6_forge::Forge::pull_requests(&forge, &scene.id, team6_forge::StateFilter::All).await;
    assert!(matches!(refused, Err(ForgeError::Damaged { .. })), "{refused:?}");
}
