//! The configuration, found the same way by the server and by the commands that talk to it.

use std::path::{Path, PathBuf};

use team6_core::ids::PersonId;
use team6_server::config::{self, Config, Loaded, Person};

/// The configuration of this folder or this user, or the given file, as it is written.
pub(crate) fn load(file: Option<&Path>) -> Result<Loaded, String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let file = file
        .map(Path::to_owned)
        .or_else(|| config::default_file(&here, |name| std::env::var(name).ok()));
    let mut loaded = config::load(file.as_deref()).map_err(|error| error.to_string())?;
    let folder = file.as_deref().and_then(Path::parent).map(Path::to_owned);
    place(&mut loaded.config, folder.as_deref().unwrap_or(&here));
    Ok(loaded)
}

/// Relative paths are meant from the folder of the configuration file.
fn place(config: &mut Config, folder: &Path) {
    for path in [&mut config.agents.folder, &mut config.data] {
        *path = folder.join(&*path);
    }
}

/// Whoever runs the program, for a configuration that names nobody.
pub(crate) fn whoever_runs_it() -> Result<(PersonId, Person), String> {
    let git = |name: &str| {
        let output = std::process::Command::new("git").args(["config", name]).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    let user = std::env::var("USER").unwrap_or_else(|_| "me".into()).to_lowercase();
    let id = PersonId::new(user)
        .or_else(|_| PersonId::new("me"))
        .map_err(|error| error.to_string())?;
    let person = Person {
        name: git("user.name").unwrap_or_else(|| id.to_string()),
        email: git("user.email").unwrap_or_else(|| format!("{id}@localhost")),
        handles: Vec::new(),
        approves: true,
    };
    Ok((id, person))
}

/// The file in the data folder in which a running server says where it listens.
pub(crate) fn address_file(data: &Path) -> PathBuf {
    data.join("address")
}
