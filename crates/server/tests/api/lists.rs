//! Lists come in parts that join without gap or repeat, also while they grow.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Server, plan};

/// All items of a list, read in parts of a size.
async fn in_parts(client: &Client, path: &str, cursor: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut from): (Vec<Value>, _) = (Vec::new(), String::new());
    let join = if path.contains('?') { '&' } else { '?' };
    loop {
        let mut part = client.get(format_args!("{path}{join}limit={limit}{from}")).await.done();
        let some = part["items"].as_array_mut().unwrap();
        assert!(some.len() <= limit, "{path}: {} of at most {limit}", some.len());
        items.append(some);
        match part["next"].as_str() {
            Some(next) => {
                assert!(items.len() < 1_000, "{path} does not end");
                from = format!("&{cursor}={next}");
            }
            None => return items,
        }
    }
}

/// A server with sprints whose plans wait for their lead.
async fn with_sprints(count: usize) -> Server {
    let server = Server::open().await;
    server.with_project().await;
    for _ in 0..count {
        let sprint = server.sprint().await;
        let plan = plan(&[("lexer", &[]), ("parser", &["lexer"]), ("printer", &[])]);
        server.client.saves(sprint, 0, &plan).await.done();
    }
    server
}

#[tokio::test]
async fn the_parts_of_a_list_are_the_whole_list() {
    let server = with_sprints(7).await;
    let client = &server.client;
    for (path, cursor, count) in [
        ("/sprints", "before", 7),
        ("/sprints?project=shop", "before", 7),
        ("/sprints?phase=running", "before", 0),
        ("/tasks", "after", 21),
        ("/tasks?sprint=3", "after", 3),
        ("/tasks?state=idle,waiting", "after", 21),
        ("/tasks?owner=ada", "after", 0),
        ("/tasks?state=being brought up to date", "after", 0),
        ("/log?stream=sprint/2", "after", 3),
        ("/log?project=shop", "after", 23),
    ] {
        let whole = client.get(path).await.done();
        assert_eq!(whole["next"], Value::Null, "{path}");
        let whole = whole["items"].as_array().unwrap();
        assert_eq!(whole.len(), count, "{path}: {whole:#?}");
        for limit in [1, 2, count.max(1), 1_000] {
            assert_eq!(&in_parts(client, path, cursor, limit).await, whole, "{path} by {limit}");
        }
    }
    let ids = |items: &[Value]| {
        items
            .iter()
            .map(|item| item["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&in_parts(client, "/sprints", "before", 3).await),
        [7, 6, 5, 4, 3, 2, 1]
    );
    assert_eq!(
        ids(&in_parts(client, "/tasks", "after", 4).await),
        (1..=21).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_waits_for_people_comes_in_parts_too_longest_waiting_first() {
    let server = with_sprints(5).await;
    let client = &server.client;
    for sprint in 1..=5 {
        // A paused sprint waits for whoever paused it.
        client
            .post(format_args!("/sprints/{sprint}/pause"), json!({}))
            .await
            .done();
    }
    let whole = client.get("/inbox").await.done()["items"].take();
    let whole = whole.as_array().unwrap();
    assert_eq!(whole.len(), 5, "{whole:#?}");
    for limit in [1, 2, 5, 6] {
        assert_eq!(&in_parts(client, "/inbox", "after", limit).await, whole, "by {limit}");
    }
    assert!(
        whole.iter().is_sorted_by_key(|item| item["why"]["since"].as_i64()),
        "{whole:#?}"
    );
    assert_eq!(
        in_parts(client, "/inbox?person=lin", "after", 2).await,
        [] as [Value; 0]
    );
    assert_eq!(
        in_parts(client, "/inbox?sprint=2", "after", 1).await,
        [whole[1].clone()]
    );
}

#[tokio::test]
async fn a_list_that_grows_while_it_is_read_repeats_nothing() {
    let server = with_sprints(3).await;
    let client = &server.client;
    let first = client.get("/sprints?limit=2").await.done();
    server.sprint().await;
    let next = first["next"].as_str().unwrap();
    let rest = client.get(format_args!("/sprints?limit=2&before={next}")).await.done();
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(1), &Value::Null));
    // The log goes on where it was read to.
    let head = client.get("/health").await.done()["head"].clone();
    assert_eq!(
        client.get(format_args!("/log?after={head}")).await.done()["items"],
        json!([])
    );
    server.sprint().await;
    let more = client.get(format_args!("/log?after={head}")).await.done();
    assert_eq!(
        more["items"][0]["position"].as_u64(),
        head.as_u64().map(|head| head + 1)
    );
}

#[tokio::test]
async fn a_cursor_or_a_limit_that_means_nothing_is_refused() {
    let server = with_sprints(1).await;
    for query in [
        "/sprints?limit=0",
        "/sprints?limit=1001",
        "/sprints?limit=many",
        "/sprints?before=yesterday",
        "/sprints?after=3",
        "/tasks?limit=0",
        "/tasks?after=x",
        "/inbox?limit=0",
        "/inbox?after=",
        "/inbox?after=12",
        "/inbox?after=x.y",
        "/log?limit=0",
        "/log?after=x",
        "/attempts/s1-a1/trace?limit=0",
        "/attempts/s1-a1/trace?after=-1",
    ] {
        server.client.get(query).await.problem(400, "bad-query");
    }
    // One that lies beyond the end is an empty part.
    for query in [
        "/sprints?before=1",
        "/tasks?after=99",
        "/log?after=9999",
        "/attempts/s1-a1/trace?after=9",
    ] {
        assert_eq!(
            server.client.get(query).await.done(),
            json!({ "items": [], "next": null }),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_part_of_the_log_is_never_larger_than_can_be_carried() {
    let server = Server::open().await;
    server.with_project().await;
    let sprint = server.sprint().await;
    let client = &server.client;
    let mut large = plan(&[("lexer", &[])]);
    large["tasks"][0]["what"] = json!("x".repeat(99_000));
    large["prd"] = json!("x".repeat(99_000));
    for version in 0..50 {
        large["title"] = json!(format!("Version {version}"));
        client.saves(sprint, version, &large).await.done();
    }
    let part = client.get("/log?limit=1000").await;
    assert!(part.text.len() < 10 << 20, "{} bytes", part.text.len());
    assert!(part.done()["next"].is_string());
    let all = in_parts(client, "/log", "after", 1_000).await;
    let positions: Vec<u64> = all.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
}
