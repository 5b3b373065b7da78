//! What is known of a sandbox before the program is, and whether the machine is as it was then.
//!
//! What is laid out ahead is as the machine was at that time: a folder that was replaced since, or a disk that was mounted,
//! is not seen in it. So it is used only where nothing of that changed.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::reach::{Confinement, Identity, Mount};

/// What is known of a sandbox before the program is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Foresight {
    /// Whether it is another user than the engine.
    pub(crate) own_user: bool,
    /// What its view begins with.
    pub(crate) ground: Vec<Mount>,
}

impl Foresight {
    /// The next sandbox, if it is one like this.
    pub(crate) fn like(confinement: &Confinement) -> Self {
        Self {
            ground: confinement.ground().to_vec(),
            ..Self::blank(confinement)
        }
    }

    /// A sandbox of which no more is known than whose it is.
    pub(crate) fn blank(confinement: &Confinement) -> Self {
        Self {
            own_user: confinement.identity != Identity::Engine,
            ground: Vec::new(),
        }
    }

    /// Whether this sandbox is what was foreseen, as far as it was.
    pub(crate) fn fits(&self, confinement: &Confinement) -> bool {
        let own_user = confinement.identity != Identity::Engine;
        self.own_user == own_user && confinement.view.starts_with(&self.ground)
    }
}

/// The machine as a ground shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// The mounts, as the kernel lists them.
    mounts: Vec<u8>,
    /// Device and number of what lies at each path; none where nothing does.
    found: Vec<Option<(u64, u64)>>,
}

impl Machine {
    /// The machine as it is now.
    pub(crate) fn now(ground: &[Mount]) -> Self {
        let found = |mount: &Mount| {
            let Mount::System { from, .. } = mount else { return None };
            fs::metadata(from).ok().map(|found| (found.dev(), found.ino()))
        };
        Self {
            mounts: fs::read("/proc/self/mountinfo").unwrap_or_default(),
            found: ground.iter().map(found).collect(),
        }
    }
}
