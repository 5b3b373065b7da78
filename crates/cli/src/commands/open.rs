//! `team6 open`: the web app in a browser, signed in.

use serde_json::json;
use team6_server::api::types::SignInCode;

use super::Context;
use crate::failure::Failure;
use crate::output::clock;

/// The arguments of `team6 open`.
#[derive(Debug, clap::Args)]
pub(crate) struct Open {
    /// Print the link only, as for a browser on another machine that reaches the server through a tunnel.
    #[arg(long)]
    print: bool,
}

/// Has a link made and opens it.
pub(crate) async fn run(command: &Open, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let code = client.post::<SignInCode>("/sign-in/codes", &json!({})).await?.item;
    // What stands after # is sent to no server, and so is written into no log.
    let link = format!("{}/#code={}", client.base(), code.code);
    let opened = !command.print && !context.output.json && open::that_detached(&link).is_ok();
    let value = json!({ "url": link, "until": code.until });
    context.output.value(&value, |page| {
        page.line(&link);
        if opened {
            page.line("It opens in your browser.");
        }
        page.line(format!("It signs one browser in, once, until {}.", clock(code.until.0)));
    })
}
