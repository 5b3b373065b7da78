//! Node, with a dependency from a registry that only the proxy reaches.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use team6_egress::{Egress, Options, Outcome, Rules, records};
use team6_sandbox::reach::Network;
use team6_testkit::repositories::Repository;
use team6_workspace::contract::Scene;
use team6_workspace::contract::scene::changes;

use crate::place::work;
use crate::registry::{HOST, OnThisMachine, Registry};

fn package(registry: &Registry) -> Repository {
    let source = Repository::empty();
    let (name, version, address) = (registry.name(), registry.version(), registry.address());
    source
        .write(".gitignore", "node_modules\n")
        .write(".npmrc", format!("registry={address}/\nfetch-retries=0\naudit=false\n"))
        .write(
            "package.json",
            format!(
                r#"{{"name": "shop", "version": "1.0.0", "scripts": {{"test": "node --test"}}, "dependencies": {{"{name}": "{version}"}}}}"#
            ),
        )
        .write(
            "package-lock.json",
            format!(
                r#"{{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {{
                "": {{"name": "shop", "version": "1.0.0", "dependencies": {{"{name}": "{version}"}}}},
                "node_modules/{name}": {{"version": "{version}", "resolved": "{}", "integrity": "{}"}}}}}}"#,
                registry.tarball(),
                registry.integrity
            ),
        )
        .write(
            "shop.test.js",
            format!(
                "const test = require('node:test'), assert = require('node:assert'), sum = require('{name}');\n\
                 test('adds', () => assert.strictEqual(sum(40, 2), 42));\n"
            ),
        )
        .commit("a package");
    source
}

pub(crate) async fn a_package_is_installed_through_the_proxy_and_tested(scene: &Scene) {
    let registry = Registry::serve().await;
    let source = package(&registry);
    let workspace = scene.workspace(&source).await;
    let without = scene.run(&workspace, "npm", &["ci"]).await;
    assert!(!without.success, "there is another way to the registry: {without:?}");

    let out = tempfile::tempdir().unwrap();
    std::fs::set_permissions(out.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let socket = out.path().join("proxy.sock");
    let options = Options::default();
    let (sink, mut told) = records(&options);
    let listed = [format!("private:{HOST}:{}", registry.port)];
    let proxy = Egress::new(Rules::parse(listed).unwrap(), sink)
        .options(options)
        .resolver(Arc::new(OnThisMachine))
        .serve(&socket)
        .await
        .unwrap();
    scene.show(out.path());
    scene.connect(Network::Proxy {
        socket,
        port: 3128,
        forwards: Vec::new(),
    });
    let script = "npm ci >&2; npm test 2>&1 | grep -E '^. (pass|fail)'; git status --porcelain
                  npm view --registry http://elsewhere.test/ x >&2 && echo got through; echo done > done.txt";
    let said = work(scene, &workspace, script).await;
    assert_eq!(
        said.replace(['#', 'ℹ'], "").split_whitespace().collect::<Vec<_>>(),
        ["pass", "1", "fail", "0"],
        "{said}"
    );
    assert_eq!(
        changes(&scene.imported(&workspace).await, &source.head()),
        "A\tdone.txt"
    );

    proxy.shutdown().await;
    let mut hosts = Vec::new();
    while let Some(record) = told.recv().await {
        hosts.push((record.host, matches!(record.outcome, Outcome::Done { .. })));
    }
    assert!(hosts.contains(&(HOST.to_owned(), true)), "{hosts:?}");
    assert!(hosts.contains(&("elsewhere.test".to_owned(), false)), "{hosts:?}");
    assert!(
        hosts.iter().all(|(host, done)| host == HOST || !done),
        "something else was let through: {hosts:?}"
    );
    assert_eq!(registry.stop().await, 1, "the package was fetched once, by the proxy");
}
