//! Local files over the API: kept for the server's user alone, told of without their contents.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use team6_testkit::repositories::Repository;

use crate::client::Answer;
use crate::server::Server;

const SECRET: &str = "TOKEN=correct-horse-battery";
const FILES: &str = "/projects/shop/repositories/app/local-files";

async fn put(server: &Server, path: &str, content: impl Into<Vec<u8>>) -> Answer {
    let request = server.client.request(Method::PUT, format_args!("{FILES}?path={path}"));
    Answer::to(request.body(content.into())).await
}

async fn remove(server: &Server, path: &str) -> Answer {
    Answer::to(
        server
            .client
            .request(Method::DELETE, format_args!("{FILES}?path={path}")),
    )
    .await
}

async fn with_a_repository() -> (Server, Repository) {
    let (server, origin) = (Server::open().await, Repository::sample("two-crates").bare_clone());
    server.client.post("/projects", json!({ "id": "shop" })).await.done();
    let request = json!({ "id": "app", "origin": origin.path() });
    server.client.post("/projects/shop/repositories", request).await.done();
    (server, origin)
}

#[tokio::test]
async fn a_local_file_is_kept_for_the_servers_user_alone_and_told_without_its_content() {
    let (server, _origin) = with_a_repository().await;
    let listed = put(&server, ".env", SECRET).await.done();
    assert_eq!(
        (
            &listed["items"][0]["path"],
            &listed["items"][0]["size"],
            &listed["items"][0]["by"]
        ),
        (&json!(".env"), &json!(27), &json!("ada"))
    );
    assert_eq!(listed["items"][0]["kept"], true);
    let root = server.app.config().data.join("local-files");
    let modes = modes(&root);
    assert_eq!(modes, [0o700, 0o700, 0o700, 0o600], "{modes:?}");
    for path in [FILES, "/projects/shop", "/projects", "/log"] {
        let told = server.client.get(path).await;
        assert!(!told.text.contains("correct-horse"), "{path}: {}", told.text);
    }
    put(&server, ".env", "TOKEN=other").await.done();
    put(&server, "config/key.bin", [0, 159, 146, 150]).await.done();
    assert_eq!(
        server.client.get(FILES).await.done()["items"].as_array().unwrap().len(),
        2
    );
    remove(&server, ".env").await.done();
    remove(&server, ".env").await.refused(404, "no-such-local-file");
}

/// The rights of a folder and of what is in it, one in the other.
fn modes(path: &Path) -> Vec<u32> {
    let mut all = vec![std::fs::metadata(path).unwrap().permissions().mode() & 0o777];
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        all.extend(modes(&entry.path()));
    }
    all
}

#[tokio::test]
async fn paths_that_lead_elsewhere_and_files_that_are_too_large_are_refused() {
    let (server, _origin) = with_a_repository().await;
    for path in ["../x", "/etc/passwd", ".git/config", "a//b", ""] {
        put(&server, path, SECRET).await.refused(400, "bad-query");
    }
    put(&server, "big", vec![b'x'; (1 << 20) + 1])
        .await
        .refused(422, "local-file-too-large");
    put(&server, "huge", vec![b'x'; 5 << 20])
        .await
        .refused(422, "local-file-too-large");
    let tracked = put(&server, "Cargo.toml", SECRET).await;
    assert!(tracked.text.contains("app itself has Cargo.toml"), "{}", tracked.text);
    tracked.refused(422, "local-file-tracked");
    put(&server, "crates", SECRET).await.refused(422, "local-file-tracked");
    put(&server, "a", SECRET).await.done();
    put(&server, "a/b", SECRET).await.refused(409, "local-file-in-the-way");
    let elsewhere = "/projects/shop/repositories/web/local-files?path=.env";
    let answer = Answer::to(server.client.request(Method::PUT, elsewhere).body(SECRET)).await;
    answer.refused(404, "no-such-repository");
    let kept = std::fs::read_dir(server.app.config().data.join("local-files/shop")).unwrap();
    assert_eq!(kept.count(), 1);
}

#[tokio::test]
async fn another_repository_of_the_same_name_gets_no_file_of_the_one_before() {
    let (server, origin) = with_a_repository().await;
    put(&server, ".env", SECRET).await.done();
    Answer::to(server.client.request(Method::DELETE, "/projects/shop/repositories/app"))
        .await
        .done();
    assert!(!server.app.config().data.join("local-files/shop/app").exists());
    let request = json!({ "id": "app", "origin": origin.path() });
    server.client.post("/projects/shop/repositories", request).await.done();
    assert_eq!(server.client.get(FILES).await.done()["items"], json!([]));
}
