//! The checks that a repository's own files speak of. They are proposals: a person accepts them, since they are run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Check, USUAL_SECONDS};
use crate::ids::CheckName;

/// The files that are looked at, at the top of the repository.
pub const FILES: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "pyproject.toml",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "go.mod",
    "Makefile",
    "makefile",
    "justfile",
    "Justfile",
];

/// A check that a repository seems to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// The check.
    pub check: Check,
    /// What it was found in.
    pub because: String,
}

/// The checks that the contents of a repository's files, by name, speak of. What a Makefile or a justfile calls a test is
/// what its team runs, so that it comes before what is usual for a language.
pub fn find(files: &BTreeMap<String, String>) -> Vec<Found> {
    let text = |name: &str| files.get(name).map(String::as_str);
    let mut found = Proposals::default();
    for (file, runner) in [
        ("Makefile", "make"),
        ("makefile", "make"),
        ("justfile", "just"),
        ("Justfile", "just"),
    ] {
        for target in ["test", "check", "lint"] {
            if text(file).is_some_and(|text| has_target(text, target)) {
                found.add(
                    target,
                    format!("{runner} {target}"),
                    format!("{file} has a target {target}"),
                );
            }
        }
    }
    if text("Cargo.toml").is_some() {
        found.add("test", "cargo test".into(), "Cargo.toml is there".into());
    }
    if let Some(package) = text("package.json") {
        found.of_package(package, files);
    }
    if let Some(file) = python_tests(files) {
        found.add("test", "python3 -m pytest".into(), format!("{file} speaks of pytest"));
    }
    if text("go.mod").is_some() {
        found.add("test", "go test ./...".into(), "go.mod is there".into());
    }
    found.0
}

#[derive(Default)]
struct Proposals(Vec<Found>);

impl Proposals {
    /// A second test of another language gets its program's name as well.
    fn add(&mut self, name: &str, command: String, because: String) {
        if self.0.iter().any(|known| known.check.command == command) {
            return;
        }
        let taken = |name: &str| self.0.iter().any(|known| known.check.name.as_str() == name);
        // What a team's own target runs would only be run twice.
        if taken(name) && self.0.iter().any(|known| known.because.contains(" has a target ")) {
            return;
        }
        let program = command.split_whitespace().next().unwrap_or_default();
        let name = match taken(name) {
            true => format!("{program}-{name}"),
            false => name.to_owned(),
        };
        let Ok(name) = CheckName::new(name) else { return };
        self.0.push(Found {
            check: Check {
                together: Default::default(),
                name,
                command,
                seconds: USUAL_SECONDS,
            },
            because,
        });
    }

    fn of_package(&mut self, package: &str, files: &BTreeMap<String, String>) {
        let Ok(package) = serde_json::from_str::<serde_json::Value>(package) else {
            return;
        };
        let runner = match () {
            () if files.contains_key("pnpm-lock.yaml") => "pnpm",
            () if files.contains_key("yarn.lock") => "yarn",
            () => "npm",
        };
        for script in ["test", "lint", "typecheck"] {
            let said = package
                .pointer(&format!("/scripts/{script}"))
                .and_then(|said| said.as_str());
            // What npm writes into a new package fails always.
            let real = said.is_some_and(|said| !said.trim().is_empty() && !said.contains("no test specified"));
            if real {
                let because = format!("package.json has a script {script}");
                self.add(script, format!("{runner} run {script}"), because);
            }
        }
    }
}

/// A line that begins with the target, and is no assignment.
fn has_target(text: &str, target: &str) -> bool {
    text.lines().any(|line| {
        let rest = line
            .strip_prefix(target)
            .or_else(|| line.strip_prefix('@')?.strip_prefix(target));
        let Some((parameters, after)) = rest.and_then(|rest| rest.split_once(':')) else {
            return false;
        };
        !after.starts_with('=') && (parameters.is_empty() || parameters.starts_with(' ')) && !parameters.contains('=')
    })
}

fn python_tests(files: &BTreeMap<String, String>) -> Option<&str> {
    let said = ["pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"].into_iter();
    said.into_iter().find(|name| match files.get(*name) {
        Some(_) if *name == "pytest.ini" => true,
        Some(text) => text.contains("pytest"),
        None => false,
    })
}
