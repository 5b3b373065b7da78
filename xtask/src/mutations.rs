//! Mutations: deliberate breakages of the rules, each of which the simulator must notice.
//!
//! An invariant that nothing can break proves nothing. Here each rule is broken once, in a copy of the crates with a
//! target folder of its own, and the simulator plays until an invariant names the breakage. What survives is a hole in
//! the simulator.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::{process, say};

/// Where the mutations are listed.
pub(crate) const LIST: &str = "crates/sim/mutations.toml";
/// What is copied: the rules, the simulator, and what makes a workspace of them.
const COPIED: [&str; 2] = ["crates/core", "crates/sim"];
/// How long one mutation may play: a broken rule may also make something run for ever.
const PLAY: Duration = Duration::from_secs(300);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutations {
    pub(crate) mutation: Vec<Mutation>,
}

/// One breakage.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutation {
    pub(crate) name: String,
    /// The invariant that does not hold any more.
    pub(crate) breaks: String,
    /// What it would mean for people.
    pub(crate) means: String,
    pub(crate) file: PathBuf,
    pub(crate) find: String,
    pub(crate) replace: String,
}

/// What the simulator said.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Caught {
        invariant: String,
        seed: String,
        step: String,
    },
    Survived,
    /// It fails, but no invariant says why.
    Broken(String),
}

impl Mutations {
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let path = root.join(LIST);
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{LIST} is no list of mutations"))
    }
}

impl Mutation {
    /// The file with the breakage in it.
    pub(crate) fn apply(&self, text: &str) -> anyhow::Result<String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            found => bail!(
                "mutation {}: its text occurs {found} times in {}, not once; change {LIST} with the code",
                self.name,
                self.file.display()
            ),
        }
    }
}

/// Makes each mutation (or those whose names contain `only`) and plays `steps` steps; whether all were caught.
pub(crate) fn run(root: &Path, only: Option<&str>, steps: u64) -> anyhow::Result<bool> {
    let mut mutations = Mutations::read(root)?.mutation;
    mutations.retain(|mutation| only.is_none_or(|only| mutation.name.contains(only)));
    if mutations.is_empty() {
        bail!(
            "no mutation has {:?} in its name; {LIST} lists them",
            only.unwrap_or_default()
        );
    }
    let scratch = tempfile::tempdir().context("there is no temporary folder")?;
    copy_workspace(root, scratch.path())?;
    say("the rules as they are");
    if let wrong @ (Verdict::Caught { .. } | Verdict::Broken(_)) = play(scratch.path(), steps)? {
        bail!("the rules do not hold even unbroken: {wrong:?}; mend that first");
    }
    say(&format!(
        "\n{:<32} {:<22} {:>6} {:>6}",
        "mutation", "caught by", "seed", "step"
    ));
    let mut all_caught = true;
    for mutation in &mutations {
        let path = scratch.path().join(&mutation.file);
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        std::fs::write(&path, mutation.apply(&text)?)?;
        let verdict = play(scratch.path(), steps)?;
        std::fs::write(&path, text)?;
        all_caught &= matches!(verdict, Verdict::Caught { .. });
        // Each at once: all of them take half an hour.
        say(&row(mutation, &verdict));
    }
    Ok(all_caught)
}

fn row(mutation: &Mutation, verdict: &Verdict) -> String {
    let Mutation {
        name, breaks, means, ..
    } = mutation;
    match verdict {
        Verdict::Caught { invariant, seed, step } => format!("{name:<32} {invariant:<22} {seed:>6} {step:>6}  {means}"),
        Verdict::Survived => format!("{name:<32} SURVIVED: the simulator does not check \"{breaks}\""),
        Verdict::Broken(why) => format!("{name:<32} BROKEN: it fails without an invariant's name: {why}"),
    }
}

