//! `team6 config`: what the server would work with, and where each value comes from.

use clap::Subcommand;
use serde_json::json;
use team6_server::config::{Loaded, Origin};

use super::Context;
use crate::configuration;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every value and where it comes from: built in, a file, or the environment.
    #[command(
        after_help = "Examples:\n  team6 config show\n  TEAM6_LIMITS__LEASE=2m team6 config show\n  team6 config show --json"
    )]
    Show,
}

/// Carries a command out.
pub(crate) fn run(command: &ConfigCommand, context: &Context) -> Result<(), Failure> {
    let ConfigCommand::Show = command;
    let loaded = configuration::load(context.connection.config.as_deref()).map_err(Failure::Usage)?;
    let values: Vec<_> = loaded
        .values
        .iter()
        .map(|value| {
            let set = (value.origin != Origin::NotSet).then_some(&value.value);
            json!({ "key": value.key, "value": set, "origin": value.origin.to_string() })
        })
        .collect();
    let all = json!({ "file": loaded.file, "data": loaded.config.data, "values": values });
    context.output.value(&all, |page| show(&loaded, page))
}

fn show(loaded: &Loaded, page: &mut Page) {
    match &loaded.file {
        Some(file) => page.field("file", file.display()),
        None => page.field(
            "file",
            "none: `team6.toml` here or in your configuration folder would be read",
        ),
    }
    page.field("data folder", loaded.config.data.display());
    page.gap();
    let rows = loaded.values.iter().map(|value| {
        let tone = match value.origin {
            Origin::Default | Origin::NotSet => Tone::Faint,
            Origin::File(_) | Origin::Environment(_) => Tone::Strong,
        };
        [
            (Tone::Plain, value.key.clone()),
            (tone, value.value.clone()),
            (Tone::Faint, value.origin.to_string()),
        ]
    });
    page.table(["key", "value", "origin"], rows);
}
