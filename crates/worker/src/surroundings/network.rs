//! The way out of a sandbox: a proxy for what is listed, and ports of the sandbox's loopback that lead through it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use team6_egress::{
    Egress, EgressSession, GATEWAYS, Gateway, Options, Outcome, Record, Rules, SystemResolver, What, records,
};
use team6_sandbox::reach::{Forward, Mount, Network};
use tokio::sync::mpsc::Receiver;

use super::Surroundings;

/// Where a sandbox has the folder of its proxy's socket.
const WAY_OUT: &str = "/engine/out";
/// The proxy's socket in it.
const PROXY: &str = "proxy.sock";
/// The port of a sandbox's loopback at which the proxy is reached; gateways have those after it.
const PORT: u16 = 3128;

/// Why a list of hosts cannot be read, for people; none if it can.
pub fn unreadable_network(listed: &[String]) -> Option<String> {
    Rules::parse(listed).err().map(|error| error.to_string())
}

/// A way out of a sandbox.
pub(crate) struct WayOut {
    /// The proxy's socket.
    pub(crate) shown: Mount,
    pub(crate) network: Network,
    /// Where programs reach the gateways, in their order.
    pub(crate) gateways: Vec<String>,
    pub(crate) proxy: EgressSession,
    /// What the proxy let through and what not.
    pub(crate) records: Receiver<Record>,
}

/// The socket of the proxy that lies in a folder.
pub(crate) fn socket(folder: &Path) -> PathBuf {
    folder.join(PROXY)
}

/// Opens a proxy that lets through what is listed, with gateways. Its socket lies in `folder`, which is made.
pub(crate) async fn way_out(
    common: &Surroundings,
    listed: &[String],
    gateways: Vec<Gateway>,
    folder: &Path,
) -> Result<WayOut, String> {
    let rules = Rules::parse(listed).map_err(|error| format!("{} cannot be read: {error}", common.setting))?;
    let options = Options {
        setting: common.setting.clone(),
        ..Options::default()
    };
    let (sink, records) = records(&options);
    make_private(folder).map_err(|error| format!("a folder for the proxy cannot be made: {error}"))?;
    let mut forwards = forwards(listed);
    let led = leading(&gateways, &forwards);
    let addresses = led.iter().map(|way| format!("http://127.0.0.1:{}", way.port)).collect();
    forwards.extend(led);
    let proxy = Egress::new(rules, sink)
        .gateways(gateways)
        .options(options)
        .resolver(Arc::<SystemResolver>::clone(&common.resolver))
        .serve(&socket(folder))
        .await
        .map_err(|error| error.to_string())?;
    Ok(WayOut {
        shown: Mount::ReadOnly {
            from: folder.to_owned(),
            at: WAY_OUT.into(),
        },
        network: Network::Proxy {
            socket: Path::new(WAY_OUT).join(PROXY),
            port: PORT,
            forwards,
        },
        gateways: addresses,
        proxy,
        records,
    })
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The address in a variable's value that is a URL, as the proxy lists it: whoever set it meant it to be reached, on
/// whatever network it is.
pub(super) fn address(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://")?;
    let port = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port),
        _ => (authority, port),
    };
    let literal = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    Some(match literal {
        true => format!("{host}:{port}"),
        false => format!("private:{host}:{port}"),
    })
}

/// Addresses on the machine's loopback, which programs reach without the proxy: the sandbox's own loopback leads there.
fn forwards(listed: &[String]) -> Vec<Forward> {
    let mut forwards: BTreeMap<u16, String> = BTreeMap::new();
    for rule in listed {
        let place = rule.strip_prefix("private:").unwrap_or(rule);
        let Some((host, port)) = place.rsplit_once(':') else {
            continue;
        };
        if let ("127.0.0.1" | "localhost" | "[::1]", Ok(port)) = (host, port.parse::<u16>())
            && port != PORT
        {
            forwards.entry(port).or_insert_with(|| place.to_owned());
        }
    }
    let listed = forwards.into_iter().map(|(port, to)| Forward { port, to });
    listed.collect()
}

/// Ports that lead to gateways: programs that know no proxy ask there. None is one that is taken.
fn leading(gateways: &[Gateway], taken: &[Forward]) -> Vec<Forward> {
    let free = (PORT + 1..).filter(|port| !taken.iter().any(|way| way.port == *port));
    let led = free.zip(gateways).map(|(port, gateway)| Forward {
        port,
        to: format!("{}{GATEWAYS}:80", gateway.name()),
    });
    led.collect()
}

