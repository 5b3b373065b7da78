//! The socket of one session: who may connect, and for how long.
//!
//! The socket lies in a folder that only the engine's user can enter, and whoever connects shows the session's token
//! first, because the agents of other tasks run as the same user. Connections come and go with the agent's process;
//! the session stays until it is shut down.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::bridge::{ACCEPTED, TOKEN_VARIABLE};
use super::lines::BoundedLines;
use super::server::{MAX_ARGUMENTS, Server};
use super::{ToolHandler, ToolSet};

const SOCKET_NAME: &str = "toolbox.sock";
/// What the operating system takes as the path of a socket, in bytes.
const MAX_SOCKET_PATH: usize = 107;
/// A longer message ends the connection; one up to here is read, so that its call can be refused by name.
const MAX_MESSAGE: usize = 8 * MAX_ARGUMENTS;
/// Agents connect once, some twice; more at a time wait in the socket's queue.
const MAX_CONNECTIONS: usize = 8;
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
const MAX_TOKEN_LINE: u64 = 1024;

/// Why the tools of a session could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ToolboxError {
    /// The path of the socket would be too long for the operating system.
    #[error("serve tools at {}: the path has {length} bytes, {MAX_SOCKET_PATH} are allowed; use a shorter data folder", path.display())]
    PathTooLong {
        /// Where the socket would lie.
        path: PathBuf,
        /// The length of the path in bytes.
        length: usize,
    },
    /// Other users can enter the folder.
    #[error("serve tools in {}: others can enter this folder; give the session a folder of its own with mode 0700", folder.display())]
    FolderOpenToOthers {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system refused.
    #[error("serve tools at {}: {source}", path.display())]
    Io {
        /// The folder or the socket.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The secret by which an agent's connection is known to belong to its session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// A new token of 256 random bits.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The token itself. It is a secret: give it to the session's agent only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell how much of the token was right.
    fn is(&self, given: &[u8]) -> bool {
        let differences = self.0.bytes().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        self.0.len() == given.len() && differences == 0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// A stdio MCP server as it is handed to an agent when its session is made.
#[derive(Clone, PartialEq, Eq)]
pub struct McpServerSpec {
    /// The name under which the agent shows the server's tools.
    pub name: String,
    /// The program to start.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is added to its environment. The values are secrets.
    pub env: BTreeMap<String, String>,
}

/// Shows the names of the environment's variables, not their values.
impl fmt::Debug for McpServerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServerSpec")
            .field("name", &self.name)
            .field("command", &self.command)
            .field("args", &self.args)
            .field("env", &self.env.keys())
            .finish()
    }
}

impl McpServerSpec {
    /// The same for an agent in a sandbox that sees the program there, and the session's folder as `folder`.
    pub fn seen_at(&self, program: &Path, folder: &Path) -> Self {
        let mut seen = self.clone();
        seen.command = program.to_owned();
        if let Some(socket) = seen.args.last_mut() {
            *socket = folder.join(SOCKET_NAME).to_string_lossy().into_owned();
        }
        seen
    }
}

/// Serves the engine's tools to sessions.
#[derive(Debug, Clone)]
pub struct Toolbox {
    program: PathBuf,
    args: Vec<String>,
}

impl Toolbox {
    /// The program of the bridge.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// `program` with `args` and a socket's path after them must run [`bridge::main`](super::bridge::main).
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
        }
    }

    /// Serves `tools` to one session until it is shut down.
    ///
    /// The socket lies in `folder`, which is made if it is missing and must be the session's own. A session that the
    /// same folder served before is replaced.
    pub async fn serve(
        &self,
        folder: &Path,
        token: SessionToken,
        tools: ToolSet,
        handler: Arc<dyn ToolHandler>,
    ) -> Result<ToolboxSession, ToolboxError> {
        let socket = folder.join(SOCKET_NAME);
        let listener = bind(folder, &socket)?;
        let mut args = self.args.clone();
        args.push(socket.to_string_lossy().into_owned());
        let spec = McpServerSpec {
            name: "team6".into(),
            command: self.program.clone(),
            args,
            env: BTreeMap::from([(TOKEN_VARIABLE.into(), token.reveal().into())]),
        };
        let server = Server {
            tools,
            handler,
            calls: TaskTracker::new(),
        };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(accept(listener, token, server, stop.clone()));
        Ok(ToolboxSession {
            spec,
            stop: stop.drop_guard(),
            serving,
        })
    }
}

