//! What an IP address leads to: the public internet, or something that a sandbox has no business with.
//!
//! Only what is known to be public counts as public. The blocks are those of the IANA special-purpose registries
//! (RFC 6890 and its successors), and the addresses at which clouds hand out credentials.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::range::Range;

/// What an IP address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// Everybody's internet.
    Public,
    /// A private network (RFC 1918).
    Private,
    /// This machine.
    Loopback,
    /// The link that this machine is on.
    LinkLocal,
    /// A private network of IPv6 (RFC 4193).
    UniqueLocal,
    /// Carrier-grade NAT (RFC 6598).
    Shared,
    /// Examples in documents.
    Documentation,
    /// Measuring of networks (RFC 2544), and what some VPNs give in place of real addresses.
    Benchmarking,
    /// Not given out, or for protocols of its own.
    Reserved,
    /// An IPv4 address that is not public, wrapped into IPv6 by NAT64 or 6to4.
    Embedded,
    /// Where a cloud hands out credentials to its machines.
    Metadata,
    /// No address at all; Linux connects to itself instead.
    Unspecified,
    /// Many machines.
    Multicast,
    /// All machines.
    Broadcast,
}

impl AddressKind {
    /// What `address` leads to. An IPv4-mapped one is judged as the IPv4 address that it is.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Whether a connection to it makes no sense, whatever is listed.
    pub(crate) fn is_never_reachable(self) -> bool {
        matches!(self, Self::Unspecified | Self::Multicast | Self::Broadcast)
    }

    /// Whether only its own literal lists it: neither a range around it nor a name that leads to it, for names and ranges
    /// are listed by people who do not think of credentials.
    pub(crate) fn needs_its_literal(self) -> bool {
        self == Self::Metadata || self.is_never_reachable()
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::UniqueLocal => "unique-local",
            Self::Shared => "of a carrier's shared space",
            Self::Documentation => "for documentation",
            Self::Benchmarking => "for benchmarking",
            Self::Reserved => "reserved",
            Self::Embedded => "an IPv4 address in IPv6 that is not public",
            Self::Metadata => "where a cloud hands out credentials",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
        })
    }
}

type Block = (Range, AddressKind);

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8, kind: AddressKind) -> Block {
    (Range::unchecked(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length), kind)
}

const fn v6(first: u128, length: u8, kind: AddressKind) -> Block {
    (Range::unchecked(IpAddr::V6(Ipv6Addr::from_bits(first)), length), kind)
}

/// The first that contains an address says what it is; in none, it is public.
const V4_BLOCKS: [Block; 18] = [
    v4(0, 0, 0, 0, 8, AddressKind::Unspecified),
    v4(10, 0, 0, 0, 8, AddressKind::Private),
    v4(100, 64, 0, 0, 10, AddressKind::Shared),
    v4(127, 0, 0, 0, 8, AddressKind::Loopback),
    v4(169, 254, 0, 0, 16, AddressKind::LinkLocal),
    v4(172, 16, 0, 0, 12, AddressKind::Private),
    v4(192, 0, 0, 0, 24, AddressKind::Reserved),
    v4(192, 0, 2, 0, 24, AddressKind::Documentation),
    v4(192, 31, 196, 0, 24, AddressKind::Reserved),
    v4(192, 52, 193, 0, 24, AddressKind::Reserved),
    v4(192, 88, 99, 0, 24, AddressKind::Reserved),
    v4(192, 168, 0, 0, 16, AddressKind::Private),
    v4(198, 18, 0, 0, 15, AddressKind::Benchmarking),
    v4(198, 51, 100, 0, 24, AddressKind::Documentation),
    v4(203, 0, 113, 0, 24, AddressKind::Documentation),
    v4(224, 0, 0, 0, 4, AddressKind::Multicast),
    v4(255, 255, 255, 255, 32, AddressKind::Broadcast),
    v4(240, 0, 0, 0, 4, AddressKind::Reserved),
];

