//! A disk without space: people are told, nothing is lost, and it goes on once there is space again.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use team6_testkit::full_disk::FullDisk;
use team6_testkit::repositories::Repository;
use tempfile::TempDir;

use crate::client::Answer;
use crate::process::Process;
use crate::server::{config, plan};

/// A server's folder on a disk that can be filled up.
struct Disk {
    folder: TempDir,
    disk: FullDisk,
}

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        config(&folder.path().join("data"));
        Self {
            folder,
            disk: FullDisk::new(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn is_full(&self) {
        self.disk.is_full();
    }

    fn has_space(&self) {
        self.disk.has_space();
    }

    fn serves(&self) -> Result<Process, String> {
        let environment = self.disk.environment();
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_path()));
        Process::start(&self.data(), &environment)
    }
}

/// Sends an order under a key.
async fn order(server: &Process, key: &str, path: &str, body: &Value) -> Answer {
    let request = server.client.request(Method::POST, path).header("Idempotency-Key", key);
    Answer::to(request.json(body)).await
}

#[tokio::test]
async fn a_full_disk_refuses_orders_loses_nothing_and_is_forgotten_with_the_next_space() {
    let disk = Disk::new();
    let server = disk.serves().unwrap();
    let client = &server.client;
    client.post("/projects", json!({ "id": "shop" })).await.done();
    let origin = Repository::sample("two-crates").bare_clone();
    let connect = json!({ "id": "app", "origin": origin.path() });
    client.post("/projects/shop/repositories", connect).await.done();
    client
        .post("/sprints", json!({ "project": "shop", "goal": "A parser" }))
        .await
        .done();
    client.saves(1, 0, &plan(&[("lexer", &[])])).await.done();
    let mut watching = client.reads("/events?after=0", None).await;
    watching.take(1).await;

    disk.is_full();
    let before = client.get("/sprints/1").await.done();
    let chat = json!({ "text": "Be brief" });
    for _ in 0..3 {
        let text = order(&server, "k", "/sprints/1/messages", &chat)
            .await
            .refused(507, "disk-full");
        assert!(text.contains("team6.db") && text.contains("free some space"), "{text}");
        client
            .post("/projects", json!({ "id": "web" }))
            .await
            .problem(507, "disk-full");
        client
            .post("/sprints", json!({ "project": "shop", "goal": "More" }))
            .await
            .problem(507, "disk-full");
    }
    // Everything that was there can be read.
    assert_eq!(client.get("/sprints/1").await.done(), before);
    assert_eq!(client.get("/health").await.done()["status"], "ok");
    let head = client.get("/health").await.done()["head"].as_u64().unwrap();

    disk.has_space();
    let sent = order(&server, "k", "/sprints/1/messages", &chat).await.done();
    assert_ne!(sent["events"], json!([]));
    let again = order(&server, "k", "/sprints/1/messages", &chat).await.done();
    assert_eq!((&again["events"], &again["version"]), (&json!([]), &sent["version"]));
    let seen = watching.take(usize::try_from(head).unwrap() + 1).await;
    let positions: Vec<u64> = seen
        .iter()
        .map(|(_, event)| event["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions, (1..=head + 1).collect::<Vec<_>>());
    let after = client.get("/sprints/1").await.done();
    assert_eq!(after["messages"].as_array().unwrap().len(), 1);

    // Killed, and started again: it is all there.
    drop(server);
    let server = disk.serves().unwrap();
    assert_eq!(server.client.get("/sprints/1").await.done(), after);
    assert_eq!(
        server.client.post("/admin/check", json!({})).await.done()["findings"],
        json!([])
    );
}

#[test]
fn a_server_does_not_start_on_a_full_disk_and_says_why() {
    let disk = Disk::new();
    disk.is_full();
    let said = disk.serves().err().unwrap();
    assert!(said.contains(&disk.data().display().to_string()), "{said}");
    assert!(
        said.contains("No space left on device") || said.contains("disk is full"),
        "{said}"
    );
    // It leaves nothing behind that would stand in its way.
    disk.has_space();
    let server = disk.serves().unwrap();
    disk.is_full();
    drop(server);
    let said = disk.serves().err().unwrap();
    assert!(
        said.contains("No space left on device") || said.contains("disk is full"),
        "{said}"
    );
    disk.has_space();
    disk.serves().unwrap();
}
