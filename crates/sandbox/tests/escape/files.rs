//! Reading and changing files that are not the agent's.

use crate::setting::{SECRET, Setting};
use crate::trial::{Effect, Outcome, Probe, probe};
use crate::words;

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Shows, Tells};
    vec![
        probe("a secret of the machine", Tells, |s| words!["read", s.path("secret")]),
        probe("another agent's workspace", Tells, |s| {
            words!["read", s.path("other/ws/secret")]
        }),
        probe("another agent's home", Tells, |s| {
            words!["read", s.path("other/home/secret")]
        }),
        probe("up and out by ..", Tells, |s| {
            words!["read", format!("{}{}", "../".repeat(40), s.path("secret"))]
        }),
        probe("a symbolic link out", Tells, |s| {
            words!["read-by-symlink", s.path("secret"), "link"]
        }),
        probe("a symbolic link out of an earlier attempt", Tells, |_| {
            words!["read", "planted"]
        }),
        probe("a hard link out", Tells, |s| {
            words!["read-by-hard-link", s.path("secret"), "link"]
        }),
        probe("through another's root", Tells, |s| {
            words!["read-through", s.path("secret"), "root", s.victim.pid()]
        }),
        probe("through another's folder", Tells, |s| {
            words![
                "read-through",
                format!("/../../../../../../../..{}", s.path("secret")),
                "cwd",
                s.victim.pid()
            ]
        }),
        probe("through another's descriptors", Tells, |s| {
            words!["read-descriptors", s.victim.pid(), std::process::id()]
        }),
        probe("by a handle", Tells, |s| {
            let made = handle(s);
            words!["read-by-handle", s.own("ws"), made.0, made.1]
        })
        .only_root(),
        probe("making handles", Gets, |_| words!["make-handle", "/usr"]),
        probe("writing a file of the machine", Shows(secret_changed), |s| {
            words!["write", s.path("secret")]
        }),
        probe("writing a layer below", Shows(layer_changed), |s| {
            words!["write", s.path("lower/folder/file")]
        }),
        probe("writing in the overlay's work folder", Shows(worked), |s| {
            words!["write", s.path("slot/work/file")]
        }),
        probe("writing where there is only reading", Shows(mirror_changed), |s| {
            words!["write", s.own("mirror/file")]
        }),
        probe("making reading writing", Shows(mirror_changed), |s| {
            words!["remount-and-write", s.own("mirror"), "file"]
        }),
        probe("the disk by a node of its own", Gets, |_| {
            let (major, minor) = disk();
            words!["read-device", major, minor, "block", "node"]
        })
        .only_root()
        .on_some_machines(),
        probe("the kernel's log by a node of its own", Gets, |_| {
            words!["read-device", 1, 11, "char", "node"]
        })
        .only_root(),
        probe("the disk itself", Gets, |_| words!["read-real-device", disk_name()])
            .only_root()
            .on_some_machines(),
        probe("the machine's memory", Gets, |_| words!["read-real-device", "/dev/mem"])
            .only_root()
            .on_some_machines(),
        probe("the kernel's log", Gets, |_| words!["read-real-device", "/dev/kmsg"])
            .only_root()
            .on_some_machines(),
        probe("the kernel's own memory", Gets, |_| {
            words!["read-real-device", "/proc/kcore"]
        })
        .only_root()
        .on_some_machines(),
        probe("loop devices", Gets, |_| {
            words!["read-real-device", "/dev/loop-control"]
        })
        .only_root()
        .on_some_machines(),
        probe("file systems of its own", Gets, |_| {
            words!["read-real-device", "/dev/fuse"]
        })
        .only_root()
        .on_some_machines(),
        probe("virtual machines", Gets, |_| words!["read-real-device", "/dev/kvm"])
            .only_root()
            .on_some_machines(),
        probe("the machine's devices in /sys", Gets, |_| words!["list", "/sys/kernel"]).on_some_machines(),
        probe("settings of the kernel", Gets, |_| {
            words!["write-same", "/proc/sys/kernel/core_pattern"]
        })
        .only_root(),
        probe("settings of processors", Gets, |_| {
            words!["write-same", "/proc/irq/default_smp_affinity"]
        })
        .only_root()
        .on_some_machines(),
        probe("the keys for emergencies", Gets, |_| {
            words!["open-to-write", "/proc/sysrq-trigger"]
        })
        .only_root()
        .on_some_machines(),
        probe("what runs when a control group is empty", Gets, |_| {
            words!["find-to-write", "/sys/fs/cgroup", "release_agent"]
        })
        .only_root()
        .on_some_machines(),
    ]
}

fn secret_changed(s: &Setting, _: &Outcome) -> bool {
    s.holds("secret") != format!("{SECRET}{}\n", s.number)
}

fn layer_changed(s: &Setting, _: &Outcome) -> bool {
    s.holds("lower/folder/file") != "from below\n"
}

fn worked(s: &Setting, _: &Outcome) -> bool {
    !s.holds("slot/work/file").is_empty()
}

fn mirror_changed(s: &Setting, _: &Outcome) -> bool {
    s.holds("mirror/file") != "mirrored\n"
}

/// A handle of the secret, which an attacker could guess.
fn handle(s: &Setting) -> (String, String) {
    let output = std::process::Command::new(s.programs.path("probe"))
        .args(["make-handle", &s.path("secret")])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut parts = said.split_whitespace().skip(1);
    let mut next = || parts.next().unwrap_or("0").to_owned();
    (next(), next())
}

/// The disk that the tests lie on.
fn disk() -> (u32, u32) {
    let folder = std::os::unix::fs::MetadataExt::dev(&std::fs::metadata("/").unwrap());
    (rustix::fs::major(folder), rustix::fs::minor(folder))
}

fn disk_name() -> String {
    let (major, minor) = disk();
    let name = std::fs::read_link(format!("/sys/dev/block/{major}:{minor}")).ok();
    let name = name.and_then(|name| Some(name.file_name()?.to_str()?.to_owned()));
    format!("/dev/{}", name.unwrap_or("no-such-disk".into()))
}
