use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn rules(entries: &[&str]) -> Rules {
    Rules::parse(entries).unwrap()
}

/// What is decided about `target` (`host:port`), as text: addresses, or the refusal.
fn decided(entries: &[&str], target: &str, resolved: &[&str]) -> String {
    let (host, port) = Host::parse_with_port(target).unwrap();
    let resolved: Vec<IpAddr> = resolved.iter().map(|address| address.parse().unwrap()).collect();
    match rules(entries).decide(&host, port.unwrap(), &resolved) {
        Ok(addresses) => addresses
            .iter()
            .map(SocketAddr::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        Err(refusal) => refusal.explained("the list"),
    }
}

const PUBLIC: &[&str] = &["93.184.215.14"];

#[test]
fn what_is_not_listed_is_refused_with_the_rule_that_would_list_it() {
    assert_eq!(
        decided(&["example.com"], "example.org:443", PUBLIC),
        "example.org:443 is not listed. To allow it, somebody who may can add \"example.org:443\" to the list.\n"
    );
    assert!(decided(&[], "example.com:443", PUBLIC).contains("is not listed"));
    assert!(decided(&[], "1.1.1.1:443", &[]).contains("is not listed"));
}

#[test]
fn a_host_without_a_port_is_listed_at_443_and_80_only() {
    assert_eq!(
        decided(&["example.com"], "example.com:443", PUBLIC),
        "93.184.215.14:443"
    );
    assert_eq!(decided(&["example.com"], "EXAMPLE.com.:80", PUBLIC), "93.184.215.14:80");
    assert!(decided(&["example.com"], "example.com:8080", PUBLIC).contains("is not listed"));
    assert!(decided(&["example.com:8080"], "example.com:443", PUBLIC).contains("is not listed"));
}

#[test]
fn a_suffix_lists_what_is_below_it_and_not_itself() {
    let entries = &["*.example.com"];
    assert_eq!(decided(entries, "a.example.com:443", PUBLIC), "93.184.215.14:443");
    assert_eq!(decided(entries, "a.b.c.example.com:443", PUBLIC), "93.184.215.14:443");
    for other in ["example.com:443", "badexample.com:443", "example.com.evil.org:443"] {
        assert!(decided(entries, other, PUBLIC).contains("is not listed"), "{other}");
    }
}

#[test]
fn a_listed_name_leads_to_public_addresses_only() {
    let entries = &["models.lan:8080"];
    assert_eq!(
        decided(entries, "models.lan:8080", &["10.0.0.5"]),
        "models.lan:8080 leads to an address that is not public: it is private. To allow it, somebody who may can add \
         \"private:models.lan:8080\" to the list.\n"
    );
    assert_eq!(
        decided(
            entries,
            "models.lan:8080",
            &["127.0.0.1", "::1", "1.1.1.1", "::ffff:10.0.0.1"]
        ),
        "1.1.1.1:8080"
    );
    assert_eq!(decided(entries, "models.lan:8080", &["::ffff:1.1.1.1"]), "1.1.1.1:8080");
}

#[test]
fn an_exact_name_marked_private_leads_to_private_addresses_but_not_to_credentials_of_a_cloud() {
    let entries = &["private:models.lan:8080"];
    assert_eq!(
        decided(entries, "models.lan:8080", &["10.0.0.5", "127.0.0.1", "fd00::5"]),
        "10.0.0.5:8080 127.0.0.1:8080 [fd00::5]:8080"
    );
    assert_eq!(
        decided(entries, "models.lan:8080", &["::ffff:10.0.0.5"]),
        "10.0.0.5:8080"
    );
    for never in [
        "169.254.169.254",
        "64:ff9b::169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let said = decided(entries, "models.lan:8080", &[never]);
        assert!(
            said.contains("not public") && !said.contains("To allow it"),
            "{never}: {said}"
        );
    }
    assert!(decided(entries, "models.lan:443", &["10.0.0.5"]).contains("is not listed"));
}

#[test]
fn the_marker_counts_for_its_own_port_only() {
    let entries = &["private:models.lan:8080", "models.lan:443"];
    assert!(decided(entries, "models.lan:443", &["10.0.0.5"]).contains("not public"));
}

#[test]
fn an_address_lists_itself() {
    let entries = &["127.0.0.1:9001", "[::1]:9001", "169.254.169.254:80"];
    assert_eq!(decided(entries, "127.0.0.1:9001", &[]), "127.0.0.1:9001");
    assert_eq!(decided(entries, "[::1]:9001", &[]), "[::1]:9001");
    assert_eq!(decided(entries, "169.254.169.254:80", &[]), "169.254.169.254:80");
    assert!(decided(entries, "127.0.0.1:9002", &[]).contains("is not listed"));
    assert!(decided(entries, "127.0.0.2:9001", &[]).contains("is not listed"));
}

#[test]
fn a_name_may_lead_to_an_address_that_is_listed_itself() {
    let entries = &["models.lan:8080", "10.0.0.0/8:8080"];
    assert_eq!(decided(entries, "models.lan:8080", &["10.0.0.5"]), "10.0.0.5:8080");
    assert!(decided(entries, "other.lan:8080", &["10.0.0.5"]).contains("is not listed"));
}

#[test]
fn a_range_lists_private_addresses_only_if_it_is_about_nothing_else() {
    assert_eq!(decided(&["10.0.0.0/8:443"], "10.200.3.4:443", &[]), "10.200.3.4:443");
    assert_eq!(decided(&["[fd00::/8]:443"], "[fd00::1]:443", &[]), "[fd00::1]:443");
    assert_eq!(decided(&["0.0.0.0/0:443"], "1.1.1.1:443", &[]), "1.1.1.1:443");
    for (range, target) in [
        ("0.0.0.0/0:443", "127.0.0.1:443"),
        ("0.0.0.0/0:443", "10.0.0.1:443"),
        ("[::/0]:443", "[::1]:443"),
        ("[::/0]:443", "[64:ff9b::a00:1]:443"),
        ("8.0.0.0/5:443", "10.0.0.1:443"),
        ("169.254.0.0/16:80", "169.254.169.254:80"),
        ("240.0.0.0/4:80", "255.255.255.255:80"),
        ("10.0.0.0/8:443", "11.0.0.1:443"),
    ] {
        assert!(
            decided(&[range], target, &[]).contains("is not listed"),
            "{range} {target}"
        );
    }
}

#[test]
fn a_name_without_addresses_leads_nowhere() {
    assert_eq!(decided(&["example.com"], "example.com:443", &[]), "");
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).to_ipv6_mapped().into()),
        any::<u32>().prop_map(|bits| Ipv6Addr::from_bits((0x0064_ff9b << 96) | u128::from(bits)).into()),
        any::<u16>().prop_map(|low| Ipv4Addr::new(127, 0, (low >> 8) as u8, low as u8).into()),
        any::<u16>().prop_map(|low| Ipv4Addr::new(169, 254, (low >> 8) as u8, low as u8).into()),
        any::<u16>().prop_map(|low| Ipv4Addr::new(192, 168, (low >> 8) as u8, low as u8).into()),
    ]
}

