//! Gateways: servers whose credential stays outside of the sandbox.
//!
//! A sandbox asks `http://<name>.gateway.team6.invalid/path`, and the request goes on to the gateway's upstream with the
//! credential put in. Whoever configures a gateway decides where it leads, so its upstream may be at any address.

use std::fmt;

use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};

use crate::headers::is_hop_by_hop;
use crate::host::{Host, HostError, Name, shown};

/// What the host of every gateway ends with. Nobody can own a name below `invalid` (RFC 6761).
pub const GATEWAYS: &str = ".gateway.team6.invalid";

/// Names that a credential may not be sent under, because they are about the connection and not about who asks.
const NOT_FOR_CREDENTIALS: [&str; 3] = ["accept-encoding", "content-length", "host"];

/// Why a gateway cannot be configured so. The credential is in none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The name is not one label of a DNS name.
    #[error("name a gateway \"{name}\": use lower-case letters, digits and hyphens")]
    Name {
        /// The name.
        name: String,
    },
    /// There is already one of this name.
    #[error("name a gateway \"{name}\": there is already one of this name")]
    Twice {
        /// The name.
        name: String,
    },
    /// The upstream is not a URL of the kind that is needed. It may hold a password, so it is not shown.
    #[error(
        "read the upstream of the gateway \"{name}\": write http:// or https:// with a host, and no user, query or fragment"
    )]
    Upstream {
        /// The gateway's name.
        name: String,
    },
    /// The upstream's host is not spelt as hosts are.
    #[error("read the upstream of the gateway \"{name}\": {source}")]
    Host {
        /// The gateway's name.
        name: String,
        /// What is wrong with it.
        source: HostError,
    },
    /// The header is not one in which a credential can be sent.
    #[error(
        "set the header \"{header}\" in the gateway \"{name}\": it is not one for a credential; use one such as authorization or x-api-key"
    )]
    Header {
        /// The gateway's name.
        name: String,
        /// The header's name.
        header: String,
    },
    /// The credential has characters that no header can have.
    #[error("read a credential: it has characters that no header can have, or is empty")]
    Secret,
}

/// The value of a header that must not be shown to anybody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(HeaderValue);

impl Secret {
    /// Takes the whole value of the header, such as `Bearer …`.
    pub fn new(value: &str) -> Result<Self, GatewayError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| GatewayError::Secret)?;
        if value.is_empty() {
            return Err(GatewayError::Secret);
        }
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A server that is reached with a credential that the sandbox does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    pub(crate) name: String,
    pub(crate) tls: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// What stands before every path, without a slash at its end.
    pub(crate) base: String,
    pub(crate) header: HeaderName,
    pub(crate) secret: Secret,
}

impl Gateway {
    /// Requests to `http://<name>.gateway.team6.invalid/path` go to `upstream` + `/path` with `header: secret`.
    pub fn new(name: &str, upstream: &str, header: &str, secret: Secret) -> Result<Self, GatewayError> {
        let is_label = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_label || Name::parse(&format!("{name}{GATEWAYS}")).is_err() {
            return Err(GatewayError::Name { name: shown(name) });
        }
        let name = name.to_owned();
        let header = header
            .parse::<HeaderName>()
            .ok()
            .filter(|header| !is_hop_by_hop(header) && !NOT_FOR_CREDENTIALS.contains(&header.as_str()))
            .ok_or_else(|| GatewayError::Header {
                name: name.clone(),
                header: shown(header),
            })?;
        let no_url = || GatewayError::Upstream { name: name.clone() };
        let url: Uri = Some(upstream)
            .filter(|upstream| !upstream.contains(['#', '?', '@']))
            .and_then(|upstream| upstream.parse().ok())
            .ok_or_else(no_url)?;
        let tls = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(no_url()),
        };
        let authority = url.authority().ok_or_else(no_url)?;
        let (host, port) = Host::parse_with_port(authority.as_str()).map_err(|source| GatewayError::Host {
            name: name.clone(),
            source,
        })?;
        Ok(Self {
            tls,
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            base: url.path().trim_end_matches('/').to_owned(),
            header,
            secret,
            name,
        })
    }

    /// The name by which it is asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a sandbox asks for instead of the upstream.
    pub fn url(&self) -> String {
        format!("http://{}{GATEWAYS}", self.name)
    }
}

/// The name of the gateway that a host names, if it names any.
pub(crate) fn gateway_of(host: &Host) -> Option<&str> {
    match host {
        Host::Name(name) => name.as_str().strip_suffix(GATEWAYS),
        Host::Address(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(name: &str, upstream: &str, header: &str) -> Result<Gateway, GatewayError> {
        Gateway::new(name, upstream, header, Secret::new("Bearer hunter2").unwrap())
    }

    #[test]
    fn an_upstream_is_http_or_https_with_a_path_before_all_others() {
        let models = gateway("models", "https://api.example.com/v1/", "x-api-key").unwrap();
        assert_eq!(models.url(), "http://models.gateway.team6.invalid");
        assert!(models.tls);
        assert_eq!((models.port, models.base.as_str()), (443, "/v1"));
        let local = gateway("local", "http://127.0.0.1:11434", "authorization").unwrap();
        assert_eq!((local.tls, local.port, local.base.as_str()), (false, 11434, ""));
    }

    #[test]
    fn what_is_no_gateway_is_refused_and_never_shows_a_credential() {
        let upstream = "https://api.example.com";
        for refused in [
            gateway("Models", upstream, "x-api-key"),
            gateway("", upstream, "x-api-key"),
            gateway("a.b", upstream, "x-api-key"),
            gateway("models", "ftp://api.example.com", "x-api-key"),
            gateway("models", "https://user:hunter2@api.example.com", "x-api-key"),
            gateway("models", "https://api.example.com/?key=hunter2", "x-api-key"),
            gateway("models", "https://127.1/", "x-api-key"),
            gateway("models", upstream, "host"),
            gateway("models", upstream, "connection"),
            gateway("models", upstream, "proxy-token"),
            gateway("models", upstream, "two words"),
            Secret::new("hunter2\n").and_then(|secret| Gateway::new("models", upstream, "x-api-key", secret)),
        ] {
            let error = refused.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        let models = gateway("models", "https://api.example.com", "x-api-key").unwrap();
        assert!(!format!("{models:?} {models:#?}").contains("hunter2"));
    }
}
