//! One connection of a sandbox: its requests one after the other, and the tunnel that it may become.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::body::{AnswerBody, RequestBody};
use crate::headers::{put_credential, remove_hop_by_hop};
use crate::mask::Mask;
use crate::meter::Transfer;
use crate::opening::{self, Opened, Opening};
use crate::record::{Asked, Entry, Failure, Room};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::target::{self, Target};
use crate::tunnel;
use crate::upstream::{NotSent, Owner, Place, Problem, Upstream, connect_listed};

/// How long a connection that is turned away may take to say what it wanted, and to hear why not.
const TURNED_AWAY_LIMIT: Duration = Duration::from_secs(2);

type Answer = Response<Either<Full<Bytes>, AnswerBody>>;

struct Connection {
    session: Arc<Session>,
    /// It is one too many, and only told so.
    turned_away: bool,
    /// The last connection to a server, for the next request to the same.
    kept: Mutex<Option<Upstream>>,
    tunnel: Mutex<Option<Tunnel>>,
    upstreams: Arc<Owner>,
}

/// A tunnel that begins when its answer has gone out.
struct Tunnel {
    client: OnUpgrade,
    upstream: TcpStream,
    entry: Entry,
}

/// Serves one connection to its end. The connections to servers that it makes are run by `upstreams`.
pub(crate) async fn serve(session: Arc<Session>, stream: UnixStream, turned_away: bool, upstreams: Arc<Owner>) {
    let limit = if turned_away {
        TURNED_AWAY_LIMIT
    } else {
        session.options.idle_limit
    };
    let opened = match opening::read(stream, limit).await {
        Opening::Http(opened) => opened,
        Opening::Odd(stream, refusal) => return refuse_raw(&session, stream, refusal).await,
        Opening::Silent => return,
    };
    let connection = Arc::new(Connection {
        session,
        turned_away,
        kept: Mutex::default(),
        tunnel: Mutex::default(),
        upstreams,
    });
    let most_head = connection.session.options.most_head;
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
        Ok(()) => connection.run_tunnel().await,
        Err(error) if error.is_parse_too_large() => {
            connection
                .session
                .record_refusal(Refusal::HeadTooLong { most: most_head })
                .await;
        }
        Err(error) if error.is_parse() => connection.session.record_refusal(Refusal::Unreadable).await,
        // Its client went away or said nothing for too long; its request, if any, is recorded.
        Err(error) => tracing::debug!(%error, "a connection of a sandbox ended early"),
    }
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
        let (asked, target) = target::of(&head);
        let mut entry = self.session.entry(room, asked);
        let done = match self.admit(target) {
            Ok(Target::Tunnel { host, port }) => match connect_listed(&self.session, &host, port).await {
                Ok((upstream, address)) => {
                    entry.address = Some(address);
                    return self.open_tunnel(upgrade, upstream, entry);
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
            Err(refusal) => Err(refusal.into()),
        };
        match done {
            Ok((answer, mask)) => {
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

    fn open_tunnel(&self, client: OnUpgrade, upstream: TcpStream, entry: Entry) -> Answer {
        *lock(&self.tunnel) = Some(Tunnel {
            client,
            upstream,
            entry,
        });
        Response::new(Either::Left(Full::default()))
    }

    async fn run_tunnel(&self) {
        let Some(tunnel) = lock(&self.tunnel).take() else {
            return;
        };
        let parts = tunnel
            .client
            .await
            .ok()
            .and_then(|client| client.downcast::<TokioIo<Opened>>().ok());
        let Some(parts) = parts else {
            return tunnel.entry.failed(Failure::Client);
        };
        let (unread, client) = parts.io.into_inner().into_parts();
        let early = [parts.read_buf, unread].concat();
        let idle_limit = self.session.options.idle_limit;
        match tunnel::run(client, &early, tunnel.upstream, &tunnel.entry.transfer, idle_limit).await {
            Ok(()) => tunnel.entry.done(),
            Err(failure) => tunnel.entry.failed(failure),
        }
    }

    async fn through_gateway(
        &self,
        name: &str,
        mut head: Parts,
        body: Incoming,
        entry: &mut Entry,
    ) -> Result<(Response<Incoming>, Option<Mask>), Problem> {
        let gateway = self
            .session
            .gateways
            .get(name)
            .ok_or_else(|| Refusal::NoSuchGateway { name: name.to_owned() })?;
        let asked = head.uri.path_and_query().map_or("/", |asked| asked.as_str());
        // Without a path, an empty one or a query is all that there is.
        let slash = if asked.starts_with('/') { "" } else { "/" };
        head.uri = format!("{}{slash}{asked}", gateway.base)
            .parse()
            .map_err(|_| Refusal::GatewayMisused)?;
        remove_hop_by_hop(&mut head.headers);
        put_credential(&mut head.headers, &gateway.header, gateway.secret.header());
        let mask = Mask::of(&gateway.secret);
        let mut answer = self.forward(head, body, Place::Gateway(gateway.clone()), entry).await?;
        for value in answer.headers_mut().values_mut() {
            *value = HeaderValue::from_bytes(&mask.cover(value.as_bytes())).unwrap_or(HeaderValue::from_static(""));
        }
        Ok((answer, Some(mask)))
    }

    /// Sends a request on, on the kept connection if that leads to the same place and still can be used.
    async fn forward(
        &self,
        head: Parts,
        body: Incoming,
        place: Place,
        entry: &mut Entry,
    ) -> Result<Response<Incoming>, Problem> {
        let transfer = entry.transfer.clone();
        let idle_limit = self.session.options.idle_limit;
        let mut request = onward(head, RequestBody::new(body, transfer.clone()), &place);
        let kept = lock(&self.kept).take().filter(|kept| kept.place == place);
        if let Some(mut kept) = kept
            && kept.is_ready().await
        {
            entry.address = Some(kept.address);
            match kept.send(request, &transfer, idle_limit).await {
                Ok(answer) => return Ok(self.keep(kept, answer)),
                Err(NotSent::Failed(failure)) => return Err(failure.into()),
                // The server has ended it in the meantime.
                Err(NotSent::Unused(unused)) => request = *unused,
            }
        }
        let mut upstream = Upstream::connect(&self.session, place, &self.upstreams).await?;
        entry.address = Some(upstream.address);
        match upstream.send(request, &transfer, idle_limit).await {
            Ok(answer) => Ok(self.keep(upstream, answer)),
            Err(NotSent::Failed(failure)) => Err(failure.into()),
            Err(NotSent::Unused(_)) => Err(Failure::Server.into()),
        }
    }

    fn keep(&self, upstream: Upstream, mut answer: Response<Incoming>) -> Response<Incoming> {
        *lock(&self.kept) = Some(upstream);
        remove_hop_by_hop(answer.headers_mut());
        *answer.version_mut() = Version::HTTP_11;
        answer
    }
}

/// A request as it goes to the server: with a path alone, and a `Host` that is where it goes.
fn onward(mut head: Parts, body: RequestBody, place: &Place) -> Request<RequestBody> {
    let (host, port, usual) = match place {
        Place::Listed(host, port) => (host, *port, 80),
        Place::Gateway(gateway) => (&gateway.host, gateway.port, if gateway.tls { 443 } else { 80 }),
    };
    let host = if port == usual {
        host.to_string()
    } else {
        format!("{host}:{port}")
    };
    remove_hop_by_hop(&mut head.headers);
    // The body knows its length. What the client said about it must not be able to differ.
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(
        HOST,
        HeaderValue::from_str(&host).unwrap_or(HeaderValue::from_static("")),
    );
    let asked = head.uri.path_and_query().map_or("/", |asked| asked.as_str());
    let slash = if asked.starts_with('/') { "" } else { "/" };
    head.uri = format!("{slash}{asked}").parse().unwrap_or(Uri::from_static("/"));
    head.version = Version::HTTP_11;
    head.extensions.clear();
    Request::from_parts(head, body)
}

fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Either::Left(Full::from(text)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