proptest! {
    #[test]
    fn names_without_the_marker_lead_to_public_addresses_whatever_they_resolve_to(
        resolved in proptest::collection::vec(any_address(), 1..6),
    ) {
        let rules = rules(&["a.example", "*.example", "private:b.example:1"]);
        let host = Host::parse("a.example").unwrap();
        match rules.decide(&host, 443, &resolved) {
            Ok(decided) => {
                prop_assert!(!decided.is_empty());
                for address in decided {
                    prop_assert_eq!(AddressKind::of(address.ip()), AddressKind::Public);
                    prop_assert!(resolved.iter().any(|one| one.to_canonical() == address.ip()));
                    prop_assert_eq!(address.port(), 443);
                }
            }
            Err(Refusal::NotPublic { .. }) => {
                prop_assert!(resolved.iter().all(|one| AddressKind::of(*one) != AddressKind::Public));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_name_is_listed_exactly_if_a_rule_names_it_or_a_parent_of_it(
        listed in "[ab]{1,2}(\\.[ab]{1,2}){0,2}",
        below in any::<bool>(),
        asked in "[ab]{1,2}(\\.[ab]{1,2}){0,3}",
    ) {
        let entry = if below { format!("*.{listed}") } else { listed.clone() };
        let labels: Vec<&str> = asked.split('.').collect();
        let parents = (1..labels.len()).map(|from| labels[from..].join("."));
        let expected = if below { parents.into_iter().any(|parent| parent == listed) } else { asked == listed };
        let host = Host::parse(&asked).unwrap();
        prop_assert_eq!(rules(&[&entry]).lists(&host, 443).is_ok(), expected);
    }

    #[test]
    fn an_address_that_nothing_lists_is_refused(address in any_address(), port: u16) {
        let rules = rules(&["example.com", "*.com", "private:localhost:80"]);
        prop_assert!(rules.lists(&Host::Address(address), port).is_err());
    }
}