/// What the trace says of a record.
pub(crate) fn told(record: &Record) -> String {
    let place = match &record.what {
        What::Http { method, path } => format!("{method} http://{}:{}{path}", record.host, record.port),
        What::Gateway { name, method, path } => format!("the gateway {name}: {method} {path}"),
        What::Tunnel => format!("{}:{}", record.host, record.port),
        What::Unreadable => "a request that cannot be read".to_owned(),
    };
    match &record.outcome {
        Outcome::Refused(refusal) => {
            let allow = |rule| format!("; to allow it, add \"{rule}\" to agents.network");
            let mended = refusal.mended_by().map(allow).unwrap_or_default();
            format!("network: {place} refused: {refusal}{mended}")
        }
        Outcome::Failed { why, .. } => format!("network: {place} failed: {why}"),
        Outcome::Done { sent, received } => {
            let status = record
                .status
                .map(|status| format!(", status {status}"))
                .unwrap_or_default();
            format!("network: {place}{status}, {sent} bytes sent, {received} received")
        }
    }
}

#[cfg(test)]
mod tests {
    use team6_egress::{Host, Refusal};

    use super::*;

    #[test]
    fn the_address_of_a_model_is_taken_from_the_environment() {
        let cases = [
            ("https://api.example.org/v1", Some("private:api.example.org:443")),
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://user:word@models.lan:9/x?y", Some("private:models.lan:9")),
            ("http://[::1]:7/", Some("[::1]:7")),
            ("no url", None),
            ("file:///etc/passwd", None),
        ];
        for (value, expected) in cases {
            assert_eq!(address(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn what_was_refused_is_told_with_what_would_allow_it() {
        let told_of = |refusal: Refusal| {
            told(&Record {
                host: "localhost".into(),
                port: 7777,
                address: None,
                what: What::Tunnel,
                status: None,
                outcome: Outcome::Refused(refusal),
                took: std::time::Duration::ZERO,
            })
        };
        let host = Host::parse("localhost").unwrap();
        assert_eq!(
            told_of(Refusal::NotListed { host, port: 7777 }),
            "network: localhost:7777 refused: localhost:7777 is not listed; to allow it, add \"localhost:7777\" to \
             agents.network"
        );
        assert_eq!(
            told_of(Refusal::ConnectWithBody),
            "network: localhost:7777 refused: CONNECT takes no body"
        );
    }

    #[test]
    fn a_request_to_a_gateway_is_told_with_what_was_asked_and_how_it_was_answered() {
        let record = Record {
            host: "models.gateway.team6.invalid".into(),
            port: 80,
            address: None,
            what: What::Gateway {
                name: "models".into(),
                method: "POST".into(),
                path: "/v1/messages".into(),
            },
            status: Some(429),
            outcome: Outcome::Done { sent: 7, received: 9 },
            took: std::time::Duration::ZERO,
        };
        assert_eq!(
            told(&record),
            "network: the gateway models: POST /v1/messages, status 429, 7 bytes sent, 9 received"
        );
    }

    #[test]
    fn what_listens_on_the_loopback_is_reached_by_the_same_port() {
        let listed = [
            "127.0.0.1:8080",
            "private:localhost:9",
            "api.example.org",
            "[::1]:7",
            "10.0.0.1:6",
        ];
        let listed: Vec<String> = listed.map(str::to_owned).into();
        let ports: Vec<(u16, String)> = forwards(&listed).into_iter().map(|way| (way.port, way.to)).collect();
        let expected = [(7, "[::1]:7"), (9, "localhost:9"), (8080, "127.0.0.1:8080")];
        assert_eq!(ports, expected.map(|(port, to)| (port, to.to_owned())));
    }

    #[test]
    fn gateways_are_reached_by_ports_that_nothing_else_has() {
        let gateway = |name: &str| {
            let secret = team6_egress::Secret::new("key").unwrap();
            Gateway::new(name, "https://api.example.org", "x-api-key", secret).unwrap()
        };
        let taken = forwards(&["127.0.0.1:3129".to_owned(), "localhost:3131".to_owned()]);
        let led = leading(&[gateway("one"), gateway("two"), gateway("three")], &taken);
        let ports: Vec<(u16, &str)> = led.iter().map(|way| (way.port, way.to.as_str())).collect();
        let expected = [
            (3130, "one.gateway.team6.invalid:80"),
            (3132, "two.gateway.team6.invalid:80"),
            (3133, "three.gateway.team6.invalid:80"),
        ];
        assert_eq!(ports, expected);
    }
}
