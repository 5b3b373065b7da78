//! Where the work is done, and the proof that it was a sandbox.

use std::path::Path;

use team6_workspace::contract::{Scene, open_local};
use team6_workspace::{Files, Workspace};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

/// What every sandbox has of its own.
const NAMESPACES: [&str; 6] = ["pid", "mnt", "net", "ipc", "uts", "user"];

/// Workspaces in sandboxes. `files` is how they are made; as it is best here, if it is not said.
pub(crate) fn scene(place: &Path, files: Option<Files>) -> Scene {
    Scene::open(place, |root| open_local(root, PROGRAMS, true, files))
}

/// Runs a script as an agent would, and tells what it printed. The same shell shows that it is in a sandbox: nothing of
/// the machine's namespaces is its own, it is the sandbox's user, and the folder of all workspaces is not there.
#[track_caller]
pub(crate) fn work(scene: &Scene, workspace: &Workspace, script: &str) -> impl Future<Output = String> {
    let names: String = NAMESPACES.iter().map(|name| format!(" /proc/self/ns/{name}")).collect();
    let root = scene.root.display().to_string();
    let whole = format!("readlink{names}; id -un; ls -d {root} 2>/dev/null || echo hidden; {script}");
    async move {
        let said = scene.agent(workspace, &whole).await;
        let mut lines = said.lines();
        for name in NAMESPACES {
            let ours = std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap();
            assert_ne!(lines.next(), ours.to_str(), "the {name} namespace is the machine's");
        }
        assert_eq!(lines.next(), Some("agent"), "{said}");
        assert!(scene.root.is_dir());
        assert_eq!(lines.next(), Some("hidden"), "the workspaces of all are seen");
        lines.collect::<Vec<_>>().join("\n")
    }
}
