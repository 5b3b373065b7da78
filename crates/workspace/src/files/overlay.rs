//! A tree as a layer over the layers of another: what git would write to get from one commit to the next.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::CommitId;
use team6_sandbox::reach::{Confinement, Identity, Limits, Mount, Network};
use team6_sandbox::{Launcher, ProcessSpec, Reach, SpawnError, TreeMark, system};
use tokio::io::AsyncReadExt;

/// How long writing a layer may take.
const WRITING: Duration = Duration::from_secs(900);

/// What a layer is made from.
pub(crate) struct Stack<'a> {
    pub(crate) launcher: &'a Launcher,
    pub(crate) identity: Identity,
    pub(crate) mark: &'a TreeMark,
    pub(crate) git: &'a Path,
    /// The git folder that has both commits, and the folder that has it and all that it borrows from.
    pub(crate) git_dir: &'a Path,
    pub(crate) repository: &'a Path,
    /// The layers of the tree to begin from, the topmost first.
    pub(crate) layers: &'a [PathBuf],
    pub(crate) from: &'a CommitId,
    pub(crate) to: &'a CommitId,
}

/// Writes the layer into `upper`, given the index of the tree to begin from as `index` in a folder of its own, which
/// becomes that of the new tree. The outer error is the sandbox's, the inner one what git said.
pub(crate) async fn stack(wanted: &Stack<'_>, upper: &Path, index: &Path) -> Result<Result<(), String>, SpawnError> {
    let mut view = system(Path::new("/nonexistent"));
    view.push(Mount::ReadOnly {
        from: wanted.repository.to_owned(),
        at: wanted.repository.to_owned(),
    });
    view.push(Mount::Overlay {
        layers: wanted.layers.to_vec(),
        upper: upper.to_owned(),
        at: "/tree".into(),
    });
    view.push(Mount::Writable {
        from: index.to_owned(),
        at: "/index".into(),
    });
    let args = [
        "-c",
        "core.bare=false",
        "-c",
        "core.checkStat=minimal",
        "-c",
        "core.trustctime=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "read-tree",
        "-m",
        "-u",
        wanted.from.as_str(),
        wanted.to.as_str(),
    ];
    let variables: [(&str, OsString); 8] = [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", "/nonexistent".into()),
        ("LC_ALL", "C".into()),
        ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
        ("GIT_DIR", wanted.git_dir.into()),
        ("GIT_WORK_TREE", "/tree".into()),
        ("GIT_INDEX_FILE", "/index/index".into()),
    ];
    let spec = ProcessSpec {
        program: wanted.git.into(),
        args: args.iter().map(Into::into).collect(),
        cwd: "/tree".into(),
        env: variables
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        reach: Reach::Confined(Box::new(Confinement {
            view,
            identity: wanted.identity,
            network: Network::None,
            limits: Limits::default(),
        })),
    };
    let mut tree = wanted.launcher.spawn(spec, wanted.mark).await?;
    let mut said = Vec::new();
    if let Some(stderr) = tree.stderr.take() {
        let mut limited = stderr.take(64 << 10);
        // What it says is for people only.
        let _ = tokio::time::timeout(WRITING, limited.read_to_end(&mut said)).await;
    }
    let ended = tree.end(Duration::from_secs(1)).await;
    Ok(match ended.exit {
        team6_sandbox::Exit::Code(0) => Ok(()),
        exit => Err(format!("{exit}: {}", String::from_utf8_lossy(&said).trim())),
    })
}
