//! The parts of the kernel by which others have got out of sandboxes.

use crate::trial::{Effect, Probe, probe};
use crate::words;

/// Calls that are made with arguments that make no sense; what counts is whether the kernel looks at them.
const SENSELESS: [&str; 12] = [
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "syslog",
    "fanotify_init",
];

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Tells};
    let mut all = vec![
        probe("keyrings", Gets, |s| words!["add-key", format!("{}-new", s.key_name())]).on_some_machines(),
        probe("a key of the engine's user", Tells, |s| {
            words!["read-key", s.key_name()]
        })
        .on_some_machines(),
        probe("io_uring", Gets, |_| words!["ring"]).on_some_machines(),
        probe("bpf", Gets, |_| words!["kernel-programs"]).only_root(),
        probe("perf_event_open", Gets, |_| words!["watch-performance"])
            .only_root()
            .on_some_machines(),
        probe("userfaultfd", Gets, |_| words!["handle-faults"]).on_some_machines(),
        probe("ports of the machine", Gets, |_| words!["ports"])
            .only_root()
            .on_some_machines(),
        probe("typing into a terminal", Gets, |_| words!["type-into-terminal"]).on_some_machines(),
    ];
    for call in SENSELESS {
        all.push(
            probe(call, Gets, move |_| words!["senseless", call])
                .only_root()
                .on_some_machines(),
        );
    }
    all
}
