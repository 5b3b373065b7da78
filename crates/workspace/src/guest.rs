//! How a program is run in a workspace: what it sees besides, and an environment of few variables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use team6_sandbox::reach::{Confinement, Limits, Mount, Network};
use team6_sandbox::{ProcessSpec, Reach, system};

use crate::provisioner::Workspace;

/// Where a program in a sandbox has its home.
pub const HOME: &str = "/home/agent";

/// Where a sandbox has the engine's own program, if it is shown.
pub const ENGINE: &str = "/engine/team6";

/// Variables of the engine's own environment that programs in a workspace get: nothing of them is secret.
const PASSED: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TZ"];

/// Where a sandbox has its caches of packages.
pub(crate) const CACHES: &str = "/caches";

/// The caches: the variable that names a program's folder, that folder's name below [`CACHES`], the engine's own below its
/// home, and what of it sandboxes see.
pub(crate) const CACHED: [(&str, &str, &str, &[&str]); 2] = [
    ("CARGO_HOME", "cargo", ".cargo", &["registry", "git"]),
    ("npm_config_cache", "npm", ".npm", &["_cacache"]),
];

/// Where this machine has a cache: where its variable says, or else in the home of the engine's user. `look` looks a
/// variable up.
pub(crate) fn cache_here(variable: &str, theirs: &str, look: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let named = look(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(PathBuf::from(look("HOME")?).join(theirs)))
}

/// A program that is to run in a workspace.
#[derive(Debug, Clone)]
pub struct Guest<'a> {
    /// The program: a path, or a name that is looked up in the `PATH`.
    pub program: &'a OsStr,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder that holds its home and what it writes for a while, which the caller keeps for the work; see
    /// [`prepare_home`].
    pub home: &'a Path,
    /// What it sees besides, such as where it is installed.
    pub shown: Vec<Mount>,
    /// How it reaches anything outside.
    pub network: Network,
    /// What it may use up.
    pub limits: Limits,
}

impl<'a> Guest<'a> {
    /// One without a network that sees nothing besides.
    pub fn new(program: &'a (impl AsRef<OsStr> + ?Sized), home: &'a Path) -> Self {
        Self {
            program: program.as_ref(),
            args: Vec::new(),
            home,
            shown: Vec::new(),
            network: Network::None,
            limits: Limits::default(),
        }
    }
}

/// Makes the folders of a home: `home` itself and, beside it, `tmp`. Nothing is made inside of them, where an agent may
/// have put links that lead elsewhere.
pub fn prepare_home(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("home"))?;
    fs::create_dir_all(folder.join("tmp"))
}

/// How to start a program in a workspace: in its sandbox if it has one.
pub fn command(workspace: &Workspace, guest: Guest<'_>) -> ProcessSpec {
    let (own_home, own_tmp) = (guest.home.join("home"), guest.home.join("tmp"));
    let (home, tmp) = match workspace.boxed {
        Some(_) => (Path::new(HOME), Path::new("/tmp")),
        None => (own_home.as_path(), own_tmp.as_path()),
    };
    let toolchains = toolchains();
    let mut env = environment(workspace, home, tmp, &toolchains);
    let program = guest.program.to_owned();
    let reach = match &workspace.boxed {
        None => {
            env.extend(own("CARGO_HOME").map(|path| ("CARGO_HOME".into(), path.into())));
            Reach::Open
        }
        Some(boxed) => {
            let mut view = system(home);
            view.extend(toolchains.shown.iter().map(|path| Mount::System {
                from: path.clone(),
                at: path.clone(),
            }));
            view.push(Mount::Writable {
                from: own_home.clone(),
                at: HOME.into(),
            });
            view.push(Mount::Writable {
                from: own_tmp.clone(),
                at: "/tmp".into(),
            });
            view.extend(boxed.view.iter().cloned());
            view.extend(guest.shown);
            let folder = |name| Path::new(CACHES).join(name).into_os_string();
            env.extend(CACHED.map(|(variable, name, ..)| (variable.into(), folder(name))));
            if let Network::Proxy { port, .. } = &guest.network {
                env.extend(proxied(*port));
            }
            Reach::Confined(Box::new(Confinement {
                view,
                identity: boxed.identity,
                network: guest.network,
                limits: guest.limits,
            }))
        }
    };
    ProcessSpec {
        program,
        args: guest.args,
        cwd: workspace.root.clone(),
        env,
        reach,
    }
}

