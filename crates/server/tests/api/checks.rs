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

#[tokio::test]
async fn checks_over_several_repositories_are_the_projects_and_go_with_a_repository_that_they_name() {
    let (server, _origin) = with_a_repository().await;
    let other = Repository::sample("two-crates").bare_clone();
    let web = json!({ "id": "web", "origin": other.path() });
    server.client.post("/projects/shop/repositories", web).await.done();
    const TOGETHER: &str = "/projects/shop/checks";
    let contract = |name: &str, repositories: &[&str]| {
        let body = json!({ "name": name, "repositories": repositories, "command": "make contract" });
        server.client.post(TOGETHER, body)
    };
    contract("contract", &["app"]).await.refused(422, "bad-check");
    contract("contract", &["app", "docs"])
        .await
        .refused(404, "no-such-repository");
    contract("contract", &["web", "app"]).await.done();
    contract("contract", &["web", "app"]).await.refused(409, "check-exists");
    // By its name it is known what a receipt is of.
    let own = json!({ "name": "contract", "command": "make test" });
    server.client.post(CHECKS, own).await.refused(409, "check-exists");
    server
        .client
        .post(CHECKS, json!({ "name": "test", "command": "make test" }))
        .await
        .done();
    contract("test", &["web", "app"]).await.refused(409, "check-exists");
    let listed = server.client.get(TOGETHER).await.done();
    let expected =
        json!({ "name": "contract", "command": "make contract", "seconds": 600, "together": ["app", "web"] });
    assert_eq!(listed["items"], json!([expected]));
    let remove = |path: String| {
        Answer::to(
            server
                .client
                .request(Method::DELETE, format_args!("{path}"))
                .json(&json!({})),
        )
    };
    remove(format!("{TOGETHER}/other")).await.refused(404, "no-such-check");
    remove("/projects/shop/repositories/web".to_owned()).await.done();
    assert_eq!(server.client.get(TOGETHER).await.done()["items"], json!([]));
}
