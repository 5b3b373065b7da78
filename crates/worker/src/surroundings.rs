//! What an agent has around it in its sandbox: its program, the engine's tools, and the way out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use team6_agent::profile::{AgentProfile, EnvProblems, Environment, Way};
use team6_agent::toolbox::{McpServerSpec, Toolbox};
use team6_egress::{
    Egress, EgressSession, GATEWAYS, Gateway, Options, Outcome, Record, Rules, SystemResolver, What, records,
};
use team6_sandbox::ProcessSpec;
use team6_sandbox::reach::{Forward, Limits, Mount, Network};
use team6_workspace::Workspace;
use team6_workspace::guest::{self, ENGINE, Guest};
use tokio::sync::mpsc::Receiver;

use crate::worker::Parts;

/// Where a sandbox has the folder of its tools' socket.
const TOOLS: &str = "/engine/tools";
/// Where a sandbox has the folder of its proxy's socket.
const WAY_OUT: &str = "/engine/out";
/// The proxy's socket in it.
const PROXY: &str = "proxy.sock";
/// The port of a sandbox's loopback at which the proxy is reached; gateways have those after it.
const PORT: u16 = 3128;
/// Folders of which a sandbox has all anyway.
const SYSTEM: [&str; 5] = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];

/// What all sandboxes of a machine have in common.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What every trace begins with, such as that there are no sandboxes.
    pub warnings: Vec<String>,
    /// Files and folders of this machine that agents may read.
    pub sees: Vec<PathBuf>,
    /// Where agents may connect to, besides what their profiles list.
    pub network: Vec<String>,
    /// The setting that lists it, for people.
    pub setting: String,
    /// What an agent's processes may use up.
    pub limits: Limits,
    /// Looks names up for all proxies.
    pub resolver: Arc<SystemResolver>,
}

/// What one agent sees besides its workspace.
struct Around {
    shown: Vec<Mount>,
    network: Network,
    /// What its profile adds to its environment.
    added: Environment,
    /// The tools as the agent is told of them.
    tools: McpServerSpec,
    proxy: EgressSession,
    /// What the proxy let through and what not.
    records: Receiver<Record>,
}

