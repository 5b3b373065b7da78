//! Mounts, roots and new namespaces.

use crate::trial::{Effect, Probe, probe};
use crate::words;

const KINDS: [&str; 7] = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Tells};
    let mut all = vec![
        probe("mounting memory", Gets, |s| words!["mount-memory", s.folder()]),
        probe("mounting control groups", Gets, |s| {
            words!["mount-control-groups", s.folder()]
        })
        .only_root(),
        probe("mounting processes", Gets, |s| words!["mount-processes", s.folder()]).only_root(),
        probe("binding a folder of the machine", Tells, |s| {
            words!["bind-and-read", s.path("."), s.folder(), "secret"]
        }),
        probe("unmounting", Gets, |s| match s.open {
            true => words!["unmount", s.folder()],
            false => words!["unmount", "/proc"],
        }),
        probe("changing the root", Gets, |s| words!["change-root", s.folder()]),
        probe("getting out of a root", Tells, |s| {
            words!["escape-root", s.folder(), s.path("secret")]
        })
        .only_root(),
        probe("the new calls for mounts", Gets, |s| {
            words!["new-mount-calls", s.folder()]
        }),
        probe("changing what a mount allows", Gets, |s| match s.open {
            true => words!["restrict-mount", s.folder()],
            false => words!["restrict-mount", "/proc"],
        }),
        probe("renaming the machine", Gets, |_| words!["rename-the-machine"]).only_root(),
        probe("entering another's mounts", Tells, |s| {
            words![
                "enter-and-read",
                if s.open { s.victim.pid() } else { "1".into() },
                s.path("secret")
            ]
        }),
    ];
    for kind in KINDS {
        let entering = probe(format!("entering another's {kind} namespace"), Gets, move |s| {
            words!["enter", kind, s.victim.pid()]
        });
        all.push(if kind == "user" { entering } else { entering.only_root() });
        for call in ["unshare", "clone", "clone3"] {
            all.push(probe(format!("a new {kind} namespace by {call}"), Gets, move |_| {
                words![call, kind]
            }));
        }
    }
    all.push(probe("a new time namespace by unshare", Gets, |_| {
        words!["unshare", "time"]
    }));
    all
}
