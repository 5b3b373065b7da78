//! Where a probe is tried: what it may reach and what it may not, a victim, listeners, and secrets everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use team6_sandbox::reach::{Identity, Limits, Mount};
use team6_sandbox::{Launcher, ProcessSpec, Reach};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::programs::{Programs, mode};
use crate::scene::{self, NOBODY};
use crate::victim::{Victim, as_user};

/// What every secret begins with; whoever prints it has read one.
pub(crate) const SECRET: &str = "team6-secret-";

/// As whom the engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As root, each sandbox a user of its own.
    Root,
    /// As root where the file system cannot show its files as another user's.
    RootAsItself,
    /// As an ordinary user.
    Ordinary,
    /// As a user who has no other process, for what ends all of a user's.
    Alone,
}

/// The user of [`Way::Alone`].
pub(crate) const LONER: u32 = 64_321;

impl Way {
    /// The user, if it is not the one that the tests run as.
    pub(crate) fn user(self) -> Option<u32> {
        match self {
            Way::Root | Way::RootAsItself => None,
            Way::Ordinary => rustix::process::geteuid().is_root().then_some(NOBODY),
            Way::Alone => Some(LONER),
        }
    }
}

pub(crate) struct Setting {
    pub(crate) place: TempDir,
    pub(crate) open: bool,
    pub(crate) way: Way,
    pub(crate) victim: Victim,
    pub(crate) tcp: TcpListener,
    pub(crate) tcp6: Option<TcpListener>,
    pub(crate) own_tcp: Option<TcpListener>,
    pub(crate) udp: UdpSocket,
    /// How often one of the unix sockets was connected to.
    pub(crate) accepted: Arc<AtomicUsize>,
    pub(crate) number: usize,
    messages: AtomicBool,
    pub(crate) programs: Arc<Programs>,
    /// The listeners at unix sockets.
    _listening: JoinSet<()>,
}

impl Setting {
    pub(crate) fn new(way: Way, open: bool) -> Self {
        static NUMBERS: AtomicUsize = AtomicUsize::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::SeqCst);
        let programs = Programs::get();
        let place = tempfile::tempdir().unwrap();
        let at = place.path();
        for folder in [
            "lower/folder",
            "slot/u",
            "slot/work",
            "home/tmp",
            "mirror",
            "other/ws",
            "other/home",
            "run",
        ] {
            fs::create_dir_all(at.join(folder)).unwrap();
        }
        fs::write(at.join("lower/folder/file"), "from below\n").unwrap();
        fs::write(at.join("mirror/file"), "mirrored\n").unwrap();
        for secret in ["secret", "other/ws/secret", "other/home/secret"] {
            fs::write(at.join(secret), format!("{SECRET}{number}\n")).unwrap();
            mode(&at.join(secret), 0o600);
        }
        // What an agent may have left in its workspace in an earlier attempt.
        symlink(at.join("secret"), at.join("slot/u/planted")).unwrap();
        if let Some(user) = way.user() {
            scene::give(at, user);
        }
        let victim = Victim::start(way, at, number, &programs);
        let accepted = Arc::new(AtomicUsize::new(0));
        let mut listening = JoinSet::new();
        let path = std::os::unix::net::UnixListener::bind(at.join("run/socket")).unwrap();
        mode(&at.join("run/socket"), 0o666);
        let name = SocketAddr::from_abstract_name(abstract_name(number)).unwrap();
        let named = std::os::unix::net::UnixListener::bind_addr(&name).unwrap();
        for listener in [path, named] {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::UnixListener::from_std(listener).unwrap();
            listening.spawn(hand_over(listener, at.join("secret"), Arc::clone(&accepted)));
        }
        let tcp = |address: IpAddr| {
            let listener = TcpListener::bind((address, 0)).ok()?;
            listener.set_nonblocking(true).ok()?;
            Some(listener)
        };
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        Self {
            open,
            way,
            victim,
            tcp: tcp([127, 0, 0, 1].into()).unwrap(),
            tcp6: tcp(std::net::Ipv6Addr::LOCALHOST.into()),
            own_tcp: own_address().and_then(tcp),
            udp,
            accepted,
            number,
            messages: AtomicBool::new(false),
            programs,
            _listening: listening,
            place,
        }
    }

    /// A path of the machine.
    pub(crate) fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    /// Where the program sees its own things: the workspace `ws`, its `home`, the `mirror` to read, and the programs.
    pub(crate) fn own(&self, name: &str) -> String {
        if let Some(program) = name.strip_prefix("programs/") {
            let folder = if self.open {
                self.programs.folder.path()
            } else {
                Path::new("/opt/team6")
            };
            return folder.join(program).display().to_string();
        }
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        let folder = match (first, self.open) {
            ("ws", true) => self.place.path().join("slot/u"),
            ("ws", false) => PathBuf::from("/ws"),
            ("home", true) => self.place.path().join("home"),
            ("home", false) => PathBuf::from("/home/agent"),
            ("mirror", true) => self.place.path().join("mirror"),
            ("mirror", false) => PathBuf::from("/mirror"),
            (other, _) => panic!("what is {other}?"),
        };
        folder.join(rest).display().to_string()
    }

    /// A new and empty folder of the program's.
    pub(crate) fn folder(&self) -> String {
        let made = self.place.path().join("home/folder");
        fs::create_dir_all(&made).unwrap();
        if let Some(user) = self.way.user() {
            scene::give(&made, user);
        }
        self.own("home/folder")
    }

    pub(crate) fn abstract_name(&self) -> String {
        abstract_name(self.number)
    }

    pub(crate) fn key_name(&self) -> String {
        key_name(self.number)
    }

    /// The key of shared memory and messages.
    pub(crate) fn ipc_key(&self) -> String {
        ipc_key(self.number)
    }

    /// Leaves secrets in shared memory and messages.
    pub(crate) fn leave_messages(&self) {
        let left = as_user(self.way, &self.programs.path("probe"))
            .args(["leave", &self.ipc_key(), &self.queue_name()])
            .env("SECRET", format!("{SECRET}{}", self.number))
            .status();
        assert!(left.unwrap().success());
        self.messages.store(true, Ordering::SeqCst);
    }

    pub(crate) fn queue_name(&self) -> String {
        format!("/{}", key_name(self.number))
    }

    pub(crate) fn launcher(&self) -> Launcher {
        let supervisor = self.programs.path("supervisor");
        match self.way.user() {
            None => Launcher::new(supervisor, [""; 0]),
            Some(user) => {
                let ids = [
                    format!("--reuid={user}"),
                    format!("--regid={user}"),
                    "--clear-groups".into(),
                ];
                let args = ids.into_iter().map(Into::into).chain([supervisor.into_os_string()]);
                Launcher::new("setpriv", args.collect::<Vec<std::ffi::OsString>>())
            }
        }
    }

    pub(crate) fn spec(&self, arguments: &[String], limits: Limits) -> ProcessSpec {
        let reach = if self.open {
            Reach::Open
        } else {
            let mut confinement = scene::confinement(self.place.path());
            confinement.limits = limits;
            if self.way != Way::Root {
                confinement.identity = Identity::Engine;
            }
            confinement.view.push(Mount::ReadOnly {
                from: self.place.path().join("mirror"),
                at: "/mirror".into(),
            });
            confinement.view.push(Mount::System {
                from: self.programs.folder.path().into(),
                at: "/opt/team6".into(),
            });
            Reach::Confined(Box::new(confinement))
        };
        ProcessSpec {
            program: self.own("programs/probe").into(),
            args: arguments.iter().map(Into::into).collect(),
            cwd: self.own("ws").into(),
            env: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]),
            reach,
        }
    }

    /// What a file of the machine holds now.
    pub(crate) fn holds(&self, name: &str) -> String {
        fs::read_to_string(self.place.path().join(name)).unwrap_or_default()
    }

    /// Whether a file that the program could write lends its owner's rights, by its mode or by a capability.
    pub(crate) fn lends(&self) -> bool {
        ["slot/u", "home"]
            .iter()
            .any(|folder| lends(&self.place.path().join(folder)))
    }

    pub(crate) fn own_address(&self) -> String {
        address(self.own_tcp.as_ref())
    }
}