/// Why nothing can be laid ready for an agent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    /// What its profile refers to is not there.
    #[error(transparent)]
    Environment(#[from] EnvProblems),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// An agent's program as it is to be started, and what belongs to it.
pub(crate) struct Placed {
    pub(crate) spec: ProcessSpec,
    /// What its profile adds to its environment.
    pub(crate) added: Environment,
    /// The tools as the agent is told of them.
    pub(crate) tools: McpServerSpec,
    /// Its way out of the sandbox, if it is in one.
    pub(crate) way_out: Option<(EgressSession, Receiver<Record>)>,
}

/// Places an agent in a workspace, with a home and its tools, whose socket lies in `folder`.
pub(crate) async fn place(
    parts: &Parts,
    profile: &AgentProfile,
    workspace: &Workspace,
    home: &Path,
    tools: &McpServerSpec,
    folder: &Path,
) -> Result<Placed, NotReady> {
    let mut guest = Guest::new(&profile.command, home);
    if workspace.boxed.is_none() {
        return Ok(Placed {
            spec: guest::command(workspace, guest),
            added: environment(profile, Way::Open).await?,
            tools: tools.clone(),
            way_out: None,
        });
    }
    let around = around(&parts.surroundings, profile, &parts.toolbox, tools, folder).await?;
    guest.shown = around.shown;
    guest.network = around.network;
    guest.limits = parts.surroundings.limits;
    Ok(Placed {
        spec: guest::command(workspace, guest),
        added: around.added,
        tools: around.tools,
        way_out: Some((around.proxy, around.records)),
    })
}

/// What a profile adds to an agent's environment.
async fn environment(profile: &AgentProfile, way: Way) -> Result<Environment, NotReady> {
    let wanted = profile.clone();
    // It may read files.
    let resolved = tokio::task::spawn_blocking(move || wanted.environment(way, |name| std::env::var(name).ok()));
    match resolved.await {
        Ok(resolved) => Ok(resolved?),
        Err(error) => Err(NotReady::Other(format!(
            "the agent's environment cannot be read: {error}"
        ))),
    }
}

/// Lays ready what an agent needs. `folder` is that of its tools' socket.
async fn around(
    common: &Surroundings,
    profile: &AgentProfile,
    toolbox: &Toolbox,
    tools: &McpServerSpec,
    folder: &Path,
) -> Result<Around, NotReady> {
    let other = |error: String| NotReady::Other(format!("the agent's sandbox cannot be laid out: {error}"));
    let mut added = environment(profile, Way::Proxy).await?;
    let listed: Vec<String> = common
        .network
        .iter()
        .chain(&profile.network)
        .cloned()
        .chain(added.variables.values().filter_map(|value| address(value)))
        .collect();
    let out = folder.with_extension("out");
    let gateways = added.gateways.iter().map(|open| open.gateway.clone()).collect();
    let way_out = way_out(common, &listed, gateways, &out).await.map_err(other)?;
    added.reach(way_out.gateways);
    let variables = &added.variables;

    let mut shown: Vec<Mount> = installed(profile).map(|path| here(&path)).collect();
    shown.extend(common.sees.iter().map(|path| here(path)));
    shown.extend(named(&profile.sees, variables).map(|path| here(&path)));
    shown.extend(named(&profile.writes, variables).map(|path| Mount::Writable {
        from: path.clone(),
        at: path,
    }));
    shown.push(Mount::System {
        from: toolbox.program().to_owned(),
        at: ENGINE.into(),
    });
    shown.push(Mount::ReadOnly {
        from: folder.to_owned(),
        at: TOOLS.into(),
    });
    shown.push(way_out.shown);
    Ok(Around {
        shown,
        network: way_out.network,
        added,
        tools: tools.seen_at(Path::new(ENGINE), Path::new(TOOLS)),
        proxy: way_out.proxy,
        records: way_out.records,
    })
}

/// A way out of a sandbox.
pub(crate) struct WayOut {
    /// The proxy's socket.
    pub(crate) shown: Mount,
    pub(crate) network: Network,
    /// Where programs reach the gateways, in their order.
    pub(crate) gateways: Vec<String>,
    pub(crate) proxy: EgressSession,
    /// What the proxy let through and what not.
    pub(crate) records: Receiver<Record>,
}

/// Opens a proxy that lets through what is listed, with gateways. Its socket lies in `folder`, which is made.
pub(crate) async fn way_out(
    common: &Surroundings,
    listed: &[String],
    gateways: Vec<Gateway>,
    folder: &Path,
) -> Result<WayOut, String> {
    let rules = Rules::parse(listed).map_err(|error| format!("{} cannot be read: {error}", common.setting))?;
    let options = Options {
        setting: common.setting.clone(),
        ..Options::default()
    };
    let (sink, records) = records(&options);
    make_private(folder).map_err(|error| format!("a folder for the proxy cannot be made: {error}"))?;
    let mut forwards = forwards(listed);
    let led = leading(&gateways, &forwards);
    let addresses = led.iter().map(|way| format!("http://127.0.0.1:{}", way.port)).collect();
    forwards.extend(led);
    let proxy = Egress::new(rules, sink)
        .gateways(gateways)
        .options(options)
        .resolver(Arc::<SystemResolver>::clone(&common.resolver))
        .serve(&folder.join(PROXY))
        .await
        .map_err(|error| error.to_string())?;
    Ok(WayOut {
        shown: Mount::ReadOnly {
            from: folder.to_owned(),
            at: WAY_OUT.into(),
        },
        network: Network::Proxy {
            socket: Path::new(WAY_OUT).join(PROXY),
            port: PORT,
            forwards,
        },
        gateways: addresses,
        proxy,
        records,
    })
}

pub(crate) fn here(path: &Path) -> Mount {
    Mount::System {
        from: path.to_owned(),
        at: path.to_owned(),
    }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The address in a variable's value that is a URL, as the proxy lists it: whoever set it meant it to be reached, on
/// whatever network it is.
fn address(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://")?;
    let port = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port),
        _ => (authority, port),
    };
    let literal = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    Some(match literal {
        true => format!("{host}:{port}"),
        false => format!("private:{host}:{port}"),
    })
}

/// Addresses on the machine's loopback, which programs reach without the proxy: the sandbox's own loopback leads there.
fn forwards(listed: &[String]) -> Vec<Forward> {
    let mut forwards: BTreeMap<u16, String> = BTreeMap::new();
    for rule in listed {
        let place = rule.strip_prefix("private:").unwrap_or(rule);
        let Some((host, port)) = place.rsplit_once(':') else {
            continue;
        };
        if let ("127.0.0.1" | "localhost" | "[::1]", Ok(port)) = (host, port.parse::<u16>())
            && port != PORT
        {
            forwards.entry(port).or_insert_with(|| place.to_owned());
        }
    }
    let listed = forwards.into_iter().map(|(port, to)| Forward { port, to });
    listed.collect()
}

/// Ports that lead to gateways: programs that know no proxy ask there. None is one that is taken.
fn leading(gateways: &[Gateway], taken: &[Forward]) -> Vec<Forward> {
    let free = (PORT + 1..).filter(|port| !taken.iter().any(|way| way.port == *port));
    let led = free.zip(gateways).map(|(port, gateway)| Forward {
        port,
        to: format!("{}{GATEWAYS}:80", gateway.name()),
    });
    led.collect()
}

