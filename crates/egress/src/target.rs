//! What a request asks for, read from its first line alone.

use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, Uri};

use crate::gateway::{GATEWAYS, gateway_of};
use crate::host::{Host, HostError, shown};
use crate::record::{Asked, What};
use crate::refusal::Refusal;

const HTTP_PORT: u16 = 80;
/// The most bytes of a path that a record holds.
const RECORDED_PATH: usize = 1024;

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Tunnel {
        host: Host,
        port: u16,
    },
    Http {
        host: Host,
        port: u16,
    },
    Gateway {
        name: String,
    },
    /// A connection to a gateway, on which requests to it follow.
    GatewayTunnel {
        name: String,
    },
}

/// Reads a request in a tunnel to a gateway: one as servers get it, with a path alone.
pub(crate) fn within(request: &Parts, gateway: &str) -> (Asked, Result<Target, Refusal>) {
    let (mut asked, as_of_a_proxy) = of(request);
    let uri = &request.uri;
    let is_path = uri.authority().is_none() && uri.scheme().is_none() && uri.path().starts_with('/');
    let target = match as_of_a_proxy {
        // With its own whole address, which a server has to take as well.
        Ok(Target::Gateway { name }) if name == gateway => Ok(Target::Gateway { name }),
        Err(Refusal::GatewayMisused) => Err(Refusal::GatewayMisused),
        _ if is_path => to_gateway(request, gateway),
        _ => Err(Refusal::OnlyThisGateway {
            name: gateway.to_owned(),
        }),
    };
    if uri.authority().is_none() {
        asked.host = format!("{gateway}{GATEWAYS}");
        asked.port = HTTP_PORT;
    }
    if let Ok(Target::Gateway { name }) = &target {
        asked.what = asked_of(name, request);
    }
    (asked, target)
}

fn asked_of(gateway: &str, request: &Parts) -> What {
    What::Gateway {
        name: gateway.to_owned(),
        method: request.method.to_string(),
        path: shown_path(&request.uri),
    }
}

/// Reads a request. What is recorded of it is known even if it is refused.
pub(crate) fn of(request: &Parts) -> (Asked, Result<Target, Refusal>) {
    let authority = request.uri.authority().map_or("", |authority| authority.as_str());
    let place = Host::parse_with_port(authority);
    let (host, port) = match &place {
        Ok((host, port)) => (host.to_string(), *port),
        // What stands after them was meant to be asked, and tells people who wanted what.
        Err(HostError::Credentials) => {
            let place = authority.rsplit('@').next().unwrap_or_default();
            match Host::parse_with_port(place) {
                Ok((host, port)) => (host.to_string(), port),
                Err(_) => (shown(place), None),
            }
        }
        Err(_) => (shown(authority), None),
    };
    let is_tunnel = request.method == Method::CONNECT;
    let what = if is_tunnel {
        What::Tunnel
    } else {
        What::Http {
            method: request.method.to_string(),
            path: shown_path(&request.uri),
        }
    };
    let mut asked = Asked {
        host,
        port: port.unwrap_or(if is_tunnel { 0 } else { HTTP_PORT }),
        what,
    };
    let target = if is_tunnel {
        tunnel(request, place)
    } else {
        forwarded(request, place)
    };
    if let Ok(Target::Gateway { name }) = &target {
        asked.what = asked_of(name, request);
    }
    (asked, target)
}

type Place = Result<(Host, Option<u16>), HostError>;

fn tunnel(request: &Parts, place: Place) -> Result<Target, Refusal> {
    let uri = &request.uri;
    if uri.authority().is_none() || uri.scheme().is_some() || uri.path_and_query().is_some() {
        return Err(Refusal::NotToAProxy);
    }
    let has_length = request.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_length || request.headers.contains_key(TRANSFER_ENCODING) {
        return Err(Refusal::ConnectWithBody);
    }
    let (host, port) = place?;
    if let Some(name) = gateway_of(&host) {
        let name = name.to_owned();
        return match port {
            Some(HTTP_PORT) => Ok(Target::GatewayTunnel { name }),
            _ => Err(Refusal::GatewayByHttpOnly { name }),
        };
    }
    match port {
        Some(port) => Ok(Target::Tunnel { host, port }),
        None => Err(HostError::NoPort { host: host.to_string() }.into()),
    }
}

fn forwarded(request: &Parts, place: Place) -> Result<Target, Refusal> {
    match request.uri.scheme_str() {
        Some("http") => {}
        Some(scheme) => {
            return Err(Refusal::UseConnect { scheme: shown(scheme) });
        }
        None => return Err(Refusal::NotToAProxy),
    }
    let (host, port) = place?;
    let port = port.unwrap_or(HTTP_PORT);
    let Some(name) = gateway_of(&host) else {
        return Ok(Target::Http { host, port });
    };
    if port != HTTP_PORT {
        return Err(Refusal::GatewayByHttpOnly { name: name.to_owned() });
    }
    to_gateway(request, name)
}

fn to_gateway(request: &Parts, name: &str) -> Result<Target, Refusal> {
    // TRACE is there to repeat a request with all its headers.
    if request.method == Method::TRACE || has_dot_segment(request.uri.path()) {
        return Err(Refusal::GatewayMisused);
    }
    Ok(Target::Gateway { name: name.to_owned() })
}

/// Whether a server could take a segment of the path for `.` or `..`, and so leave the gateway's base.
fn has_dot_segment(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let plain = lower.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
    plain
        .split(['/', '\\'])
        .map(|segment| segment.split(';').next().unwrap_or(segment))
        .any(|segment| segment == "." || segment == "..")
}

