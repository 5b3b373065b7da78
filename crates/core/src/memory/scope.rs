//! Where a memory holds: in the whole project, in a repository, or below a path of one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{InvalidName, RepositoryId};

/// The longest path, in bytes.
const LONGEST: usize = 300;

/// A file or folder of a repository: relative, with `/` between its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct ScopePath(String);

impl ScopePath {
    /// Checks and makes the path; `./` before it and `/` behind it are left out.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidName> {
        let given = path.into();
        let path = given.trim().trim_start_matches("./").trim_end_matches('/');
        let part = |part: &str| !["", ".", ".."].contains(&part);
        let proper = path.len() <= LONGEST && !path.contains(|c: char| c.is_control() || c == '\\');
        if proper && path.split('/').all(part) {
            return Ok(Self(path.to_owned()));
        }
        Err(InvalidName {
            kind: "path",
            given: given.chars().take(LONGEST).collect(),
            rule: "it is a file or folder from the top of the repository, such as src/billing, without ..",
        })
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It and the folders that it lies in, innermost first.
    pub fn with_folders(&self) -> impl Iterator<Item = &str> {
        let mut next = Some(self.0.as_str());
        std::iter::from_fn(move || {
            let this = next?;
            next = this.rsplit_once('/').map(|(folder, _)| folder);
            Some(this)
        })
    }

    /// Whether the other one is this one, or lies in it.
    fn holds(&self, other: &Self) -> bool {
        let rest = other.0.strip_prefix(&self.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether one of them lies in the other.
    pub fn meets(&self, other: &Self) -> bool {
        self.holds(other) || other.holds(self)
    }
}

impl fmt::Display for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ScopePath {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl TryFrom<String> for ScopePath {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<ScopePath> for String {
    fn from(path: ScopePath) -> String {
        path.0
    }
}

/// Where a memory holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "in", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Scope {
    /// Everywhere in the project.
    Project,
    /// In a repository.
    Repository { repository: RepositoryId },
    /// At a path of a repository, and below it.
    Path { repository: RepositoryId, path: ScopePath },
}

impl Scope {
    /// The scope that these say; none for a path of no repository.
    pub fn of(repository: Option<RepositoryId>, path: Option<ScopePath>) -> Option<Self> {
        match (repository, path) {
            (None, None) => Some(Self::Project),
            (Some(repository), None) => Some(Self::Repository { repository }),
            (Some(repository), Some(path)) => Some(Self::Path { repository, path }),
            (None, Some(_)) => None,
        }
    }

    /// Its repository, unless it is the whole project.
    pub fn repository(&self) -> Option<&RepositoryId> {
        match self {
            Self::Project => None,
            Self::Repository { repository } | Self::Path { repository, .. } => Some(repository),
        }
    }

    /// Its path, if it has one.
    pub fn path(&self) -> Option<&ScopePath> {
        match self {
            Self::Path { path, .. } => Some(path),
            Self::Project | Self::Repository { .. } => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project => f.write_str("the whole project"),
            Self::Repository { repository } => write!(f, "{repository}"),
            Self::Path { repository, path } => write!(f, "{repository} at {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ScopePath {
        ScopePath::new(text).unwrap()
    }

    #[test]
    fn a_path_is_one_of_a_repository() {
        assert_eq!(path("./src/billing/").as_str(), "src/billing");
        for bad in ["", "/", "..", "src/../..", "/etc/passwd", "a//b", "a\\b", "a\nb"] {
            assert!(ScopePath::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_meet_where_one_lies_in_the_other() {
        assert!(path("src").meets(&path("src/billing/tax.rs")));
        assert!(path("src/billing/tax.rs").meets(&path("src")));
        assert!(!path("src/bill").meets(&path("src/billing")));
        let folders: Vec<&str> = ["a/b/c.rs"].iter().flat_map(|_| ["a/b/c.rs", "a/b", "a"]).collect();
        assert_eq!(path("a/b/c.rs").with_folders().collect::<Vec<_>>(), folders);
    }
}
