//! What of a workspace git ignores, as a git in its own sandbox tells: none of ours looks at what others wrote.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use team6_sandbox::{Exit, TreeMark};
use tokio::io::AsyncReadExt;

use crate::error::WorkspaceError;
use crate::guest::{Guest, command, prepare_home};
use crate::local::LocalOptions;
use crate::provisioner::Workspace;
use crate::slot::Slot;

/// How long listing it may take.
const LISTING: Duration = Duration::from_secs(60);
/// How long the list may be, in bytes.
const LISTED: u64 = 4 << 20;
const LIST: [&str; 6] = [
    "ls-files",
    "-z",
    "--others",
    "--ignored",
    "--exclude-standard",
    "--directory",
];

/// The paths from the top of the repository; of folders that are ignored whole, no more than the folder.
pub(crate) async fn ignored(
    options: &LocalOptions,
    workspace: &Workspace,
    slot: &Slot,
) -> Result<Vec<PathBuf>, WorkspaceError> {
    listed(options, workspace, slot)
        .await
        .map_err(|why| WorkspaceError::Failed {
            what: "what a setup command made cannot be listed".into(),
            why,
        })
}

async fn listed(options: &LocalOptions, workspace: &Workspace, slot: &Slot) -> Result<Vec<PathBuf>, String> {
    let home = slot.pack();
    prepare_home(&home).map_err(|error| error.to_string())?;
    let mut guest = Guest::new("git", &home);
    guest.args = LIST.map(Into::into).to_vec();
    let mark = TreeMark::new(options.data_folder.clone(), "setup").map_err(|error| error.to_string())?;
    let spawned = options.launcher.spawn(command(workspace, guest), &mark).await;
    let mut tree = spawned.map_err(|error| error.to_string())?;
    tree.stdin = None;
    let mut listed = Vec::new();
    if let Some(stdout) = tree.stdout.take() {
        let mut stdout = stdout.take(LISTED);
        let read = tokio::time::timeout(LISTING, stdout.read_to_end(&mut listed)).await;
        read.map_err(|_| format!("it took longer than {} s", LISTING.as_secs()))?
            .map_err(|error| error.to_string())?;
    }
    match tree.end(Duration::from_secs(1)).await.exit {
        Exit::Code(0) => {}
        exit => return Err(format!("git in its sandbox ended with {exit}")),
    }
    let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect())
}
