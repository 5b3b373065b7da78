//! Work that goes from one workspace into others while its agent goes on, and comes back.

use std::time::Duration;

use team6_core::ids::{BranchName, CommitId};
use team6_sandbox::TreeMark;
use team6_testkit::repositories::Repository;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::scene::{Scene, attempt, has_file};

pub async fn commits_are_brought_out_while_the_agent_goes_on(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    let script = "echo one > one.txt; git add .; git commit -qm one; echo half > half.txt; rm README.md; echo ready; \
                  read go; echo two > two.txt; git add -A; git commit -qm two; echo done";
    let mark = TreeMark::new(format!("scene-{}", std::process::id()), "agent").unwrap();
    let spec = scene.spec(&workspace, "sh", &["-euc", script]);
    let mut agent = scene.launch(spec, &mark).await;
    let mut said = BufReader::new(agent.stdout.take().unwrap()).lines();
    assert_eq!(said.next_line().await.unwrap().as_deref(), Some("ready"));

    let mut saved = scene.provisioner.save_commits(&workspace).await.unwrap();
    let saved = saved.remove(0);
    assert!(saved.changed && has_file(&saved, "one.txt"));
    assert!(
        !has_file(&saved, "half.txt"),
        "nothing is committed for an agent that goes on"
    );
    assert!(has_file(&saved, "README.md"));

    agent.stdin.take().unwrap().write_all(b"go\n").await.unwrap();
    assert_eq!(said.next_line().await.unwrap().as_deref(), Some("done"));
    agent.end(Duration::from_secs(20)).await;
    let imported = scene.imported(&workspace).await;
    assert!(has_file(&imported, "two.txt") && has_file(&imported, "half.txt"));
    let history = super::scene::in_store(&imported.store, &["rev-list", imported.head.as_str()]);
    assert!(
        history.contains(saved.head.as_str()),
        "the agent's branch goes on from it"
    );
}

pub async fn nothing_committed_yet_is_the_base(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let workspace = scene.workspace(&source).await;
    scene.agent(&workspace, "echo half > half.txt").await;
    let mut saved = scene.provisioner.save_commits(&workspace).await.unwrap();
    let saved = saved.remove(0);
    assert!(!saved.changed);
    assert_eq!(saved.head.as_str(), source.head());
}

pub async fn branches_of_others_can_be_merged(scene: &Scene) {
    let source = Repository::sample("two-crates");
    let base = source.head();
    source.git(&["checkout", "-qb", "feature/task-2-part"]);
    source.write("part.txt", "part\n").commit("a part");
    let part = CommitId::new(source.head()).unwrap();
    source.git(&["checkout", "-q", "main"]);
    assert_eq!(source.head(), base);
    let mut claim = scene.claim_of(&source);
    let branch = BranchName::new("feature/task-2-part").unwrap();
    claim.repositories[0].others = vec![(branch, part)];
    let workspace = scene.claimed(claim.clone()).await;
    let merged = "git merge -q --no-edit origin/feature/task-2-part; cat part.txt";
    assert_eq!(scene.agent(&workspace, merged).await, "part");
    let imported = scene.imported(&workspace).await;
    assert!(has_file(&imported, "part.txt"));
    scene.provisioner.release(workspace).await.unwrap();

    // It goes on from there, also when the base was claimed by others in between.
    claim.attempt = attempt(2);
    claim.repositories[0].start = Some(imported.head);
    let again = scene.claimed(claim).await;
    assert_eq!(
        scene
            .agent(
                &again,
                "cat part.txt; git rev-parse -q origin/feature/task-2-part >/dev/null"
            )
            .await,
        "part"
    );
}
