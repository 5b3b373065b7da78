//! One entry of the allow-list, and how it is written.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::address::AddressKind;
use crate::gateway::GATEWAYS;
use crate::host::{Host, HostError, Name, parse_port, shown};
use crate::range::Range;

/// The marker by which an exact name may lead to addresses that are not public.
const PRIVATE: &str = "private:";

/// Why an entry of the allow-list is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "read the rule \"{entry}\": {problem} (valid are host, host:port, *.suffix, *.suffix:port, an address such as \
     203.0.113.7 or [2001:db8::1]:443, a range such as 10.0.0.0/8:443, and private:host:port)"
)]
pub struct RuleError {
    /// The entry, cut and escaped.
    pub entry: String,
    /// What is wrong with it.
    pub problem: RuleProblem,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// The host or the port is not spelt as they are.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is a URL.
    #[error("it is a URL; leave out the scheme and the path")]
    Url,
    /// A star stands elsewhere than before the first dot.
    #[error("a * stands only at the beginning, before a dot and a suffix")]
    Star,
    /// It ends in a number of bits that the address does not have.
    #[error("what follows the / is not a number of bits that the address has")]
    Prefix,
    /// The address is not the first of its range.
    #[error("the range begins at another address: write {range}")]
    NotFirst {
        /// How to write it.
        range: String,
    },
    /// An IPv6 address stands without brackets.
    #[error("an IPv6 address or range stands in brackets, such as [2001:db8::1] or [fd00::/8]:443")]
    Brackets,
    /// No connection can be made to the address.
    #[error("nothing can be connected to at this address: it is {kind}")]
    NeverReachable {
        /// What the address is.
        kind: AddressKind,
    },
    /// The marker stands before something else than an exact name.
    #[error("private: stands only before an exact name; an address or a range lists itself")]
    Private,
    /// It names a gateway.
    #[error("gateways are configured, not listed")]
    Gateway,
}

