//! Mirrors, private workspaces and the import of what an agent committed.

mod checkout;
mod clones;
mod error;
mod import;
mod mirror;
mod provisioner;

pub use clones::CloneProvisioner;
pub use error::WorkspaceError;
pub use provisioner::{Checkout, Claim, ClaimRepository, Imported, Provisioner, Swept, Workspace, WorkspaceKey};
