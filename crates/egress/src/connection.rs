//! One connection of a sandbox: its requests one after the other, and the tunnel that it may become.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::body::AnswerBody;
use crate::gateway::Gateway;
use crate::meter::Transfer;
use crate::opening::{self, Opened, Opening};
use crate::record::{Asked, Entry, Failure, Room};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::target::{self, Target};
use crate::tunnel;
use crate::upstream::{Owner, Place, Problem, Upstream, connect_listed};

/// How long a connection that is turned away may take to say what it wanted, and to hear why not.
const TURNED_AWAY_LIMIT: Duration = Duration::from_secs(2);

/// A connection on which HTTP is spoken.
pub(crate) struct Connection {
    pub(crate) session: Arc<Session>,
    /// It is one too many, and only told so.
    turned_away: bool,
    /// The one gateway that it leads to, if it is a tunnel to one.
    gateway: Option<Arc<Gateway>>,
    /// The last connection to a server, for the next request to the same.
    pub(crate) kept: Mutex<Option<Upstream>>,
    promised: Mutex<Option<Promised>>,
    pub(crate) upstreams: Arc<Owner>,
}

/// What a connection becomes when the answer that says so has gone out.
struct Promised {
    client: OnUpgrade,
    end: End,
}

/// The other end of a tunnel.
enum End {
    Server(TcpStream, Box<Entry>),
    /// This proxy itself, which answers for the gateway.
    Gateway(Arc<Gateway>),
}

type Answer = Response<Either<Full<Bytes>, AnswerBody>>;

/// What is spoken on a connection from somewhere on.
struct Begun {
    stream: UnixStream,
    /// What was read of it already.
    early: Vec<u8>,
    /// The one gateway that it leads to, if it is a tunnel to one.
    gateway: Option<Arc<Gateway>>,
}

/// Serves one connection to its end. The connections to servers that it makes are run by `upstreams`.
pub(crate) async fn serve(session: Arc<Session>, stream: UnixStream, turned_away: bool, upstreams: Arc<Owner>) {
    let mut begun = Some(Begun {
        stream,
        early: Vec::new(),
        gateway: None,
    });
    // At most twice: in a tunnel to a gateway no other is opened.
    while let Some(next) = begun {
        begun = speak(&session, next, turned_away, &upstreams).await;
    }
}

/// Speaks HTTP until the connection ends, or becomes one that leads to a gateway.
async fn speak(session: &Arc<Session>, begun: Begun, turned_away: bool, upstreams: &Arc<Owner>) -> Option<Begun> {
    let limit = if turned_away {
        TURNED_AWAY_LIMIT
    } else {
        session.options.idle_limit
    };
    let opened = match opening::read(&begun.early, begun.stream, limit).await {
        Opening::Http(opened) => opened,
        Opening::Odd(stream, refusal) => {
            refuse_raw(session, stream, refusal).await;
            return None;
        }
        Opening::Silent => return None,
    };
    let connection = Arc::new(Connection {
        session: session.clone(),
        turned_away,
        gateway: begun.gateway,
        kept: Mutex::default(),
        promised: Mutex::default(),
        upstreams: upstreams.clone(),
    });
    let most_head = session.options.most_head;
    let service = service_fn(|request| {
        let connection = connection.clone();
        async move { Ok::<_, Infallible>(connection.answer(request).await) }
    });
    let served = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_buf_size(most_head)
        .max_header_size(most_head)
        .serve_connection(TokioIo::new(opened), service)
        .with_upgrades()
        .await;
    match served {
        Ok(()) => return connection.become_promised().await,
        Err(error) if error.is_parse_too_large() => {
            session.record_refusal(Refusal::HeadTooLong { most: most_head }).await;
        }
        Err(error) if error.is_parse() => session.record_refusal(Refusal::Unreadable).await,
        // Its client went away or said nothing for too long; its request, if any, is recorded.
        Err(error) => tracing::debug!(%error, "a connection of a sandbox ended early"),
    }
    None
}

/// Answers what is no HTTP.
async fn refuse_raw(session: &Session, mut stream: UnixStream, refusal: Refusal) {
    let text = refusal.explained(&session.options.setting);
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        refusal.status(),
        text.len()
    );
    session.record_refusal(refusal).await;
    let answer = async {
        stream.write_all(format!("{head}{text}").as_bytes()).await?;
        stream.shutdown().await?;
        // What is still on its way is read, so that the client is not cut off before it has read the answer.
        tokio::io::copy(&mut stream.take(1 << 20), &mut tokio::io::sink()).await
    };
    if !matches!(timeout(TURNED_AWAY_LIMIT, answer).await, Ok(Ok(_))) {
        tracing::debug!("a client did not wait for why it was refused");
    }
}

