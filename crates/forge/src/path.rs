//! Names of files in a repository, which are bytes: most are UTF-8, some are not, and none may be lost.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The path of a file in a repository, from its root, with `/` between folders.
///
/// As text (and in JSON) it is the path itself, but a backslash is written `\\` and a byte that is no part of UTF-8
/// `\xNN`, so that every path has exactly one text and reads back as the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPath(Vec<u8>);

/// Why a text is not the path of a file in a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "path {given:?} is not valid: give it from the repository's root, a backslash as \\\\ and other bytes as \\xNN"
)]
pub struct InvalidPath {
    /// What was given.
    pub given: String,
}

impl RepoPath {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes as git keeps them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For people: what is not UTF-8, and what a terminal would act on, is replaced.
    pub fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect()
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c == '\\' {
                    f.write_str("\\\\")?;
                } else {
                    fmt::Write::write_char(f, c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for RepoPath {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let invalid = || InvalidPath { given: text.to_owned() };
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\\') {
            bytes.extend_from_slice(before.as_bytes());
            if let Some(after) = after.strip_prefix('\\') {
                bytes.push(b'\\');
                rest = after;
            } else {
                let digits = after
                    .strip_prefix('x')
                    .and_then(|hex| hex.get(..2))
                    .ok_or_else(invalid)?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| invalid())?);
                rest = &after[3..];
            }
        }
        bytes.extend_from_slice(rest.as_bytes());
        if bytes.is_empty() || bytes.first() == Some(&b'/') || bytes.contains(&0) {
            return Err(invalid());
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for RepoPath {
    type Error = InvalidPath;
    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> String {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_one_text_and_reads_back() {
        for (bytes, text) in [
            (&b"src/main.rs"[..], "src/main.rs"),
            ("größe/日本 x".as_bytes(), "größe/日本 x"),
            (b"a\\b", "a\\\\b"),
            (b"caf\xe9\n", "caf\\xe9\n"),
            (b"\\x41", "\\\\x41"),
        ] {
            let path = RepoPath::from_bytes(bytes);
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path));
        }
    }

    #[test]
    fn people_see_no_control_characters() {
        assert_eq!(RepoPath::from_bytes(b"a\x1b[31m\xff").shown(), "a\u{fffd}[31m\u{fffd}");
    }

    #[test]
    fn texts_that_name_no_file_are_refused() {
        for bad in ["", "/etc", "a\\", "a\\x4", "a\\xzz", "a\\y", "a\0b", "a\\xé"] {
            assert!(bad.parse::<RepoPath>().is_err(), "{bad:?}");
        }
    }
}
