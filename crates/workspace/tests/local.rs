//! Workspaces on this machine keep the contract, in sandboxes and without, whatever their files are made from.
#![expect(
    clippy::unwrap_used,
    reason = "a folder that cannot be made is the failure of the test"
)]

use std::path::Path;

use team6_sandbox::probe::Users;
use team6_sandbox::reach::Identity;
use team6_sandbox::{Launcher, identity};
use team6_workspace::{Files, LocalOptions, LocalProvisioner, provisioner_contract, provisioner_contract_at_size};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

fn open(root: &Path, boxed: bool, files: Option<Files>) -> (LocalProvisioner, Launcher) {
    let launcher = Launcher::new(PROGRAMS, [""; 0]);
    let options = LocalOptions {
        root: root.to_owned(),
        git: "git".into(),
        launcher: launcher.clone(),
        packer: (PROGRAMS.into(), Vec::new()),
        data_folder: format!("test-{}", std::process::id()),
        boxed: boxed.then(users),
        files,
    };
    (LocalProvisioner::open(options).unwrap(), launcher)
}

/// As root, each sandbox is a user of its own.
fn users() -> Users {
    match identity(0) {
        Identity::Range { .. } => Users::Own,
        Identity::Engine => Users::Engine,
    }
}

mod overlay {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open(root, true, None)
    }
    super::provisioner_contract!(self::open);
    super::provisioner_contract_at_size!(self::open);
}

mod pool {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open(root, true, Some(super::Files::Pool))
    }
    super::provisioner_contract!(self::open);
}

mod without_a_sandbox {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open(root, false, Some(super::Files::Checkout))
    }
    super::provisioner_contract!(self::open);
    super::provisioner_contract_at_size!(self::open);
}
