//! Workspaces keep the contract on file systems of which the machine itself has none, each in a file that is mounted where
//! nobody else sees it: btrfs with its snapshots, XFS with files that share blocks.
//!
//! This program starts itself in a mount namespace of its own, in which the folder for temporary files lies on that file
//! system, and has it run what is ignored elsewhere.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::path::Path;
use std::process::Command;

use team6_sandbox::Launcher;
use team6_workspace::contract::open_local;
use team6_workspace::{Files, LocalProvisioner, provisioner_contract};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-workspace-programs");

/// More than all workspaces of the suite take.
const SIZE: u64 = 8 << 30;

mod snapshot {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, true, Some(super::Files::Snapshot))
    }
    super::provisioner_contract!(self::open, #[ignore = "run by `on_btrfs`"]);
}

mod reflink {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, true, Some(super::Files::Reflink))
    }
    super::provisioner_contract!(self::open, #[ignore = "run by `on_xfs`"]);
}

mod overlay {
    fn open(root: &std::path::Path) -> (super::LocalProvisioner, super::Launcher) {
        super::open_local(root, super::PROGRAMS, true, Some(super::Files::Overlay))
    }
    super::provisioner_contract!(self::open, #[ignore = "run by `on_xfs`"]);
}

#[test]
fn on_btrfs() {
    on("btrfs", &["snapshot::"]);
}

#[test]
fn on_xfs() {
    on("xfs", &["reflink::", "overlay::"]);
}

/// Runs these parts of the suite on a file system of this kind.
fn on(kind: &str, parts: &[&str]) {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not shown here: only root mounts file systems");
        return;
    }
    let make = format!("mkfs.{kind}");
    if Command::new(&make).arg("-V").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "{make} is not installed");
        eprintln!("not shown here: {make} is not installed");
        return;
    }
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (image, at) = (place.path().join("image"), place.path().join("mounted"));
    std::fs::create_dir(&at).unwrap();
    std::fs::File::create(&image).unwrap().set_len(SIZE).unwrap();
    let made = Command::new(&make).arg("-q").arg(&image).output().unwrap();
    assert!(made.status.success(), "{make}: {made:?}");
    let whole = format!("mount -t {kind} -o loop \"$0\" \"$1\"");
    let tried = mounted(&image, &at, &whole).output().unwrap();
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr);
        eprintln!(
            "not shown here: this machine mounts no {kind} from a file: {}",
            why.trim()
        );
        return;
    }
    let mut suite = mounted(&image, &at, &format!("{whole} && shift && exec \"$@\""));
    let suite = suite
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--test-threads=2"]);
    let status = suite.args(parts).env("TMPDIR", &at).status().unwrap();
    assert!(status.success(), "workspaces do not keep the contract on {kind}");
}

/// A shell in a mount namespace of its own, to which image and folder are given.
fn mounted(image: &Path, at: &Path, script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", script]).arg(image).arg(at);
    command
}
