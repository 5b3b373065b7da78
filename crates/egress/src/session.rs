//! The socket of one sandbox: who may connect, and until when.
//!
//! The socket lies in a folder that only the engine's user can enter. Of all processes of an agent, only those in its own
//! sandbox are shown the socket, and they may run as another user there, so the socket itself is open to everybody.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsConnector;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::connection::serve;
use crate::gateway::{Gateway, GatewayError};
use crate::meter::Budget;
use crate::options::{Options, TURNED_AWAY_AT_ONCE};
use crate::record::Record;
use crate::resolver::{Resolver, SystemResolver};
use crate::rules::Rules;
use crate::tls;
use crate::upstream::Owner;

/// What the operating system takes as the path of a socket, in bytes.
const MAX_SOCKET_PATH: usize = 107;
const LEAST_HEAD: usize = 8192;
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Why a sandbox could not be given its way out.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The path of the socket would be too long for the operating system.
    #[error("serve a sandbox at {}: the path has {length} bytes, {MAX_SOCKET_PATH} are allowed; use a shorter data folder", path.display())]
    PathTooLong {
        /// Where the socket would lie.
        path: PathBuf,
        /// The length of the path in bytes.
        length: usize,
    },
    /// Other users can enter the folder.
    #[error("serve a sandbox in {}: others can enter this folder; give the sandbox a folder of its own with mode 0700", folder.display())]
    FolderOpenToOthers {
        /// The folder.
        folder: PathBuf,
    },
    /// Something else than an old socket is in the way.
    #[error("serve a sandbox at {}: there is something else than a socket; remove it or use another path", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("serve a sandbox at {}: {source}", path.display())]
    Io {
        /// The folder or the socket.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The gateways do not fit together.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// There is an upstream with TLS, and no authority that could vouch for it.
    #[error(
        "speak TLS with gateways: this machine has no certificates of authorities; install ca-certificates, or set SSL_CERT_FILE"
    )]
    NobodyTrusted,
    /// The channel of the records could not hold one of every connection.
    #[error("record what a sandbox does: there is room for {room} records, {least} are needed; make a larger channel")]
    RoomForRecords {
        /// How many fit.
        room: usize,
        /// How many must.
        least: usize,
    },
    /// A head of a request could be shorter than what HTTP needs.
    #[error("bound the heads of requests at {most_head} bytes: use {LEAST_HEAD} or more")]
    HeadTooShort {
        /// What was asked for.
        most_head: usize,
    },
}

/// The way out of one sandbox, before it is opened.
pub struct Egress {
    rules: Rules,
    gateways: Vec<Gateway>,
    options: Options,
    resolver: Arc<dyn Resolver>,
    records: mpsc::Sender<Record>,
    tls: Option<TlsConnector>,
}

impl Egress {
    /// Lets through what `rules` list, and records it. Make the channel by [`records`](crate::records), one per session.
    pub fn new(rules: Rules, records: mpsc::Sender<Record>) -> Self {
        Self {
            rules,
            gateways: Vec::new(),
            options: Options::default(),
            resolver: Arc::new(SystemResolver::default()),
            records,
            tls: None,
        }
    }

    /// Adds gateways.
    pub fn gateways(mut self, gateways: impl IntoIterator<Item = Gateway>) -> Self {
        self.gateways.extend(gateways);
        self
    }

    /// Other bounds than the usual ones.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Another resolver than the system's.
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Trusts others than the machine does.
    #[cfg(test)]
    pub(crate) fn tls(mut self, tls: TlsConnector) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Opens a socket at this path and serves it until the session is shut down or dropped.
    ///
    /// Its folder is made if it is missing, and nobody else may be able to enter it. A session that the same path served
    /// before is replaced.
    pub async fn serve(self, socket: &Path) -> Result<EgressSession, EgressError> {
        let session = self.ready().await?;
        Ok(session.serve(bind(socket)?))
    }

    /// Serves a socket that is open already, and of which the caller has decided who may connect.
    pub async fn serve_on(self, listener: UnixListener) -> Result<EgressSession, EgressError> {
        Ok(self.ready().await?.serve(listener))
    }