fn shown_path(uri: &Uri) -> String {
    uri.path().chars().take(RECORDED_PATH).collect()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn read(method: &str, target: &str) -> (Asked, Result<Target, Refusal>) {
        let request = Request::builder().method(method).uri(target).body(()).unwrap();
        of(&request.into_parts().0)
    }

    fn refusal(method: &str, target: &str) -> String {
        read(method, target).1.unwrap_err().to_string()
    }

    #[test]
    fn tunnels_requests_and_gateways_are_told_apart() {
        let host = Host::parse("example.com").unwrap();
        let (asked, target) = read("CONNECT", "Example.com:443");
        assert_eq!(
            target,
            Ok(Target::Tunnel {
                host: host.clone(),
                port: 443
            })
        );
        assert_eq!(
            (asked.host.as_str(), asked.port, asked.what),
            ("example.com", 443, What::Tunnel)
        );
        let (asked, target) = read("GET", "http://example.com/a/b?key=hidden");
        assert_eq!(target, Ok(Target::Http { host, port: 80 }));
        let (method, path) = ("GET".to_owned(), "/a/b".to_owned());
        assert_eq!(asked.what, What::Http { method, path });
        let (asked, target) = read("POST", "http://models.gateway.team6.invalid/v1/messages?key=hidden");
        let name = "models".to_owned();
        assert_eq!(target, Ok(Target::Gateway { name: name.clone() }));
        let (method, path) = ("POST".to_owned(), "/v1/messages".to_owned());
        assert_eq!(asked.what, What::Gateway { name, method, path });
    }

    #[test]
    fn what_is_not_for_a_proxy_is_refused_with_what_to_do() {
        for (method, target, expected) in [
            ("GET", "/path", "this is a proxy"),
            ("OPTIONS", "*", "this is a proxy"),
            ("GET", "https://example.com/", "use CONNECT"),
            ("GET", "ftp://example.com/", "use CONNECT"),
            ("CONNECT", "example.com", "has no port"),
            ("CONNECT", "http://example.com:80/", "this is a proxy"),
            ("CONNECT", "models.gateway.team6.invalid:443", "plain http at port 80"),
            (
                "GET",
                "http://models.gateway.team6.invalid:8080/",
                "plain http at port 80",
            ),
            ("GET", "http://user:password@example.com/", "credentials"),
            ("GET", "http://2130706433/", "unusual spelling"),
            ("CONNECT", "[::ffff:127.0.0.1]:80", "write 127.0.0.1"),
        ] {
            let said = refusal(method, target);
            assert!(said.contains(expected), "{method} {target}: {said}");
        }
    }

    #[test]
    fn a_tunnel_to_a_gateway_is_told_from_others_and_takes_paths_only() {
        let (asked, target) = read("CONNECT", "models.gateway.team6.invalid:80");
        let name = "models".to_owned();
        assert_eq!(target, Ok(Target::GatewayTunnel { name: name.clone() }));
        assert_eq!(asked.what, What::Tunnel);
        let inside = |method: &str, target: &str| {
            let request = Request::builder().method(method).uri(target).body(()).unwrap();
            within(&request.into_parts().0, "models")
        };
        let (asked, target) = inside("GET", "/v1/models?key=hidden");
        assert_eq!(target, Ok(Target::Gateway { name: name.clone() }));
        let what = What::Gateway {
            name: name.clone(),
            method: "GET".into(),
            path: "/v1/models".into(),
        };
        let here = ("models.gateway.team6.invalid", 80, what);
        assert_eq!((asked.host.as_str(), asked.port, asked.what), here);
        for (method, target) in [
            ("GET", "*"),
            ("GET", "example.com:80"),
            ("GET", "http://example.com/"),
            ("GET", "http://others.gateway.team6.invalid/"),
            ("CONNECT", "example.com:443"),
            ("CONNECT", "models.gateway.team6.invalid:80"),
        ] {
            let (_, read) = inside(method, target);
            assert_eq!(
                read,
                Err(Refusal::OnlyThisGateway { name: name.clone() }),
                "{method} {target}"
            );
        }
    }

    #[test]
    fn credentials_before_a_host_are_not_recorded() {
        for (target, host, port) in [
            ("http://user:hunter2@example.com/", "example.com", 80),
            ("http://hunter2@127.0.0.1:6162/x", "127.0.0.1", 6162),
            ("http://user:hunter2@[::1]:6162/", "[::1]", 6162),
            ("http://hunter2@0x7f.1/", "0x7f.1", 80),
        ] {
            let (asked, refused) = read("GET", target);
            assert_eq!((asked.host.as_str(), asked.port), (host, port), "{target}");
            assert!(!format!("{asked:?}").contains("hunter2"), "{asked:?}");
            assert_eq!(refused, Err(HostError::Credentials.into()), "{target}");
        }
    }

    #[test]
    fn no_path_leads_out_of_a_gateways_base() {
        for path in [
            "/../x",
            "/a/..",
            "/%2e%2E/x",
            "/a/.%2e/x",
            "/a%2f..%2fx",
            "/a/..;x=1/y",
            "/..%5cx",
            "/./x",
        ] {
            let said = refusal("GET", &format!("http://models.gateway.team6.invalid{path}"));
            assert!(said.contains("segment"), "{path}: {said}");
        }
        for path in ["/", "/v1/models", "/a..b/...", "/x?to=/../y"] {
            let (_, target) = read("GET", &format!("http://models.gateway.team6.invalid{path}"));
            assert!(target.is_ok(), "{path}");
        }
        assert!(refusal("TRACE", "http://models.gateway.team6.invalid/").contains("TRACE"));
    }
}
