//! Where comments may stand: on a file of the diff, or on lines of it that the diff shows.

use crate::diff::{Diff, FileDiff};
use crate::error::{BadComment, Misplaced};
use crate::path::RepoPath;
use crate::pull_request::{NewComment, Side};

/// How many similar files are named to whoever mistook one.
const NEAR: usize = 3;
/// How many of the mistaken are told: comparing names takes its time.
const TOLD: usize = 20;

impl Diff {
    /// The comments that stand nowhere in this diff, each with what is wrong and what was probably meant. What was cut off
    /// might be where they stand, so of a truncated diff only comments that are wrong in themselves are told.
    pub fn misplaced(&self, comments: &[NewComment]) -> Vec<BadComment> {
        let check = |(index, comment): (usize, &NewComment)| {
            let why = self.problem(comment)?;
            Some(BadComment {
                index,
                path: comment.path.clone(),
                line: comment.line,
                why,
            })
        };
        let mut bad: Vec<BadComment> = comments.iter().enumerate().filter_map(check).collect();
        for bad in bad.iter_mut().take(TOLD) {
            if let Misplaced::File { near } = &mut bad.why {
                *near = self.similar(&bad.path);
            }
        }
        bad
    }

    fn problem(&self, comment: &NewComment) -> Option<Misplaced> {
        if comment.end_line.is_some_and(|last| last < comment.line.unwrap_or(0)) {
            return Some(Misplaced::Backwards);
        }
        if self.truncated {
            return None;
        }
        // A file that became a link, say, is one that is gone and one that is new.
        let files = || self.files.iter().filter(|file| file.path() == Some(&comment.path));
        if files().next().is_none() {
            return Some(Misplaced::File { near: Vec::new() });
        }
        let (first, last) = (comment.line?, comment.end_line.or(comment.line)?);
        let lines: Vec<u32> = files().flat_map(|file| file.lines(comment.side == Side::Old)).collect();
        if lines.contains(&first) && lines.contains(&last) {
            return None;
        }
        let wrong = if lines.contains(&first) { last } else { first };
        let before = lines.iter().copied().filter(|line| *line < wrong).max();
        let after = lines.iter().copied().filter(|line| *line > wrong).min();
        Some(Misplaced::Line {
            near: before.into_iter().chain(after).collect(),
        })
    }

    fn similar(&self, path: &RepoPath) -> Vec<RepoPath> {
        let shown = path.shown();
        let distance = |path: &RepoPath| strsim::damerau_levenshtein(&path.shown(), &shown);
        let mut near: Vec<RepoPath> = self.files.iter().filter_map(FileDiff::path).cloned().collect();
        near.sort_by_cached_key(distance);
        near.truncate(NEAR);
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::parse;

    /// One changed file whose lines 9 to 11 were 9 and 10 before, a deleted one, a renamed one and a picture.
    const DIFF: &[u8] = b"diff --git a/src/list.rs b/src/list.rs\nindex 1..2 100644\n--- a/src/list.rs\n+++ b/src/list.rs\n\
        @@ -9,2 +9,3 @@\n one\n-two\n+2\n+3\ndiff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n\
        @@ -1 +0,0 @@\n-x\ndiff --git a/old.rs b/new.rs\nsimilarity index 100%\nrename from old.rs\nrename to new.rs\n\
        diff --git a/logo.png b/logo.png\nindex 1..2 100644\nBinary files a/logo.png and b/logo.png differ\n";

    fn on(path: &str, line: Option<u32>, side: Side) -> NewComment {
        NewComment {
            path: path.parse().unwrap(),
            line,
            end_line: None,
            side,
            text: "why?".into(),
        }
    }

    fn told(comments: &[NewComment]) -> Vec<String> {
        let bad = parse(DIFF, false).misplaced(comments);
        bad.iter().map(|bad| format!("{}: {bad}", bad.index)).collect()
    }

    #[test]
    fn comments_stand_on_shown_lines_of_their_side_or_on_whole_files() {
        let mut range = on("src/list.rs", Some(9), Side::New);
        range.end_line = Some(11);
        let placed = [
            on("src/list.rs", Some(11), Side::New),
            on("src/list.rs", Some(10), Side::Old),
            on("src/list.rs", None, Side::New),
            on("gone", Some(1), Side::Old),
            on("new.rs", None, Side::New),
            on("logo.png", None, Side::New),
            range,
        ];
        assert!(told(&placed).is_empty(), "{:?}", told(&placed));
    }

    #[test]
    fn each_comment_that_stands_nowhere_is_told_with_what_was_meant() {
        let mut backwards = on("src/list.rs", Some(11), Side::New);
        backwards.end_line = Some(9);
        let mut too_far = on("src/list.rs", Some(9), Side::New);
        too_far.end_line = Some(40);
        let comments = [
            on("src/lst.rs", Some(9), Side::New),
            on("src/list.rs", Some(9), Side::New),
            on("src/list.rs", Some(12), Side::New),
            on("src/list.rs", Some(11), Side::Old),
            on("gone", Some(1), Side::New),
            on("old.rs", None, Side::Old),
            on("logo.png", Some(1), Side::New),
            backwards,
            too_far,
        ];
        let expected = [
            "0: src/lst.rs:9 (the file was not changed; did you mean src/list.rs or new.rs or gone?)",
            "2: src/list.rs:12 (nearest lines: 11)",
            "3: src/list.rs:11 (nearest lines: 10)",
            "4: gone:1 (that side has no lines; comment on the file instead)",
            "5: old.rs (the file was not changed; did you mean new.rs or gone or logo.png?)",
            "6: logo.png:1 (that side has no lines; comment on the file instead)",
            "7: src/list.rs:11 (its last line comes before its first)",
            "8: src/list.rs:9 (nearest lines: 11)",
        ];
        assert_eq!(told(&comments), expected);
    }

    #[test]
    fn what_was_cut_off_may_be_what_is_meant() {
        let mut backwards = on("src/list.rs", Some(11), Side::New);
        backwards.end_line = Some(9);
        let comments = [on("src/later.rs", Some(1), Side::New), backwards];
        let bad = parse(DIFF, true).misplaced(&comments);
        assert_eq!(bad.len(), 1);
        assert_eq!((bad[0].index, &bad[0].why), (1, &Misplaced::Backwards));
    }

    #[test]
    fn nothing_that_is_given_panics() {
        let mut odd = on("x", Some(u32::MAX), Side::New);
        odd.end_line = Some(0);
        let mut end_only = on("src/list.rs", None, Side::New);
        end_only.end_line = Some(3);
        Diff::default().misplaced(&[odd.clone(), end_only.clone()]);
        assert_eq!(parse(DIFF, false).misplaced(&[odd, end_only]).len(), 1);
    }
}
