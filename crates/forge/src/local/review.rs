//! Reviews, and the threads that they begin.

use team6_core::time::Timestamp;

use super::changes::wrong_state;
use super::record::Step;
use super::repository::Repository;
use crate::diff::{Content, Diff, DiffOptions, FileDiff, LineKind};
use crate::error::ForgeError;
use crate::pull_request::{Anchor, Comment, NewReply, NewReview, PullRequest, Resolution, Review, Side, State, Thread};

impl Repository {
    pub(super) async fn review(&self, number: u64, new: &NewReview) -> Result<Review, ForgeError> {
        let known = self.record(number).await?.document.pull_request;
        if let Some(review) = known.reviews.iter().find(|review| review.key == new.key) {
            return Ok(review.clone());
        }
        if known.state != State::Open {
            return Err(wrong_state(&known, "only open pull requests are reviewed"));
        }
        let set = known.patch_set(new.patch_set).ok_or_else(|| {
            let why = format!("there are 1 to {}", known.patch_sets.len());
            ForgeError::invalid(format!("patch set {}", new.patch_set), why)
        })?;
        if !new.comments.is_empty() {
            let diff = self
                .compare(&set.merge_base, &set.head, &DiffOptions::for_comments())
                .await?;
            let bad = diff.misplaced(&new.comments);
            if !bad.is_empty() {
                return Err(ForgeError::BadComments(bad));
            }
        }
        self.change_record(number, new.at, |document| {
            let known = &mut document.pull_request;
            if let Some(review) = known.reviews.iter().find(|review| review.key == new.key) {
                return Ok(Step::Done(review.clone()));
            }
            let answer = add(known, new);
            Ok(Step::Write {
                summary: format!("review by {}", new.author),
                refs: Vec::new(),
                answer,
            })
        })
        .await
    }

    async fn change_thread(
        &self,
        number: u64,
        id: u32,
        at: Timestamp,
        summary: String,
        change: impl Fn(&mut Thread) -> bool,
    ) -> Result<Thread, ForgeError> {
        self.change_record(number, at, |document| {
            let threads = &mut document.pull_request.threads;
            let count = threads.len();
            let thread = threads.iter_mut().find(|thread| thread.id == id).ok_or_else(|| {
                ForgeError::invalid(
                    format!("thread {id}"),
                    format!("pull request {number} has {count} threads"),
                )
            })?;
            Ok(match change(thread) {
                false => Step::Done(thread.clone()),
                true => Step::Write {
                    summary: summary.clone(),
                    refs: Vec::new(),
                    answer: thread.clone(),
                },
            })
        })
        .await
    }

    pub(super) async fn reply(&self, number: u64, new: &NewReply) -> Result<Thread, ForgeError> {
        let summary = format!("reply by {} to thread {}", new.author, new.thread);
        self.change_thread(number, new.thread, new.at, summary, |thread| {
            if thread.comments.iter().any(|comment| comment.key == new.key) {
                return false;
            }
            thread.comments.push(Comment {
                key: new.key.clone(),
                author: new.author.clone(),
                text: new.text.clone(),
                commit: new.commit.clone(),
                at: new.at,
            });
            true
        })
        .await
    }

    pub(super) async fn resolve(
        &self,
        number: u64,
        id: u32,
        resolved: Option<&Resolution>,
    ) -> Result<Thread, ForgeError> {
        let at = resolved.map_or(Timestamp(0), |resolution| resolution.at);
        let summary = format!(
            "thread {id} {}",
            if resolved.is_some() { "resolved" } else { "open again" }
        );
        self.change_thread(number, id, at, summary, |thread| {
            let changed = thread.resolved.is_some() != resolved.is_some();
            if changed {
                thread.resolved = resolved.cloned();
            }
            changed
        })
        .await
    }
}

fn add(known: &mut PullRequest, new: &NewReview) -> Review {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let id = number(known.reviews.len() + 1);
    let mut threads = Vec::new();
    for (place, comment) in new.comments.iter().enumerate() {
        let thread = number(known.threads.len() + 1);
        let anchor = Anchor {
            patch_set: new.patch_set,
            path: comment.path.clone(),
            line: comment.line,
            end_line: comment.end_line.or(comment.line),
        };
        known.threads.push(Thread {
            id: thread,
            review: id,
            side: comment.side,
            origin: anchor.clone(),
            current: Some(anchor),
            outdated: false,
            resolved: None,
            comments: vec![Comment {
                key: format!("{}/{place}", new.key),
                author: new.author.clone(),
                text: comment.text.clone(),
                commit: None,
                at: new.at,
            }],
        });
        threads.push(thread);
    }
    let review = Review {
        id,
        key: new.key.clone(),
        author: new.author.clone(),
        verdict: new.verdict,
        body: new.body.clone(),
        patch_set: new.patch_set,
        threads,
        at: new.at,
    };
    known.reviews.push(review.clone());
    review
}

/// Moves the threads of a side along with their lines into patch set `k`; those whose lines changed are outdated.
pub(super) fn carry_over(threads: &mut [Thread], side: Side, changes: &Diff, k: u32) {
    for thread in threads.iter_mut().filter(|thread| thread.side == side) {
        let Some(anchor) = thread.current.as_mut() else {
            continue;
        };
        anchor.patch_set = k;
        let Some(file) = changes
            .files
            .iter()
            .find(|file| file.old.as_ref() == Some(&anchor.path))
        else {
            continue;
        };
        let Some(path) = file.new.clone() else {
            (thread.current, thread.outdated) = (None, true);
            continue;
        };
        anchor.path = path;
        let (Some(first), Some(last)) = (anchor.line, anchor.end_line.or(anchor.line)) else {
            continue;
        };
        match moved(file, first, last) {
            Some((first, last)) => (anchor.line, anchor.end_line) = (Some(first), Some(last)),
            None => (thread.current, thread.outdated) = (None, true),
        }
    }
}

/// Where the first and the last of some lines are now; none if one of them was changed.
fn moved(file: &FileDiff, first: u32, last: u32) -> Option<(u32, u32)> {
    let Content::Text { hunks } = &file.content else {
        return None;
    };
    let (mut before_first, mut before_last) = (0_i64, 0_i64);
    for hunk in hunks {
        for line in &hunk.lines {
            let (at, by) = match (line.kind, line.old) {
                (LineKind::Deleted, Some(old)) if (first..=last).contains(&old) => return None,
                (LineKind::Deleted, Some(old)) => (old, -1),
                // Lines that are only added come after the old line that the piece begins with.
                (LineKind::Added, _) => (hunk.old_start, 1),
                _ => continue,
            };
            before_first += if at < first { by } else { 0 };
            before_last += if at < last { by } else { 0 };
        }
    }
    let shifted = |line: u32, by: i64| u32::try_from(i64::from(line) + by).ok();
    Some((shifted(first, before_first)?, shifted(last, before_last)?))
}
