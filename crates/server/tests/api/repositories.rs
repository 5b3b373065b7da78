//! Repositories that cannot be connected, and what people are told instead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use reqwest::Method;
use serde_json::{Value, json};
use team6_testkit::repositories::Repository;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::client::Answer;
use crate::server::{Server, plan};

const PASSWORD: &str = "s3cret-w0rd";

/// Connects something to the project `shop`, which is made where needed.
async fn connects(server: &Server, request: Value) -> Answer {
    server.client.post("/projects", json!({ "id": "shop" })).await;
    server.client.post("/projects/shop/repositories", request).await
}

async fn connects_origin(server: &Server, origin: impl AsRef<Path>) -> Answer {
    connects(server, json!({ "id": "app", "origin": origin.as_ref() })).await
}

async fn nothing_is_kept(server: &Server) {
    assert_eq!(
        server.client.get("/projects/shop").await.done()["repositories"],
        json!({})
    );
}

#[tokio::test]
async fn a_folder_that_is_no_repository_is_refused_with_what_to_do() {
    let server = Server::open().await;
    let folder = tempfile::tempdir().unwrap();
    let text = connects_origin(&server, folder.path())
        .await
        .refused(422, "not-a-repository");
    assert!(
        text.contains(&folder.path().display().to_string()) && text.contains("git init"),
        "{text}"
    );
    let nowhere = folder.path().join("nowhere");
    let text = connects_origin(&server, &nowhere)
        .await
        .refused(422, "not-a-repository");
    assert!(text.contains("no such folder"), "{text}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    connects_origin(&server, &file).await.refused(422, "not-a-repository");
    let inside = Repository::sample("two-crates");
    let text = connects_origin(&server, inside.path().join("crates"))
        .await
        .refused(422, "not-a-repository");
    assert!(text.contains(&inside.path().display().to_string()), "{text}");
    nothing_is_kept(&server).await;
}

#[tokio::test]
async fn a_repository_without_commits_is_refused_until_it_has_one() {
    let server = Server::open().await;
    let empty = Repository::empty();
    let text = connects_origin(&server, empty.path())
        .await
        .refused(422, "repository-empty");
    assert!(text.contains("commit"), "{text}");
    nothing_is_kept(&server).await;
    empty.write("README.md", "Hello\n").commit("first");
    empty.git(&["switch", "--quiet", "--detach"]);
    connects_origin(&server, empty.path()).await.done();
}

#[tokio::test]
async fn a_branch_that_is_not_there_is_refused_with_those_that_are() {
    let server = Server::open().await;
    let origin = Repository::sample("two-crates").branch("mainline").bare_clone();
    let request = |branch: &str, create: bool| json!({ "id": "app", "origin": origin.path(), "branch": branch, "create_branch": create });
    let problem = connects(&server, request("maim", false))
        .await
        .problem(422, "no-such-branch");
    assert_eq!(problem["near"], json!(["main", "mainline"]));
    connects(&server, request("no branch", false))
        .await
        .problem(422, "bad-field");
    connects(&server, request("--upload-pack=touch /tmp/x", false))
        .await
        .problem(422, "bad-field");
    let neither = json!({ "id": "app", "origin": origin.path(), "create_branch": true });
    connects(&server, neither).await.problem(422, "bad-field");
    nothing_is_kept(&server).await;
    let connected = connects(&server, request("next", true)).await.done();
    assert_eq!(connected["repository"]["branch"], "next");
    assert_eq!(origin.resolve("next"), origin.resolve("main"));
}

#[tokio::test]
async fn a_branch_that_is_checked_out_is_refused_because_merges_would_be() {
    let server = Server::open().await;
    let origin = Repository::sample("two-crates");
    let text = connects_origin(&server, origin.path())
        .await
        .refused(422, "branch-checked-out");
    assert!(text.contains("main"), "{text}");
    nothing_is_kept(&server).await;
}

#[tokio::test]
async fn a_remote_that_does_not_answer_is_named_without_its_credentials() {
    let server = Server::open().await;
    // Nobody listens on the port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let origin = format!("http://ada:{PASSWORD}@127.0.0.1:{port}/team/app.git");
    let answer = connects(&server, json!({ "origin": origin })).await;
    let text = answer.refused(502, "repository-unreachable");
    assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
    for next in ["See that the host and its port are right", "`git ls-remote http://"] {
        assert!(text.contains(next), "{text}");
    }
    assert!(!answer.text.contains(PASSWORD), "{text}");
    nothing_is_kept(&server).await;
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_told_with_what_to_look_at() {
    let server = Server::open().await;
    let origin = json!({ "origin": "https://nowhere.invalid/team/app.git" });
    let text = connects(&server, origin).await.refused(502, "repository-unreachable");
    assert!(text.contains("See that the host is spelled right"), "{text}");
    nothing_is_kept(&server).await;
}

#[tokio::test]
async fn origins_that_are_no_places_are_refused() {
    let server = Server::open().await;
    for origin in [
        "",
        "--upload-pack=x",
        "ext::sh -c true",
        "git://127.0.0.1/app.git",
        "ftp://host/x",
        "https://-x/app",
        "a\nb",
    ] {
        let answer = connects(&server, json!({ "id": "app", "origin": origin })).await;
        assert!(answer.status == 422, "{origin:?}: {}", answer.text);
    }
    let nameless = connects(&server, json!({ "origin": "///" })).await;
    assert_eq!(nameless.problem(422, "bad-field")["field"], "id");
    nothing_is_kept(&server).await;
}

#[tokio::test]
async fn a_name_is_taken_once_and_a_repository_in_use_stays() {
    let server = Server::open().await;
    let origin = server.with_project().await;
    server.client.post("/projects", json!({ "id": "web" })).await.done();
    let again = json!({ "id": "app", "origin": origin.path() });
    let problem = server
        .client
        .post("/projects/web/repositories", again)
        .await
        .problem(409, "repository-exists");
    assert_eq!(
        (&problem["repository"], &problem["project"]),
        (&json!("app"), &json!("shop"))
    );
    let sprint = server.sprint().await;
    server.client.saves(sprint, 0, &plan(&[("lexer", &[])])).await.done();
    let remove = || Answer::to(server.client.request(Method::DELETE, "/projects/shop/repositories/app"));
    let text = remove().await.refused(409, "repository-in-use");
    assert!(
        text.contains(&format!("sprint {sprint}")) || text.contains(&sprint.to_string()),
        "{text}"
    );
    server
        .client
        .post(format_args!("/sprints/{sprint}/cancel"), json!({}))
        .await
        .done();
    remove().await.done();
}

/// A git server that wants a password, as far as git's plain protocol needs one.
async fn guarded(root: PathBuf) -> (u16, JoinSet<()>) {
    async fn file(
        State(root): State<Arc<PathBuf>>,
        headers: HeaderMap,
        uri: Uri,
    ) -> Result<Vec<u8>, (StatusCode, [(&'static str, &'static str); 1])> {
        // "ada:s3cret-w0rd"
        if headers
            .get("authorization")
            .is_none_or(|shown| shown != "Basic YWRhOnMzY3JldC13MHJk")
        {
            return Err((StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=\"git\"")]));
        }
        let path = root.join(uri.path().trim_start_matches("/app.git/"));
        std::fs::read(path).map_err(|_| (StatusCode::NOT_FOUND, [("x-none", "")]))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = axum::Router::new().fallback(file).with_state(Arc::new(root));
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_a_url_works_and_is_never_shown() {
    let server = Server::open().await;
    let origin = Repository::sample("two-crates").bare_clone();
    origin.git(&["update-server-info"]);
    let (port, _serving) = guarded(origin.path().to_owned()).await;
    let wrong = json!({ "origin": format!("http://ada:{PASSWORD}x@127.0.0.1:{port}/app.git") });
    let refused = connects(&server, wrong).await;
    refused.problem(422, "repository-no-permission");
    assert!(!refused.text.contains(PASSWORD), "{}", refused.text);

    let right = json!({ "origin": format!("http://ada:{PASSWORD}@127.0.0.1:{port}/app.git") });
    let connected = connects(&server, right).await;
    assert_eq!(
        connected.done()["repository"]["origin"],
        format!("http://127.0.0.1:{port}/app.git")
    );
    let mut shown = vec![connected.text];
    for path in ["/projects", "/log?limit=1000", "/queues"] {
        shown.push(server.client.get(path).await.text);
    }
    for text in shown {
        assert!(!text.contains(PASSWORD) && !text.contains("ada:"), "{text}");
    }
}
