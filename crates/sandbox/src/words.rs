//! What a machine lacks, in words that a person can act on.

use std::fs;
use std::io;
use std::path::Path;

use crate::confine::{MAKE_USERS, SHOW_PROCESSES};
use crate::probe::{Missing, Refusal};

/// What of the machine tells why sandboxes cannot be made.
#[derive(Debug, Default)]
struct Machine {
    root: bool,
    within: Within,
    /// `user.max_user_namespaces`
    most_namespaces: Option<u64>,
    /// `kernel.unprivileged_userns_clone`, of Debian's older kernels and others.
    cloning: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`, of Ubuntu.
    apparmor: Option<u64>,
    /// Whether whoever started this process filters its system calls, as containers do.
    filtered: bool,
    kernel: String,
}

/// Whose users this process knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Within {
    /// All of the machine's.
    #[default]
    Machine,
    /// Those of a user namespace, as in rootless containers.
    Namespace,
    /// None, not even its own: a user namespace without a map.
    Nothing,
}

impl Within {
    /// From `/proc/self/uid_map`, see user_namespaces(7).
    fn of(map: &str) -> Self {
        match map.split_whitespace().collect::<Vec<_>>()[..] {
            [] => Self::Nothing,
            ["0", "0", "4294967295"] => Self::Machine,
            _ => Self::Namespace,
        }
    }
}

impl Machine {
    fn read() -> Self {
        let setting = |name: &str| {
            let text = fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?;
            text.trim().parse().ok()
        };
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            root: rustix::process::geteuid().is_root(),
            within: fs::read_to_string("/proc/self/uid_map")
                .map(|map| Within::of(&map))
                .unwrap_or_default(),
            most_namespaces: setting("user/max_user_namespaces"),
            cloning: setting("kernel/unprivileged_userns_clone"),
            apparmor: setting("kernel/apparmor_restrict_unprivileged_userns"),
            filtered: status
                .lines()
                .any(|line| line.starts_with("Seccomp:") && line.ends_with('2')),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        }
    }
}

fn missing(what: &str, why: impl Into<String>, how_to_enable: impl Into<String>) -> Missing {
    Missing {
        what: what.into(),
        why: why.into(),
        how_to_enable: how_to_enable.into(),
    }
}

/// Why no sandbox can be made at all.
pub(crate) fn refusal(refusal: &Refusal) -> Missing {
    explain(refusal, &Machine::read())
}

fn explain(refusal: &Refusal, machine: &Machine) -> Missing {
    let said = format!("failed to {}: {}", refusal.step, refusal.error);
    let errno = refusal.error.raw_os_error();
    let denied = matches!(errno, Some(libc::EPERM | libc::EACCES));
    let users = refusal.step == MAKE_USERS;
    let namespaces = "user namespaces";
    if users && machine.most_namespaces == Some(0) {
        let how = "sudo sysctl -w user.max_user_namespaces=15000, and the same line without sudo sysctl -w in \
                   /etc/sysctl.d/60-team6.conf to keep it";
        return missing(
            namespaces,
            format!("user.max_user_namespaces is 0, so nobody may have any ({said})"),
            how,
        );
    }
    if denied && users && machine.within == Within::Nothing {
        let how =
            "run Team6 outside of it, or give it users: `unshare --user --map-root-user` instead of `unshare --user`";
        let why = format!("this is a user namespace without users, not even whoever runs this program ({said})");
        return missing(namespaces, why, how);
    }
    if denied && !machine.root && machine.cloning == Some(0) {
        let how = "sudo sysctl -w kernel.unprivileged_userns_clone=1, and the same line without sudo sysctl -w in \
                   /etc/sysctl.d/60-team6.conf to keep it";
        return missing(
            namespaces,
            format!("kernel.unprivileged_userns_clone is 0, so only root may have any ({said})"),
            how,
        );
    }
    if denied && !machine.root && machine.apparmor == Some(1) {
        let how = "allow it to this program with a profile, /etc/apparmor.d/team6: `abi <abi/4.0>, include <tunables/global> \
                   profile team6 /path/to/team6 flags=(unconfined) { userns, }`, then sudo systemctl reload apparmor; or to \
                   all with sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
        let why =
            format!("AppArmor gives user namespaces of ordinary users no rights, as on Ubuntu since 23.10 ({said})");
        return missing(namespaces, why, how);
    }
    if denied && refusal.step == SHOW_PROCESSES {
        let how = "run Team6 outside of the container; or start it with `--security-opt systempaths=unconfined` (Docker), \
                   `--security-opt unmask=ALL` (Podman) or `procMount: Unmasked` (Kubernetes)";
        let why = format!("/proc is masked in part, as in containers, so the kernel allows no new one ({said})");
        return missing("a /proc for each sandbox", why, how);
    }
    if errno == Some(libc::ENOSYS) || (users && errno == Some(libc::EINVAL)) {
        let how = "use a kernel of 5.12 or newer with user namespaces (CONFIG_USER_NS=y)";
        return missing(
            "a newer kernel",
            format!("this is Linux {}, which lacks a call ({said})", machine.kernel),
            how,
        );
    }
    if users && errno == Some(libc::ENOSPC) {
        let how = "end what has so many, or raise it with sudo sysctl -w user.max_user_namespaces=15000; within other \
                   namespaces their limit counts as well";
        return missing(
            namespaces,
            format!("there are as many as user.max_user_namespaces allows ({said})"),
            how,
        );
    }
    if denied && machine.filtered {
        let how = "run Team6 outside of the container; or start it with `--security-opt seccomp=unconfined --security-opt \
                   apparmor=unconfined --security-opt systempaths=unconfined`";
        let why = format!("whoever started this program refuses it some system calls, as containers do ({said})");
        return missing("system calls for namespaces and mounts", why, how);
    }
    if denied && machine.root {
        let how = "give the container `--cap-add SYS_ADMIN`, or run Team6 as an ordinary user";
        let why = format!("this is root without the right to make namespaces and mounts, as in containers ({said})");
        return missing("rights of root", why, how);
    }
    missing(
        "a sandbox",
        said,
        "see the kernel's log, and report this with the output of `team6 doctor --json`",
    )
}

pub(crate) fn folder(folder: &Path, error: &io::Error) -> Missing {
    let how = "make it one that the engine's user may write, or set another with TEAM6_DATA=FOLDER";
    missing(
        "a folder to try it in",
        format!("failed to write in {}: {error}", folder.display()),
        how,
    )
}

/// For a program that is root.
pub(crate) fn own_users(refusal: &Refusal) -> Missing {
    let said = format!("failed to {}: {}", refusal.step, refusal.error);
    root_of(
        &Machine::read(),
        "a user of its own for each sandbox",
        &said,
        "keep the data folder on a file system with id-mapped mounts: ext4 or xfs (Linux 5.12 and newer), btrfs (5.15), \
         not NFS or a container's own files",
    )
}

/// For a program that is root.
pub(crate) fn root_as_itself() -> Missing {
    root_of(
        &Machine::read(),
        "a limit of processes",
        "programs in sandboxes are root, without its rights, and the kernel counts no processes of root",
        "run Team6 as an ordinary user, or keep its data on a file system with id-mapped mounts",
    )
}

pub(crate) fn folder_renames() -> Missing {
    root_of(
        &Machine::read(),
        "renames of folders",
        "only root's overlays rename folders that come from a layer below; `mv` copies them, `git mv` fails",
        "run Team6 as root, where each sandbox still is an ordinary user of its own",
    )
}

/// Something that root can have, or can have in another way: but not root of a user namespace.
fn root_of(machine: &Machine, what: &str, why: &str, how: &str) -> Missing {
    match (machine.within, machine.root) {
        (Within::Machine, _) | (_, false) => missing(what, why, how),
        (_, true) => missing(
            what,
            format!("{why}; and this is root of a user namespace only, as in rootless containers"),
            "run Team6 outside of that namespace, as root or as an ordinary user",
        ),
    }
}

pub(crate) fn overlay(folder: &Path, refusal: &Refusal) -> Missing {
    let why = format!("failed to {} at {}: {}", refusal.step, folder.display(), refusal.error);
    let how = "use Linux 5.11 or newer with overlayfs (`modprobe overlay`), and keep the data folder on ext4, btrfs or xfs, \
               not on an overlay such as a container's own files";
    missing("overlays", why, how)
}

pub(crate) fn landlock() -> Missing {
    let how = "use Linux 5.13 or newer with `landlock` in the list of security modules (boot with lsm=landlock,...)";
    missing(
        "Landlock",
        "the kernel has none, so namespaces and filters hold sandboxes alone",
        how,
    )
}

pub(crate) fn control_groups(why: String) -> Missing {
    let how = "run it as a systemd service with `Delegate=memory pids cpu` and `DelegateSubgroup=engine`; until then memory \
               is looked at twice a second and processes are counted by user";
    missing("control groups", why, how)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(step: &str, errno: i32, machine: &Machine) -> String {
        let refusal = Refusal {
            step: step.into(),
            error: io::Error::from_raw_os_error(errno),
        };
        let Missing {
            what,
            why,
            how_to_enable,
        } = explain(&refusal, machine);
        format!("{what}: {why}: {how_to_enable}")
    }

    fn machine(change: impl FnOnce(&mut Machine)) -> Machine {
        let mut machine = Machine::default();
        change(&mut machine);
        machine
    }

    #[test]
    fn each_reason_is_told_from_the_others_and_comes_with_what_to_do() {
        let cases = [
            (
                MAKE_USERS,
                libc::ENOSPC,
                machine(|m| m.most_namespaces = Some(0)),
                "user.max_user_namespaces=15000",
            ),
            (
                MAKE_USERS,
                libc::ENOSPC,
                machine(|m| m.most_namespaces = Some(5)),
                "as many as user.max",
            ),
            (
                MAKE_USERS,
                libc::EPERM,
                machine(|m| m.within = Within::Nothing),
                "--map-root-user",
            ),
            (
                MAKE_USERS,
                libc::EPERM,
                machine(|m| m.cloning = Some(0)),
                "kernel.unprivileged_userns_clone=1",
            ),
            (
                MAKE_USERS,
                libc::EPERM,
                machine(|m| m.apparmor = Some(1)),
                "/etc/apparmor.d/team6",
            ),
            (
                "take the mounts apart",
                libc::EACCES,
                machine(|m| m.apparmor = Some(1)),
                "/etc/apparmor.d/team6",
            ),
            (
                SHOW_PROCESSES,
                libc::EPERM,
                machine(|m| m.filtered = true),
                "systempaths=unconfined",
            ),
            (
                MAKE_USERS,
                libc::EPERM,
                machine(|m| m.filtered = true),
                "seccomp=unconfined",
            ),
            (
                MAKE_USERS,
                libc::EPERM,
                machine(|m| m.root = true),
                "--cap-add SYS_ADMIN",
            ),
            (MAKE_USERS, libc::EINVAL, Machine::default(), "CONFIG_USER_NS"),
            (
                "show /usr",
                libc::ENOSYS,
                machine(|m| m.kernel = "4.19.0".into()),
                "this is Linux 4.19.0",
            ),
            ("do something", libc::EIO, Machine::default(), "doctor --json"),
        ];
        for (step, errno, machine, expected) in cases {
            let said = said(step, errno, &machine);
            assert!(said.contains(expected) && said.contains(step), "{said}");
        }
    }

    #[test]
    fn root_of_a_user_namespace_is_not_told_to_be_root() {
        let root = |within| Machine {
            root: true,
            within,
            ..Machine::default()
        };
        let said = |machine: &Machine| root_of(machine, "it", "only root has it", "run Team6 as root").how_to_enable;
        assert_eq!(said(&Machine::default()), "run Team6 as root");
        assert_eq!(
            said(&root(Within::of("         0          0 4294967295\n"))),
            "run Team6 as root"
        );
        for map in ["0 1000 1\n", "0 1000 1\n1 100000 65536\n", "0 0 1\n"] {
            assert!(
                said(&root(Within::of(map))).contains("outside of that namespace"),
                "{map}"
            );
        }
        assert_eq!(Within::of(""), Within::Nothing);
    }
}
