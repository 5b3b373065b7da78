//! Which server a command talks to, and as whom.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::PersonId;

use super::Client;
use crate::configuration;
use crate::failure::Failure;

/// Where the server is and who speaks to it. On the server's own machine all of it is found by itself.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// The configuration file; without it `team6.toml` here, or in your configuration folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The server's address; without it the one that runs on the configured data folder.
    #[arg(long, global = true, env = "TEAM6_URL", value_name = "URL")]
    server: Option<String>,
    /// A file with the server's token; without it the one in the data folder.
    #[arg(long, global = true, env = "TEAM6_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Who acts; without it the person that the server is configured for.
    #[arg(long = "as", global = true, env = "TEAM6_PERSON", value_name = "PERSON")]
    acting: Option<PersonId>,
}

impl Connection {
    /// Whether a certain server is meant, and not just the one of this data folder.
    pub(crate) fn names_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// A client for the server. Nothing is sent yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let config = configuration::load(self.config.as_deref())
            .map_err(Failure::Usage)?
            .config;
        let base = match &self.server {
            Some(server) => server.clone(),
            None => fs::read_to_string(configuration::address_file(&config.data)).map_or_else(
                |_| format!("http://{}", config.server.listen),
                |address| address.trim().to_owned(),
            ),
        };
        if !base.starts_with("http://") {
            let text =
                format!("--server {base} does not begin with http://; reach a server elsewhere through a tunnel");
            return Err(Failure::Usage(text));
        }
        let file = self.token_file.clone().unwrap_or_else(|| config.data.join("token"));
        let token = token(&file, &base)?;
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .build()
            .map_err(|error| Failure::Failed(format!("no connection can be made: {error}")))?;
        Ok(Client {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token,
            person: self.acting.as_ref().map(ToString::to_string),
        })
    }
}

fn token(file: &Path, base: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::Unreachable(format!(
            "there is no token for {base} in {}: {error}; start the server here with `team6 up`, or name its token with --token-file",
            file.display()
        ))
    })?;
    Ok(text.trim().to_owned())
}
