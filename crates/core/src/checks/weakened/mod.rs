//! Whether a change weakens tests: what it removes of them, what they no longer look at, and what it has them skip.
//!
//! It reads a diff as git writes it, and no program: who reviews is told where to look, and decides. What was moved or
//! renamed is not told of, so that people go on reading what is.

mod diff;
mod language;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use diff::{Change, FileDiff, Hunk, Line};
use language::Language;

/// A place where a change weakens tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Weakened {
    /// The file.
    pub path: String,
    /// What became of its tests.
    pub how: Weakening,
}

/// What became of tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Weakening {
    /// A test is not there any more.
    TestRemoved {
        /// Its name.
        test: String,
    },
    /// Tests look at less than before.
    AssertionsLost {
        /// How many assertions were taken out, and none put in their place.
        count: usize,
    },
    /// A test is there, and is not run.
    SkipAdded {
        /// The line that says so.
        line: String,
    },
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.how {
            Weakening::TestRemoved { test } => write!(f, "{}: test `{test}` was removed", self.path),
            Weakening::AssertionsLost { count: 1 } => write!(f, "{}: an assertion was removed", self.path),
            Weakening::AssertionsLost { count } => write!(f, "{}: {count} assertions were removed", self.path),
            Weakening::SkipAdded { line } => write!(f, "{}: tests are skipped: `{line}`", self.path),
        }
    }
}

/// Where a change weakens tests, by a unified diff of git with renames found.
pub fn weakened(diff: &str) -> Vec<Weakened> {
    let files = diff::files(diff);
    let read = files.iter().filter_map(|file| Some((file, Language::of(file.path())?)));
    let read: Vec<(&FileDiff, Language)> = read.collect();
    let mut moves = Moves::new(&read);
    let mut found = Vec::new();
    for (file, language) in &read {
        let mut tell = |how| {
            found.push(Weakened {
                path: file.path().to_owned(),
                how,
            });
        };
        let mut lost = 0;
        for hunk in &file.hunks {
            for test in removed_tests(hunk, *language) {
                if !moves.take_test(*language, &test) {
                    tell(Weakening::TestRemoved { test });
                }
            }
            if language.tests_are_in(file.path()) {
                lost += hunk
                    .blocks()
                    .map(|block| lost_assertions(block, *language, &mut moves))
                    .sum::<usize>();
            }
            for line in hunk.lines.iter().filter(|line| line.change == Change::Added) {
                if language.tests_are_in(file.path())
                    && language.skips(&line.text)
                    && !moves.take_line(&line.text, Change::Removed)
                {
                    tell(Weakening::SkipAdded {
                        line: line.text.trim().chars().take(120).collect(),
                    });
                }
            }
        }
        if lost > 0 {
            tell(Weakening::AssertionsLost { count: lost });
        }
    }
    found
}

/// Tests of the old side that the new side does not have; a test that stands in the place of another, and looks at as
/// much, is that test under another name.
fn removed_tests(hunk: &Hunk, language: Language) -> Vec<String> {
    let before = language.tests(&hunk.side(Change::Removed));
    let after = language.tests(&hunk.side(Change::Added));
    let mut removed: Vec<String> = before.iter().filter(|test| !after.contains(test)).cloned().collect();
    let added = after.iter().filter(|test| !before.contains(test)).count();
    let assertions = |change| {
        let lines = hunk.lines.iter().filter(|line| line.change == change);
        lines.filter(|line| language.asserts(&line.text)).count()
    };
    if added > 0 && assertions(Change::Added) >= assertions(Change::Removed) {
        removed.drain(..added.min(removed.len()));
    }
    removed
}

fn lost_assertions(block: &[Line], language: Language, moves: &mut Moves) -> usize {
    let mut count = |change: Change, other: Change| {
        let lines = block
            .iter()
            .filter(|line| line.change == change && language.asserts(&line.text));
        lines.filter(|line| !moves.take_line(&line.text, other)).count()
    };
    let removed = count(Change::Removed, Change::Added);
    let added = count(Change::Added, Change::Removed);
    removed.saturating_sub(added)
}

/// What was taken out somewhere and put in elsewhere.
struct Moves {
    tests: BTreeMap<(Language, String), usize>,
    added: BTreeMap<String, usize>,
    removed: BTreeMap<String, usize>,
}

impl Moves {
    fn new(files: &[(&FileDiff, Language)]) -> Self {
        let mut moves = Self {
            tests: BTreeMap::new(),
            added: BTreeMap::new(),
            removed: BTreeMap::new(),
        };
        for (file, language) in files {
            for hunk in &file.hunks {
                let before = language.tests(&hunk.side(Change::Removed));
                let after = language.tests(&hunk.side(Change::Added));
                for test in after.into_iter().filter(|test| !before.contains(test)) {
                    *moves.tests.entry((*language, test)).or_default() += 1;
                }
                for line in &hunk.lines {
                    let lines = match line.change {
                        Change::Added => &mut moves.added,
                        Change::Removed => &mut moves.removed,
                        Change::None => continue,
                    };
                    *lines.entry(line.text.trim().to_owned()).or_default() += 1;
                }
            }
        }
        moves
    }

    fn take_test(&mut self, language: Language, test: &str) -> bool {
        take(self.tests.get_mut(&(language, test.to_owned())))
    }

    /// Whether the same line was changed the other way somewhere; each counts once.
    fn take_line(&mut self, line: &str, change: Change) -> bool {
        let lines = match change {
            Change::Added => &mut self.added,
            Change::Removed => &mut self.removed,
            Change::None => return false,
        };
        take(lines.get_mut(line.trim()))
    }
}

fn take(count: Option<&mut usize>) -> bool {
    match count {
        Some(count @ 1..) => {
            *count -= 1;
            true
        }
        _ => false,
    }
}