/// The first that contains an address says what it is; in none, it is public if it is global unicast (2000::/3).
const V6_BLOCKS: [Block; 10] = [
    v6(0, 128, AddressKind::Unspecified),
    v6(1, 128, AddressKind::Loopback),
    v6(0xfe80 << 112, 10, AddressKind::LinkLocal),
    v6(0xfec0 << 112, 10, AddressKind::Reserved),
    v6(0xfc00 << 112, 7, AddressKind::UniqueLocal),
    v6(0xff00 << 112, 8, AddressKind::Multicast),
    // Protocols of their own: Teredo, ORCHID, anycast of relays.
    v6(0x2001 << 112, 23, AddressKind::Reserved),
    v6(0x2001_0db8 << 96, 32, AddressKind::Documentation),
    v6(0x3fff << 112, 20, AddressKind::Documentation),
    v6(0x0064_ff9b_0001 << 80, 48, AddressKind::Reserved),
];

const NAT64: Range = Range::unchecked(IpAddr::V6(Ipv6Addr::from_bits(0x0064_ff9b << 96)), 96);
const SIX_TO_FOUR: Range = Range::unchecked(IpAddr::V6(Ipv6Addr::from_bits(0x2002 << 112)), 16);
const GLOBAL_UNICAST: Range = Range::unchecked(IpAddr::V6(Ipv6Addr::from_bits(0x2000 << 112)), 3);

