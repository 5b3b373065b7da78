//! What a pull request changes, read from git's own unified diff, within bounds.

use serde::{Deserialize, Serialize};

use crate::path::RepoPath;

/// Which states are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// All of the newest patch set.
    #[default]
    Whole,
    /// All of one patch set.
    PatchSet(u32),
    /// What the second patch set changes of the first.
    Between(u32, u32),
}

/// How much of a diff is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiffOptions {
    /// Lines around each change.
    pub context: u32,
    /// The most bytes of git's output that are read; what follows is cut off.
    pub most: usize,
    /// Only this file.
    pub path: Option<RepoPath>,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self {
            context: 3,
            most: 4 << 20,
            path: None,
        }
    }
}

impl DiffOptions {
    /// With so many lines around each change that people can comment on what they unfold.
    pub fn for_comments() -> Self {
        Self {
            context: 1_000,
            ..Self::default()
        }
    }
}

/// A diff as git writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// The text; what is not UTF-8 is replaced.
    pub text: String,
    /// Whether the end is cut off.
    pub truncated: bool,
}

/// A diff in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// The files, in git's order.
    pub files: Vec<FileDiff>,
    /// Whether files or lines are missing because there are too many.
    pub truncated: bool,
}

/// What changed in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Its name before; none for a new file.
    pub old: Option<RepoPath>,
    /// Its name after; none for a deleted file.
    pub new: Option<RepoPath>,
    /// In which way it changed.
    pub change: Change,
    /// Its mode before and after, where that changed.
    pub mode: Option<Mode>,
    /// Lines that were added.
    pub additions: u32,
    /// Lines that were taken away.
    pub deletions: u32,
    /// What it holds.
    pub content: Content,
}

/// In which way a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// Its content or mode changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name.
    Renamed,
    /// It is a copy of another.
    Copied,
}

/// A file's mode before and after, as git writes it (`100644`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mode {
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
}

/// The content of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "content", rename_all = "snake_case")]
pub enum Content {
    /// Text, in pieces.
    Text {
        /// The pieces that changed, with the lines around them.
        hunks: Vec<Hunk>,
    },
    /// Not text.
    Binary,
}

/// A piece of a file that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// Its first line before, from 1.
    pub old_start: u32,
    /// Its first line after, from 1.
    pub new_start: u32,
    /// What git says it belongs to, such as a function.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Whether it was there before, after, or both.
    pub kind: LineKind,
    /// Its text without the line's end; what is not UTF-8 is replaced.
    pub text: String,
    /// Its number before.
    pub old: Option<u32>,
    /// Its number after.
    pub new: Option<u32>,
}

/// Whether a line was there before, after, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Both.
    Context,
    /// Only after.
    Added,
    /// Only before.
    Deleted,
}

impl FileDiff {
    /// The name that people know it by: the new one, or the old one of a deleted file.
    pub fn path(&self) -> Option<&RepoPath> {
        self.new.as_ref().or(self.old.as_ref())
    }

    /// The numbers of the lines that are shown on a side.
    pub(crate) fn lines(&self, old_side: bool) -> impl Iterator<Item = u32> {
        let hunks = match &self.content {
            Content::Text { hunks } => hunks.as_slice(),
            Content::Binary => &[],
        };
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.filter_map(move |line| if old_side { line.old } else { line.new })
    }
}

/// Reads the output of `git diff --full-index` with prefixes `a/` and `b/`. What a cut left half is left out.
pub(crate) fn parse(bytes: &[u8], truncated: bool) -> Diff {
    let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
        _ if !truncated => bytes,
        Some(end) => &bytes[..end],
        None => &[],
    };
    let mut diff = Diff {
        files: Vec::new(),
        truncated,
    };
    let mut numbers = (0, 0);
    for line in whole.split(|byte| *byte == b'\n') {
        if let Some(names) = line.strip_prefix(b"diff --git ") {
            diff.files.push(begin(names));
            continue;
        }
        let Some(file) = diff.files.last_mut() else { continue };
        let in_hunks = matches!(&file.content, Content::Text { hunks } if !hunks.is_empty());
        if let Some(rest) = line.strip_prefix(b"@@ ") {
            numbers = hunk(file, rest);
        } else if in_hunks {
            body(file, line, &mut numbers);
        } else {
            header(file, line);
        }
    }
    // Of a file whose lines are missing, the name and the kind of change may be missing too.
    let shows_nothing = |file: &mut FileDiff| matches!(&file.content, Content::Text { hunks } if hunks.is_empty());
    if truncated {
        diff.files.pop_if(shows_nothing);
    }
    diff
}

/// `a/x b/x`, as far as the two names are the same; renames say their names in later lines.
fn begin(names: &[u8]) -> FileDiff {
    let name = if names.first() == Some(&b'"') {
        quoted_end(names).and_then(|end| unquote(&names[..=end]))
    } else {
        // `a/<name> b/<name>`: both halves are as long.
        let half = names.len().saturating_sub(1) / 2;
        names.get(..half).map(<[u8]>::to_vec)
    };
    let path = name.and_then(|name| name.get(2..).map(RepoPath::from_bytes));
    FileDiff {
        old: path.clone(),
        new: path,
        change: Change::Modified,
        mode: None,
        additions: 0,
        deletions: 0,
        content: Content::Text { hunks: Vec::new() },
    }
}

