//! What isolation this machine gives, found out by trying: small sandboxes are started where agents would have theirs.
//!
//! Asked once, at start and by `team6 doctor`. What is found decides which users sandboxes have and which workspaces can
//! be made; what is missing is told in words that a person can act on.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cgroup;
use crate::launch::{Launcher, ProcessSpec, SpawnError};
use crate::machine;
use crate::mark::TreeMark;
use crate::reach::{Confinement, Identity, Limits, Mount, Network, Reach};
use crate::sys;
use crate::tree::Exit;
use crate::words;

/// A program that does nothing for long is none of ours.
const PATIENCE: Duration = Duration::from_secs(5);
/// The last of the slots, so that a trial has the ids of no sandbox.
const SLOT: u16 = 0x1fff;
const HOME: &str = "/home/agent";

/// What a machine gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Which users programs in sandboxes are; none if no sandbox can be made.
    pub users: Option<Users>,
    /// How workspaces can be put together from layers.
    pub overlay: Overlay,
    /// Whether the file system can show files as another user's.
    pub id_mapped_mounts: bool,
    /// The version of Landlock, if the kernel has it.
    pub landlock: Option<u32>,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// Whether the kernel holds whole trees to their limits, by control groups that the engine may make.
    pub control_groups: bool,
    /// Why no sandbox can be made. Empty if one can.
    pub missing: Vec<Missing>,
    /// What would make sandboxes stronger or better.
    pub better: Vec<Missing>,
}

/// Which users programs in sandboxes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// One of its own for each sandbox.
    Own,
    /// The engine's, without its rights.
    Engine,
}

/// How workspaces can be put together from layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlay {
    /// Folders of lower layers can be renamed as any other.
    WithFolderRenames,
    /// Renaming such a folder fails, and most programs then copy it.
    WithoutFolderRenames,
    /// Not at all.
    None,
}

/// Something that a machine lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What it is.
    pub what: String,
    /// How that was seen.
    pub why: String,
    /// What to do about it.
    pub how_to_enable: String,
}

impl Isolation {
    /// Whether programs can be confined here.
    pub fn can_confine(&self) -> bool {
        self.users.is_some()
    }

