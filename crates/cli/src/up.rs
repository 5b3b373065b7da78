//! `team6 up`: the server.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use team6_agent::profile::CommandLine;
use team6_server::api::{self, token};
use team6_server::app::{App, Programs};
use team6_server::config::{Config, Loaded, Value};
use team6_store::{DataFolder, DataFolderError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::commands::Context;
use crate::output::told;
use crate::signals::Signals;
use crate::{configuration, programs};

/// How often a port that is in use is tried again, two seconds in all. A server that was killed leaves its port for a moment
/// to a program that it was about to start.
const TRIES: u32 = 40;
/// How long is waited between two tries.
const BETWEEN: Duration = Duration::from_millis(50);

/// The arguments of `team6 up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// What the built-in scripted agent plays.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Runs the server until it is asked to stop; the error is for people.
pub(crate) async fn run(up: Up, context: &Context) -> Result<(), String> {
    let (config, settings) = configuration(context.connection.config.as_deref())?;
    let listener = bound(&config).await?;
    let address = reached(listener.local_addr().map_err(|error| error.to_string())?);
    for warning in config.warnings().into_iter().chain(config.exposed()) {
        context.output.warn(&warning);
    }
    let mut app = App::open(config, programs_of(&up)?)
        .await
        .map_err(|error| error.to_string())?;
    app.tell_settings(settings);
    let app = Arc::new(app);
    let token = token::load_or_create(&app.config().data).map_err(|error| error.to_string())?;
    let stop = CancellationToken::new();
    let mut signals = Signals::new()?;
    let address_file = Address::tell(&app.config().data, &format!("http://{address}"))?;
    let recovered = &app.recovered;
    if context.output.json {
        let ready = json!({ "url": format!("http://{address}"), "token_file": token.file(), "recovered": {
            "processes": recovered.processes, "workspaces": recovered.workspaces, "attempts": recovered.attempts } });
        told(&ready.to_string());
    } else {
        told(&format!("Team6 listens on http://{address}"));
        told(&format!("The token for it is in {}", token.file().display()));
        told("Open it in your browser with `team6 open`");
        match recovered.attempts {
            0 => {}
            1 => {
                told("1 attempt of an earlier run goes on");
            }
            many => {
                told(&format!("{many} attempts of an earlier run go on"));
            }
        }
    }
    let router = api::router_with_pages(app.api(token, stop.clone())?, team6_web::router());
    let serving = tokio::spawn(api::serve(listener, router, stop.clone()));
    let running = async {
        app.run(stop.clone()).await;
        stop.cancel();
        let served = serving.await.map_err(|error| error.to_string())?;
        drop(address_file);
        served.map_err(|error| format!("the server broke off: {error}"))
    };
    tokio::select! {
        ended = running => ended,
        // As after a crash, no agent outlives the engine, and the next start keeps what they did.
        () = heed(&mut signals, &stop) => {
            eprintln!("ended at once; the next start keeps what agents have done, and goes on");
            std::process::exit(1)
        }
    }
}

/// Listens at the configured address. One that is in use may be free in a moment.
async fn bound(config: &Config) -> Result<TcpListener, String> {
    let listen = config.server.listen;
    let mut left = TRIES;
    loop {
        let error = match TcpListener::bind(listen).await {
            Ok(listener) => return Ok(listener),
            Err(error) => error,
        };
        // Its port is taken because the same server runs already.
        if let Some(held) = held(&config.data) {
            return Err(held);
        }
        if error.kind() != ErrorKind::AddrInUse || left == 0 {
            return Err(format!(
                "server.listen is {listen}, which cannot be used: {error}; stop what uses it, or set another in \
                 team6.toml or with TEAM6_SERVER__LISTEN=127.0.0.1:PORT"
            ));
        }
        if left == TRIES {
            eprintln!("{listen} is in use; waiting a moment for it");
        }
        left -= 1;
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Where this machine reaches a server that listens there: "any address" is none to connect to.
fn reached(mut listens: SocketAddr) -> SocketAddr {
    match listens.ip().to_canonical() {
        IpAddr::V4(any) if any.is_unspecified() => listens.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(any) if any.is_unspecified() => listens.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listens
}

/// Who has the data folder, if somebody has. One that is not there is not made.
fn held(data: &Path) -> Option<String> {
    if !data.is_dir() {
        return None;
    }
    match DataFolder::open(data) {
        Err(error @ DataFolderError::InUse { .. }) => Some(error.to_string()),
        _ => None,
    }
}

/// The file that tells commands where the server listens, for as long as it does.
struct Address(PathBuf);

impl Address {
    fn tell(data: &Path, url: &str) -> Result<Self, String> {
        let file = configuration::address_file(data);
        fs::write(&file, format!("{url}\n")).map_err(|error| {
            format!(
                "{} cannot be written: {error}; see that its disk has space",
                file.display()
            )
        })?;
        Ok(Self(file))
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        // One that stays behind names a server that does not answer, which commands say.
        let _ = fs::remove_file(&self.0);
    }
}

/// Asks the server to stop at the first signal, and comes back at the second.
async fn heed(signals: &mut Signals, stop: &CancellationToken) {
    signals.one().await;
    eprintln!("stopping: agents are asked to stop, and their work is kept; ask again to end at once");
    stop.cancel();
    signals.one().await;
}

/// The configuration, with somebody in it, and where each of its values came from.
fn configuration(file: Option<&Path>) -> Result<(Config, Vec<Value>), String> {
    let Loaded { mut config, values, .. } = configuration::load(file)?;
    if config.people.is_empty() {
        let (id, person) = configuration::whoever_runs_it()?;
        eprintln!(
            "nobody is configured, so {} <{}> owns and approves; add [people.NAME] to team6.toml",
            person.name, person.email
        );
        config.people.insert(id, person);
    }
    Ok((config, values))
}

fn programs_of(up: &Up) -> Result<Programs, String> {
    let own = programs::own()?;
    let mut scripted = programs::hidden(&own, "scripted-agent");
    if let Some(scenario) = &up.scenario {
        // Agents see it at this path in their sandboxes, so it leads nowhere else on the way. What is not there is told next.
        let scenario = scenario.canonicalize().unwrap_or_else(|_| scenario.clone());
        team6_agent::scripted::check(&scenario)
            .map_err(|error| format!("failed to {error}; --scenario names what the scripted agent plays"))?;
        scripted.args.push(scenario.to_string_lossy().into_owned());
    }
    Ok(Programs {
        supervisor: programs::hidden(&own, "supervisor"),
        bridge: programs::hidden(&own, "toolbox-bridge"),
        packer: programs::hidden(&own, "workspace-packer"),
        scripted: CommandLine { ..scripted },
        scripted_works: up.scenario.is_some(),
        git: PathBuf::from("git"),
    })
}
