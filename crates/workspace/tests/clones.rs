//! Private clones keep the contract.
#![expect(
    clippy::unwrap_used,
    reason = "a folder that cannot be made is the failure of the test"
)]

use std::path::Path;

use team6_workspace::{CloneProvisioner, provisioner_contract};

fn open(root: &Path) -> CloneProvisioner {
    CloneProvisioner::open(root.to_owned(), "git".into()).unwrap()
}

provisioner_contract!(crate::open);
