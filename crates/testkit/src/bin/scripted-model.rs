//! The scripted model by hand: prints its address, then a line for each request, until it is interrupted.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use team6_testkit::scripted_model::{Scenario, ScenarioError, ScriptedModel};

/// A language model whose answers come from a scenario file.
#[derive(Parser)]
struct Arguments {
    /// Port of loopback to listen on; 0 for a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The scenario: TOML, or JSON if its name ends in .json.
    #[arg(long)]
    scenario: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "failed to {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), ScenarioError> {
    let model = ScriptedModel::start_on(arguments.port, Scenario::load(&arguments.scenario)?).await?;
    let mut requests = model.watch_requests();
    let mut told = 0;
    say(&model.url());
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            changed = requests.changed() => if changed.is_err() { break },
        }
        for request in requests.borrow_and_update().iter() {
            if request.number > told {
                told = request.number;
                say(&format!("{told} {} {:?}", request.line, request.outcome));
            }
        }
    }
    model.stop().await;
    Ok(())
}

/// Whoever reads may have gone; the model goes on.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
