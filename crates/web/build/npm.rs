//! Builds the app with npm. Scripts of packages are not run, and one build at a time uses the folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::tell;

/// How much is shown of what a failed program said.
const SHOWN: usize = 1_500;
/// What of the app its build does not read, or makes itself.
const NOT_READ: [&str; 7] = [
    "node_modules",
    "dist",
    "e2e",
    "test-results",
    "playwright-report",
    "playwright.config.ts",
    "orval.config.ts",
];

/// Why the app was not built.
#[derive(Debug)]
pub(crate) enum NpmError {
    /// The folder of the app cannot be used.
    Folder(io::Error),
    /// npm cannot be started.
    Start(io::Error),
    /// npm failed, and said this.
    Failed(String, String),
    /// npm succeeded and there is no app.
    Nothing(PathBuf),
}

impl std::fmt::Display for NpmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(error) => write!(
                f,
                "the sources of the app cannot be used: {error}; see that crates/web/app is yours"
            ),
            Self::Start(error) => write!(
                f,
                "npm does not start: {error}; install Node 20 or newer, or set TEAM6_WEB=skip"
            ),
            Self::Failed(what, said) => write!(f, "`{what}` failed; call it in crates/web/app to see more: {said}"),
            Self::Nothing(dist) => write!(f, "`npm run build` left no {}; see its vite.config.ts", dist.display()),
        }
    }
}

impl std::error::Error for NpmError {}

/// Builds the app and gives the folder of what was built.
pub(crate) fn build(app: &Path) -> Result<PathBuf, NpmError> {
    watch(app).map_err(NpmError::Folder)?;
    // Builds of other profiles have their own folders of cargo, and share this one.
    let folder = File::open(app).map_err(NpmError::Folder)?;
    folder.lock().map_err(NpmError::Folder)?;
    if !is_installed(app) {
        npm(
            app,
            &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        )?;
    }
    npm(app, &["run", "--silent", "build"])?;
    let dist = app.join("dist");
    if !dist.join("index.html").is_file() {
        return Err(NpmError::Nothing(dist));
    }
    Ok(dist)
}

/// Has cargo build again when what the app is made of changes, and only then.
fn watch(app: &Path) -> io::Result<()> {
    for entry in fs::read_dir(app)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if !NOT_READ.contains(&name) && !name.starts_with('.') {
            tell(&format!("rerun-if-changed={}", path.display()));
        }
    }
    Ok(())
}

/// Whether what the lockfile names was installed after it was written.
fn is_installed(app: &Path) -> bool {
    let changed = |path: &str| -> io::Result<SystemTime> { fs::metadata(app.join(path))?.modified() };
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        _ => false,
    }
}

fn npm(app: &Path, arguments: &[&str]) -> Result<(), NpmError> {
    let mut command = Command::new("npm");
    // For production, npm would leave out what builds the app.
    let ran = command.args(arguments).current_dir(app).env_remove("NODE_ENV").output();
    let output = ran.map_err(NpmError::Start)?;
    if output.status.success() {
        return Ok(());
    }
    Err(NpmError::Failed(
        format!("npm {}", arguments.join(" ")),
        end_of(&output),
    ))
}

/// The end of what a program said, in one line, as cargo shows warnings.
fn end_of(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    let words: Vec<&str> = said.split_whitespace().collect();
    let line = words.join(" ");
    let from = line.char_indices().rev().nth(SHOWN).map_or(0, |(at, _)| at);
    line[from..].to_owned()
}