    /// Why no sandbox can be made and what to do about it, for people.
    pub fn why_not(&self) -> String {
        let lines = self.missing.iter().map(|missing| {
            let Missing {
                what,
                why,
                how_to_enable,
            } = missing;
            format!("{what}: {why}; {how_to_enable}")
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

impl Users {
    /// The user for the sandbox with this number.
    pub fn identity(self, slot: u16) -> Identity {
        match self {
            Users::Own => machine::identity(slot),
            Users::Engine => Identity::Engine,
        }
    }
}

/// Tries what can be had, with sandboxes in a new folder below `folder`, which is on the file system where workspaces are.
pub async fn isolation(launcher: &Launcher, folder: &Path) -> Isolation {
    let mut found = Isolation {
        users: None,
        overlay: Overlay::None,
        id_mapped_mounts: false,
        landlock: sys::landlock_version(),
        seccomp: fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nSeccomp:")),
        control_groups: false,
        missing: Vec::new(),
        better: Vec::new(),
    };
    match cgroup::delegated() {
        Ok(_) => found.control_groups = true,
        Err(why) => found.better.push(words::control_groups(why)),
    }
    if found.landlock.is_none() {
        found.better.push(words::landlock());
    }
    let trials = match Trials::new(folder) {
        Ok(trials) => trials,
        Err(error) => {
            found.missing.push(words::folder(folder, &error));
            return found;
        }
    };
    let own = machine::identity(SLOT);
    let mut kinds = vec![(Users::Engine, Identity::Engine)];
    if own != Identity::Engine {
        kinds.insert(0, (Users::Own, own));
    }
    let mut refusals = Vec::new();
    for (users, identity) in kinds {
        match trials.attempt(launcher, identity, false).await {
            Ok(_) => {
                found.users = Some(users);
                found.id_mapped_mounts = users == Users::Own;
                break;
            }
            Err(refusal) => refusals.push((users, refusal)),
        }
    }
    let Some(users) = found.users else {
        // The last one asked for the least.
        found
            .missing
            .extend(refusals.last().map(|(_, refusal)| words::refusal(refusal)));
        return found;
    };
    found
        .better
        .extend(refusals.iter().map(|(_, refusal)| words::own_users(refusal)));
    if users == Users::Engine && rustix::process::geteuid().is_root() {
        found.better.push(words::root_as_itself());
    }
    match trials.attempt(launcher, users.identity(SLOT), true).await {
        Ok(true) => found.overlay = Overlay::WithFolderRenames,
        Ok(false) => {
            found.overlay = Overlay::WithoutFolderRenames;
            found.better.push(words::folder_renames());
        }
        Err(refusal) => found.better.push(words::overlay(folder, &refusal)),
    }
    found
}

/// Why a sandbox could not be made.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What could not be done, in words that read after "failed to".
    pub(crate) step: String,
    pub(crate) error: io::Error,
}

/// A folder in which sandboxes are tried, removed when it is dropped.
struct Trials {
    folder: PathBuf,
}

impl Trials {
    fn new(folder: &Path) -> io::Result<Self> {
        let folder = folder.join(format!("trial-{}", std::process::id()));
        remove(&folder);
        fs::create_dir(&folder)?;
        for part in ["home", "mirror"] {
            fs::create_dir(folder.join(part))?;
        }
        Ok(Self { folder })
    }

    /// Starts one. With an overlay, says whether a folder of a lower layer could be renamed.
    async fn attempt(&self, launcher: &Launcher, identity: Identity, overlay: bool) -> Result<bool, Refusal> {
        let outside = |error| Refusal {
            step: "make a folder for it".into(),
            error,
        };
        let mut view = machine::system(Path::new(HOME));
        view.push(Mount::ReadOnly {
            from: self.folder.join("mirror"),
            at: "/mirror".into(),
        });
        view.push(Mount::Writable {
            from: self.folder.join("home"),
            at: HOME.into(),
        });
        if overlay {
            for part in ["lower/folder", "slot/u", "slot/work"] {
                fs::create_dir_all(self.folder.join(part)).map_err(outside)?;
            }
            view.push(Mount::Overlay {
                layers: vec![self.folder.join("lower")],
                upper: self.folder.join("slot/u"),
                at: "/ws".into(),
            });
        }
        let arguments = if overlay {
            &["/ws/folder", "/ws/renamed"][..]
        } else {
            &["--version"]
        };
        let spec = ProcessSpec {
            program: "mv".into(),
            args: arguments.iter().map(Into::into).collect(),
            cwd: HOME.into(),
            env: BTreeMap::from([(
                "PATH".into(),
                std::env::var_os("PATH").unwrap_or("/usr/bin:/bin".into()),
            )]),
            reach: Reach::Confined(Box::new(Confinement {
                view,
                identity,
                network: Network::None,
                limits: Limits::default(),
            })),
        };
        let mark = TreeMark::new(format!("trial-{}", std::process::id()), "isolation");
        let mark = mark.map_err(|error| outside(io::Error::other(error)))?;
        let mut tree = match launcher.spawn(spec, &mark).await {
            Ok(tree) => tree,
            // It is the program that is not there: the sandbox is.
            Err(SpawnError::NotFound { .. }) => return Ok(false),
            Err(SpawnError::Confinement { step, source, .. }) => return Err(Refusal { step, error: source }),
            Err(other) => {
                return Err(Refusal {
                    step: other.to_string(),
                    error: io::Error::other("nothing was tried"),
                });
            }
        };
        let done = tokio::time::timeout(PATIENCE, tree.wait()).await == Ok(Exit::Code(0));
        tree.end(Duration::ZERO).await;
        Ok(done && overlay && self.was_renamed())
    }

    /// A folder that was renamed says where it was; one that was copied and removed does not.
    fn was_renamed(&self) -> bool {
        let renamed = self.folder.join("slot/u/renamed");
        rustix::fs::lgetxattr(renamed, "trusted.overlay.redirect", &mut [0_u8; 256]).is_ok()
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

fn remove(folder: &Path) {
    // The kernel leaves one in which nobody may look.
    let _ = fs::set_permissions(folder.join("slot/work/work"), fs::Permissions::from_mode(0o700));
    let _ = fs::remove_dir_all(folder);
}
