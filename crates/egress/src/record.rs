//! What is written down of every request: where it went and how it ended, without queries, headers or credentials.
//!
//! Records go into a bounded channel. Room for its record is taken before a request is looked at; if there is none for
//! [`WAIT_FOR_ROOM`], because nobody reads them, the request is refused. So nothing passes without a record, no record
//! of anything that passed is lost, and traffic waits for its reader but never the other way round.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::meter::Transfer;
use crate::options::Options;
use crate::refusal::Refusal;

/// How long a request waits for its record to have room.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(5);

/// One tunnel or one request, when it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The host that was asked for, as it was taken; cut and escaped if it was not. Empty if none could be read.
    pub host: String,
    /// The port that was asked for; 0 if none could be read.
    pub port: u16,
    /// Where it was connected to; the upstream's address for a gateway.
    pub address: Option<SocketAddr>,
    /// What was asked for.
    pub what: What,
    /// The status that the server answered a request with; none of a tunnel, and where it did not answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// From the request's head to its end.
    pub took: Duration,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A tunnel to the host.
    Tunnel,
    /// A plain request to the host.
    Http {
        /// Its method.
        method: String,
        /// Its path without the query, cut if it is long.
        path: String,
    },
    /// A request to a gateway.
    Gateway {
        /// The gateway's name.
        name: String,
        /// The request's method.
        method: String,
        /// Its path without the query, cut if it is long.
        path: String,
    },
    /// Nothing that could be read.
    Unreadable,
}

/// How a request ended. Bytes are those that a tunnel moved, or those of the bodies of a request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was not let through.
    Refused(Refusal),
    /// It was let through, and did not come to its end.
    Failed {
        /// Why.
        why: Failure,
        /// Bytes from the sandbox until then.
        sent: u64,
        /// Bytes to the sandbox until then.
        received: u64,
    },
    /// It came to its end.
    Done {
        /// Bytes from the sandbox.
        sent: u64,
        /// Bytes to the sandbox.
        received: u64,
    },
}

/// Why something that is listed did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The name leads to no address.
    #[error("the name cannot be resolved")]
    NotResolved,
    /// Nobody takes connections there.
    #[error("no connection could be made: {why}")]
    NotConnected {
        /// What the operating system said.
        why: String,
    },
    /// Resolving and connecting took too long.
    #[error("no connection could be made within {} s", limit.as_secs_f32())]
    NotConnectedInTime {
        /// How long it may take.
        limit: Duration,
    },
    /// The server has not shown that it is who it should be.
    #[error("TLS with the server failed: {why}")]
    Tls {
        /// What went wrong.
        why: String,
    },
    /// No byte went either way.
    #[error("nothing was said for {} s", limit.as_secs_f32())]
    Idle {
        /// How long that may last.
        limit: Duration,
    },
    /// The server ended the connection or does not speak HTTP/1.1.
    #[error("the server's answer broke off or is not HTTP/1.1")]
    Server,
    /// The sandbox's side ended the connection.
    #[error("the client went away")]
    Client,
    /// The session has moved as many bytes as it may.
    #[error("this session has moved as many bytes as it may")]
    TooManyBytes,
    /// The session ended first.
    #[error("the session ended")]
    SessionEnded,
}

impl Failure {
    /// The status of the answer, if there is still one to give.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotConnectedInTime { .. } | Self::Idle { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::TooManyBytes => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

/// A channel for the records of one session with these options, with room for those of all its connections and as many
/// that wait to be read.
pub fn records(options: &Options) -> (mpsc::Sender<Record>, mpsc::Receiver<Record>) {
    mpsc::channel(2 * options.least_records())
}

/// Room for the record of a request that is not known yet.
pub(crate) struct Room(OwnedPermit<Record>);

impl Room {
    /// Waits for room, but not for long.
    pub(crate) async fn take(records: &mpsc::Sender<Record>) -> Result<Self, Refusal> {
        match timeout(WAIT_FOR_ROOM, records.clone().reserve_owned()).await {
            Ok(Ok(permit)) => Ok(Self(permit)),
            // Nobody reads, or nobody will ever read again.
            Err(_) | Ok(Err(_)) => {
                tracing::warn!("a request was refused because there is no room for its record");
                Err(Refusal::NotRecorded)
            }
        }
    }
}

/// Who is asked for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) what: What,
}

impl Asked {
    pub(crate) fn unreadable() -> Self {
        Self {
            host: String::new(),
            port: 0,
            what: What::Unreadable,
        }
    }
}

/// A record in the making. It is sent when the outcome is known, or when it is dropped.
pub(crate) struct Entry {
    open: Option<(Room, Asked)>,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) status: Option<u16>,
    pub(crate) transfer: Arc<Transfer>,
    since: Instant,
    stop: CancellationToken,
}

impl Entry {
    /// `stop` tells the end of the session from a client that goes away.
    pub(crate) fn new(room: Room, asked: Asked, transfer: Transfer, stop: CancellationToken) -> Self {
        Self {
            open: Some((room, asked)),
            address: None,
            status: None,
            transfer: Arc::new(transfer),
            since: Instant::now(),
            stop,
        }
    }

    pub(crate) fn refused(mut self, why: Refusal) {
        self.end(Outcome::Refused(why));
    }

    pub(crate) fn done(mut self) {
        let (sent, received) = self.transfer.moved();
        self.end(Outcome::Done { sent, received });
    }

    pub(crate) fn failed(mut self, why: Failure) {
        self.fail(why);
    }

    fn fail(&mut self, why: Failure) {
        let (sent, received) = self.transfer.moved();
        self.end(Outcome::Failed { why, sent, received });
    }

    fn end(&mut self, outcome: Outcome) {
        let Some((Room(permit), asked)) = self.open.take() else {
            return;
        };
        permit.send(Record {
            host: asked.host,
            port: asked.port,
            address: self.address,
            what: asked.what,
            status: self.status,
            outcome,
            took: self.since.elapsed(),
        });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.fail(if self.stop.is_cancelled() {
            Failure::SessionEnded
        } else {
            Failure::Client
        });
    }
}
