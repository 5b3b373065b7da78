//! Connecting a repository: what is refused, what is found, what people are told.

use team6_core::ids::RepositoryId;
use team6_core::sprint::MergeMethod;
use team6_testkit::repositories::Repository;

use super::scene::{Scene, Stage, name};
use crate::{CloneSource, ForgeError, Notice, RepositorySettings, StateFilter, TargetBranch};

fn settings(origin: impl Into<String>) -> RepositorySettings {
    RepositorySettings {
        id: RepositoryId::new("app").unwrap(),
        origin: origin.into(),
        branch: TargetBranch::Default,
        method: MergeMethod::Merge,
    }
}

pub async fn the_default_branch_is_found(stage: Stage) {
    let project = Repository::sample("two-crates");
    project.git(&["branch", "--move", "trunk"]);
    project.git(&["branch", "another"]);
    let scene = Scene::unconnected(stage, &project);
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    assert_eq!(connected.branch, name("trunk"));
    assert_eq!(connected.head.as_str(), project.head());
    assert_eq!(connected.notices, []);
}

pub async fn another_branch_is_taken_if_it_is_there(stage: Stage) {
    let project = Repository::sample("two-crates");
    project.branch("release/2").write("notes.md", "2\n");
    let head = project.commit("notes");
    project.switch("main");
    let mut scene = Scene::unconnected(stage, &project);
    scene.settings.branch = TargetBranch::Existing(name("release/2"));
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    assert_eq!(
        (connected.branch, connected.head.as_str()),
        (name("release/2"), head.as_str())
    );
    assert_eq!(scene.forge.base(&scene.id).await.unwrap().as_str(), head);
}

pub async fn a_branch_that_is_not_there_is_refused_with_similar_names(stage: Stage) {
    let project = Repository::sample("two-crates");
    project.git(&["branch", "develop"]);
    let mut scene = Scene::unconnected(stage, &project);
    scene.settings.branch = TargetBranch::Existing(name("develp"));
    let refused = scene.forge.connect(&scene.settings).await.unwrap_err();
    match &refused {
        ForgeError::UnknownBranch { near, .. } => assert_eq!(near.first().map(String::as_str), Some("develop")),
        other => panic!("{other:?}"),
    }
    assert!(!refused.is_retryable());
    // A refused connection leaves nothing behind.
    let unknown = scene.forge.base(&scene.id).await.unwrap_err();
    assert!(matches!(unknown, ForgeError::UnknownRepository { .. }), "{unknown:?}");
}

pub async fn a_missing_branch_is_made_when_asked_for(stage: Stage) {
    let mut scene = Scene::unconnected(stage, &Repository::sample("two-crates"));
    scene.settings.branch = TargetBranch::Create(name("team6"));
    for _ in 0..2 {
        let connected = scene.forge.connect(&scene.settings).await.unwrap();
        assert_eq!((connected.branch, connected.head), (name("team6"), scene.base()));
        assert_eq!(scene.origin.resolve("team6"), scene.origin.resolve("main"));
    }
}

pub async fn a_repository_without_commits_is_refused(stage: Stage) {
    let empty = Repository::empty().bare_clone();
    let refused = stage
        .forge
        .connect(&settings((stage.address)(empty.path())))
        .await
        .unwrap_err();
    assert!(matches!(refused, ForgeError::Empty { .. }), "{refused:?}");
    assert!(refused.to_string().contains("make the first commit"), "{refused}");
}

pub async fn an_origin_that_is_not_there_is_refused(stage: Stage) {
    let gone = Repository::empty().path().join("gone");
    let refused = stage
        .forge
        .connect(&settings((stage.address)(&gone)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            ForgeError::NotARepository { .. } | ForgeError::Unreachable { .. }
        ),
        "{refused:?}"
    );
    // A port on which nobody listens: it may come back, so trying again makes sense; passwords are not shown.
    let refused = stage
        .forge
        .connect(&settings("http://ada:s3cret@127.0.0.1:1/x.git"))
        .await
        .unwrap_err();
    assert!(matches!(refused, ForgeError::Unreachable { .. }), "{refused:?}");
    assert!(refused.is_retryable());
    assert!(!format!("{refused} {refused:?}").contains("s3cret"), "{refused:?}");
}

