//! A place in everything that a stream tells: in the log, and in each trace that it follows.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use team6_core::ids::{AttemptId, Position};

/// A place, written as `4711` or `4711;s3-a7@88`. Programs give it back as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) position: Position,
    pub(super) traces: BTreeMap<AttemptId, u64>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.position)?;
        for (attempt, seq) in &self.traces {
            write!(f, ";{attempt}@{seq}")?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split(';');
        let position = parts.next().and_then(|position| position.parse().ok()).ok_or(())?;
        let trace = |part: &str| {
            let (attempt, seq) = part.split_once('@')?;
            Some((attempt.parse().ok()?, seq.parse().ok()?))
        };
        Ok(Self {
            position: Position(position),
            traces: parts.map(trace).collect::<Option<_>>().ok_or(())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in ["0", "4711", "4711;s3-a7@88", "1;s3-a7@0;s12-a1@18446744073709551615"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for broken in ["", ";", "x", "-1", "1;", "1;s3-a7", "1;@3", "1;s3-a7@x", "1,s3-a7@1"] {
            assert!(broken.parse::<Cursor>().is_err(), "{broken}");
        }
    }
}
