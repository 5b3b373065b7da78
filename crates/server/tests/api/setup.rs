//! Setup commands of repositories: run once a repository is connected, before anybody asks for a workspace.

use std::path::PathBuf;

use serde_json::json;
use team6_testkit::repositories::Repository;
use team6_testkit::wait::wait_until;

use crate::client::LIMIT;
use crate::server::Server;

const MADE: &str = "tree/target/made";

/// A file that the setup command of a repository made, once it is there.
async fn made(server: &Server, repository: &str) -> PathBuf {
    let setups = server.data().join(format!("workspaces/repos/{repository}/setups"));
    wait_until("what the setup command makes", LIMIT, async || {
        let entries = std::fs::read_dir(&setups).into_iter().flatten().flatten();
        let mut made = entries.map(|entry| entry.path().join(MADE));
        made.find(|made| made.exists())
            .ok_or_else(|| setups.display().to_string())
    })
    .await
}

/// Connects a repository with a setup command to projects, under a name in each.
async fn connected(server: &mut Server, to: &[(&str, &str)]) -> Repository {
    server.run();
    let source = Repository::sample("two-crates");
    source
        .write(
            ".team6/workspace.toml",
            "setup = \"mkdir target; id -un > target/made\"\n",
        )
        .commit("setup");
    let origin = source.bare_clone();
    for (project, name) in to {
        server.client.post("/projects", json!({ "id": project })).await.done();
        let connect = json!({ "id": name, "origin": origin.path() });
        let repositories = format!("/projects/{project}/repositories");
        server.client.post(repositories, connect).await.done();
    }
    origin
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_command_of_a_connected_repository_is_run_in_a_sandbox_and_its_outcome_kept() {
    let mut server = Server::open().await;
    let _origin = connected(&mut server, &[("shop", "app")]).await;
    let made = made(&server, "app").await;
    assert_eq!(std::fs::read_to_string(made).unwrap(), "agent\n");
    let slots = server.data().join("workspaces/slots");
    wait_until("nothing else", LIMIT, async || {
        match std::fs::read_dir(&slots).unwrap().count() {
            0 => Ok(()),
            left => Err(format!("{left} workspaces")),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_projects_with_the_same_repository_do_not_disturb_each_others_setup() {
    let mut server = Server::open().await;
    let _origin = connected(&mut server, &[("shop", "app"), ("stock", "app-too")]).await;
    for repository in ["app", "app-too"] {
        let made = made(&server, repository).await;
        assert_eq!(std::fs::read_to_string(made).unwrap(), "agent\n", "{repository}");
    }
}
