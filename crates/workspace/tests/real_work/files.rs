//! Build tools that link files and rename folders, also those that come from the repository.

use team6_testkit::repositories::Repository;
use team6_workspace::contract::Scene;
use team6_workspace::contract::scene::{changes, file};

use crate::place::work;

pub(crate) async fn a_build_that_links_and_renames_finds_its_files(scene: &Scene) {
    let source = Repository::sample("two-crates");
    source.write("assets/img/logo.svg", "<svg/>\n").commit("assets");
    let workspace = scene.workspace(&source).await;
    // As many tools do: what is complete takes its place by a rename, what is the same is linked.
    let script = "cp -al assets stage; [ stage/img/logo.svg -ef assets/img/logo.svg ]
                  stat -c %h assets/img/logo.svg
                  mkdir dist.new; ln assets/img/logo.svg dist.new/logo.svg; ln -s logo.svg dist.new/icon.svg
                  mkdir dist; echo old > dist/old; mv -T --exchange dist.new dist 2>/dev/null || { mv dist dist.old; mv dist.new dist; }
                  rm -rf dist.old dist.new stage
                  mv assets media; mv media/img media/images; mkdir assets; echo made > assets/made
                  mv crates/words crates/words.tmp; mv crates/words.tmp crates/words
                  cat dist/icon.svg media/images/logo.svg; echo '<svg>2</svg>' > dist/logo.svg; cat media/images/logo.svg
                  stat -c %h dist/logo.svg; ls; git status --porcelain | sort";
    let said = work(scene, &workspace, script).await;
    assert_eq!(
        said,
        "2\n<svg/>\n<svg/>\n<svg>2</svg>\n2\nAGENTS.md\nCODEOWNERS\nCargo.toml\nREADME.md\nassets\ncrates\ndist\nmedia\n \
         D assets/img/logo.svg\n?? assets/made\n?? dist/\n?? media/"
    );
    let imported = scene.imported(&workspace).await;
    assert_eq!(
        changes(&imported, &source.head()),
        "D\tassets/img/logo.svg\nA\tassets/made\nA\tdist/icon.svg\nA\tdist/logo.svg\nA\tmedia/images/logo.svg"
    );
    assert_eq!(file(&imported, "media/images/logo.svg"), "<svg>2</svg>");
}
