//! Mirrors, private workspaces and the import of what an agent committed.

mod caches;
mod checkout;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod files;
mod generations;
pub mod guest;
mod import;
mod layout;
mod lfs;
mod local;
mod local_files;
mod mirror;
mod modules;
pub mod pack;
mod pool;
mod progress;
mod provisioner;
mod recipe;
mod setup;
mod skeleton;
mod slot;
mod trash;

pub use error::WorkspaceError;
pub use files::Files;
pub use local::{LocalOptions, LocalProvisioner};
pub use local_files::LocalFile;
pub use mirror::check_git;
pub use provisioner::{
    Boxed, Checkout, Claim, ClaimRepository, Imported, Provisioner, Submodule, Swept, Workspace, WorkspaceKey,
};
pub use recipe::{FILE as RECIPE_FILE, Recipe};
pub use setup::Setup;
