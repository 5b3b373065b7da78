//! What a sandbox may connect to. Everything is decided here, without IO.
//!
//! A name is looked at twice: before it is resolved, because a lookup alone can carry data out; and afterwards with the
//! addresses that it leads to, because whoever owns a listed name may point it at this machine. Only the addresses that
//! [`Rules::decide`] gives back may be connected to.

mod entry;

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

pub use entry::{Rule, RuleError, RuleProblem};

use crate::address::{AddressKind, is_within_one_block};
use crate::host::{Host, Name};
use crate::refusal::Refusal;
use entry::To;

/// An allow-list. The empty one, which is the default, lets nothing through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads an allow-list. The error names the first entry that is none.
    ///
    /// | entry | lists |
    /// | --- | --- |
    /// | `example.com` | the name, at ports 443 and 80, where it leads to public addresses |
    /// | `example.com:8443` | the same at this port |
    /// | `*.example.com` | every name below, at any depth, but not `example.com` |
    /// | `private:models.lan:8080` | the name, also where it leads to private addresses, but never to a cloud's credentials |
    /// | `127.0.0.1:9001`, `[::1]:9001` | the address, whatever it is |
    /// | `10.0.0.0/8:443`, `[fd00::/8]` | the addresses of the range; those that are not public only if the range is about nothing else |
    pub fn parse<I: AsRef<str>>(entries: impl IntoIterator<Item = I>) -> Result<Self, RuleError> {
        entries
            .into_iter()
            .map(|entry| Rule::from_str(entry.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether something could be connected to under this host and port. A name that fails here must not be resolved.
    pub fn lists(&self, host: &Host, port: u16) -> Result<(), Refusal> {
        let listed = match host {
            Host::Name(name) => self.names(name, port).next().is_some(),
            Host::Address(address) => self.lists_address(*address, port),
        };
        if listed {
            Ok(())
        } else {
            Err(Refusal::NotListed {
                host: host.clone(),
                port,
            })
        }
    }

    /// Where a connection to this host and port may go, best first, of the addresses that the host's name was resolved
    /// to. They do not matter for a host that is an address itself.
    ///
    /// There is at least one if `resolved` is not empty; with no address, there is nothing to decide and none is given.
    pub fn decide(&self, host: &Host, port: u16, resolved: &[IpAddr]) -> Result<Vec<SocketAddr>, Refusal> {
        self.lists(host, port)?;
        let name = match host {
            Host::Name(name) => name,
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        };
        let private = self
            .names(name, port)
            .any(|rule| matches!(rule.to, To::Exactly { private: true, .. }));
        let may = |address: IpAddr| {
            let kind = AddressKind::of(address);
            kind == AddressKind::Public || private && !kind.needs_its_literal() || self.lists_address(address, port)
        };
        let canonical: Vec<IpAddr> = resolved.iter().map(IpAddr::to_canonical).collect();
        let decided: Vec<SocketAddr> = canonical
            .iter()
            .filter(|address| may(**address))
            .map(|address| SocketAddr::new(*address, port))
            .collect();
        match canonical.first() {
            Some(first) if decided.is_empty() => Err(Refusal::NotPublic {
                host: host.clone(),
                port,
                address: *first,
                kind: AddressKind::of(*first),
            }),
            _ => Ok(decided),
        }
    }

    /// The rules that list a name at a port.
    fn names<'a>(&'a self, name: &'a Name, port: u16) -> impl Iterator<Item = &'a Rule> {
        self.0.iter().filter(move |rule| {
            rule.ports.contain(port)
                && match &rule.to {
                    To::Exactly { name: listed, .. } => listed == name,
                    To::Below(suffix) => name.is_below(suffix),
                    To::Address(_) | To::Range(_) => false,
                }
        })
    }

    fn lists_address(&self, address: IpAddr, port: u16) -> bool {
        let kind = AddressKind::of(address);
        self.0.iter().any(|rule| {
            rule.ports.contain(port)
                && match &rule.to {
                    To::Address(listed) => *listed == address,
                    To::Range(range) => {
                        range.contains(address)
                            && (kind == AddressKind::Public || !kind.needs_its_literal() && is_within_one_block(range))
                    }
                    To::Exactly { .. } | To::Below(_) => false,
                }
        })
    }
}

#[cfg(test)]
mod tests;