/// What may be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) to: To,
    pub(super) ports: Ports,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum To {
    /// A name, at public addresses or also at private ones.
    Exactly { name: Name, private: bool },
    /// Every name below this one, at public addresses.
    Below(Name),
    /// An address, whatever it leads to.
    Address(IpAddr),
    /// The addresses of a range.
    Range(Range),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ports {
    /// 443 and 80.
    Web,
    One(u16),
}

impl Ports {
    pub(super) fn contain(self, port: u16) -> bool {
        match self {
            Self::Web => port == 443 || port == 80,
            Self::One(one) => port == one,
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(entry: &str) -> Result<Self, RuleError> {
        parse(entry).map_err(|problem| RuleError {
            entry: shown(entry),
            problem,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            To::Exactly { name, private: true } => write!(f, "{PRIVATE}{name}")?,
            To::Exactly { name, private: false } => name.fmt(f)?,
            To::Below(suffix) => write!(f, "*.{suffix}")?,
            To::Address(address) => Host::Address(*address).fmt(f)?,
            To::Range(range) if range.first().is_ipv6() => write!(f, "[{range}]")?,
            To::Range(range) => range.fmt(f)?,
        }
        match self.ports {
            Ports::Web => Ok(()),
            Ports::One(port) => write!(f, ":{port}"),
        }
    }
}

fn parse(entry: &str) -> Result<Rule, RuleProblem> {
    if entry.contains("://") {
        return Err(RuleProblem::Url);
    }
    if let Some(named) = entry.strip_prefix(PRIVATE) {
        return match parse(named)? {
            Rule {
                to: To::Exactly { name, .. },
                ports,
            } if !named.starts_with(PRIVATE) => Ok(Rule {
                to: To::Exactly { name, private: true },
                ports,
            }),
            _ => Err(RuleProblem::Private),
        };
    }
    if entry.contains('/') {
        return parse_range(entry);
    }
    if !entry.starts_with('[') && entry.bytes().filter(|byte| *byte == b':').count() > 1 {
        return Err(RuleProblem::Brackets);
    }
    let below = entry.strip_prefix("*.");
    let text = below.unwrap_or(entry);
    if text.contains('*') {
        return Err(RuleProblem::Star);
    }
    let (host, port) = Host::parse_with_port(text)?;
    let to = match host {
        Host::Address(_) if below.is_some() => return Err(RuleProblem::Star),
        Host::Address(address) => one_address(address)?,
        Host::Name(name) if is_gateway(&name) => return Err(RuleProblem::Gateway),
        Host::Name(suffix) if below.is_some() => To::Below(suffix),
        Host::Name(name) => To::Exactly { name, private: false },
    };
    Ok(Rule { to, ports: ports(port) })
}

/// Takes `10.0.0.0/8`, `10.0.0.0/8:443`, `[fd00::/8]` and `[fd00::/8]:443`.
fn parse_range(entry: &str) -> Result<Rule, RuleProblem> {
    let (range, port) = match entry.strip_prefix('[') {
        Some(bracketed) => {
            let (range, rest) = bracketed.split_once(']').ok_or(RuleProblem::Brackets)?;
            (range, rest)
        }
        None => match entry.split_once('/') {
            Some((address, _)) if address.contains(':') => return Err(RuleProblem::Brackets),
            _ => entry.split_at(entry.find(':').unwrap_or(entry.len())),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(port) => Some(parse_port(port)?),
        None if port.is_empty() => None,
        None => return Err(RuleProblem::Brackets),
    };
    let (address, length) = range.split_once('/').ok_or(RuleProblem::Prefix)?;
    let host = if entry.starts_with('[') {
        Host::parse(&format!("[{address}]"))?
    } else {
        Host::parse(address)?
    };
    let Host::Address(address) = host else {
        return Err(RuleProblem::Url);
    };
    let plain = length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let range = length
        .parse()
        .ok()
        .filter(|_| plain)
        .and_then(|length| Range::around(address, length))
        .ok_or(RuleProblem::Prefix)?;
    if range.first() != address {
        return Err(RuleProblem::NotFirst {
            range: range.to_string(),
        });
    }
    let to = if range.is_single() {
        one_address(address)?
    } else {
        To::Range(range)
    };
    Ok(Rule { to, ports: ports(port) })
}

fn one_address(address: IpAddr) -> Result<To, RuleProblem> {
    let kind = AddressKind::of(address);
    if kind.is_never_reachable() {
        return Err(RuleProblem::NeverReachable { kind });
    }
    Ok(To::Address(address))
}

fn ports(port: Option<u16>) -> Ports {
    port.map_or(Ports::Web, Ports::One)
}

fn is_gateway(name: &Name) -> bool {
    format!(".{name}").ends_with(GATEWAYS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rules_read_back_as_they_are_written() {
        for (entry, canonical) in [
            ("example.com", "example.com"),
            ("Example.COM.", "example.com"),
            ("example.com:8443", "example.com:8443"),
            ("*.example.com", "*.example.com"),
            ("*.example.com.:8443", "*.example.com:8443"),
            ("private:models.lan:8080", "private:models.lan:8080"),
            ("127.0.0.1:9001", "127.0.0.1:9001"),
            ("[::1]:8080", "[::1]:8080"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/8:443", "10.0.0.0/8:443"),
            ("10.0.0.1/32:443", "10.0.0.1:443"),
            ("[fd00::/8]", "[fd00::/8]"),
            ("[fd00::/8]:443", "[fd00::/8]:443"),
            ("0.0.0.0/0:443", "0.0.0.0/0:443"),
        ] {
            let rule: Rule = entry.parse().unwrap();
            assert_eq!(rule.to_string(), canonical);
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_by_name_with_what_is_valid() {
        for (entry, expected) in [
            ("", "the host is empty"),
            ("*", "a * stands only"),
            ("*.", "the host is empty"),
            ("*example.com", "a * stands only"),
            ("a.*.com", "a * stands only"),
            ("*.*.com", "a * stands only"),
            ("*.10.0.0.1", "a * stands only"),
            ("https://example.com", "it is a URL"),
            ("example.com/path", "it is a URL"),
            ("exämple.com", "xn--"),
            ("127.1", "unusual spelling"),
            ("2130706433", "unusual spelling"),
            ("::1", "in brackets"),
            ("fd00::/8", "in brackets"),
            ("[fd00::]/8", "in brackets"),
            ("[::ffff:127.0.0.1]", "write 127.0.0.1"),
            ("10.0.0.1/8", "write 10.0.0.0/8"),
            ("10.0.0.0/33", "number of bits"),
            ("10.0.0.0/08", "number of bits"),
            ("10.0.0.0/", "number of bits"),
            ("[fd00::/129]", "number of bits"),
            ("0.0.0.0:80", "it is unspecified"),
            ("224.0.0.1", "it is multicast"),
            ("255.255.255.255/32", "it is broadcast"),
            ("private:*.lan", "private: stands only"),
            ("private:10.0.0.1", "private: stands only"),
            ("private:10.0.0.0/8", "private: stands only"),
            ("private:private:a", "private: stands only"),
            ("example.com:0", "not a port"),
            ("example.com:http", "not a port"),
            ("models.gateway.team6.invalid", "gateways are configured"),
            ("*.gateway.team6.invalid", "gateways are configured"),
        ] {
            let error = entry.parse::<Rule>().unwrap_err().to_string();
            assert!(error.contains(expected), "{entry:?}: {error}");
            assert!(error.contains("valid are host, host:port"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_reads_back_as_itself(entry in "(private:|\\*\\.)?[a-z0-9.:/\\[\\]*-]{0,24}") {
            if let Ok(rule) = entry.parse::<Rule>() {
                prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
            }
        }
    }
}
