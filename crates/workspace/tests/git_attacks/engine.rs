//! What the engine does with a workspace after its agent: import, pull request, sweep, next claim.

use std::path::{Path, PathBuf};

use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;
use team6_forge::{
    DiffOptions, Forge, Identity, LocalForge, LocalForgeOptions, Merge, MergeOutcome, NewPullRequest, Publish, Range,
    RepositorySettings, TargetBranch,
};
use team6_git::{Fuse, Git};
use team6_testkit::repositories::Repository;
use team6_testkit::wait::within;
use team6_workspace::Imported;
use team6_workspace::contract::scene::BRANCH;

const NOW: Timestamp = Timestamp(1_767_225_600_000);
const SOON: std::time::Duration = std::time::Duration::from_secs(60);

/// The forge to which the work goes on.
pub(crate) struct Review {
    forge: LocalForge,
    pub(crate) root: PathBuf,
    settings: RepositorySettings,
}

impl Review {
    pub(crate) async fn of(place: &Path, origin: &Repository) -> Self {
        let engine = Identity {
            name: "Team6".into(),
            email: "team6@localhost".into(),
        };
        let root = place.join("forge");
        let review = Self {
            forge: LocalForge::new(LocalForgeOptions {
                root: root.clone(),
                git: Git::new("git".into(), Fuse::default()),
                engine,
                patience: SOON,
            }),
            root,
            settings: RepositorySettings {
                id: RepositoryId::new("app").unwrap(),
                origin: origin.path().display().to_string(),
                branch: TargetBranch::Default,
                method: MergeMethod::Merge,
            },
        };
        review.forge.connect(&review.settings).await.unwrap();
        review
    }

    /// Publishes, shows, and merges what was imported.
    pub(crate) async fn carry_through(&self, imported: &Imported) {
        let (forge, id) = (&self.forge, &self.settings.id);
        let branch = BranchName::new(BRANCH).unwrap();
        let publish = Publish {
            from: imported.store.clone(),
            commit: imported.head.clone(),
            branch: branch.clone(),
            expected: None,
            at: NOW,
        };
        forge.publish(id, &publish).await.unwrap();
        let new = NewPullRequest {
            key: "1".into(),
            branch,
            base: None,
            title: "A parser".into(),
            body: String::new(),
            author: "coder".into(),
            at: NOW,
        };
        let number = forge.open_pull_request(id, &new).await.unwrap().number;
        let options = DiffOptions::default();
        forge.diff(id, number, Range::Whole, &options).await.unwrap();
        forge.patch(id, number, Range::Whole, &options).await.unwrap();
        forge.mergeability(id, number).await.unwrap();
        let merge = Merge {
            key: "1".into(),
            method: MergeMethod::Merge,
            expected_head: CommitId::new(imported.head.as_str()).unwrap(),
            by: Identity {
                name: "Ada".into(),
                email: "ada@example.org".into(),
            },
            message: "A parser".into(),
            at: NOW,
        };
        let merging = within("a merge", SOON, forge.merge(id, number, &merge)).await.unwrap();
        assert!(matches!(merging, MergeOutcome::Merged { .. }), "{merging:?}");
    }
}
