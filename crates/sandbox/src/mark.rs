//! The mark by which the processes of a tree are known even when everything that knew them is gone.

use std::fmt;

/// The environment variable that carries the mark into every process of a tree.
pub const MARK_VARIABLE: &str = "TEAM6_TREE";

/// Names a tree: the data folder of the engine that started it, and which of its trees it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeMark {
    data_folder: String,
    tree: String,
}

/// Why a mark cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mark \"{given}\" is not valid: use 1 to 80 of a-z, A-Z, 0-9, - and _")]
pub struct InvalidMark {
    /// The part that was given.
    pub given: String,
}

impl TreeMark {
    /// The mark of `tree`, usually an attempt, of the engine whose data folder has this id.
    pub fn new(data_folder: impl Into<String>, tree: impl Into<String>) -> Result<Self, InvalidMark> {
        Ok(Self {
            data_folder: checked(data_folder.into())?,
            tree: checked(tree.into())?,
        })
    }

    /// The id of the data folder.
    pub fn data_folder(&self) -> &str {
        &self.data_folder
    }

    /// Which tree of that data folder.
    pub fn tree(&self) -> &str {
        &self.tree
    }
}

impl TreeMark {
    /// For a process of the same engine that belongs to no tree yet.
    pub(crate) fn of_no_tree(&self) -> Self {
        Self {
            data_folder: self.data_folder.clone(),
            tree: "ready".to_owned(),
        }
    }

    /// Reads what `to_string` wrote.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (data_folder, tree) = value.split_once('/')?;
        Self::new(data_folder, tree).ok()
    }
}

impl fmt::Display for TreeMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.data_folder, self.tree)
    }
}

fn checked(part: String) -> Result<String, InvalidMark> {
    let fits = (1..=80).contains(&part.len());
    if fits
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        Ok(part)
    } else {
        Err(InvalidMark { given: part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_two_plain_parts() {
        let mark = TreeMark::new("f00d", "s1-a3").unwrap();
        assert_eq!(mark.to_string(), "f00d/s1-a3");
        for bad in ["", "a/b", "a b", "ä", "a\0", &"x".repeat(81)] {
            assert!(TreeMark::new("f00d", bad).is_err(), "{bad}");
            assert!(TreeMark::new(bad, "s1-a3").is_err(), "{bad}");
        }
    }
}
