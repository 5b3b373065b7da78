//! A task over two repositories whose own checks pass and whose combination does not.

use std::process::Command;

use serde_json::Value;
use team6_testkit::repositories::Repository;

use crate::shop::{DONE, Shop, submit};

/// Whether both name one port, once one of them does; it says what it saw.
const CONTRACT: &str = "test ! -e app/port.txt || { cat app/port.txt docs/port.txt; cmp app/port.txt docs/port.txt; }";
/// Whether a repository by itself names a port.
const PORT: &str = "test ! -e port.txt || grep -q '^8.$' port.txt";

/// The steps that name a port in a repository.
fn names(folder: &str, port: &str) -> [String; 2] {
    [
        format!(r#"{{ edit = {{ path = "{folder}/port.txt", content = "{port}\n" }} }}"#),
        format!(r#"{{ commit = {{ message = "Name a port", folder = "{folder}" }} }}"#),
    ]
}

/// A shop whose one task names a port in two repositories, at first not the same.
fn opened() -> (Shop, Repository) {
    let [server, keep_server] = names("app", "80");
    let [client, keep_client] = names("docs", "81");
    let [mended, keep_mended] = names("docs", "80");
    let submit = submit(&["A port @ app,docs"]);
    let mends = r"(?s)Mend your work, not the checks.*contract over all repositories.*beside docs at.*```\s80\s81";
    let shop = Shop::open(
        "",
        &[
            ("Plan a sprint for this goal", &[&submit]),
            (mends, &[&mended, &keep_mended, DONE]),
            (
                r"task \d+: A port",
                &[&server, &keep_server, &client, &keep_client, DONE],
            ),
        ],
    );
    let docs = Repository::sample("two-crates").bare_clone();
    shop.place.ok(&["repo", "add", "shop", &docs.url(), "--name", "docs"]);
    for repository in ["app", "docs"] {
        shop.place
            .ok(&["repo", "check", "add", "shop", repository, "port", PORT]);
    }
    (shop, docs)
}

/// The receipts of a check of the task, in their order.
fn receipts<'a>(listed: &'a Value, check: &str) -> Vec<&'a Value> {
    let items = listed["items"].as_array().unwrap().iter();
    items.filter(|item| item["receipt"]["check"]["name"] == check).collect()
}

#[test]
fn what_fits_in_each_repository_and_not_together_goes_back_before_anybody_looks() {
    let (shop, docs) = opened();
    let add = ["project", "check", "add", "shop", "contract", "--repositories"];
    let alone = shop.place.run(&[&add[..], &["app", "--", CONTRACT]].concat());
    assert!(alone.stderr.contains("fewer than two repositories"), "{alone:?}");
    shop.place.ok(&[&add[..], &["app,docs", "--", CONTRACT]].concat());
    let known = shop.place.ok(&["project", "check", "list", "shop"]);
    assert!(known.contains("contract") && known.contains("app, docs"), "{known}");
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();
    shop.approved(1);
    shop.event("pull_request_opened", |data| {
        data["task"] == 1 && data["repository"] == "docs"
    });

    let listed = shop.place.json(&["checks", "list", "1"]);
    let of_each = receipts(&listed, "port");
    assert!(
        of_each.len() >= 2 && of_each.iter().all(|item| item["receipt"]["outcome"] == "passed"),
        "{listed:#}"
    );
    let [first, second] = receipts(&listed, "contract")[..] else {
        panic!("{listed:#}");
    };
    assert_eq!(
        (&first["receipt"]["outcome"], &first["current"]),
        (&"broke".into(), &false.into())
    );
    assert_eq!(
        (&second["receipt"]["outcome"], &second["current"]),
        (&"passed".into(), &true.into())
    );
    for run in ["run", "base"] {
        let beside = &first["receipt"][run]["beside"]["docs"];
        assert!(beside["commit"].is_string() && beside["tree"].is_string(), "{listed:#}");
    }
    let number = second["receipt"]["number"].to_string();
    assert_eq!(shop.place.ok(&["checks", "log", "1", &number]).trim(), "80\n80");
    let shown = shop.place.ok(&["task", "show", "1"]);
    assert!(shown.contains("contract over all repositories"), "{shown}");
    for repository in ["app", "docs"] {
        let body = shop.body(repository);
        assert!(body.contains("✓ **contract** over all repositories: passed"), "{body}");
    }

    let saved = shop.place.path().join("receipts.json");
    let saved = saved.to_str().unwrap();
    let verified = shop.place.ok(&["checks", "verify", "1", "--save", saved]);
    assert!(verified.contains("verified"), "{verified}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify-receipts.py");
    if let Ok(ran) = Command::new("python3").args([script, saved]).output() {
        assert!(ran.status.success(), "{ran:?}");
    }
    shop.merges("1");
    shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    assert_eq!(
        [shop.merged("port.txt"), docs.git(&["show", "main:port.txt"])],
        ["80", "80"]
    );
    shop.place.ok(&["project", "check", "remove", "shop", "contract"]);
    let again = shop.place.run(&["project", "check", "remove", "shop", "contract"]);
    assert!(
        again.stderr.contains("no check contract over several repositories"),
        "{again:?}"
    );
}
