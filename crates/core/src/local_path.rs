//! Where a local file lies in the workspaces of its repository.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::InvalidName;

/// The longest, in bytes.
const LONGEST: usize = 300;

/// The path of a file in a repository: relative, with `/` between its parts, none of which leads out of it or into git's
/// own folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct LocalPath(String);

impl LocalPath {
    /// Checks and makes the path.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidName> {
        let path = path.into();
        let part = |part: &str| {
            !["", ".", ".."].contains(&part)
                && !part.eq_ignore_ascii_case(".git")
                && !part.starts_with(' ')
                && !part.ends_with(' ')
        };
        let proper = path.len() <= LONGEST && !path.contains(|c: char| c.is_control() || c == '\\');
        match proper && path.split('/').all(part) {
            true => Ok(Self(path)),
            false => Err(InvalidName {
                kind: "local file",
                given: path.chars().take(LONGEST).collect(),
                rule: "it is a path from the top of the repository, such as .env or config/local.toml, without .. and .git",
            }),
        }
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the other one lies in a folder of this name.
    pub fn is_above(&self, other: &Self) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LocalPath {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl TryFrom<String> for LocalPath {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<LocalPath> for String {
    fn from(path: LocalPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_repository_and_out_of_git() {
        for good in [".env", "config/local.toml", "a/b c/d", "gitignore", ".github/x"] {
            assert!(LocalPath::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../x",
            "a//b",
            "a/",
            "./a",
            ".git/config",
            "a/.GIT/hooks/x",
            "a\nb",
            "a\\b",
            " a",
        ] {
            assert!(LocalPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(LocalPath::new("a".repeat(301)).is_err());
        let path = |text| LocalPath::new(text).unwrap();
        assert!(path("a").is_above(&path("a/b")) && !path("a").is_above(&path("ab")));
    }
}