/// Plays the simulator of a workspace.
fn play(workspace: &Path, steps: u64) -> anyhow::Result<Verdict> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["test", "--no-run", "--offline", "--message-format=json"])
        .args(["--package", "team6-sim", "--test", "histories"])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env("RUSTFLAGS", "-Awarnings")
        .output()
        .context("cargo does not start")?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let error = said.lines().find(|line| line.starts_with("error"));
        return Ok(Verdict::Broken(format!(
            "it does not compile: {}",
            error.unwrap_or_default()
        )));
    }
    let simulator = executable(&built.stdout).context("cargo built no simulator")?;
    let mut simulator = Command::new(simulator);
    simulator
        .env("RUST_BACKTRACE", "0")
        .env("TEAM6_SIM_STEPS", steps.to_string())
        .env_remove("TEAM6_SIM_SEED");
    let (said, success) = process::within(PLAY, &mut simulator)?;
    Ok(match success {
        None => Verdict::Broken(format!("it plays for longer than {} s", PLAY.as_secs())),
        Some(true) => Verdict::Survived,
        Some(false) => verdict_of(&said),
    })
}

/// The test program among what cargo says it built.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = serde_json::Deserializer::from_slice(messages).into_iter::<serde_json::Value>();
    let built = messages.filter_map(Result::ok);
    built
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .last()
}

/// Reads the invariant from what a failed test prints.
fn verdict_of(said: &str) -> Verdict {
    let caught = said.lines().find_map(|line| {
        let (invariant, rest) = line
            .strip_prefix("invariant \"")?
            .split_once("\" does not hold with seed ")?;
        let (seed, rest) = rest.split_once(" at step ")?;
        let (step, _) = rest.split_once(':')?;
        Some(Verdict::Caught {
            invariant: invariant.into(),
            seed: seed.into(),
            step: step.into(),
        })
    });
    caught.unwrap_or_else(|| {
        let panic = said.lines().skip_while(|line| !line.contains("panicked at")).take(2);
        Verdict::Broken(panic.collect::<Vec<_>>().join(" "))
    })
}

/// A workspace of the copied crates alone, which resolves to the same versions.
fn copy_workspace(from: &Path, to: &Path) -> anyhow::Result<()> {
    let manifest = std::fs::read_to_string(from.join("Cargo.toml")).context("Cargo.toml cannot be read")?;
    let mut manifest: toml::Table = manifest.parse().context("Cargo.toml is not TOML")?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut);
    let workspace = workspace.context("Cargo.toml has no workspace")?;
    workspace.insert("members".into(), COPIED.to_vec().into());
    workspace.remove("default-members");
    std::fs::write(to.join("Cargo.toml"), manifest.to_string())?;
    std::fs::copy(from.join("Cargo.lock"), to.join("Cargo.lock")).context("Cargo.lock cannot be copied")?;
    COPIED
        .iter()
        .try_for_each(|folder| copy_folder(&from.join(folder), &to.join(folder)))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mutation_finds_its_place_and_is_documented() {
        let root = crate::root();
        let documented = std::fs::read_to_string(root.join("docs/testing.md")).unwrap();
        let mut names = BTreeSet::new();
        for mutation in Mutations::read(&root).unwrap().mutation {
            let text = std::fs::read_to_string(root.join(&mutation.file)).unwrap();
            let mutated = mutation.apply(&text).unwrap();
            assert_ne!(mutated, text, "mutation {} changes nothing", mutation.name);
            let row = format!("| `{}` | {} | {} |", mutation.name, mutation.means, mutation.breaks);
            assert!(documented.contains(&row), "docs/testing.md lacks this row:\n{row}");
            assert!(
                names.insert(mutation.name.clone()),
                "mutation {} is listed twice",
                mutation.name
            );
        }
    }

    #[test]
    fn a_failed_play_tells_its_invariant() {
        let said =
            "thread 'x' panicked at y.rs:1:\ninvariant \"3 fencing\" does not hold with seed 7 at step 41: why\n";
        let caught = Verdict::Caught {
            invariant: "3 fencing".into(),
            seed: "7".into(),
            step: "41".into(),
        };
        assert_eq!(verdict_of(said), caught);
        let panicked = "thread 'x' panicked at y.rs:1:\nindex out of bounds\n";
        assert!(matches!(verdict_of(panicked), Verdict::Broken(why) if why.contains("index out of bounds")));
    }
}
