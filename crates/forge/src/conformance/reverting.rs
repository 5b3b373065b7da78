//! Taking merges back: whole, once, and nothing else.

use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;

use super::scene::{OWNER, Scene, Stage, at};
use crate::{Identity, Revert, RevertOutcome};

fn revert() -> Revert {
    Revert {
        key: "revert-1".into(),
        by: Identity {
            name: OWNER.0.into(),
            email: OWNER.1.into(),
        },
        message: "Revert it".into(),
        at: at(11),
    }
}

async fn tried(scene: &Scene) -> RevertOutcome {
    scene.forge.dry_run_revert(&scene.id, 1, &revert()).await.unwrap()
}

async fn reverted(scene: &Scene) -> RevertOutcome {
    scene.forge.revert(&scene.id, 1, &revert()).await.unwrap()
}

/// Two commits in one pull request.
async fn offered(stage: Stage) -> Scene {
    let scene = Scene::small(stage).await;
    scene.deliver("feature/one", "one.txt", "1\n").await;
    scene.deliver("feature/one", "two.txt", "2\n").await;
    scene.open("feature/one").await;
    scene
}

pub async fn a_merge_by_any_method_is_taken_back_whole_and_once(stage: Stage) {
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let scene = offered(stage.clone()).await;
        let before = scene.origin.git(&["rev-parse", "main^{tree}"]);
        scene.merged(1, method).await;
        let merged = scene.base();
        let RevertOutcome::Reverted { commit: foreseen } = tried(&scene).await else {
            panic!("{method:?} cannot be taken back")
        };
        assert_eq!(scene.base(), merged, "a dry run changes nothing");
        assert_eq!(reverted(&scene).await, RevertOutcome::Reverted { commit: foreseen });
        let base = scene.base();
        assert_eq!(scene.origin.git(&["rev-parse", "main^{tree}"]), before, "{method:?}");
        assert_eq!(
            scene.commit_of_origin("main", "%P|%an|%s").trim_end(),
            format!("{merged}|{}|Revert it", OWNER.0)
        );
        let known = scene.pull_request(1).await.reverted.unwrap();
        assert_eq!(known.commit, base);
        assert_eq!(reverted(&scene).await, RevertOutcome::Reverted { commit: base.clone() });
        assert_eq!(scene.base(), base, "twice is once");
    }
}

pub async fn later_work_stays_and_what_builds_on_the_merge_is_told_by_file(stage: Stage) {
    let scene = offered(stage.clone()).await;
    scene.merged(1, MergeMethod::Merge).await;
    scene.user_pushes("later.txt", "1\n");
    assert!(matches!(reverted(&scene).await, RevertOutcome::Reverted { .. }));
    assert_eq!(scene.file("later.txt"), "1");

    let scene = offered(stage).await;
    scene.merged(1, MergeMethod::Merge).await;
    let built_on = CommitId::new(scene.user_pushes("one.txt", "1 and more\n")).unwrap();
    for outcome in [tried(&scene).await, reverted(&scene).await] {
        let RevertOutcome::Conflicts { files } = outcome else {
            panic!("no conflict: {outcome:?}")
        };
        let paths: Vec<String> = files.iter().map(|conflict| conflict.path.shown()).collect();
        assert_eq!(paths, ["one.txt"]);
    }
    assert_eq!(scene.base(), built_on);
    assert_eq!(scene.pull_request(1).await.reverted, None);
}

pub async fn only_what_was_merged_from_here_is_taken_back(stage: Stage) {
    let scene = offered(stage).await;
    for why in ["it is not merged", "by other ways"] {
        for outcome in [tried(&scene).await, reverted(&scene).await] {
            assert!(
                matches!(&outcome, RevertOutcome::Refused { why: said, .. } if said.contains(why)),
                "{outcome:?}"
            );
        }
        // Somebody else brings it there.
        let head = scene.pull_request(1).await.head().unwrap().clone();
        scene.store.git(&["push", "--quiet", "origin", &format!("{head}:main")]);
        scene.forge.sync(&scene.id, at(10)).await.unwrap();
    }
}
