//! A unified diff, as far as it matters here.

/// What a diff says of a file.
#[derive(Debug, Default)]
pub(super) struct FileDiff {
    before: Option<String>,
    after: Option<String>,
    pub(super) hunks: Vec<Hunk>,
}

/// A piece of a file with what stands around it.
#[derive(Debug, Default)]
pub(super) struct Hunk {
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) change: Change,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Removed,
    Added,
}

impl FileDiff {
    /// Where it is now, or was before it was deleted.
    pub(super) fn path(&self) -> &str {
        self.after.as_deref().or(self.before.as_deref()).unwrap_or_default()
    }
}

impl Hunk {
    /// The lines before the change, or after it.
    pub(super) fn side(&self, change: Change) -> Vec<&str> {
        let of_side = |line: &&Line| line.change == Change::None || line.change == change;
        self.lines
            .iter()
            .filter(of_side)
            .map(|line| line.text.as_str())
            .collect()
    }

    /// What was changed in one place: lines without any between them that stayed.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &[Line]> {
        self.lines
            .chunk_by(|one, other| (one.change == Change::None) == (other.change == Change::None))
    }
}

/// Reads a diff. What it does not know is left out.
pub(super) fn files(diff: &str) -> Vec<FileDiff> {
    let mut files: Vec<FileDiff> = Vec::new();
    // How many lines of the old and of the new side the hunk still has: a removed line may look like a header.
    let mut left = (0_usize, 0_usize);
    for line in diff.lines() {
        let hunk = files.last_mut().and_then(|file| file.hunks.last_mut());
        if left != (0, 0)
            && let Some(hunk) = hunk
        {
            let (change, text) = match line.split_at_checked(1) {
                Some(("-", text)) => (Change::Removed, text),
                Some(("+", text)) => (Change::Added, text),
                Some((" ", text)) => (Change::None, text),
                Some(("\\", _)) => continue,
                _ => (Change::None, line),
            };
            if change != Change::Added {
                left.0 = left.0.saturating_sub(1);
            }
            if change != Change::Removed {
                left.1 = left.1.saturating_sub(1);
            }
            let text = text.to_owned();
            hunk.lines.push(Line { change, text });
        } else if line.starts_with("diff --git ") {
            files.push(FileDiff::default());
        } else if let Some(file) = files.last_mut() {
            if let Some(path) = line.strip_prefix("--- ") {
                file.before = path_of(path, "a/");
            } else if let Some(path) = line.strip_prefix("+++ ") {
                file.after = path_of(path, "b/");
            } else if let Some(counts) = line.strip_prefix("@@ ").and_then(counts) {
                left = counts;
                file.hunks.push(Hunk::default());
            }
        }
    }
    files
}

fn path_of(path: &str, prefix: &str) -> Option<String> {
    let path = path.trim_end_matches('\t').trim_matches('"');
    path.strip_prefix(prefix).map(str::to_owned)
}

/// The lengths in `-1,4 +1,5 @@ …`.
fn counts(header: &str) -> Option<(usize, usize)> {
    let mut words = header.split(' ');
    let mut length = |sign: char| {
        let word = words.next()?.strip_prefix(sign)?;
        match word.split_once(',') {
            Some((_, length)) => length.parse().ok(),
            None => Some(1),
        }
    };
    Some((length('-')?, length('+')?))
}