impl Session {
    /// Records what could not be read.
    async fn record_refusal(&self, refusal: Refusal) {
        if let Ok(room) = Room::take(&self.records).await {
            self.entry(room, Asked::unreadable()).refused(refusal);
        }
    }

    fn entry(&self, room: Room, asked: Asked) -> Entry {
        Entry::new(room, asked, Transfer::new(self.budget.clone()), self.stop.clone())
    }
}

impl Connection {
    async fn answer(&self, mut request: Request<Incoming>) -> Answer {
        let room = match Room::take(&self.session.records).await {
            Ok(room) => room,
            Err(refusal) => return self.refused(&refusal),
        };
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let (asked, target) = match &self.gateway {
            None => target::of(&head),
            Some(gateway) => target::within(&head, gateway.name()),
        };
        let target = self.admit(target);
        if let Ok(Target::GatewayTunnel { name }) = &target
            && let Some(gateway) = self.session.gateways.get(name)
        {
            // Not recorded: each request in it is, and nothing else passes.
            return self.promise(upgrade, End::Gateway(gateway.clone()));
        }
        let mut entry = self.session.entry(room, asked);
        let done = match target {
            Ok(Target::Tunnel { host, port }) => match connect_listed(&self.session, &host, port).await {
                Ok((upstream, address)) => {
                    entry.address = Some(address);
                    return self.promise(upgrade, End::Server(upstream, Box::new(entry)));
                }
                Err(problem) => Err(problem),
            },
            Ok(Target::Http { host, port }) => {
                let place = Place::Listed(host, port);
                self.forward(head, body, place, &mut entry)
                    .await
                    .map(|answer| (answer, None))
            }
            Ok(Target::Gateway { name }) => self.through_gateway(&name, head, body, &mut entry).await,
            Ok(Target::GatewayTunnel { name }) => Err(Refusal::NoSuchGateway { name }.into()),
            Err(refusal) => Err(refusal.into()),
        };
        match done {
            Ok((answer, mask)) => {
                entry.status = Some(answer.status().as_u16());
                let idle_limit = self.session.options.idle_limit;
                answer.map(|body| Either::Right(AnswerBody::new(body, entry, mask, idle_limit)))
            }
            Err(Problem::Refused(refusal)) => {
                let answer = self.refused(&refusal);
                entry.refused(refusal);
                answer
            }
            Err(Problem::Failed(failure)) => {
                let answer = text(failure.status(), format!("{failure}.\n"));
                entry.failed(failure);
                answer
            }
        }
    }

    fn admit(&self, target: Result<Target, Refusal>) -> Result<Target, Refusal> {
        if self.turned_away {
            return Err(Refusal::TooManyConnections {
                most: self.session.options.connections,
            });
        }
        if self.session.budget.is_used_up() {
            return Err(Refusal::TooManyBytes);
        }
        target
    }

    /// A refusal ends its connection: what follows on it may have been meant for a tunnel, and is not to be read as HTTP.
    fn refused(&self, refusal: &Refusal) -> Answer {
        let mut answer = text(refusal.status(), refusal.explained(&self.session.options.setting));
        answer
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }

    fn promise(&self, client: OnUpgrade, end: End) -> Answer {
        *lock(&self.promised) = Some(Promised { client, end });
        Response::new(Either::Left(Full::default()))
    }

    /// Is the tunnel that was promised, if one was, to its end; or gives what becomes one to a gateway.
    async fn become_promised(&self) -> Option<Begun> {
        let Promised { client, end } = lock(&self.promised).take()?;
        let client = client.await.ok();
        let parts = client.and_then(|client| client.downcast::<TokioIo<Opened>>().ok());
        let begun = parts.map(|parts| {
            let (unread, stream) = parts.io.into_inner().into_parts();
            (stream, [parts.read_buf, unread].concat())
        });
        match (end, begun) {
            (End::Gateway(gateway), Some((stream, early))) => Some(Begun {
                stream,
                early,
                gateway: Some(gateway),
            }),
            (End::Gateway(_), None) => None,
            (End::Server(upstream, entry), Some((stream, early))) => {
                let idle_limit = self.session.options.idle_limit;
                match tunnel::run(stream, &early, upstream, &entry.transfer, idle_limit).await {
                    Ok(()) => entry.done(),
                    Err(failure) => entry.failed(failure),
                }
                None
            }
            (End::Server(_, entry), None) => {
                entry.failed(Failure::Client);
                None
            }
        }
    }
}

fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Either::Left(Full::from(text)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
