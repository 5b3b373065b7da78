//! How a repository wants its workspaces to be made, as its file `.team6/workspace.toml` says.
//!
//! It is read from the base commit, so that it is reviewed with the code, and what is made stays a function of a commit.
//! Whatever it says, a workspace is made: what is not understood is told to people and has its default.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// Where a repository keeps it.
pub const FILE: &str = ".team6/workspace.toml";

/// The largest one that is read, in bytes.
pub(crate) const LARGEST: usize = 64 << 10;

/// The keys that it may have.
const KEYS: [&str; 5] = ["sparse", "submodules", "lfs", "setup", "locks"];
/// How much alike two keys must be for one to be meant by the other.
const ALIKE: f64 = 0.7;
/// The most paths in a list.
const MOST_PATHS: usize = 500;
/// The longest path, in bytes.
const LONGEST: usize = 4096;

/// How workspaces of a repository are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The folders that are checked out, with the files above them; all if there are none. Sorted, none within another.
    pub sparse: Vec<String>,
    /// Whether the files of submodules are there.
    pub submodules: bool,
    /// Whether files in Git LFS are there, and not their pointers.
    pub lfs: bool,
    /// What is run once, so that its outcome is there in all workspaces: a command for a shell.
    #[serde(default)]
    pub setup: Option<String>,
    /// The files that pin the versions of what it brings; it is run again when one changes. Those that are well known if
    /// there are none.
    #[serde(default)]
    pub locks: Vec<String>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            sparse: Vec::new(),
            submodules: true,
            lfs: true,
            setup: None,
            locks: Vec::new(),
        }
    }
}

impl Recipe {
    /// Reads one, and says what in it is not understood, in a sentence each.
    pub fn parse(text: &str) -> (Self, Vec<String>) {
        let mut recipe = Self::default();
        let mut wrong = Vec::new();
        if text.len() > LARGEST {
            wrong.push(format!("{FILE} is larger than {} KiB and is not used", LARGEST >> 10));
            return (recipe, wrong);
        }
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                wrong.push(format!("{FILE} is no TOML and is not used: {}", one_line(&error, text)));
                return (recipe, wrong);
            }
        };
        for (key, value) in table {
            let read = match key.as_str() {
                "sparse" => paths(value).map(|(paths, left_out)| {
                    recipe.sparse = without_nested(paths);
                    wrong.extend(left_out.iter().map(|why| entry(&key, why)));
                }),
                "submodules" => truth(&value).map(|on| recipe.submodules = on),
                "setup" => command(&value).map(|command| recipe.setup = Some(command)),
                "locks" => paths(value).map(|(paths, left_out)| {
                    recipe.locks = paths;
                    wrong.extend(left_out.iter().map(|why| entry(&key, why)));
                }),
                "lfs" => truth(&value).map(|on| recipe.lfs = on),
                _ => {
                    wrong.push(unknown(&key));
                    continue;
                }
            };
            if let Err(why) = read {
                wrong.push(format!("{FILE} has a \"{key}\" that is not used: {why}"));
            }
        }
        (recipe, wrong)
    }

    /// Whether a folder lies in what is checked out whole, or above it. Paths are as in [`Self::sparse`]; the empty one
    /// is the top.
    pub fn holds_folder(&self, folder: &str) -> bool {
        let within = |inner: &str, outer: &str| {
            outer.is_empty()
                || inner
                    .strip_prefix(outer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.sparse.is_empty()
            || self
                .sparse
                .iter()
                .any(|chosen| within(folder, chosen) || within(chosen, folder))
    }

    /// Whether a file is checked out: one in a chosen folder, or directly in a folder above one.
    pub fn holds_file(&self, path: &str) -> bool {
        self.holds_folder(path.rsplit_once('/').map_or("", |(folder, _)| folder))
    }
}

fn unknown(key: &str) -> String {
    let near = KEYS.into_iter().map(|known| (strsim::jaro_winkler(key, known), known));
    let best = near.max_by(|(one, _), (other, _)| one.total_cmp(other));
    let shown = key.escape_debug();
    match best.filter(|(alike, _)| *alike >= ALIKE) {
        Some((_, near)) => format!("{FILE} has the key \"{shown}\", which does not exist; did you mean \"{near}\"?"),
        None => format!(
            "{FILE} has the key \"{shown}\", which does not exist; there are {}",
            KEYS.join(", ")
        ),
    }
}

fn truth(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("it is {}; write true or false", kind(value)))
}

fn command(value: &Value) -> Result<String, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("it is {}; write a command as text", kind(value)))?;
    match text.trim() {
        "" => Err("it is empty; write a command, or leave it out".into()),
        command if command.len() > LONGEST || command.contains('\0') => Err(format!(
            "it has more than {LONGEST} bytes or one that is zero; write a script, and call it"
        )),
        command => Ok(command.to_owned()),
    }
}

fn entry(key: &str, why: &str) -> String {
    format!("{FILE} has an entry in \"{key}\" that is left out: {why}")
}

/// The paths in a list, and what is wrong with each that is none: the others are used.
fn paths(value: Value) -> Result<(Vec<String>, Vec<String>), String> {
    let Value::Array(values) = value else {
        return Err(format!("it is {}; write a list of paths", kind(&value)));
    };
    if values.len() > MOST_PATHS {
        return Err(format!("it has more than {MOST_PATHS} paths"));
    }
    let path = |value: &Value| match value {
        Value::String(text) => proper_path(text),
        other => Err(format!("it is {}; write a path as text", kind(other))),
    };
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for value in &values {
        match path(value) {
            Ok(path) => good.push(path),
            Err(why) => wrong.push(why),
        }
    }
    Ok((good, wrong))
}

