//! Rust, with a dependency from the machine's cache of packages.

use team6_testkit::repositories::Repository;
use team6_workspace::contract::Scene;
use team6_workspace::contract::scene::{changes, wanted};
use team6_workspace::{Claim, RECIPE_FILE};

use crate::place::work;

/// What this project itself is built from, so that it lies in the cache of whoever runs this test.
const LOCK: &str = include_str!("../../../../Cargo.lock");
/// A dependency of ours that has a build script and needs nothing further.
const DEPENDENCY: &str = "anyhow";

fn version() -> &'static str {
    let (_, rest) = LOCK
        .split_once(&format!("name = \"{DEPENDENCY}\"\nversion = \""))
        .unwrap();
    rest.split_once('"').unwrap().0
}

pub(crate) async fn a_crate_with_a_dependency_is_built_and_tested(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source
        .write(
            "crates/cli/Cargo.toml",
            format!(
                "[package]\nname = \"cli\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                 {DEPENDENCY} = \"={}\"\nwords = {{ path = \"../words\" }}\n",
                version()
            ),
        )
        .write(
            "crates/cli/build.rs",
            "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             std::fs::write(format!(\"{out}/made.rs\"), \"const MADE: usize = 40;\").unwrap();\n}\n",
        )
        .write(
            "crates/cli/src/main.rs",
            "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n\n\
             fn counted(text: &str) -> anyhow::Result<usize> {\n    \
             anyhow::ensure!(!text.is_empty(), \"no text\");\n    Ok(MADE + words::count(text))\n}\n\n\
             fn main() -> anyhow::Result<()> {\n    println!(\"{}\", counted(\"two words\")?);\n    Ok(())\n}\n\n\
             #[test]\nfn nothing_is_not_counted() {\n    assert!(counted(\"\").is_err());\n}\n",
        )
        .commit("a dependency");
    let workspace = scene.workspace(&source).await;
    let script = "export CARGO_NET_OFFLINE=true CARGO_INCREMENTAL=0; cargo build --quiet; ./target/debug/cli
                  cargo test --quiet 2>&1 | grep '^test result'; git add .; git commit -qm built";
    let said = work(scene, &workspace, script).await;
    assert!(said.starts_with("42\n"), "{said}");
    let passed = said.lines().filter(|line| line.contains("ok. 1 passed"));
    assert_eq!(passed.count(), 2, "a test of each crate: {said}");
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "A\tCargo.lock",
        "what was built stays behind"
    );
}

pub(crate) async fn what_a_setup_command_built_is_not_built_again(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source
        .write(RECIPE_FILE, "setup = \"cargo build --quiet\"\n")
        .commit("setup");
    let prepared = scene.provisioner.prepare(wanted("app", &source), &|_| {}).await;
    let Some(setup) = prepared.unwrap() else {
        // Where workspaces are copies none is run.
        return;
    };
    let offline = "export CARGO_NET_OFFLINE=true CARGO_INCREMENTAL=0";
    let claim = Claim {
        key: "setup".into(),
        branch: None,
        ..scene.claim_of(&source)
    };
    let workspace = scene.claimed(claim).await;
    work(scene, &workspace, &format!("{offline}; {}", setup.command)).await;
    scene.provisioner.keep_setup(&workspace, &setup, Ok(())).await.unwrap();
    scene.provisioner.release(workspace).await.unwrap();

    let workspace = scene.workspace(&source).await;
    let script = format!(
        "{offline}; cargo build 2>&1 | grep -c Compiling || true; ./target/debug/cli two words
         echo 'pub fn more() {{}}' >> crates/words/src/lib.rs; cargo build 2>&1 | grep -c Compiling"
    );
    let said = work(scene, &workspace, &script).await;
    assert_eq!(
        said, "0\n2\n2",
        "nothing is built at first, and then what changed with what needs it"
    );
}
