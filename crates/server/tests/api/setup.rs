//! Setup commands of repositories: run once a repository is connected, before anybody asks for a workspace.

use serde_json::json;
use team6_testkit::repositories::Repository;
use team6_testkit::wait::wait_until;

use crate::client::LIMIT;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_command_of_a_connected_repository_is_run_in_a_sandbox_and_its_outcome_kept() {
    let mut server = Server::open().await;
    server.run();
    let source = Repository::sample("two-crates");
    source
        .write(
            ".team6/workspace.toml",
            "setup = \"mkdir target; id -un > target/made\"\n",
        )
        .commit("setup");
    let origin = source.bare_clone();
    server.client.post("/projects", json!({ "id": "shop" })).await.done();
    let connect = json!({ "id": "app", "origin": origin.path() });
    server.client.post("/projects/shop/repositories", connect).await.done();
    let setups = server.data().join("workspaces/repos/app/setups");
    let made = wait_until("what the setup command makes", LIMIT, async || {
        let entries = std::fs::read_dir(&setups).into_iter().flatten().flatten();
        let mut made = entries.map(|entry| entry.path().join("tree/target/made"));
        made.find(|made| made.exists())
            .ok_or_else(|| setups.display().to_string())
    })
    .await;
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
