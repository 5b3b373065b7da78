//! Mirrors, private workspaces and the import of what an agent committed.

mod agent_git;
mod checkout;
mod clones;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod import;
mod leftovers;
mod mirror;
mod progress;
mod provisioner;
mod skeleton;
mod trash;

pub use clones::CloneProvisioner;
pub use error::WorkspaceError;
pub use mirror::git_is_new_enough;
pub use provisioner::{Checkout, Claim, ClaimRepository, Imported, Provisioner, Swept, Workspace, WorkspaceKey};