/// What tells programs of the proxy. The loopback is the sandbox's own.
fn proxied(port: u16) -> impl Iterator<Item = (OsString, OsString)> {
    let proxy = format!("http://127.0.0.1:{port}");
    let names = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "npm_config_proxy",
        "npm_config_https_proxy",
    ];
    let to_proxy = names.into_iter().map(move |name| (name, proxy.clone()));
    let past = ["NO_PROXY", "no_proxy"].map(|name| (name, "localhost,127.0.0.1,::1".to_owned()));
    // Without it, node's own fetch knows of no proxy.
    let node = [("NODE_USE_ENV_PROXY", "1".to_owned())];
    let all = to_proxy.chain(past).chain(node);
    all.map(|(name, value)| (name.into(), value.into()))
}

fn environment(
    workspace: &Workspace,
    home: &Path,
    tmp: &Path,
    toolchains: &Toolchains,
) -> BTreeMap<OsString, OsString> {
    let mut env: BTreeMap<OsString, OsString> = PASSED
        .iter()
        .filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)))
        .collect();
    if let Some(rustup) = &toolchains.rustup {
        env.insert("RUSTUP_HOME".into(), rustup.into());
    }
    let below = |folder: &str| home.join(folder).into_os_string();
    env.insert("HOME".into(), home.into());
    env.insert("TMPDIR".into(), tmp.into());
    env.insert("XDG_CONFIG_HOME".into(), below(".config"));
    env.insert("XDG_CACHE_HOME".into(), below(".cache"));
    env.insert("XDG_DATA_HOME".into(), below(".local/share"));
    env.insert("XDG_STATE_HOME".into(), below(".local/state"));
    // For repositories that the tests of a project make; the workspace's own knows it anyway.
    let (name, email) = &workspace.claim.author;
    for who in ["AUTHOR", "COMMITTER"] {
        env.insert(format!("GIT_{who}_NAME").into(), name.into());
        env.insert(format!("GIT_{who}_EMAIL").into(), email.into());
    }
    env.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
    env.insert("GIT_CONFIG_NOSYSTEM".into(), "1".into());
    env
}

/// Programs that are installed for the engine's user alone.
struct Toolchains {
    shown: Vec<PathBuf>,
    rustup: Option<PathBuf>,
}

/// What the engine's `PATH` names outside of the system, and where rustup keeps compilers.
fn toolchains() -> Toolchains {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let system = |path: &Path| ["/usr", "/bin", "/sbin"].iter().any(|root| path.starts_with(root));
    let above_home = |path: &Path| home.as_ref().is_some_and(|home| home.starts_with(path));
    let mut shown: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute() && folder.is_dir() && !system(folder) && !above_home(folder))
        .collect();
    let in_home = |name: &str| home.as_ref().map(|home| home.join(name)).filter(|path| path.is_dir());
    let rustup = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| in_home(".rustup"));
    shown.extend(rustup.clone());
    // Managers of versions, whose programs in the `PATH` are small and lead elsewhere.
    for (variable, folder) in [("PYENV_ROOT", ".pyenv"), ("NVM_DIR", ".nvm"), ("VOLTA_HOME", ".volta")] {
        shown.extend(
            std::env::var_os(variable)
                .map(PathBuf::from)
                .or_else(|| in_home(folder)),
        );
    }
    Toolchains { shown, rustup }
}

/// Which programs that build this machine has: something that changes when they do.
pub(crate) fn programs() -> String {
    const BUILD: [&str; 14] = [
        "bun", "cargo", "cc", "clang", "deno", "dotnet", "gcc", "go", "java", "node", "php", "python3", "ruby", "rustc",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = |name: &&str| {
        folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    };
    let mut all: Vec<PathBuf> = BUILD
        .iter()
        .filter_map(|name| found(name)?.canonicalize().ok())
        .collect();
    // What rustup has in the `PATH` stays the same whatever it leads to.
    if let Some(rustup) = toolchains().rustup {
        let installed = fs::read_dir(rustup.join("toolchains")).into_iter().flatten().flatten();
        all.extend(installed.map(|entry| entry.path()));
        all.push(rustup.join("settings.toml"));
    }
    all.sort();
    all.dedup();
    let told = all.iter().map(|path| {
        let found = fs::metadata(path);
        let changed = found.and_then(|found| found.modified()).ok();
        format!("{} {changed:?}\n", path.display())
    });
    told.collect()
}

fn own(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_lies_where_its_variable_says_or_else_in_the_home() {
        let here = |set: &[(&str, &str)]| {
            let set: BTreeMap<String, String> = set.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
            cache_here("CARGO_HOME", ".cargo", |name| set.get(name).map(OsString::from))
        };
        let home = ("HOME", "/home/ada");
        assert_eq!(here(&[home]), Some("/home/ada/.cargo".into()));
        assert_eq!(here(&[home, ("CARGO_HOME", "/srv/cargo")]), Some("/srv/cargo".into()));
        assert_eq!(here(&[home, ("CARGO_HOME", "")]), Some("/home/ada/.cargo".into()));
        assert_eq!(here(&[]), None);
    }
}
