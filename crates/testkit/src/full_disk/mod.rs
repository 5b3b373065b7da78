//! A disk that a test fills up, as programs see it: what lies on it does not grow, and everything else goes on.
//!
//! A small library is loaded before a program's own ones and fails its writes to files. So it needs no rights to mount
//! anything, and works wherever there is a C compiler; where there is none, the test fails and says so.
#![expect(clippy::expect_used, reason = "a disk that cannot be had is the failure of the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A disk that can be filled up.
#[derive(Debug)]
pub struct FullDisk {
    folder: TempDir,
}

impl FullDisk {
    /// A disk that has space.
    ///
    /// # Panics
    /// If there is no C compiler; `CC` names another one than `cc`.
    pub fn new() -> Self {
        let disk = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/full_disk/full_disk.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let made = Command::new(&compiler)
            .args(["-shared", "-fPIC", "-o"])
            .arg(disk.library())
            .arg(source)
            .status();
        let made = made.expect("a C compiler is needed for the tests of full disks; install one, or set CC");
        assert!(made.success(), "{source} cannot be compiled with {compiler}");
        disk
    }

    /// Nothing more fits.
    pub fn is_full(&self) {
        fs::write(self.flag(), "").expect("the flag");
    }

    /// Somebody made room.
    pub fn has_space(&self) {
        fs::remove_file(self.flag()).expect("the flag");
    }

    /// What a program needs in its environment to have this disk.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library()), ("TEAM6_FULL_DISK", self.flag())]
    }

    /// A git that has this disk, whatever environment it is started with.
    pub fn git(&self) -> PathBuf {
        let program = self.path().join("git");
        let text = format!(
            "#!/bin/sh\nLD_PRELOAD='{}' TEAM6_FULL_DISK='{}' exec git \"$@\"\n",
            self.library().display(),
            self.flag().display()
        );
        crate::program::write(&program, &text).expect("a program");
        program
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn library(&self) -> PathBuf {
        self.path().join("full_disk.so")
    }

    fn flag(&self) -> PathBuf {
        self.path().join("full")
    }
}

impl Default for FullDisk {
    fn default() -> Self {
        Self::new()
    }
}