const V4_METADATA: [Ipv4Addr; 8] = [
    // AWS, Azure, Google and most others.
    Ipv4Addr::new(169, 254, 169, 254),
    // Containers and pods of AWS.
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    // Scaleway, Tencent.
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(169, 254, 0, 23),
    // Alibaba, Oracle, Azure's agent: not link-local.
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

const V6_METADATA: [Ipv6Addr; 4] = [
    // AWS, its pods, Google, Scaleway.
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

fn of_v4(address: Ipv4Addr) -> AddressKind {
    if V4_METADATA.contains(&address) {
        return AddressKind::Metadata;
    }
    first_block(&V4_BLOCKS, address.into()).unwrap_or(AddressKind::Public)
}

fn of_v6(address: Ipv6Addr) -> AddressKind {
    if V6_METADATA.contains(&address) {
        return AddressKind::Metadata;
    }
    if let Some(kind) = first_block(&V6_BLOCKS, address.into()) {
        return kind;
    }
    let bits = address.to_bits();
    let whole = IpAddr::V6(address);
    let embedded = if NAT64.contains(whole) {
        Some(bits)
    } else if SIX_TO_FOUR.contains(whole) {
        Some(bits >> 80)
    } else {
        None
    };
    match embedded {
        Some(inner) => match of_v4(Ipv4Addr::from_bits((inner & 0xffff_ffff) as u32)) {
            AddressKind::Public => AddressKind::Public,
            kind if kind.needs_its_literal() => kind,
            _ => AddressKind::Embedded,
        },
        None if GLOBAL_UNICAST.contains(whole) => AddressKind::Public,
        None => AddressKind::Reserved,
    }
}

fn first_block(blocks: &[Block], address: IpAddr) -> Option<AddressKind> {
    blocks
        .iter()
        .find(|(block, _)| block.contains(address))
        .map(|(_, kind)| *kind)
}

/// Whether all of `range` lies in one block that is not public, so that whoever lists it means just that.
///
/// `0.0.0.0/0` is not such a range: it means "the internet", and must not give away this machine.
pub(crate) fn is_within_one_block(range: &Range) -> bool {
    V4_BLOCKS
        .iter()
        .chain(&V6_BLOCKS)
        .any(|(block, _)| block.contains_range(range))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> AddressKind {
        AddressKind::of(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_everybodys_internet_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "172.15.255.255",
            "172.32.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.255.255",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(kind(address), AddressKind::Public, "{address}");
        }
    }

    #[test]
    fn every_special_block_is_known_at_both_of_its_ends() {
        use AddressKind as K;
        for (first, last, expected) in [
            ("0.0.0.0", "0.255.255.255", K::Unspecified),
            ("10.0.0.0", "10.255.255.255", K::Private),
            ("100.64.0.0", "100.127.255.255", K::Shared),
            ("127.0.0.0", "127.255.255.255", K::Loopback),
            ("169.254.0.0", "169.254.255.255", K::LinkLocal),
            ("172.16.0.0", "172.31.255.255", K::Private),
            ("192.168.0.0", "192.168.255.255", K::Private),
            ("198.18.0.0", "198.19.255.255", K::Benchmarking),
            ("203.0.113.0", "203.0.113.255", K::Documentation),
            ("224.0.0.0", "239.255.255.255", K::Multicast),
            ("240.0.0.0", "255.255.255.254", K::Reserved),
            ("255.255.255.255", "255.255.255.255", K::Broadcast),
            ("::", "::", K::Unspecified),
            ("::1", "::1", K::Loopback),
            ("fe80::", "febf:ffff::", K::LinkLocal),
            ("fc00::", "fdff:ffff::", K::UniqueLocal),
            ("ff00::", "ffff:ffff::", K::Multicast),
            ("2001:db8::", "2001:db8:ffff::", K::Documentation),
            ("2001::", "2001:1ff:ffff::", K::Reserved),
            ("3fff::", "3fff:fff::", K::Documentation),
            ("64:ff9b:1::", "64:ff9b:1:ffff::", K::Reserved),
        ] {
            assert_eq!(kind(first), expected, "{first}");
            assert_eq!(kind(last), expected, "{last}");
        }
    }

    #[test]
    fn private_addresses_stay_private_in_whatever_they_are_wrapped() {
        assert_eq!(kind("::ffff:10.0.0.1"), AddressKind::Private);
        assert_eq!(kind("::ffff:127.0.0.1"), AddressKind::Loopback);
        assert_eq!(kind("::127.0.0.1"), AddressKind::Reserved);
        assert_eq!(kind("::ffff:0:127.0.0.1"), AddressKind::Reserved);
        assert_eq!(kind("64:ff9b::10.0.0.1"), AddressKind::Embedded);
        assert_eq!(kind("2002:7f00:1::"), AddressKind::Embedded);
        assert_eq!(kind("2001:0:7f00:1::80ff:fffe"), AddressKind::Reserved);
        assert_eq!(kind("64:ff9b::169.254.169.254"), AddressKind::Metadata);
        assert_eq!(kind("64:ff9b::0.0.0.0"), AddressKind::Unspecified);
    }

    #[test]
    fn credentials_of_clouds_are_known() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
        ] {
            assert_eq!(kind(address), AddressKind::Metadata, "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_of_the_same_kind_when_it_is_mapped(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(AddressKind::of(address.to_ipv6_mapped().into()), AddressKind::of(address.into()));
        }

        #[test]
        fn nothing_the_standard_library_calls_special_is_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_broadcast() || address.is_documentation() || address.is_multicast()
                || address.is_unspecified();
            prop_assert!(!special || AddressKind::of(address.into()) != AddressKind::Public);
        }

        #[test]
        fn an_ipv6_address_outside_global_unicast_is_never_public_unless_it_wraps_a_public_one(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let public = AddressKind::of(address.into()) == AddressKind::Public;
            let global = bits >> 125 == 1;
            prop_assert!(!public || global || address.to_ipv4_mapped().is_some() || NAT64.contains(address.into()));
        }

        #[test]
        fn nat64_and_6to4_are_as_public_as_what_they_wrap(bits: u32, below: u64) {
            let inner = AddressKind::of(Ipv4Addr::from_bits(bits).into()) == AddressKind::Public;
            let nat64 = Ipv6Addr::from_bits((0x0064_ff9b << 96) | u128::from(bits));
            let six_to_four = Ipv6Addr::from_bits((0x2002 << 112) | (u128::from(bits) << 80) | u128::from(below));
            prop_assert_eq!(AddressKind::of(nat64.into()) == AddressKind::Public, inner);
            prop_assert_eq!(AddressKind::of(six_to_four.into()) == AddressKind::Public, inner);
        }
    }
}
