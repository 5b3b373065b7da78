//! The way to a server: resolve once, decide, and connect to exactly what was decided on.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::body::RequestBody;
use crate::gateway::Gateway;
use crate::host::Host;
use crate::meter::{Idle, Transfer};
use crate::record::Failure;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::tls;

/// A name that leads to more addresses is tried at these.
const MOST_TRIED: usize = 8;
/// How long a kept connection may take to become ready after its last answer.
const READY_LIMIT: Duration = Duration::from_millis(200);

/// Why a request gets no answer from a server.
#[derive(Debug)]
pub(crate) enum Problem {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Connects to a host that the rules list, at an address that they allow.
pub(crate) async fn connect_listed(
    session: &Session,
    host: &Host,
    port: u16,
) -> Result<(TcpStream, SocketAddr), Problem> {
    // Before the name is resolved: a lookup alone can carry data out.
    session.rules.lists(host, port)?;
    let connect = async {
        let resolved = resolve(session, host).await?;
        let decided = session.rules.decide(host, port, &resolved)?;
        Ok(try_each(&decided, session.options.connect_limit).await?)
    };
    in_time(session, connect).await
}

/// Connects to the upstream of a gateway, wherever its configuration says.
async fn connect_gateway(session: &Session, gateway: &Gateway) -> Result<(TcpStream, SocketAddr), Failure> {
    let resolved = resolve(session, &gateway.host).await?;
    let addresses: Vec<SocketAddr> = resolved
        .into_iter()
        .map(|address| SocketAddr::new(address, gateway.port))
        .collect();
    try_each(&addresses, session.options.connect_limit).await
}

async fn in_time<T>(session: &Session, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let limit = session.options.connect_limit;
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(Failure::NotConnectedInTime { limit }.into()),
    }
}

async fn resolve(session: &Session, host: &Host) -> Result<Vec<IpAddr>, Failure> {
    let name = match host {
        Host::Name(name) => name,
        Host::Address(address) => return Ok(vec![*address]),
    };
    match session.resolver.resolve(name).await {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) | Err(_) => Err(Failure::NotResolved),
    }
}

/// Tries one address after the other, each for its share of the time that is left.
async fn try_each(addresses: &[SocketAddr], limit: Duration) -> Result<(TcpStream, SocketAddr), Failure> {
    let deadline = Instant::now() + limit;
    let tried = &addresses[..addresses.len().min(MOST_TRIED)];
    let mut failure = Failure::NotResolved;
    let mut left = u32::try_from(tried.len()).unwrap_or(u32::MAX);
    for address in tried {
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        left -= 1;
        failure = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).ok();
                return Ok((stream, *address));
            }
            Ok(Err(error)) => Failure::NotConnected { why: said(&error) },
            Err(_) => Failure::NotConnectedInTime { limit },
        };
    }
    Err(failure)
}

fn said(error: &io::Error) -> String {
    error.kind().to_string()
}

/// Whom a connection leads to. One that is kept is used again for the same only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Listed(Host, u16),
    Gateway(Arc<Gateway>),
}

/// A connection that speaks HTTP/1.1.
pub(crate) struct Upstream {
    pub(crate) place: Place,
    pub(crate) address: SocketAddr,
    sender: SendRequest<RequestBody>,
}

/// Why a request could not be sent on a connection.
pub(crate) enum NotSent {
    /// No byte of it went out, and it can go on another connection.
    Unused(Box<Request<RequestBody>>),
    Failed(Failure),
}

impl Upstream {
    /// Makes a connection, which `owner` runs.
    pub(crate) async fn connect(session: &Session, place: Place, owner: &Owner) -> Result<Self, Problem> {
        let (sender, address) = match &place {
            Place::Listed(host, port) => {
                let (stream, address) = connect_listed(session, host, *port).await?;
                (handshake(session, stream, owner).await?, address)
            }
            Place::Gateway(gateway) => {
                let connect = async {
                    let (stream, address) = connect_gateway(session, gateway).await?;
                    let sender = match session.tls.as_ref().filter(|_| gateway.tls) {
                        Some(tls) => {
                            let stream = tls::connect(tls, &gateway.host, stream).await?;
                            handshake(session, stream, owner).await?
                        }
                        None if gateway.tls => return Err(no_tls().into()),
                        None => handshake(session, stream, owner).await?,
                    };
                    Ok((sender, address))
                };
                in_time(session, connect).await?
            }
        };
        Ok(Self { place, address, sender })
    }

    /// Whether another request can be sent.
    pub(crate) async fn is_ready(&mut self) -> bool {
        matches!(timeout(READY_LIMIT, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Sends a request and waits for the head of its answer, as long as anything moves.
    pub(crate) async fn send(
        &mut self,
        request: Request<RequestBody>,
        transfer: &Arc<Transfer>,
        idle_limit: Duration,
    ) -> Result<Response<Incoming>, NotSent> {
        let idle = Idle::new(transfer.clone(), idle_limit);
        let sent = tokio::select! {
            sent = self.sender.try_send_request(request) => sent,
            why = idle.wait() => return Err(NotSent::Failed(why)),
        };
        match sent {
            // Nobody asked for another protocol.
            Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => Err(NotSent::Failed(Failure::Server)),
            Ok(answer) => Ok(answer),
            Err(mut error) => Err(match error.take_message() {
                Some(unused) => NotSent::Unused(Box::new(unused)),
                None => NotSent::Failed(cause(error.error())),
            }),
        }
    }
}

fn no_tls() -> Failure {
    Failure::Tls {
        why: "this machine trusts nobody".into(),
    }
}

/// The failure of the request's own body, if that is why the connection failed.
fn cause(error: &hyper::Error) -> Failure {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(failure) = inner.downcast_ref::<Failure>() {
            return failure.clone();
        }
        source = inner.source();
    }
    Failure::Server
}

/// Runs the connections to servers that one client's connection has made, and ends them with it.
#[derive(Debug, Default)]
pub(crate) struct Owner(Mutex<JoinSet<()>>);

impl Owner {
    fn run(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(connection);
    }

    /// Ends what still runs, and waits for it.
    pub(crate) async fn end(&self) {
        let mut running = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        running.shutdown().await;
    }
}

async fn handshake<S>(session: &Session, stream: S, owner: &Owner) -> Result<SendRequest<RequestBody>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = Builder::new()
        .max_buf_size(session.options.most_head)
        .max_header_size(session.options.most_head)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Server)?;
    owner.run(async move {
        if let Err(error) = connection.await {
            // Whoever waits for its answer hears of it. Such an error has no bytes of the conversation in it.
            tracing::debug!(%error, "a connection to a server ended early");
        }
    });
    Ok(sender)
}
