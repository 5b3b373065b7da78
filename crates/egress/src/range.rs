//! A range of IP addresses in CIDR notation.

use std::fmt;
use std::net::IpAddr;

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    first: IpAddr,
    length: u8,
}

impl Range {
    /// A range of this table or that test; nothing is checked.
    pub(crate) const fn unchecked(first: IpAddr, length: u8) -> Self {
        Self { first, length }
    }

    /// The range around `address` with a prefix of so many bits; none if it has not so many.
    pub(crate) fn around(address: IpAddr, length: u8) -> Option<Self> {
        let all = bits_of(address);
        (length <= all).then(|| Self {
            first: match address {
                IpAddr::V4(address) => {
                    let kept = u32::MAX.checked_shl(u32::from(all - length)).unwrap_or(0);
                    IpAddr::V4((address.to_bits() & kept).into())
                }
                IpAddr::V6(address) => {
                    let kept = u128::MAX.checked_shl(u32::from(all - length)).unwrap_or(0);
                    IpAddr::V6((address.to_bits() & kept).into())
                }
            },
            length,
        })
    }

    /// Its first address.
    pub(crate) fn first(&self) -> IpAddr {
        self.first
    }

    /// Whether it is one address only.
    pub(crate) fn is_single(&self) -> bool {
        self.length == bits_of(self.first)
    }

    /// Whether the address lies in it. IPv4 and IPv6 never contain each other.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.contains_range(&Self::unchecked(address, bits_of(address)))
    }

    /// Whether all of the other range lies in it.
    pub(crate) fn contains_range(&self, other: &Self) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4()
            && self.length <= other.length
            && Self::around(other.first, self.length).is_some_and(|around| around.first == self.first)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(address: &str, length: u8) -> Range {
        Range::around(address.parse().unwrap(), length).unwrap()
    }

    #[test]
    fn a_range_contains_its_ends_and_nothing_beside_them() {
        let ten = range("10.1.2.3", 8);
        assert_eq!(ten.to_string(), "10.0.0.0/8");
        for (address, inside) in [
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("9.255.255.255", false),
            ("11.0.0.0", false),
            ("::ffff:10.0.0.0", false),
        ] {
            assert_eq!(ten.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert!(range("::", 0).contains("fe80::1".parse().unwrap()));
        assert!(range("0.0.0.0", 0).contains("255.255.255.255".parse().unwrap()));
        assert!(range("::1", 128).is_single());
    }

    #[test]
    fn a_range_contains_the_smaller_ones_only() {
        assert!(range("10.0.0.0", 8).contains_range(&range("10.4.0.0", 16)));
        assert!(range("10.0.0.0", 8).contains_range(&range("10.0.0.0", 8)));
        assert!(!range("10.4.0.0", 16).contains_range(&range("10.0.0.0", 8)));
        assert!(!range("10.0.0.0", 8).contains_range(&range("0.0.0.0", 0)));
    }

    #[test]
    fn a_prefix_longer_than_the_address_is_no_range() {
        assert_eq!(Range::around("10.0.0.0".parse().unwrap(), 33), None);
        assert_eq!(Range::around("::".parse().unwrap(), 129), None);
    }
}
