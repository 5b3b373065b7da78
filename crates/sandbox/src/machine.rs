//! What of the machine every sandbox sees: its programs and libraries, and the little of `/etc` that they need.

use std::fs;
use std::path::{Path, PathBuf};

use crate::reach::{AGENT_UID, Identity, Mount};

/// Shown as they are on this machine; many are links into `/usr` on one and folders on the other.
const ROOTS: [&str; 7] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

/// What of `/etc` programs need to find their libraries, certificates and names. Nothing of it is secret.
const ETC: [&str; 29] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "host.conf",
    "inputrc",
    "java-11-openjdk",
    "java-17-openjdk",
    "java-21-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "os-release",
    "perl",
    "pki/ca-trust",
    "pki/tls/certs",
    "profile.d",
    "protocols",
    "python3",
    "rpc",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
];

/// Names that the C library asks for.
const NAMES: &str = "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n";
const HOSTS: &str = "127.0.0.1 localhost sandbox\n::1 localhost\n";

/// The programs and libraries of this machine, to read; and files that name the sandbox's own user, `agent`, whose home
/// is `home`.
pub fn system(home: &Path) -> Vec<Mount> {
    let mut view = vec![shown("/usr")];
    for root in ROOTS {
        match fs::read_link(root) {
            Ok(to) => view.push(Mount::Link { at: root.into(), to }),
            Err(_) => view.push(shown(root)),
        }
    }
    view.extend(ETC.iter().map(|name| shown(&format!("/etc/{name}"))));
    let home = home.display();
    let text = |at: &str, text: String| Mount::Text { at: at.into(), text };
    view.push(text(
        "/etc/passwd",
        format!(
            "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nagent:x:{AGENT_UID}:{AGENT_UID}:agent:{home}:/bin/sh\n\
             nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        ),
    ));
    view.push(text(
        "/etc/group",
        format!("root:x:0:\nagent:x:{AGENT_UID}:\nnogroup:x:65534:\n"),
    ));
    view.push(text("/etc/nsswitch.conf", NAMES.into()));
    view.push(text("/etc/hosts", HOSTS.into()));
    view.push(Mount::Link {
        at: "/var/tmp".into(),
        to: "/tmp".into(),
    });
    view
}

/// A user for the sandbox with this number, if this process can give it one that nobody else is.
pub fn identity(slot: u16) -> Identity {
    match rustix::process::geteuid().is_root() {
        true => Identity::Range {
            first: FIRST_ID + u32::from(slot % SLOTS) * crate::reach::ID_RANGE,
        },
        false => Identity::Engine,
    }
}

/// Above what systemd gives to containers and what people's `/etc/subuid` usually hold.
const FIRST_ID: u32 = 0x7000_0000 - 0x1000_0000;
/// As many ranges as there are below the ids that some programs take for negative.
const SLOTS: u16 = 0x2000;

fn shown(path: &str) -> Mount {
    Mount::System {
        from: PathBuf::from(path),
        at: PathBuf::from(path),
    }
}