fn lends(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let found = entry.metadata().unwrap();
        let capability = rustix::fs::lgetxattr(entry.path(), "security.capability", &mut [0_u8; 64]).is_ok();
        found.mode() & 0o6000 != 0 || capability || (found.is_dir() && lends(&entry.path()))
    })
}

pub(crate) fn address(listener: Option<&TcpListener>) -> String {
    // One that nobody has, where the machine has none.
    listener.map_or("192.0.2.254:9".into(), |listener| {
        listener.local_addr().unwrap().to_string()
    })
}

pub(crate) fn was_connected(listener: Option<&TcpListener>) -> bool {
    listener.is_some_and(|listener| listener.accept().is_ok())
}

fn abstract_name(number: usize) -> String {
    format!("team6-escape-{}-{number}", std::process::id())
}

pub(crate) fn key_name(number: usize) -> String {
    format!("team6-{}-{number}", std::process::id())
}

fn ipc_key(number: usize) -> String {
    (0x7e60_0000 + (std::process::id() % 8000) as usize * 1000 + number).to_string()
}

/// The address by which others reach this machine.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|ip| !ip.is_loopback())
}

/// Gives a descriptor of a file to whoever connects.
async fn hand_over(listener: tokio::net::UnixListener, file: PathBuf, accepted: Arc<AtomicUsize>) {
    while let Ok((there, _)) = listener.accept().await {
        accepted.fetch_add(1, Ordering::SeqCst);
        let file = fs::File::open(&file).unwrap();
        let given = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = rustix::net::SendAncillaryBuffer::new(&mut space);
        control.push(rustix::net::SendAncillaryMessage::ScmRights(&given));
        let _ = rustix::net::sendmsg(
            &there,
            &[IoSlice::new(b"x")],
            &mut control,
            rustix::net::SendFlags::NOSIGNAL,
        );
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        if self.messages.load(Ordering::SeqCst) {
            let arguments = ["take-away", &self.ipc_key(), &self.queue_name()];
            let _ = Command::new(self.programs.path("probe")).args(arguments).status();
        }
    }
}

/// Whether nobody holds the lock on a file any more.
pub(crate) fn is_let_go(path: &Path) -> bool {
    let file = fs::File::open(path).unwrap();
    rustix::fs::flock(file.as_fd(), rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
        && file.as_raw_fd() >= 0
}
