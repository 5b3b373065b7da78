//! ACP client, agent profiles, the MCP toolbox and the scripted agent.

pub mod acp;
pub mod profile;
pub mod scripted;
pub mod toolbox;

mod toml_reader;
