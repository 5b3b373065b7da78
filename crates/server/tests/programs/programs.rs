//! The programs that a server starts, and a server as a process of its own, for the tests of this crate.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it tells the test where it listens"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use team6_agent::profile::CommandLine;
use team6_core::ids::PersonId;
use team6_server::api::{router, serve, token};
use team6_server::app::{App, Programs};
use team6_server::config::{Config, Person};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let role = args.next().unwrap_or_default();
    let path = args.next().map(PathBuf::from).unwrap_or_default();
    match role.to_str() {
        Some("supervisor") => team6_sandbox::supervisor::main(),
        Some("toolbox-bridge") => team6_agent::toolbox::bridge::main(&path),
        Some("scripted-agent") => team6_agent::scripted::main(&path),
        Some("workspace-packer") => team6_workspace::pack::main(&path.to_string_lossy()),
        Some("serve") => match serve_on(&path) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::FAILURE,
    }
}

/// Serves a data folder until it is killed. It prints where.
fn serve_on(data: &Path) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = App::open(config(data)?, programs()?).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stop = CancellationToken::new();
        let router = router(app.api(token::load_or_create(data)?, stop.clone())?);
        println!("http://{}", listener.local_addr()?);
        serve(listener, router, stop).await?;
        Ok(())
    })
}

fn config(data: &Path) -> Result<Config, Box<dyn Error>> {
    let ada = Person {
        name: "Ada".into(),
        email: "ada@example.org".into(),
        approves: true,
        handles: Vec::new(),
    };
    let mut config = Config {
        data: data.to_owned(),
        people: BTreeMap::from([(PersonId::new("ada")?, ada)]),
        ..Config::default()
    };
    config.agents.folder = data.join("agents");
    Ok(config)
}

fn programs() -> Result<Programs, Box<dyn Error>> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    let hidden = |command: &str| CommandLine {
        program: own.clone(),
        args: vec![command.into()],
    };
    Ok(Programs {
        supervisor: hidden("supervisor"),
        bridge: hidden("toolbox-bridge"),
        packer: hidden("workspace-packer"),
        scripted: hidden("scripted-agent"),
        scripted_works: true,
        git: "git".into(),
    })
}
