//! Where a submodule is fetched from: the address in `.gitmodules`, resolved as git does, if trusted git may go there.
//!
//! Whoever may commit to a repository writes these addresses. They must not lead the engine to what only this machine can
//! read, nor make git start a program.

use std::path::{Component, Path, PathBuf};

/// How an address is reached.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Over a network.
    Remote,
    /// A folder of this machine.
    Local(PathBuf),
}

fn kind(address: &str) -> Option<Kind> {
    if let Some(path) = address.strip_prefix("file://") {
        return path.starts_with('/').then(|| Kind::Local(path.into()));
    }
    let proper = |rest: &str| !rest.is_empty() && !rest.starts_with(['-', '/']);
    if let Some((scheme, rest)) = address.split_once("://") {
        return (["http", "https", "ssh"].contains(&scheme) && proper(rest)).then_some(Kind::Remote);
    }
    if address.starts_with('/') {
        return Some(Kind::Local(address.into()));
    }
    // `user@host:path`, which is ssh; not `helper::address`, which starts a program.
    let (host, path) = address.split_once(':')?;
    let is_host = proper(host) && !host.contains('/') && !path.starts_with(':') && !path.is_empty();
    is_host.then_some(Kind::Remote)
}

/// The address of a submodule of the repository at `origin`; or why it is not fetched.
pub(super) fn resolve(origin: &str, address: &str) -> Result<String, String> {
    let plain = |text: &str| text.trim() == text && !text.contains(char::is_control);
    let relative = address.starts_with("./") || address.starts_with("../");
    let resolved = match relative {
        true => join(origin, address),
        false => Some(address.to_owned()),
    };
    let shown = || team6_git::redact(&address.escape_debug().to_string());
    let resolved = resolved.filter(|resolved| plain(resolved) && plain(address));
    let Some((resolved, reached)) = resolved
        .and_then(|resolved| Some((kind(&resolved)?, resolved)))
        .map(|(k, r)| (r, k))
    else {
        return Err(format!(
            "its address \"{}\" is none that is fetched from; use https, ssh, or one relative to the repository",
            shown()
        ));
    };
    match (reached, kind(origin)) {
        (Kind::Remote, _) => Ok(resolved),
        (Kind::Local(path), Some(Kind::Local(origin))) if is_beside(&origin, &path) => Ok(resolved),
        (Kind::Local(_), _) => Err(format!(
            "its address \"{}\" leads to a folder of this machine that does not lie beside the repository",
            shown()
        )),
    }
}

/// What git makes of a relative address.
fn join(origin: &str, address: &str) -> Option<String> {
    let (mut base, mut rest) = (origin.trim_end_matches('/').to_owned(), address);
    let mut separator = '/';
    loop {
        if let Some(further) = rest.strip_prefix("../") {
            rest = further;
            match (base.rfind('/'), base.rfind(':')) {
                (Some(at), _) => base.truncate(at),
                (None, Some(at)) => {
                    base.truncate(at);
                    separator = ':';
                }
                (None, None) => return None,
            }
        } else if let Some(further) = rest.strip_prefix("./") {
            rest = further;
        } else {
            break;
        }
    }
    let rest = rest.trim_end_matches('/');
    (!rest.is_empty() && !base.is_empty()).then(|| format!("{base}{separator}{rest}"))
}

/// Whether a folder lies below the one that holds the repository, also where links lead.
fn is_beside(origin: &Path, path: &Path) -> bool {
    let plain = |path: &Path| path.components().all(|part| part != Component::ParentDir);
    let below = |origin: &Path, path: &Path| {
        // Directly below the root lies everything.
        let parent = origin.parent().filter(|parent| parent.parent().is_some());
        parent.is_some_and(|parent| path.starts_with(parent) && path != parent)
    };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    plain(origin) && plain(path) && below(origin, path) && below(&real(origin), &real(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_resolved_as_git_does() {
        for (origin, address, resolved) in [
            (
                "https://example.org/shop/app.git",
                "../lib.git",
                "https://example.org/shop/lib.git",
            ),
            (
                "https://example.org/shop/app.git/",
                "../../other/lib",
                "https://example.org/other/lib",
            ),
            ("https://example.org/app", "./lib", "https://example.org/app/lib"),
            (
                "git@example.org:shop/app.git",
                "../lib.git",
                "git@example.org:shop/lib.git",
            ),
            ("git@example.org:app.git", "../lib.git", "git@example.org:lib.git"),
            ("file:///srv/git/app", "../lib", "file:///srv/git/lib"),
            ("/srv/git/app", "../lib", "/srv/git/lib"),
        ] {
            assert_eq!(resolve(origin, address).as_deref(), Ok(resolved), "{origin} {address}");
        }
    }

    #[test]
    fn addresses_over_a_network_are_taken_as_they_are() {
        for address in [
            "https://example.org/lib.git",
            "http://example.org/lib",
            "ssh://git@example.org:22/lib",
            "git@example.org:lib.git",
        ] {
            assert_eq!(resolve("/srv/git/app", address).as_deref(), Ok(address));
        }
    }

    #[test]
    fn addresses_that_start_programs_or_lead_into_this_machine_are_refused() {
        let remote = "https://example.org/shop/app.git";
        for address in [
            "ext::sh -c true",
            "fd::7",
            "--upload-pack=true",
            "-u:x",
            "ssh://-oProxyCommand=true/x",
            "ftp://example.org/x",
            "lib",
            "",
            " https://example.org",
            "https://example.org/\nx",
            "file:///etc",
            "/srv/git/other",
        ] {
            assert!(resolve(remote, address).is_err(), "{address}");
        }
        for (origin, address) in [
            ("/srv/git/app", "/etc/secrets"),
            ("/srv/git/app", "/srv/git/../secrets"),
            ("/srv/git/app", "../../secrets"),
            ("/app", "/etc/secrets"),
            ("file:///srv/git/app", "file://host/srv/git/lib"),
        ] {
            assert!(resolve(origin, address).is_err(), "{address}");
        }
        let why = resolve(remote, "https://me:hunter2@-x\u{7}").unwrap_err();
        assert!(!why.contains("hunter2"), "{why}");
    }
}
