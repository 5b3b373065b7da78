//! Why something was not let through, in words for whoever asked and for whoever could allow it.

use std::net::IpAddr;

use hyper::StatusCode;

use crate::address::AddressKind;
use crate::gateway::GATEWAYS;
use crate::host::{Host, HostError};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No rule lists the host with this port.
    #[error("{host}:{port} is not listed")]
    NotListed {
        /// The host that was asked for.
        host: Host,
        /// The port that was asked for.
        port: u16,
    },
    /// The name is listed, but leads to addresses only that are not public.
    #[error("{host}:{port} leads to an address that is not public: it is {kind}")]
    NotPublic {
        /// The name that was asked for.
        host: Host,
        /// The port that was asked for.
        port: u16,
        /// The first address it leads to.
        address: IpAddr,
        /// What that address is.
        kind: AddressKind,
    },
    /// The host is spelt in a way that is not taken.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is not a request to a proxy, but one to a server.
    #[error("this is a proxy: ask for a whole URL (GET http://host/path) or a tunnel (CONNECT host:port)")]
    NotToAProxy,
    /// Something else than `http` was asked for by its URL.
    #[error("{scheme}: is not forwarded: use CONNECT host:port, as clients do for https when this is their proxy")]
    UseConnect {
        /// The scheme of the URL.
        scheme: String,
    },
    /// A tunnel was asked for with a body, which would be bytes that nobody knows the meaning of.
    #[error("CONNECT takes no body")]
    ConnectWithBody,
    /// Nobody has configured a gateway of this name.
    #[error("there is no gateway {name}")]
    NoSuchGateway {
        /// The name.
        name: String,
    },
    /// A gateway was asked for at another port.
    #[error(
        "a gateway is asked by plain http at port 80: http://{name}{GATEWAYS}/path, or a path in a tunnel to {name}{GATEWAYS}:80"
    )]
    GatewayByHttpOnly {
        /// Its name.
        name: String,
    },
    /// Something else than its gateway was asked for in a tunnel to one.
    #[error("this connection leads to the gateway {name} and nowhere else: ask it for a path (GET /path)")]
    OnlyThisGateway {
        /// Its name.
        name: String,
    },
    /// A path or a method with which a gateway could be led elsewhere or made to show its credential.
    #[error("gateways forward no TRACE, and no path with . or .. as a segment")]
    GatewayMisused,
    /// The head of the request is longer than it may be.
    #[error("the head of the request is longer than {most} bytes, or has too many headers")]
    HeadTooLong {
        /// How long it may be.
        most: usize,
    },
    /// What was said is not HTTP/1.1.
    #[error("the request cannot be read as HTTP/1.1")]
    Unreadable,
    /// The session has as many connections as it may.
    #[error("this session has {most} connections open, as many as it may: close some and try again")]
    TooManyConnections {
        /// How many it may have.
        most: usize,
    },
    /// The session has moved as many bytes as it may.
    #[error("this session has moved as many bytes as it may")]
    TooManyBytes,
    /// There is no room for a record, and nothing passes without one.
    #[error("the records of this session are not read: nothing passes without a record; try again")]
    NotRecorded,
}

impl Refusal {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotListed { .. }
            | Self::NotPublic { .. }
            | Self::NoSuchGateway { .. }
            | Self::OnlyThisGateway { .. }
            | Self::GatewayMisused
            | Self::TooManyBytes => StatusCode::FORBIDDEN,
            // A host in an odd spelling is one that no rule can list.
            Self::Host(HostError::NoPort { .. } | HostError::BadPort { .. } | HostError::Empty) => {
                StatusCode::BAD_REQUEST
            }
            Self::Host(_) => StatusCode::FORBIDDEN,
            Self::NotToAProxy
            | Self::UseConnect { .. }
            | Self::ConnectWithBody
            | Self::GatewayByHttpOnly { .. }
            | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::HeadTooLong { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooManyConnections { .. } | Self::NotRecorded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The rule that would let it through, if one would.
    pub fn mended_by(&self) -> Option<String> {
        match self {
            Self::NotListed { host, port } => Some(format!("{host}:{port}")),
            Self::NotPublic { kind, .. } if kind.needs_its_literal() => None,
            Self::NotPublic { host, port, .. } => Some(format!("private:{host}:{port}")),
            _ => None,
        }
    }

    /// What the answer says. `setting` is the configuration in which rules are listed.
    pub(crate) fn explained(&self, setting: &str) -> String {
        match self.mended_by() {
            Some(rule) => format!("{self}. To allow it, somebody who may can add \"{rule}\" to {setting}.\n"),
            None => format!("{self}.\n"),
        }
    }
}
