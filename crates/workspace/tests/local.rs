//! Workspaces on this machine keep the contract, in sandboxes and without, whatever their files are made from.

use team6_sandbox::Launcher;
use team6_workspace::contract::open_local;
use team6_workspace::{Files, LocalProvisioner, provisioner_contract, provisioner_contract_at_size};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

mod overlay {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, true, None)
    }
    super::provisioner_contract!(self::open);
    super::provisioner_contract_at_size!(self::open);
}

mod pool {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, true, Some(super::Files::Pool))
    }
    super::provisioner_contract!(self::open);
}

mod without_a_sandbox {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, false, Some(super::Files::Checkout))
    }
    super::provisioner_contract!(self::open);
    super::provisioner_contract_at_size!(self::open);
}
