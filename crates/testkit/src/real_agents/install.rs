//! Installing agents from npm by their lock files, once for all tests of a checkout.
//!
//! An installation is made beside its place and moved there when it is whole, so that a folder that exists is usable,
//! whatever ended the run before. A file lock lets one test install while others wait.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, interval, timeout};

use super::{Agent, Installed};
use crate::processes::{ProcessTree, inherited};

/// How long npm may take, and how long we wait for another test that installs.
const LIMIT: Duration = Duration::from_secs(600);

/// How often a lock that another process holds is tried: the system tells nobody when it is free.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// The most bytes of npm's words that an error shows.
const SHOWN: usize = 2_000;

/// Why an agent is not there.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// npm is not on the path.
    #[error("install {agent}: npm was not found on the PATH; install Node.js 20 or newer with npm")]
    NoNpm {
        /// The agent.
        agent: Agent,
    },
    /// npm failed: no network, no such package, no room.
    #[error("install {agent} with npm: check the network and npm's registry setting; npm said: {said}")]
    Npm {
        /// The agent.
        agent: Agent,
        /// The end of what npm said.
        said: String,
    },
    /// npm was content, but the program is not there.
    #[error("install {agent}: npm installed no {}, so this platform has no package of it", program.display())]
    NoProgram {
        /// The agent.
        agent: Agent,
        /// What should be there.
        program: PathBuf,
    },
    /// It took longer than ten minutes.
    #[error("install {agent}: {what} took longer than ten minutes; see whether another npm hangs and try again")]
    TooLong {
        /// The agent.
        agent: Agent,
        /// What took so long.
        what: &'static str,
    },
    /// The folder for agents could not be written.
    #[error("install {agent} in {}: {source}", folder.display())]
    Folder {
        /// The agent.
        agent: Agent,
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The files that say what is installed.
struct Packages {
    manifest: &'static str,
    lock: &'static str,
}

impl Packages {
    fn of(agent: Agent) -> Self {
        macro_rules! packages {
            ($folder:literal) => {
                Self {
                    manifest: include_str!(concat!("../../agents/", $folder, "/package.json")),
                    lock: include_str!(concat!("../../agents/", $folder, "/package-lock.json")),
                }
            };
        }
        match agent {
            Agent::ClaudeCode => packages!("claude"),
            Agent::OpenCode => packages!("opencode"),
            Agent::Codex => packages!("codex"),
        }
    }

    /// The name of an installation: the same only for the same packages.
    fn name(&self, agent: Agent) -> String {
        let mut hasher = DefaultHasher::new();
        (self.manifest, self.lock).hash(&mut hasher);
        format!("{agent}-{:016x}", hasher.finish())
    }
}

/// The agent, installed in the target folder if it is not there yet, which takes ten seconds or so.
///
/// # Errors
/// If it cannot be installed; the error says what to do. Tests fail on it: there is no silent way past them.
pub async fn ensure(agent: Agent) -> Result<Installed, InstallError> {
    ensure_in(agent, &target().join("agents"), npm).await
}

/// As [`ensure`], with the folder of all agents and the way to fill the folder of one, whose packages are named in it.
async fn ensure_in(
    agent: Agent,
    agents: &Path,
    fill: impl AsyncFnOnce(Agent, &Path) -> Result<(), InstallError>,
) -> Result<Installed, InstallError> {
    let packages = Packages::of(agent);
    let folder = agents.join(packages.name(agent));
    let installed = Installed::new(agent, &folder);
    if !folder.exists() {
        let failed = |source| InstallError::Folder {
            agent,
            folder: folder.clone(),
            source,
        };
        fs::create_dir_all(agents).map_err(failed)?;
        let lock = File::create(folder.with_extension("lock")).map_err(failed)?;
        acquire(agent, &lock).await?.map_err(failed)?;
        if !folder.exists() {
            let partial = folder.with_extension("partial");
            write(&packages, &partial).map_err(failed)?;
            fill(agent, &partial).await?;
            fs::rename(&partial, &folder).map_err(failed)?;
        }
    }
    if installed.program().exists() {
        Ok(installed)
    } else {
        Err(InstallError::NoProgram {
            agent,
            program: installed.program(),
        })
    }
}

/// Waits for the lock, which is free again when its file is closed.
async fn acquire(agent: Agent, lock: &File) -> Result<io::Result<()>, InstallError> {
    let deadline = Instant::now() + LIMIT;
    let mut tries = interval(TRY_EVERY);
    loop {
        tries.tick().await;
        match lock.try_lock() {
            Ok(()) => return Ok(Ok(())),
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                let what = "another installation";
                return Err(InstallError::TooLong { agent, what });
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }
}

fn write(packages: &Packages, folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.json"), packages.manifest)?;
    fs::write(folder.join("package-lock.json"), packages.lock)
}

async fn npm(agent: Agent, folder: &Path) -> Result<(), InstallError> {
    let failed = |source| InstallError::Folder {
        agent,
        folder: folder.to_owned(),
        source,
    };
    let words = folder.join("npm.log");
    let mut command = Command::new("npm");
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"])
        .current_dir(folder)
        .env_clear()
        .envs(inherited(concerns_npm))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&words).map_err(failed)?);
    let mut tree = match ProcessTree::spawn(&mut command) {
        Ok(tree) => tree,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(InstallError::NoNpm { agent }),
        Err(error) => return Err(failed(error)),
    };
    let ended = timeout(LIMIT, tree.root.wait()).await;
    let status = tree.end().await.map_err(failed)?;
    if ended.is_err() {
        return Err(InstallError::TooLong { agent, what: "npm" });
    }
    if status.success() {
        return Ok(());
    }
    let said = fs::read(&words).unwrap_or_default();
    let end = &said[said.len().saturating_sub(SHOWN)..];
    Err(InstallError::Npm {
        agent,
        said: String::from_utf8_lossy(end).trim().to_owned(),
    })
}