/// What of this machine an agent's program consists of, besides what every sandbox has: its own file or folder, or the
/// whole tree of packages in which it is one; and the files that its command line names.
fn installed(profile: &AgentProfile) -> impl Iterator<Item = PathBuf> {
    let mut all = Vec::new();
    if let Ok(found) = which::which(&profile.command) {
        all.extend(found.canonicalize().ok().map(|real| package(&real)));
        all.push(package(&found));
    }
    let arguments = profile.args.iter().map(PathBuf::from);
    all.extend(arguments.filter(|path| path.is_absolute() && path.is_file()));
    all.sort();
    all.dedup();
    all.into_iter()
        .filter(|path| !SYSTEM.iter().any(|root| path.starts_with(root)))
}

fn package(program: &Path) -> PathBuf {
    let outermost = program.ancestors().filter(|path| path.ends_with("node_modules")).last();
    outermost.unwrap_or(program).to_owned()
}

/// Paths that a profile lists, by themselves or by a variable that holds one; those that are there.
fn named(listed: &[String], variables: &BTreeMap<String, String>) -> impl Iterator<Item = PathBuf> {
    let paths = listed.iter().filter_map(|entry| match entry.strip_prefix('$') {
        Some(name) => variables.get(name.trim_end_matches('?')).map(PathBuf::from),
        None => Some(PathBuf::from(entry)),
    });
    paths.filter(|path| path.is_absolute() && path.exists())
}

/// What the trace says of a record.
pub(crate) fn told(record: &Record) -> String {
    let place = match &record.what {
        What::Http { method, path } => format!("{method} http://{}:{}{path}", record.host, record.port),
        What::Gateway { name } => format!("the gateway {name}"),
        What::Tunnel => format!("{}:{}", record.host, record.port),
        What::Unreadable => "a request that cannot be read".to_owned(),
    };
    match &record.outcome {
        Outcome::Refused(refusal) => format!("network: {place} refused: {refusal}"),
        Outcome::Failed { why, .. } => format!("network: {place} failed: {why}"),
        Outcome::Done { sent, received } => format!("network: {place}, {sent} bytes sent, {received} received"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_model_is_taken_from_the_environment() {
        let cases = [
            ("https://api.example.org/v1", Some("private:api.example.org:443")),
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://user:word@models.lan:9/x?y", Some("private:models.lan:9")),
            ("http://[::1]:7/", Some("[::1]:7")),
            ("no url", None),
            ("file:///etc/passwd", None),
        ];
        for (value, expected) in cases {
            assert_eq!(address(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn what_listens_on_the_loopback_is_reached_by_the_same_port() {
        let listed = [
            "127.0.0.1:8080",
            "private:localhost:9",
            "api.example.org",
            "[::1]:7",
            "10.0.0.1:6",
        ];
        let listed: Vec<String> = listed.map(str::to_owned).into();
        let ports: Vec<(u16, String)> = forwards(&listed).into_iter().map(|way| (way.port, way.to)).collect();
        let expected = [(7, "[::1]:7"), (9, "localhost:9"), (8080, "127.0.0.1:8080")];
        assert_eq!(ports, expected.map(|(port, to)| (port, to.to_owned())));
    }

    #[test]
    fn gateways_are_reached_by_ports_that_nothing_else_has() {
        let gateway = |name: &str| {
            let secret = team6_egress::Secret::new("key").unwrap();
            Gateway::new(name, "https://api.example.org", "x-api-key", secret).unwrap()
        };
        let taken = forwards(&["127.0.0.1:3129".to_owned(), "localhost:3131".to_owned()]);
        let led = leading(&[gateway("one"), gateway("two"), gateway("three")], &taken);
        let ports: Vec<(u16, &str)> = led.iter().map(|way| (way.port, way.to.as_str())).collect();
        let expected = [
            (3130, "one.gateway.team6.invalid:80"),
            (3132, "two.gateway.team6.invalid:80"),
            (3133, "three.gateway.team6.invalid:80"),
        ];
        assert_eq!(ports, expected);
    }

    #[test]
    fn a_program_among_packages_is_shown_with_all_of_them() {
        let path = Path::new("/opt/agents/node_modules/.bin/agent");
        assert_eq!(package(path), Path::new("/opt/agents/node_modules"));
        let nested = Path::new("/opt/agents/node_modules/a/node_modules/b/cli.js");
        assert_eq!(package(nested), Path::new("/opt/agents/node_modules"));
        assert_eq!(package(Path::new("/opt/bin/agent")), Path::new("/opt/bin/agent"));
    }
}
