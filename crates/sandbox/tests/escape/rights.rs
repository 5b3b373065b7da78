//! Regaining rights, and leaving programs behind that lend them.

use crate::setting::Setting;
use crate::trial::{Effect, Outcome, Probe, probe};
use crate::words;

/// Ways to a file that runs as its owner.
const WAYS: [&str; 11] = [
    "chmod",
    "chmod-group",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "open",
    "openat",
    "creat",
    "openat2",
    "mknod",
    "tmpfile",
];

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Shows};
    let mut all = vec![
        probe("raising capabilities", Gets, |_| words!["raise-capabilities"]).only_root(),
        probe("a capability on a file", Shows(lends), |_| {
            words!["lend-capability", "lent"]
        })
        .only_root(),
    ];
    if rustix::process::geteuid().is_root() {
        all.extend(borrowing());
    } else {
        println!("not shown here: only root can make programs that lend the rights of others");
    }
    for how in WAYS {
        all.push(probe(format!("lending rights by {how}"), Shows(lends), move |_| {
            words!["lend", how, "lent"]
        }));
    }
    // What other programs of the same machine number their calls by.
    for how in ["x32-chmod", "i386-chmod"] {
        let lending = probe(format!("lending rights by {how}"), Shows(lends), move |_| {
            words!["lend", how, "lent"]
        });
        all.push(lending.on_some_machines());
    }
    all
}

/// Getting what belongs to others.
fn borrowing() -> [Probe; 3] {
    use Effect::{Gets, Tells};
    [
        probe("becoming root", Tells, |s| {
            words!["become-root", s.own("programs/owners-secret")]
        })
        .only_root(),
        probe("a program that runs as its owner", Tells, |s| {
            words![
                "run-lending",
                s.own("programs/lending"),
                "read",
                s.own("programs/owners-secret")
            ]
        }),
        probe("a program that brings a capability", Gets, |s| {
            words!["run-lending", s.own("programs/capable"), "steal-time", 0]
        }),
    ]
}

fn lends(s: &Setting, _: &Outcome) -> bool {
    s.lends()
}
