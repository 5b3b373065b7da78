//! How a host may be spelt: a plain DNS name or a canonical IP literal, and nothing else.
//!
//! An address has many spellings (`127.1`, `0x7f000001`, `0177.0.0.1`, `[::ffff:127.0.0.1]`), and programs disagree about
//! what they mean. Whoever checks one meaning and connects to another can be got around, so there is one spelling here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most bytes of what was asked for that a message shows.
const SHOWN: usize = 80;
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Why something is no host that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is none.
    #[error("the host is empty")]
    Empty,
    /// It has other characters than ASCII.
    #[error("\"{host}\" is not plain ASCII: write an international name in its xn-- form")]
    NotAscii {
        /// What was given, cut and escaped.
        host: String,
    },
    /// It is not spelt as DNS names are.
    #[error("\"{host}\" is not a DNS name: labels of letters, digits, hyphens and underscores, with dots between")]
    NotAName {
        /// What was given, cut and escaped.
        host: String,
    },
    /// It could be an address to some programs, but is not spelt as one.
    #[error("\"{host}\" is an unusual spelling of an address: write four decimal numbers such as 203.0.113.7")]
    UnusualAddress {
        /// What was given, cut and escaped.
        host: String,
    },
    /// What stands in brackets is not an IPv6 address.
    #[error("\"{host}\" is not an IPv6 address without a zone: write it such as [2001:db8::1]")]
    NotAnAddress {
        /// What was given, cut and escaped.
        host: String,
    },
    /// It is an address, but not spelt in the one canonical way.
    #[error("\"{host}\" is not the canonical spelling: write {canonical}")]
    NotCanonical {
        /// What was given, cut and escaped.
        host: String,
        /// How to spell it.
        canonical: String,
    },
    /// A user or password stands before it.
    #[error("credentials before the host are not taken: leave out everything up to the @")]
    Credentials,
    /// What stands after it is not a port.
    #[error("\"{port}\" is not a port: write a number from 1 to 65535")]
    BadPort {
        /// What was given, cut and escaped.
        port: String,
    },
    /// A port is needed.
    #[error("\"{host}\" has no port: write {host}:443")]
    NoPort {
        /// The host.
        host: String,
    },
}

/// A DNS name: lower case, ASCII, without a dot at the end, never an IP address in any spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Takes the one spelling that this crate knows.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let bare = text.strip_suffix('.').unwrap_or(text);
        if bare.is_empty() {
            return Err(HostError::Empty);
        }
        if !bare.is_ascii() {
            return Err(HostError::NotAscii { host: shown(text) });
        }
        if bare.len() > MAX_NAME || !bare.split('.').all(is_label) {
            return Err(HostError::NotAName { host: shown(text) });
        }
        // A name whose last label is a number is an address to some programs, in one of many bases.
        let last = bare.rsplit('.').next().unwrap_or(bare).to_ascii_lowercase();
        if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
            return Err(HostError::UnusualAddress { host: shown(text) });
        }
        Ok(Self(bare.to_ascii_lowercase()))
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it lies below `suffix`, at any depth. A name does not lie below itself.
    pub fn is_below(&self, suffix: &Self) -> bool {
        self.0
            .strip_suffix(&suffix.0)
            .is_some_and(|above| above.len() > 1 && above.ends_with('.'))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Where somebody wants to go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, which has yet to be resolved.
    Name(Name),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Takes a plain DNS name, four decimal numbers, or a canonical IPv6 address in brackets.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if let Some(bracketed) = text.strip_prefix('[') {
            return v6(text, bracketed.strip_suffix(']')).map(Self::Address);
        }
        // The standard library takes four decimal numbers without leading zeros, and nothing else.
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        Name::parse(text).map(Self::Name)
    }

    /// Takes a host with a port after it. There is no port if none is given.
    pub fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), HostError> {
        if text.contains('@') {
            return Err(HostError::Credentials);
        }
        let after_brackets = text.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match text.get(after_brackets..).and_then(|rest| rest.find(':')) {
            Some(colon) => {
                let (host, port) = text.split_at(after_brackets + colon);
                (host, Some(parse_port(port.get(1..).unwrap_or_default())?))
            }
            None => (text, None),
        };
        Ok((Self::parse(host)?, port))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

fn v6(text: &str, bracketed: Option<&str>) -> Result<IpAddr, HostError> {
    if !text.is_ascii() {
        return Err(HostError::NotAscii { host: shown(text) });
    }
    let Some(address) = bracketed.and_then(|inner| inner.parse::<Ipv6Addr>().ok()) else {
        return Err(HostError::NotAnAddress { host: shown(text) });
    };
    let canonical = match address.to_ipv4_mapped() {
        Some(mapped) => mapped.to_string(),
        None => format!("[{address}]"),
    };
    if canonical.eq_ignore_ascii_case(text) {
        Ok(address.into())
    } else {
        Err(HostError::NotCanonical {
            host: shown(text),
            canonical,
        })
    }
}

/// Takes decimal digits only: no sign, no leading zero, not 0.
pub(crate) fn parse_port(text: &str) -> Result<u16, HostError> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| HostError::BadPort { port: shown(text) })
}

