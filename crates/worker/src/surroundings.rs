//! What an agent has around it in its sandbox: its program, the engine's tools, and the way out.

mod network;
mod shown;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use team6_agent::profile::{AgentProfile, EnvProblems, Environment, SecretReference, Way};
use team6_agent::toolbox::McpServerSpec;
use team6_egress::{EgressSession, Record, SystemResolver};
use team6_sandbox::reach::{Limits, Mount, Network};
use team6_sandbox::{Exceeded, ProcessSpec, Reach};
use team6_workspace::Workspace;
use team6_workspace::guest::{self, ENGINE, Guest};
use tokio::sync::mpsc::Receiver;

use crate::worker::Parts;
use network::address;
pub use network::unreadable_network;
pub(crate) use network::{socket, told, way_out};
pub use shown::hidden;

/// Where a sandbox has the folder of its tools' socket.
const TOOLS: &str = "/engine/tools";
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
    let around = around(parts, profile, tools, folder).await?;
    guest.shown = around.shown;
    guest.network = around.network;
    guest.limits = parts.surroundings.limits;
    let spec = guest::command(workspace, guest);
    if let Reach::Confined(sandbox) = &spec.reach
        && let Some(file) = not_kept_out(profile, &sandbox.view)
    {
        return Err(NotReady::Other(format!(
            "the sandbox shows {}, which holds the secret of a gateway: list less under `sees` and `writes` of the profile and \
             under `agents.sees`, or keep the file elsewhere",
            file.display()
        )));
    }
    Ok(Placed {
        spec,
        added: around.added,
        tools: around.tools,
        way_out: Some((around.proxy, around.records)),
    })
}

/// The folder of the proxy beside that of the tools' socket.
pub(crate) fn out_of(folder: &Path) -> PathBuf {
    folder.with_extension("out")
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
    parts: &Parts,
    profile: &AgentProfile,
    tools: &McpServerSpec,
    folder: &Path,
) -> Result<Around, NotReady> {
    let (common, toolbox) = (&parts.surroundings, &parts.toolbox);
    let other = |error: String| NotReady::Other(format!("the agent's sandbox cannot be laid out: {error}"));
    let mut added = environment(profile, Way::Proxy).await?;
    let listed: Vec<String> = common
        .network
        .iter()
        .chain(&profile.network)
        .cloned()
        .chain(added.variables.values().filter_map(|value| address(value)))
        .collect();
    let out = out_of(folder);
    let gateways = added.gateways.iter().map(|open| open.gateway.clone()).collect();
    let way_out = way_out(common, &listed, gateways, &out).await.map_err(other)?;
    added.reach(way_out.gateways);
    let variables = &added.variables;
    // Homes lie in the engine's own data.
    let data = parts.homes.parent().unwrap_or(&parts.homes);
    let listed = named(&profile.sees, variables).chain(named(&profile.writes, variables));
    if let Some(why) = listed.into_iter().find_map(|path| hidden(&path, data)) {
        let agent = &profile.id;
        return Err(other(format!("`sees` or `writes` of the profile of {agent}: {why}")));
    }

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

/// A file with the secret of a gateway that is in the view, where the gateway would keep nothing out.
fn not_kept_out<'a>(profile: &'a AgentProfile, view: &[Mount]) -> Option<&'a Path> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shown = view.iter().filter_map(|mount| match mount {
        Mount::System { from, .. } | Mount::ReadOnly { from, .. } | Mount::Writable { from, .. } => Some(real(from)),
        Mount::Overlay { .. } | Mount::Memory { .. } | Mount::Text { .. } | Mount::Link { .. } => None,
    });
    let shown: Vec<PathBuf> = shown.collect();
    let files = profile.gateways.iter().filter_map(|gateway| match &gateway.secret {
        SecretReference::File(path) => Some(path.as_path()),
        SecretReference::Variable { .. } => None,
    });
    files.into_iter().find(|file| {
        let file = real(file);
        shown.iter().any(|from| file.starts_with(from))
    })
}

/// What is said of processes that were at work when their agent had ended.
pub(crate) fn left_behind(processes: u32) -> String {
    match processes {
        1 => "a process that the agent left behind was ended".to_owned(),
        many => format!("{many} processes that the agent left behind were ended"),
    }
}

/// What people are told of a tree that had all the processes that it may have.
pub(crate) fn crowded(most: u32) -> String {
    format!(
        "there were {most} processes and threads, and there may be no more (agents.processes): programs that could start no \
         others, or said \"Cannot fork\", met this limit"
    )
}

/// What people are told of a tree that was ended because it took more than it may.
pub(crate) fn too_much(exceeded: Exceeded) -> String {
    let setting = match exceeded {
        Exceeded::Memory { .. } => "agents.memory_mb",
        Exceeded::Disk { .. } => "agents.disk_mb",
    };
    format!("{exceeded} ({setting}); if its work needs more, raise that in the configuration and start the server anew")
}

pub(crate) fn here(path: &Path) -> Mount {
    Mount::System {
        from: path.to_owned(),
        at: path.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use team6_agent::profile::{CommandLine, Gateway};

    use super::*;

    #[test]
    fn a_file_with_the_secret_of_a_gateway_is_not_to_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("shown")).unwrap();
        for file in ["shown/key", "key"] {
            std::fs::write(at(file), "secret").unwrap();
        }
        std::os::unix::fs::symlink(at("shown"), at("link")).unwrap();
        let command = CommandLine {
            program: "agent".into(),
            args: Vec::new(),
        };
        let mut profile = AgentProfile::of_command("tester".parse().unwrap(), command);
        let mut seen = |secret: &str, shown: &str| {
            profile.gateways = vec![Gateway {
                upstream: "https://api.example.org".into(),
                secret: SecretReference::File(at(secret)),
                header: "x-api-key".into(),
                scheme: None,
                variable: "MODELS_URL".into(),
                path: String::new(),
            }];
            not_kept_out(&profile, &[here(&at(shown))]).is_some()
        };
        assert!(seen("shown/key", "shown") && seen("shown/key", "shown/key"));
        assert!(seen("link/key", "shown") && seen("shown/key", "link"));
        assert!(!seen("key", "shown") && !seen("key", "key-of-others"));
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