/// npm needs its user's settings and the way to the network; nothing else.
fn concerns_npm(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.starts_with("npm_config_")
        || [
            "path",
            "home",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "node_extra_ca_certs",
            "ssl_cert_file",
        ]
        .contains(&lower.as_str())
}

/// The folder for what is built. Tests run in their crate's folder, but a relative setting was made beside the workspace.
fn target() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let set = std::env::var_os("CARGO_TARGET_DIR").filter(|set| !set.is_empty());
    workspace
        .unwrap_or(Path::new("/"))
        .join(set.unwrap_or_else(|| "target".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::wait::within;

    #[test]
    fn lock_files_pin_every_package_and_name_no_registry() {
        for agent in Agent::ALL {
            let packages = Packages::of(agent);
            let lock: serde_json::Value = serde_json::from_str(packages.lock).unwrap();
            for (path, package) in lock["packages"].as_object().unwrap() {
                assert!(package["resolved"].is_null(), "{agent}: {path}");
                assert!(path.is_empty() || package["integrity"].is_string(), "{agent}: {path}");
            }
            let manifest: serde_json::Value = serde_json::from_str(packages.manifest).unwrap();
            assert_eq!(
                lock["packages"][""]["dependencies"], manifest["dependencies"],
                "{agent}"
            );
        }
    }

    /// Puts a program where npm would.
    fn install(folder: &Path) {
        let programs = folder.join("node_modules/.bin");
        fs::create_dir_all(&programs).unwrap();
        fs::write(programs.join("claude-agent-acp"), "").unwrap();
    }

    #[tokio::test]
    async fn tests_that_run_at_once_share_one_installation() {
        let agents = tempfile::tempdir().unwrap();
        let (begun, go, filled) = (Notify::new(), Notify::new(), AtomicUsize::new(0));
        let fill = async |_: Agent, folder: &Path| {
            filled.fetch_add(1, Ordering::Relaxed);
            begun.notify_one();
            go.notified().await;
            install(folder);
            Ok(())
        };
        let first = ensure_in(Agent::ClaudeCode, agents.path(), &fill);
        let second = async {
            begun.notified().await;
            go.notify_one();
            ensure_in(Agent::ClaudeCode, agents.path(), &fill).await
        };
        let both = async { tokio::join!(first, second) };
        let (first, second) = within("both installations", LIMIT / 20, both).await;
        assert_eq!(first.unwrap().program(), second.unwrap().program());
        assert_eq!(filled.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_an_installation_left_that_was_ended_is_done_anew() {
        let agents = tempfile::tempdir().unwrap();
        let name = Packages::of(Agent::ClaudeCode).name(Agent::ClaudeCode);
        let left = agents.path().join(name).with_extension("partial");
        fs::create_dir_all(left.join("node_modules/half")).unwrap();
        let whole = async |_, folder: &Path| {
            assert!(!folder.join("node_modules").exists());
            install(folder);
            Ok(())
        };
        let installed = ensure_in(Agent::ClaudeCode, agents.path(), whole).await.unwrap();
        assert!(installed.program().exists());
        assert!(!left.exists());
    }

    #[tokio::test]
    async fn an_installation_without_the_program_names_it() {
        let agents = tempfile::tempdir().unwrap();
        let nothing = async |_, _: &Path| Ok(());
        let error = ensure_in(Agent::ClaudeCode, agents.path(), nothing).await.unwrap_err();
        let error = error.to_string();
        assert!(error.contains("npm installed no "), "{error}");
        assert!(error.contains("node_modules/.bin/claude-agent-acp"), "{error}");
    }

    #[tokio::test]
    async fn what_npm_says_is_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("package.json"), "{").unwrap();
        let error = npm(Agent::Codex, folder.path()).await.unwrap_err().to_string();
        assert!(
            error.starts_with("install codex with npm: check the network"),
            "{error}"
        );
        assert!(error.contains("npm error"), "{error}");
    }
}
