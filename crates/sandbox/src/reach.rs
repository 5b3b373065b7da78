//! How far a process tree can reach: what it sees of the file system, whether it has a network, what it may use up.
//!
//! Pure data, decided by whoever starts the tree and carried out by `confine`. What is not listed is not there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The user that programs in a sandbox are, seen from inside.
pub const AGENT_UID: u32 = 1000;

/// How many user ids of the machine a sandbox of its own range takes.
pub const ID_RANGE: u32 = 65_536;

/// How far a tree can reach.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Reach {
    /// As far as the engine's user can: no sandbox.
    #[default]
    Open,
    /// No further than what is listed.
    Confined(Box<Confinement>),
}

impl Reach {
    /// The sandbox, if there is one.
    pub(crate) fn confinement(&self) -> Option<&Confinement> {
        match self {
            Self::Open => None,
            Self::Confined(confinement) => Some(confinement),
        }
    }
}

/// What a sandbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The file system, in the order in which it is laid out. `/proc`, `/dev` and an empty `/run` are always there.
    pub view: Vec<Mount>,
    /// Which user of the machine its programs are.
    pub identity: Identity,
    /// How it reaches anything outside.
    pub network: Network,
    /// What it may use up.
    pub limits: Limits,
}

impl Confinement {
    /// What its view begins with and is the machine's: the same for other programs, mostly.
    pub(crate) fn ground(&self) -> &[Mount] {
        let ground = self.view.iter().take_while(|mount| mount.is_of_the_machine());
        &self.view[..ground.count()]
    }
}

/// A part of what a sandbox sees. Paths `from` are the machine's, paths `at` the sandbox's; both are absolute.
///
/// A path `at` may lie in what an agent wrote earlier: links there lead nowhere but within the sandbox. A path `from` must
/// not, because it is followed as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mount {
    /// A file or folder of the machine to read, with its owners as they are. Nothing is there if it is missing.
    System {
        /// What is shown.
        from: PathBuf,
        /// Where.
        at: PathBuf,
    },
    /// A file or folder of the engine's to read, shown as the sandbox's own.
    ReadOnly {
        /// What is shown.
        from: PathBuf,
        /// Where.
        at: PathBuf,
    },
    /// The same, to write.
    Writable {
        /// What is shown.
        from: PathBuf,
        /// Where.
        at: PathBuf,
    },
    /// Layers seen as one folder; what is written goes to `upper`.
    Overlay {
        /// What is below, the topmost first. Nobody may change them as long as any sandbox shows them.
        layers: Vec<PathBuf>,
        /// Where changes are kept. A sibling `work` of it belongs to the kernel.
        upper: PathBuf,
        /// Where.
        at: PathBuf,
    },
    /// An empty folder in memory.
    Memory {
        /// Where.
        at: PathBuf,
        /// The most that it holds, in bytes.
        most: u64,
    },
    /// A file with this text.
    Text {
        /// Where.
        at: PathBuf,
        /// What it says.
        text: String,
    },
    /// A symbolic link.
    Link {
        /// Where.
        at: PathBuf,
        /// What it says.
        to: PathBuf,
    },
}

impl Mount {
    /// Whether it shows nothing of the engine's, and nothing that is a program's own.
    fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::System { .. } | Self::Text { .. } | Self::Link { .. })
    }
}

/// Which user of the machine the programs of a sandbox are. Inside they are always [`AGENT_UID`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// The engine's own user, without any of its rights.
    Engine,
    /// A user that nobody else is: the range of [`ID_RANGE`] ids from `first` on. Only root can give it.
    Range {
        /// The machine's id for the id 0 of the sandbox.
        first: u32,
    },
}

/// How a sandbox reaches anything outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Not at all; it has a loopback of its own.
    None,
    /// By a proxy behind a unix socket, which decides what is let through.
    Proxy {
        /// The proxy's socket, as the sandbox sees it.
        socket: PathBuf,
        /// The port of the sandbox's loopback at which the proxy is reached.
        port: u16,
        /// Ports of the sandbox's loopback that lead through the proxy to one place each.
        forwards: Vec<Forward>,
    },
}

/// A port of a sandbox's loopback that leads to one place outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The port.
    pub port: u16,
    /// `host:port`, for the proxy to decide about.
    pub to: String,
}

/// What a tree may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all its processes together, in bytes.
    pub memory: Option<u64>,
    /// Processes and threads at once.
    pub processes: Option<u32>,
    /// Open files of each process.
    pub open_files: Option<u64>,
    /// The largest file, in bytes.
    pub file_size: Option<u64>,
    /// Processor time of each process, in seconds.
    pub cpu_seconds: Option<u64>,
    /// What its writable folders may hold together, in bytes.
    pub disk: Option<u64>,
}
