//! What tests of sandboxes share: a workspace of two layers, and launchers as root and as an ordinary user.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use team6_sandbox::reach::{Confinement, Limits, Mount, Network};
use team6_sandbox::{Ended, Launcher, ProcessSpec, Reach, TreeMark, identity, system};
use tokio::io::AsyncReadExt;

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn launcher() -> Launcher {
    Launcher::new(env!("CARGO_BIN_EXE_team6-supervisor"), [""; 0])
}

/// A workspace of two layers, and all that belongs to it, below `place`.
pub(crate) fn confinement(place: &Path) -> Confinement {
    for folder in ["lower/folder", "slot/u", "slot/work", "home/tmp"] {
        fs::create_dir_all(place.join(folder)).unwrap();
    }
    fs::write(place.join("lower/folder/file"), "from below\n").unwrap();
    let mut view = system(Path::new("/home/agent"));
    view.push(Mount::Overlay {
        layers: vec![place.join("lower")],
        upper: place.join("slot/u"),
        at: "/ws".into(),
    });
    view.push(Mount::Writable {
        from: place.join("home"),
        at: "/home/agent".into(),
    });
    view.push(Mount::Memory {
        at: "/tmp".into(),
        most: 64 << 20,
    });
    Confinement {
        view,
        identity: identity(7),
        network: Network::None,
        limits: Limits::default(),
    }
}

pub(crate) fn shell(confinement: Confinement, script: &str) -> ProcessSpec {
    ProcessSpec {
        program: "sh".into(),
        args: vec!["-euc".into(), script.into()],
        cwd: "/ws".into(),
        env: BTreeMap::from([
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("HOME".into(), "/home/agent".into()),
        ]),
        reach: Reach::Confined(Box::new(confinement)),
    }
}

/// Runs a script to its end, and gives what it printed, errors included.
pub(crate) async fn run(launcher: &Launcher, test: &str, confinement: Confinement, script: &str) -> (String, Ended) {
    let mark = TreeMark::new(format!("{test}-{}", std::process::id()), "s1-a1").unwrap();
    let script = format!("exec 2>&1; {script}");
    let mut tree = launcher.spawn(shell(confinement, &script), &mark).await.unwrap();
    let mut said = String::new();
    let mut stdout = tree.stdout.take().unwrap();
    let read = stdout.read_to_string(&mut said);
    tokio::time::timeout(DEADLINE, read)
        .await
        .expect("an end in time")
        .unwrap();
    let ended = tree.end(DEADLINE).await;
    (said, ended)
}

/// A launcher that runs as an ordinary user, who then owns `place`; for tests that run as root.
pub(crate) fn ordinary_launcher(place: &Path) -> Launcher {
    // Ordinary users must reach the program, which lies where only root can look.
    let copy = place.join("supervisor");
    install(env!("CARGO_BIN_EXE_team6-supervisor"), &copy);
    give(place, NOBODY);
    let ids = [
        format!("--reuid={NOBODY}"),
        format!("--regid={NOBODY}"),
        "--clear-groups".into(),
    ];
    let args = ids.into_iter().map(Into::into).chain([copy.into_os_string()]);
    Launcher::new("setpriv", args.collect::<Vec<OsString>>())
}

/// Copies a program. Another process does it: one that is open to be written cannot be run, and whatever another test
/// starts meanwhile has it open for a moment.
pub(crate) fn install(from: &str, to: &Path) {
    let done = std::process::Command::new("install")
        .args(["-m", "755", from])
        .arg(to)
        .status();
    assert!(done.unwrap().success(), "{} cannot be made", to.display());
}

/// Any user that is not root.
pub(crate) const NOBODY: u32 = 65_534;

pub(crate) fn give(folder: &Path, user: u32) {
    std::os::unix::fs::chown(folder, Some(user), Some(user)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => give(&entry.path(), user),
            false => std::os::unix::fs::chown(entry.path(), Some(user), Some(user)).unwrap(),
        }
    }
}
