//! The commands that talk to a server: each asks it one thing, and shows the answer.

pub(crate) mod admin;
pub(crate) mod agent;
mod budget;
pub(crate) mod checks;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod inbox;
mod local_files;
pub(crate) mod memory;
pub(crate) mod notify;
pub(crate) mod open;
pub(crate) mod project;
mod project_check;
pub(crate) mod repo;
mod repo_check;
pub(crate) mod sprint;
pub(crate) mod task;
mod text;

use team6_server::api::types::Me;

use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::output::Output;

/// What every command may need.
#[derive(Debug, clap::Args)]
pub(crate) struct Context {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Context {
    /// The server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.connection.client()
    }

    /// Says first what everybody who works with the server should know.
    pub(crate) async fn warn(&self, client: &Client) {
        warnings(client).await.iter().for_each(|text| self.output.warn(text));
    }
}

/// What everybody who works with the server should know. Why it does not answer is told by what is asked next.
pub(crate) async fn warnings(client: &Client) -> Vec<String> {
    let me = client.get::<Me>("/me").await;
    me.map(|me| me.item.warnings).unwrap_or_default()
}
