//! The checks of a repository over the API: set by people, or found in its files and accepted.

use reqwest::Method;
use serde_json::json;
use team6_testkit::repositories::Repository;

use crate::client::Answer;
use crate::server::Server;

const CHECKS: &str = "/projects/shop/repositories/app/checks";
const FOUND: &str = "/projects/shop/repositories/app/found-checks";

async fn with_a_repository() -> (Server, Repository) {
    let (server, origin) = (Server::open().await, Repository::sample("two-crates").bare_clone());
    server.client.post("/projects", json!({ "id": "shop" })).await.done();
    let request = json!({ "id": "app", "origin": origin.path() });
    server.client.post("/projects/shop/repositories", request).await.done();
    (server, origin)
}

#[tokio::test]
async fn checks_are_set_listed_in_their_order_and_removed() {
    let (server, _origin) = with_a_repository().await;
    let test = json!({ "name": "test", "command": "cargo test" });
    server.client.post(CHECKS, test.clone()).await.done();
    let lint = json!({ "name": "lint", "command": "cargo clippy", "seconds": 60 });
    server.client.post(CHECKS, lint).await.done();
    let listed = server.client.get(CHECKS).await.done();
    assert_eq!(
        listed["items"],
        json!([
            { "name": "test", "command": "cargo test", "seconds": 600 },
            { "name": "lint", "command": "cargo clippy", "seconds": 60 },
        ])
    );
    server.client.post(CHECKS, test).await.refused(409, "check-exists");
    let remove = |name: &str| {
        let request = server.client.request(Method::DELETE, format_args!("{CHECKS}/{name}"));
        Answer::to(request.json(&json!({})))
    };
    remove("lint").await.done();
    remove("lint").await.refused(404, "no-such-check");
    let empty = json!({ "name": "empty", "command": " " });
    server.client.post(CHECKS, empty).await.refused(422, "bad-check");
    let elsewhere = server.client.get("/projects/shop/repositories/web/checks").await;
    elsewhere.refused(404, "no-such-repository");
}

#[tokio::test]
async fn what_a_repositorys_files_speak_of_is_found_and_run_only_when_somebody_accepts_it() {
    let (server, _origin) = with_a_repository().await;
    let found = server.client.get(FOUND).await.done();
    assert_eq!(found["items"][0]["check"]["command"], "cargo test", "{found}");
    assert_eq!(found["items"][0]["because"], "Cargo.toml is there");
    assert_eq!(server.client.get(CHECKS).await.done()["items"], json!([]));
    server
        .client
        .post(CHECKS, found["items"][0]["check"].clone())
        .await
        .done();
    assert_eq!(server.client.get(FOUND).await.done()["items"], json!([]));
}
