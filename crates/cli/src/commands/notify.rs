//! `team6 notify`: how people are told outside the app what waits for them.

use clap::Subcommand;
use serde_json::json;
use team6_server::api::types::ChannelItem;

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone, clock};

/// What to do with the channels.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// List the channels, and what each did lately.
    #[command(after_help = "Example:\n  team6 notify list")]
    List,
    /// Have a channel tell you that it works.
    #[command(after_help = "Examples:\n  team6 notify try mail\n  team6 notify try chat --as lin")]
    Try {
        /// The channel: `mail`, or the name of a webhook.
        channel: String,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: NotifyCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        NotifyCommand::List => {
            let channels = client.list::<ChannelItem>("/channels", "after", &[]).await?;
            context.output.show(&channels, |channels, page| list(channels, page))
        }
        NotifyCommand::Try { channel } => {
            let reply = client
                .post::<ChannelItem>(&format!("/channels/{channel}/try"), &json!({}))
                .await?;
            context.output.show(&reply, |channel, page| {
                page.line(format!("{} took a notification for you.", channel.name));
            })
        }
    }
}

fn list(channels: &[ChannelItem], page: &mut Page) {
    if channels.is_empty() {
        page.line("Nobody is told outside the app what waits for them.");
        page.line("Write [notify.mail] or [notify.webhooks.NAME] in team6.toml to change that.");
        return;
    }
    let rows = channels.iter().map(|channel| {
        [
            (Tone::Strong, channel.name.clone()),
            (
                Tone::Plain,
                channel.told_at.map_or_else(|| "not yet".into(), |at| clock(at.0)),
            ),
            match &channel.failure {
                Some(why) => (Tone::Bad, why.clone()),
                None => (Tone::Plain, String::new()),
            },
        ]
    });
    page.table(["channel", "told last", "trouble"], rows);
    page.gap();
    page.next("team6 notify try NAME", "has a channel tell you that it works");
}