/// Where the name in quotes that the bytes begin with ends.
fn quoted_end(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    (1..bytes.len()).find(|at| {
        let ends = bytes[*at] == b'"' && !escaped;
        escaped = bytes[*at] == b'\\' && !escaped;
        ends
    })
}

fn header(file: &mut FileDiff, line: &[u8]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = |bytes: &[u8]| unquote(bytes).map(|name| RepoPath::from_bytes(&name));
    if line.starts_with(b"new file mode ") {
        file.change = Change::Added;
        file.old = None;
    } else if line.starts_with(b"deleted file mode ") {
        file.change = Change::Deleted;
        file.new = None;
    } else if let Some(mode) = line.strip_prefix(b"old mode ") {
        file.mode = Some(Mode {
            old: text(mode),
            new: String::new(),
        });
    } else if let Some(mode) = line.strip_prefix(b"new mode ") {
        if let Some(known) = &mut file.mode {
            known.new = text(mode);
        }
    } else if let Some(old) = line.strip_prefix(b"rename from ") {
        (file.change, file.old) = (Change::Renamed, name(old));
    } else if let Some(new) = line
        .strip_prefix(b"rename to ")
        .or_else(|| line.strip_prefix(b"copy to "))
    {
        file.new = name(new);
    } else if let Some(old) = line.strip_prefix(b"copy from ") {
        (file.change, file.old) = (Change::Copied, name(old));
    } else if line.starts_with(b"Binary files ") || line.starts_with(b"GIT binary patch") {
        file.content = Content::Binary;
    }
}

/// `-a,b +c,d @@ heading`; gives the numbers of the first lines.
fn hunk(file: &mut FileDiff, rest: &[u8]) -> (u32, u32) {
    let text = String::from_utf8_lossy(rest);
    let (ranges, heading) = text.split_once(" @@").unwrap_or((&text, ""));
    let number = |sign: char| {
        let range = ranges.split(' ').find_map(|range| range.strip_prefix(sign));
        range
            .and_then(|range| range.split(',').next()?.parse().ok())
            .unwrap_or(0)
    };
    let (old_start, new_start) = (number('-'), number('+'));
    if let Content::Text { hunks } = &mut file.content {
        hunks.push(Hunk {
            old_start,
            new_start,
            heading: heading.trim().to_owned(),
            lines: Vec::new(),
        });
    }
    (old_start, new_start)
}

fn body(file: &mut FileDiff, line: &[u8], (old, new): &mut (u32, u32)) {
    let Some((sign, rest)) = line.split_first() else { return };
    let kind = match sign {
        b'+' => LineKind::Added,
        b'-' => LineKind::Deleted,
        b' ' => LineKind::Context,
        // "\ No newline at end of file"
        _ => return,
    };
    let take = |number: &mut u32| {
        *number += 1;
        Some(*number - 1)
    };
    let made = Line {
        kind,
        text: String::from_utf8_lossy(rest).into_owned(),
        old: if kind == LineKind::Added { None } else { take(old) },
        new: if kind == LineKind::Deleted { None } else { take(new) },
    };
    file.additions += u32::from(kind == LineKind::Added);
    file.deletions += u32::from(kind == LineKind::Deleted);
    if let Content::Text { hunks } = &mut file.content
        && let Some(hunk) = hunks.last_mut()
    {
        hunk.lines.push(made);
    }
}

/// A name as git writes it: in quotes and with escapes if it is odd.
pub(crate) fn unquote(name: &[u8]) -> Option<Vec<u8>> {
    let Some(inner) = name.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return Some(name.to_vec());
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => plain.push(b'\n'),
            b't' => plain.push(b'\t'),
            b'r' => plain.push(b'\r'),
            b'a' => plain.push(7),
            b'b' => plain.push(8),
            b'v' => plain.push(11),
            b'f' => plain.push(12),
            digit @ b'0'..=b'3' => {
                let rest = [bytes.next()?, bytes.next()?];
                let value = rest.iter().fold(u32::from(digit - b'0'), |sum, d| {
                    sum * 8 + u32::from(d.wrapping_sub(b'0') & 7)
                });
                plain.push(u8::try_from(value).ok()?);
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_read_with_line_numbers_names_and_kinds() {
        let text = b"diff --git a/a b.txt b/a b.txt\nindex 1..2 100644\n--- a/a b.txt\t\n+++ b/a b.txt\t\n@@ -1,2 +1,3 @@ fn x()\n one\n-two\n+2\n+3\n\\ No newline at end of file\ndiff --git \"a/new\\nline\" \"b/new\\nline\"\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and \"b/new\\nline\" differ\ndiff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n";
        let diff = parse(text, false);
        assert_eq!(diff.files.len(), 3);
        let first = &diff.files[0];
        assert_eq!(
            (first.path().unwrap().shown().as_str(), first.additions, first.deletions),
            ("a b.txt", 2, 1)
        );
        assert_eq!(first.lines(false).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(first.lines(true).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(diff.files[1].new.as_ref().unwrap().as_bytes(), b"new\nline");
        assert_eq!(
            (diff.files[1].change, &diff.files[1].content),
            (Change::Added, &Content::Binary)
        );
        assert_eq!(diff.files[2].change, Change::Renamed);
        assert_eq!(diff.files[2].old.as_ref().unwrap().shown(), "x");
    }
}
