//! Why a server does not start.

use std::path::PathBuf;

use team6_agent::profile::FolderProblems;
use team6_store::{DataFolderError, StorageError};
use team6_workspace::WorkspaceError;

use crate::engine::EngineError;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder is used by another server, or cannot be used at all.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log cannot be understood.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agents' files are wrong.
    #[error(transparent)]
    Agents(#[from] FolderProblems),
    /// Workspaces cannot be made.
    #[error(transparent)]
    Workspaces(#[from] WorkspaceError),
    /// Something in the configuration cannot be meant.
    #[error("the configuration cannot be used: {0}")]
    Configuration(String),
    /// Agents cannot be kept in sandboxes here.
    #[error(
        "agents cannot be kept in sandboxes on this machine: {why}; `team6 doctor` explains how to enable that, and \
         sandbox = \"off\" in the configuration runs agents without"
    )]
    NoSandbox {
        /// What could not be done.
        why: String,
    },
    /// A folder cannot be made.
    #[error("the folder {} cannot be made: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
