//! Which headers go on. Those that are about one connection only stay on it (RFC 9110, 7.6.1).

use hyper::HeaderMap;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};

const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    // Answered on this side already, when the body is first asked for.
    "expect",
];

/// What a client may send to say who it is, and what could make an upstream show a credential in a form that is not
/// recognized: compressed, or in pieces.
const NOT_THROUGH_GATEWAYS: [&str; 8] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
    "accept-encoding",
    "range",
    "if-range",
];

/// Removes what belongs to one connection, what `Connection` names, and everything that is for a proxy.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    let of_connection: Vec<HeaderName> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for name in of_connection {
        headers.remove(name);
    }
}

/// Whether it belongs to one connection, or is for a proxy.
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

/// Puts a gateway's credential in place of whatever the client sent to say who it is.
pub(crate) fn put_credential(headers: &mut HeaderMap, header: &HeaderName, value: HeaderValue) {
    for name in NOT_THROUGH_GATEWAYS {
        headers.remove(name);
    }
    headers.insert(hyper::header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn what_belongs_to_a_connection_stays_on_it() {
        let mut sent = headers(&[
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("x-other", "2"),
            ("keep-alive", "5"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "Basic secret"),
            ("proxy-connection", "keep-alive"),
            ("upgrade", "websocket"),
        ]);
        remove_hop_by_hop(&mut sent);
        assert_eq!(sent, headers(&[("x-other", "2")]));
    }

    #[test]
    fn a_credential_replaces_every_one_that_was_sent() {
        let mut sent = headers(&[("authorization", "mine"), ("x-api-key", "mine"), ("x-token", "mine")]);
        sent.append("x-token", HeaderValue::from_static("mine too"));
        put_credential(
            &mut sent,
            &HeaderName::from_static("x-token"),
            HeaderValue::from_static("ours"),
        );
        assert_eq!(sent, headers(&[("accept-encoding", "identity"), ("x-token", "ours")]));
    }
}