/// A path within the repository, without what means nothing in it.
fn proper_path(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let leads_out = text.starts_with('/') || parts.contains(&"..");
    let odd = text.contains(|c: char| c.is_control() || c == '\\' || "*?[]".contains(c));
    let gits = parts.iter().any(|part| part.eq_ignore_ascii_case(".git"));
    if parts.is_empty() || leads_out || odd || gits || text.len() > LONGEST {
        let shown: String = text.chars().take(80).collect();
        return Err(format!(
            "\"{}\" is no path within the repository; write it from the top, without patterns, such as \"crates/a\"",
            shown.escape_debug()
        ));
    }
    Ok(parts.join("/"))
}

/// Sorts folders, and leaves out those that lie in others.
fn without_nested(mut folders: Vec<String>) -> Vec<String> {
    // As parts, so that what lies in a folder comes right behind it.
    folders.sort_by(|one, other| one.split('/').cmp(other.split('/')));
    folders.dedup_by(|later, earlier| {
        later
            .strip_prefix(earlier.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    folders
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| {
        let before = text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    });
    let what = error.message().lines().collect::<Vec<_>>().join(", ");
    match line {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let (recipe, wrong) = Recipe::parse(text);
        assert_eq!(recipe, Recipe::default(), "{text}");
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        wrong.into_iter().next().unwrap()
    }

    #[test]
    fn what_is_written_is_what_is_made() {
        let text =
            "sparse = [\"docs/\", \"./crates/a\", \"crates/a/src\", \"crates/a-b\"]\nsubmodules = false\nlfs = false\n";
        let (recipe, wrong) = Recipe::parse(text);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(recipe.sparse, ["crates/a", "crates/a-b", "docs"]);
        assert_eq!((recipe.submodules, recipe.lfs), (false, false));
        let (recipe, wrong) = Recipe::parse("setup = \" npm ci \"\nlocks = [\"web/package-lock.json\"]\n");
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(recipe.setup.as_deref(), Some("npm ci"));
        assert_eq!(recipe.locks, ["web/package-lock.json"]);
        assert_eq!(Recipe::parse(""), (Recipe::default(), Vec::new()));
    }

    #[test]
    fn a_key_that_does_not_exist_is_told_with_the_nearest_that_does() {
        assert_eq!(
            said("submodule = false"),
            ".team6/workspace.toml has the key \"submodule\", which does not exist; did you mean \"submodules\"?"
        );
        assert_eq!(
            said("[jobs]\nrun = 1"),
            ".team6/workspace.toml has the key \"jobs\", which does not exist; there are sparse, submodules, lfs, setup, \
             locks"
        );
    }

    #[test]
    fn a_value_that_cannot_be_used_is_told_and_has_its_default() {
        assert_eq!(
            said("lfs = \"no\""),
            ".team6/workspace.toml has a \"lfs\" that is not used: it is text; write true or false"
        );
        assert!(said("setup = 1").ends_with("it is a number; write a command as text"));
        assert!(said("setup = \" \"").ends_with("it is empty; write a command, or leave it out"));
        assert!(said("sparse = \"docs\"").ends_with("it is text; write a list of paths"));
        for path in [
            "../other",
            "/etc",
            "a/../../b",
            ".git/hooks",
            "a/.GIT",
            "",
            ".",
            "docs/*.md",
            "a\\\\b",
        ] {
            let text = said(&format!("sparse = [\"{path}\"]"));
            assert!(text.contains("no path within the repository"), "{path}: {text}");
        }
        let (recipe, wrong) = Recipe::parse("lfs = 1\nsubmodules = false");
        assert_eq!(
            (recipe.lfs, recipe.submodules, wrong.len()),
            (true, false, 1),
            "the rest is used"
        );
    }

    #[test]
    fn an_entry_that_is_no_path_is_named_and_the_others_are_used() {
        let (recipe, wrong) = Recipe::parse("sparse = [\"docs\", \"../other\", \"crates/a\", 1]");
        assert_eq!(recipe.sparse, ["crates/a", "docs"]);
        assert_eq!(
            wrong,
            [
                ".team6/workspace.toml has an entry in \"sparse\" that is left out: \"../other\" is no path within the \
                 repository; write it from the top, without patterns, such as \"crates/a\"",
                ".team6/workspace.toml has an entry in \"sparse\" that is left out: it is a number; write a path as text",
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let text = said("lfs = true\nsparse = [\"a\"");
        assert!(
            text.starts_with(".team6/workspace.toml is no TOML and is not used: line "),
            "{text}"
        );
        assert!(!text.contains('\n'), "{text}");
        assert!(said(&"# much\n".repeat(10_000)).contains("larger than 64 KiB"));
    }

    #[test]
    fn chosen_folders_hold_what_lies_in_them_and_directly_above() {
        let recipe = Recipe::parse("sparse = [\"crates/a\"]").0;
        for held in [
            "Cargo.toml",
            "crates/README.md",
            "crates/a/Cargo.toml",
            "crates/a/src/lib.rs",
        ] {
            assert!(recipe.holds_file(held), "{held}");
        }
        for other in ["crates/ab/x", "crates/b/Cargo.toml", "docs/x.md"] {
            assert!(!recipe.holds_file(other), "{other}");
        }
        assert!(Recipe::default().holds_file("docs/x.md"));
    }
}
