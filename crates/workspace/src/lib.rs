//! Mirrors, private workspaces and the import of what an agent committed.

mod error;
mod provisioner;

pub use error::WorkspaceError;
pub use provisioner::{Checkout, Claim, ClaimRepository, Imported, Provisioner, Swept, Workspace, WorkspaceKey};