    /// Checks what it was given, before anything is opened.
    async fn ready(self) -> Result<Session, EgressError> {
        let (room, least) = (self.records.max_capacity(), self.options.least_records());
        if room < least {
            return Err(EgressError::RoomForRecords { room, least });
        }
        if self.options.most_head < LEAST_HEAD {
            return Err(EgressError::HeadTooShort {
                most_head: self.options.most_head,
            });
        }
        let tls = match self.tls {
            None if self.gateways.iter().any(|gateway| gateway.tls) => {
                // Reads files.
                let trusted = tokio::task::spawn_blocking(tls::of_this_machine).await;
                Some(trusted.ok().flatten().ok_or(EgressError::NobodyTrusted)?)
            }
            tls => tls,
        };
        let mut gateways = BTreeMap::new();
        for gateway in self.gateways {
            let name = gateway.name.clone();
            if gateways.insert(name.clone(), Arc::new(gateway)).is_some() {
                return Err(GatewayError::Twice { name }.into());
            }
        }
        Ok(Session {
            rules: self.rules,
            gateways,
            budget: Arc::new(Budget::new(self.options.most_bytes)),
            options: self.options,
            resolver: self.resolver,
            records: self.records,
            tls,
            stop: CancellationToken::new(),
        })
    }
}

fn bind(socket: &Path) -> Result<UnixListener, EgressError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| EgressError::Io { path, source }
    };
    let length = socket.as_os_str().len();
    if length > MAX_SOCKET_PATH {
        return Err(EgressError::PathTooLong {
            path: socket.to_owned(),
            length,
        });
    }
    let folder = socket.parent().unwrap_or(Path::new("/"));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(at(folder))?;
    let mode = fs::metadata(folder).map_err(at(folder))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(EgressError::FolderOpenToOthers {
            folder: folder.to_owned(),
        });
    }
    match fs::symlink_metadata(socket) {
        Ok(old) if old.file_type().is_socket() => fs::remove_file(socket).map_err(at(socket))?,
        Ok(_) => {
            return Err(EgressError::NotASocket {
                path: socket.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(at(socket)(error)),
    }
    let listener = UnixListener::bind(socket).map_err(at(socket))?;
    fs::set_permissions(socket, Permissions::from_mode(0o666)).map_err(at(socket))?;
    Ok(listener)
}

/// What the connections of a session share.
pub(crate) struct Session {
    pub(crate) rules: Rules,
    pub(crate) gateways: BTreeMap<String, Arc<Gateway>>,
    pub(crate) options: Options,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) records: mpsc::Sender<Record>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) tls: Option<TlsConnector>,
    pub(crate) stop: CancellationToken,
}

impl Session {
    fn serve(self, listener: UnixListener) -> EgressSession {
        let stop = self.stop.clone().drop_guard();
        let serving = tokio::spawn(accept(listener, Arc::new(self)));
        EgressSession { stop, serving }
    }
}

/// The way out of one sandbox, open until it is shut down or dropped.
#[derive(Debug)]
pub struct EgressSession {
    stop: DropGuard,
    serving: JoinHandle<()>,
}

impl EgressSession {
    /// Takes no more connections, ends those that are open, and waits until all is recorded. Dropping does the same
    /// without waiting.
    pub async fn shutdown(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the way out of a sandbox ended abnormally");
        }
    }
}

/// Owns all connections of a session and waits for them.
async fn accept(listener: UnixListener, session: Arc<Session>) {
    let most = session.options.connections;
    let places = Arc::new(Semaphore::new(most));
    let stop = session.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < most + TURNED_AWAY_AT_ONCE => match accepted {
                Ok((stream, _)) => {
                    let (session, stop) = (session.clone(), stop.clone());
                    let place = places.clone().try_acquire_owned().ok();
                    connections.spawn(async move {
                        let upstreams = Arc::new(Owner::default());
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = serve(session, stream, place.is_none(), upstreams.clone()) => {}
                        }
                        upstreams.end().await;
                    });
                }
                Err(error) => {
                    // Such as no more file descriptors, which others will give back.
                    tracing::error!(%error, "a connection of a sandbox could not be accepted");
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(ACCEPT_AGAIN) => {}
                    }
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
}
