//! `team6 up`: the server.

use std::path::PathBuf;
use std::sync::Arc;

use team6_agent::profile::CommandLine;
use team6_core::ids::PersonId;
use team6_server::api::{self, token};
use team6_server::app::{App, Programs};
use team6_server::config::{self, Config, Person};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::programs;

/// The arguments of `team6 up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// The configuration file; without it `team6.toml` here, or in your configuration folder.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What the built-in scripted agent plays.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Runs the server until it is asked to stop; the error is for people.
pub(crate) async fn run(up: Up) -> Result<(), String> {
    let config = configuration(&up)?;
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("{listen} cannot be listened on: {error}; stop what uses it, or set another with TEAM6_SERVER__LISTEN=127.0.0.1:PORT")
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let app = App::open(config, programs_of(&up)?)
        .await
        .map_err(|error| error.to_string())?;
    let app = Arc::new(app);
    let token = token::load_or_create(&app.config().data).map_err(|error| error.to_string())?;
    let stop = CancellationToken::new();
    println!("Team6 listens on http://{address}");
    println!("The token for it is in {}", token.file().display());
    let recovered = &app.recovered;
    if recovered.attempts > 0 {
        println!("{} attempts of an earlier run go on", recovered.attempts);
    }
    let router = api::router(app.api(token, stop.clone())?);
    let serving = tokio::spawn(api::serve(listener, router, stop.clone()));
    let asked = tokio::spawn(wait_for_signal(stop.clone()));
    app.run(stop.clone()).await;
    stop.cancel();
    let served = serving.await.map_err(|error| error.to_string())?;
    served.map_err(|error| format!("the server broke off: {error}"))?;
    asked.await.map_err(|error| error.to_string())?
}

async fn wait_for_signal(stop: CancellationToken) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("signals cannot be waited for: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map_err(failed)?,
        _ = terminate.recv() => {}
        () = stop.cancelled() => return Ok(()),
    }
    eprintln!("stopping: agents are asked to stop, and their work is kept");
    stop.cancel();
    Ok(())
}

fn configuration(up: &Up) -> Result<Config, String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let file = up
        .config
        .clone()
        .or_else(|| config::default_file(&here, |name| std::env::var(name).ok()));
    let mut config = config::load(file.as_deref()).map_err(|error| error.to_string())?.config;
    if let Some(folder) = file.as_ref().and_then(|file| file.parent()) {
        config.agents.folder = folder.join(&config.agents.folder);
    }
    if config.people.is_empty() {
        let (id, person) = whoever_runs_it()?;
        eprintln!(
            "nobody is configured, so {} <{}> owns and approves; add [people.NAME] to team6.toml",
            person.name, person.email
        );
        config.people.insert(id, person);
    }
    Ok(config)
}

/// The person that git knows here.
fn whoever_runs_it() -> Result<(PersonId, Person), String> {
    let git = |name: &str| {
        let output = std::process::Command::new("git").args(["config", name]).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    let user = std::env::var("USER").unwrap_or_else(|_| "me".into()).to_lowercase();
    let id = PersonId::new(user)
        .or_else(|_| PersonId::new("me"))
        .map_err(|error| error.to_string())?;
    let person = Person {
        name: git("user.name").unwrap_or_else(|| id.to_string()),
        email: git("user.email").unwrap_or_else(|| format!("{id}@localhost")),
        approves: true,
    };
    Ok((id, person))
}

fn programs_of(up: &Up) -> Result<Programs, String> {
    let own = programs::own()?;
    let mut scripted = programs::hidden(&own, "scripted-agent");
    if let Some(scenario) = &up.scenario {
        let scenario = std::path::absolute(scenario).map_err(|error| error.to_string())?;
        scripted.args.push(scenario.to_string_lossy().into_owned());
    }
    Ok(Programs {
        supervisor: programs::hidden(&own, "supervisor"),
        bridge: programs::hidden(&own, "toolbox-bridge"),
        scripted: CommandLine { ..scripted },
        git: PathBuf::from("git"),
    })
}
