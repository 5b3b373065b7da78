//! What of a machine an operator may show to agents.

use std::path::Path;

/// Folders of which every sandbox has one of its own.
const OWN: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Why a path cannot be shown to agents, for people; none if it can. `data` is the folder of the engine's own data, with
/// its secrets and the work of all tasks.
pub fn hidden(path: &Path, data: &Path) -> Option<String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Some(format!("{shown} is no full path; write it from / on"));
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (path, data) = (real(path), real(data));
    if path == Path::new("/") {
        return Some(format!(
            "{shown} is the whole machine; list the folders that agents need"
        ));
    }
    if let Some(own) = OWN.iter().find(|own| path.starts_with(own)) {
        return Some(format!("{shown} cannot be shown: every sandbox has a {own} of its own"));
    }
    if data.starts_with(&path) {
        return Some(format!(
            "{shown} holds the engine's own data, with its secrets; list less of it"
        ));
    }
    if path.starts_with(&data) {
        return Some(format!(
            "{shown} lies in the engine's own data; keep what agents need elsewhere"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_and_the_engines_own_data_are_not_shown() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("engine/data");
        std::fs::create_dir_all(data.join("homes")).unwrap();
        std::fs::create_dir(root.path().join("tools")).unwrap();
        std::os::unix::fs::symlink(&data, root.path().join("link")).unwrap();
        let at = |name: &str| root.path().join(name);
        for (path, why) in [
            (at("engine"), "holds the engine's own data"),
            (data.clone(), "holds the engine's own data"),
            (at("link"), "holds the engine's own data"),
            (data.join("homes"), "lies in the engine's own data"),
            ("/".into(), "is the whole machine"),
            ("/proc/1".into(), "every sandbox has a /proc of its own"),
            ("~/tools".into(), "is no full path"),
        ] {
            let said = hidden(&path, &data).unwrap_or_default();
            assert!(said.contains(why), "{}: {said}", path.display());
        }
        for path in [at("tools"), at("nothing-there"), "/opt".into()] {
            assert_eq!(hidden(&path, &data), None);
        }
    }
}
