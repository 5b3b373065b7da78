//! The local forge keeps the conformance suite, and its own promises around it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod crashes;
mod crowd;
mod forecast;
mod full_disk;
mod origins;
mod work_trees;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use team6_forge::conformance::{Stage, place};
use team6_forge::{Identity, LocalForge, LocalForgeOptions};
use team6_git::{Fuse, Git};

/// A forge in a folder; opened a second time, it is what a restart finds.
fn forge(root: &Path, fuse: &Fuse) -> LocalForge {
    LocalForge::new(LocalForgeOptions {
        root: root.to_owned(),
        git: Git::new("git".into(), fuse.clone()),
        engine: Identity {
            name: "Team6".into(),
            email: "team6@localhost".into(),
        },
        patience: Duration::from_secs(60),
    })
}

fn open(place: &Path) -> Stage {
    Stage {
        forge: Arc::new(forge(&place.join("forge"), &Fuse::default())),
        address: |path| path.display().to_string(),
    }
}

mod conformance {
    team6_forge::forge_conformance!(crate::open);
}