fn bind(folder: &Path, socket: &Path) -> Result<UnixListener, ToolboxError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| ToolboxError::Io { path, source }
    };
    let length = socket.as_os_str().len();
    if length > MAX_SOCKET_PATH {
        return Err(ToolboxError::PathTooLong {
            path: socket.to_owned(),
            length,
        });
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(at(folder))?;
    let mode = fs::metadata(folder).map_err(at(folder))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(ToolboxError::FolderOpenToOthers {
            folder: folder.to_owned(),
        });
    }
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(socket)(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(at(socket))?;
    fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(at(socket))?;
    Ok(listener)
}

/// The tools of one session, served until it is shut down or dropped.
#[derive(Debug)]
pub struct ToolboxSession {
    spec: McpServerSpec,
    stop: DropGuard,
    serving: JoinHandle<()>,
}

impl ToolboxSession {
    /// What to hand to the agent when its session is made or resumed.
    pub fn mcp_server(&self) -> &McpServerSpec {
        &self.spec
    }

    /// Takes no more connections, ends those that are open, and waits for calls that are under way.
    pub async fn shutdown(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the tools of a session ended abnormally");
        }
    }
}

/// Owns all connections of a session and waits for them.
async fn accept(listener: UnixListener, token: SessionToken, server: Server, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, token.clone(), server.clone(), stop.clone()));
                }
                Err(error) => {
                    // Such as no more file descriptors, which others will give back.
                    tracing::error!(%error, "a connection to the tools of a session could not be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
    server.calls.close();
    server.calls.wait().await;
}

async fn serve(stream: UnixStream, token: SessionToken, server: Server, stop: CancellationToken) {
    let greeted = tokio::select! {
        () = stop.cancelled() => return,
        greeted = tokio::time::timeout(HANDSHAKE_LIMIT, greet(stream, &token)) => greeted,
    };
    let (reader, writer) = match greeted {
        Ok(Ok(halves)) => halves,
        Ok(Err(error)) => return tracing::warn!(%error, "a connection to the tools of a session was refused"),
        Err(_) => return tracing::warn!("a connection to the tools of a session did not show its token in time"),
    };
    let transport = (BoundedLines::new(reader, MAX_MESSAGE), writer);
    // A connection cancels its token when it ends, so it gets one of its own.
    match rmcp::service::serve_server_with_ct(server, transport, stop.child_token()).await {
        // The connection's own task is owned by `running`, which is waited for here.
        Ok(running) => match running.waiting().await {
            Ok(reason) => tracing::debug!(?reason, "a connection to the tools of a session has ended"),
            Err(error) => tracing::error!(%error, "a connection to the tools of a session ended abnormally"),
        },
        Err(error) => tracing::debug!(%error, "a connection to the tools of a session spoke no MCP"),
    }
}

/// Reads the token and says whether it is right.
async fn greet(stream: UnixStream, token: &SessionToken) -> io::Result<(BufReader<OwnedReadHalf>, OwnedWriteHalf)> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    (&mut reader).take(MAX_TOKEN_LINE).read_until(b'\n', &mut line).await?;
    if !line.strip_suffix(b"\n").is_some_and(|given| token.is(given)) {
        writer.write_all(b"the token is not that of this session\n").await?;
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "its token is not that of this session",
        ));
    }
    writer.write_all(ACCEPTED).await?;
    Ok((reader, writer))
}