/// What was given as it may be shown to people: cut, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (kept, rest) = text.split_at(end);
    let more = if rest.is_empty() { "" } else { "…" };
    format!("{}{more}", kept.escape_debug())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> String {
        match Host::parse_with_port(text) {
            Ok((host, port)) => format!("{host} {port:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn plain_names_and_canonical_literals_are_taken() {
        for (text, expected) in [
            ("example.com", "example.com None"),
            ("EXAMPLE.com.", "example.com None"),
            ("example.com:8443", "example.com Some(8443)"),
            ("localhost", "localhost None"),
            ("_acme-challenge.a-b.example", "_acme-challenge.a-b.example None"),
            ("1password.com", "1password.com None"),
            ("127.0.0.1:80", "127.0.0.1 Some(80)"),
            ("[::1]:8080", "[::1] Some(8080)"),
            ("[2001:DB8::1]", "[2001:db8::1] None"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn every_other_spelling_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", "is empty"),
            (".", "is empty"),
            (":80", "is empty"),
            ("2130706433", "unusual spelling"),
            ("0x7f000001", "unusual spelling"),
            ("0X7F.1", "unusual spelling"),
            ("127.0.0.0x1", "unusual spelling"),
            ("017700000001", "unusual spelling"),
            ("0177.0.0.1", "unusual spelling"),
            ("127.1", "unusual spelling"),
            ("127.0.0.1.", "unusual spelling"),
            ("127.0.0.256", "unusual spelling"),
            ("1.2.3.4.5", "unusual spelling"),
            ("[::ffff:127.0.0.1]", "write 127.0.0.1"),
            ("[::ffff:7f00:1]", "write 127.0.0.1"),
            ("[0:0:0:0:0:0:0:1]", "write [::1]"),
            ("[::0001]", "write [::1]"),
            ("[fe80::1%eth0]", "without a zone"),
            ("[fe80::1%25eth0]", "without a zone"),
            ("[127.0.0.1]", "not an IPv6 address"),
            ("[::1", "not a port"),
            ("[2001:db8::zz]", "not an IPv6 address"),
            ("[]", "not an IPv6 address"),
            ("::1", "not a port"),
            ("exämple.com", "xn--"),
            ("exa\u{200b}mple.com", "xn--"),
            ("①②⑦.0.0.1", "xn--"),
            ("a..b", "not a DNS name"),
            ("-a.com", "not a DNS name"),
            ("a b.com", "not a DNS name"),
            ("a%2eb.com", "not a DNS name"),
            ("a/b", "not a DNS name"),
            ("example.com..", "not a DNS name"),
            ("127.0.0.1\0.example.com", "not a DNS name"),
            ("user:password@example.com", "credentials"),
            ("example.com:0", "not a port"),
            ("example.com:080", "not a port"),
            ("example.com:+80", "not a port"),
            ("example.com:65536", "not a port"),
            ("example.com:", "not a port"),
            ("example.com:80:443", "not a port"),
        ] {
            let said = said(text);
            assert!(said.contains(expected), "{text:?}: {said}");
        }
    }

    #[test]
    fn what_was_given_is_cut_and_escaped_when_it_is_shown() {
        let error = Host::parse(&format!("\u{1b}[31m{}", "a".repeat(300)))
            .unwrap_err()
            .to_string();
        assert!(!error.contains('\u{1b}') && error.len() < 300, "{error}");
    }

    /// One part of an address as `inet_aton` takes it.
    fn part() -> impl Strategy<Value = String> {
        (any::<u32>(), 0..4).prop_map(|(value, base)| match base {
            0 => format!("{value}"),
            1 => format!("0{value:o}"),
            2 => format!("0x{value:x}"),
            _ => format!("{}", value & 0xff),
        })
    }

    proptest! {
        #[test]
        fn no_spelling_of_inet_aton_is_a_name(parts in proptest::collection::vec(part(), 1..5)) {
            let text = parts.join(".");
            match Host::parse(&text) {
                Ok(Host::Address(address)) => prop_assert_eq!(address.to_string(), text),
                Ok(Host::Name(name)) => prop_assert!(false, "{} is taken as a name", name),
                Err(_) => {}
            }
        }

        #[test]
        fn a_host_that_is_taken_reads_back_as_itself(text in "\\PC{0,20}|[a-z0-9.:%\\[\\]-]{0,20}|[0-9a-f:.\\[\\]]{0,30}") {
            if let Ok(host) = Host::parse(&text) {
                prop_assert!(host.to_string().is_ascii());
                prop_assert_eq!(Host::parse(&host.to_string()), Ok(host));
            }
        }
    }
}