pub async fn odd_addresses_are_refused_before_anything_is_run(stage: Stage) {
    let trap = Repository::empty();
    let flag = trap.path().join("ran");
    let touch = format!("touch {}", flag.display());
    for odd in [
        String::new(),
        format!("ext::sh -c {touch}"),
        format!("--upload-pack={touch}"),
        format!("ssh://-oProxyCommand={}/x", touch.replace(' ', "${IFS}")),
        format!("-oProxyCommand={touch}:x"),
        "fd::17".to_owned(),
        "git://example.org/x.git".to_owned(),
        "ftp://example.org/x.git".to_owned(),
        "/tmp/a\nb".to_owned(),
        "https://example.org/\0x".to_owned(),
    ] {
        let refused = stage.forge.connect(&settings(odd.clone())).await.unwrap_err();
        assert!(
            matches!(refused, ForgeError::Invalid { .. } | ForgeError::Unreachable { .. }),
            "{odd:?}: {refused:?}"
        );
        assert!(!flag.exists(), "{odd:?} ran a program");
    }
}

pub async fn a_repository_that_was_never_connected_is_unknown(stage: Stage) {
    let id = RepositoryId::new("stranger").unwrap();
    let refused = stage.forge.base(&id).await.unwrap_err();
    assert!(matches!(refused, ForgeError::UnknownRepository { .. }), "{refused:?}");
    let refused = stage.forge.pull_request(&id, 1).await.unwrap_err();
    assert!(matches!(refused, ForgeError::UnknownRepository { .. }), "{refused:?}");
}

pub async fn connecting_again_changes_the_settings_and_keeps_pull_requests(stage: Stage) {
    let mut scene = Scene::small(stage).await;
    let opened = scene.offered("feature/one", "one.txt", "1\n").await;
    scene.settings.branch = TargetBranch::Create(name("next"));
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    assert_eq!(connected.branch, name("next"));
    let known = scene.forge.pull_requests(&scene.id, StateFilter::All).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].number, &known[0].base), (opened.number, &name("main")));
}

pub async fn submodules_and_large_file_pointers_are_told(stage: Stage) {
    let project = Repository::sample("two-crates");
    let library = Repository::sample("web-and-api");
    project.with_submodule("vendor/library", &library);
    project.with_lfs_pointer("logo.psd", 9_000);
    project.commit("more");
    let scene = Scene::unconnected(stage, &project);
    let connected = scene.forge.connect(&scene.settings).await.unwrap();
    let paths = vec!["vendor/library".to_owned()];
    assert_eq!(connected.notices, [Notice::Submodules { paths }, Notice::Lfs]);
}

pub async fn what_the_user_pushes_is_the_new_base(stage: Stage) {
    let scene = Scene::small(stage).await;
    let pushed = scene.user_pushes("by-hand.txt", "1\n");
    assert_eq!(scene.forge.base(&scene.id).await.unwrap().as_str(), pushed);
    // Also when history was rewritten there.
    scene.user.git(&["commit", "--quiet", "--amend", "--message", "anew"]);
    scene.user.git(&["push", "--quiet", "--force", "origin", "HEAD:main"]);
    assert_eq!(scene.forge.base(&scene.id).await.unwrap().as_str(), scene.user.head());
}

pub async fn mirrors_are_cloned_from_where_the_forge_says(stage: Stage) {
    let scene = Scene::small(stage).await;
    let head = scene.deliver("feature/one", "one.txt", "1\n").await;
    let source = match scene.forge.clone_source(&scene.id).await.unwrap() {
        CloneSource::Path(path) => path.display().to_string(),
        CloneSource::Url(url) => url,
    };
    let listed = scene.user.git(&["ls-remote", &source, "refs/heads/*"]);
    assert!(
        listed.contains(&format!("{}\trefs/heads/main", scene.base())),
        "{listed}"
    );
    assert!(listed.contains(&format!("{head}\trefs/heads/feature/one")), "{listed}");
}
